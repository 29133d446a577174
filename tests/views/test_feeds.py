from __future__ import annotations

import json

import msgspec

from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.views.feeds import plain_json, snapshot_json
from tests.views.factory import NOW, every_progress, everything_wrong, snapshot

KEYS = [
    "run_id",
    "branch",
    "generated_at",
    "valid_until",
    "complete",
    "answer",
    "tip",
    "on_qa",
    "deployed",
    "promoted",
    "deployable",
    "last_good",
    "landings",
    "blockers",
    "alarms",
    "warnings",
    "problems",
    "bug_url",
    "request_url",
    "timezone",
    "several",
    "next",
    "verdict_notes",
    "staircase",
    "staircase_more",
    "promotions",
    "checks",
    "limits",
    "waits",
    "components",
    "schema",
]


def test_keys_stand_in_the_order_of_the_design() -> None:
    assert list(json.loads(snapshot_json(snapshot()))) == KEYS


def test_situation_and_cautions_are_two_more_keys_and_change_nothing_else() -> None:
    plain = json.loads(snapshot_json(every_progress()))
    with_it = json.loads(snapshot_json(every_progress(), everything_wrong()))
    situation, cautions = with_it.pop("situation"), with_it.pop("cautions")
    assert with_it == plain
    assert [each["kind"] for each in cautions] == ["stale", "alarm", "maintenance"]
    assert [each["stops"] for each in cautions] == [True, False, False]
    assert situation["maintenance"]["who"] == "lpqateam"
    assert situation["stages"]["publish"]["failure"] == "rsync: connection refused"


def test_an_empty_situation_is_still_given() -> None:
    assert "situation" in json.loads(snapshot_json(snapshot(), Situation()))


def test_the_file_has_the_cautions_and_leaves_the_situation_out() -> None:
    read = json.loads(snapshot_json(every_progress(), everything_wrong(), shown=False))
    assert list(read) == [*KEYS, "cautions"]


def test_times_are_utc_and_end_in_z() -> None:
    read = json.loads(snapshot_json(snapshot(), Situation(now=NOW)))
    assert read["generated_at"] == "2011-08-24T10:12:00Z"
    assert read["situation"]["now"] == "2011-08-24T10:15:00Z"


def test_what_is_written_reads_back_the_same() -> None:
    assert msgspec.json.decode(snapshot_json(every_progress()), type=Snapshot) == every_progress()


def test_same_data_same_bytes_whatever_the_order_of_a_dict() -> None:
    there = everything_wrong()
    back = msgspec.structs.replace(there, stages=dict(reversed(there.stages.items())))
    assert snapshot_json(snapshot(), there) == snapshot_json(snapshot(), back)


def test_a_part_of_a_snapshot_looks_as_it_does_inside() -> None:
    landings = json.loads(plain_json(snapshot().landings))
    assert landings == json.loads(snapshot_json(snapshot()))["landings"]
