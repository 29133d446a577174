"""Checks and limits (docs/rules.md#conditions): the rules against the oracle, and what must hold whatever
happens, on made-up stories."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shepherd.conditions import NO_CONDITIONS, CheckResult, CommitChecks, Conditions, Limit
from shepherd.rules import Judgement, judge
from shepherd.rules.conditions import check_outcomes, results_hold
from tests.rules import oracle
from tests.rules.needs import WORDS
from tests.rules.releases import CHECKS, releases, with_needs
from tests.rules.story import Run, play
from tests.rules.strategies import Tale, conversations, foxtrots, tales
from tests.rules.test_oracle import agree, stories, what_it_said

anything = releases() | releases() | with_needs(tales() | conversations() | foxtrots())
NOT_HOLDING = [word for word in WORDS if word not in ("success", "neutral", "skipped")]


def last_run(tale: Tale) -> Run:
    return play(tale.lines, judge, tale.options, tale.tracker, tale.needs)[-1]


def judged(tale: Tale, run: Run, conditions: Conditions) -> Judgement:
    return judge(run.reading, run.tracker, run.memory, tale.options, conditions=conditions)


@given(anything)
@settings(stories, max_examples=300)
def test_rules_and_oracle_say_the_same_of_conditions(tale: Tale) -> None:
    agree(tale)


@given(releases())
@stories
def test_the_answer_is_a_revision_whose_conditions_hold_and_none_above_it_is_one(tale: Tale) -> None:
    run = last_run(tale)
    second = oracle.Oracle(run.reading, run.tracker, run.memory, tale.options, run.conditions)
    latest = run.judgement.latest or run.reading.deployed.revno
    for t in range(run.reading.deployed.revno + 1, run.reading.tip.revno + 1):
        known = second.conditions.holds(t) and second.conditions.keeps_all_limits(t)
        may_go = known and not run.judgement.blocked_by(t)
        assert may_go == (t in run.judgement.deployable)
        assert not may_go or t <= latest


@given(releases(), st.data())
@stories
def test_one_more_result_that_does_not_hold_makes_nothing_deployable(tale: Tale, data: st.DataObject) -> None:
    run = last_run(tale)
    sha = data.draw(st.sampled_from([p.id for p in run.reading.landings]))
    name = data.draw(st.sampled_from([*CHECKS, "never"]))
    word = data.draw(st.sampled_from(NOT_HOLDING))
    before = run.conditions.results.get(sha, CommitChecks())
    more = CommitChecks((*(r for r in before.results if r.name != name), CheckResult(name, WORDS[word])))
    worse = judged(tale, run, replace(run.conditions, results={**run.conditions.results, sha: more}))
    assert set(worse.deployable) <= set(run.judgement.deployable)
    unread = CommitChecks(unreadable="503")
    worse = judged(tale, run, replace(run.conditions, results={**run.conditions.results, sha: unread}))
    assert set(worse.deployable) <= set(run.judgement.deployable)


@given(releases(), st.data())
@stories
def test_a_landing_that_touches_more_makes_nothing_deployable(tale: Tale, data: st.DataObject) -> None:
    """But for what a rollback takes back: that is why it must not be undone."""
    run = last_run(tale)
    sha = data.draw(st.sampled_from([p.id for p in run.reading.landings]))
    targets = {t for those in run.judgement.undoing.targets.values() for t in those}
    if {p.revno for p in run.reading.landings if p.id == sha} & targets:
        return
    places = range(len(run.conditions.limits))
    more = {**run.conditions.touched, sha: dict.fromkeys(places, ("db/1", "new"))}
    worse = judged(tale, run, replace(run.conditions, touched=more))
    assert set(worse.deployable) <= set(run.judgement.deployable)


def without_conditions(said: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if key != "checks"}


@given(anything)
@stories
def test_conditions_that_hold_change_nothing(tale: Tale) -> None:
    run = last_run(tale)
    green = CommitChecks(tuple(CheckResult(name, "success") for name in (*CHECKS, "never")))
    holding = Conditions(
        tale.needs.checks,
        {p.id: green for p in run.reading.landings},
        tuple(Limit(each.paths, len(run.reading.landings)) for each in tale.needs.limits),
        run.conditions.touched,
    )
    plain = what_it_said(run_with(run, judged(tale, run, NO_CONDITIONS)))
    assert without_conditions(what_it_said(run_with(run, judged(tale, run, holding)))) == without_conditions(
        plain
    )
    # results that nobody needs are no condition, nor are paths that no limit is about
    needless = Conditions(results=run.conditions.results, touched=run.conditions.touched)
    assert without_conditions(what_it_said(run_with(run, judged(tale, run, needless)))) == without_conditions(
        plain
    )


def run_with(run: Run, judgement: Judgement) -> Run:
    return Run(run.reading, run.tracker, run.memory, judgement, run.kept, run.named, run.conditions)


@given(releases(), st.data())
@stories
def test_asking_downwards_in_batches_finds_the_same_as_asking_for_all(
    tale: Tale, data: st.DataObject
) -> None:
    """What is unblocked never depends on results, so batches of any size may be asked in its order."""
    run = last_run(tale)
    asking = judged(tale, run, replace(run.conditions, results={}))
    left, asked = asking.unblocked, dict[str, CommitChecks]()
    assert left == run.judgement.unblocked
    while left and asking.latest is None:
        size = data.draw(st.integers(1, len(left)))
        asked |= {sha: run.conditions.results[sha] for sha in left[:size] if sha in run.conditions.results}
        left, asking = left[size:], asking.checked(asked)
        assert asking.unblocked == run.judgement.unblocked
    assert asking.latest == run.judgement.latest
    assert set(asking.deployable) <= set(run.judgement.deployable)
    assert what_it_said(run_with(run, asking))["blockers"] == what_it_said(run)["blockers"]


@given(releases())
@stories
def test_being_told_of_results_later_is_the_same_as_at_once(tale: Tale) -> None:
    run = last_run(tale)
    later = judged(tale, run, replace(run.conditions, results={})).checked(run.conditions.results)
    assert what_it_said(run_with(run, later)) == what_it_said(run)


def test_what_could_not_be_read_as_a_whole_never_holds() -> None:
    part = CommitChecks((CheckResult("ci/build", "success"),), unreadable="the second page answered 500")
    assert not results_hold(("ci/build",), part)
    assert results_hold(("ci/build",), replace(part, unreadable=""))


def test_a_pattern_that_stands_twice_in_the_settings_is_one() -> None:
    green = CommitChecks((CheckResult("ci/build", "success"),))
    assert results_hold(("ci/*", "ci/*"), green)
    outcomes = check_outcomes(Conditions(("never", "never"), {"sha": green}), "sha")
    assert [each.name for each in outcomes or ()] == ["never"]
