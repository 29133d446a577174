"""What an answer is compared with, also one of an earlier release (docs/replay.md#what-is-compared)."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shepherd.replaying.differences import Way
from shepherd.stages.judge_input import snapshot_of
from shepherd.stages.kept_inputs import KeptInput, document_sum, kept_inputs
from shepherd.stages.rejudging import Rejudged, Rejudging
from tests.project import Project

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Three runs, of which the second and the third say what the first one says."""
    project = Project(tmp_path)
    project.deploy(project.land("root")[0])
    project.land("[bug=2] two", "[bug=3] three")
    project.tag(2, "qa-ok")
    for _ in range(3):
        project.look()
    return project


def inputs(project: Project) -> list[KeptInput]:
    return [each for each in kept_inputs(project.settings, "stable") if isinstance(each, KeptInput)]


def folder(project: Project) -> Path:
    return project.state / "snapshots" / "stable"


def otherwise(project: Project, change: Change) -> list[KeptInput]:
    """The inputs as if their answers had been those of a release that says something in another way, which is
    in the snapshots, too."""
    first, *others = inputs(project)
    path = folder(project) / f"{first.run_id}.json.gz"
    document = json.loads(gzip.decompress(path.read_bytes()))
    change(document)
    (folder(project) / "latest.json").unlink()
    made = []
    for kept in (first, *others):
        latest = {
            "run_id": kept.run_id,
            "generated_at": said(kept.given.context.now),
            "valid_until": said(kept.given.context.valid_until),
        }
        content = compact({**document, **latest})
        if kept is first:
            path.write_bytes(gzip.compress(content))
        made.append(replace(kept, sum=hashlib.sha256(content).hexdigest()))
    return made


def said(moment: Any) -> str:
    return f"{moment.isoformat().removesuffix('+00:00')}Z"


def compact(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def judged(project: Project, kept: list[KeptInput]) -> list[Rejudged]:
    rejudging = Rejudging(project.settings, "stable")
    found = [rejudging.judge_again(each) for each in kept]
    rejudging.done()
    assert not rejudging.altered
    return found


def without_rules(document: dict[str, Any]) -> None:
    for each in document["landings"]:
        del each["rule"]


def test_same_is_the_same(project: Project) -> None:
    (folder(project) / "latest.json").unlink()
    found = judged(project, inputs(project))
    assert [(each.same, each.compared) for each in found] == [
        (True, "file"),
        (True, "repeated"),
        (True, "repeated"),
    ]


def test_repeated_is_seen_where_the_run_before_is_not_judged(project: Project) -> None:
    (folder(project) / "latest.json").unlink()
    (last,) = judged(project, inputs(project)[-1:])
    assert (last.same, last.compared) == (True, "repeated")


def test_key_that_a_release_lacked_is_a_matter_of_form(project: Project) -> None:
    found = judged(project, otherwise(project, without_rules))
    assert found[0].found[0].way == Way("form", "landings.rule", "is new")
    assert [each.compared for each in found] == ["file", "repeated", "repeated"]
    assert {each.found for each in found} == {found[0].found}


def test_key_that_is_no_more_is_a_matter_of_form(project: Project) -> None:
    def with_key(document: dict[str, Any]) -> None:
        document["mood"] = "fine"

    (first, *_) = judged(project, otherwise(project, with_key))
    assert [each.way for each in first.found] == [Way("form", "mood", "is gone")]


def test_same_values_in_another_order_are_said_to_be_written_in_another_way(project: Project) -> None:
    def turned(document: dict[str, Any]) -> None:
        turned = dict(reversed(document.items()))
        document.clear()
        document.update(turned)

    (first, *_) = judged(project, otherwise(project, turned))
    assert not first.same
    assert [each.way for each in first.found] == [Way("form", "the snapshot", "was written in another way")]


def test_another_reason_is_a_matter_of_words_and_another_state_is_not(project: Project) -> None:
    def reason(document: dict[str, Any]) -> None:
        document["landings"][0]["reason"] = "hm"

    def state(document: dict[str, Any]) -> None:
        document["landings"][0].update(state="bad", rule="named-bad")

    kept = inputs(project)
    before = (folder(project) / f"{kept[0].run_id}.json.gz").read_bytes()
    (first, *_) = judged(project, otherwise(project, reason))
    assert [each.way.kind for each in first.found] == ["text"]
    (folder(project) / f"{kept[0].run_id}.json.gz").write_bytes(before)
    (folder(project) / "latest.json").touch()
    (first, *_) = judged(project, otherwise(project, state))
    assert first.found[0].way == Way("landing", "bad", "unknown", "named-bad", "items")
    assert first.found[0].landings == (3,)


def test_where_no_snapshot_is_left_the_outcome_that_was_kept_is_compared(project: Project) -> None:
    for path in folder(project).glob("*.json*"):
        path.unlink()
    kept = [
        replace(each, sum="0" * 64, states={**each.states, 3: ("bad", "named-bad")})
        for each in inputs(project)
    ]
    (first, *_) = judged(project, kept)
    assert first.compared == "sum"
    assert [each.way for each in first.found] == [
        Way("landing", "bad", "unknown", "named-bad", "items"),
        Way("unknown", "the rest"),
    ]


def test_where_only_the_hash_differs_that_is_said(project: Project) -> None:
    for path in folder(project).glob("*.json*"):
        path.unlink()
    (first, *_) = judged(project, [replace(each, sum="0" * 64) for each in inputs(project)])
    assert [each.way for each in first.found] == [Way("unknown", "the rest")]


def test_two_answers_of_one_run_are_each_compared(project: Project) -> None:
    kept = inputs(project)
    run_id = kept[0].run_id
    # the file of the run has what it said first
    again = replace(
        kept[0], given=replace(kept[1].given, context=replace(kept[1].given.context, run_id=run_id))
    )
    again = replace(again, sum=document_sum(snapshot_of(again.given)))
    found = judged(project, [kept[0], again])
    assert [each.same for each in found] == [True, True]


def test_a_run_that_writes_meanwhile_changed_no_snapshot(project: Project) -> None:
    """Nothing is locked: while a year is judged again, the next runs write the next `latest.json`."""
    (first, *_, last), rejudging = inputs(project), Rejudging(project.settings, "stable")
    rejudging.judge_again(first)
    project.tag(3, "qa-ok")
    project.look()
    assert rejudging.judge_again(last).same
    rejudging.done()
    assert not rejudging.altered


@pytest.mark.parametrize("content", [b"not JSON", b"{}", b"[" * 100_000, b"\xff"])
def test_a_snapshot_that_is_none_any_more_is_said_and_all_answers_are_judged(
    project: Project, content: bytes
) -> None:
    path = folder(project) / f"{inputs(project)[0].run_id}.json.gz"
    path.write_bytes(gzip.compress(content))
    (folder(project) / "latest.json").write_bytes(content)
    rejudging = Rejudging(project.settings, "stable")
    assert all(rejudging.judge_again(each).same for each in inputs(project))
    rejudging.done()
    assert [each.partition(" ")[0] for each in rejudging.altered] == [str(path)]
    assert "latest.json: cannot be read" in rejudging.latest_problem
