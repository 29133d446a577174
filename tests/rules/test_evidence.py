"""What the cases do not ask: how often an item is heard."""

from __future__ import annotations

from shepherd.landing import Deployed, Landing, Reading, Revision
from shepherd.rules import judge
from shepherd.rules.reasons import reason_of
from shepherd.words import ItemTags, Options, RecordedEvidence, SeenTags, TrackerData


def test_a_bug_that_no_landing_names_is_heard_once() -> None:
    landing = Landing(1, "a" * 40, 0, labels=("no-qa",))
    reading = Reading((landing,), Revision(1, landing.id), Deployed(0, ""))
    bad = ItemTags(bad_commits=(1,))
    memory = RecordedEvidence(9, first_seen={landing.id: 1}, seen={"99": (SeenTags(2, bad),)})
    judgement = judge(reading, TrackerData({"99": bad}), memory, Options())
    assert judgement.judged[1].named_by == ("99",)
    assert reason_of(landing, judgement.judged[1]).reason == "bug 99 has bad-commit-1"


def test_a_request_that_was_bad_is_asked_for_even_where_bugs_speak_now() -> None:
    """The team went from a forge to a tracker of bugs: nobody saw the request get better."""
    landing = Landing(1, "a" * 40, 0, bugs=("1",), own_bugs=("1",), requests=("#5",))
    reading = Reading((landing,), Revision(1, landing.id), Deployed(0, ""))
    memory = RecordedEvidence(9, first_seen={landing.id: 1}, seen={"#5": (SeenTags(2, ItemTags(("bad",))),)})
    judgement = judge(reading, TrackerData({"1": ItemTags(("ok",))}), memory, Options())
    assert judgement.states == {1: "unknown"}
    assert judgement.latest is None
