"""Promotions against the clock, against each other, and against people (issue: promote and publish)."""

from __future__ import annotations

import fcntl
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shepherd.errors import RefusedError, ShepherdError
from shepherd.run import Run
from shepherd.running import stages
from shepherd.running.promote import promote as promote_task
from shepherd.running.tasking import TaskOptions
from shepherd.settings import Settings, read
from shepherd.stages.find import find_branch
from tests.campaigns import times
from tests.campaigns.killing import killed_at, points, undisturbed
from tests.campaigns.promoted import books, ref_log
from tests.project import Project
from tests.promoting import PROMOTE, meddle, moves, promote, released
from tests.running.host import Host, ended
from tests.waiting import until

pytestmark = pytest.mark.real


def test_a_tag_that_turns_bad_in_time_some_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_tag_turns_bad(tmp_path, monkeypatch, 2)


@pytest.mark.long
def test_a_tag_that_turns_bad_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = times(500)
    for number in range(0, rounds, 25):
        a_tag_turns_bad(tmp_path / str(number), monkeypatch, min(25, rounds - number), number)


def a_tag_turns_bad(folder: Path, monkeypatch: pytest.MonkeyPatch, rounds: int, seed: int = 4) -> None:
    """Before the last reading it stops the move; after it, it is an alarm at the next run. Every time."""
    chance = random.Random(seed)
    project = Project(folder, branch=PROMOTE)
    first = project.land("[no-qa] Begin")[0]
    project.deploy(first)
    project.repo.set_ref("released", first)
    for number in range(rounds):
        bug = number + 1
        project.tag(bug, "qa-ok")
        before = released(project)
        (landed,) = project.land(f"[bug={bug}] Change {number}")
        revno = 2 * number + 2

        def turn_bad(bug: int = bug, revno: int = revno) -> None:
            project.tag(
                bug, *chance.choice([("qa-bad",), ("qa-bad", f"bad-commit-{revno}"), ("qa-needstesting",)])
            )

        with monkeypatch.context() as patch:
            moment = chance.choice(["at first", "while the source is read", "right before the tags are read"])
            in_time(moment, turn_bad, patch)
            wanted = chance.choice(["", f"r{revno}"])
            try:
                promote(project, wanted)
            except RefusedError:
                assert wanted
        assert released(project) == before, f"round {number}, {moment}"
        project.tag(bug, "qa-ok")

        def call_bad(bug: int = bug, revno: int = revno) -> None:
            project.tag(bug, "qa-bad", f"bad-commit-{revno}")

        with monkeypatch.context() as patch:
            meddle(patch, after=call_bad)
            promote(project)
        assert released(project) == landed, f"round {number}"
        project.deploy(landed)
        assert [alarm.revno for alarm in project.look().alarms] == [revno], f"round {number}"
        (undone,) = project.land(f"[rollback={revno}] Out with it")
        promote(project)
        assert released(project) == undone
        project.deploy(undone)
        assert not project.look().alarms
    assert len(moves(project)) == 2 * rounds


def in_time(moment: str, turn_bad: Callable[[], None], patch: pytest.MonkeyPatch) -> None:
    import shepherd.stages.promote as stage

    if moment == "at first":
        turn_bad()
    elif moment == "while the source is read":

        def find_and_meddle(settings: Settings, branch: str, run: Run) -> str:
            said = find_branch(settings, branch, run)
            turn_bad()
            return said

        patch.setattr(stage, "find_branch", find_and_meddle)
    else:
        meddle(patch, before=turn_bad)


@pytest.mark.long
@pytest.mark.parametrize("by_url", [False, True])
def test_eight_promotions_people_and_a_force_push_at_once(tmp_path: Path, by_url: bool) -> None:
    """Never a wrong move, never backwards by the shepherd, one entry for one move."""
    race(tmp_path, by_url, rounds=times(20))


def test_three_promotions_and_people_at_once(tmp_path: Path) -> None:
    race(tmp_path, False, rounds=1, copies=3)


def race(folder: Path, by_url: bool, rounds: int, copies: int = 8) -> None:
    chance = random.Random(8)
    host = Host(folder)
    project = host.project
    if by_url:
        settings = (project.folder / "shepherd.toml").read_text()
        place = f"file://{project.repo.git_dir}"
        (project.folder / "shepherd.toml").write_text(settings.replace('"project.git"', f'"{place}"'))
    settings = (project.folder / "shepherd.toml").read_text()
    (project.folder / "shepherd.toml").write_text(settings.replace("[tracker]", f"{PROMOTE}\n[tracker]"))
    project.repo.git("config", "core.logAllRefUpdates", "always")
    project.repo.git("update-ref", "-m", "by hand", "refs/heads/released", "stable~1")
    host.inv("find", apart=True)
    foreign = 0
    allowed: set[str] = set()
    for number in range(rounds):
        good = project.land(*(f"[no-qa] Round {number}, {part}" for part in range(4)))
        allowed.update(good)
        allowed.add(project.repo.git("rev-parse", "stable~4"))
        processes = [host.start("promote") for _ in range(copies)]
        until = time.monotonic() + 6
        while any(process.poll() is None for process in processes) and time.monotonic() < until:
            time.sleep(chance.uniform(0.0, 0.25))
            act = chance.choice(["move", "force-push", "wait"])
            if act == "move":
                # somebody else, from wherever it is to something newer
                target = good[chance.randrange(3)]
                done = subprocess.run(
                    ["git", "merge-base", "--is-ancestor", target, "refs/heads/released"],
                    cwd=project.repo.path,
                )
                if done.returncode:
                    project.repo.git("update-ref", "-m", "by hand", "refs/heads/released", target)
                    foreign += 1
            elif act == "force-push":
                # the tip is replaced by another one, and comes back: neither may be promoted half-read
                other = project.repo.git("commit-tree", "stable^{tree}", "-p", good[2], "-m", "Unmarked")
                project.repo.git("update-ref", "refs/heads/stable", other)
                time.sleep(chance.uniform(0.0, 0.2))
                project.repo.git("update-ref", "refs/heads/stable", good[3])
        for process in processes:
            code, _, err = ended(process)
            assert code in (0, 4, 5, 8), err
            assert "Traceback" not in err
        # a find that saw the other tip calls the return of ours a rewrite
        host.inv("find", apart=True)
        host.inv("find", "--accept-rewrite", "--reason", "the race", apart=True)
        code, out, err = host.inv("promote", apart=True)
        assert code == 0, err + out
    log = ref_log(project.repo.git_dir, "released")
    ours = [(old, new) for old, new, message in log if not message.startswith("by hand")]
    for old, new in ours:
        assert new in allowed, "a revision that was never deployable"
        project.repo.git("merge-base", "--is-ancestor", old, new)
    kept = books(project.settings)
    assert not kept.open
    assert len(kept.ours) == len(ours)
    assert ours, "somebody promoted"
    print(f"{len(ours)} moves of the shepherd among {foreign} of others")


@pytest.mark.parametrize("scheme", ["file://"])
def test_behind_a_url_a_promotion_stands(tmp_path: Path, scheme: str) -> None:
    """On the server and in the answer, after ten times `find`; nothing is moved in the mirror."""
    project = Project(tmp_path, branch=PROMOTE)
    ids = project.land("[no-qa] One", "[no-qa] Two")
    project.deploy(ids[0])
    project.repo.set_ref("released", ids[0])
    settings = project.folder / "shepherd.toml"
    settings.write_text(settings.read_text().replace('"project.git"', f'"{scheme}{project.repo.git_dir}"'))
    plan, _ = promote(project, dry=True)
    assert plan and released(project) == ids[0]
    promote(project)
    assert released(project) == ids[1]
    for _ in range(10):
        project.find()
        snapshot = project.judge()
        assert snapshot.promoted and (snapshot.promoted.revno, snapshot.promoted.by) == (2, "tester")
        assert released(project) == ids[1]
    assert moves(project) == [(1, 2, "tester")]


@pytest.mark.parametrize(
    ("hook", "sentence"),
    [
        (
            "#!/bin/sh\necho 'frozen until Monday' >&2; exit 1\n",
            "did not take the move of refs/heads/released",
        ),
        ("#!/bin/sh\nkill -9 $PPID\n", "could not be pushed"),
    ],
)
def test_a_server_that_refuses_a_push(tmp_path: Path, hook: str, sentence: str) -> None:
    project = Project(tmp_path, branch=PROMOTE)
    ids = project.land("[no-qa] One", "[no-qa] Two")
    project.deploy(ids[0])
    project.repo.set_ref("released", ids[0])
    settings = project.folder / "shepherd.toml"
    settings.write_text(settings.read_text().replace('"project.git"', f'"file://{project.repo.git_dir}"'))
    place = project.repo.git_dir / "hooks" / "pre-receive"
    place.parent.mkdir(exist_ok=True)
    place.write_text(hook)
    place.chmod(0o755)
    with pytest.raises(ShepherdError, match=sentence):
        promote(project)
    assert released(project) == ids[0] and not moves(project)
    place.unlink()
    promote(project)
    assert released(project) == ids[1] and len(moves(project)) == 1


def test_a_push_whose_parent_was_killed_ends_with_it(tmp_path: Path) -> None:
    """So does the hook that runs for it; and the lock is held until then, so that nobody works beside a push
    that is still under way (docs/running.md#one-copy-at-a-time)."""
    host = Host(tmp_path)
    project = host.project
    settings = project.folder / "shepherd.toml"
    text = settings.read_text().replace('"project.git"', f'"file://{project.repo.git_dir}"')
    settings.write_text(text.replace("[tracker]", f"{PROMOTE}\n[tracker]"))
    gate, told = tmp_path / "gate", tmp_path / "told"
    hook = project.repo.git_dir / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"#!/bin/sh\nexec >> '{told}'\necho begun\nwhile [ ! -e '{gate}' ]; do sleep 0.05; done\necho ended\n"
    )
    hook.chmod(0o755)
    first = host.start("promote")
    until(told.exists)
    second = host.start("promote", "--wait", "30")
    first.kill()
    first.communicate()
    until(lambda: told.read_text().count("begun") == 2)
    gate.touch()
    code, out, err = ended(second)
    assert code == 0, err
    assert "promoted r2" in out
    assert told.read_text().split() == ["begun", "begun", "ended"], "only the second one came to its end"
    kept = books(project.settings)
    assert not kept.open and kept.ours == [(None, 2)]
    assert kept.moves[0].who == "ann"
    log = (host.state / "log" / "shepherd.log").read_text()
    assert "found out by looking" in log and "crashed" in log


def test_killed_at_some_writes(tmp_path: Path) -> None:
    killed_at_writes(tmp_path, by_url=False, each=0)


@pytest.mark.long
@pytest.mark.parametrize("by_url", [False, True])
def test_killed_at_every_write(tmp_path: Path, by_url: bool) -> None:
    killed_at_writes(tmp_path, by_url=by_url, each=max(1, 10 // times(10)))


def killed_at_writes(folder: Path, by_url: bool, each: int) -> None:
    """`kill -9` right before each write and each child: the next run finds out by looking, and says so.

    Args:
        each: 1: at every write, 2: at every second, …; 0: at some around the move itself.
    """
    project = Project(folder / "before", branch=PROMOTE)
    ids = project.land("[no-qa] One", "[bug=2] Two", "[no-qa] Three")
    project.deploy(ids[0])
    project.repo.set_ref("released", ids[0])
    project.tag(2, "qa-ok")
    if by_url:
        settings = project.folder / "shepherd.toml"
        settings.write_text(
            settings.read_text().replace('"project.git"', f'"file://{folder}/now/project.git"')
        )
        (folder / "now").symlink_to("before")
    undisturbed(lambda: stages.find(TaskOptions(read(project.folder / "shepherd.toml"), "tester")))
    (folder / "now").unlink(missing_ok=True)
    place = folder / "now"

    def begin() -> None:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(project.folder, place, symlinks=True)

    begin()
    now = read(place / "shepherd.toml")

    def body() -> None:
        assert promote_task(TaskOptions(now, "ann")) == 0

    # a process that has looked at one database asks SQLite less at the next: all are forked from this one,
    # and those that are killed have to write as often as the one that is counted
    books(now)
    writes = points(body)
    child = next(n for n, what in enumerate(writes) if what in ("child git update-ref", "child git push"))
    numbers = range(0, len(writes), each) if each else range(child - 1, child + 4)
    said = 0
    for number in numbers:
        begin()
        assert killed_at(body, number)
        where = f"killed at {number}: {writes[number]}"
        wait_for_children(now)
        moved = git(place, "rev-parse", "released") != ids[0]
        undisturbed(lambda: stages.find(TaskOptions(now, "ben")))
        kept = books(now)
        assert not kept.open, where
        assert kept.ours == ([(1, 3)] if moved else []), where
        assert [entry.who for entry in kept.moves] == (["ann"] if moved else []), where
        log = (place / "var" / "log" / "shepherd.log").read_text()
        said += "found out by looking" in log
        undisturbed(body)
        assert git(place, "rev-parse", "released") == ids[2], where
        assert books(now).ours == [(1, 3)], where
    assert any("git" in what for what in writes), "the children are among the writes"
    print(f"killed at {len(numbers)} of {len(writes)} writes; {said} had to be looked for")


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=folder / "project.git", capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def wait_for_children(settings: Settings) -> None:
    """Until nobody holds the work lock: git goes on for a moment when its parent is gone."""
    lock = settings.state_path / "run" / "work.lock"
    if lock.exists():
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
