"""Two hosts, one server: one of them works, and whatever dies, nothing is done twice or lost
(docs/running.md#two-hosts)."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from shepherd.situation import STAGES
from shepherd.store import reaching
from tests.act.receiver import certificate, context_of, receiving
from tests.campaigns import times
from tests.campaigns.network import SERVER, Network, network
from tests.campaigns.two_hosts import HOSTS, HostWorld, Point, Ran, Running, Struck
from tests.postgres import PostgresServer
from tests.running.smtp import Server

pytestmark = pytest.mark.real
ONE, OTHER = HOSTS
PATIENCE = 6
"""Seconds after which the server gives up a host that it cannot reach; 90 in real life."""


@pytest.fixture(scope="module")
def net() -> Iterator[Network]:
    with network(*HOSTS) as made:
        yield made


@pytest.fixture(scope="module")
def world(net: Network) -> Iterator[HostWorld]:
    folder = Path(tempfile.mkdtemp(prefix="shepherd-hosts-"))
    # the server's user passes through
    folder.chmod(0o755)
    (folder / "server").mkdir()
    trusted = certificate(folder, SERVER)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("SSL_CERT_FILE", str(trusted))
        patch.setattr(reaching, "SERVER_PATIENCE", PATIENCE)
        patch.setattr(reaching, "CLIENT_PATIENCE", 2)
        patch.setattr(reaching, "CONNECT_SECONDS", 2)
        with net.at("server"):
            server = PostgresServer(folder / "server", SERVER)
            with (server.data / "pg_hba.conf").open("a") as file:
                file.write("host all all 10.203.0.0/16 trust\n")
            server.start()
            smtp = Server(host=SERVER)
            chat = stack.enter_context(receiving(SERVER))
        chat.tls = context_of(trusted)
        thread = threading.Thread(target=smtp.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield HostWorld(folder, net, server, smtp, chat)
        finally:
            smtp.closing.set()
            smtp.shutdown()
            smtp.server_close()
            thread.join()
            server.stop("immediate")
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def expected(world: HostWorld) -> dict[str, Any]:
    """What comes of three runs that nobody disturbs."""
    world.begin()
    for host in (ONE, OTHER, ONE):
        done = world.run(host)
        assert done.code == 0, done
    assert world.mails() == [("ann@example.org", "digest")]
    assert [kind for kind, _, _ in world.notices()] == ["answer", "promotion"]
    return world.outcome()


@pytest.fixture(scope="module")
def points(world: HostWorld) -> dict[str, int]:
    world.begin()
    world.remove_backups()
    return world.points()


def both(world: HostWorld, *words: str) -> tuple[list[Running], list[Ran]]:
    """A run of each host, started at once, and how they ended."""
    gate, opener = os.pipe()
    runs = [world.start(host, *words, gate=gate) for host in HOSTS]
    os.write(opener, b"!!")
    ended = [run.end() for run in runs]
    os.close(gate)
    os.close(opener)
    return runs, ended


def simultaneous_rounds(world: HostWorld, count: int) -> None:
    refused: Counter[str] = Counter()
    for number in range(count):
        if number % 10 == 0:
            world.begin()
        bug = 100 + number
        world.land(bug)
        runs, ended = both(world)
        assert sorted(done.code for done in ended) == [0, 4], f"round {number}: {ended}"
        loser, winner = (1, 0) if ended[1].code == 4 else (0, 1)
        refused[HOSTS[loser]] += 1
        assert runs[winner].worked and not runs[loser].worked, f"round {number}: both worked"
        assert f" on {HOSTS[winner]}: inv" in ended[loser].err or "without a record" in ended[loser].err
        assert len(world.comments(bug)) == 1, f"round {number}"
    world.run(ONE)
    assert world.mails().count(("ann@example.org", "digest")) == 1
    moves = world.outcome()["moves"]
    assert len(moves) == len(set(moves)) == 1
    print(f"\n{count} rounds, refused: {dict(refused)}")


def waiting_rounds(world: HostWorld, count: int) -> None:
    world.begin()
    for number in range(count):
        runs, ended = both(world, "run", "--wait", "60")
        assert [done.code for done in ended] == [0, 0], f"round {number}: {ended}"
        first, second = sorted((run.worked for run in runs), key=min)
        assert max(first)[1] < min(second)[0], f"round {number}: at once, {first} and {second}"


def test_of_two_that_wait_one_works_after_the_other(world: HostWorld) -> None:
    waiting_rounds(world, 2)


@pytest.mark.long
def test_50_times_one_works_after_the_other(world: HostWorld) -> None:
    waiting_rounds(world, times(50))


def test_of_two_that_start_at_once_one_works(world: HostWorld) -> None:
    simultaneous_rounds(world, 3)


@pytest.mark.long
def test_200_times_one_works(world: HostWorld) -> None:
    simultaneous_rounds(world, times(200))


class Blow:
    """One of the three things that die, at a point of a run of qa1; and what follows."""

    def __init__(self, world: HostWorld, what: str, expected: dict[str, Any]) -> None:
        self.world, self.what, self.expected = world, what, expected
        self._takes_over: Running | None = None

    def at(self, point: Point) -> bool:
        """Whether the run came to that point. The next run is at once, and right."""
        world = self.world
        world.begin()
        if point.stage == "backup":
            world.remove_backups()
        self._takes_over = None
        run = world.start(ONE, struck=Struck(point, self._strike, kills=self.what == "host"))
        struck = run.end()
        if not run.reached:
            return False
        where = f"{self.what} at {point}: {struck}"
        takes_over = self._takes_over or world.start(OTHER, "run", "--wait", "30")
        next_run = takes_over.end()
        assert next_run.code == 0, f"{where}, then {next_run}"
        if self.what == "host":
            assert struck.code == -9
        else:
            self._ends_with_a_sentence(struck, where)
        world.network.plug(ONE)
        last = world.run(ONE, "run", "--wait", "30")
        assert last.code == 0, f"{where}, then {last}"
        self._check(point, where)
        return True

    def _strike(self) -> None:
        world = self.world
        if self.what == "server":
            with world.network.at("server"):
                world.server.stop("immediate")
                world.server.start()
        else:
            world.network.unplug(ONE)
            # while the one that was cut off goes on
            self._takes_over = world.start(OTHER, "run", "--wait", "30")

    def _ends_with_a_sentence(self, struck: Ran, where: str) -> None:
        assert struck.code in (0, 1), where
        assert struck.code == 0 or struck.err.count("\n") == 1, where
        assert "Traceback" not in struck.err and ": unexpected" not in struck.err, where

    def _check(self, point: Point, where: str) -> None:
        found, mails = self.world.outcome(), Counter(self.world.mails())
        assert max(mails.values(), default=0) <= 1, f"{where}: {mails}"
        if point.stage != "remind":
            assert mails == {("ann@example.org", "digest"): 1}, f"{where}: {mails}"
        notices = self.world.notices()
        told = Counter((key, again) for _, key, again in notices)
        assert all(again or number == 1 for (_, again), number in told.items()), f"{where}: {notices}"
        kinds = Counter(kind for kind, _ in {(kind, key) for kind, key, _ in notices})
        assert kinds == {"answer": 1, "promotion": 1}, f"{where}: {notices}"
        for key, value in self.expected.items():
            assert found[key] == value, f"{key} after {where}"


def strike_each_stage(
    world: HostWorld, what: str, expected: dict[str, Any], points: dict[str, int], count: int
) -> None:
    chance = random.Random(4711)
    blow = Blow(world, what, expected)
    fell: Counter[str] = Counter()
    for stage in STAGES:
        while fell[stage] < count:
            fell[stage] += blow.at(Point(stage, chance.randrange(points[stage])))
    print(f"\n{what}: {dict(fell)}")


@pytest.mark.parametrize("what", ["host", "server", "network"])
def test_dies_at_some_points(
    world: HostWorld, expected: dict[str, Any], points: dict[str, int], what: str
) -> None:
    chance = random.Random(11)
    blow = Blow(world, what, expected)
    for stage in ("tag", "promote", "notify") if what == "host" else ("promote", "notify"):
        while not blow.at(Point(stage, chance.randrange(points[stage]))):
            pass


@pytest.mark.long
@pytest.mark.parametrize("what", ["host", "server", "network"])
def test_dies_at_each_stage(
    world: HostWorld, expected: dict[str, Any], points: dict[str, int], what: str
) -> None:
    # a case takes seconds: the counts fall by the square of the factor, so that a tenth is done in minutes
    strike_each_stage(world, what, expected, points, times(times(50)))
