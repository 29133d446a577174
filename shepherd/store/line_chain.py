"""Sorted lines, kept time after time: of each time what differs from the time before (docs/replay.md#kept).

A line is a key (a JSON array), and after a tab its value (JSON). The lines of one time ascend by key. They
are kept in chains, files of gzip members: a chain begins with all lines of one time, and each further member
has the lines that differ from the time before, and of those that are gone the key alone. `zcat` shows them.

Next to the chains all lines of the last time lie in one file, so that who adds need not read the chain. It
names the place at which its chain ended. A process that was killed between the two leaves a chain that ends
elsewhere, and the next one begins a new chain.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from shepherd import plainfile
from shepherd.atomic import public_folder, write_atomically
from shepherd.errors import StoreError
from shepherd.store.line_changes import merged
from shepherd.store.packed_lines import (
    CutShortError,
    DamagedMemberError,
    LinePacker,
    LineReader,
    packed,
)
from shepherd.store.pruning import WEEK, SnapshotFile, outdated

LAST = "last"
"""All lines of the last time, packed, and a line that says where that time ends: for who adds the next."""
SMALLEST = 200_000
"""Bytes of what differs, below which no new chain is worth it."""
_NAME = re.compile(r"(\d{8})\.gz")
_END = re.compile(rb"end (\d+) (-?\d+) (\d{8}) (\d+) (\d+) *\n")
_END_SIZE = 64
_WHOLE, _CHANGES, _LAST = 6, 9, 1
"""How hard each is packed: the last is written every time, and read once."""


class ChainEnd(NamedTuple):
    """Where the last time that was kept ends."""

    layout: int
    """Of the lines."""
    period: int
    """In which it was begun."""
    number: int
    """Of its chain."""
    first: int
    """Bytes of the first member of that chain."""
    size: int
    """Bytes of all its members."""


class LineChains:
    """The chains of one folder, which only its owner may read. One process adds at a time."""

    def __init__(self, folder: Path, layout: int) -> None:
        """Args: layout: of the lines; a chain has lines of one."""
        self.folder = folder
        self._layout = layout

    def chains(self) -> list[Path]:
        """The files, oldest first, whatever a clock says. Raises StoreError."""
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be read ({error.strerror or error})") from None
        return [self.folder / name for name in names if _NAME.fullmatch(name)]

    def add(self, lines: Callable[[], Iterable[bytes]], unsaid: Collection[str], period: int) -> bool:
        """Keep the lines of one time.

        Args:
            lines: makes them, ascending by key; may be called twice.
            unsaid: first words of keys of which `lines` says nothing: those stay as they are.
            period: the number of the week, or of any other time: each has chains of its own, so that what is
                old can go.

        Returns: whether a new chain was begun. Raises StoreError: nothing was kept.
        """
        self._make_folder()
        end = self._end(period)
        if end is not None and end.size - end.first <= max(end.first, SMALLEST):
            with suppress(_NotReadableError):
                self._add_changes(end, lines, unsaid)
                return False
        self._begin(lines, period)
        return True

    def prune(self, now: float, keep: float) -> None:
        """Remove chains that are old by more than this run's clock (shepherd.store.pruning). What cannot be
        removed now is left to a later run.

        Args:
            now, keep: seconds.
        """
        with suppress(OSError, StoreError):
            *over, _ = self.chains()
            files = [SnapshotFile(chain, chain.stat().st_mtime) for chain in over]
            for chain in outdated(files, now, keep, unit=WEEK, place=number_of):
                chain.unlink(missing_ok=True)

    def _make_folder(self) -> None:
        # who may read what lies beside it must get past this one
        public_folder(self.folder.parent)
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if self.folder.stat().st_mode & 0o077:
                self.folder.chmod(0o700)
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be made a folder ({error.strerror or error})") from None

    def _end(self, period: int) -> ChainEnd | None:
        """Where the last time of this period ends; None: what is there was not left by one that came to its
        end."""
        end = self._named_end()
        chains = self.chains()
        if end is None or (end.layout, end.period) != (self._layout, period):
            return None
        if chains[-1:] != [self._chain(end.number)]:
            return None
        try:
            status = chains[-1].lstat()
        except OSError:
            return None
        return end if stat.S_ISREG(status.st_mode) and status.st_size == end.size else None

    def _named_end(self) -> ChainEnd | None:
        """Where the last time ended, as the file of its lines has it."""
        try:
            with plainfile.opened(self.folder / LAST, follow=False) as file:
                file.seek(-_END_SIZE, os.SEEK_END)
                found = _END.fullmatch(file.read(_END_SIZE))
        except (plainfile.UnreadableFileError, OSError):
            return None
        return ChainEnd(*map(int, found.groups())) if found else None

    def _add_changes(
        self, end: ChainEnd, lines: Callable[[], Iterable[bytes]], unsaid: Collection[str]
    ) -> None:
        chain, changes = self._chain(end.number), LinePacker(_CHANGES)
        member = b""

        def content() -> Iterator[bytes]:
            nonlocal member
            with _reading(self.folder / LAST) as before:
                yield from packed(merged(before, lines(), unsaid, changes.add), _LAST)
            member = changes.finish()
            yield _end_line(end._replace(size=end.size + len(member)))

        write_atomically(
            self.folder / LAST, content(), 0o600, last_look=lambda: _append(chain, end.size, member)
        )

    def _begin(self, lines: Callable[[], Iterable[bytes]], period: int) -> None:
        chains, last = self.chains(), self._named_end()
        # a chain that somebody removed leaves a gap
        number = 1 + max(int(chains[-1].name[:8]) if chains else 0, last.number if last else 0)
        chain = self._chain(number)
        write_atomically(chain, packed(lines(), _WHOLE), 0o600)
        try:
            write_atomically(
                self.folder / LAST, _copy(chain, ChainEnd(self._layout, period, number, 0, 0)), 0o600
            )
        except BaseException:
            with suppress(OSError):
                chain.unlink()
            raise

    def _chain(self, number: int) -> Path:
        return self.folder / f"{number:08}.gz"


def times(chain: Path) -> Iterator[list[bytes]]:
    """What a chain has of each time: all lines of the first, then what differs from the time before.

    Raises:
        plainfile.UnreadableFileError: after those that are whole; what follows is not known.
    """
    with plainfile.opened(chain, follow=False) as file:
        reader = LineReader(file)
        try:
            while reader.more():
                yield list(reader.lines())
        except CutShortError:
            raise plainfile.UnreadableFileError(
                chain,
                f"is cut off after byte {reader.place}: who wrote on was killed, or writes just now",
            ) from None
        except (DamagedMemberError, OSError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or error
            raise plainfile.UnreadableFileError(
                chain, f"is damaged after byte {reader.place} ({why})"
            ) from None


class _NotReadableError(Exception):
    """The lines of the last time cannot be read, so that what differs from them is not known."""


def number_of(chain: Path) -> int:
    """Its place among all chains that there ever were."""
    return int(chain.name[:8])


@contextmanager
def _reading(last: Path) -> Iterator[Iterator[bytes]]:
    """The lines of the last time. What fails as they are read raises _NotReadableError."""
    try:
        with plainfile.opened(last, follow=False) as file:
            yield _readable(LineReader(file).lines())
    except plainfile.UnreadableFileError:
        raise _NotReadableError from None


def _readable(lines: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from lines
    except (CutShortError, DamagedMemberError, OSError):
        raise _NotReadableError from None


def _end_line(end: ChainEnd) -> bytes:
    return (b"end %d %d %08d %d %d" % end).ljust(_END_SIZE - 1) + b"\n"


def _copy(chain: Path, end: ChainEnd) -> Iterator[bytes]:
    """The lines of a chain that has just begun, and its end."""
    size = 0
    with chain.open("rb") as file:
        while some := file.read(1 << 16):
            size += len(some)
            yield some
    yield _end_line(end._replace(first=size, size=size))


def _append(chain: Path, size: int, member: bytes) -> None:
    """Add a member to a chain, or nothing. Raises StoreError."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(chain, flags), "wb", 0) as file:
            try:
                file.seek(size)
                rest = memoryview(member)
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except BaseException:
                with suppress(OSError):
                    os.ftruncate(file.fileno(), size)
                raise
    except OSError as error:
        raise StoreError(
            f"{chain}: cannot be written ({error.strerror or error}); what was kept before is untouched"
        ) from None
