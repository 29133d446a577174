"""Snapshots on disk: `snapshots/BRANCH/latest.json`, and a file for each that said something new
(docs/interfaces.md#snapshot)."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from shepherd import plainfile
from shepherd.errors import NoAnswerError, StoreError
from shepherd.snapshot import SCHEMA, Snapshot
from shepherd.store.pruning import SnapshotFile, outdated

LATEST = "latest.json"
LARGEST = 500_000_000
"""Bytes of a snapshot; one of 16,000 landings has 20 million."""

_BESIDE = r"\..+\.[a-z0-9_]{8}\.new"


def write_atomically(
    path: Path, content: bytes, mode: int = 0o644, last_look: Callable[[], None] | None = None
) -> None:
    """Write beside the place and rename into it, so that no reader ever sees half a file.

    Args:
        last_look: called right before the renaming; what it raises leaves everything as it was.

    Raises:
        StoreError: it could not be written; what was there before is untouched.
    """
    try:
        public_folder(path.parent)
        sweep_leftovers(path.parent)
        handle, beside = _beside(path)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
                if last_look is not None:
                    last_look()
                # before the lock goes with the descriptor, else a sweeper takes it for a leftover
                Path(beside).replace(path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror or error}); what was there before is untouched"
        ) from None


def public_folder(folder: Path) -> None:
    """Make a folder that everybody may read, whatever the umask (docs/interfaces.md#files). Raises
    StoreError."""
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
    except OSError as error:
        raise StoreError(
            f"{error.filename or folder}: cannot be made a folder ({error.strerror or error}); what is"
            " there is left as it is"
        ) from None


def _beside(path: Path) -> tuple[int, str]:
    """A new file beside `path`, locked for as long as its writer lives."""
    import tempfile

    while True:
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
        fcntl.flock(handle, fcntl.LOCK_EX)
        # a sweeper may have been there between the two
        if os.fstat(handle).st_nlink:
            return handle, beside
        os.close(handle)


def sweep_leftovers(folder: Path) -> None:
    """Remove what killed writers left beside its place; what is being written is locked, and stays."""
    with os.scandir(folder) as found:
        leftovers = [Path(entry.path) for entry in found if re.fullmatch(_BESIDE, entry.name)]
    for leftover in leftovers:
        try:
            handle = os.open(leftover, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            leftover.unlink(missing_ok=True)
        except BlockingIOError:
            pass
        finally:
            os.close(handle)


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
            raise NoAnswerError(f"{why}; make it anew with `inv judge`") from None
        except msgspec.DecodeError as error:
            raise NoAnswerError(f"{path}: cannot be read ({error}); make it anew with `inv judge`") from None

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
        for path in sorted(self._documents() - {self.folder / LATEST}, reverse=True):
            try:
                yield _read(path)
            except (plainfile.UnreadableFileError, msgspec.DecodeError):
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
        return [SnapshotFile(path, path.stat().st_mtime) for path in self._documents() if path.name != LATEST]

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
        except (OSError, StoreError, plainfile.UnreadableFileError, msgspec.DecodeError):
            return None


def _read(path: Path) -> Snapshot:
    """Raises plainfile.Unreadable, msgspec.DecodeError."""
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
