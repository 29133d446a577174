"""A snapshot as JSON and back, in pieces, so that a large one is never held as a whole
(docs/interfaces.md#snapshot).

In a large window most landings are blocked by the same hundred. Where that makes a document much larger, the
list stands once, and the landings after it name the landing at which it stands (docs/interfaces.md#schema-2).
That is so in documents alone: in memory each landing has its list, and the landings share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import BinaryIO

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import asdict, force_setattr, replace

from shepherd.sentence import Sentence
from shepherd.snapshot import LEFT_OUT, SCHEMA, SCHEMA_SHARING, LandingEntry, Snapshot

SHORT = 10
"""Numbers of a list that stands at every landing, however often it repeats."""
WORTH = 20_000
"""Numbers that must repeat in a document before lists stand once: a small one is to readers as it was."""
_READ = 100_000
"""Bytes that are read at once until the landings begin."""
_LARGEST_HEAD = 5_000_000
_AT_ONCE = 200
"""Landings that are encoded together."""
_LANDINGS = b'"landings":['


class _LeanEntry(LandingEntry, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A landing without the keys that say nothing (docs/interfaces.md#schema-2)."""


def _plain(value: object) -> str:
    """A sentence as its plain text."""
    if isinstance(value, Sentence):
        return str(value)
    raise NotImplementedError(f"JSON has no {type(value).__name__}")


ENCODER = msgspec.json.Encoder(order="deterministic", enc_hook=_plain)
"""Anything made of structs, numbers, text and times; keys of dicts sorted, fields as declared."""
_DECODER = msgspec.json.Decoder(Snapshot)


def pieces(snapshot: Snapshot) -> Iterator[bytes]:
    """The document, UTF-8 on one line without a line end; a piece begins where a landing does."""
    repeated = _repeated(snapshot.landings)
    schema = SCHEMA_SHARING if repeated else snapshot.schema
    around = ENCODER.encode(replace(snapshot, landings=(), schema=schema))
    # a quotation mark within a text has a backslash before it, so this is the key
    head, key, tail = around.partition(_LANDINGS)
    yield head + key
    yield from _landing_pieces(snapshot.landings, repeated)
    yield tail


def _landing_pieces(landings: Sequence[LandingEntry], repeated: Mapping[int, int]) -> Iterator[bytes]:
    """What stands between the brackets."""
    for start in range(0, len(landings), _AT_ONCE):
        some: Sequence[LandingEntry] = landings[start : start + _AT_ONCE]
        if repeated:
            some = [_lean(entry, repeated.get(entry.revno)) for entry in some]
        yield (b"," if start else b"") + ENCODER.encode(some)[1:-1]


def read_snapshot(content: bytes) -> Snapshot:
    """The snapshot of a document.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError: it is none.
    """
    snapshot = _DECODER.decode(content)
    lists: dict[int, tuple[int, ...]] = {}
    for entry in snapshot.landings:
        if entry.blocked_by is not LEFT_OUT:
            lists[entry.revno] = entry.blocked_by
            continue
        # no key is no list: what blocks the landing would not be known
        if entry.blocked_by_of is UNSET or entry.blocked_by_of not in lists:
            raise msgspec.ValidationError(f"r{entry.revno} does not say what blocks it - at `$.landings`")
        force_setattr(entry, "blocked_by", lists[entry.blocked_by_of])
        force_setattr(entry, "blocked_by_of", UNSET)
    for newer, entry in pairwise(snapshot.landings):
        if entry.blocked_by == newer.blocked_by:
            force_setattr(entry, "blocked_by", newer.blocked_by)
    if snapshot.schema == SCHEMA_SHARING:
        force_setattr(snapshot, "schema", SCHEMA)
    return snapshot


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
    while _LANDINGS not in head:
        piece = document.read(_READ)
        if not piece or len(head) > _LARGEST_HEAD:
            return False
        head += piece
    head, _, landings = head.partition(_LANDINGS)
    for expected in _landing_pieces(snapshot.landings, _repeated(snapshot.landings)):
        landings += document.read(max(0, len(expected) - len(landings)))
        if not landings.startswith(expected):
            return False
        landings = landings[len(expected) :]
    rest = landings + document.read()
    if not rest.startswith(b"]"):
        # more landings, or none at all
        return False
    around = outline_of(head + _LANDINGS + rest)
    return same_but_for_times(replace(snapshot, landings=()), replace(around, landings=()))


class _Unread(Snapshot, frozen=True):
    landings: msgspec.Raw  # type: ignore[assignment]  # the very reason for it


class _Numbered(Struct, frozen=True, gc=False):
    revno: int


_UNREAD = msgspec.json.Decoder(_Unread)
_NUMBERED = msgspec.json.Decoder(_Numbered)


def _repeated(landings: Sequence[LandingEntry]) -> dict[int, int]:
    """Revno of a landing whose list the one before it has, too -> the landing at which that list stands;
    empty where that is not worth it."""
    repeated: dict[int, int] = {}
    numbers = 0
    for newer, entry in pairwise(landings):
        if len(entry.blocked_by) > SHORT and entry.blocked_by == newer.blocked_by:
            repeated[entry.revno] = repeated.get(newer.revno, newer.revno)
            numbers += len(entry.blocked_by)
    return repeated if numbers >= WORTH else {}


def _lean(entry: LandingEntry, stands: int | None) -> _LeanEntry:
    """Args: stands: the landing at which its list stands; None: at this one."""
    values = asdict(entry)
    if stands is not None:
        values |= {"blocked_by": LEFT_OUT, "blocked_by_of": stands}
    return _LeanEntry(**values)
