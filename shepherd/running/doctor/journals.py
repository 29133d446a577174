"""Whether the journal has anything under a name that the settings no longer know
(docs/rules.md#what-people-say)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from shepherd.errors import NoAnswerError
from shepherd.running.doctor.checking import OFFLINE, CheckContext, Finding, ok, warn
from shepherd.running.doctor.data import sqlite_path
from shepherd.settings import Settings

NONE_YET = "there is none yet"


def journals(context: CheckContext) -> Iterator[Finding]:
    """One finding for each branch that is no longer followed; a warning where it was not long ago."""
    from shepherd.stages.renamed import left_journals
    from shepherd.store import Database

    settings = context.settings
    path = sqlite_path(settings)
    if (path is not None and not path.exists()) or (path is None and context.offline):
        yield ok("journals", OFFLINE if path is None else NONE_YET)
        return
    try:
        with Database.of(settings, read_only=True) as database:
            left = left_journals(database, settings)
    except NoAnswerError:
        # a server's database that nothing was written into
        yield ok("journals", NONE_YET)
        return
    if not left:
        yield ok("journals", "each is that of a branch that is followed")
    for each in left:
        what = f"{each.name} is no longer followed; its journal has {each.holds}"
        title = f"journals {each.name}"
        if each.carried_by:
            yield ok(title, f"{what}, which {each.carried_by} carries on")
        elif _is_old(each.written, context.now, settings):
            yield ok(title, what)
        else:
            yield warn(title, what, f"if it was renamed: call its table [branches.{each.name}] as before")


def _is_old(written: str, now: datetime, settings: Settings) -> bool:
    last = datetime.fromisoformat(written.replace("Z", "+00:00")) if written else now
    return now - last > timedelta(seconds=settings.keep)
