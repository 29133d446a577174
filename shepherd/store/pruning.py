"""Which kept snapshots may go: no single run's clock decides that (docs/settings.md, `keep`).

A snapshot goes once three things agree:

* it is older than `keep` by the clock of this run;
* as many later days as `keep` has are there, days on which an answer was kept. A clock that is a year ahead
  for some hours adds a day or two to those, not ninety;
* the journal's entry that it names comes before the one that the oldest snapshot which stays names. One that
  was written while the clock had gone back only looks old.

So where answers change every day they are kept for `keep`, and else for longer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from shepherd import plainfile
from shepherd.snapshot import JournalPlace
from shepherd.store.snapshot_files import stored

DAY = 86_400
WEEK = 7 * DAY


class SnapshotFile(NamedTuple):
    """A snapshot's file and when it was written, in seconds since 1970."""

    path: Path
    at: float


def outdated(
    kept: Sequence[SnapshotFile],
    now: float,
    keep: float,
    *,
    unit: int = DAY,
    place: Callable[[Path], int] | None = None,
) -> list[Path]:
    """The files that may go.

    Args:
        kept: all snapshots of a branch but the latest.
        now, keep: seconds.
        unit: DAY, or WEEK where not every day has a file.
        place: of a file in the order in which they were written; None: they are snapshots, which name it.
    """
    place = place or _place
    days = sorted({int(each.at // unit) for each in kept}, reverse=True)
    wanted = max(1, int(-(-keep // unit)))
    if len(days) <= wanted:
        return []
    since = min(now - keep, days[wanted - 1] * unit)
    old = [each for each in kept if each.at < since]
    if not old:
        return []
    oldest = min((each for each in kept if each.at >= since), key=lambda each: each.at)
    newest = place(oldest.path)
    return [each.path for each in old if place(each.path) <= newest]


class _Placed(Struct, frozen=True):
    journal: JournalPlace | UnsetType | None = UNSET


def _place(path: Path) -> int:
    """Of the journal's last entry when the snapshot was written; 0 where it does not say."""
    try:
        place = msgspec.json.decode(stored(path), type=_Placed).journal
    except (plainfile.UnreadableFileError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0
    return place.seq if isinstance(place, JournalPlace) else 0
