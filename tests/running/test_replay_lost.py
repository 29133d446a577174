"""`inv replay` where snapshots or inputs were changed, are damaged or gone: it says so, and judges the others
(docs/replay.md)."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from shepherd.landing import Landing
from shepherd.rules import states
from shepherd.rules.states import Judged, StateRules
from shepherd.stages import judge
from shepherd.store.packed_lines import MAGIC
from tests.project import Project
from tests.running.replayed import as_json, replay, snapshots, ten_runs


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return ten_runs(tmp_path)


def test_snapshot_that_somebody_changed_is_told(project: Project) -> None:
    path = snapshots(project) / "run-0008.json.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"bug 3", b"bug 4")))
    done = replay(project)
    assert done.code == 8
    words = " ".join(done.out.split())
    assert f"{path.name} says something else than run-0008 answered: it was changed" in words


def test_snapshot_that_cannot_be_read_is_said_and_its_answer_judged(project: Project) -> None:
    path = snapshots(project) / "run-0008.json.gz"
    path.write_bytes(path.read_bytes()[:-9])
    done = replay(project)
    assert done.code == 5
    assert f"{path} is damaged" in done.err
    assert "7 runs" in done.out


def test_damaged_inputs_are_said_and_the_others_judged(project: Project) -> None:
    *_, chain = sorted((snapshots(project) / "inputs").glob("*.gz"))
    chain.write_bytes(chain.read_bytes()[:-20])
    done = replay(project)
    assert done.code == 5
    assert "is cut off" in done.err
    assert done.err.endswith("not known (after run run-0012): not judged again: 1 run, run-0014\n")
    assert done.out.startswith("6 runs of stable")
    asked = replay(project, "run-0014")
    assert (asked.code, asked.out) == (5, "")
    assert asked.err.startswith("what run-0014 judged by is not known: ")


def test_runs_that_build_on_a_damaged_input_are_named_and_all_others_judged(project: Project) -> None:
    volume, _of_the_next_week = sorted((snapshots(project) / "inputs").glob("*.gz"))
    second = volume.read_bytes().index(MAGIC, 1)
    damaged = bytearray(volume.read_bytes())
    damaged[second + 15] ^= 0xFF
    volume.write_bytes(damaged)
    done = replay(project)
    assert done.code == 5
    assert f"{volume} is damaged after byte {second}" in done.err
    # the second one cannot be named any more
    lost = ["run-0006", "run-0008", "run-0010"]
    assert f"(after run run-0002): not judged again: 3 runs, {', '.join(lost)}\n" in done.err
    assert done.out.startswith("3 runs of stable")
    report = as_json(project)
    assert (report["answers"], report["same"], report["runs_lost"]) == (3, 3, lost)


def test_an_empty_input_is_said(project: Project) -> None:
    *_, volume = sorted((snapshots(project) / "inputs").glob("*.gz"))
    volume.write_bytes(b"")
    done = replay(project)
    assert done.code == 5
    assert (
        done.err == f"stable: {volume} is empty; what was judged by then is not known (after run run-0010)\n"
    )
    assert done.out.startswith("5 runs of stable")


def test_snapshots_that_have_no_input_are_said_and_not_left_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a week in which an older release judged: it keeps nothing."""
    with monkeypatch.context() as older:
        older.setattr(judge, "keep_input", lambda *_: None)
        project.tag(3, "qa-ok")
        project.look()
    project.tag(3, "qa-bad")
    project.look()
    done = replay(project)
    assert done.code == 5
    assert done.err == (
        "stable: not judged again: 1 snapshot without an input, the first of run run-0016: an older release"
        " answered then, or what it judged by is lost\n"
    )
    assert done.out.startswith("8 runs of stable")
    assert replay(project, "--since", "2011-08-03").code == 5
    # who asks for one run is told of that one
    assert replay(project, "run-0018").code == 0


def test_snapshots_from_before_the_first_input_are_no_loss(project: Project) -> None:
    (first, *_) = sorted(snapshots(project).glob("*.json.gz"))
    first.with_name("run-0001.json.gz").write_bytes(first.read_bytes())
    done = replay(project)
    assert (done.code, done.err) == (0, "")
    told = "\n  not judged: 1 snapshot from before, of which no input is kept\n"
    assert done.out.endswith(told)
    assert told in replay(project, "--with-settings", str(project.folder / "shepherd.toml")).out
    assert told not in replay(project, "--since", "2011-08-01").out


def test_folder_that_somebody_removed_is_no_history_that_begins_later(project: Project) -> None:
    shutil.rmtree(snapshots(project) / "inputs")
    project.look()
    assert as_json(project)["earlier"] == 3


def test_of_answers_that_a_backup_brought_back_it_is_said_that_no_backup_has_their_inputs(
    project: Project,
) -> None:
    shutil.rmtree(snapshots(project) / "inputs")
    done = replay(project)
    assert (done.code, done.out) == (5, "")
    assert done.err == (
        "stable: no run could be judged again: no input is kept with 3 snapshots: no backup has inputs, and"
        " an early release kept none; each run from now on keeps its own (inv run)\n"
    )
    (first, *_) = sorted(snapshots(project).glob("*.json.gz"))
    run = first.name.partition(".")[0]
    asked = replay(project, run)
    assert (asked.code, asked.out) == (5, "")
    assert asked.err == (
        f"the answer of {run} is kept, but what it judged by is not: no backup has inputs, and an early"
        " release kept none\n"
    )
    # the same once runs keep theirs again
    project.look()
    assert replay(project, run).err == asked.err


def test_input_that_makes_no_sense_is_said_and_the_others_judged(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = StateRules._judge

    def failing(rules: StateRules, landing: Landing) -> Judged:
        if landing.revno == 5:
            raise KeyError("r5\x1b[31m")
        return judge(rules, landing)

    monkeypatch.setattr(states.StateRules, "_judge", failing)
    done = replay(project)
    assert done.code == 5
    assert "run-0006 cannot be judged again: KeyError" in done.err
    assert "\x1b" not in done.err
    assert done.out.startswith("2 runs of stable")
