"""What is asked of Launchpad again, and what is remembered from the reading before: whatever changed in
between, the answer is as it is without a memory."""

from __future__ import annotations

import gzip
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers import open_tracker
from shepherd.trackers.words import Vocabulary
from shepherd.words import ItemTags
from tests.running.host import SCALE
from tests.trackers.conftest import Ask
from tests.trackers.launchpad_kit import Clock, Read, named
from tests.trackers.launchpad_server import Bug, Server


def test_bad_commits_that_come_and_go(read: Read, lp: Server) -> None:
    lp.bugs[1] = Bug(["bad-commit-9"])
    lp.bugs[2] = Bug(["qa-ok"])
    read(["2"], [9])
    lp.change(1, tags=[])
    lp.change(2, tags=["qa-ok", "bad-commit-9"])
    assert read(["1", "2"], [9]).items == {"1": ItemTags(), "2": ItemTags(("ok",), (9,))}


def test_a_landing_that_is_new(read: Read, lp: Server) -> None:
    Clock(lp)
    lp.bugs[1] = Bug(["bad-commit-10"], modified=datetime(2011, 1, 1, tzinfo=UTC))
    assert read([], [9]).items == {}
    assert read([], [9, 10]).items == {"1": ItemTags((), (10,))}


def test_many_changed_bugs_are_searched_and_not_opened(read: Read, lp: Server) -> None:
    clock = Clock(lp)
    for bug in range(1, 60):
        lp.bugs[bug] = Bug(["qa-needstesting"])
    bugs = range(1, 60)
    read(named(bugs), range(1, 101))
    clock.forward(hours=1)
    for bug in bugs:
        lp.change(bug, tags=["qa-ok"] if bug != 7 else ["qa-ok", "bad-commit-70"])
    lp.requests.clear()
    reading = read(named(bugs), range(1, 101))
    assert {bug: spoken for bug, spoken in reading.items.items() if spoken != ItemTags(("ok",))} == {
        "7": ItemTags(("ok",), (70,))
    }
    assert [request for request in lp.requests if "searchTasks" not in request] == ["GET /1.0/bugs/7"]


def test_the_second_reading_asks_for_little(read: Read, lp: Server) -> None:
    clock = Clock(lp)
    for bug in range(1, 1001):
        lp.bugs[bug] = Bug(["qa-ok"], status="Fix Released")
    for bug in range(1001, 1401):
        lp.bugs[bug] = Bug(["qa-needstesting"])
    clock.forward(hours=1)
    items, revnos = [str(bug) for bug in range(900, 1401)], range(5000, 5400)
    first = read(items, revnos)
    assert first.requests == lp.count() == 1 + 1 + 2 + 1 + 4 + 4
    clock.forward(hours=1)
    lp.change(1001, tags=["qa-ok"])
    lp.change(900, tags=["qa-needstesting"])
    second = read(items, revnos)
    # what changed, qa-bad, qa-needstesting in two pages, a count of the rest, and the two that changed
    assert second.requests == 1 + 1 + 2 + 1 + 2
    assert second.items["1001"] == ItemTags(("ok",))
    assert second.items["900"] == ItemTags(("needstesting",))
    assert sum(spoken == ItemTags(("ok",)) for spoken in second.items.values()) == 101


def test_once_a_day_everything(read: Read, lp: Server) -> None:
    clock = Clock(lp)
    lp.bugs[1] = Bug(["qa-ok"])
    clock.forward(hours=1)
    read(["1"])
    clock.forward(hours=1)
    # two changes that no date tells of
    lp.bugs[2] = Bug(["qa-ok"], modified=datetime(2011, 1, 1, tzinfo=UTC))
    # a change that its date does not tell of
    lp.bugs[1].tags = []
    assert read(["1"]).items == {"1": ItemTags(("ok",))}
    clock.forward(hours=22)
    assert read(["1"]).items == {"1": ItemTags(("ok",))}
    clock.forward(hours=2)
    assert read(["1"]).items == {"1": ItemTags()}


def test_a_memory_that_does_not_fit(ask: Ask, lp: Server) -> None:
    clock = Clock(lp)
    lp.bugs[1] = Bug(["verified"])
    memory = open_tracker(ask()).read(["1"], []).memory
    clock.forward(hours=1)
    other = ask(words={"ok": ("verified",)})
    for damaged in (memory, memory[:-1], b"x", b"\xc0"):
        assert open_tracker(other).read(["1"], [], damaged).items == {"1": ItemTags(("ok",))}


def test_a_clock_that_was_put_back(read: Read, lp: Server) -> None:
    clock = Clock(lp)
    lp.bugs[1] = Bug(["qa-ok"])
    read(["1"])
    clock.forward(days=-2)
    lp.change(1, tags=["qa-bad"])
    assert read(["1"]).items == {"1": ItemTags(("bad",))}


def test_what_was_found_before_never_just_vanishes(read: Read, lp: Server) -> None:
    bugs = range(1, 31)
    for bug in bugs:
        lp.bugs[bug] = Bug(["qa-bad"])
    read(named(bugs))
    for bug in bugs:
        lp.change(bug, private=True)
    reading = read(named([*bugs, *range(100, 150)]))
    assert all(reading.items[bug].unreadable for bug in named(bugs))
    assert reading.unseen == frozenset(named(range(100, 150)))


@pytest.mark.parametrize("change", [{"private": True}, {"targets": ["bzr"]}])
def test_a_good_word_that_we_may_see_no_more(read: Read, lp: Server, change: dict[str, Any]) -> None:
    clock = Clock(lp)
    lp.bugs[1] = Bug(["qa-ok"])
    clock.forward(hours=1)
    read(["1"])
    lp.change(1, tags=["qa-bad"], **change)
    spoken = read(["1"]).items["1"]
    assert spoken.words == ("bad",) or spoken.unreadable


def test_a_status_that_launchpad_has_lately(read: Read, lp: Server) -> None:
    """Launchpad itself tells which there are: once a day, with everything else."""
    clock = Clock(lp)
    lp.bugs[1] = Bug(["qa-ok"])
    lp.bugs[2] = Bug(["bad-commit-9"], status="Deferred", modified=datetime(2011, 1, 1, tzinfo=UTC))
    lp.described = without(lp.wadl(), "Deferred")
    clock.forward(hours=1)
    for _ in range(2):
        assert read(["1"], [9]).items == {"1": ItemTags(("ok",))}
        assert lp.requests.count("GET /1.0/") == 1
        clock.forward(hours=1)
    lp.described = b""
    clock.forward(days=1)
    assert read(["1"], [9]).items == {"1": ItemTags(("ok",)), "2": ItemTags((), (9,))}


def without(description: bytes, status: str) -> bytes:
    text = gzip.decompress(description)
    option = b'<wadl:option value="%s"/>' % status.encode()
    assert option in text
    return text.replace(option, b"")


@pytest.mark.parametrize("seed", range(4))
def test_a_random_year(ask: Ask, lp: Server, seed: int) -> None:
    year(ask(), lp, seed)


@pytest.mark.parametrize("seed", range(4))
def test_a_random_year_of_readings_that_break_off(ask: Ask, lp: Server, seed: int) -> None:
    year(ask(), lp, seed, breaks=True)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_many_random_years(ask: Ask, lp: Server) -> None:
    for seed in range(4, 4 + int(400 * SCALE)):
        lp.bugs.clear()
        year(ask(), lp, seed, breaks=seed % 2 == 1)


def broken_off(settings: Settings, lp: Server, chance: random.Random, memory: bytes) -> bytes:
    """What a reading leaves that some bugs are refused to, and that perhaps ends before its time."""
    for bug in chance.sample(range(1, 11), k=chance.randrange(5)):
        lp.fail(403, on=f"GET /1.0/bugs/{bug}", times=9)
    lp.fail(400, on="searchTasks", after=chance.randrange(1, 15))
    try:
        return open_tracker(settings).read(named(range(1, 11)), range(1, 6), memory).memory
    except TrackerError as error:
        return error.memory or memory
    finally:
        lp.repair()


def year(settings: Settings, lp: Server, seed: int, *, breaks: bool = False) -> None:
    """Whatever people do between two readings, the second with its memory says what is true."""
    memory = b""
    chance = random.Random(seed)
    clock = Clock(lp)
    tags = ["qa-ok", "qa-bad", "qa-needstesting", "qa-untestable", "bad-commit-3", "bad-revision-4", "ui"]
    for bug in range(1, 11):
        lp.bugs[bug] = Bug()
    spell = Vocabulary({})
    for _ in range(14):
        for bug in chance.sample(range(1, 11), k=chance.randrange(5)):
            how: dict[str, Any] = chance.choice(
                [
                    {},
                    {},
                    {},
                    {"private": True},
                    {"private": False},
                    {"targets": ["bzr"]},
                    {"targets": [lp.project]},
                ]
            )
            lp.change(bug, tags=chance.sample(tags, k=chance.randrange(4)), **how)
            clock.forward(minutes=chance.choice([0, 1, 30]))
        items = set(chance.sample(range(1, 11), k=7))
        revnos = set(chance.sample(range(1, 6), k=3))
        said = {bug: spell.of_bug(lp.bugs[bug].tags) for bug in lp.bugs}
        if breaks and chance.random() < 0.7:
            memory = broken_off(settings, lp, chance, memory)
        reading = open_tracker(settings).read(named(items), revnos, memory)
        memory = reading.memory
        for bug, spoken in said.items():
            heard = reading.items.get(str(bug))
            if bug in items and lp.bugs[bug].private:
                assert heard is not None
                assert heard.unreadable
            elif bug in items:
                # only what no landing has may be left out
                assert heard is not None
                assert heard.words == spoken.words
                assert {3, 4} & set(heard.bad_commits) >= revnos & set(spoken.bad_commits)
                assert set(heard.bad_commits) <= set(spoken.bad_commits)
            elif lp.project in lp.bugs[bug].status and not lp.bugs[bug].private:
                assert (heard is not None) == bool(revnos & set(spoken.bad_commits))
        clock.forward(hours=chance.choice([0, 1, 5, 30]))
