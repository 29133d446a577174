"""The systemd units that call the shepherd: their names, their text, and what they may write
(docs/timers.md#what-the-units-may-do)."""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path

from msgspec import Struct

from shepherd.errors import SettingsError, ShepherdError
from shepherd.running import systemd
from shepherd.running.calling import shepherd_id, words
from shepherd.running.tasking import ROOT
from shepherd.settings import Settings, is_url

MARK = "# Written by inv timer.install"
"""How a unit of ours begins; a file of that name that begins otherwise is never touched."""
LARGEST_UNIT = 100_000
LONGEST_DELAY = 30
"""Seconds by which hosts are kept apart at most."""
TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  # what PrivateTmp hides


class Units(Struct, frozen=True):
    """The units of one shepherd."""

    name: str
    """Of the service and the timer, without what stands behind the dot."""
    texts: dict[str, str]
    """File name -> text."""
    system: bool
    """For root's systemd; else for that of the user."""

    @property
    def timer(self) -> str:
        return f"{self.name}.timer"


def unit_name(settings: Settings) -> str:
    """`qa-shepherd-` and the ten digits that the block in a crontab would have."""
    return f"qa-shepherd-{shepherd_id(settings)}"


def file_names(settings: Settings) -> list[str]:
    """The file names of all its units."""
    name = unit_name(settings)
    return [f"{name}.service", f"{name}-failed.service", f"{name}.timer"]


def units(settings: Settings, *, system: bool, root: Path = ROOT) -> Units:
    """The units as they belong into systemd's folder.

    Raises:
        SettingsError: a path cannot be written in a unit.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from shepherd.views.templates import folder

    environment = Environment(
        loader=FileSystemLoader(folder()),
        autoescape=False,  # noqa: S701  # no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    name, every = unit_name(settings), settings.cron.every
    places = writable(settings)
    known = {
        "name": name,
        "system": system,
        "user": owner(settings),
        "every": every,
        "calendar": calendar(every),
        "delay": min(LONGEST_DELAY, every // 10),
        "stale_after": int(settings.run.stale_after),
        "writable": [f"-{_path(each)}" for each in places],
        "private_tmp": not any(_below(each) for each in (*places, root, settings.file, *_read(settings))),
        "moves_refs": bool(_moved(settings)),
    }
    # `run --cron` with a variable, and not `run --timer`: a release to which somebody rolls back may be older
    # than --timer, and runs all the same
    run = command(words(settings, root, "run", "--cron", SHEPHERD_TIMER="1"))
    failed = command(words(settings, root, "timer.failed"))

    def text(template: str, **more: str) -> str:
        return environment.get_template(f"units/{template}.j2").render(**known, **more)

    texts = (text("service", command=run), text("failed", command=failed), text("timer"))
    return Units(name, dict(zip(file_names(settings), texts, strict=True)), system)


def installed(settings: Settings) -> list[bool]:
    """Where our timer lies: True: among root's units, False: among this user's."""
    timer = f"{unit_name(settings)}.timer"
    return [each for each in (False, True) if _is_there(systemd.unit_folder(system=each) / timer)]


def _is_there(path: Path) -> bool:
    try:
        return text_of_ours(path) is not None
    except ShepherdError:
        # there is a file of that name, which is not ours
        return False


def text_of_ours(path: Path) -> str | None:
    """The text of a unit of ours; None: there is none.

    Raises:
        SettingsError: there is a file of that name that is not ours, or that cannot be read.
    """
    try:
        if path.is_symlink() or not path.is_file():
            if os.path.lexists(path):
                raise SettingsError(
                    f"{path} is not a file that inv timer.install wrote: move it away by hand"
                )
            return None
        with path.open("rb") as file:
            text = file.read(LARGEST_UNIT).decode("utf-8", "replace")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from None
    if not text.startswith(MARK):
        raise SettingsError(f"{path} was not written by inv timer.install: move it away by hand")
    return text


def calendar(seconds: int) -> str:
    """OnCalendar for every so many seconds (`cron.every` is checked with the settings)."""
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 60:
        return f"*:0/{minutes}"
    return "*-*-* 00:00" if hours == 24 else f"*-*-* 00/{hours}:00"


def command(arguments: list[str]) -> str:
    """The words of ExecStart: quoted, and without what systemd would put in for `%` and `$`.

    Raises:
        SettingsError: one cannot be written in a unit.
    """
    return " ".join(_word(each) for each in arguments)


def owner(settings: Settings) -> str:
    """The login of whom state_dir belongs to, or who asks where there is none yet; the number if it has no
    name."""
    state = settings.state_path
    uid = state.stat().st_uid if state.exists() else os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def writable(settings: Settings) -> list[Path]:
    """What a run writes: state_dir, the pages, backups, a tracker's file, a database elsewhere, the local
    repositories in which a promotion moves a ref, and where pages are published on this host."""
    places = [settings.state_path, settings.report_path, settings.backup_path, *_moved(settings)]
    places += [Path(each) for each in settings.report.publish if each.startswith("/")]
    trackers = map(settings.with_tracker, settings.by_tracker)
    places += [each.tracker_path.parent for each in trackers if each.tracker.type == "file"]
    scheme, _, database = settings.database_url.partition(":///")
    if scheme.startswith("sqlite") and database:
        places.append(Path(database.partition("?")[0]).parent)
    real = sorted({Path(os.path.realpath(each)) for each in places})
    return [each for each in real if not any(other in each.parents for other in real)]


def _moved(settings: Settings) -> list[Path]:
    """The local repositories in which a promotion moves a ref."""
    branches = settings.branches.values()
    return [
        _repository(settings, each.repository)
        for each in branches
        if each.promote and _local(each.repository)
    ]


def _read(settings: Settings) -> list[Path]:
    """What a run reads besides its settings: the local repositories, and files that name a revision."""
    branches = settings.branches.values()
    places = [_repository(settings, each.repository) for each in branches if _local(each.repository)]
    files = [pointer.file for each in branches for pointer in (each.deployed, each.qa) if pointer]
    return [*places, *(settings.file.parent / each for each in files if each)]


def _local(repository: str) -> bool:
    return not is_url(repository) or repository.startswith("file://")


def _repository(settings: Settings, repository: str) -> Path:
    return settings.file.parent / repository.removeprefix("file://")


def _below(path: Path) -> bool:
    real = Path(os.path.realpath(path))
    return any(folder in (real, *real.parents) for folder in TEMPORARY)


def _word(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_./:=,+@-]+", text):
        return text
    escaped = _one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return '"{}"'.format(escaped.replace("%", "%%").replace("$", "$$"))


def _path(path: Path) -> str:
    text = _one_line(str(path))
    # what they mean in a list of paths is not what they mean in a command, and is documented nowhere
    if any(char in text for char in '"\\'):
        raise SettingsError(
            f"{text!r} cannot be written in a systemd unit: move it to a path without such characters"
        )
    return text.replace("%", "%%")


def _one_line(text: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 or 0xD800 <= ord(char) < 0xE000 for char in text):
        raise SettingsError(
            f"{text!r} cannot be written in a systemd unit: move it to a path without such characters"
        )
    return text
