"""GitHub's checks at random: which runs count is stated twice, and whatever goes wrong, what is said of a
commit is the truth, or that it is not known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from shepherd.conditions import STATE_OF, CommitChecks
from shepherd.errors import TrackerError
from shepherd.trackers import http
from shepherd.trackers.github.check_runs import (
    NodeId,
    ShownRun,
    ShownStatus,
    ShownSuite,
    ShownWorkflowRun,
    checks_in,
)
from shepherd.trackers.github.checks import GitHubChecks
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import Kit, asking
from tests.trackers.github_checks import Run, Suite, pending, run, status
from tests.trackers.github_server import GitHub
from tests.trackers.test_github_random_faults import WHOLE

SHAS = [f"{number:040x}" for number in range(1, 13)]
FIELDS = (
    *("Repository.object", "Commit.statusCheckRollup", "StatusCheckRollup.contexts"),
    *("StatusCheckRollupContextConnection.nodes", "CheckRun.checkSuite", "CheckRun.conclusion"),
    *("CheckSuite.workflowRun", "CheckSuite.app", "CheckRun.name", "CheckRun.status"),
    *("StatusContext.state", "PageInfo.endCursor", "Commit.checkSuites", "CheckSuiteConnection.nodes"),
)
KINDS = ("FORBIDDEN", "SERVICE_UNAVAILABLE", "RESOURCE_LIMITS_EXCEEDED", "RATE_LIMIT", "NOT_FOUND")

moments = some.sampled_from((None, *(datetime.fromtimestamp(second, UTC) for second in range(1, 5))))


def _run(
    name: str, conclusion: str | None, began: datetime | None, app: str, workflow: str, suite: int
) -> ShownRun:
    workflow_run = ShownWorkflowRun(NodeId(workflow)) if workflow else None
    of = ShownSuite(f"{workflow} {suite}", NodeId(app), workflow_run)
    return ShownRun(name, "COMPLETED" if conclusion else "IN_PROGRESS", of, conclusion, began)


NAMES = some.sampled_from("xxxy")
runs = some.builds(
    _run,
    NAMES,
    some.sampled_from(("SUCCESS", "FAILURE", "SKIPPED", None)),
    moments,
    some.sampled_from("aaab"),
    some.sampled_from(("ci", "ci", "", "nightly")),
    some.integers(1, 2),
)
statuses = some.builds(
    ShownStatus, NAMES, some.sampled_from(("SUCCESS", "PENDING", "ERROR")), moments.filter(bool)
)


def is_replaced(one: ShownRun | ShownStatus, others: Sequence[ShownRun | ShownStatus]) -> bool:
    """Whether another one of the same name, by the same reporter, is certainly newer."""
    if isinstance(one, ShownStatus):
        return any(
            isinstance(each, ShownStatus) and each.context == one.context and each.createdAt > one.createdAt
            for each in others
        )
    same = [each for each in others if isinstance(each, ShownRun) and _reporter(each) == _reporter(one)]
    together = [each for each in same if each is one or _are_of_one_start(each, one)]
    if any(each.startedAt is None for each in together):
        return False
    last = max(each.startedAt for each in together if each.startedAt)
    return any(each not in together and each.startedAt and each.startedAt > last for each in same)


def _are_of_one_start(one: ShownRun, other: ShownRun) -> bool:
    return one.checkSuite.workflowRun is not None and one.checkSuite.id == other.checkSuite.id


def _reporter(each: ShownRun) -> tuple[str, str, str]:
    suite = each.checkSuite
    assert suite.app is not None
    return each.name, suite.app.id, suite.workflowRun.workflow.id if suite.workflowRun else suite.id


@settings(max_examples=500)
@given(shown=some.lists(runs | runs | statuses, min_size=1, max_size=5))
def test_a_check_holds_where_all_that_nothing_replaced_hold(shown: list[ShownRun | ShownStatus]) -> None:
    counting = [each for each in shown if not is_replaced(each, shown)]
    states: dict[str, set[str]] = {}
    for each in counting:
        name = each.name if isinstance(each, ShownRun) else each.context
        word = each.conclusion or "PENDING" if isinstance(each, ShownRun) else each.state
        held = {"SUCCESS": "holds", "SKIPPED": "holds", "PENDING": "not-yet"}.get(word, "no")
        states.setdefault(name, set()).add(held)
    said = {each.name: STATE_OF[each.word] for each in checks_in(shown).results}
    assert said == {
        name: next(state for state in ("no", "not-yet", "holds") if state in found)
        for name, found in states.items()
    }


def a_world(chance: random.Random, hub: GitHub) -> None:
    for sha in SHAS:
        hub.commits.add(sha)
        if chance.random() < 0.2:
            continue
        hub.runs[sha] = [a_run(chance) for _ in range(chance.randint(0, 4))]
        hub.statuses[sha] = [
            status(name, chance.choice(["SUCCESS", "FAILURE", "PENDING"]))
            for name in ("build", "deploy")
            if chance.random() < 0.3
        ]
        if chance.random() < 0.2:
            hub.suites[sha] = [Suite(chance.choice(["QUEUED", "COMPLETED"]))]


def a_run(chance: random.Random) -> Run:
    name, began = chance.choice(["build", "test"]), chance.randrange(100)
    suite = str(chance.randint(1, 3))
    if chance.random() < 0.2:
        return pending(name, began=began, suite=suite)
    return run(name, chance.choice(["SUCCESS", "FAILURE", "CANCELLED"]), began=began, suite=suite)


def break_it(chance: random.Random, hub: GitHub) -> None:
    for _ in range(chance.randint(1, 3)):
        times = chance.choice([1, 2, 10**6])
        match chance.randrange(4):
            case 0:
                hub.fail(chance.choice(WHOLE), times=times, after=chance.randrange(3))
            case 1:
                # null without an error says that there is nothing, where there may be nothing
                kinds = KINDS[:-1] if chance.random() < 0.8 else ("",)
                fields = FIELDS[2:] if kinds == ("",) else FIELDS
                of = chance.choice([None, *SHAS])
                hub.spoil(chance.choice(fields), of=of, kind=chance.choice(kinds), times=times)
            case 2:
                hub.strong_for(chance.randint(1, 8), chance.choice(["in part", "bad gateway"]))
            case _:
                hub.hides_checks = True


@pytest.mark.real
@pytest.mark.parametrize("seed", range(40))
def test_what_is_said_is_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hasty: None, seed: int
) -> None:
    monkeypatch.setattr(http, "PATIENCE", 10.0)
    chance = random.Random(seed)
    with at_work(GitHub()) as hub:
        where = Kit(hub, tmp_path).settings()
        branch = asking(*chance.choice([("build", "test"), ("*",)]))
        a_world(chance, hub)
        truth = dict(GitHubChecks(where, branch).checks_of(SHAS))
        assert sorted(truth) == SHAS and not any(each.unreadable for each in truth.values())
        hub.page = chance.choice([1, 2, 100])
        break_it(chance, hub)
        for _ in range(2):
            http._RESTS.clear()
            said: dict[str, CommitChecks] = {}
            try:
                for sha, checks in GitHubChecks(where, branch).checks_of(SHAS):
                    assert sha not in said
                    said[sha] = checks
            except TrackerError:
                pass
            else:
                assert sorted(said) == SHAS
            for sha, checks in said.items():
                why = checks.unreadable
                assert checks == (CommitChecks(unreadable=why) if why else truth[sha])
        hub.repair()
        hub.hides_checks = False
        http._RESTS.clear()
        hub.complaints.clear()
        assert dict(GitHubChecks(where, branch).checks_of(SHAS)) == truth
