"""Whether the journal has anything under a name that the settings do not know any more
(docs/rules.md#what-people-say)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from shepherd.running.doctor.checking import OFFLINE, CheckContext, Finding, ok, warn
from shepherd.running.doctor.data import sqlite_path
from shepherd.settings import Settings


def journals(given: CheckContext) -> Iterator[Finding]:
    """One finding for each branch that was followed once; of old ones it is only said."""
    from shepherd.stages.renamed import left_journals
    from shepherd.store import Database

    settings = given.settings
    path = sqlite_path(settings)
    if (path is not None and not path.exists()) or (path is None and given.offline):
        yield ok("journals", OFFLINE if path is None else "there is none yet")
        return
    with Database(settings.database_url, read_only=True) as database:
        left = left_journals(database, settings)
    if not left:
        yield ok("journals", "each is that of a branch that is followed")
    for each in left:
        what = f"{each.name} is not followed any more; its journal has {each.holds}"
        title = f"journals {each.name}"
        if each.carried_by:
            yield ok(title, f"{what}, which {each.carried_by} carries on")
        elif _is_old(each.written, given.now, settings):
            yield ok(title, what)
        else:
            yield warn(title, what, f"if it was renamed: call its table [branches.{each.name}] as before")


def _is_old(written: str, now: datetime, settings: Settings) -> bool:
    last = datetime.fromisoformat(written.replace("Z", "+00:00")) if written else now
    return now - last > timedelta(seconds=settings.keep_seconds)
