"""Sorted lines, kept time after time: of each time what differs from the time before (docs/replay.md#kept).

A line is a key (a JSON array), and after a tab its value (JSON). They are kept in chains, files of gzip
members: a chain begins with all lines of one time, and each further member has the lines that differ from
the time before, and of those that are gone the key alone. `zcat` shows them.

Next to the chains all lines of the last time lie in one file (shepherd.store.last_lines), so that who adds
need not read the chain. It names the place at which its chain ended. A process that was killed between the
two leaves a chain that ends elsewhere, and the next one begins a new chain.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

from msgspec.structs import replace

from shepherd import plainfile
from shepherd.atomic import public_folder, write_atomically
from shepherd.errors import StoreError
from shepherd.store.last_lines import (
    ChainEnd,
    LastLines,
    LineGroup,
    NotReadableError,
    following,
    last_lines,
)
from shepherd.store.packed_lines import CutShortError, DamagedMemberError, LinePacker, LineReader
from shepherd.store.pruning import WEEK, SnapshotFile, outdated

LAST = "last"
"""The file with all lines of the last time."""
SMALLEST = 200_000
"""Bytes of what differs, below which no new chain is worth it."""
_NAME = re.compile(r"(\d{8})\.gz")
_WHOLE, _CHANGES = 6, 9
"""How hard each is packed."""


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
        except PermissionError:
            raise StoreError(
                f"{self.folder}: only the owner of state_dir may read it: run this as that user (sudo -u …)"
            ) from None
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be read ({error.strerror or error})") from None
        return [self.folder / name for name in names if _NAME.fullmatch(name)]

    def add(
        self, groups: Callable[[], Iterable[LineGroup]], unsaid: Callable[[str], bool], period: int
    ) -> bool:
        """Keep the lines of one time.

        Args:
            groups: makes them; may be called twice.
            unsaid: of a group's name: nothing is said of it this time, so it stays as it is.
            period: the number of the week, or of any other time: each has chains of its own, so that what is
                old can go.

        Returns: whether a new chain was begun. Raises StoreError: nothing was kept.
        """
        self._make_folder()
        last = last_lines(self.folder / LAST)
        if last is not None and self._goes_on(last.end, period):
            with suppress(NotReadableError):
                self._add_changes(last, groups, unsaid)
                return False
        chains = self.chains()
        # a chain that somebody removed leaves a gap
        number = 1 + max(number_of(chains[-1]) if chains else 0, last.end.number if last else 0)
        self._begin(ChainEnd(self._layout, period, number, 0, 0), groups)
        return True

    def prune(self, now: float, keep: float) -> None:
        """Remove chains that are old by more than this run's clock (shepherd.store.pruning), oldest first:
        one that is missing between others was lost. What cannot be removed now is left to a later run.

        Args:
            now, keep: seconds.
        """
        with suppress(OSError, StoreError):
            *over, _ = self.chains()
            files = [SnapshotFile(chain, chain.stat().st_mtime) for chain in over]
            old = set(outdated(files, now, keep, unit=WEEK, place=number_of))
            for chain in takewhile(old.__contains__, over):
                chain.unlink(missing_ok=True)

    def _make_folder(self) -> None:
        # who may read what lies beside it must get past this one
        public_folder(self.folder.parent)
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if self.folder.stat().st_mode & 0o077:
                self.folder.chmod(0o700)
        except OSError as error:
            raise StoreError(
                f"{self.folder}: cannot be made a folder ({error.strerror or error}); move away what is there"
            ) from None

    def _goes_on(self, end: ChainEnd, period: int) -> bool:
        """Whether the last time ends where its chain does, and that chain shall become longer."""
        if (end.layout, end.period) != (self._layout, period):
            return False
        if end.size - end.first > max(end.first, SMALLEST):
            return False
        chain = self._chain(end)
        try:
            status = chain.lstat()
        except OSError:
            return False
        whole = stat.S_ISREG(status.st_mode) and status.st_size == end.size
        return whole and self.chains()[-1:] == [chain]

    def _add_changes(
        self, last: LastLines, groups: Callable[[], Iterable[LineGroup]], unsaid: Callable[[str], bool]
    ) -> None:
        changes, end, path = LinePacker(_CHANGES), last.end, self.folder / LAST

        def ends() -> ChainEnd:
            return replace(end, size=end.size + changes.finish())

        content = following(path, last, groups(), unsaid, changes.add, ends)
        write_atomically(
            path, content, 0o600, last_look=lambda: _append(self._chain(end), end.size, changes.packed)
        )

    def _begin(self, end: ChainEnd, groups: Callable[[], Iterable[LineGroup]]) -> None:
        whole, chain, path = LinePacker(_WHOLE), self._chain(end), self.folder / LAST

        def ends() -> ChainEnd:
            size = whole.finish()
            return replace(end, first=size, size=size)

        content = following(path, None, groups(), lambda _name: False, whole.add, ends)
        try:
            write_atomically(
                path, content, 0o600, last_look=lambda: write_atomically(chain, whole.packed, 0o600)
            )
        except StoreError:
            with suppress(OSError):
                chain.unlink()
            raise

    def _chain(self, end: ChainEnd) -> Path:
        return self.folder / f"{end.number:08}.gz"


def number_of(chain: Path) -> int:
    """Its place among all chains that there ever were."""
    return int(chain.name[:8])


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
                chain, f"is cut off after byte {reader.place}: who wrote on was killed, or writes just now"
            ) from None
        except (DamagedMemberError, OSError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or error
            raise plainfile.UnreadableFileError(
                chain, f"is damaged after byte {reader.place} ({why})"
            ) from None


def _append(chain: Path, size: int, member: Sequence[bytes]) -> None:
    """Add a member to a chain, or nothing. Raises StoreError."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(chain, flags), "wb", 0) as file:
            try:
                file.seek(size)
                for piece in member:
                    rest = memoryview(piece)
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
