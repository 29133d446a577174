"""Branches side by side: the same as one after the other, and one that hangs or crashes costs itself only
(docs/running.md#side-by-side)."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from shepherd.errors import NO_DATA, UNEXPECTED, SourceError
from shepherd.limits import DeadlineError, StoppedError, limited, stoppable
from shepherd.run import Run
from shepherd.running import side_by_side
from shepherd.running.output import complain, say
from shepherd.running.side_by_side import SideBySide
from shepherd.running.worker import Outcome
from shepherd.settings import read
from shepherd.store import Database, Journal
from shepherd.store.journal import KINDS
from tests.gitrepo import Repo
from tests.inv import inv
from tests.postgres import PostgresServer
from tests.project import Project
from tests.random_team import message
from tests.running.host import Host, ended
from tests.waiting import is_over, until

VOLATILE = ("run_id", "generated_at", "valid_until", "journal")
"""Keys of a snapshot that differ from run to run."""


class Notes:
    """A run, and what it was told of branches and wrote to the log."""

    def __init__(self) -> None:
        self.failed: dict[str, str] = {}
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.loud: list[str] = []
        self.run = Run(
            "run-1",
            datetime(2011, 8, 1, tzinfo=UTC),
            "tester",
            lambda event, **fields: self.events.append((event, fields)),
            note=self.note,
            loudly=self.loud.append,
        )

    def note(self, _stage: str, branch: str, failure: BaseException | None) -> None:
        if failure is not None:
            self.failed[branch] = str(failure)


def each(
    body: Callable[[str, Run], int | None], *branches: str, at_once: int = 3
) -> tuple[dict[str, Outcome], Notes]:
    notes = Notes()
    return SideBySide("find", body, notes.run, at_once)(branches), notes


def several(folder: Path, chance: random.Random, branches: int, readable: float = 0.85) -> None:
    """Branches with repositories of their own, but for two that share one; some of them cannot be read."""
    project = Project(folder)
    shutil.rmtree(folder / "project.git")
    tables = []
    for number in range(branches):
        place = f"b{max(number, 1)}.git"
        repo = Repo(folder / place)
        ref = f"line{number}"
        ids = [
            repo.commit(message(chance, landed), branch=ref, date=1_311_000_000 + number + 600 * landed)
            for landed in range(chance.randint(2, 12))
        ]
        if chance.random() < readable:
            repo.set_ref(f"live{number}", chance.choice(ids))
        tables.append(
            f'[branches.b{number}]\nrepository = "{place}"\nref = "{ref}"\n'
            f'deployed = {{ ref = "live{number}" }}\n'
        )
    for bug in range(1, 7):
        project.tag(bug, *chance.sample(("qa-ok", "qa-bad", "qa-needstesting"), chance.choice((0, 1, 1, 1))))
    (folder / "shepherd.toml").write_text(
        "\n".join([*tables, '[tracker]\ntype = "file"\npath = "bugs.json"\n'])
    )


def left(folder: Path, branches: int) -> dict[str, Any]:
    """All that two runs of the same must have in common."""
    found: dict[str, Any] = {}
    # the branch that reads a bug first notes it for all
    items = []
    with Database.of(read(folder / "shepherd.toml")) as database, database.begin() as connection:
        for number in range(branches):
            entries = Journal(connection, f"b{number}").entries(*KINDS)
            items += [(each.subject, each.data) for each in entries if each.kind == "item"]
            found[f"journal {number}"] = [
                (e.kind, e.subject, e.data, e.who, e.why) for e in entries if e.kind != "item"
            ]
    found["items"] = sorted(items, key=str)
    for latest in sorted((folder / "var" / "snapshots").glob("*/latest.json")):
        snapshot = json.loads(latest.read_text())
        found[f"snapshot {latest.parent.name}"] = {k: v for k, v in snapshot.items() if k not in VOLATILE}
        found[f"failed {latest.parent.name}"] = (latest.parent / "failed-reads").exists()
    text = json.dumps(found).replace(str(folder), "")
    plain: dict[str, Any] = json.loads(re.sub(r"20[2-9]\d-\d\d-\d\dT[0-9:.]+Z", "now", text))
    return plain


@pytest.mark.parametrize("seed", range(4))
def test_it_comes_to_the_same_as_one_after_the_other(tmp_path: Path, seed: int) -> None:
    compare_with_one_after_the_other(tmp_path, seed)


def test_it_comes_to_the_same_with_postgresql(tmp_path: Path, postgres: PostgresServer) -> None:
    compare_with_one_after_the_other(tmp_path, 5, postgres.new_database(), postgres.new_database())


def compare_with_one_after_the_other(tmp_path: Path, seed: int, *databases: str) -> None:
    chance = random.Random(seed)
    branches = 20 if not seed else chance.randint(2, 7)
    several(tmp_path / "place" / "one", chance, branches)
    shutil.copytree(tmp_path / "place", tmp_path / "other")
    results = []
    urls = databases or ("", "")
    for parent, at_once, url in (("place", 1, urls[0]), ("other", chance.randint(2, 5), urls[1])):
        folder = tmp_path / parent / "one"
        settings = folder / "shepherd.toml"
        database = f"database = '{url}'\n" if url else ""
        settings.write_text(f"{database}run = {{ at_once = {at_once} }}\n{settings.read_text()}")
        runs = [inv(folder, "find", "judge"), inv(folder, "report", "--fresh")]
        printed = [
            (r.code, *(text.replace(str(folder), "").replace(url, "") for text in (r.out, r.err)))
            for r in runs
        ]
        results.append((printed, left(folder, branches)))
    assert results[0][0] == results[1][0], "what is printed"
    for name, content in results[0][1].items():
        assert content == results[1][1][name], name


def test_what_is_printed_comes_in_the_order_of_the_branches(capsys: pytest.CaptureFixture[str]) -> None:
    def body(branch: str, run: Run) -> int:
        if branch == "a":
            until(lambda: finished.exists())
        say(f"{branch} said")
        complain(f"{branch} complained")
        run.loudly(f"{branch} loudly")
        if branch == "c":
            finished.touch()
        return NO_DATA if branch == "b" else 0

    finished = Path(os.environ.get("TMPDIR", "/tmp")) / f"side-by-side-{os.getpid()}"
    try:
        outcomes, notes = each(body, "a", "b", "c")
    finally:
        finished.unlink(missing_ok=True)
    out, err = capsys.readouterr()
    assert out.splitlines() == ["a said", "b said", "c said"]
    assert err.splitlines() == ["a complained", "b complained", "c complained"]
    assert notes.loud == ["a loudly", "b loudly", "c loudly"]
    assert [each.code for each in outcomes.values()] == [0, NO_DATA, 0]


def crash(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        (lambda: crash(signal.SIGKILL), "ended by SIGKILL: the host may be short of memory, see run.at_once"),
        (lambda: crash(signal.SIGSEGV), "ended by SIGSEGV"),
        (lambda: os._exit(3), "ended with 3 before it was done"),
    ],
    ids=["killed", "crashed", "gone"],
)
def test_a_process_that_dies_costs_its_branch_only(ends: Callable[[], None], says: str) -> None:
    def body(branch: str, _run: Run) -> None:
        if branch == "b2":
            ends()

    outcomes, notes = each(body, *(f"b{number}" for number in range(8)), at_once=2)
    assert {branch: each.code for branch, each in outcomes.items() if each.code} == {"b2": UNEXPECTED}
    assert says in outcomes["b2"].failure
    assert list(notes.failed) == ["b2"], "it counts as not read"
    assert says in notes.failed["b2"]


def test_a_bug_is_named_and_its_traceback_logged(capsys: pytest.CaptureFixture[str]) -> None:
    def body(branch: str, _run: Run) -> None:
        if branch == "a":
            raise ZeroDivisionError("a bug")

    outcomes, notes = each(body, "a", "b")
    assert outcomes["a"].code == UNEXPECTED
    assert "a: unexpected ZeroDivisionError('a bug')" in capsys.readouterr().err
    (event, fields), *others = notes.events
    assert not others
    assert (event, fields["branch"]) == ("bug", "a")
    assert "in body" in fields["traceback"]


def test_an_error_for_people_keeps_its_code() -> None:
    def body(branch: str, run: Run) -> None:
        run.note("find", branch, SourceError(f"{branch} is not there"))
        raise SourceError(f"{branch} is not there")

    outcomes, notes = each(body, "a", "b")
    assert [(each.code, each.failure) for each in outcomes.values()] == [
        (NO_DATA, "a is not there"),
        (NO_DATA, "b is not there"),
    ]
    assert notes.failed == {"a": "a is not there", "b": "b is not there"}


def test_one_that_hangs_ends_after_its_share_and_the_others_are_done() -> None:
    def body(branch: str, _run: Run) -> None:
        if branch == "b1":
            time.sleep(60)

    with limited(2.0, DeadlineError("the stage")):
        outcomes, _ = each(body, *(f"b{number}" for number in range(6)), at_once=2)
    failures = {branch: each.failure for branch, each in outcomes.items() if each.failure}
    assert list(failures) == ["b1"]
    assert failures["b1"].startswith("b1: ended after 1 second (its share of the time that was left")


def test_one_that_no_limit_ends_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    def body(branch: str, _run: Run) -> None:
        if branch == "b1":
            crash(signal.SIGSTOP)

    monkeypatch.setattr(side_by_side, "GRACE", 0.5)
    with limited(2.0, DeadlineError("the stage")):
        outcomes, notes = each(body, *(f"b{number}" for number in range(4)), at_once=2)
    assert [branch for branch, each in outcomes.items() if each.failure] == ["b1"]
    assert "did not end in time and was killed" in notes.failed["b1"]


def test_a_stage_that_is_ended_ends_its_processes_and_shows_what_was_done(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def body(branch: str, _run: Run) -> None:
        if branch == "b0":
            say("b0 is done")
            return
        (tmp_path / branch).write_text(str(os.getpid()))
        if branch == "b2":
            until((tmp_path / "b1").exists)
            os.kill(os.getppid(), signal.SIGTERM)
        time.sleep(60)

    notes = Notes()
    with pytest.raises(StoppedError), stoppable():
        SideBySide("find", body, notes.run, 2)(["b0", "b1", "b2", "b3"])
    assert capsys.readouterr().out == "b0 is done\n"
    assert {branch: "stopped by SIGTERM" in why for branch, why in notes.failed.items()} == {
        "b1": True,
        "b2": True,
    }
    assert all(is_over(int((tmp_path / branch).read_text())) for branch in ("b1", "b2"))


def family(process: int) -> list[int]:
    return [child.pid for child in psutil.Process(process).children(recursive=True)]


def two_branches(host: Host) -> None:
    repo, settings = host.project.repo, host.project.folder / "shepherd.toml"
    repo.git("branch", "next", "stable")
    text = settings.read_text()
    settings.write_text(
        "run = { at_once = 2 }\n[branches.next]\nrepository = 'project.git'\nref = 'next'\n"
        f"deployed = {{ ref = 'production' }}\n{text}"
    )


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_nothing_of_a_run_that_was_ended_works_on(tmp_path: Path, number: signal.Signals) -> None:
    host = Host(tmp_path)
    two_branches(host)
    process = host.start("find", work_seconds=60)
    until(lambda: host.work_log.exists() and host.work_log.read_text().count("+") == 2)
    started = family(process.pid)
    assert len(started) >= 4, "two processes, and the git of each"
    process.send_signal(number)
    code, _, err = ended(process)
    until(lambda: all(map(is_over, started)))
    assert code == {signal.SIGKILL: -9}.get(number, 1)
    if number != signal.SIGKILL:
        assert "stopped by" in err
        assert err.strip().endswith(
            "run it again to finish what is left" if number == signal.SIGTERM else "finish"
        )
        assert "KeyboardInterrupt" not in host.inv("status", apart=True)[1]
    assert host.inv("find", apart=True)[0] == 0, "the lock is free, and the next one goes on"


def counting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git that writes a line for each time it is started, on the search path; where it writes."""
    log = folder / "git.log"
    own = folder / "bin" / "git"
    own.parent.mkdir()
    own.write_text(f"#!/bin/sh\necho \"$@\" >>'{log}'\nexec '{shutil.which('git')}' \"$@\"\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", f"{own.parent}:{os.environ['PATH']}")
    return log


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_branch_where_nothing_moved_costs_one_process_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Not one more for each other branch."""
    folder = tmp_path / "one"
    several(folder, random.Random(3), 8, readable=1.0)
    settings = folder / "shepherd.toml"
    settings.write_text(f"run = {{ at_once = {at_once} }}\n{settings.read_text()}")
    assert inv(folder, "find").code == 0
    log = counting(tmp_path, monkeypatch)
    found = inv(folder, "find")
    assert found.out.count("0 new") == 8
    assert len(log.read_text().splitlines()) <= 8


def test_a_dry_run_before_the_first_one_asks_each_repository_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not each one again for every other branch."""
    folder = tmp_path / "one"
    several(folder, random.Random(3), 8, readable=1.0)
    settings = folder / "shepherd.toml"
    settings.write_text(f"run = {{ at_once = 3 }}\n{settings.read_text()}")
    log = counting(tmp_path, monkeypatch)
    assert inv(folder, "find", "--dry-run").out.count("would find") == 8
    dry = len(log.read_text().splitlines())
    log.unlink()
    assert inv(folder, "find").code == 0
    assert dry <= len(log.read_text().splitlines())


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_repository_that_is_away_costs_its_branches_only(tmp_path: Path, at_once: int) -> None:
    """Those that have nothing in common with it do not even warn."""
    folder = tmp_path / "one"
    several(folder, random.Random(3), 4, readable=1.0)
    settings = folder / "shepherd.toml"
    settings.write_text(f"run = {{ at_once = {at_once} }}\n{settings.read_text()}")
    assert inv(folder, "find").code == 0
    (folder / "b3.git").rename(folder / "elsewhere.git")
    found = inv(folder, "find")
    assert found.code == NO_DATA
    assert "cannot be recognised" not in found.out
    assert [line.partition(":")[0] for line in found.out.splitlines()] == ["b0", "b1", "b2"]
    assert "b3.git is not there" in found.err
