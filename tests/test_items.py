"""Items are names: a bug's, a request's, and later those of other trackers (shepherd.words)."""

from __future__ import annotations

import pytest

from shepherd.landing import Deployed, Landing, Reading, Revision
from shepherd.rules import judge
from shepherd.words import (
    Item,
    ItemTags,
    Options,
    RecordedEvidence,
    TrackerData,
    bug_names,
    is_request,
    item_name,
    item_order,
)


@pytest.mark.parametrize(
    ("item", "request_", "name"),
    [
        ("824435", False, "bug 824435"),
        ("ABC-123", False, "ABC-123"),
        ("#12", True, "request #12"),
        ("!12", True, "request !12"),
        ("group/project!12", True, "request group/project!12"),
    ],
)
def test_kind_and_name(item: Item, request_: bool, name: str) -> None:
    assert is_request(item) is request_
    assert item_name(item) == name


def test_bugs_come_before_requests_and_both_by_number() -> None:
    items = ["#12", "!3", "100", "#2", "ABC-9", "20", "ABC-10"]
    assert sorted(items, key=item_order) == ["20", "100", "ABC-9", "ABC-10", "!3", "#2", "#12"]


def test_json_has_bugs_as_numbers() -> None:
    assert bug_names(("824435", "ABC-12")) == (824435, "ABC-12")


def test_the_rules_ask_nothing_of_the_form_of_an_item() -> None:
    landings = tuple(
        Landing(n, f"{n:040x}", n, bugs=(bug,), own_bugs=(bug,))
        for n, bug in enumerate(("ABC-123", "ABC-124", "ABC-125"), 1)
    )
    items = {
        "ABC-123": ItemTags(("ok",)),
        "ABC-124": ItemTags(("bad",), (2,)),
        "ABC-125": ItemTags(unreadable="no answer"),
    }
    reading = Reading(landings, Revision(3, landings[-1].id), Deployed(0, ""))
    judgement = judge(reading, TrackerData(items), RecordedEvidence(9), Options())
    assert judgement.states == {1: "ok", 2: "bad", 3: "unknown"}
    assert judgement.latest == 1
