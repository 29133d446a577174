"""The freezes of a branch: what persons said, and the standing windows of the settings
(docs/running.md#freeze).

A person's word is in the journal. A copy lies next to the answer, for all who may read that: they need no
rights to the database. Who acts asks the journal.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from msgspec import Struct

from shepherd.errors import StoreError
from shepherd.freeze import NEVER, Span, Window, next_after, on_at, window
from shepherd.locks import locked
from shepherd.settings import Settings
from shepherd.situation import Freeze
from shepherd.statefile import StateFile
from shepherd.values import clean

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from shepherd.store import Journal

KIND = "freeze"
LONGEST_REASON = 1000
PATIENCE = 30.0
"""Seconds that a promotion waits for somebody who is writing a freeze, and the other way round."""


class FreezeWord(Struct, frozen=True):
    """What one person said of one branch, and nobody has taken back."""

    id: str
    who: str
    why: str
    since: datetime
    until: datetime | None = None
    """None: until somebody ends it."""


def words_in(journal: Journal) -> tuple[FreezeWord, ...]:
    """What persons said and nobody took back, oldest first; also what is over by itself."""
    words: dict[str, FreezeWord] = {}
    for entry in journal.entries(KIND):
        if entry.data.get("on"):
            until = entry.data.get("until")
            end = datetime.fromisoformat(until) if until else None
            words[entry.subject] = FreezeWord(entry.subject, entry.who, entry.why, entry.time, end)
        else:
            words.pop(entry.subject, None)
    return tuple(words.values())


def in_effect(words: Sequence[FreezeWord], at: datetime) -> list[FreezeWord]:
    """Those that are not over by themselves. A clock that was set back ends none."""
    return [word for word in words if word.until is None or at < word.until]


def freezes_at(
    settings: Settings, branch: str, words: Sequence[FreezeWord], at: datetime
) -> tuple[Freeze, ...]:
    """All that is on at a moment; the one that ends last first."""
    warn_after = timedelta(seconds=settings.freeze_warn_after)
    freezes = [
        Freeze(
            word.since,
            word.until,
            word.who,
            word.why,
            overdue=word.until is None and at - word.since > warn_after,
        )
        for word in in_effect(words, at)
    ]
    windows = _windows(settings, branch)
    if windows and (span := on_at(windows, _zone(settings), at)) is not None:
        freezes.append(_standing(span))
    return tuple(sorted(freezes, key=lambda each: each.until or NEVER, reverse=True))


def next_freeze(settings: Settings, branch: str, at: datetime) -> Freeze | None:
    """The next standing window, after what is on now."""
    windows = _windows(settings, branch)
    span = next_after(windows, _zone(settings), at) if windows else None
    return _standing(span) if span is not None else None


def copied_words(settings: Settings, branch: str) -> tuple[FreezeWord, ...]:
    """What persons said, by the copy for readers; nothing if there is none.

    Raises:
        UnreadableFileError: something else is there.
    """
    return _copy(settings, branch).read() or ()


def make_copy(settings: Settings, branch: str, journal: Journal, at: datetime) -> None:
    """Let the copy for readers say what the journal says, but for what is over by itself. Within a
    transaction, so that of several who write it none brings back what another has changed.

    Raises:
        StoreError: it cannot be written.
    """
    words = tuple(in_effect(words_in(journal), at))
    file = _copy(settings, branch)
    journal.share_file(f"snapshots/{branch}/{file.path.name}", file.encoded(words))
    if words or os.path.lexists(file.path):
        file.write(words)


@contextmanager
def freeze_lock(settings: Settings, wait: float = 0.0) -> Iterator[int]:
    """Hold `run/freeze.lock`: from the last look whether a branch is frozen to the end of the move, and while
    a freeze is written; with PostgreSQL its counterpart on the server, too, for other hosts. Yields its
    descriptor, -1 if somebody else holds one of them for all of `wait` seconds.

    Raises:
        StoreError: the lock file cannot be used, the server cannot be reached.
    """
    path, end = settings.state_path / "run" / "freeze.lock", monotonic() + wait
    with ExitStack() as held:
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            handle = held.enter_context(locked(path, wait=wait))
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be locked ({error.strerror}): check what is in its place, and that the disk"
                " can be written to"
            ) from None
        if handle >= 0 and settings.on_server:
            from shepherd.store import postgresql

            password, left = settings.database_password, end - monotonic()
            if not held.enter_context(postgresql.no_freeze(settings.database_url, password, left)):
                handle = -1
        yield handle


def _copy(settings: Settings, branch: str) -> StateFile[tuple[FreezeWord, ...]]:
    path = settings.state_path / "snapshots" / branch / "freezes"
    return StateFile(path, tuple[FreezeWord, ...], mode=0o644)


def _windows(settings: Settings, branch: str) -> list[Window]:
    every = (*settings.freeze, *settings.branches[branch].freeze)
    return [window(each.days, each.dates, clean(each.reason, LONGEST_REASON)) for each in every]


def _zone(settings: Settings) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(settings.timezone)


def _standing(span: Span) -> Freeze:
    until = span.end.astimezone(UTC) if span.end != NEVER else None
    return Freeze(span.start, until, "", ", ".join(span.reasons))
