"""What production runs since when, and what was promoted before, as page and terminal say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from shepherd.situation import Situation
from shepherd.snapshot import DeployedRev, PastPromotion, Rev
from shepherd.views import history
from shepherd.views.page import branch_page
from tests.views import factory
from tests.views.reader import Reader

THEN = datetime(2011, 8, 23, 9, 5, tzinfo=UTC)
PAST = PastPromotion(
    at=THEN,
    base=Rev(90, "a" * 40),
    to=Rev(100, "b" * 40),
    landings=10,
    by="Ann <script>",
    reason="the <b>release",
    waited_median_s=2 * 86_400,
    waited_longest_s=9 * 86_400,
    compare_url="https://forge.example/a...b",
)


def test_the_sentence_about_production() -> None:
    deployed = DeployedRev(100, "b" * 40, since=THEN, by="Ann")
    alone = factory.snapshot(promoted=None, deployed=deployed)
    assert history.production(alone) == "production runs r100 since 2011-08-23 09:05 UTC, by Ann"
    found = factory.snapshot(promoted=None, deployed=replace(deployed, at_least=True, by=""))
    assert history.production(found) == "production runs r100 at least since 2011-08-23 09:05 UTC"
    nothing = factory.snapshot(promoted=None, deployed=replace(deployed, revno=0, id="", by=""))
    assert history.production(nothing) == "production runs nothing of this branch yet"
    unknown = factory.snapshot(promoted=None, deployed=None)
    assert history.production(unknown) == ""


def test_the_page_lists_the_last_promotions() -> None:
    page = branch_page(factory.snapshot(promotions=(PAST,)), Situation())
    text = Reader(page).text
    assert "The last promotions, newest first" in text
    assert "r100, 10 landings: r91 to r100 compare the <b>release Ann <script>" in text
    assert "half of them over 2 days, at most 9 days" in text
    assert "<b>release" not in page and '<a href="https://forge.example/a...b">compare</a>' in page


def test_what_was_only_seen_and_what_went_back() -> None:
    back = replace(PAST, to=PAST.base, base=PAST.to, landings=0, by="", seen=True)
    snapshot = factory.snapshot(promotions=(back,))
    [line] = history.past(snapshot)
    assert (line.what, line.by) == ("back from r100 to r90", "not known, it was only seen")
    assert history.title(snapshot) == "The last changes that were seen"
    assert history.what_moved(snapshot) == "What changed"
    production = replace(snapshot, promoted=None)
    assert history.title(production) == "The last times that production changed"
    assert history.what_moved(production) == "What went live"
    told = replace(production, promotions=(replace(PAST, seen=False),))
    assert history.title(told) == history.title(production), "said by a person, and not promoted"
    assert history.what_moved(told) == "What went live"
    assert history.title(replace(told, complete=False)) == "The last promotions"
    one = replace(
        PAST, base=Rev(99, "a" * 40), landings=1, waited_longest_s=int(timedelta(hours=5).total_seconds())
    )
    assert history.past(factory.snapshot(promotions=(one,)))[0].waited == "5 hours"
    assert history.what_moved(factory.snapshot(promotions=(one,))) == "What was promoted"
    alike = replace(PAST, waited_longest_s=PAST.waited_median_s)
    assert history.past(factory.snapshot(promotions=(alike,)))[0].waited == "2 days"


def test_a_number_that_stands_for_another_landing_now_is_no_link() -> None:
    listed = factory.snapshot().landings[0]
    own = replace(PAST, to=Rev(listed.revno, listed.id))
    assert [each.listed for each in history.past(factory.snapshot(promotions=(own,)))] == [True]
    other = replace(PAST, to=Rev(listed.revno, "c" * 40))
    assert [each.listed for each in history.past(factory.snapshot(promotions=(other,)))] == [False]


def test_without_data_nobody_says_that_there_was_no_promotion() -> None:
    assert "No promotion has been seen yet." in Reader(branch_page(factory.snapshot(), Situation())).text
    text = Reader(branch_page(factory.no_data(), Situation())).text
    assert "No promotion is known while there is no data." in text
    assert "No promotion has been seen yet." not in text


def test_what_cannot_be_counted_says_why() -> None:
    [line] = history.past(factory.snapshot(promotions=(replace(PAST, landings=0),)))
    assert line.what == "not counted: r90, where it was before, is of a mainline that was rewritten"
