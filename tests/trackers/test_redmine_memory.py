"""How often Redmine is asked, and what is remembered from the reading before: whatever changed in between,
the answer is as it is without a memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shepherd.errors import TrackerError
from shepherd.settings.tracker import WordTexts
from shepherd.trackers import open_tracker
from shepherd.trackers.memories import EVERYTHING_AFTER
from shepherd.trackers.redmine.memory import RedmineMemory
from tests.trackers.faulty import at_work
from tests.trackers.redmine_kit import FIELD, SILENCE, RedmineKit, local_kit, unseen
from tests.trackers.redmine_server import Redmine


@pytest.fixture
def redmine() -> Iterator[Redmine]:
    with at_work(Redmine()) as server:
        yield server


@pytest.fixture
def kit(redmine: Redmine, tmp_path: Path) -> RedmineKit:
    return local_kit(redmine, tmp_path)


def test_requests_for_1500_issues(kit: RedmineKit, redmine: Redmine) -> None:
    """At most five, and one for each hundred; then a handful."""
    numbers = range(30_001, 31_501)
    for number in numbers:
        redmine.issue(number, "QA passed")
    first = kit.read(numbers)
    assert (first.requests, redmine.count()) == (16, 16)
    redmine.pass_by(days=1)
    redmine.change(30_007, "QA failed")
    kit.read(numbers)
    redmine.pass_by(days=1)
    redmine.change(30_008, "QA failed")
    redmine.issue(40_000)
    before = redmine.count()
    second = kit.read((*numbers, 40_000))
    assert second.items["30007"].words == second.items["30008"].words == ("bad",)
    assert redmine.count() - before == 5 == second.requests
    assert second.received < first.received / 10


def test_what_was_changed_is_seen_whatever_the_clocks_show(kit: RedmineKit, redmine: Redmine) -> None:
    """Summer time ends: what was changed after the first reading has an earlier time."""
    for number in range(1, 41):
        redmine.issue(number, "In QA")
    kit.read(range(1, 41))
    redmine.pass_by(days=-55 / 60 / 24)
    redmine.change(1, "QA passed")
    assert kit.words(range(1, 41))["1"] == "ok"


@pytest.mark.parametrize("all_of_it", [False, True])
def test_a_clock_that_was_years_ahead_hides_no_change(
    kit: RedmineKit, redmine: Redmine, all_of_it: bool
) -> None:
    """Of one of Redmine's hosts, or of all; then it is set right."""
    for number in range(1, 41):
        redmine.issue(number, "In QA")
    right, clock = redmine.clock, redmine.clock() + timedelta(days=900)
    redmine.issues[2].updated = clock
    if all_of_it:
        redmine.clock = lambda: clock
    kit.read(range(1, 41))
    redmine.clock = right
    redmine.pass_by(days=1 / 24)
    redmine.change(1, "QA failed")
    assert kit.words(range(1, 41))["1"] == "bad"


def test_many_changes_at_once(kit: RedmineKit, redmine: Redmine) -> None:
    numbers = range(1, 301)
    for number in numbers:
        redmine.issue(number, "In QA")
    kit.read(numbers)
    for number in numbers:
        redmine.change(number, "QA passed")
    assert set(kit.words(numbers).values()) == {"ok"}


def vanish(redmine: Redmine, how: str) -> None:
    if how == "deleted":
        del redmine.issues[7]
    else:
        redmine.issues[7].hidden = True


@pytest.mark.parametrize("how", ["deleted", "hidden"])
def test_what_cannot_be_seen_any_more_is_noticed_at_once(kit: RedmineKit, redmine: Redmine, how: str) -> None:
    """It is not among what was changed; and one that can be seen from now on does not make up for it."""
    for number in range(1, 30):
        redmine.issue(number, "QA passed")
    redmine.issues[20].hidden = True
    kit.read(range(1, 30))
    redmine.pass_by(days=3)
    vanish(redmine, how)
    redmine.issues[20].hidden = False
    words = kit.words(range(1, 30))
    assert (words["7"], words["20"]) == (unseen(7), "ok")


def test_once_a_day_everything(kit: RedmineKit, redmine: Redmine) -> None:
    """The name of a status changes without any issue."""
    redmine.issue(1, "In QA")
    kit.read([1])
    redmine.issues[1].status = "QA passed"
    redmine.issues[1].updated -= timedelta(days=2)
    assert kit.words([1]) == {"1": "needstesting"}
    kept = msgspec.msgpack.decode(kit.memory, type=RedmineMemory)
    kit.memory = msgspec.msgpack.encode(replace(kept, full=kept.full - EVERYTHING_AFTER))
    assert kit.words([1]) == {"1": "ok"}


def test_a_memory_from_the_future_is_not_used(kit: RedmineKit, redmine: Redmine) -> None:
    redmine.issue(1, "In QA")
    kit.read([1])
    kept = msgspec.msgpack.decode(kit.memory, type=RedmineMemory)
    kit.memory = msgspec.msgpack.encode(replace(kept, full=kept.full + timedelta(hours=1)))
    redmine.issues[1].status = "QA passed"
    redmine.issues[1].updated -= timedelta(days=2)
    assert kit.words([1]) == {"1": "ok"}


@pytest.mark.parametrize("what", ["account", "field", "rubbish"])
def test_a_memory_that_does_not_fit(redmine: Redmine, tmp_path: Path, what: str) -> None:
    redmine.issue(1, QA_result="passed", QA_marks=["failed"])
    kit = local_kit(redmine, tmp_path, statuses=SILENCE, field=FIELD)
    kit.read([1])
    other = local_kit(redmine, tmp_path, statuses=SILENCE, field=replace(FIELD, name="QA marks"))
    other.memory = b"\x93" if what == "rubbish" else kit.memory
    if what == "account":
        redmine.account = 6
        # no time tells of this change
        redmine.issues[1].values["QA result"] = "failed"
        redmine.issues[1].updated -= timedelta(days=2)
        assert kit.words([1]) == {"1": "bad"}
    else:
        assert other.words([1]) == {"1": "bad"}


def test_other_settings_for_what_is_remembered(redmine: Redmine, tmp_path: Path) -> None:
    """Words are made of what was read, so that new ones ask for nothing."""
    redmine.issue(1, "QA passed")
    kit = local_kit(redmine, tmp_path)
    kit.read([1])
    other = local_kit(redmine, tmp_path, statuses=WordTexts(bad=("QA passed",)))
    other.memory = kit.memory
    assert other.words([1]) == {"1": "bad"}


def test_what_was_learned_before_it_broke_is_kept(kit: RedmineKit, redmine: Redmine, hasty: None) -> None:
    for number in range(1, 401):
        redmine.issue(number, "QA passed")
        redmine.pass_by(days=1)
    redmine.fail(503, on="issues.json", times=99, after=2)
    with pytest.raises(TrackerError) as caught:
        kit.read(range(1, 401))
    kit.memory = caught.value.memory
    redmine.repair()
    before = redmine.count()
    assert set(kit.words(range(1, 401)).values()) == {"ok"}
    assert redmine.count() - before < 5


def test_a_broken_reading_hides_no_change(kit: RedmineKit, redmine: Redmine, hasty: None) -> None:
    for number in range(1, 31):
        redmine.issue(number, "In QA")
    kit.read(range(1, 31))
    redmine.pass_by(days=2)
    redmine.change(3, "QA passed")
    redmine.fail(503, on="issues.json", times=99)
    with pytest.raises(TrackerError) as caught:
        kit.read(range(1, 31))
    kit.memory = caught.value.memory
    redmine.repair()
    redmine.pass_by(days=2)
    redmine.change(30, "QA passed")
    words = kit.words(range(1, 31))
    assert (words["3"], words["30"]) == ("ok", "ok")


def live(kit: RedmineKit, redmine: Redmine, seed: int, faults: bool) -> None:
    """People work for some time; each reading says what a reading without memory says, or fails."""
    chance = random.Random(seed)
    statuses = ("New", "In QA", "QA passed", "QA failed")
    numbers = range(1, chance.choice((5, 60, 230)))
    for number in numbers:
        if chance.random() < 0.9:
            redmine.issue(number, chance.choice(statuses))
    for _ in range(12):
        for _ in range(chance.choice((0, 1, 3, 40))):
            number = chance.choice(numbers)
            if number not in redmine.issues:
                redmine.issue(number, chance.choice(statuses))
            elif chance.random() < 0.1:
                del redmine.issues[number]
            elif chance.random() < 0.2:
                redmine.issues[number].hidden = not redmine.issues[number].hidden
            else:
                redmine.change(number, chance.choice(statuses))
        redmine.pass_by(chance.choice((0.0, 0.001, 0.02, 1.5)))
        asked = [number for number in numbers if chance.random() < 0.95] or [1]
        if faults:
            what: Any = chance.choice((500, 502, 503, 404, 401, 414, "reset", "truncate", "html", "broken"))
            redmine.fail(what, times=chance.choice((0, 1, 7)), after=chance.randrange(5))
        try:
            data = kit.read(asked)
        except TrackerError as error:
            kit.memory = error.memory or kit.memory
            redmine.repair()
            continue
        redmine.repair()
        fresh = open_tracker(kit.settings).read([str(number) for number in asked], ())
        for item, tags in data.items.items():
            if not (tags.unreadable and faults):
                assert tags == fresh.items[item], (seed, item)


@pytest.mark.parametrize("seed", range(25))
def test_random_lives(kit: RedmineKit, redmine: Redmine, seed: int) -> None:
    live(kit, redmine, seed, faults=False)


@pytest.mark.parametrize("seed", range(25))
def test_random_lives_with_faults(kit: RedmineKit, redmine: Redmine, seed: int, hasty: None) -> None:
    live(kit, redmine, seed, faults=True)
