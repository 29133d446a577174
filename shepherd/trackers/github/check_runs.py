"""What GitHub shows of the checks on one commit, and what that amounts to (docs/github.md#checks).

A commit keeps the runs of each check. Which of them count:

* The newest of each name, application and workflow: when a workflow is started a second time for the same
  commit, the runs of the first time stay (github.com/lewagon/wait-on-check-action/pull/156,
  github.com/kirodotdev/KiroCrew/pull/11830; `gh pr checks` looks at the newest alone, too: cli/cli,
  pkg/cmd/pr/checks/aggregate.go). Two jobs of one name in one run of a workflow are two checks.
* Where a name is a pattern, a workflow that has not ended is a result that is still to come: its runs are
  made when its jobs are, which may be later (github.com/danielnc/prhub, release 0.1.3).
* Of what has one name from several applications, workflows, or as a status beside, the worst: "both the check
  and the status are required" (docs.github.com, "Troubleshooting required status checks").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from shepherd.check_results import Moment, seconds_of, worst_of_each
from shepherd.conditions import CheckResult, CheckWord, CommitChecks
from shepherd.trackers.github.questions import PageInfo

CHECKS = (
    'object(oid: "%s") { ... on Commit {%s statusCheckRollup { contexts(first: 100%s) { nodes { __typename'
    " ... on CheckRun { name status conclusion startedAt completedAt detailsUrl"
    " checkSuite { id app { id } workflowRun { workflow { id } } } }"
    " ... on StatusContext { context state createdAt targetUrl } }"
    " pageInfo { hasNextPage endCursor } } } } }"
)
"""One connection for a commit, and none within: a point for a hundred commits."""
SUITES = (
    " checkSuites(first: 100%s) { nodes { status createdAt workflowRun { url } }"
    " pageInfo { hasNextPage endCursor } }"
)
"""A second one."""

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


class RunUrl(Struct, frozen=True):
    url: str


class WholeSuite(Struct, frozen=True):
    status: str
    createdAt: Moment
    workflowRun: RunUrl | None
    """None: another application's, which may never begin."""


class ShownSuites(Struct, frozen=True):
    nodes: tuple[WholeSuite, ...]
    pageInfo: PageInfo


class CommitRollup(Struct, frozen=True):
    statusCheckRollup: ShownRollup | None
    """None: nothing has reported on that commit yet."""
    checkSuites: ShownSuites | None = None
    """None: they were not asked for."""


class _Attempt(Struct, frozen=True):
    """One run of one check."""

    source: tuple[str, ...]
    """Its name, and who reports it; of one source the newest counts."""
    group: str
    """Attempts of one source that were begun together: all of them count, or none."""
    began: int | None
    """Seconds since 1970; None: nobody says, so it may be the newest."""
    result: CheckResult


class UnknownWordError(Exception):
    """GitHub says of a check what is not known here."""


def checks_in(
    contexts: Iterable[ShownRun | ShownStatus],
    suites: Iterable[WholeSuite] = (),
    patterns: Collection[str] = (),
    now: datetime | None = None,
) -> CommitChecks:
    """What all that was shown for one commit amounts to: one result for each name.

    Args:
        patterns: those that more than one name may match.
        now: by GitHub's clock; a time after it tells nothing, since it is by another clock.
    """
    sources: dict[tuple[str, ...], list[_Attempt]] = {}
    try:
        for place, shown in enumerate(contexts):
            attempt = _attempt_of(shown, str(place), now)
            sources.setdefault(attempt.source, []).append(attempt)
    except UnknownWordError as why:
        return CommitChecks(unreadable=str(why))
    results = [each for attempts in sources.values() for each in _newest(attempts)]
    for suite in suites:
        # what waits has made its runs: they wait
        if suite.workflowRun and suite.status not in ("COMPLETED", "WAITING"):
            since, url = seconds_of(suite.createdAt), suite.workflowRun.url
            results += [CheckResult(each, "pending", since, url) for each in patterns]
    return CommitChecks(worst_of_each(results))


def _newest(attempts: list[_Attempt]) -> list[CheckResult]:
    """Those that no other is known to be newer than."""
    groups: dict[str, int] = {}
    for each in attempts:
        groups[each.group] = max(each.began or 0, groups.get(each.group, 0))
    unsaid = {each.group for each in attempts if each.began is None}
    last = max(groups.values())
    return [each.result for each in attempts if each.group in unsaid or groups[each.group] == last]


def _attempt_of(shown: ShownRun | ShownStatus, place: str, now: datetime | None) -> _Attempt:
    """Args: place: tells it from the others.

    Raises UnknownWordError.
    """
    if isinstance(shown, ShownStatus):
        word = _OF_STATE.get(shown.state)
        if word is None:
            raise UnknownWordError("GitHub gives a status a state that is not known here")
        told = seconds_of(shown.createdAt)
        result = CheckResult(shown.context, word, told, shown.targetUrl or "")
        return _Attempt(("status", shown.context), place, told, result)
    suite = shown.checkSuite
    workflow = suite.workflowRun.workflow.id if suite.workflowRun else ""
    # one application has one suite, unless it is GitHub Actions, whose workflow is not shown
    source = ("run", shown.name, suite.app.id if suite.app else place, workflow or suite.id)
    group = suite.id if workflow else place
    in_future = now and shown.startedAt and shown.startedAt > now
    began = None if in_future else seconds_of(shown.startedAt)
    # QUEUED, REQUESTED, WAITING, PENDING, IN_PROGRESS, and what may come: it has not ended
    ended = shown.status == "COMPLETED"
    word = _OF_CONCLUSION.get(shown.conclusion or "") if ended else "pending"
    if word is None:
        raise UnknownWordError("GitHub gives a check a conclusion that is not known here")
    since = seconds_of(shown.completedAt) if ended else began
    return _Attempt(source, group, began, CheckResult(shown.name, word, since, shown.detailsUrl or ""))
