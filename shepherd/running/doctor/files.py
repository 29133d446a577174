"""Who may read and write what: state_dir, the report, secrets (docs/interfaces.md#files); and whether the
disk has room."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

from shepherd import mounts
from shepherd.errors import SettingsError
from shepherd.report_files import OURS
from shepherd.running.doctor.checking import CheckContext, Finding, fail, ok, warn
from shepherd.settings import Settings
from shepherd.values import first_few, quoted

OTHERS_WRITE = 0o022
MOST = 20_000
"""Files that a check looks at, so that it ends."""
LEAST_FREE = 200_000_000
LEAST_SHARE = 0.05

_PUBLIC = ("snapshots", "report")
_TOUCHED = ("maintenance.txt",)
"""Made by a bare `touch`, with whatever rights that gives."""


def settings_files(settings: Settings) -> Iterator[Finding]:
    """Which files they are read from, and for which branches."""
    branches = ", ".join(first_few(list(settings.branches), f"{len(settings.branches)} in all"))
    more = f" and {len(settings.included)} included" if settings.included else ""
    yield ok("settings", f"{settings.file}{more}, for {branches}")
    if settings.include:
        from shepherd.settings.layers import unmatched

        for pattern in unmatched(settings):
            what = f"include names {quoted(pattern)}, which no file matches"
            yield warn("settings", what, f"put files there, or take it out of {settings.file}")


def state_dir(context: CheckContext) -> Iterator[Finding]:
    state = context.settings.state_path
    if why := mounts.refusal_of(state, context.settings.database_url):
        yield Finding("fail", "state_dir", why, wrong=True)
        return
    if not state.exists():
        yield warn("state_dir", f"{state} is not there yet", "inv find makes it")
        return
    if not state.is_dir():
        yield Finding("fail", "state_dir", f"{state} is not a directory", "move it away", wrong=True)
        return
    status = state.stat()
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.geteuid():
        what = f"{state} belongs to user id {status.st_uid}, you are {os.geteuid()}"
        yield Finding("fail", "state_dir", what, "run it as that user (sudo -u …)", wrong=True)
    elif not os.access(state, os.W_OK):
        yield fail("state_dir", f"{state} cannot be written to", "is its disk mounted read-only? (dmesg)")
    elif mode & OTHERS_WRITE:
        yield fail("state_dir", f"{state} is writable by others (mode {mode:04o})", f"chmod 711 {state}")
    elif mode != 0o711:
        yield warn("state_dir", f"{state} has mode {mode:04o}, not 0711", f"chmod 711 {state}")
    else:
        yield ok("state_dir", f"{state} is ours, mode 0711")


def rights(context: CheckContext) -> Iterator[Finding]:
    """Everything in state_dir is ours, and private (0700, 0600) but for what readers need."""
    state = context.settings.state_path
    if not state.is_dir():
        return
    report = Path(os.path.realpath(context.settings.report_path))
    open_ones = []
    for entry in sorted(state.iterdir()):
        if entry.name in (*_PUBLIC, *_TOUCHED) or entry.resolve() == report or entry.is_symlink():
            continue
        mode = stat.S_IMODE(entry.lstat().st_mode)
        if mode & 0o077:
            open_ones.append(f"{entry.name} ({mode:04o})")
    owner = state.stat().st_uid
    strange = [path for path, status in _walk(state) if status.st_uid != owner]
    if strange:
        yield fail("rights", f"{_some(strange)} belongs to somebody else", f"chown -R {owner} {state}")
    if open_ones:
        yield warn("rights", f"others can open {', '.join(open_ones)}", f"chmod go= them in {state}")
    if not strange and not open_ones:
        yield ok("rights", "all in state_dir is ours, and private but for report and snapshots")


def report(context: CheckContext) -> Iterator[Finding]:
    """The web server reads the report as somebody else, who may change nothing in it."""
    folder = Path(os.path.realpath(context.settings.report_path))
    if not folder.is_dir():
        yield warn("report", f"{folder} is not there yet", "inv report makes it")
        return
    hidden, loose = [], []
    for path, status in _walk(folder):
        if status.st_mode & OTHERS_WRITE and not stat.S_ISLNK(status.st_mode):
            loose.append(path)
        needed = 0o005 if stat.S_ISDIR(status.st_mode) else 0o004
        if status.st_mode & needed != needed and not path.name.startswith("."):
            hidden.append(path)
    if strange := _unwritten(folder, context.settings.branches):
        what = f"{_some(strange)}: this release does not write that, and it may say what is not true any more"
        yield warn("report", what, "remove what another release left there")
    closed = [parent for parent in folder.parents if not parent.stat().st_mode & 0o001]
    if loose:
        yield fail("report", f"others may change {_some(loose)}", f"chmod -R go-w {folder}")
    if hidden:
        yield fail("report", f"readers cannot read {_some(hidden)}", f"chmod -R a+rX {folder}")
    if closed and not context.settings.report.publish:
        yield warn("report", f"{closed[0]} hides it from readers", f"chmod o+x {closed[0]}, or publish it")
    elif not loose and not hidden and not strange:
        yield ok("report", f"{folder} can be read by everybody, and changed only by us")


def _unwritten(folder: Path, branches: Collection[str]) -> list[Path]:
    """Files that bear a branch's name, and that this release does not write: of one that was left without
    `inv upgrade`, or by a release without this list (docs/feeds.md#going-back-to-an-older-release)."""
    written = OURS.names(branches)
    return sorted(
        path
        for path in folder.iterdir()
        if path.name not in written and any(path.name.startswith(f"{branch}.") for branch in branches)
    )


def secrets(context: CheckContext) -> Iterator[Finding]:
    """Every `…_file` and `…_env` of the settings gives its secret; nobody else can change the settings."""
    settings = context.settings
    # what the settings may still name after the tracker was switched off is asked for by nobody
    used = map(settings.with_tracker, settings.by_tracker)
    secret = {
        each.secret_sources("tracker.credentials")
        for each in used
        if each.tracker.type not in ("none", "file")
    }
    unread = {
        key
        for key in settings.secret_keys
        if key.endswith(".credentials") and settings.secret_sources(key) not in secret
    }
    # `notify` looks at those of [[notify]], and at what is in them
    keys = [key for key in settings.secret_keys if key not in unread and not key.startswith("notify.")]
    wrong = []
    for key in keys:
        try:
            settings.secret(key, os.environ)
        except SettingsError as error:
            wrong.append(str(error))
    for each in wrong:
        yield fail("secrets", each)
    loose = [each for each in (settings.file, *settings.included) if each.stat().st_mode & OTHERS_WRITE]
    for path in loose:
        yield fail("secrets", f"others may change {path}", f"chmod go-w {path}")
    if not loose and not wrong:
        others = " but those of [[notify]]" if settings.notify else ""
        yield ok("secrets", ", ".join(keys) if keys else f"the settings name none{others}")


def disk(context: CheckContext) -> Iterator[Finding]:
    places = map(_existing, (context.settings.report_path, context.settings.state_path))
    # one line a file system
    for place in {place.stat().st_dev: place for place in places}.values():
        usage = shutil.disk_usage(place)
        room = f"{usage.free / 1e6:,.0f} MB free ({usage.free / (usage.total or 1):.0%}) at {place}"
        if usage.free < LEAST_FREE or usage.free < LEAST_SHARE * usage.total:
            yield warn("disk", room, "make room: a run on a full disk changes nothing")
        else:
            yield ok("disk", room)


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The folder and what is in it, links not followed; what vanishes meanwhile is left out."""
    everything = (
        Path(parent, name)
        for parent, folders, files in os.walk(folder)
        for name in (".", *folders, *files)
        if name != "." or Path(parent) == folder
    )
    for path in islice(everything, MOST):
        try:
            yield path, path.lstat()
        except FileNotFoundError:
            continue


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def _some(paths: list[Path]) -> str:
    return f"{paths[0]}" + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
