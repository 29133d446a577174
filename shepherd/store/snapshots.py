"""Snapshots on disk: `snapshots/BRANCH/latest.json`, and a file for each that said something new
(docs/interfaces.md#snapshot)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from shepherd import plainfile
from shepherd.atomic import write_atomically
from shepherd.errors import NoAnswerError, StoreError
from shepherd.snapshot import SCHEMA, Snapshot
from shepherd.store.pruning import SnapshotFile, outdated

LATEST = "latest.json"
LARGEST = 500_000_000
"""Bytes of a snapshot; one of 16,000 landings has 20 million."""


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
        path = self.folder / LATEST
        try:
            return _read(path)
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

    def write(self, snapshot: Snapshot, previous: Snapshot | None) -> None:
        """Make this the latest, and keep it under its run id if it says more than other times.

        Raises:
            StoreError: it could not be written.
        """
        document = msgspec.json.encode(snapshot)
        if previous is None or not same_but_for_times(snapshot, previous):
            # a run killed before it came to `latest` may have kept the very same
            kept = self._last_kept()
            if kept is None or not same_but_for_times(snapshot, kept):
                write_atomically(self.folder / f"{snapshot.run_id}.json", document)
        write_atomically(self.folder / LATEST, document)

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
                yield _read(kept.path)
            except (plainfile.UnreadableFileError, msgspec.DecodeError, UnicodeDecodeError):
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
        try:
            return {path for path in self.folder.iterdir() if path.suffix == ".json"}
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be read ({error.strerror or error})") from None

    def _last_kept(self) -> Snapshot | None:
        try:
            _, *kept = self.files()
            return _read(kept[0]) if kept else None
        except (OSError, StoreError, plainfile.UnreadableFileError, msgspec.DecodeError, UnicodeDecodeError):
            return None


def _second(path: Path) -> str:
    """When the run began that kept it, as its name has it: 20110824T101500Z."""
    return path.name.partition("-")[0]


def _read(path: Path) -> Snapshot:
    """The snapshot in a file. Raises UnreadableFileError, msgspec.DecodeError, UnicodeDecodeError."""
    return msgspec.json.decode(plainfile.content(path, LARGEST), type=Snapshot)


def same_but_for_times(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots differ only in run id, in when they were made, and in the journal behind them."""
    neutral = msgspec.structs.replace(
        other,
        run_id=one.run_id,
        generated_at=one.generated_at,
        valid_until=one.valid_until,
        journal=one.journal,
    )
    return neutral == one and one.schema == SCHEMA
