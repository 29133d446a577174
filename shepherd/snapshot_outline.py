"""What a document says but for its landings, and whether it says the same as a snapshot: for those who write
the next one, and have no room for the last one as well (docs/interfaces.md#snapshot)."""

from __future__ import annotations

from typing import BinaryIO

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shepherd.snapshot import SCHEMA, SCHEMA_SHARING, LandingEntry, Snapshot
from shepherd.snapshot_json import LANDINGS, landing_pieces

_READ = 100_000
"""Bytes that are read at once until the landings begin."""
_LARGEST_HEAD = 5_000_000


def outline_of(content: bytes) -> Snapshot:
    """What a document says but for its landings, of which the snapshot has only the one that `waits` names.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError: it is no snapshot.
    """
    unread = _UNREAD.decode(content)
    waits = unread.waits
    landings: tuple[LandingEntry, ...] = ()
    if waits is not None:
        every = msgspec.json.decode(unread.landings, type=list[msgspec.Raw])
        # nothing blocks it, so it leaves no list out
        its = [raw for raw in every if _NUMBERED.decode(raw).revno == waits.revno]
        landings = tuple(msgspec.json.decode(raw, type=LandingEntry) for raw in its)
    fields = {name: getattr(unread, name) for name in Snapshot.__struct_fields__}
    schema = SCHEMA if unread.schema == SCHEMA_SHARING else unread.schema
    return Snapshot(**{**fields, "landings": landings, "schema": schema})


def same_but_for_times(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots differ only in run id, in when they were made, and in the journal behind them."""
    neutral = replace(
        other,
        run_id=one.run_id,
        generated_at=one.generated_at,
        valid_until=one.valid_until,
        journal=one.journal,
    )
    return neutral == one and one.schema == SCHEMA


def says(document: BinaryIO, snapshot: Snapshot) -> bool:
    """Whether a document says what a snapshot does, but for times, in the way that it is written today. It is
    read as far as they agree, and nothing of it is kept.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError: it is no snapshot. OSError: it cannot be read.
    """
    head = b""
    while LANDINGS not in head:
        piece = document.read(_READ)
        if not piece or len(head) > _LARGEST_HEAD:
            return False
        head += piece
    head, _, landings = head.partition(LANDINGS)
    for expected in landing_pieces(snapshot):
        landings += document.read(max(0, len(expected) - len(landings)))
        if not landings.startswith(expected):
            return False
        landings = landings[len(expected) :]
    rest = landings + document.read()
    if not rest.startswith(b"]"):
        # more landings, or none at all
        return False
    around = outline_of(head + LANDINGS + rest)
    return same_but_for_times(replace(snapshot, landings=()), replace(around, landings=()))


class _Unread(Snapshot, frozen=True):
    landings: msgspec.Raw  # type: ignore[assignment]  # the very reason for it


class _Numbered(Struct, frozen=True, gc=False):
    revno: int


_UNREAD = msgspec.json.Decoder(_Unread)
_NUMBERED = msgspec.json.Decoder(_Numbered)
