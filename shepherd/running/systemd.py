"""What we ask of systemd, by `systemctl`: root's, or that of a user (docs/timers.md)."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

from shepherd.errors import ShepherdError
from shepherd.login import user_name
from shepherd.values import clean

LIMIT = 20
"""Seconds that one call of `systemctl` may take."""
RUNS = Path("/run/systemd/system")
"""A folder that is there exactly where systemd runs the host (sd_booted(3))."""
LINGERING = Path("/var/lib/systemd/linger")
"""A file for each user whose systemd runs without a login (`loginctl enable-linger`)."""
SYSTEM_UNITS = Path("/etc/systemd/system")


class SystemdError(ShepherdError):
    """systemd does not run here, or did not do what it was asked for."""


def runs() -> bool:
    """Whether systemd runs this host."""
    return RUNS.is_dir()


def unit_folder(*, system: bool) -> Path:
    """Where the administrator's units lie, or a user's own."""
    if system:
        return SYSTEM_UNITS
    return Path(os.environ.get("XDG_CONFIG_HOME") or _home() / ".config") / "systemd" / "user"


def lingers() -> bool:
    """Whether the systemd of this user runs from boot on, and goes on when the user logs out."""
    return (LINGERING / user_name()).exists()


def lingering_command() -> str:
    """What root types so that it does."""
    return f"loginctl enable-linger {user_name()}"


def command(*arguments: str, system: bool) -> list[str]:
    """The words of a call of systemctl."""
    return ["systemctl", *([] if system else ["--user"]), *arguments]


def call(*arguments: str, system: bool) -> str:
    """What `systemctl` prints.

    Raises:
        SystemdError: it ended with a failure, or took too long.
    """
    code, out, complaint = _run(command(*arguments, system=system))
    if code:
        raise SystemdError(f"systemctl {arguments[0]} failed: {complaint or f'it ended with {code}'}")
    return out


def properties(unit: str, *names: str, system: bool) -> dict[str, str]:
    """Properties of a unit, also of one that does not exist. Raises SystemdError."""
    lines = call("show", unit, f"--property={','.join(names)}", system=system).splitlines()
    return dict(line.partition("=")[::2] for line in lines)


def outdated(*units: str, system: bool) -> list[str]:
    """Those of which systemd has read a file that was another one then. Raises SystemdError."""
    # one line for each, and an empty one between two
    answers = call("show", *units, "--property=NeedDaemonReload", system=system).split()
    return [unit for unit, answer in zip(units, answers, strict=False) if answer.endswith("=yes")]


def last_lines(unit: str, lines: int, *, system: bool) -> str:
    """The last lines of a unit in the journal; empty where they cannot be read."""
    option = "--unit" if system else "--user-unit"
    words = ["journalctl", f"{option}={unit}", f"--lines={lines}", "--output=cat", "--no-pager", "--quiet"]
    try:
        code, out, _ = _run(words)
    except SystemdError:
        return ""
    return "" if code else out


def _run(words: list[str]) -> tuple[int, str, str]:
    """The exit code, standard output, and standard error cleaned."""
    if not runs():
        raise SystemdError("systemd does not run here: use cron instead (inv cron.install)")
    environ = {**os.environ, "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}
    if "--user" in words and not _is_in_passwd():
        raise SystemdError(
            f"systemd runs nothing for {user_name()}, which has no entry in /etc/passwd: use cron instead"
            " (inv cron.install), or as root: inv timer.install --system"
        )
    place = f"/run/user/{os.geteuid()}"
    # not set by sudo, nor by ssh where PAM does not: only there it can be found
    environ.setdefault("XDG_RUNTIME_DIR", place)
    if "--user" in words and not Path(environ["XDG_RUNTIME_DIR"], "systemd").is_dir():
        raise SystemdError(
            f"the systemd of user {user_name()} does not run; as root: {lingering_command()}; then run this"
            " again"
        )
    try:
        done = subprocess.run(words, capture_output=True, env=environ, timeout=LIMIT, check=False)
    except FileNotFoundError:
        raise SystemdError(
            f"there is no {words[0]} program here: use cron instead (inv cron.install)"
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SystemdError(f"{words[0]} could not be run ({clean(str(error), 200)})") from None
    return (
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        clean(done.stderr.decode("utf-8", "replace").strip(), 300),
    )


def _is_in_passwd() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


def _home() -> Path:
    """The folder of this user as passwd has it, whatever sudo left in HOME; else HOME."""
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:
        return Path(os.environ.get("HOME") or "/")
