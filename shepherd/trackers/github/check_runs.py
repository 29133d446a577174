"""What GitHub shows of the checks on one commit, and what that amounts to (docs/github.md#checks).

A commit keeps the runs of each check. Which of them count:

* The newest of each name, application and workflow: when a workflow is started a second time for the same
  commit, the runs of the first time stay (github.com/lewagon/wait-on-check-action/pull/156,
  github.com/kirodotdev/KiroCrew/pull/11830; `gh pr checks` looks at the newest alone, too: cli/cli,
  pkg/cmd/pr/checks/aggregate.go). Two jobs of one name in one run of a workflow are two checks.
* Of what has one name from several applications, workflows, or as a status beside, the worst: "both the check
  and the status are required" (docs.github.com, "Troubleshooting required status checks").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from shepherd.check_results import check_result
from shepherd.conditions import CheckResult, CheckWord, CommitChecks
from shepherd.trackers.forge.check_parts import Moment, worst_of_each
from shepherd.trackers.github.questions import PageInfo

CHECKS = (
    'object(oid: "%s") { ... on Commit { statusCheckRollup { contexts(first: 100%s) { nodes { __typename'
    " ... on CheckRun { name status conclusion startedAt completedAt detailsUrl"
    " checkSuite { id app { id } workflowRun { workflow { id } } } }"
    " ... on StatusContext { context state createdAt targetUrl } }"
    " pageInfo { hasNextPage endCursor } } } } }"
)
"""One connection for a commit, and none within: a point for a hundred commits."""

_OF_CONCLUSION: Mapping[str, CheckWord] = {
    "SUCCESS": "success",
    "NEUTRAL": "neutral",
    "SKIPPED": "skipped",
    "CANCELLED": "cancelled",
    "TIMED_OUT": "timed-out",
    # it did not end within 14 days, and GitHub gave it up
    "STALE": "timed-out",
    "FAILURE": "failed",
    "STARTUP_FAILURE": "failed",
    # a person has to do something before it can go on; GitHub lets nothing be merged before
    "ACTION_REQUIRED": "failed",
}
_OF_STATE: Mapping[str, CheckWord] = {
    "SUCCESS": "success",
    "PENDING": "pending",
    "EXPECTED": "pending",
    "FAILURE": "failed",
    "ERROR": "failed",
}
_LAST = float("inf")


class NodeId(Struct, frozen=True):
    id: str


class ShownWorkflowRun(Struct, frozen=True):
    workflow: NodeId


class ShownSuite(Struct, frozen=True):
    """The runs that one application began together; each run of a workflow has its own."""

    id: str
    app: NodeId | None = None
    workflowRun: ShownWorkflowRun | None = None
    """None: another application's than GitHub Actions'."""


class ShownRun(Struct, frozen=True, tag_field="__typename", tag="CheckRun"):
    name: str
    status: str
    checkSuite: ShownSuite
    conclusion: str | None = None
    startedAt: Moment | None = None
    completedAt: Moment | None = None
    detailsUrl: str | None = None


class ShownStatus(Struct, frozen=True, tag_field="__typename", tag="StatusContext"):
    context: str
    state: str
    createdAt: Moment
    targetUrl: str | None = None


class ShownContexts(Struct, frozen=True):
    nodes: tuple[ShownRun | ShownStatus, ...]
    pageInfo: PageInfo


class ShownRollup(Struct, frozen=True):
    contexts: ShownContexts


class CommitRollup(Struct, frozen=True):
    statusCheckRollup: ShownRollup | None
    """None: nothing has reported on that commit yet."""


class _Attempt(Struct, frozen=True):
    """One run of one check."""

    source: tuple[str, ...]
    """Its name, and who reports it; of one source the newest counts."""
    group: str
    """Attempts of one source that were begun together: all of them count, or none."""
    began: float
    """Seconds since 1970; infinite: nobody says, so none is known to be newer."""
    result: CheckResult


class UnknownWordError(Exception):
    """GitHub says of a check what is not known here."""


def checks_in(contexts: Iterable[ShownRun | ShownStatus]) -> CommitChecks:
    """What all that was shown for one commit amounts to: one result for each name."""
    sources: dict[tuple[str, ...], list[_Attempt]] = {}
    try:
        for place, shown in enumerate(contexts):
            attempt = _attempt_of(shown, str(place))
            sources.setdefault(attempt.source, []).append(attempt)
    except UnknownWordError as why:
        return CommitChecks(unreadable=str(why))
    newest = (each for attempts in sources.values() for each in _newest(attempts))
    return CommitChecks(worst_of_each(newest))


def _newest(attempts: list[_Attempt]) -> list[CheckResult]:
    groups: dict[str, float] = {}
    for each in attempts:
        groups[each.group] = max(each.began, groups.get(each.group, 0))
    last = max(groups.values())
    return [each.result for each in attempts if groups[each.group] == last]


def _attempt_of(shown: ShownRun | ShownStatus, place: str) -> _Attempt:
    """Args: place: tells it from the others.

    Raises UnknownWordError.
    """
    if isinstance(shown, ShownStatus):
        word = _OF_STATE.get(shown.state)
        if word is None:
            raise UnknownWordError("GitHub gives a status a state that is not known here")
        told = _known(shown.createdAt)
        result = check_result(shown.context, word, told, shown.targetUrl or "")
        return _Attempt(("status", shown.context), place, _seconds(told), result)
    suite = shown.checkSuite
    workflow = suite.workflowRun.workflow.id if suite.workflowRun else ""
    source = ("run", shown.name, suite.app.id if suite.app else "", workflow)
    group = suite.id if workflow else place
    began, ended = _known(shown.startedAt), _known(shown.completedAt)
    url = shown.detailsUrl or ""
    if shown.status != "COMPLETED":
        # QUEUED, REQUESTED, WAITING, PENDING, IN_PROGRESS, and what may come: it has not ended
        return _Attempt(source, group, _seconds(began), check_result(shown.name, "pending", began, url))
    word = _OF_CONCLUSION.get(shown.conclusion or "")
    if word is None:
        raise UnknownWordError("GitHub gives a check a conclusion that is not known here")
    return _Attempt(source, group, _seconds(began or ended), check_result(shown.name, word, ended, url))


def _known(moment: datetime | None) -> datetime | None:
    """Some programs send the year 1 in place of none."""
    return moment if moment is not None and moment.year > 1 else None


def _seconds(moment: datetime | None) -> float:
    return _LAST if moment is None else moment.timestamp()
