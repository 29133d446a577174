"""What differs between the lines of two times, compared as they come: neither is held as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

Key = list[str | int]


def changed(
    before: Iterator[bytes], now: Iterable[bytes], differs: Callable[[bytes], None]
) -> Iterator[bytes]:
    """The lines of now.

    Args:
        before, now: ascending by key.
        differs: is told each line that is new or another, and the key of each that is gone.
    """
    older = next(before, None)
    for line in now:
        if line != older:
            key = key_of(line)
            while older is not None and key_of(older) < key:
                differs(_key_alone(older))
                older = next(before, None)
            if line != older:
                differs(line)
                if older is None or key_of(older) != key:
                    # it was not there before
                    yield line
                    continue
        yield line
        older = next(before, None)
    if older is not None:
        differs(_key_alone(older))
        gone(before, differs)


def gone(before: Iterable[bytes], differs: Callable[[bytes], None]) -> None:
    """Tell the keys of lines of which none is there any longer."""
    for line in before:
        differs(_key_alone(line))


def key_of(line: bytes) -> Key:
    """What stands before the tab of a line."""
    return _KEY.decode(_key_alone(line))


def _key_alone(line: bytes) -> bytes:
    return line.partition(b"\t")[0]


_KEY = msgspec.json.Decoder(Key)
