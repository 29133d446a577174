"""Whether there is a backup of the last days (docs/backups.md#every-day)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from shepherd.errors import ShepherdError
from shepherd.running.backup.places import backups_in
from shepherd.running.doctor.checking import CheckContext, Finding, ok, warn
from shepherd.running.doctor.data import rows, sqlite_path
from shepherd.running.situation import stage_runs
from shepherd.situation import StageRuns
from shepherd.values import count, when

OLD = timedelta(days=2)


def backup(context: CheckContext) -> Iterator[Finding]:
    """There is one that is not old, and it can be opened."""
    settings, folder = context.settings, context.settings.backup_path
    if sqlite_path(settings) is None and (wrong := _programs(context)):
        yield wrong
        return
    backups = [each for each in backups_in(folder) if each.at <= context.now + timedelta(minutes=2)]
    if not backups:
        yield _none(context, folder)
        return
    from shepherd.running.backup.reading import manifest_of

    newest = backups[-1]
    made = f"at {when(newest.at, context.now)}"
    try:
        manifest_of(newest.path)
    except ShepherdError as error:
        yield warn("backup", str(error), f"look at it, move it to another folder, then: inv backup {folder}")
        return
    if context.now - newest.at > OLD and settings.backup.daily:
        remedy = "inv run; its stage backup says why there is no newer one"
        yield warn("backup", f"the newest one in {folder} was made {made}", remedy)
        return
    same = folder.stat().st_dev == settings.state_path.stat().st_dev
    where = "on the same file system as state_dir" if same else "on a file system of its own"
    yield ok("backup", f"made {made}, {count(len(backups), 'backup')} in {folder}, {where}")


def _programs(context: CheckContext) -> Finding | None:
    """What is wrong with the programs that dump the journal of a server."""
    from shepherd.running.backup.dumping import REMEDY, programs, version_of

    missing = [name for name in ("pg_dump", "pg_restore") if not programs(name)]
    if missing:
        return warn("backup", f"none can be made, since {missing[0]} is not there", REMEDY)
    if context.offline:
        return None
    server = int(rows(context.settings, "SHOW server_version_num")[0][0]) // 10000
    newest = max(version_of(each) for each in programs("pg_dump"))
    if newest < server:
        what = f"none can be made, since pg_dump is version {newest} and the server {server}"
        return warn("backup", what, REMEDY)
    return None


def _none(context: CheckContext, folder: Path) -> Finding:
    if not context.settings.backup.daily:
        return ok("backup", f"none in {folder}; none is made by itself (backup.daily = false)")
    if stage_runs(context.settings).get("backup", StageRuns()).last_good is None:
        return ok("backup", f"none in {folder} yet: the next inv run makes one")
    return warn("backup", f"there is none in {folder}", "is its disk mounted? Else inv run makes one")
