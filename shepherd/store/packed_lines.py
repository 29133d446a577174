"""Lines of bytes in gzip members, one member after the other, written and read in pieces."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

LARGEST = 500_000_000
"""Bytes of the lines of one member; one of 100,000 landings has 100 million."""
MAGIC = b"\x1f\x8b\x08"
"""How each member begins."""
_GZIP = 31
"""What zlib calls a gzip file with the largest window."""
_AT_ONCE = 1 << 16
"""Bytes that are read, and of lines that are packed, together."""


class CutShortError(Exception):
    """A file ends within a member."""


class DamagedMemberError(Exception):
    """Bytes that nobody wrote as a member, or far more than anybody wrote."""


class LinePacker:
    """Packs lines into one gzip member, in memory."""

    def __init__(self, level: int) -> None:
        self._packing = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
        self._waiting: list[bytes] = []
        self._size = 0
        self.packed: list[bytes] = []
        """The member, in pieces."""

    def add(self, line: bytes) -> None:
        self._waiting += (line, b"\n")
        self._size += len(line)
        if self._size >= _AT_ONCE:
            self._pack()

    def finish(self) -> int:
        """End the member; its bytes."""
        self._pack()
        self.packed.append(self._packing.flush())
        return sum(map(len, self.packed))

    def _pack(self) -> None:
        self.packed.append(self._packing.compress(b"".join(self._waiting)))
        self._waiting, self._size = [], 0


def packed(lines: Iterable[bytes], level: int) -> Iterator[bytes]:
    """One gzip member of these lines, in pieces."""
    packer = LinePacker(level)
    for line in lines:
        packer.add(line)
        if packer.packed:
            yield from packer.packed
            packer.packed.clear()
    packer.finish()
    yield from packer.packed


class LineReader:
    """The lines of one member after the other."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rest = b""
        self.place = 0
        """Where the next member begins, in bytes, once the lines of those before it were all taken."""

    def more(self) -> bool:
        """Whether there is another member. Raises OSError."""
        self._rest = self._rest or self._file.read(_AT_ONCE)
        return bool(self._rest)

    def lines(self) -> Iterator[bytes]:
        """The lines of the next member, without their ends. That it is whole is only known at its end.

        Raises:
            CutShortError, DamagedMemberError: it is not. OSError.
        """
        unpacking = zlib.decompressobj(_GZIP)
        size, begun, place = 0, b"", self.place
        while not unpacking.eof:
            given = unpacking.unconsumed_tail
            if not given:
                given, self._rest = self._rest or self._file.read(_AT_ONCE), b""
                place += len(given)
            try:
                content = unpacking.decompress(given, _AT_ONCE * 8)
            except zlib.error as error:
                raise DamagedMemberError(str(error)) from None
            if not given and not content and not unpacking.eof:
                raise CutShortError
            size += len(content)
            if size > LARGEST:
                raise DamagedMemberError("it is far larger than any that is kept")
            *lines, begun = (begun + content).split(b"\n")
            yield from lines
        if begun:
            raise DamagedMemberError("its last line has no end")
        self._rest = unpacking.unused_data
        self.place = place - len(self._rest)
