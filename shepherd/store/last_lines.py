"""All lines of the last time that was kept, in groups, for who keeps the next one.

Each group is packed by itself and has a sum of its content. Where that is the same as before, the group is
copied as it is, without being made, read or compared: most of what a run judges by is as it was.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
from msgspec import Struct

from shepherd import plainfile
from shepherd.store.line_changes import changed, gone
from shepherd.store.packed_lines import CutShortError, DamagedMemberError, LineReader, packed

_END = re.compile(rb"last ([0-9a-f]{8}) (\d+) *\n")
_END_SIZE = 32
_LEVEL = 1
"""How hard it is packed: it is written every time, and read once."""
_AT_ONCE = 1 << 18
"""Bytes that are copied together."""


class LineGroup(NamedTuple):
    """Some lines of one time."""

    name: str
    """The same each time. A key is always in the same group."""
    sum: str
    """Of all that the lines say: two groups of one name and sum have the same lines."""
    lines: Callable[[], Iterable[bytes]]
    """Makes them, ascending by key."""


class VolumeEnd(Struct, frozen=True):
    """Where a time ends in its volume."""

    layout: int
    """Of the lines."""
    period: int
    """In which the volume was begun."""
    number: int
    """Of the volume."""
    first: int
    """Bytes of its first member."""
    size: int
    """Bytes of all its members up to there."""


class PackedGroup(Struct, frozen=True, array_like=True):
    """Where the lines of a group lie."""

    sum: str
    start: int
    size: int


class LastLines(Struct, frozen=True):
    """What there is of the last time."""

    end: VolumeEnd
    groups: dict[str, PackedGroup]


class NotReadableError(Exception):
    """The last time cannot be read, so that what differs from it is not known."""


def last_lines(path: Path) -> LastLines | None:
    """What the file at `path` has; None: nothing that was written as a whole."""
    try:
        with plainfile.opened(path, follow=False) as file:
            place = file.seek(-_END_SIZE, os.SEEK_END)
            found = _END.fullmatch(file.read(_END_SIZE))
            if found is None or int(found[2]) > place:
                return None
            file.seek(place - int(found[2]))
            listed = file.read(int(found[2]))
        return _DECODER.decode(listed) if b"%08x" % zlib.crc32(listed) == found[1] else None
    except (plainfile.UnreadableFileError, OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def following(
    path: Path,
    before: LastLines | None,
    groups: Iterable[LineGroup],
    unsaid: Callable[[str], bool],
    differs: Callable[[bytes], None],
    ends: Callable[[], VolumeEnd],
) -> Iterator[bytes]:
    """The content of the file of the next time, in pieces.

    Args:
        path, before: of the time before; None: there is none.
        unsaid: of a group's name: nothing is said of it this time, so it stays as it is.
        differs: is told each line that is new or another, and the key of each that is gone.
        ends: where the next time ends; is asked last.

    Raises:
        NotReadableError: the time before cannot be read.
    """
    packed_groups: dict[str, PackedGroup] = {}
    place = 0
    with _opened(path if before else None) as file:
        older = dict(before.groups) if before else {}
        for group in groups:
            old = older.pop(group.name, None)
            size = 0
            if old is not None and old.sum == group.sum:
                content = _copied(file, old)
            else:
                were = _unpacked(file, old) if old is not None else iter(())
                content = packed(changed(were, group.lines(), differs), _LEVEL)
            for piece in content:
                size += len(piece)
                yield piece
            packed_groups[group.name] = PackedGroup(group.sum, place, size)
            place += size
        for name, old in older.items():
            if unsaid(name):
                yield from _copied(file, old)
                packed_groups[name] = PackedGroup(old.sum, place, old.size)
                place += old.size
            else:
                gone(_unpacked(file, old), differs)
    listed = msgspec.json.encode(LastLines(ends(), packed_groups))
    yield listed
    yield (b"last %08x %d" % (zlib.crc32(listed), len(listed))).ljust(_END_SIZE - 1) + b"\n"


_DECODER = msgspec.json.Decoder(LastLines)


@contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield BytesIO()
        return
    try:
        with plainfile.opened(path, follow=False) as file:
            yield file
    except plainfile.UnreadableFileError:
        raise NotReadableError from None


def _copied(file: BinaryIO, group: PackedGroup) -> Iterator[bytes]:
    place, end = group.start, group.start + group.size
    while place < end:
        try:
            file.seek(place)
            some = file.read(min(_AT_ONCE, end - place))
        except OSError:
            raise NotReadableError from None
        if not some:
            raise NotReadableError
        place += len(some)
        yield some


def _unpacked(file: BinaryIO, group: PackedGroup) -> Iterator[bytes]:
    try:
        file.seek(group.start)
        yield from LineReader(file).lines()
    except (CutShortError, DamagedMemberError, OSError):
        raise NotReadableError from None
