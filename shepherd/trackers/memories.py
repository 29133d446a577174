"""What trackers keep until their next reading: some bytes, which each makes of its own kind of value."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol, TypeVar

import msgspec

EVERYTHING_AFTER = timedelta(days=1)
"""Everything is read again when the last full reading is that long ago."""


class _Memory(Protocol):
    @property
    def basis(self) -> str:
        """Checksum of the settings that the reading depends on: with another one, all of it is worthless."""


_M = TypeVar("_M", bound=_Memory)


def decode(memory: bytes, kind: type[_M], basis: str) -> _M | None:
    """What was kept, None if it cannot be used."""
    try:
        kept = msgspec.msgpack.decode(memory, type=kind)
    except msgspec.MsgspecError:
        return None
    return kept if kept.basis == basis else None


def encode(memory: _Memory) -> bytes:
    return msgspec.msgpack.encode(memory)
