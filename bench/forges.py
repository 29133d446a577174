"""Requests to GitHub and GitLab for 2,000 landings, first and second run, next to the naive loop."""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from github import Auth, Github
from github.Requester import Requester
from gitlab import Gitlab

from shepherd.settings import Settings, TrackerSettings
from shepherd.trackers import open_tracker
from shepherd.trackers.claims import NO_CLAIMS, Claim, Claims
from shepherd.words import Item, TrackerData
from tests.trackers import github_server, gitlab_server
from tests.trackers.faulty import at_work
from tests.trackers.github_server import GitHub, Thing
from tests.trackers.gitlab_server import GitLab

LANDINGS = 2_000
SHAS = [f"{number:040x}" for number in range(1, LANDINGS + 1)]
AIM = f"(aim: at most {5 + math.ceil(LANDINGS / 100)})"

_T = TypeVar("_T")


class IndexedGitHub(GitHub):
    """Finds what brought a commit as quickly as the real one does."""

    def index(self) -> None:
        self._brought = {sha: [(n, thing)] for n, thing in self.things.items() for sha in thing.commits}

    def brought_by(self, sha: str) -> list[tuple[int, Thing]]:
        return self._brought.get(sha, [])


def main() -> None:
    os.environ["BENCH_TOKEN"] = "its-token"
    print(f"Requests for {LANDINGS:,} landings {AIM}")
    for commits in (1, 3):
        for kind in (IndexedGitHub, GitLab):
            with at_work(kind()) as forge:
                _fill(forge, commits)
                _compare(forge, commits)


def _fill(forge: GitHub | GitLab, commits: int) -> None:
    """Every request brought so many landings."""
    for place in range(0, LANDINGS, commits):
        brought = tuple(SHAS[place : place + commits])
        if isinstance(forge, GitHub):
            forge.things[place + 1] = github_server.pull("qa-ok", commits=brought)
        else:
            forge.merges[place + 1] = gitlab_server.merge("qa-ok", commits=brought, updated=place)
    if isinstance(forge, IndexedGitHub):
        forge.index()


def _compare(forge: GitHub | GitLab, commits: int) -> None:
    settings = Settings(
        branches={},
        tracker=TrackerSettings(
            type=forge.kind,
            project=forge.project,
            service_root=forge.root,
            credentials_env="BENCH_TOKEN",
        ),
        file=Path(tempfile.gettempdir()) / "shepherd.toml",
    )
    sign = "#" if isinstance(forge, GitHub) else "!"
    items: list[Item] = [f"{sign}{number}" for number in range(1, LANDINGS + 1, commits)]

    def read(some: Sequence[Item], claims: Claims = NO_CLAIMS, memory: bytes = b"") -> TrackerData:
        return open_tracker(settings, claims=claims).read(some, [], memory)

    rebased = Claims(tuple(map(Claim, SHAS)), "stable")
    if commits == 1:
        claimed = Claims(tuple(Claim(f"{n:040x}", (f"{sign}{n}",)) for n in range(1, LANDINGS + 1)), "stable")
        _measured(forge, "squashed, the number in the message: each run", lambda: read(items, claimed))
        _measured(forge, "the same, confirmed by no landing", lambda: read(items))
        first = _measured(forge, "rebased, no number: first run", lambda: read([], rebased))
        naive: Callable[[GitHub | GitLab], Sequence[object]] = _by_number
    else:
        first = _measured(
            forge, f"rebased, {commits} landings a request: first run", lambda: read([], rebased)
        )
        naive = _by_commit
    second = _measured(forge, "the same, second run", lambda: read([], rebased, first.memory))
    assert len(second.items) == len(items)
    assert second.named == first.named
    _measured(forge, "the naive loop over the library", lambda: naive(forge))


def _by_number(forge: GitHub | GitLab) -> list[object]:
    if isinstance(forge, GitHub):
        hub = Github(auth=Auth.Token("x"), base_url=forge.root, seconds_between_requests=0, lazy=True)
        repository = hub.get_repo(forge.project)
        return [_ask_one(repository.requester, f"{repository.url}/issues/{n}") for n in sorted(forge.things)]
    project = Gitlab(forge.root, private_token="x").projects.get(forge.project, lazy=True)
    return [project.mergerequests.get(number).labels for number in sorted(forge.merges)]


def _by_commit(forge: GitHub | GitLab) -> list[object]:
    if isinstance(forge, GitHub):
        hub = Github(auth=Auth.Token("x"), base_url=forge.root, seconds_between_requests=0, lazy=True)
        repository = hub.get_repo(forge.project)
        return [_ask_one(repository.requester, f"{repository.url}/commits/{sha}/pulls") for sha in SHAS]
    project = Gitlab(forge.root, private_token="x").projects.get(forge.project, lazy=True)
    return [project.commits.get(sha, lazy=True).merge_requests() for sha in SHAS]


def _ask_one(requester: Requester, url: str) -> object:
    return requester.requestJsonAndCheck("GET", url)[1]


def _measured(forge: GitHub | GitLab, name: str, body: Callable[[], _T]) -> _T:
    requests, sent, began = forge.count(), forge.sent, time.perf_counter()
    result = body()
    took = time.perf_counter() - began
    print(
        f"{forge.kind}, {name}: {forge.count() - requests:,} requests,"
        f" {(forge.sent - sent) / 1e6:.2f} MB, {took:.1f} s",
        flush=True,
    )
    return result


if __name__ == "__main__":
    main()
