"""A forge whose answer about a commit that is red, or not done, is changed in one place: it never holds."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shepherd.check_results import as_kept
from shepherd.errors import TrackerError
from shepherd.rules.conditions import results_hold
from shepherd.trackers import http
from shepherd.trackers.checks import CheckSource
from shepherd.trackers.gitea.checks import GiteaChecks
from shepherd.trackers.github.checks import GitHubChecks
from shepherd.trackers.gitlab.checks import GitLabChecks
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import Kit, asking
from tests.trackers.gitea_server import Gitea
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_server import GitLab

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

SHA = "ab" * 20
GONE = object()
CHANGES: tuple[Any, ...] = (GONE, None, "", [], {}, 0)
TIMES = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
NO_LIES = frozenset({"nodes", "statuses"})
"""That a list is empty is another answer, which nobody can see through."""
Json = dict[str, Any]
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T00:09:00Z"


def run(word: str | None, began: str = EARLY, suite: str = "1", workflow: str = "W", app: str = "A") -> Json:
    workflow_run = {"workflow": {"id": workflow}} if workflow else None
    return {
        "__typename": "CheckRun",
        "name": "build",
        "status": "COMPLETED" if word else "QUEUED",
        "conclusion": word,
        "startedAt": began,
        "completedAt": began if word else None,
        "checkSuite": {"id": suite, "app": {"id": app}, "workflowRun": workflow_run},
    }


def status(state: str) -> Json:
    return {"__typename": "StatusContext", "context": "build", "state": state, "createdAt": EARLY}


def github(*nodes: Json) -> Json:
    page = {"hasNextPage": False, "endCursor": "x"}
    suites = [{"status": "COMPLETED", "createdAt": EARLY, "workflowRun": {"url": "https://x.example/"}}]
    commit = {
        "statusCheckRollup": {"contexts": {"nodes": list(nodes), "pageInfo": page}},
        "checkSuites": {"nodes": suites, "pageInfo": page},
    }
    return {"data": {"repository": {"nameWithOwner": "acme/shop", "c0": commit}}}


def pipeline(state: str) -> Json:
    job = {"name": "build", "status": state, "startedAt": EARLY, "finishedAt": LATE}
    return {"ref": "stable", "status": state, "startedAt": EARLY, "jobs": {"nodes": [job]}}


def gitlab(*states: str) -> Json:
    return {"data": {"project": {"skipping": False, "c0": {"nodes": [pipeline(each) for each in states]}}}}


def gitea(*states: str) -> Json:
    statuses = [{"context": "build", "status": each, "created_at": EARLY} for each in states]
    return {"sha": SHA, "statuses": statuses}


def changed(answer: Any, place: Any) -> Iterator[Any]:
    """The whole answer, again and again, with another change at or below a place in it."""
    for key in list(place) if isinstance(place, dict) else range(len(place)):
        there = place[key]
        for change in (*CHANGES, *(TIMES if there in (EARLY, LATE) else ())):
            if (change is GONE and isinstance(place, list)) or (change == [] and key in NO_LIES):
                continue
            if change is GONE:
                del place[key]
            else:
                place[key] = change
            yield copy.deepcopy(answer)
            place[key] = there
        if isinstance(there, dict | list):
            yield from changed(answer, there)


@pytest.mark.parametrize("pattern", ["build", "*"])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(github(run("FAILURE")), id="github: failed"),
        pytest.param(github(run("SUCCESS"), run("FAILURE", LATE, "2")), id="github: green, then red"),
        pytest.param(github(run("SUCCESS"), run(None, LATE, "2")), id="github: begun again"),
        pytest.param(github(run("FAILURE"), run("SUCCESS", LATE, "2", "V")), id="github: two workflows"),
        pytest.param(
            github(run("FAILURE", workflow=""), run("SUCCESS", LATE, "2", "", "B")), id="github: two apps"
        ),
        pytest.param(github(run("SUCCESS"), status("FAILURE")), id="github: a status beside"),
        pytest.param(gitlab("FAILED"), id="gitlab: failed"),
        pytest.param(gitlab("FAILED", "SUCCESS"), id="gitlab: green, then red"),
        pytest.param(gitlab("RUNNING", "SUCCESS"), id="gitlab: begun again"),
        pytest.param(gitea("failure"), id="gitea: failed"),
        pytest.param(gitea("success", "pending"), id="gitea: two workflows"),
    ],
)
def test_one_change_never_makes_it_hold(tmp_path: Path, answer: Json, pattern: str) -> None:
    kinds: dict[str, type[GitHub | GitLab]] = {"repository": GitHub, "project": GitLab}
    with at_work(kinds.get(next(iter(answer.get("data", "")), ""), Gitea)()) as forge:
        where = Kit(forge, tmp_path).settings()

        def source() -> CheckSource:
            if isinstance(forge, GitHub):
                return GitHubChecks(where, asking(pattern))
            return GitLabChecks(where, asking(pattern)) if isinstance(forge, GitLab) else GiteaChecks(where)

        said = 0
        for spoilt in changed(answer, answer):
            forge.repair()
            http._RESTS.clear()
            forge.fail("say", body=json.dumps(spoilt).encode(), times=99)
            try:
                ((_, checks),) = source().checks_of([SHA])
            except TrackerError:
                continue
            assert not results_hold((pattern,), as_kept(checks)), spoilt
            said += 1
        assert said
