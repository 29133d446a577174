"""Ctrl-C and SIGTERM during `inv upgrade`: what it says it left is what it left
(docs/operator-every-day.md#ctrl-c-during-an-upgrade)."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shepherd.running import gate, maintenance, upgrade_record
from tests.running.real_site import BARE, RealSite
from tests.waiting import until

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def releases_made(tmp_path_factory: pytest.TempPathFactory) -> RealSite:
    site = RealSite(tmp_path_factory.mktemp("stopped"))
    site.release(good=True, live=True)
    site.release()
    return site


@pytest.fixture
def site(releases_made: RealSite) -> RealSite:
    releases_made.back_to_the_first()
    assert not gate.holders(releases_made.state / "run" / "upgrade.lock"), "the test before left one"
    return releases_made


class Terminal:
    """`inv upgrade` on a terminal, what it printed, and the keys that are pressed."""

    def __init__(self, site: RealSite, *words: str) -> None:
        self._master, slave = pty.openpty()
        self.printed = ""
        self.process = subprocess.Popen(
            [".venv/bin/inv", "upgrade", *words],
            cwd=site.site.current,
            env={"PATH": BARE, "HOME": os.environ["HOME"], "LANG": "C.UTF-8"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_controlling_terminal,
        )
        os.close(slave)

    def until(self, text: str) -> None:
        while text not in self.printed:
            assert self._read(), self.printed

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def end(self) -> int:
        while self._read():
            pass
        os.close(self._master)
        return self.process.wait(30)

    def _read(self) -> bool:
        try:
            piece = os.read(self._master, 4096)
        except OSError:
            return False
        self.printed += piece.decode()
        return bool(piece)


def _controlling_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def work(site: RealSite) -> Iterator[subprocess.Popen[bytes]]:
    """Something that holds the gate until it is ended."""
    lock = site.state / "run" / "gate.lock"
    worker = subprocess.Popen(["flock", "--shared", str(lock), "cat"], stdin=subprocess.PIPE)
    until(lambda: gate.holders(lock))
    try:
        yield worker
    finally:
        worker.communicate()


def switched(site: RealSite) -> bool:
    return maintenance.path_of(site.state).exists()


CTRL_C = b"\x03"


def test_before_the_switch_is_set_nothing_was_changed(site: RealSite) -> None:
    first = site.live
    with work(site):
        terminal = Terminal(site)
        terminal.until("until our switch is set")
        terminal.press(CTRL_C)
        assert terminal.end() == 1
    assert f"stopped by Ctrl-C during quiet; nothing was changed: {first} is live, no maintenance" in (
        " ".join(terminal.printed.split())
    )
    assert site.live == first
    assert site.whole() == []


@pytest.mark.parametrize("keys", [b"n\n", b"\n", CTRL_C, b"y\n"], ids=["no", "return", "again", "yes"])
def test_while_it_drains_it_asks(site: RealSite, keys: bytes) -> None:
    first = site.live
    with work(site) as worker:
        terminal = Terminal(site, "--deadline", "16s" if keys == b"y\n" else "2s")
        until(lambda: switched(site))
        terminal.until(f"waiting for process {worker.pid}")
        terminal.press(CTRL_C)
        terminal.until("Go on waiting? [y/N]")
        assert f"process {worker.pid}: still at work" in terminal.printed
        assert switched(site), "it is not taken off before the answer"
        terminal.press(keys)
        if keys != b"y\n":
            assert terminal.end() == 1
    if keys == b"y\n":
        assert terminal.end() == 0, terminal.printed
        assert site.live != first
    else:
        assert "nothing was changed" in terminal.printed
        assert site.live == first
    assert site.whole() == []


def test_without_a_terminal_it_ends_at_once(site: RealSite) -> None:
    first = site.live
    with work(site):
        process = site.start("upgrade", "--deadline", "10s")
        until(lambda: switched(site))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert (process.returncode, site.live) == (1, first), out
    assert "nothing was changed" in out
    assert site.whole() == []


def test_under_a_persons_switch_that_stays(site: RealSite) -> None:
    assert site.inv("maintenance.on", "--reason", "a new disk")[0] == 0
    with work(site):
        process = site.start("upgrade")
        until(lambda: upgrade_record.read(site.state) is not None)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert "the maintenance switch that a person set stays on" in " ".join(out.split())
    assert switched(site)
    assert upgrade_record.read(site.state) is None


@pytest.mark.parametrize("phase", ["switch", "clear"])
def test_after_the_rename_it_is_taken_back_or_finished(site: RealSite, phase: str) -> None:
    first = site.live
    process = site.start("upgrade")
    until(
        lambda: (
            ((left := upgrade_record.read(site.state)) is not None and left.phase == phase)
            or (process.poll() is not None)
        )
    )
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    printed = " ".join(out.split())
    if process.returncode:
        assert "nothing was changed" not in printed or site.live == first
        assert f"{site.live} is live, no maintenance switch is on" in printed, out
    else:
        assert site.live != first
    assert site.whole() == []
