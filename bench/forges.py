"""Requests, points and nodes that landings cost on each forge, first and second run, by each way to land,
beside what version 0.2 asked and the naive loop over the usual library.

python -m bench.forges            # the table
python -m bench.forges github 500 # a part of it

Points and nodes are GitHub's, as its documents count them; the local server does that. Naive is a loop over
the landings by PyGithub or python-gitlab, measured for the smallest number.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import gitlab
from github import Auth, Github
from msgspec import Struct

from shepherd.settings import Settings, TrackerSettings
from shepherd.trackers import open_tracker
from shepherd.trackers.claims import Claim, Claims
from shepherd.words import Item, TrackerData
from tests.task import missing_for_real
from tests.trackers import gitea_server, github_server, gitlab_server
from tests.trackers.faulty import at_work
from tests.trackers.gitea_server import Gitea
from tests.trackers.github_server import GitHub, Thing
from tests.trackers.gitlab_server import GitLab

SIZES = (50, 500, 2_000)
TOKEN = "BENCH_TOKEN"
Forge = GitHub | GitLab | Gitea


class Way(Struct, frozen=True):
    """How changes land."""

    name: str
    named: bool = False
    """The landing's message names the request."""
    each: int = 1
    """Landings of one request; 0: there is none."""


MERGE, SQUASH = Way("merge commit", named=True), Way("squash", named=True)
REBASE, THREE, DIRECT = (
    Way("rebase, 1 a request"),
    Way("rebase, 3 a request", each=3),
    Way("direct push", each=0),
)
WAYS: dict[str, tuple[Way, ...]] = {
    "github": (MERGE, SQUASH, REBASE, THREE, DIRECT),
    # a squash that is fast-forwarded has no number in its message
    "gitlab": (MERGE, Way("squash"), REBASE, THREE, DIRECT),
    "gitea": (MERGE, SQUASH, REBASE, THREE, DIRECT),
}
BEFORE: dict[tuple[str, str], tuple[str, str, str]] = {
    ("github", MERGE.name): ("1/1", "5/5", "20/20"),
    ("github", SQUASH.name): ("1/1", "5/5", "20/20"),
    ("github", REBASE.name): ("1/1", "5/5", "20/20"),
    ("github", THREE.name): ("1/1", "5/2", "20/7"),
    ("github", DIRECT.name): ("1/1", "5/5", "20/20"),
    ("gitlab", MERGE.name): ("1/1", "5/5", "20/20"),
    ("gitlab", SQUASH.name): ("1/1", "5/5", "20/20"),
    ("gitlab", REBASE.name): ("1/1", "5/5", "20/20"),
    ("gitlab", THREE.name): ("2/1", "4/2", "14/7"),
    ("gitlab", DIRECT.name): ("51/51", "501/501", "2,001/2,001"),
}
"""Requests of the first and the second run for each of SIZES, as this module measured them with version 0.2.0
(commit 216ad2b)."""


class IndexedGitHub(GitHub):
    """Finds what brought a commit as quickly as the real one does."""

    def index(self) -> None:
        self._brought = {sha: [(n, thing)] for n, thing in self.things.items() for sha in thing.commits}

    def brought_by(self, sha: str) -> list[tuple[int, Thing]]:
        return self._brought.get(sha, [])


FORGES: dict[str, Callable[[], Forge]] = {"github": IndexedGitHub, "gitlab": GitLab, "gitea": Gitea}


class Cost(Struct, frozen=True):
    """What one reading took."""

    requests: int
    points: int
    nodes: int
    megabytes: float
    seconds: float


def main(kinds: tuple[str, ...] = tuple(FORGES), sizes: tuple[int, ...] = SIZES) -> None:
    if why := missing_for_real():
        sys.exit(f"The test trackers cannot run: {why}.")
    os.environ[TOKEN] = "its-token"
    print("first and second run each: requests (points, nodes); before: requests of version 0.2.0")
    print(
        f"{'forge':7} {'landed by':20} {'landings':>8}  {'first run':>24} {'second run':>24}"
        f" {'before':>11} {'naive':>6}"
    )
    for kind in kinds:
        for way in WAYS[kind]:
            for size in sizes:
                _row(kind, way, size)


def _row(kind: str, way: Way, size: int) -> None:
    with at_work(FORGES[kind]()) as forge:
        claims = _fill(forge, way, size)
        first, data = _read(forge, claims, b"")
        second, again = _read(forge, claims, data.memory)
        assert again.named == data.named
        assert len([requests for requests in data.named.values() if requests]) == (size if way.each else 0)
        asked = forge.count()
        naive = _naive(forge, claims) if size == SIZES[0] and not isinstance(forge, Gitea) else 0
        assert naive == forge.count() - asked
    before = dict(zip(SIZES, BEFORE.get((kind, way.name), ()), strict=False)).get(size, "")
    print(
        f"{kind:7} {way.name:20} {size:8,}  {_shown(first):>24} {_shown(second):>24}"
        f" {before:>11} {naive or '':>6}"
        f"   {second.megabytes:.2f} MB, {first.seconds:.1f} + {second.seconds:.1f} s",
        flush=True,
    )


def _shown(cost: Cost) -> str:
    return f"{cost.requests:,}" + (f" ({cost.points:,}, {cost.nodes:,})" if cost.points else "")


def _fill(forge: Forge, way: Way, size: int) -> Claims:
    """Requests that brought so many landings, and what the landings say of them."""
    shas = [f"{number:040x}" for number in range(1, size + 1)]
    forge.commits = set(shas)
    sign = "!" if isinstance(forge, GitLab) else "#"
    claims: list[Claim] = [] if way.each else [Claim(sha) for sha in shas]
    for number in range(1, 1 + (-(-size // way.each) if way.each else 0)):
        brought = tuple(shas[(number - 1) * way.each : number * way.each])
        if isinstance(forge, GitHub):
            forge.things[number] = github_server.pull("qa-ok", commits=brought)
        elif isinstance(forge, Gitea):
            forge.things[number] = gitea_server.pull("qa-ok", commits=brought, updated=number)
        else:
            head = ("feed" * 10,) if way in (MERGE, Way("squash")) else brought
            landed = {MERGE: {"merge_commit": brought[0]}, Way("squash"): {"squash_commit": brought[0]}}
            forge.merges[number] = gitlab_server.merge(
                "qa-ok", commits=head, updated=number, **landed.get(way, {})
            )
        claims += [Claim(sha, (f"{sign}{number}",) if way.named else ()) for sha in brought]
    if isinstance(forge, IndexedGitHub):
        forge.index()
    return Claims(tuple(claims), "stable")


def _read(forge: Forge, claims: Claims, memory: bytes) -> tuple[Cost, TrackerData]:
    settings = Settings(
        branches={},
        tracker=TrackerSettings(
            type=forge.kind, project=forge.project, service_root=forge.root, credentials_env=TOKEN
        ),
        file=Path(tempfile.gettempdir()) / "shepherd.toml",
    )
    items: list[Item] = sorted({item for claim in claims.landings for item in claim.requests})
    before, began = _counters(forge), time.perf_counter()
    data = open_tracker(settings, claims=claims).read(items, [], memory)
    requests, points, nodes, sent = (now - then for now, then in zip(_counters(forge), before, strict=True))
    return Cost(requests, points, nodes, sent / 1e6, time.perf_counter() - began), data


def _naive(forge: Forge, claims: Claims) -> int:
    """How many questions a loop over the landings asks by the usual library."""
    if isinstance(forge, GitHub):
        hub = Github(auth=Auth.Token("x"), base_url=forge.root, seconds_between_requests=0, lazy=True)
        repository = hub.get_repo(forge.project)
        for claim in claims.landings:
            named = [f"/issues/{item[1:]}" for item in claim.requests]
            for path in named or [f"/commits/{claim.id}/pulls"]:
                repository.requester.requestJsonAndCheck("GET", f"{repository.url}{path}")
    else:
        project = gitlab.Gitlab(forge.root, private_token="x").projects.get(forge.project, lazy=True)
        for claim in claims.landings:
            if claim.requests:
                project.mergerequests.get(int(claim.requests[0][1:]))
            else:
                project.commits.get(claim.id, lazy=True).merge_requests()
    return len(claims.landings)


def _counters(forge: Forge) -> tuple[int, int, int, int]:
    return forge.count(), getattr(forge, "points", 0), getattr(forge, "nodes", 0), forge.sent


if __name__ == "__main__":
    main(
        tuple(word for word in sys.argv[1:] if word in FORGES) or tuple(FORGES),
        tuple(int(word) for word in sys.argv[1:] if word.isdigit()) or SIZES,
    )
