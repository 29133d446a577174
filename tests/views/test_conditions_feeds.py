"""What the feeds say of conditions and freezes (docs/feeds.md)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from shepherd.situation import Freeze, Situation
from shepherd.snapshot import Snapshot
from shepherd.views.feeds.answer_file import answer_file
from shepherd.views.feeds.badge import badge
from shepherd.views.feeds.index_json import index_json
from shepherd.views.feeds.sha import sha_file
from shepherd.views.feeds.shields import shields
from tests.views.conditions import FAILED, NEXT, NOT_THERE, OVER, PASSED, RUNNING, frozen, waits
from tests.views.factory import NOW, no_data, sha, snapshot
from tests.views.test_other_feeds import metrics
from tests.views.test_small_feeds import valid

CALM = Situation(now=NOW)
BOTH_SAY = pytest.mark.parametrize(
    ("given", "situation", "said", "colour"),
    [
        (waits(RUNNING, deploy=False), CALM, "stay at r100: waits for checks", "orange"),
        (waits(deploy=False, limits=(OVER,)), CALM, "stay at r100: over a limit", "orange"),
        (waits(RUNNING), CALM, "deploy r103", "brightgreen"),
        (waits(RUNNING), frozen(), "do not deploy r103: frozen", "orange"),
        (waits(RUNNING, deploy=False), frozen(), "frozen", "orange"),
    ],
    ids=["checks", "limit", "deploy", "frozen", "frozen-and-blocked"],
)


@BOTH_SAY
def test_a_badge_says_what_keeps_everything_back(
    given: Snapshot, situation: Situation, said: str, colour: str
) -> None:
    drawn = ElementTree.fromstring(badge(given, situation))
    assert drawn.get("aria-label") == f"stable: {said}, as of 2011-08-24 10:12 UTC"
    told = json.loads(shields(given, situation))
    assert (told["message"], told["color"]) == (f"{said}, 2011-08-24 10:12 UTC", colour)


def test_a_frozen_branch_has_no_sha_for_scripts() -> None:
    assert sha_file(waits(RUNNING), CALM) == f"{sha(103)}\n".encode()
    assert sha_file(waits(RUNNING), frozen()) == b""
    assert sha_file(waits(RUNNING, branch="main"), frozen()) != b""


def both(given: Snapshot, situation: Situation) -> list[dict[str, Any]]:
    """What answer.json and index.json say of the branch, each held against its schema."""
    index = valid("index", index_json([given], situation))
    return [valid("answer", answer_file(given, situation)), index["branches"][0]]


def test_the_small_files_say_what_could_go_next_and_why_it_waits() -> None:
    for read in both(waits(FAILED, RUNNING, NOT_THERE), CALM):
        assert read["waits"] == {
            "revno": 105,
            "id": sha(105),
            "why": "r105 waits for ci/test (failed at 2011-08-24 09:15 UTC), ci/build (running since"
            " 2011-08-24 08:15 UTC) and ci/* (not there yet)",
            "links": ["https://ci.example.org/t/9", "https://ci.example.org/b/7"],
        }
        assert (read["freezes"], read["next_freeze"]) == ([], None)


def test_the_small_files_say_when_nobody_deploys() -> None:
    for read in both(waits(RUNNING), frozen()):
        assert (read["answer"], read["deployable"]) == ("blocked", None)
        assert read["freezes"] == [
            {
                "since": "2011-08-24T09:15:00Z",
                "until": "2011-08-25T10:15:00Z",
                "who": "Olga",
                "why": "big sale",
            }
        ]
        assert read["next_freeze"]["since"] == "2011-08-26T10:15:00Z"


def test_the_answer_stays_small_whatever_a_check_is_called() -> None:
    hostile = replace(RUNNING, name="\x1b<&" * 3000, said="x" * 3000, url="javascript:alert(1)")
    freezes = (Freeze(NOW, None, "x" * 9000, "\u202e" * 9000),) * 50
    situation = Situation(now=NOW, freezes={"stable": freezes})
    [read, _] = both(waits(*[hostile] * 50), situation)
    assert len(json.dumps(read)) < 20_000
    assert read["waits"]["links"] == [] and "\x1b" not in read["waits"]["why"]


def test_without_data_nothing_is_said_to_wait() -> None:
    for read in both(no_data(waits=waits(RUNNING).waits, landings=waits(RUNNING).landings), frozen()):
        assert read["waits"] is None and len(read["freezes"]) == 1


def test_metrics_of_what_waits_for_checks() -> None:
    told = metrics([waits(FAILED, RUNNING, PASSED)], CALM)
    assert told["waits_for_checks", "stable"] == 2
    assert {state: told["checks", f"stable {state}"] for state in ("holds", "not-yet", "no", "unknown")} == {
        "holds": 1,
        "not-yet": 1,
        "no": 1,
        "unknown": 0,
    }


def test_what_is_over_a_limit_or_blocked_does_not_count_as_waiting_for_checks() -> None:
    given = waits(RUNNING, limits=(OVER,))
    first, second, *rest = given.landings
    blocked = replace(second, blocked_by=(104,), blocked_by_count=1)
    told = metrics([replace(given, landings=(first, blocked, *rest))], CALM)
    assert told["waits_for_checks", "stable"] == 0
    assert not [name for name, _ in told if name == "checks"]


def test_a_branch_without_checks_has_no_metrics_of_them() -> None:
    told = {name for name, _ in metrics([snapshot()], CALM)}
    assert not told & {"checks", "waits_for_checks", "freeze_until_timestamp_seconds"}


def test_metrics_of_freezes() -> None:
    told = metrics([snapshot(), snapshot(branch="main")], frozen())
    assert [told["frozen", branch] for branch in ("stable", "main")] == [1, 0]
    assert told["freeze_until_timestamp_seconds", "stable"] == (NOW + timedelta(days=1)).timestamp()
    assert NEXT.since is not None
    assert told["freeze_next_timestamp_seconds", "stable"] == NEXT.since.timestamp()
    assert ("freeze_next_timestamp_seconds", "main") not in told
    endless = metrics([snapshot()], frozen(until=False))
    assert endless["frozen", "stable"] == 1 and ("freeze_until_timestamp_seconds", "stable") not in endless
