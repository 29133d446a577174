"""What the checks of 2,000 candidates cost whose newest 300 are red: requests of the first run, of one ten
minutes later, and of two a day later.

python -m bench.checks            # the table
python -m bench.checks github
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.project import Project
from tests.task import missing_for_real
from tests.trackers.faulty import at_work
from tests.trackers.gitea_server import Gitea
from tests.trackers.github_checks import EPOCH, run
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_pipelines import BEGINNING, Job
from tests.trackers.gitlab_server import GitLab

CANDIDATES = 2_000
RED = 300
TOKEN = "BENCH_TOKEN"
LATER = (("first run", 0), ("ten minutes later", 600), ("a day later", 86_400), ("and ten minutes", 600))
Forge = GitHub | GitLab | Gitea


class PointsOfChecks(GitHub):
    """It counts apart what questions about checks cost."""

    of_checks = nodes_of_checks = 0

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        points, nodes = self.points, self.nodes
        try:
            return super().answer(method, path, query, body)
        finally:
            if "statusCheckRollup" in str(body):
                self.of_checks += self.points - points
                self.nodes_of_checks += self.nodes - nodes


ROWS: tuple[tuple[str, Callable[[], Forge], str], ...] = (
    ("github", PointsOfChecks, "ci/build"),
    ("gitlab", GitLab, "ci/build"),
    ("gitlab", GitLab, "pipeline"),
    ("gitea", Gitea, "ci/build"),
)
"""Forge, its local server, the check that is asked for."""
KINDS = ("github", "gitlab", "gitea")


class ChecksCost(Struct, frozen=True):
    """Of one run."""

    asked: int
    """Commits."""
    requests: int
    points: int
    nodes: int

    @property
    def shown(self) -> str:
        points = f" ({self.points} points, {self.nodes:,} nodes)" if self.points else ""
        return f"{self.requests} for {self.asked} commits{points}"


def main(kinds: tuple[str, ...] = KINDS) -> None:
    if why := missing_for_real():
        sys.exit(f"The test trackers cannot run: {why}.")
    os.environ[TOKEN] = "its-token"
    print(f"requests for the checks of {CANDIDATES:,} candidates, the newest {RED} of them red")
    for kind, server, wanted in ROWS:
        for when, cost in _costs(server(), wanted) if kind in kinds else ():
            print(f"{kind:7} {wanted:9} {when:18} {cost.shown}", flush=True)


def _costs(server: Forge, wanted: str) -> list[tuple[str, ChecksCost]]:
    with tempfile.TemporaryDirectory() as folder, at_work(server) as forge:
        project = _project(Path(folder) / "project", forge, wanted)
        shas = _land(project)
        project.deploy(shas[0])
        for place, sha in enumerate(shas):
            _check(forge, sha, red=place >= len(shas) - RED)
        project.find()
        return [(when, _run(project, forge, seconds)) for when, seconds in LATER]


def _project(folder: Path, forge: Forge, wanted: str) -> Project:
    lines = f'type = "{forge.kind}"\nproject = "{forge.project}"\nservice_root = "{forge.root}"\n'
    branch = f'orphans = "pass"\nmarks = ["brackets"]\nchecks = ["{wanted}"]'
    project = Project(folder, branch, f'{lines}credentials_env = "{TOKEN}"')
    began = EPOCH if isinstance(forge, GitHub) else int(BEGINNING.timestamp())
    project.now = datetime.fromtimestamp(began, UTC) + timedelta(hours=1)
    return project


def _land(project: Project) -> list[str]:
    """At once, all within the hour before."""
    feed = b"".join(
        b"commit refs/heads/stable\ncommitter A <a@example.org> %d +0000\ndata 3\nFix\n"
        % (int(project.now.timestamp()) - 3_600 + number)
        for number in range(CANDIDATES + 1)
    )
    place = project.folder / "project.git"
    subprocess.run(["git", "fast-import", "--quiet"], cwd=place, input=feed, check=True)
    return project.repo.git("rev-list", "--first-parent", "--reverse", "stable").split()


def _check(forge: Forge, sha: str, *, red: bool) -> None:
    if isinstance(forge, GitHub):
        forge.runs[sha] = [run("ci/build", "FAILURE" if red else "SUCCESS"), run("ci/other")]
    elif isinstance(forge, Gitea):
        forge.statuses.say(sha, "ci/build", "failure" if red else "success")
        forge.statuses.say(sha, "ci/other")
        forge.commits.add(sha)
    else:
        status = "failed" if red else "success"
        forge.pipelines.add(sha, status, Job("ci/build", status), Job("ci/other"))


def _run(project: Project, forge: Forge, later: int) -> ChecksCost:
    project.now += timedelta(seconds=later)
    before = _points(forge)
    snapshot = project.judge()
    deployable = snapshot.deployable
    assert deployable is not None and deployable.revno == CANDIDATES + 1 - RED, snapshot.problems
    told = next(line for line in reversed(project.lines) if " event=checks " in line)
    asked, requests = (int(told.partition(f" {key}=")[2].split()[0]) for key in ("asked", "requests"))
    points, nodes = (now - then for now, then in zip(_points(forge), before, strict=True))
    return ChecksCost(asked, requests, points, nodes)


def _points(forge: Forge) -> tuple[int, int]:
    return (forge.of_checks, forge.nodes_of_checks) if isinstance(forge, PointsOfChecks) else (0, 0)


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or KINDS)
