"""`inv timer.show`, `.install`, `.remove`: the systemd units that call the shepherd (docs/timers.md).

A unit is ours if it begins with our mark; any other file of that name is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import unified_diff
from pathlib import Path

from msgspec import Struct

from shepherd.atomic import public_folder, write_atomically
from shepherd.errors import PARTLY, SettingsError, ShepherdError, StoreError
from shepherd.running import crontab, elsewhere, systemd
from shepherd.running.calling import refuse_others, shepherd_id
from shepherd.running.log import line, now, run_id
from shepherd.running.runner import log_of, prepare_state
from shepherd.running.tasking import ROOT, say
from shepherd.running.timer_units import file_names, text_of_ours, unit_name, units
from shepherd.settings import Settings
from shepherd.views.clean import clean


class UnitChange(Struct, frozen=True):
    """One file before and after; None: it is not there."""

    path: Path
    text: str | None
    new_text: str | None

    @property
    def lines(self) -> list[str]:
        """The change as `diff` prints it."""
        old, new = ((each or "").splitlines() for each in (self.text, self.new_text))
        changes = unified_diff(old, new, lineterm="", n=0)
        return [clean(each) for each in changes if not each.startswith(("---", "+++", "@@"))]


class TimerPlan(Struct, frozen=True):
    """What installing or removing does: files first, then calls of systemctl; for a removal, some before."""

    changes: tuple[UnitChange, ...]
    before: tuple[tuple[str, ...], ...] = ()
    after: tuple[tuple[str, ...], ...] = ()
    system: bool = False

    @property
    def empty(self) -> bool:
        return not self.changes and not self.before and not self.after

    def show(self) -> None:
        """Print it."""
        for words in self.before:
            say(" ".join(systemd.command(*words, system=self.system)))
        for change in self.changes:
            how = "write" if change.text is None else "remove" if change.new_text is None else "change"
            say(f"{how} {clean(str(change.path))}")
            for each in change.lines if how == "change" else ():
                say(f"  {each}")
        for words in self.after:
            say(" ".join(systemd.command(*words, system=self.system)))


def show(settings: Settings, *, system: bool) -> int:
    """`inv timer.show`: the units that `timer.install` would write."""
    folder = systemd.unit_folder(system=system)
    for number, (name, text) in enumerate(units(settings, system=system).texts.items()):
        say(f"{chr(10) if number else ''}# {folder / name}\n{text.rstrip()}")
    return 0


def install(settings: Settings, who: str, *, system: bool, dry: bool = False) -> int:
    """`inv timer.install`; 7 where the timer will not run without a login. Raises SettingsError: the shepherd
    of these settings is elsewhere."""
    if not dry:
        elsewhere.confirm(settings, "timer.install")
    _refuse(settings, system, remove=False)
    plan = planned(settings, system=system)
    timer = f"{unit_name(settings)}.timer"
    if plan.empty:
        say(f"{timer} is installed so already, and is active: nothing to do")
    else:
        _carry_out(settings, plan, who, "timer.install", dry)
        if not dry:
            say(f"installed {timer}; when it is due: {_list(settings, system)}")
    if not system and _in_crontab(settings):
        say(
            "cron calls the shepherd too. That does no harm, since only one copy works at a time; to take it"
            " out of the crontab: inv cron.remove"
        )
    if not system and not systemd.lingers():
        say(
            "it runs only while this user is logged in, since the user does not linger; as root:"
            f" {systemd.lingering_command()}"
        )
        return PARTLY
    return 0


def remove(settings: Settings, who: str, *, system: bool, dry: bool = False) -> int:
    """`inv timer.remove`: disables what is ours, and removes it."""
    _refuse(settings, system, remove=True)
    plan = planned(settings, system=system, remove=True)
    if plan.empty:
        say(f"there is no {unit_name(settings)}.timer in {systemd.unit_folder(system=system)}: nothing to do")
        return 0
    _carry_out(settings, plan, who, "timer.remove", dry)
    if not dry:
        say(f"removed {unit_name(settings)}.timer")
    return 0


def planned(settings: Settings, *, system: bool, remove: bool = False, root: Path = ROOT) -> TimerPlan:
    """What installing or removing has to do.

    Raises:
        SettingsError: a file of that name is not ours, or a path cannot be written in a unit.
        SystemdError: systemd does not run here.
    """
    folder = systemd.unit_folder(system=system)
    texts = {} if remove else units(settings, system=system, root=root).texts
    changes = []
    for name in file_names(settings):
        text, wanted = text_of_ours(folder / name), texts.get(name)
        if text != wanted:
            changes.append(UnitChange(folder / name, text, wanted))
    timer = f"{unit_name(settings)}.timer"
    if remove:
        gone = tuple(changes)
        if not gone:
            return TimerPlan((), system=system)
        # systemd refuses to disable a timer that an installing that was killed has not written yet
        there = any(each.path.name == timer for each in gone)
        return TimerPlan(gone, (("disable", "--now", timer),) if there else (), (("daemon-reload",),), system)
    state = systemd.properties(timer, "ActiveState", "UnitFileState", system=system)
    # files of an installing that failed, or was killed, before systemd had read them
    unread = systemd.outdated(*file_names(settings), system=system)
    after: list[tuple[str, ...]] = [("daemon-reload",)] if changes or unread else []
    if state.get("UnitFileState") != "enabled":
        after.append(("enable", timer))
    if timer in (*unread, *(each.path.name for each in changes)):
        after.append(("restart", timer))
    elif state.get("ActiveState") != "active":
        after.append(("start", timer))
    return TimerPlan(tuple(changes), (), tuple(after), system)


def _in_crontab(settings: Settings) -> bool:
    try:
        return bool(crontab.split(crontab.read(), shepherd_id(settings)).block)
    except ShepherdError:
        return False


def _refuse(settings: Settings, system: bool, *, remove: bool) -> None:
    if not system:
        refuse_others(settings, "whose systemd calls it")
    elif os.geteuid() != 0:
        raise SettingsError(
            "only root can change the units of the whole system: run it as root, or without --system for"
            " those of your own"
        )
    elif not remove and not settings.state_path.exists():
        raise SettingsError(
            f"{settings.state_path} is not there, so that nobody knows which user the shepherd runs as: make"
            " it first, as that user: inv run"
        )


def _carry_out(settings: Settings, plan: TimerPlan, who: str, what: str, dry: bool) -> None:
    plan.show()
    if dry:
        say("would do this")
        return
    with _as_owner(settings):
        prepare_state(settings.state_path)
        if what == "timer.install":
            # a unit may only write into folders that are there when it starts
            public_folder(settings.report_path)
            _private_folder(settings.backup_path)
    for words in plan.before:
        systemd.call(*words, system=plan.system)
    for change in plan.changes:
        if change.new_text is None:
            _unlink(change.path)
        else:
            _write(change.path, change.new_text)
    for words in plan.after:
        systemd.call(*words, system=plan.system)
    at = now()
    with _as_owner(settings):
        log_of(settings).write(
            line(
                at,
                run=run_id(at),
                event="act",
                branch="all",
                what=what,
                on=str(systemd.unit_folder(system=plan.system)),
                files=" ".join(each.path.name for each in plan.changes) or "none",
                by=who,
            )
        )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be made ({error.strerror})") from None
    write_atomically(path, text.encode(), 0o644)


def _private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made ({error.strerror})") from None


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be removed ({error.strerror}); remove it by hand") from None


@contextmanager
def _as_owner(settings: Settings) -> Iterator[None]:
    """Write in state_dir as its owner, so that root leaves nothing there that its owner cannot write."""
    state, uid, gid = settings.state_path, os.geteuid(), os.getegid()
    if uid != 0 or not state.exists() or state.stat().st_uid == 0:
        yield
        return
    about = state.stat()
    os.setegid(about.st_gid)
    os.seteuid(about.st_uid)
    try:
        yield
    finally:
        os.seteuid(uid)
        os.setegid(gid)


def _list(settings: Settings, system: bool) -> str:
    return " ".join(systemd.command("list-timers", f"{unit_name(settings)}.timer", system=system))
