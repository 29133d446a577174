"""Jira goes wrong at random, while people work: what is said of an issue is the truth, or that it is not
known, and what another reading says without faults is the same."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.trackers import http
from shepherd.words import TrackerData
from tests.trackers.faulty import at_work
from tests.trackers.jira_kit import JiraKit
from tests.trackers.jira_server import Jira

pytestmark = pytest.mark.real

ISSUES = 24
KEYS = [f"ABC-{number}" for number in range(1, ISSUES + 1)]
REVNOS = range(1, 9)
LABELS = [("qa-ok",), ("qa-bad",), (), ("ui", "qa-untestable"), ("bad-commit-3", "qa-bad"), ("bad-commit-7",)]
WHAT: tuple[int | str, ...] = (
    *(400, 401, 403, 404, 413, 429, 500, 502, 503, 504),
    *("reset", "truncate", "broken", "html", "redirect"),
)
WHERE = ("", "bulkfetch", "search", "key in", "labels in", "updated >=", "serverInfo", "project/")


def a_team(chance: random.Random, jira: Jira) -> None:
    for key in KEYS:
        jira.issue(key, *chance.choice(LABELS))
    for number in range(100, 104):
        jira.issue(f"ABC-{number}", *chance.choice(LABELS))


def people_work(chance: random.Random, kit: JiraKit) -> None:
    """What they do is seen by Jira's clock; what only admins do is not."""
    jira = kit.jira
    for _ in range(chance.randint(0, 4)):
        key = chance.choice(list(jira.issues))
        match chance.randrange(6):
            case 0 if key.startswith("ABC") and len(jira.issues) > ISSUES:
                jira.move(key, "XYZ")
            case 1:
                jira.issues[key].level = chance.choice(["", "secret"])
            case 2 if len(jira.issues) > ISSUES:
                del jira.issues[key]
            case _:
                jira.change(key, labels=list(chance.choice(LABELS)))
    kit.later(minutes=chance.choice([1, 5, 30, 600]))


def break_it(chance: random.Random, jira: Jira) -> None:
    for _ in range(chance.randint(0, 3)):
        times = chance.choice([1, 1, 2, 10**6])
        headers: dict[str, Any] = chance.choice([{}, {"Retry-After": "1"}, {"Retry-After": "3600"}])
        where = chance.choice([*WHERE, f'"ABC-{chance.randint(1, ISSUES)}"'])
        jira.fail(chance.choice(WHAT), where, times, after=chance.randrange(3), headers=headers)


def is_true(said: TrackerData, truth: TrackerData) -> None:
    assert said.items.keys() <= truth.items.keys()
    for item, tags in said.items.items():
        assert tags.unreadable or tags == truth.items[item], item
    for item, tags in truth.items.items():
        # nobody names it: that it names a landing bad must not be overlooked
        assert item in said.items, item
        assert not tags.unreadable or said.items[item].unreadable, item


@pytest.mark.parametrize("cloud", [True, False], ids=["cloud", "data center"])
@pytest.mark.parametrize("seed", range(40))
def test_what_is_said_is_true(tmp_path: Path, hasty: None, monkeypatch: Any, seed: int, cloud: bool) -> None:
    # a rest that Jira asks for is never waited for here
    monkeypatch.setattr(http, "PATIENCE", 10.0)
    given = http.HttpSession.__init__.__kwdefaults__
    assert given is not None
    monkeypatch.setitem(given, "sleep", lambda seconds: None)
    chance = random.Random(seed)
    with at_work(Jira(cloud)) as jira:
        kit = JiraKit(jira, tmp_path)
        a_team(chance, jira)
        memory, read = b"", 0
        for _ in range(8):
            people_work(chance, kit)
            truth = kit.read(*KEYS, revnos=REVNOS)
            break_it(chance, jira)
            http._RESTS.clear()
            try:
                said = kit.read(*KEYS, revnos=REVNOS, before=memory)
            except TrackerError as error:
                memory = error.memory or memory
            else:
                memory, read = said.memory, read + 1
                is_true(said, truth)
            jira.repair()
            http._RESTS.clear()
        last = kit.read(*KEYS, revnos=REVNOS, before=memory)
        assert last.items == kit.read(*KEYS, revnos=REVNOS).items
        jira.complaints.clear()
        assert read
