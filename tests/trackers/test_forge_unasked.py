"""A landing of which the forge does not say who brought it, from the wire to the page
(docs/rules.md#number-is-a-claim)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest

from shepherd.trackers.forge.items import Request, UnreadablePart
from shepherd.trackers.github.service import GitHubService
from tests.running.host import Host
from tests.trackers.conftest import forge_settings
from tests.trackers.github_server import GitHub, pull

SAYS_NOT = "GitHub does not say which request brought it: it answered 500"


class Team:
    """`orphans = "pass"`: what no request brought may go. One landing was rebased; GitHub does not say
    whose it is, as long as `silent`."""

    def __init__(self, folder: Path, hub: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
        self.silent = True
        self.hub = hub
        self.host = Host(folder, tracker=forge_settings(hub), branch='orphans = "pass"')
        (self.base, self.rebased) = self.host.project.land("By hand", "Rebased")
        hub.commits.add(self.base)
        hub.things[7] = pull("qa-bad", commits=(self.rebased,))
        asked = GitHubService.requests_of

        def requests_of(
            service: GitHubService, commits: Collection[str], base: str
        ) -> Iterator[tuple[str, Sequence[Request] | UnreadablePart]]:
            for sha, brought in asked(service, commits, base):
                refused = self.silent and sha == self.rebased
                yield sha, UnreadablePart("it answered 500") if refused else brought

        monkeypatch.setattr(GitHubService, "requests_of", requests_of)

    def asked(self) -> int:
        """How often the forge was asked whose it is."""
        return sum(self.rebased in body and "associated" in body for body in self.hub.bodies)

    def status(self) -> dict[str, object]:
        snapshot = json.loads(self.host.inv("status", "--json")[1])
        return {
            "deployable": (snapshot["deployable"] or {}).get("revno"),
            "states": {each["revno"]: each["state"] for each in snapshot["landings"]},
            "problems": snapshot["problems"],
        }


@pytest.fixture
def team(tmp_path: Path, hub: GitHub, monkeypatch: pytest.MonkeyPatch) -> Team:
    return Team(tmp_path, hub, monkeypatch)


def test_it_blocks_although_what_nobody_brought_may_go(team: Team) -> None:
    assert team.host.inv("run")[0] == 0
    assert team.status() == {
        "deployable": 3,
        "states": {2: "orphan", 3: "orphan", 4: "unknown"},
        "problems": [f"r4: {SAYS_NOT}"],
    }


def test_it_says_why_everywhere(team: Team) -> None:
    team.host.inv("run")
    assert SAYS_NOT in team.host.inv("explain", "r4")[1]
    assert SAYS_NOT in team.host.inv("status")[1]
    assert SAYS_NOT in team.host.page()
    assert team.host.events("tracker")[-1]["unreadable"] == "r4"


def test_it_is_asked_again_until_it_is_told(team: Team) -> None:
    team.host.inv("run")
    asked = team.asked()
    team.host.inv("run")
    assert team.asked() > asked
    team.silent = False
    team.host.inv("run")
    assert team.status()["states"] == {2: "orphan", 3: "orphan", 4: "bad"}
    asked = team.asked()
    team.hub.things[7].labels = ["qa-ok"]
    team.silent = True
    team.host.inv("run")
    assert team.status() == {"deployable": 4, "states": {2: "orphan", 3: "orphan", 4: "ok"}, "problems": []}
    assert team.asked() == asked


def test_a_verdict_settles_it(team: Team) -> None:
    team.host.inv("run")
    assert team.host.inv("verdict", "r4", "ok", "--reason", "tried")[0] == 0
    assert team.status()["deployable"] == 4


def test_the_tagger_touches_nothing_of_it(team: Team) -> None:
    team.host.inv("run")
    team.host.inv("run")
    assert team.hub.things[7].labels == ["qa-bad"]
    assert not team.hub.count("POST /repos")
