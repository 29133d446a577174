"""The hash chain through the journal: each entry names the hash of all that stands before it, so that nothing
can be changed, taken out or put in without the entry after it saying so (docs/audit.md#the-chain).

The hash after an entry is SHA-256 over the hash before it and over everything in the entry but its number,
of all branches together. An entry of a release that knew no chain names none, and is part of it all the same:
the first one that does commits to all of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
from sqlalchemy import Connection, bindparam, func, or_, select

from shepherd.store.tables import journal
from shepherd.values import iso

KEY = "prev"
"""Of an entry's data."""
NOTHING = "0" * 64
"""The hash before the first entry."""
COLUMNS = ("at", "run_id", "branch", "kind", "subject", "who", "why", "data")
"""What is hashed of an entry, in this order."""
ENTRIES = select(journal.c.seq, *(journal.c[name] for name in COLUMNS))

_AT_ONCE = 2_000
"""Entries that are in memory at a time."""
_NEWEST = ENTRIES.order_by(journal.c.seq.desc()).limit(1)
_FROM = ENTRIES.where(journal.c.seq >= bindparam("place")).order_by(journal.c.seq)
_NAMING = (
    select(journal.c.seq, journal.c.data)
    .where(
        journal.c.seq < bindparam("place"),
        # the database looks through them itself: a journal may have years from before there was a chain
        or_(journal.c.data.startswith(f'{{"{KEY}":"'), journal.c.data.contains(f',"{KEY}":"')),
    )
    .order_by(journal.c.seq.desc())
    .limit(1)
)
_BEFORE_RUN = (
    select(journal.c.seq).where(journal.c.at < bindparam("since")).order_by(journal.c.seq.desc()).limit(1)
)
_OF_RUN = select(func.count()).where(
    journal.c.seq > func.coalesce(_BEFORE_RUN.scalar_subquery(), 0), journal.c.run_id == bindparam("run_id")
)
_HASH = re.compile("[0-9a-f]{64}")


def following(before: str, content: Sequence[str]) -> str:
    """The hash after an entry.

    Args:
        before: the hash before it.
        content: its COLUMNS.
    """
    return hashlib.sha256(msgspec.json.encode([before, *content])).hexdigest()


def head(connection: Connection) -> str:
    """The hash after the last entry that there is: that of the whole journal."""
    newest = connection.execute(_NEWEST).one_or_none()
    if newest is None:
        return NOTHING
    return after(newest[1:]) or _head_of_unchained(connection, newest[0])


def head_name(connection: Connection) -> str:
    """The same as people and programs copy it: `NUMBER:HASH`; empty: there is no entry."""
    number = connection.scalar(select(func.max(journal.c.seq)))
    return f"{number}:{head(connection)}" if number else ""


def written_by(connection: Connection, run_id: str, since: datetime) -> int:
    """How many entries a run wrote.

    Args:
        since: when it began, less what clocks of hosts may differ by: what is older is not looked through.
    """
    return connection.scalar(_OF_RUN, {"run_id": run_id, "since": iso(since)}) or 0


def after(content: Sequence[str]) -> str:
    """The hash after an entry, by what it says is before it; empty: it names none."""
    before = stated(content[-1])
    return following(before, content) if before else ""


def stated(data: str) -> str:
    """The hash that an entry says is before it; empty: it names none."""
    try:
        named = _DECODER.decode(data).prev
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        # who reads the entry says so; whatever it holds, those after it commit to it
        return ""
    return named if _HASH.fullmatch(named) else ""


def _head_of_unchained(connection: Connection, place: int) -> str:
    """The same, where the last entry, at this place, is of a release that knew no chain."""
    start, before = 0, NOTHING
    while (row := connection.execute(_NAMING, {"place": place}).one_or_none()) is not None:
        place = row[0]
        if before_it := stated(row[1]):
            start, before = place, before_it
            break
    rows = connection.execute(_FROM, {"place": start}, execution_options={"yield_per": _AT_ONCE})
    for _, *content in rows:
        before = following(before, cast(list[str], content))
    return before


class _Chained(msgspec.Struct):
    prev: str = ""


_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_Chained)
