"""The checks of the local GitHub: runs and statuses of commits, and what a branch requires, as GraphQL and
REST show them.

hub.runs[sha] = [run("ci/build", "FAILURE"), run("ci/build", suite="2", began=60)]
hub.statuses[sha] = [status("deploy/preview", "PENDING")]
hub.suites[sha] = [Suite("IN_PROGRESS")]    # workflows that have no run yet, beside those of hub.runs
hub.required["main"] = Required(classic=["ci/build"], rulesets=["lint"])
hub.hides_checks = True                     # as from a fine-grained token, of what is private
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.trackers.github_faults import FORBIDDEN
from tests.trackers.github_rest import example
from tests.trackers.refusals import RefusedError

if TYPE_CHECKING:
    from tests.trackers.github_server import GitHub

EPOCH = 1_760_000_000
"""Seconds since 1970 that the times below count from."""
Object = dict[str, Any]
Connection = Callable[..., Callable[..., Object]]


@dataclass
class Run:
    """A check run; `conclusion` is None while it has not ended, then `status` counts."""

    name: str
    conclusion: str | None = "SUCCESS"
    status: str = "COMPLETED"
    began: int | None = 0
    took: int = 30
    url: str | None = "https://ci.example.org/1"
    app: str = "github-actions"
    """Empty: it is not shown."""
    workflow: str = "ci.yml"
    """Empty: another application's, that has none."""
    suite: str = "1"

    @property
    def ended(self) -> int | None:
        return None if self.conclusion is None or self.began is None else self.began + self.took


@dataclass
class Status:
    """What somebody told about a commit."""

    context: str
    state: str = "SUCCESS"
    told: int = 0
    url: str | None = "https://ci.example.org/2"


@dataclass
class Suite:
    """A workflow, or (workflow empty) another application, that was begun and has reported nothing."""

    status: str
    began: int = 0
    workflow: str = "ci.yml"


@dataclass
class Required:
    """What has to pass before something comes to a branch; classic None: no such rule protects it."""

    classic: list[str] | None = None
    rulesets: list[str] = field(default_factory=list)


def run(name: str, conclusion: str | None = "SUCCESS", **more: Any) -> Run:
    return Run(name, conclusion, **more)


def pending(name: str, status: str = "IN_PROGRESS", **more: Any) -> Run:
    return Run(name, None, status, **more)


def status(context: str, state: str = "SUCCESS", **more: Any) -> Status:
    return Status(context, state, **more)


def moment(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(EPOCH + seconds, UTC).isoformat().replace("+00:00", "Z")


def rollup(hub: GitHub, sha: str, connection: Connection) -> Object | None:
    """Of a commit; None: nothing has reported on it."""
    shown: list[Callable[[], Any]] = [partial(_run, hub, sha, each) for each in hub.runs.get(sha, ())]
    shown += [partial(_status, sha, each) for each in hub.statuses.get(sha, ())]
    if not shown:
        return None
    contexts = connection(hub, "StatusCheckRollupContextConnection", sha, shown)
    return {"": sha, "__typename": "StatusCheckRollup", "contexts": contexts}


def suites(hub: GitHub, sha: str, connection: Connection) -> Callable[..., Object]:
    """All of a commit: a suite has ended once its runs have."""
    runs = hub.runs.get(sha, ())
    status = {each.suite: "COMPLETED" for each in runs}
    status |= {each.suite: "IN_PROGRESS" for each in runs if each.conclusion is None}
    of = {each.suite: Suite(status[each.suite], each.began or 0, each.workflow) for each in runs}
    shown = [partial(_whole_suite, sha, each) for each in (*of.values(), *hub.suites.get(sha, ()))]
    return connection(hub, "CheckSuiteConnection", sha, shown)


def _whole_suite(sha: str, suite: Suite) -> Object:
    url = "https://github.com/acme/shop/actions/runs/7"
    return {
        "": sha,
        "__typename": "CheckSuite",
        "status": suite.status,
        "createdAt": moment(suite.began),
        "workflowRun": {"__typename": "WorkflowRun", "url": url} if suite.workflow else None,
    }


def ref(hub: GitHub, connection: Connection, _info: Any, qualifiedName: str) -> Object | None:
    """With what protects it, as one sees it who may only read: branchProtectionRule is for administrators."""
    branch = qualifiedName.removeprefix("refs/heads/")
    if branch not in hub.required:
        return None
    required = hub.required[branch]
    rule = {"__typename": "RefUpdateRule", "requiredStatusCheckContexts": required.classic}
    rules = [partial(_deletion_rule), partial(_checks_rule, required.rulesets)] if required.rulesets else []
    return {
        "": branch,
        "__typename": "Ref",
        "refUpdateRule": rule if required.classic is not None else None,
        "rules": connection(hub, "RepositoryRuleConnection", branch, rules),
    }


def _deletion_rule() -> Object:
    return {"__typename": "RepositoryRule", "type": "DELETION", "parameters": None}


def _checks_rule(names: list[str]) -> Object:
    wanted = [{"__typename": "StatusCheckConfiguration", "context": name} for name in names]
    parameters = {"__typename": "RequiredStatusChecksParameters", "requiredStatusChecks": wanted}
    return {"__typename": "RepositoryRule", "type": "REQUIRED_STATUS_CHECKS", "parameters": parameters}


def _run(hub: GitHub, sha: str, shown: Run) -> Object | RefusedError:
    """Of what a token may not see only the place is shown, as null (github.com/cli/cli/issues/12597)."""
    if hub.hides_checks:
        return RefusedError("FORBIDDEN", FORBIDDEN, saml_failure=False)
    workflow = {"__typename": "Workflow", "id": f"W_{shown.workflow}"}
    run_of = {"__typename": "WorkflowRun", "workflow": workflow}
    suite = {
        "": sha,
        "__typename": "CheckSuite",
        "id": f"CS_{shown.suite}",
        "app": {"__typename": "App", "id": f"A_{shown.app}"} if shown.app else None,
        "workflowRun": run_of if shown.workflow else None,
    }
    return {
        "": sha,
        "__typename": "CheckRun",
        "name": shown.name,
        "status": shown.status,
        "conclusion": shown.conclusion,
        "startedAt": moment(shown.began),
        "completedAt": moment(shown.ended),
        "detailsUrl": shown.url,
        "checkSuite": suite,
    }


def _status(sha: str, shown: Status) -> Object:
    return {
        "": sha,
        "__typename": "StatusContext",
        "context": shown.context,
        "state": shown.state,
        "createdAt": moment(shown.told),
        "targetUrl": shown.url,
    }


def rest_runs(hub: GitHub, sha: str) -> Object:
    """`GET …/commits/SHA/check-runs`."""
    like = example("check-run-paginated")["check_runs"][0]
    runs = [
        {
            **like,
            "id": number,
            "head_sha": sha,
            "name": shown.name,
            "status": shown.status.lower(),
            "conclusion": shown.conclusion and shown.conclusion.lower(),
            "started_at": moment(shown.began),
            "completed_at": moment(shown.ended),
            "details_url": shown.url,
        }
        for number, shown in enumerate(hub.runs.get(sha, ()), 1)
    ]
    return {"total_count": len(runs), "check_runs": runs}


def rest_status(hub: GitHub, sha: str) -> Object:
    """`GET …/commits/SHA/status`."""
    shown = example("combined-commit-status")
    like = shown["statuses"][0]
    told = [
        {
            **like,
            "context": each.context,
            "state": each.state.lower(),
            "target_url": each.url,
            "created_at": moment(each.told),
        }
        for each in hub.statuses.get(sha, ())
    ]
    return {**shown, "sha": sha, "statuses": told, "total_count": len(told)}
