"""A snapshot as JSON and back, in pieces, so that a large one is never held as a whole
(docs/interfaces.md#snapshot).

In a large window most landings are blocked by the same hundred. Where that makes a document much larger, the
list stands once, and the landings after it name the landing at which it stands (docs/interfaces.md#schema-2).
That is so in documents alone: in memory each landing has its list, and the landings share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec
from msgspec import UNSET
from msgspec.structs import asdict, force_setattr, replace

from shepherd.sentence import Sentence
from shepherd.snapshot import LEFT_OUT, SCHEMA, SCHEMA_SHARING, LandingEntry, Snapshot

SHORT = 10
"""Numbers of a list that stands at every landing, however often it repeats."""
WORTH = 20_000
"""Numbers that must repeat in a document before lists stand once: a small one is to readers as it was."""
_AT_ONCE = 200
"""Landings that are encoded together."""
LANDINGS = b'"landings":['


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
    head, key, tail = around.partition(LANDINGS)
    yield head + key
    yield from _between_brackets(snapshot.landings, repeated)
    yield tail


def landing_pieces(snapshot: Snapshot) -> Iterator[bytes]:
    """Of the document what stands between the brackets of `landings`."""
    return _between_brackets(snapshot.landings, _repeated(snapshot.landings))


def _between_brackets(landings: Sequence[LandingEntry], repeated: Mapping[int, int]) -> Iterator[bytes]:
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
