"""What differs between the lines of two times, compared as they come: neither is held as a whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

import msgspec

Key = list[str | int]


def merged(
    before: Iterator[bytes],
    now: Iterable[bytes],
    unsaid: Collection[str],
    differs: Callable[[bytes], None],
) -> Iterator[bytes]:
    """The lines of now, with what is unsaid as it was before.

    Args:
        before, now: ascending by key.
        unsaid: first words of keys of which `now` says nothing.
        differs: is told each line that is new or another, and the key of each that is gone.
    """
    older = next(before, None)

    def passed(until: Key | None) -> Iterator[bytes]:
        """Those of before whose keys come before this one: gone, or unsaid."""
        nonlocal older
        while older is not None and (until is None or key_of(older) < until):
            if key_of(older)[0] in unsaid:
                yield older
            else:
                differs(older.partition(b"\t")[0])
            older = next(before, None)

    for line in now:
        if line != older:
            key = key_of(line)
            yield from passed(key)
            if line != older:
                differs(line)
                if older is None or key_of(older) != key:
                    # it was not there before
                    yield line
                    continue
        yield line
        older = next(before, None)
    yield from passed(None)


def key_of(line: bytes) -> Key:
    """What stands before the tab of a line."""
    return _KEY.decode(line.partition(b"\t")[0])


_KEY = msgspec.json.Decoder(Key)
