"""What is counted, case by case (docs/trends.md)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from shepherd.landing import Landing
from shepherd.stages.trends import KINDS, happened_by
from shepherd.store import JournalEntry
from shepherd.trends.model import Period, Trends
from shepherd.trends.tally import trends
from shepherd.views.four_keys import as_text
from tests.trends.made_up import START, Writer, sha

HOUR = timedelta(hours=1)


class Told:
    """Ten landings, one each hour, and what was written of them, one thing each hour after that."""

    def __init__(self, **rollbacks: int) -> None:
        self.landings = [
            Landing(
                revno,
                sha(revno),
                int((START + revno * HOUR).timestamp()),
                mark_targets=(rollbacks[f"r{revno}"],) if f"r{revno}" in rollbacks else (),
            )
            for revno in range(1, 11)
        ]
        self.writer = Writer(START + 10 * HOUR)

    def write(self, kind: str, revno: int = 0, later: timedelta = HOUR, **data: Any) -> datetime:
        self.writer.tick(later)
        names = {"revno": revno, "id": sha(revno) if revno else ""} if revno else {}
        about = sha(revno) if kind in ("state", "alarm") else ""
        self.writer.write(kind, about, **{**names, **data})
        return self.writer.now

    def deployed(self, *revnos: int, **data: Any) -> datetime:
        return [self.write("deployed", revno, **data) for revno in revnos][-1]

    def promoted(self, revno: int, before: int, later: timedelta = HOUR) -> None:
        data: dict[str, Any] = {"from": before}
        self.write("promoted", revno, later, **data)

    def trends(self, **other: Any) -> Trends:
        entries: list[JournalEntry] = [each for each in self.writer.entries if each.kind in KINDS]
        happened = happened_by(entries, self.landings, (), other.pop("looked", None))
        now = other.pop("now", self.writer.now + HOUR)
        return trends("stable", happened, now, other.pop("by", "week"), date(2010, 1, 1), "UTC")

    @property
    def whole(self) -> Period:
        return self.trends().whole


def test_a_deployment_is_a_move_forward_that_was_seen() -> None:
    told = Told()
    told.deployed(2, 4, 3, 5)
    assert (told.whole.deployments, told.whole.moves_back, told.whole.went_live) == (2, 1, 3)
    # only the mainline moved
    told.deployed(6, kept=sha(5))
    assert told.whole.deployments == 2


def test_lead_time_ends_when_production_has_it_for_good() -> None:
    told = Told()
    told.deployed(1, 3, 2)
    last = told.deployed(3)
    lead = told.whole.lead
    assert lead is not None
    # r2 came with the first move and stayed
    waited = [last - (START + 3 * HOUR), START + 12 * HOUR - (START + 2 * HOUR)]
    assert (lead.count, lead.p90_s) == (2, max(waited).total_seconds())


def test_what_production_has_no_more_has_no_lead_time() -> None:
    told = Told()
    told.deployed(1, 3, 2)
    found = told.trends()
    assert (found.whole.went_live, found.whole.lead and found.whole.lead.count) == (2, 1)
    assert "the lead time of landings that production runs no more: 1" in found.left_out


@pytest.mark.parametrize(
    ("what", "failed", "deployments"),
    [
        ("nothing", 0, 0),
        ("bad before", 1, 1),
        ("bad later", 1, 1),
        ("taken back", 1, 1),
        ("alarm", 1, 1),
        ("moved back", 1, 1),
        ("rolled back", 1, 1),
        ("bad, but good again before", 0, 0),
    ],
)
def test_what_a_failure_is(what: str, failed: int, deployments: int) -> None:
    told = Told(r4=3)
    told.deployed(1)
    for revno in (2, 3, 4):
        told.write("state", revno, to="ok")
    if what in ("bad before", "bad, but good again before"):
        told.write("state", 3, to="bad")
    if what == "bad, but good again before":
        told.write("state", 3, to="ok")
    told.deployed(3)
    if what in ("bad later", "taken back"):
        told.write("state", 3, to="bad")
    if what == "taken back":
        told.write("state", 3, to="ok")
    if what == "alarm":
        told.write("alarm", 3, on=True)
    if what == "moved back":
        told.deployed(2)
    if what == "rolled back":
        told.deployed(4)
    assert (told.whole.failed, told.whole.failed_deployments) == (failed, deployments)


def test_what_is_undone_before_it_goes_live_counts_nowhere() -> None:
    told = Told(r4=3)
    told.deployed(1)
    told.write("state", 3, to="bad")
    told.deployed(4)
    found = told.trends()
    assert (found.whole.went_live, found.whole.failed) == (2, 0)
    assert "landings that were undone before they went live, or with that: 1" in found.left_out


def test_a_landing_that_nobody_could_judge_is_in_no_rate() -> None:
    told = Told()
    told.deployed(1)
    told.write("state", 2, to="unknown")
    told.deployed(2)
    found = told.trends()
    assert (found.whole.judged_live, found.whole.judged_deployments, found.whole.failure_rate) == (0, 0, None)
    assert "whether landings failed that no run could judge: 1" in found.left_out


@pytest.mark.parametrize(
    ("ends", "restored"),
    [("back", 1), ("word and a repair", 2), ("word alone", None), ("not yet", "open")],
)
def test_restored_is_what_production_was_not_a_word(ends: str, restored: object) -> None:
    told = Told()
    told.deployed(1, 3)
    told.write("alarm", 3, on=True)
    if ends == "back":
        told.deployed(2)
    if ends == "word and a repair":
        told.deployed(5)
    if ends != "not yet":
        told.write("alarm", 3, on=False)
    whole = told.whole
    hours = whole.restored.median_s / 3_600 if whole.restored else None
    assert (hours if not whole.failures_open else "open") == restored


def test_phases_add_up_to_the_lead_time() -> None:
    told = Told()
    told.write("on-qa", 1)
    told.promoted(1, 0)
    told.deployed(1)
    told.write("on-qa", 2, later=2 * HOUR)
    told.write("state", 2, later=3 * HOUR, to="ok")
    told.write("answer", answer="deploy", deployable=2, deployed=1, id=sha(2), later=4 * HOUR)
    told.promoted(2, 1, later=5 * HOUR)
    told.deployed(2, later=6 * HOUR)
    phases = {name: spread.median_s / 3_600 for name, spread in told.whole.phases.items()}
    assert phases == {"qa-server": 13, "person": 3, "others": 4, "promotion": 5, "deployment": 6}
    lead = told.whole.lead
    assert lead is not None and sum(phases.values()) * 3_600 == lead.median_s


def test_without_promotions_there_is_no_wait_for_them() -> None:
    told = Told()
    told.deployed(1)
    told.write("state", 2, to="ok")
    told.write("answer", answer="deploy", deployable=2, deployed=1, id=sha(2))
    told.deployed(2)
    assert [*told.whole.phases] == ["person", "others", "deployment"]


def test_a_time_in_which_nobody_looked_has_no_deployments_known() -> None:
    told = Told()
    told.deployed(1)
    told.deployed(2, later=timedelta(days=3))
    found = told.trends(by="day")
    assert [each.deployments for each in found.periods] == [0, None, None, 1]
    assert any("(up to 3 days earlier than counted here): 1 move" in each for each in found.left_out)
    later = told.trends(by="day", now=told.writer.now + timedelta(days=2), looked=told.writer.now)
    assert [each.deployments for each in later.periods][-3:] == [1, None, None]


def test_what_nobody_saw_is_not_nought() -> None:
    told = Told()
    told.deployed(1)
    told.deployed(2, later=timedelta(days=3))
    found = told.trends(by="day")
    counts = [(each.went_live, each.moves_back, each.failures_open) for each in found.periods]
    assert counts == [(0, 0, 0), (None,) * 3, (None,) * 3, (1, 0, 0)]
    rows = [line.split() for line in as_text(found).splitlines()]
    assert ["2010-03-02", *("?" * 7)] in rows
    assert ["2010-03-01", "0", "0", *("-" * 5)] in rows


def test_a_deployment_that_was_recorded_since_somebody_looked_is_known() -> None:
    told = Told()
    looked = told.deployed(1)
    told.deployed(2, later=timedelta(days=1))
    found = told.trends(by="day", looked=looked)
    assert [each.deployments for each in found.periods] == [0, 1]


@pytest.mark.parametrize("judged", [True, False])
def test_a_landing_dated_in_the_future_is_not_live_at_once(judged: bool) -> None:
    """Its date, and of what landed later, is limited by when somebody saw it; else it is not known."""
    told = Told()
    told.landings[1] = replace(told.landings[1], committed_at=int((START + timedelta(days=9)).timestamp()))
    told.deployed(1)
    if judged:
        told.write("state", 3, to="ok")
    told.deployed(3, later=2 * HOUR)
    found = told.trends(now=START + timedelta(days=30))
    assert found.whole.went_live == 2
    left_out = "the lead time of landings whose date lies after they went live: 2" in found.left_out
    if judged:
        assert found.whole.lead is not None and found.whole.lead.median_s == 2 * 3_600 and not left_out
    else:
        assert found.whole.lead is None and left_out


def test_a_journal_that_was_lost_is_not_the_first_look() -> None:
    told = Told()
    told.write("began", accepts=["run-7"], first_run={"at": "2010-01-01T00:00:00Z", "tip": 1})
    told.deployed(2)
    sentences = told.trends().left_out
    assert "the time before 2010-03-01, of which the journal was lost" in sentences
    assert any("where the journal begins, since the one before was lost" in each for each in sentences)


@pytest.mark.parametrize(("later", "known"), [(timedelta(hours=2), 1), (timedelta(days=3), 0)])
def test_what_was_good_before_anybody_judged_it_did_not_wait_for_a_person_so_long(
    later: timedelta, known: int
) -> None:
    told = Told()
    told.deployed(1)
    told.write("state", 2, later=later, to="ok")
    told.write("answer", answer="deploy", deployable=2, deployed=1, id=sha(2))
    told.deployed(2)
    found = told.trends()
    assert (found.whole.went_live, found.whole.phases_known) == (1, known)
    said = any("good already when a run first judged them" in each for each in found.left_out)
    assert said != bool(known)


def test_a_time_of_which_the_journal_was_lost_is_not_known() -> None:
    """A backup was restored: production is where it was then, and may have moved in between."""
    told = Told()
    told.deployed(1, 2)
    told.write("began", later=timedelta(days=3), accepts=["run-7"])
    found = told.trends(by="day")
    assert [each.deployments for each in found.periods] == [1, None, None, 0]
    assert "the time from 2010-03-01 21:00 UTC to 2010-03-04 21:00 UTC, of which the journal was lost" in (
        found.left_out
    )
