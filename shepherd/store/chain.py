"""The hash chain through the journal: each entry names the hash of all that stands before it, so that nothing
can be changed, taken out or put in without the entry after it saying so (docs/audit.md#the-chain).

The hash after an entry is SHA-256 over the hash before it and over everything in the entry but its number,
of all branches together. An entry of a release that knew no chain names none, and is part of it all the same:
the first one that does commits to all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, select

from shepherd.store.tables import journal

Row = Mapping[str, Any] | RowMapping

KEY = "prev"
"""Of an entry's data."""
NOTHING = "0" * 64
"""The hash before the first entry."""
_COLUMNS = ("at", "run_id", "branch", "kind", "subject", "who", "why", "data")
_ROWS = select(journal.c.seq, *(journal.c[name] for name in _COLUMNS))
_NEWEST = _ROWS.order_by(journal.c.seq.desc())


def following(before: str, row: Row) -> str:
    """The hash after an entry, given that before it."""
    content = msgspec.json.encode([before, *(row[name] for name in _COLUMNS)])
    return hashlib.sha256(content).hexdigest()


def head(connection: Connection) -> str:
    """The hash of the whole journal, as it is now."""
    unchained: list[Row] = []
    before = NOTHING
    rows = connection.execute(_NEWEST, execution_options={"yield_per": 500})
    for row in rows.mappings():
        unchained.append(row)
        if known := stated(row["data"]):
            before = known
            break
    rows.close()
    for each in reversed(unchained):
        before = following(before, each)
    return before


def stated(data: str) -> str:
    """The hash that an entry says is before it; empty: it names none."""
    return str(_DECODER.decode(data).prev)


class _Chained(msgspec.Struct):
    prev: str = ""


_DECODER = msgspec.json.Decoder(_Chained)
