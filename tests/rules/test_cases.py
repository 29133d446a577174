"""Every case of docs/cases.md (tests/cases/rules.toml), judged by the rules and by the oracle alike."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from shepherd.rules import judge
from shepherd.rules.answer import SHOWN
from shepherd.rules.condition_reasons import of_checks, of_limit
from shepherd.rules.reasons import reason_of
from shepherd.words import Options
from tests.rules import oracle, table
from tests.rules.needs import needs_of
from tests.rules.story import Judge, Run, Tracker, play, revno
from tests.rules.test_oracle import checks_of, over_limits

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "cases" / "rules.toml").read_text(encoding="utf-8")
)["case"]
TRACKERS = {"none": Tracker(bugs=False), "bugs": Tracker(), "forge": Tracker(requests=True)}
SETTINGS = {"row", "says", "story", "orphans", "exempt", "tracker", "checks", "limits"}


def ending(case: dict[str, Any], judge: Judge) -> Run:
    options = Options(orphans=case.get("orphans", "block"), exempt_subjects=tuple(case.get("exempt", ())))
    tracker = TRACKERS[case.get("tracker", "bugs")]
    return play(case["story"].splitlines(), judge, options, tracker, needs_of(case))[-1]


def by_landing(table: dict[str, Any]) -> dict[int, Any]:
    return {revno(name): value for name, value in table.items()}


def what_was_said(key: str, run: Run, expected: Any) -> Any:
    """The part of the run that a key of the case speaks of, in the shape in which the case tells it."""
    said = run.judgement
    match key:
        case "states":
            return {name: said.states[revno(name)] for name in expected}
        case "latest":
            return said.latest or 0
        case "deployable" | "alarms":
            return list(getattr(said, key))
        case "undone":
            return {f"r{p}": r for p, r in said.undone_by.items()}
        case "blocked":
            return {name: list(said.blocked_by(revno(name))) for name in expected}
        case "blockers":
            return [[b.revno, b.waiting, b.tip_if_cleared, b.frees] for b in said.blockers]
        case "staircase":
            return [[list(step.cleared), step.tip, step.frees] for step in said.staircase]
        case "unblocked":
            revnos = {landing.id: landing.revno for landing in run.reading.landings}
            return [revnos[sha] for sha in said.unblocked]
        case "over":
            over = {f"r{t}": over_limits(said, t) for t in run.candidates}
            return {rev: [[place, *those] for place, those in each] for rev, each in over.items() if each}
        case "outcomes":
            return {rev: checks_of(said, revno(rev)) or "unasked" for rev in expected}
        case _:
            raise KeyError(f"no such key in a case: {key}")


@pytest.mark.parametrize("judge", [judge, oracle.judge], ids=["rules", "oracle"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["row"])
def test_case(case: dict[str, Any], judge: Judge) -> None:
    run = ending(case, judge)
    texts = {"warns", "hints", "silent", "reasons", "conditions"}
    expected = {key: value for key, value in case.items() if key not in SETTINGS | texts}
    assert {key: what_was_said(key, run, value) for key, value in expected.items()} == expected
    for number, text in by_landing(case.get("warns", {})).items():
        assert any(text in warning for warning in run.warnings(number)), run.warnings(number)
    for number, text in by_landing(case.get("hints", {})).items():
        assert any(text in hint for hint in run.reading.landings[number - 1].hints)
    for name in case.get("silent", ()):
        assert not run.warnings(revno(name))


@pytest.mark.parametrize("case", [case for case in CASES if "reasons" in case], ids=lambda case: case["row"])
def test_reason(case: dict[str, Any]) -> None:
    run = ending(case, judge)
    for number, text in by_landing(case["reasons"]).items():
        landing, judged = run.reading.landings[number - 1], run.judgement.judged[number]
        said = reason_of(landing, judged, said=run.tracker.said)
        assert text in f"{said.reason}; {said.remedy}"


@pytest.mark.parametrize(
    "case", [case for case in CASES if "conditions" in case], ids=lambda case: case["row"]
)
def test_what_does_not_hold_is_said(case: dict[str, Any]) -> None:
    said = ending(case, judge).judgement
    for t, sentences in by_landing(case["conditions"]).items():
        limits = [of_limit(over, said.conditions.limits) for over in said.window.over.get(t, ())]
        assert [*limits, *of_checks(said.checks_of(t) or ())] == sentences


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["row"])
def test_candidates_are_told_what_blocks_them(case: dict[str, Any]) -> None:
    said = ending(case, judge).judgement
    for number, candidate in said.window.candidates.items():
        blocked_by = said.blocked_by(number)
        assert (list(candidate.blocked_by), candidate.count) == (blocked_by[:SHOWN], len(blocked_by))


def test_every_row_of_the_table_is_told() -> None:
    rows = {"".join(filter(str.isdigit, case["row"])) for case in CASES}
    assert {str(n) for n in range(1, 51)} <= rows


def test_the_table_in_the_docs_is_made_of_the_cases() -> None:
    assert table.PAGE.read_text(encoding="utf-8") == table.table(), (
        "python -m tests.rules.table writes it again"
    )
