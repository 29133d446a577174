"""What each run judged by is kept and read again as it was (docs/replay.md#kept)."""

from __future__ import annotations

import gzip
import os
import random
import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from msgspec import UNSET
from msgspec.structs import fields, replace

from shepherd.plans.mails import BlockerHistory
from shepherd.snapshot import Snapshot
from shepherd.stages.input_parts import PARTS, groups_of, parts_of
from shepherd.stages.judge import judge_branch
from shepherd.stages.judge_input import Announcement, JudgeInput, snapshot_of
from shepherd.stages.kept_inputs import KeptInput, LostInput, document_sum, keep_input, kept_inputs
from shepherd.store.line_changes import key_of
from shepherd.store.snapshots import Snapshots
from tests.project import START, Project
from tests.views import factory


def made(holds: Any, chance: random.Random) -> Any:
    """Any value of a type."""
    origin, arguments = get_origin(holds), get_args(holds)
    if origin in (Union, types.UnionType):
        return made(chance.choice(arguments), chance)
    if origin is Literal:
        return chance.choice(arguments)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return tuple(made(each, chance) for each in arguments)
    several = range(chance.randrange(4))
    if origin in (tuple, Sequence):
        return tuple(made(arguments[0], chance) for _ in several)
    if origin is frozenset:
        return frozenset(made(arguments[0], chance) for _ in several)
    if origin in (dict, Mapping):
        return {made(arguments[0], chance): made(arguments[1], chance) for _ in several}
    if isinstance(holds, type) and issubclass(holds, msgspec.Struct):
        return holds(**{each.name: made(each.type, chance) for each in fields(holds)})
    plain: dict[Any, Any] = {
        str: chance.choice(["", "a", "#12", "g/p!1", 'zoë\t\n\u2028 "x"', "é" * 20, f"{chance.random()}"]),
        int: chance.randrange(1 << 40),
        bool: chance.random() < 0.5,
        bytes: b"x",
        type(None): None,
        msgspec.UnsetType: msgspec.UNSET,
        datetime: START + timedelta(microseconds=chance.randrange(1 << 40)),
        date: date(2011, 8, 1) + timedelta(days=chance.randrange(1_000)),
    }
    return plain[holds]


def any_input(chance: random.Random, before: JudgeInput | None) -> JudgeInput:
    """An input of which some fields are those of the one before."""
    given: JudgeInput = made(JudgeInput, chance)
    while given.reading is None:
        given = made(JudgeInput, chance)
    landings = tuple(replace(each, revno=number) for number, each in enumerate(given.reading.landings, 1))
    given = replace(
        given,
        problem="",
        reading=replace(given.reading, landings=landings),
        scope=tuple(sorted(chance.sample(range(1, 30), chance.randrange(20)))),
    )
    for each in fields(JudgeInput):
        if before is not None and not before.problem and chance.random() < 0.5:
            given = replace(given, **{each.name: getattr(before, each.name)})
    if chance.random() < 0.25:
        reading = given.reading if chance.random() < 0.5 else None
        return JudgeInput(given.code, given.context, "no data", reading, journal=given.journal)
    return given


def as_kept(given: JudgeInput) -> JudgeInput:
    """Without what is not kept."""
    mails, reading, tracker = given.announcement, given.reading, given.tracker
    if mails is not None:
        histories = {sha: replace(each, address=None) for sha, each in mails.histories.items()}
        mails = replace(mails, histories=histories)
    if reading is not None:
        landings = tuple(replace(each, address="") for each in reading.landings)
        reading = replace(reading, landings=landings)
    tracker = replace(tracker, about={}, requests=0, received=0, budget=None, memory=b"")
    tracker = replace(tracker, said=tracker.said or UNSET)
    return replace(given, announcement=mails, reading=reading, tracker=tracker)


def said(given: JudgeInput) -> Snapshot:
    """A snapshot of that run: not the one that follows."""
    landings = tuple(factory.entry(number) for number in range(len(given.scope) % 4))
    run = given.context.run_id
    return replace(factory.snapshot(), run_id=run, branch="stable", landings=landings)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.deploy(*project.land("[no-qa] Begin"))
    return project


@pytest.mark.parametrize("seed", range(12))
def test_any_inputs_are_read_again(project: Project, seed: int) -> None:
    """Of every field of every part, also those that are yet to come."""
    chance = random.Random(seed)
    given: list[JudgeInput] = []
    for _ in range(12):
        each = any_input(chance, given[-1] if given else None)
        # a week goes by now and then
        at = START + timedelta(days=len(given))
        each = replace(each, context=replace(each.context, now=at))
        keep_input(project.settings, each, said(each))
        given.append(each)
    found = list(kept_inputs(project.settings, "stable"))
    for kept, expected in zip(found, given, strict=True):
        assert isinstance(kept, KeptInput), kept
        assert kept.given == as_kept(expected)
        assert (kept.run_id, kept.at) == (expected.context.run_id, expected.context.now)
        snapshot = said(expected)
        assert kept.sum == document_sum(snapshot)
        assert kept.outcome.answer == snapshot.answer
        assert kept.outcome.deployable == snapshot.deployable
        states = {} if expected.problem else {e.revno: (e.state, e.rule) for e in snapshot.landings}
        assert kept.states == states


def test_the_lines_of_a_group_ascend_and_name_no_key_twice() -> None:
    chance = random.Random(1)
    for _ in range(20):
        given = any_input(chance, None)
        for group in groups_of(parts_of(given, said(given), "0")):
            keys = [key_of(line) for line in group.lines()]
            assert all(one < other for one, other in pairwise(keys))


def lived(project: Project) -> list[Snapshot]:
    """Runs of a team, one of them without data; each snapshot as it was written."""
    landed = project.land("[bug=1] One", "[bug=2] Two", "[bug=3] Three")
    project.tag(1, "qa-ok")
    answers = [project.look(), project.judge()]
    project.tag(2, "qa-bad")
    project.verdict("r4", "ok")
    answers += [read(project), project.look()]
    (project.folder / "bugs.json").write_text("{")
    answers.append(project.look())
    project.write_bugs()
    project.land("[rollback=3] Out", "Orphan")
    project.deploy(landed[0])
    answers += [project.look(), project.judge()]
    return answers


def read(project: Project) -> Snapshot:
    latest = Snapshots(project.state / "snapshots", "stable").latest()
    assert latest is not None
    return latest


def test_what_runs_judged_by_gives_their_answers_again(project: Project) -> None:
    answers = lived(project)
    found = list(kept_inputs(project.settings, "stable"))
    assert all(isinstance(kept, KeptInput) for kept in found)
    sums = [(kept.run_id, kept.sum) for kept in found if isinstance(kept, KeptInput)]
    assert sums == [(each.run_id, document_sum(each)) for each in answers], "in the order of the judgements"
    for kept in found:
        assert isinstance(kept, KeptInput)
        assert document_sum(snapshot_of(kept.given)) == kept.sum
    assert [each.answer for each in answers].count("no-data") == 1


def test_a_dry_run_keeps_nothing(project: Project) -> None:
    project.look()
    before = {path: path.read_bytes() for path in inputs(project)}
    judge_branch(project.settings, "stable", project.run("judge"), dry=True)
    assert {path: path.read_bytes() for path in inputs(project)} == before


def inputs(project: Project) -> list[Path]:
    return sorted((project.state / "snapshots" / "stable" / "inputs").iterdir())


def test_no_data_for_a_while_costs_little(project: Project) -> None:
    """What the tracker said before is not kept once more when it speaks again."""
    project.land(*(f"[bug={number}] A change" for number in range(1, 200)))
    project.look()
    volume = inputs(project)[0]
    project.judge()
    before = volume.stat().st_size
    (project.folder / "bugs.json").write_text("{")
    assert not project.judge().complete
    project.write_bugs()
    assert project.judge().complete
    assert volume.stat().st_size - before < before / 10
    assert inputs(project)[0] == volume


def test_no_address_and_no_memory_of_the_tracker_is_kept(project: Project) -> None:
    project.land("[bug=1] One", author="Ann <ann@secret.example>")
    project.look()
    (kept,) = kept_inputs(project.settings, "stable")
    assert isinstance(kept, KeptInput)
    history = BlockerHistory(address="ann@secret.example")
    given = replace(
        kept.given,
        tracker=replace(kept.given.tracker, memory=b"secret"),
        announcement=Announcement(True, 2, "UTC", "09:00", True, {"0" * 40: history}),
    )
    keep_input(project.settings, given, said(given))
    text = gzip.decompress(inputs(project)[0].read_bytes())
    assert b"Ann" in text
    assert b'"histories"' in text
    assert b"secret" not in text


def test_since(project: Project) -> None:
    answers = lived(project)
    since = answers[3].generated_at
    found = kept_inputs(project.settings, "stable", since)
    assert [kept.run_id for kept in found if isinstance(kept, KeptInput)] == [
        each.run_id for each in answers[3:]
    ]


def test_since_also_where_the_clock_went_back_within_the_week(project: Project) -> None:
    # a Wednesday, and the Saturday before; the weeks of volumes begin on Thursdays
    project.now += timedelta(days=9)
    ahead = project.look()
    project.now -= timedelta(days=4)
    back = project.judge()
    volume = inputs(project)[0]
    os.utime(volume, (back.generated_at.timestamp(),) * 2)
    found = kept_inputs(project.settings, "stable", ahead.generated_at)
    assert [kept.run_id for kept in found if isinstance(kept, KeptInput)] == [ahead.run_id]


def test_what_cannot_be_read_is_said_in_its_place(project: Project) -> None:
    lived(project)
    whole = [kept for kept in kept_inputs(project.settings, "stable") if isinstance(kept, KeptInput)]
    (volume, _) = inputs(project)
    volume.write_bytes(volume.read_bytes()[:-20])
    project.judge()
    *before, lost, after = kept_inputs(project.settings, "stable")
    assert [kept.run_id for kept in before if isinstance(kept, KeptInput)] == [
        kept.run_id for kept in whole[:-1]
    ]
    assert isinstance(lost, LostInput)
    assert lost.after == whole[-2].run_id
    assert "is cut off after byte" in lost.problem
    assert "not known" in lost.problem
    assert isinstance(after, KeptInput)


def test_a_file_that_somebody_removed(project: Project) -> None:
    for _ in range(3):
        project.now += timedelta(days=7)
        project.land("[no-qa] A change")
        project.look()
    first, second, third, _ = inputs(project)
    second.unlink()
    one, lost, other = kept_inputs(project.settings, "stable")
    assert isinstance(one, KeptInput)
    assert isinstance(other, KeptInput)
    assert isinstance(lost, LostInput)
    assert f"between {first.name} and {third.name} are missing" in lost.problem


def test_what_a_later_release_kept(project: Project) -> None:
    project.look()
    (volume, _) = inputs(project)
    with volume.open("ab") as file:
        file.write(gzip.compress(b'["moods","mood"]\t"good"\n'))
        file.write(gzip.compress(b'["context","run_id"]\t"run-0009"\n'))
        file.write(gzip.compress(b'["context","run_id"]\t"\\u001b[2J"\n'))
    one, lost = kept_inputs(project.settings, "stable")
    assert isinstance(one, KeptInput)
    assert isinstance(lost, LostInput)
    assert "names moods mood, which this release does not know" in lost.problem
    assert lost.runs == ("run-0009",)
    assert lost.after == one.run_id


@pytest.mark.parametrize("line", [b"x\n", b'["why"]\n', b'["why","code"]\t7\n', b'["why","code"]\n', b"\n"])
def test_lines_that_say_nothing(project: Project, line: bytes) -> None:
    project.look()
    (volume, _) = inputs(project)
    with volume.open("ab") as file:
        file.write(gzip.compress(line))
    one, lost = kept_inputs(project.settings, "stable")
    assert isinstance(one, KeptInput)
    assert isinstance(lost, LostInput)
    assert lost.problem.startswith(str(volume))


def test_inputs_go_when_they_are_old(project: Project) -> None:
    """After `keep_inputs`, and not by what `keep` says of snapshots."""
    (project.folder / "shepherd.toml").write_text(
        'keep = "1d"\nkeep_inputs = "21d"\n' + (project.folder / "shepherd.toml").read_text()
    )
    for _ in range(8):
        project.now += timedelta(days=7)
        project.look()
        volume = inputs(project)[-2]
        os.utime(volume, (project.now.timestamp(), project.now.timestamp()))
    kept = [each for each in kept_inputs(project.settings, "stable") if isinstance(each, KeptInput)]
    assert len(kept) == len(list(kept_inputs(project.settings, "stable"))) == 4
    assert kept[-1].at == project.now
    assert kept[0].at == project.now - timedelta(days=21, minutes=6)


def test_every_part_is_kept() -> None:
    """A field that is added to the input without a place here would be lost."""
    kept = {"context", "reading", "tracker", "recorded", "conditions", "announcement"}
    assert kept <= PARTS.keys()
    assert {each.name for each in fields(JudgeInput)} - kept == {
        *("code", "problem", "journal"),
        *("options", "scope"),
    }
