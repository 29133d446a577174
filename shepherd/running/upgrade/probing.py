"""What a release says of itself before and after the switch, each time in a process of its own
(docs/operator-every-day.md#what-a-deploy-does).

`status` and `doctor --offline` take neither gate nor switch.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import NamedTuple

import msgspec
from msgspec import Struct

from shepherd.errors import NO_DATA, UNEXPECTED, WRONG_VALUE, SettingsError, ShepherdError
from shepherd.running.releases import Release
from shepherd.running.starting import own_environment
from shepherd.running.upgrade import standby
from shepherd.values import clean

LIMIT = 60.0
"""Seconds that one process may take."""
VITAL = frozenset({"settings", "python", "dependencies", "git", "state_dir", "database"})
"""Checks of doctor's without which a release cannot work at all; of others only a new failure counts."""
STATUS = ("status",)
DOCTOR = ("doctor", "--offline", "--json")
SHORT_DOCTOR = (*DOCTOR, "--only", "settings,state_dir,journals,upgrade")
"""What can differ after the link was moved: the settings, and whether the database opens. All else was looked
at a moment before, by the same code; and reading all of a large database under the switch takes seconds."""


class CheckError(ShepherdError):
    """A release does not work here; why, in one sentence."""


class _Finding(Struct):
    level: str
    name: str
    what: str
    remedy: str = ""


class _Report(Struct):
    checks: list[_Finding]


class Health(NamedTuple):
    """What doctor found wrong: check -> what, of level fail only."""

    fails: dict[str, str]


class CommandResult(NamedTuple):
    """How a command in a release ended."""

    code: int
    out: str
    err: str


class Standby(AbstractContextManager["Standby"]):
    """A release that has been started and imported, and that answers at once (`standby`)."""

    def __init__(self, release: Release, settings: Path) -> None:
        """Start it, and wait for nothing."""
        self._release = release
        self._complaints = os.memfd_create("complaints")
        self._last_command: Sequence[str] = SHORT_DOCTOR
        # a session of its own: Ctrl-C is for us, who end it
        self._process = _start(
            release, settings, "-P", standby.__file__, stdin=subprocess.PIPE, stderr=self._complaints
        )

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        _end(self._process)
        os.close(self._complaints)

    def prepare(self) -> Health:
        """All of it can be imported, it gives an answer, and what is wrong as the release itself sees it.

        Raises:
            SettingsError: it does not take the settings; the sentence names the key.
            CheckError: it does not start, or does not answer.
        """
        if self._line() != standby.READY:
            raise CheckError(f"{self._release.id} does not start: {self._complaint()}")
        whole, status, short = self._ask(DOCTOR, STATUS, SHORT_DOCTOR)
        health = _health(self._release, whole)
        _answered(self._release, status)
        if not short.out.startswith("{"):
            # a release from before --only
            self._last_command = DOCTOR
        return health

    def check(self, before: Health | None) -> None:
        """The release, now that it is live. Raises CheckError."""
        status, short = self._ask(STATUS, self._last_command)
        _answered(self._release, status)
        try:
            compare(self._release, _health(self._release, short), before)
        except SettingsError as error:
            raise CheckError(str(error)) from None

    def _ask(self, *commands: Sequence[str]) -> list[CommandResult]:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{json.dumps(commands)}\n".encode())
            self._process.stdin.flush()
        try:
            return msgspec.json.decode(self._line(), type=list[CommandResult])
        except msgspec.DecodeError:
            raise CheckError(f"{self._release.id} gives no answer: {self._complaint()}") from None

    def _line(self) -> str:
        """The next line that it writes; what there is of it where it ended.

        Raises:
            CheckError: nothing within the limit.
        """
        assert self._process.stdout is not None
        end, content = monotonic() + LIMIT, b""
        while not content.endswith(b"\n"):
            if not select.select([self._process.stdout], [], [], max(0.0, end - monotonic()))[0]:
                raise CheckError(f"{self._release.id} gives no answer within {LIMIT:g} seconds")
            piece = os.read(self._process.stdout.fileno(), 65_536)
            if not piece:
                break
            content += piece
        return content.decode("utf-8", "replace").rstrip("\n")

    def _complaint(self) -> str:
        os.lseek(self._complaints, 0, os.SEEK_SET)
        return _last_line(os.read(self._complaints, 1_000_000).decode("utf-8", "replace"))


class LiveDoctor(AbstractContextManager["LiveDoctor"]):
    """`doctor` of the release that is live, begun; what failed there already is no reason to stay."""

    def __init__(self, release: Release, settings: Path) -> None:
        self._release = release
        self._process = _start(release, settings, "-m", "invoke", *DOCTOR, stdin=subprocess.DEVNULL)

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        _end(self._process)

    def health(self) -> Health | None:
        """None: it does not answer, which is what an upgrade may have to repair."""
        try:
            out, _ = self._process.communicate(timeout=LIMIT)
            return _health(
                self._release, CommandResult(self._process.returncode, out.decode("utf-8", "replace"), "")
            )
        except (ShepherdError, subprocess.TimeoutExpired):
            return None


def _health(release: Release, answer: CommandResult) -> Health:
    try:
        checks = msgspec.json.decode(answer.out, type=_Report).checks
    except msgspec.DecodeError:
        why = _last_line(answer.err or answer.out)
        raise CheckError(f"{release.id}: doctor gave no answer: {why}") from None
    fails = {each.name: each.what for each in checks if each.level == "fail"}
    if answer.code == WRONG_VALUE:
        why = fails.get("settings") or next(iter(fails.values()), "settings are wrong")
        raise SettingsError(f"{release.id} cannot work with these settings: {why}; nothing was changed")
    return Health(fails)


def _answered(release: Release, status: CommandResult) -> None:
    """It gives an answer, even if that is no data. Raises CheckError."""
    if status.code not in (0, NO_DATA):
        raise CheckError(f"{release.id}: inv status ended with {status.code}: {_last_line(status.err)}")


def compare(release: Release, now: Health, before: Health | None) -> None:
    """Raise CheckError for what fails that is vital, or that did not fail `before`."""
    for name, what in now.fails.items():
        if name in VITAL or (before is not None and name not in before.fails):
            raise CheckError(f"{release.id}: {name}: {what}")


def run(release: Release, settings: Path, *words: str) -> CommandResult:
    """Its interpreter, in its folder, with the real settings."""
    try:
        process = _start(release, settings, *words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except CheckError as error:
        return CommandResult(UNEXPECTED, "", str(error))
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return CommandResult(UNEXPECTED, "", f"no answer within {LIMIT:g} seconds")
    finally:
        _end(process)
    return CommandResult(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


def _start(
    release: Release, settings: Path, *words: str, stdin: int, stderr: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Its interpreter, in its folder, with the real settings, in a session of its own. Raises CheckError."""
    environment = {
        name: value for name, value in own_environment().items() if not name.startswith("SHEPHERD_")
    }
    environment |= {"SHEPHERD_CONFIG": str(settings), "LC_ALL": "C.UTF-8", "PWD": str(release.path)}
    try:
        return subprocess.Popen(
            [release.python, *words],
            cwd=release.path,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    except OSError as error:
        raise CheckError(
            f"{release.id} does not start: its Python cannot be run ({error.strerror}): {release.python}"
        ) from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it started; one that has ended is only collected."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return clean(lines[-1], 400) if lines else "it said nothing"
