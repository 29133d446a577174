"""Sorted lines, kept time after time: of each time what differs from the time before (docs/replay.md#kept).

A line is a key (a JSON array), and after a tab its value (JSON). They are kept in volumes, files of gzip
members: a volume begins with all lines of one time, and each further member has the lines that differ from
the time before, and of those that are gone the key alone. `zcat` shows them.

Next to the volumes all lines of the last time lie in one file (shepherd.store.last_lines), so that who adds
need not read the volume. It names the place at which its volume ended. A process that was killed between the
two leaves a volume that ends elsewhere, and the next one begins a new volume.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from itertools import takewhile
from pathlib import Path

from msgspec.structs import replace

from shepherd import plainfile
from shepherd.atomic import public_folder, write_atomically
from shepherd.errors import StoreError
from shepherd.store.last_lines import (
    LastLines,
    LineGroup,
    NotReadableError,
    VolumeEnd,
    following,
    last_lines,
)
from shepherd.store.packed_lines import (
    LARGEST,
    MAGIC,
    CutShortError,
    DamagedMemberError,
    LinePacker,
    LineReader,
)
from shepherd.store.pruning import WEEK, SnapshotFile, outdated

LAST = "last"
"""The file with all lines of the last time."""
SMALLEST = 200_000
"""Bytes of what differs, below which no new volume is worth it."""
_NAME = re.compile(r"(\d{8})\.gz")
_WHOLE, _CHANGES = 6, 9
"""How hard each is packed."""


class LineVolumes:
    """The volumes of one folder, which only its owner may read. One process adds at a time."""

    def __init__(self, folder: Path, layout: int) -> None:
        """Args: layout: of the lines; a volume has lines of one."""
        self.folder = folder
        self._layout = layout

    def volumes(self) -> list[Path]:
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
            period: the number of the week, or of any other time: each has volumes of its own, so that what is
                old can go.

        Returns: whether a new volume was begun. Raises StoreError: nothing was kept.
        """
        self._make_folder()
        last = last_lines(self.folder / LAST)
        if last is not None and self._goes_on(last.end, period):
            with suppress(NotReadableError):
                self._add_changes(last, groups, unsaid)
                return False
        volumes = self.volumes()
        # a volume that somebody removed leaves a gap
        number = 1 + max(number_of(volumes[-1]) if volumes else 0, last.end.number if last else 0)
        self._begin(VolumeEnd(self._layout, period, number, 0, 0), groups)
        return True

    def prune(self, now: float, keep: float) -> None:
        """Remove volumes that are old by more than this run's clock (shepherd.store.pruning), oldest first:
        one that is missing between others was lost. What cannot be removed now is left to a later run.

        Args:
            now, keep: seconds.
        """
        with suppress(OSError, StoreError):
            *over, _ = self.volumes()
            files = [SnapshotFile(volume, volume.stat().st_mtime) for volume in over]
            old = set(outdated(files, now, keep, unit=WEEK, place=number_of))
            for volume in takewhile(old.__contains__, over):
                volume.unlink(missing_ok=True)

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

    def _goes_on(self, end: VolumeEnd, period: int) -> bool:
        """Whether the last time ends where its volume does, and that volume shall become longer."""
        if (end.layout, end.period) != (self._layout, period):
            return False
        if end.size - end.first > max(end.first, SMALLEST):
            return False
        volume = self._volume(end)
        try:
            status = volume.lstat()
        except OSError:
            return False
        whole = stat.S_ISREG(status.st_mode) and status.st_size == end.size
        return whole and self.volumes()[-1:] == [volume]

    def _add_changes(
        self, last: LastLines, groups: Callable[[], Iterable[LineGroup]], unsaid: Callable[[str], bool]
    ) -> None:
        changes, end, path = LinePacker(_CHANGES), last.end, self.folder / LAST

        def ends() -> VolumeEnd:
            return replace(end, size=end.size + changes.finish())

        content = following(path, last, groups(), unsaid, changes.add, ends)
        write_atomically(
            path, content, 0o600, last_look=lambda: _append(self._volume(end), end.size, changes.packed)
        )

    def _begin(self, end: VolumeEnd, groups: Callable[[], Iterable[LineGroup]]) -> None:
        whole, volume, path = LinePacker(_WHOLE), self._volume(end), self.folder / LAST

        def ends() -> VolumeEnd:
            size = whole.finish()
            return replace(end, first=size, size=size)

        content = following(path, None, groups(), lambda _name: False, whole.add, ends)
        try:
            write_atomically(
                path, content, 0o600, last_look=lambda: write_atomically(volume, whole.packed, 0o600)
            )
        except StoreError:
            with suppress(OSError):
                volume.unlink()
            raise

    def _volume(self, end: VolumeEnd) -> Path:
        return self.folder / f"{end.number:08}.gz"


def number_of(volume: Path) -> int:
    """Its place among all volumes that there ever were."""
    return int(volume.name[:8])


class TornVolumeError(plainfile.UnreadableFileError):
    """A volume can be read up to a place, and no further."""

    def __init__(self, volume: Path, problem: str, place: int, begun: Sequence[bytes] = ()) -> None:
        super().__init__(volume, problem)
        self.place = place
        """Where the member begins that is damaged or cut off, in bytes."""
        self.begun = begun
        """The lines that are there of one that is cut off."""


def times(volume: Path) -> Iterator[list[bytes]]:
    """What a volume has of each time: all lines of the first, then what differs from the time before.

    Raises:
        TornVolumeError: after those that are whole; what follows builds on what is not known.
        plainfile.UnreadableFileError: it cannot be opened.
    """
    with plainfile.opened(volume, follow=False) as file:
        reader = LineReader(file)
        lines: list[bytes] = []
        try:
            if not reader.more():
                raise TornVolumeError(volume, "is empty", 0)
            while reader.more():
                lines = []
                lines.extend(reader.lines())
                yield lines
        except CutShortError:
            why = f"is cut off after byte {reader.place}: who wrote on was killed, or writes just now"
            raise TornVolumeError(volume, why, reader.place, lines) from None
        except (DamagedMemberError, OSError) as error:
            cause = (error.strerror if isinstance(error, OSError) else None) or error
            raise TornVolumeError(
                volume, f"is damaged after byte {reader.place} ({cause})", reader.place
            ) from None


def times_behind(volume: Path, place: int) -> Iterator[list[bytes]]:
    """The lines of whatever is whole behind a place at which a volume is damaged. What they differ from is
    not known. Raises plainfile.UnreadableFileError, OSError."""
    with plainfile.opened(volume, follow=False) as file:
        file.seek(place)
        rest = file.read(LARGEST)
    at = rest.find(MAGIC, 1)
    while at >= 0:
        reader = LineReader(BytesIO(memoryview(rest)[at:]))
        with suppress(CutShortError, DamagedMemberError):
            while reader.more():
                yield list(reader.lines())
        # at least one byte on, also where it only looked like a member
        at = rest.find(MAGIC, at + max(reader.place, 1))


def _append(volume: Path, size: int, member: Sequence[bytes]) -> None:
    """Add a member to a volume, or nothing. Raises StoreError."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(volume, flags), "wb", 0) as file:
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
            f"{volume}: cannot be written ({error.strerror or error}); what was kept before is untouched"
        ) from None
