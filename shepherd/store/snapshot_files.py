"""The file of a snapshot: the latest as it is, those that are kept compressed (docs/interfaces.md#files)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from shepherd import plainfile

COMPRESSED = ".json.gz"
PLAIN = ".json"
LARGEST = 500_000_000
"""Bytes of a snapshot, not compressed; one of 100,000 landings has 70 million."""
_GZIP = 31
"""What zlib calls a gzip file with the largest window."""
_LEVEL = 1
"""A snapshot shrinks to a sixth or less; level 6 makes it a third smaller, and takes twice as long."""


def stored(path: Path) -> bytes:
    """The document in the file of a snapshot, compressed or not.

    Raises:
        plainfile.UnreadableFileError: it cannot be read, or is damaged.
    """
    content = plainfile.content(path, LARGEST)
    if not path.name.endswith(COMPRESSED):
        return content
    # readers of the latest need not load it
    import zlib

    unpacking = zlib.decompressobj(_GZIP)
    try:
        document = unpacking.decompress(content, LARGEST)
    except zlib.error as error:
        raise plainfile.UnreadableFileError(path, f"is damaged ({error})") from None
    if not unpacking.eof:
        # cut short, or larger than anything that was written here
        raise plainfile.UnreadableFileError(path, "is damaged (it is not complete)")
    return document


def compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of a document as those of a gzip file; the same pieces give the same file."""
    import zlib

    packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    for piece in pieces:
        yield packing.compress(piece)
    yield packing.flush()


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """The same to be read piece by piece, which may raise OSError.

    Raises:
        plainfile.UnreadableFileError: it cannot be opened, or is damaged.
    """
    with plainfile.opened(path) as file:
        if not path.name.endswith(COMPRESSED):
            yield file
            return
        import gzip
        import zlib

        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield cast(BinaryIO, unpacked)
        except (EOFError, zlib.error) as error:
            raise plainfile.UnreadableFileError(path, f"is damaged ({error})") from None
