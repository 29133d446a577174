"""A limit that is too small for all that is to be asked: each hour the readings get further, whatever ends
them, and the answer is that of a forge without limits."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import pytest

from shepherd import limits
from shepherd.errors import TrackerError
from shepherd.snapshot import Snapshot
from shepherd.trackers import http, open_tracker
from shepherd.trackers.claims import Claims
from shepherd.trackers.forge.items import Request, UnreadablePart
from shepherd.words import TrackerData
from tests.campaigns.at_requests import kill_before_answer
from tests.campaigns.killing import forked
from tests.project import Project, states
from tests.trackers.forge_kit import Kit, nameless

pytestmark = pytest.mark.usefixtures("hasty", "one_by_one")

LANDINGS = 12


@pytest.fixture
def one_by_one(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests for every landing: a forge answers a hundred at once where it can."""
    tracker: Any = open_tracker(kit.settings())
    service = type(tracker.open(http.HttpSession("", kit.forge.root)))
    asked = service.requests_of

    def requests_of(
        self: Any, commits: Collection[str], base: str
    ) -> Iterator[tuple[str, Sequence[Request] | UnreadablePart]]:
        for sha in commits:
            yield from asked(self, [sha], base)

    monkeypatch.setattr(service, "requests_of", requests_of)


def next_hour(kit: Kit, limit: int) -> None:
    """From now on so many requests are answered."""
    http._RESTS.clear()
    kit.forge.repair()
    kit.forge.fail(429, after=limit, times=9999, headers={"Retry-After": "3600"})


def pushed(kit: Kit) -> Claims:
    """Two of these landings were rebased, and nobody's requests brought the others."""
    shas = [f"{number:040x}" for number in range(1, LANDINGS + 1)]
    kit.forge.commits.update(shas)
    kit.requests.update({n: kit.request("qa-ok", commits=(shas[n],)) for n in (3, 7)})
    return nameless(shas)


def in_parts(kit: Kit, claims: Claims, why: str, begin: Callable[[], None]) -> tuple[TrackerData, int]:
    """Read again and again until there is an answer. Returns how often it took."""
    memory, readings = b"", 1
    while True:
        begin()
        try:
            return kit.read(claims=claims, memory=memory), readings
        except TrackerError as error:
            assert why in str(error)
            assert len(error.memory) > len(memory)
            memory, readings = error.memory, readings + 1


@pytest.mark.parametrize("limit", [4, 10])
def test_it_ends_in_the_same_answer(kit: Kit, limit: int) -> None:
    claims = pushed(kit)
    undisturbed = kit.read(claims=claims)
    reading, hours = in_parts(kit, claims, "too many requests", lambda: next_hour(kit, limit))
    assert (reading.named, reading.items) == (undisturbed.named, undisturbed.items)
    assert 1 < hours <= 1 + undisturbed.requests // (limit - 3)


def test_so_does_a_run_that_has_too_little_time(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline leaves a session a part of the time that is left; that ends first."""
    claims, now = pushed(kit), [0.0]
    undisturbed = kit.read(claims=claims)

    def tell(_request: str) -> None:
        now[0] += 10

    kit.forge.tell = tell
    monkeypatch.setattr(limits, "share", lambda: 55.0)
    defaults: Any = http.HttpSession.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "clock", lambda: now[0])
    reading, runs = in_parts(kit, claims, "too slow", lambda: None)
    assert (reading.named, reading.items) == (undisturbed.named, undisturbed.items)
    assert runs > 1


class Town:
    """A branch that nobody's numbers are on, judged from time to time."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.killed = 0
        self.project = Project(kit.folder / "project", 'orphans = "pass"', kit.lines())
        shas = self.project.land("Begin", *(f"By hand {number}" for number in range(LANDINGS)))
        self.project.deploy(shas[0])
        kit.forge.commits.update(shas)
        kit.requests.update({n: kit.request(word, commits=(shas[n],)) for n, word in ((3, "qa-ok"), (9, ""))})

    def look(self, limit: int) -> Snapshot:
        next_hour(self.kit, limit)
        return self.project.look()

    def die(self, number: int) -> None:
        """Look, and die before the answer to its request `number`, from 0."""
        name_child, _ = kill_before_answer(self.kit.forge, number)
        child = forked(self.project.judge)
        name_child(child)
        self.killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        self.kit.forge.tell = lambda request: None


def test_a_branch_is_judged_after_some_hours(kit: Kit) -> None:
    town = Town(kit)
    undisturbed = states(town.project.look())
    town.project.drop_cache()
    hours = 1
    while not (snapshot := town.look(7)).complete:
        assert not snapshot.deployable
        assert "too many requests" in snapshot.problems[0]
        hours += 1
    assert states(snapshot) == undisturbed
    assert undisturbed[4] == "ok" and undisturbed[10] == "needstesting"
    assert hours > 1


@pytest.mark.parametrize("number", range(7))
def test_readings_that_are_killed_lose_no_earlier_ones(kit: Kit, number: int) -> None:
    """Each second hour's process is killed at one of its requests: what the others learned is there."""
    town = Town(kit)
    undisturbed = states(town.project.look())
    town.project.drop_cache()
    undisturbed_hours = hours = 0
    while not town.look(7).complete:
        undisturbed_hours += 1
    town.project.drop_cache()
    while True:
        next_hour(kit, 7)
        town.project.find()
        town.die(number)
        snapshot = town.look(7)
        if snapshot.complete:
            break
        hours += 1
    assert states(snapshot) == undisturbed
    assert hours == undisturbed_hours
    assert town.killed
