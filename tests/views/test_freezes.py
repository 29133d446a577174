"""The calendar of freezes on the pages of one branch and of all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from shepherd.situation import Freeze, Situation
from shepherd.snapshot import PastPromotion, PromotedRev
from shepherd.views.freezes import SHOWN, calendar
from shepherd.views.page import branch_page, index_page
from shepherd.views.text import status
from tests.views.condition_looks import ANN, CALM, NEXT, OPEN, OVERDUE, SOON, WEEKEND, frozen
from tests.views.factory import NOW, snapshot
from tests.views.reader import Reader

BERLIN = snapshot(timezone="Europe/Berlin")


def said(given: Situation, timezone: str = "Europe/Berlin") -> list[str]:
    lines = calendar(snapshot(timezone=timezone), given).lines
    return [Reader(f"<p>{line}").text for line in lines]


def test_the_next_one_is_told_by_the_clocks_of_the_branch() -> None:
    assert said(frozen()) == [
        "Next freeze: Fri 2011-08-26 16:00 to Mon 2011-08-29 08:00, Europe/Berlin (weekend)"
    ]


def test_each_end_is_told_by_the_clock_of_its_own_day() -> None:
    over = Freeze(
        datetime(2026, 10, 24, 14, tzinfo=UTC), datetime(2026, 10, 26, 7, tzinfo=UTC), "", "weekend"
    )
    assert said(frozen(following=over)) == [
        "Next freeze: Sat 2026-10-24 16:00 to Mon 2026-10-26 08:00, Europe/Berlin (weekend)"
    ]


def test_what_is_not_known_of_one_is_left_out() -> None:
    assert said(frozen(following=Freeze(why="?"))) == ["Next freeze: without an end (?)"]
    assert said(frozen(following=replace(NEXT, until=None, why="", who="Ann")), "UTC") == [
        "Next freeze: from Fri 2011-08-26 14:00, without an end, UTC, by Ann (no reason given)"
    ]


def test_those_that_no_caution_names_are_listed_up_to_a_few() -> None:
    assert said(frozen(OPEN, ANN, OPEN, following=None)) == []
    assert said(frozen(OPEN, ANN, OPEN, WEEKEND, following=None), "UTC") == [
        "Frozen also: Tue 2011-08-23 14:15 to Thu 2011-08-25 06:15, UTC (weekend)"
    ]
    assert len(said(frozen(*[OPEN] * 50, following=None))) == SHOWN


def test_without_a_freeze_there_is_no_line() -> None:
    page = branch_page(snapshot(), CALM)
    assert calendar(snapshot(), CALM).lines == ()
    assert '<p class="freezes">' not in page
    assert not re.search(r"<\w[^>]* data-freeze", page)


def test_both_pages_have_the_calendar_and_when_it_begins() -> None:
    situation = frozen(following=SOON)
    mark = ' data-freeze="2011-08-24T10:17:00Z" data-thaw="2011-08-24T18:15:00Z">'
    for page in (branch_page(snapshot(), situation), index_page([snapshot()], situation)):
        assert (
            "Next freeze: Wed 2011-08-24 10:17 to Wed 2011-08-24 18:15, UTC (the night)" in Reader(page).text
        )
        assert mark in page


def test_another_branch_s_freeze_is_not_shown() -> None:
    page = branch_page(snapshot(branch="devel"), frozen(ANN))
    assert "freezes" not in Reader(page).classes
    assert ">deploy r103 " in page


def test_while_frozen_nothing_invites_to_deploy() -> None:
    page = branch_page(snapshot(), frozen(ANN))
    text = Reader(page).text
    assert "do not deploy r103: deployments are frozen until 2011-08-24 16:15 UTC" in text
    assert "the fair opens tomorrow" in text
    assert re.search(r"<title>do not deploy r103: deployments are frozen", page)
    assert re.search(r'<header id="situation" class="blocked held"', page)
    assert not re.search(r"<\w[^>]* data-(copy|notes)=", page)
    assert 'class="sha"' not in page
    assert "Would go live with r103" in text


def test_a_freeze_is_said_where_there_is_no_data() -> None:
    page = Reader(branch_page(snapshot(complete=False, answer="no-data", deployable=None), frozen(ANN))).text
    assert "no data:" in page
    assert "frozen: deployments are frozen until" in page


def test_what_comes_from_outside_is_escaped_and_cut() -> None:
    evil = Freeze(NOW, None, "<b>Ann\u202e", "<script>alert(1)</script>" + "x" * 5_000)
    for situation in (frozen(following=evil), frozen(evil), frozen(OPEN, OPEN, OPEN, evil)):
        for page in (branch_page(snapshot(), situation), index_page([snapshot()], situation)):
            assert "<script>alert" not in page
            assert "<b>Ann" not in page
            assert "\u202e" not in page
            assert "x" * 600 not in page


def test_one_that_should_have_ended_is_loud() -> None:
    page = branch_page(snapshot(), frozen(OVERDUE))
    assert re.search(r'<header id="situation" class="blocked held overdue"', page)
    assert "THIS IS OVERDUE: end it with: inv freeze.off" in Reader(page).text
    index = index_page([snapshot()], frozen(OVERDUE))
    assert re.search(r'<b class="blocked overdue">do not deploy r103', index)


def test_what_passes_it_can_be_copied_and_what_names_a_person_is_text() -> None:
    page = branch_page(snapshot(), frozen(ANN))
    header = page[page.index("<header") : page.index("</header>")]
    assert [Reader(each).text for each in re.findall("<code>.*?</code>", header)] == [
        'inv promote --to r103 --despite "…"',
    ]
    assert header.count('class="copy"') == 1
    assert "End it with: inv freeze.off --of 'Ann Example'; to deploy" in Reader(header).text


def test_what_somebody_promoted_despite_it_is_not_called_back() -> None:
    """Who brings it to production by the promoted ref must not read the contrary; a freeze set later is
    another matter."""
    to = snapshot().deployable
    assert to is not None
    ageless_words = (
        "deployments are frozen until 2011-08-24 16:15 UTC, since 2011-08-24 08:15 UTC,"
        " by Ann: the fair opens tomorrow"
    )
    gone = PastPromotion(at=NOW, base=to, to=to, landings=1, by="Bob", passed=(ageless_words,))
    given = snapshot(promoted=PromotedRev(to.revno, to.id), promotions=(gone,))
    freeze = Freeze(NOW - timedelta(hours=2), NOW + timedelta(hours=6), "Ann", "the fair opens tomorrow")
    said = " ".join(status(given, frozen(freeze)).split())
    assert said.startswith("deployments are frozen until 2011-08-24 16:15 UTC (in 6 hours), since")
    assert "despite this, r103 was promoted by Bob; end it with: inv freeze.off --of Ann" in said
    assert "nevertheless" not in said
    both = replace(given, promotions=(replace(gone, passed=(f"{ageless_words}; and since …, by Olga: x",)),))
    assert "despite this, r103 was promoted by Bob" in status(both, frozen(freeze)), "the other one is over"
    assert status(given, frozen(freeze, OPEN)).startswith("do not deploy r103:")
    assert status(replace(given, promoted=None), frozen(freeze)).startswith("do not deploy r103:")


def test_each_command_that_ends_one_stays_in_one_piece_on_a_terminal() -> None:
    bob = Freeze(NOW - timedelta(hours=2), None, "bob", "auditors")
    lines = [line.strip() for line in status(snapshot(several=True), frozen(bob, ANN)).splitlines()]
    assert any("inv freeze.off --of bob --branch stable" in line for line in lines)
    assert any("inv freeze.off --of 'Ann Example' --branch stable" in line for line in lines)
