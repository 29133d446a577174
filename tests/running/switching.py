"""The maintenance switch as people and upgrades set it, and every form in which it may be found."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from shepherd.running import maintenance, records, switch, upgrade_record
from shepherd.running.runner import prepare_state
from shepherd.running.tasking import TaskOptions
from tests.running.host import Host


def _unreadable(path: Path) -> None:
    path.touch()
    path.chmod(0)


def _large(path: Path) -> None:
    path.touch()
    os.truncate(path, 100_000_000)


def touched_at(path: Path, when: float) -> None:
    path.touch()
    os.utime(path, (when, when))


FORMS: dict[str, Callable[[Path], object]] = {
    "a bare touch": lambda path: path.touch(),
    "words": lambda path: path.write_text("new disk, back at 5\n"),
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "100 MB": _large,
    "a folder": lambda path: path.mkdir(),
    "a full folder": lambda path: (path / "x").mkdir(parents=True),
    "a FIFO": os.mkfifo,
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "unreadable": _unreadable,
    "from 1970": lambda path: touched_at(path, 0),
    "from the year 9999999": lambda path: touched_at(path, 3e14),
    "times that are none": lambda path: path.write_text('since = 2026-01-01\nuntil = "soon"\nwho = 3\n'),
}


def turn_on(host: Host, who: str = "ann", reason: str | None = "new disk") -> tuple[int, str]:
    """Exit code and what it printed."""
    with redirect_stdout(io.StringIO()) as printed:
        code = switch.on(TaskOptions(host.project.settings, who), reason, None)
    return code, printed.getvalue().removesuffix("\n")


def turn_off(host: Host, who: str = "ann", of: str | None = None) -> tuple[int, str]:
    """Exit code and what it printed; `of`: whose, where it is not one's own."""
    with redirect_stdout(io.StringIO()) as printed:
        code = switch.off(TaskOptions(host.project.settings, who), of)
    return code, printed.getvalue().removesuffix("\n")


def entries(host: Host) -> list[tuple[str, str]]:
    """Who set it and why, as they stand in it."""
    return [(each.who, each.why) for each in maintenance.present(host.state)]


def of_an_upgrade(host: Host, how: str) -> None:
    """The switch of an upgrade, and what is known of that."""
    prepare_state(host.state)
    maintenance.switch_on(host.state, "olga", "upgrade to 0002-x", None, datetime.now(UTC), upgrade="a token")
    process = records.own("upgrade", datetime.now(UTC))
    if how == "killed":
        process = replace(process, started=process.started - 900)
    if how != "lost":
        upgrade_record.write(
            host.state, upgrade_record.Upgrade("a token", "", "0002-x", "quiet", "olga", process)
        )
    if how == "unreadable":
        upgrade_record.path_of(host.state).write_text("{")
