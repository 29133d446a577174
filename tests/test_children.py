"""Children end in time and with us, hold no lock and learn no secret, with whatever they leave behind."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from shepherd.children import environment, finish
from shepherd.errors import SourceError
from shepherd.limits import StoppedError, stoppable
from tests.campaigns import times
from tests.campaigns.killing import forked
from tests.waiting import is_over, until

tied = pytest.mark.parametrize("tied", [False, True], ids=["free", "tied"])


def run(*command: str, tied: bool = True, **how: Any) -> tuple[int, bytes, bytes]:
    given = {"name": "it", "env": environment({}), "limit": 30.0, **how}
    return finish(command, tied=tied, **given)


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[int]:
    handle = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield handle
    os.close(handle)


def is_free(place: Path) -> bool:
    with place.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@tied
@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("cat; echo bad >&2; exit 1", 1), ("kill -9 $$", None)]
)
def test_how_it_ended_is_told(script: str, code: int | None, tied: bool) -> None:
    expected = code if code is not None else 128 + signal.SIGKILL if tied else -signal.SIGKILL
    outcome = run("sh", "-c", script, tied=tied, input=b"given\n")
    assert outcome == ((expected, b"given\n", b"bad\n") if "cat" in script else (expected, b"", b""))


@tied
def test_more_than_a_pipe_holds_goes_in_and_comes_out(tied: bool) -> None:
    content = random.Random(1).randbytes(3_000_000)
    assert run("cat", tied=tied, input=content) == (0, content, b"")


@tied
def test_what_is_not_installed_is_told_so(tied: bool) -> None:
    with pytest.raises(SourceError, match=r"no-such-program could not be started.*; is it installed"):
        run("no-such-program", tied=tied)


def test_a_tied_child_is_asked_to_end_like_any_other() -> None:
    """Python ignores SIGPIPE, and a child that did, too, would write on where nobody reads."""
    script = "import signal; print(signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL)"
    assert run(sys.executable, "-c", script)[1] == b"False\n", "Python sets it again"
    assert run("sh", "-c", "(trap - PIPE; while :; do echo y; done; echo on >&2) | head -n1") == (
        0,
        b"y\n",
        b"",
    )


@tied
def test_who_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path, tied: bool) -> None:
    script = f"sh -c 'echo $$ > {tmp_path}/inner; sleep 60' & sleep 60"
    with pytest.raises(SourceError, match=r"it: sh did not answer within 0\.5 seconds and was stopped"):
        run("sh", "-c", script, tied=tied, limit=0.5)
    inner = int((tmp_path / "inner").read_text())
    until(lambda: is_over(inner))


@tied
def test_what_it_leaves_behind_is_not_waited_for_and_holds_no_lock(
    tmp_path: Path, lock: int, tied: bool
) -> None:
    """git's credential cache, what a hook starts, a connection that ssh keeps open: output and all."""
    began = time.monotonic()
    script = f"sleep 60 & echo $! > {tmp_path}/left; echo done; echo well >&2"
    assert run("sh", "-c", script, tied=tied, lock=lock if tied else -1) == (0, b"done\n", b"well\n")
    assert time.monotonic() - began < 20
    left = int((tmp_path / "left").read_text())
    try:
        assert psutil.pid_exists(left)
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert is_free(tmp_path / "lock")
    finally:
        os.kill(left, signal.SIGKILL)


def test_whose_parent_is_killed_ends_and_holds_the_lock_until_then(tmp_path: Path) -> None:
    killed(tmp_path, 20)


@pytest.mark.long
def test_whose_parent_is_killed_ends_and_holds_the_lock_until_then_many_times(tmp_path: Path) -> None:
    killed(tmp_path, times(500))


def killed(folder: Path, rounds: int) -> None:
    """`kill -9` at any moment: the one who gets the lock afterwards finds nothing of the child at work.

    It writes into a file of the round, from two processes, as fast as it can.
    """
    chance = random.Random(15)
    amid = 0
    for number in range(rounds):
        at_work, place = folder / f"work-{number}", folder / "lock"
        script = f"w() {{ while :; do echo x >> {at_work}; done; }}; trap '' TERM HUP; w & w"

        def parent(script: str = script, place: Path = place) -> None:
            handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            fcntl.flock(handle, fcntl.LOCK_EX)
            run("sh", "-c", script, lock=handle)

        child = forked(parent)
        if chance.random() < 0.7:
            until(at_work.exists)
        time.sleep(chance.uniform(0.0, 0.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with place.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = at_work.stat().st_size if at_work.exists() else 0
            amid += size > 0
            time.sleep(0.02)
            assert (at_work.stat().st_size if at_work.exists() else 0) == size, f"round {number}"
    assert amid > rounds // 4
    print(f"{amid} of {rounds} kills while the child was at work")


def test_a_child_learns_what_it_needs_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = (
        "GITHUB_TOKEN",
        "MAIL_PASSWORD",
        "PGPASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "FORGE",
        "GIT_X",
        "RSYNC_PASSWORD",
    )
    for name in secrets:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    monkeypatch.setenv("https_proxy", "http://proxy:1")
    told = run("env", env=environment({"GIT_PAGER": "cat"}))[1].decode()
    assert "secret" not in told
    assert {"SSH_AUTH_SOCK=/run/agent", "https_proxy=http://proxy:1", "GIT_PAGER=cat"} <= set(
        told.splitlines()
    )
    assert f"HOME={os.environ['HOME']}" in told.splitlines()
    assert "secret" in run("env", env=environment({}, keep=["RSYNC_PASSWORD"]))[1].decode()


@tied
def test_a_child_that_was_just_being_started_is_killed_when_the_time_is_up(
    monkeypatch: pytest.MonkeyPatch, tied: bool
) -> None:
    """The limit passes after the fork, and before we know the child: under load that happens."""
    children: list[int] = []

    class Slow(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **how: Any) -> None:
            super().__init__(*args, **how)
            children.append(self.pid)
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch, pytest.raises(StoppedError), stoppable():
        patch.setattr("shepherd.children.subprocess.Popen", Slow)
        run("sleep", "60", tied=tied)
    (pid,) = children
    until(lambda: not psutil.pid_exists(pid))
