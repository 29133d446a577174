"""The snapshot as JSON, the same bytes for the same data (docs/interfaces.md#snapshot)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UNSET, Struct

from shepherd.cautions import Caution, cautions
from shepherd.situation import Situation
from shepherd.snapshot import LandingEntry, Snapshot
from shepherd.snapshot_json import ENCODER, pieces

_TOGETHER = 200
"""Landings of one piece."""


def plain_json(value: object) -> bytes:
    """Anything made of structs, numbers, text and times; keys of dicts sorted, fields as declared."""
    return ENCODER.encode(value)


def named(snapshot: Snapshot, value: Struct) -> object:
    """A landing or story, with the mainline that it is of where there are several: their revnos overlap."""
    if not snapshot.several:
        return value
    fields = {name: getattr(value, name) for name in value.__struct_fields__}
    return {"mainline": snapshot.branch, **{k: field for k, field in fields.items() if field is not UNSET}}


def landings_pieces(snapshot: Snapshot, landings: Sequence[LandingEntry]) -> Iterator[bytes]:
    """Some landings as one array, each whole, in pieces for who writes it."""
    yield b"["
    for start in range(0, len(landings), _TOGETHER):
        some = [named(snapshot, entry) for entry in landings[start : start + _TOGETHER]]
        yield (b"," if start else b"") + plain_json(some)[1:-1]
    yield b"]"


class _Now(Snapshot, frozen=True):
    """The snapshot with what must be known before it is acted on (docs/interfaces.md#snapshot)."""

    cautions: tuple[Caution, ...] = ()


class _Present(_Now, frozen=True):
    """The same with the situation (docs/interfaces.md#snapshot, `inv status --json`)."""

    situation: Situation | None = None


def snapshot_json(snapshot: Snapshot, situation: Situation | None = None, *, shown: bool = True) -> bytes:
    """UTF-8 on one line, without a line end; keys in the order of the schema, times ISO 8601 ending in Z.

    Args:
        situation: with it the key `cautions` is there.
        shown: the key `situation` as well.
    """
    return b"".join(snapshot_pieces(snapshot, situation, shown=shown))


def snapshot_pieces(
    snapshot: Snapshot, situation: Situation | None = None, *, shown: bool = True
) -> Iterator[bytes]:
    """The same in pieces, for who writes it."""
    if situation is None:
        return pieces(snapshot)
    fields = {name: getattr(snapshot, name) for name in snapshot.__struct_fields__}
    fields["cautions"] = cautions(snapshot, situation)
    return pieces(_Present(**fields, situation=situation) if shown else _Now(**fields))
