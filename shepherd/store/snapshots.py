"""Snapshots on disk: `snapshots/BRANCH/latest.json`, and a compressed file for each that said something new
(docs/interfaces.md#snapshot).

Older releases do not see compressed files. After a roll-back they must not take what they see for all that
was said: next to the newest compressed one there is a file of the same name without `.gz`, which they cannot
read, so that they end at it (`newest_first`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from shepherd import plainfile
from shepherd.atomic import write_atomically
from shepherd.errors import NoAnswerError, StoreError
from shepherd.snapshot import Snapshot
from shepherd.snapshot_json import pieces, read_snapshot
from shepherd.store.pruning import SnapshotFile, outdated
from shepherd.store.snapshot_files import COMPRESSED, PLAIN, compressed, reading, stored

_T = TypeVar("_T")

LATEST = "latest.json"
_UNREADABLE = (plainfile.UnreadableFileError, msgspec.DecodeError, UnicodeDecodeError)


class Snapshots:
    """The snapshots of one branch."""

    def __init__(self, folder: Path, branch: str) -> None:
        self.folder = folder / branch

    def any(self) -> bool:
        """Whether there was ever a snapshot of this branch."""
        return bool(self._documents())

    def latest(self) -> Snapshot | None:
        """The last snapshot, None if there is none yet.

        Raises:
            NoAnswerError: it is there, but cannot be read.
        """
        return self._latest(read_snapshot)

    def outline(self) -> Snapshot | None:
        """What `latest` says but for its landings: of these only the one that `waits` names. None if there is
        none yet, or none that can be read: for the writer, which is about to replace it."""
        # only who writes the next one needs it
        from shepherd.snapshot_outline import outline_of

        try:
            return self._latest(outline_of)
        except NoAnswerError:
            return None

    def _latest(self, read: Callable[[bytes], _T]) -> _T | None:
        path = self.folder / LATEST
        try:
            return read(stored(path))
        except plainfile.UnreadableFileError as why:
            if why.missing:
                return None
            raise NoAnswerError(f"{why}; make a new one with `inv judge`") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NoAnswerError(
                f"{path}: cannot be read ({error}); make a new one with `inv judge`"
            ) from None

    def last_written(self) -> Snapshot | None:
        """Like `latest`, for the writer: an unreadable one is about to be replaced, so it counts as none."""
        try:
            return self.latest()
        except NoAnswerError:
            return None

    def write(self, snapshot: Snapshot) -> None:
        """Make this the latest, and keep it under its run id if it says more than other times.

        Raises:
            StoreError: it could not be written.
        """
        # a run killed before it came to `latest` may have kept the very same
        if not _says(self.folder / LATEST, snapshot) and not self._is_kept(snapshot):
            write_atomically(self.folder / f"{snapshot.run_id}{COMPRESSED}", compressed(pieces(snapshot)))
        self._stop_older_releases()
        write_atomically(self.folder / LATEST, pieces(snapshot))

    def newest_first(self) -> Iterator[Snapshot]:
        """The latest, then those that were kept since each said something else. Unreadable ones end it: what
        they said is not known."""
        latest = self.last_written()
        if latest is None:
            return
        yield latest
        # of two runs that began in one second, the name does not tell the later one
        for kept in sorted(self._kept(), key=lambda each: (_second(each.path), each.at), reverse=True):
            try:
                yield read_snapshot(stored(kept.path))
            except _UNREADABLE:
                return

    def files(self) -> Iterator[Path]:
        """The latest, then those that were kept, the one written last first; they need not be there."""
        yield self.folder / LATEST
        yield from (each.path for each in sorted(self._kept(), key=lambda each: each.at, reverse=True))

    def prune(self, now: float, keep: float) -> None:
        """Remove kept snapshots that are old by more than this run's clock; the latest stays. What cannot be
        removed now is left to the next run.

        Args:
            now, keep: seconds.
        """
        with suppress(OSError, StoreError):
            for path in outdated(self._kept(), now, keep):
                path.unlink(missing_ok=True)

    def _kept(self) -> list[SnapshotFile]:
        kept = []
        for path in self._documents() - {self.folder / LATEST}:
            # another run may have removed it meanwhile
            with suppress(FileNotFoundError):
                kept.append(SnapshotFile(path, path.stat().st_mtime))
        return kept

    def _documents(self) -> set[Path]:
        """Every snapshot there is.

        Raises:
            StoreError: that cannot be told.
        """
        names = self._names()
        every = {self.folder / name for name in names if name.endswith((PLAIN, COMPRESSED))}
        return every - _stops(self.folder, names)

    def _names(self) -> set[str]:
        try:
            return {path.name for path in self.folder.iterdir()}
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be read ({error.strerror or error})") from None

    def _is_kept(self, snapshot: Snapshot) -> bool:
        """Whether the one that was kept last says the same."""
        try:
            _, *kept = self.files()
        except (OSError, StoreError):
            return False
        return bool(kept) and _says(kept[0], snapshot)

    def _stop_older_releases(self) -> None:
        """Leave the file at which they end next to the newest compressed one, and no other."""
        names = self._names()
        newest = max((name for name in names if name.endswith(COMPRESSED)), default="")
        if not newest:
            return
        stop = self.folder / newest.removesuffix(".gz")
        if stop.name not in names:
            write_atomically(stop, msgspec.json.encode({"kept": newest}))
        for path in _stops(self.folder, names) - {stop}:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _stops(folder: Path, names: Collection[str]) -> set[Path]:
    """The files at which older releases end."""
    places = {name.removesuffix(".gz") for name in names if name.endswith(COMPRESSED)}
    return {folder / each for each in places if each in names}


def _second(path: Path) -> str:
    """When the run began that kept it, as its name has it: 20110824T101500Z."""
    return path.name.partition("-")[0]


def _says(path: Path, snapshot: Snapshot) -> bool:
    """Whether the snapshot in a file says what this one does, but for times."""
    from shepherd.snapshot_outline import says

    try:
        with reading(path) as document:
            return says(document, snapshot)
    except (*_UNREADABLE, OSError):
        return False
