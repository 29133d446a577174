"""Earlier answers made once more from what they were made of, and compared with what was kept of them
(docs/replay.md#what-is-compared)."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from shepherd import plainfile
from shepherd.replaying.differences import (
    Difference,
    SaidBefore,
    SaidOfLanding,
    Way,
    differences,
    forms,
    said_in,
)
from shepherd.replaying.report import Compared
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.snapshot_json import ENCODER, pieces, read_snapshot
from shepherd.snapshot_outline import outline_of, same_but_for_times
from shepherd.stages.judge_input import JudgeInput, SnapshotMaker
from shepherd.stages.kept_inputs import KeptInput, document_sum
from shepherd.store.snapshot_files import COMPRESSED, stored
from shepherd.store.snapshots import LATEST

_NO_SNAPSHOT = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading a document raises that is none."""
_LOOKED_AT = 3
"""Snapshots before a run that may be the one whose words it repeated."""


class Rejudged(Struct, frozen=True):
    """What came of one answer."""

    kept: KeptInput
    same: bool = False
    compared: Compared = "sum"
    found: tuple[Difference, ...] = ()
    """In what it differs; not empty unless it is the same, or there is a problem."""
    problem: str = ""
    """Why it could not be judged again, a sentence."""
    warning: str = ""
    """What is wrong with the snapshot that was kept, a sentence."""


class Rejudging:
    """Judges the answers of one branch again, in the order in which they were given.

    Attributes:
        altered: of each snapshot that was kept and says something else than its run answered, a sentence.
        latest_problem: why `latest.json` cannot be read, a sentence; empty: it can, or is not there.
    """

    def __init__(self, settings: Settings, branch: str) -> None:
        self._folder = settings.state_path / "snapshots" / branch
        self.altered: list[str] = []
        self._maker = SnapshotMaker()
        self._last: Snapshot | None = None
        """As it follows now, the last one whose file was found and is the same."""
        self._runs = runs_of_snapshots(settings, branch)
        self._latest_run, self.latest_problem = self._latest()
        self._run = ""
        """The one whose answers are being judged, with the sums of these, and of what is kept of it."""
        self._said: set[str] = set()
        self._kept: dict[Path, str] = {}

    def judge_again(self, kept: KeptInput) -> Rejudged:
        """Judge one, and compare it."""
        if kept.run_id != self._run:
            self.done()
            self._run = kept.run_id
        self._said.add(kept.sum)
        try:
            snapshot = self._maker.snapshot_of(kept.given)
        except Exception as error:  # whatever stands in a file
            why = f"{type(error).__name__}: {error}"[:200]
            return Rejudged(kept, problem=f"{kept.run_id} cannot be judged again: {why}")
        files, warning = self._documents(kept.run_id)
        self._kept = {path: _sum(document) for path, document in files.items()}
        its = [document for path, document in files.items() if self._kept[path] == kept.sum]
        return replace(self._compared(kept, snapshot, its), warning=warning)

    def done(self) -> None:
        """Say of the last run whether its snapshot was altered."""
        self.altered += [
            f"{path} says something else than {self._run} answered: it was changed after it was written"
            for path, sum in self._kept.items()
            if sum not in self._said
        ]
        self._said, self._kept = set(), {}

    def _compared(self, kept: KeptInput, snapshot: Snapshot, files: list[bytes]) -> Rejudged:
        if document_sum(snapshot) == kept.sum:
            if files and _equal(snapshot, files[0]):
                self._last = snapshot
                return Rejudged(kept, same=True, compared="file")
            repeated = self._repeats(kept, snapshot)
            return Rejudged(kept, same=True, compared="repeated" if repeated else "sum")
        if files:
            self._last = None
            return Rejudged(kept, compared="file", found=_found(files[0], snapshot, kept))
        for before in self._before(kept.run_id):
            timed = _with_times(before, kept.given)
            if _sum(timed) == kept.sum or _says(timed, kept):
                return Rejudged(kept, compared="repeated", found=_found(timed, snapshot, kept))
        return Rejudged(kept, found=_found_in_outcome(kept, snapshot))

    def _repeats(self, kept: KeptInput, snapshot: Snapshot) -> bool:
        """Whether it says what the snapshot kept before it says."""
        if self._last is not None and same_but_for_times(self._last, snapshot):
            return True
        if any(_sum(_with_times(before, kept.given)) == kept.sum for before in self._before(kept.run_id)):
            self._last = snapshot
            return True
        return False

    def _before(self, run_id: str) -> Iterator[bytes]:
        """The documents that were kept last before a run; more than one where other hosts keep theirs."""
        place = bisect_left(self._runs, run_id)
        for earlier in reversed(self._runs[max(0, place - _LOOKED_AT) : place]):
            yield from self._documents(earlier)[0].values()

    def _documents(self, run_id: str) -> tuple[dict[Path, bytes], str]:
        """What is kept of a run, and what is wrong with that."""
        paths = [self._folder / f"{run_id}{COMPRESSED}"] if run_id in self._names else []
        if run_id == self._latest_run:
            paths.append(self._folder / LATEST)
        found, warning = {}, ""
        for path in paths:
            try:
                document = stored(path)
                # a run may have written the next `latest.json` meanwhile
                if path.name != LATEST or _run_of(document) == run_id:
                    found[path] = document
            except plainfile.UnreadableFileError as why:
                # one that is missing was removed because of its age
                warning = warning if why.missing else str(why)
        return found, warning

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self._runs)

    def _latest(self) -> tuple[str, str]:
        path = self._folder / LATEST
        try:
            document = stored(path)
        except plainfile.UnreadableFileError as why:
            return "", "" if why.missing else str(why)
        run = _run_of(document)
        return run, "" if run else f"{path}: cannot be read; make a new one with `inv judge`"


def _run_of(document: bytes) -> str:
    """The run whose snapshot it is; empty: it is none."""
    try:
        return outline_of(document).run_id
    except _NO_SNAPSHOT:
        return ""


def runs_of_snapshots(settings: Settings, branch: str) -> list[str]:
    """The runs whose snapshots are kept under their id, ascending."""
    folder = settings.state_path / "snapshots" / branch
    return sorted(path.name.removesuffix(COMPRESSED) for path in folder.glob(f"*{COMPRESSED}"))


def said_then(kept: KeptInput) -> SaidBefore:
    """What is kept of an answer beside its snapshot."""
    landings: Mapping[int, Any] = {
        revno: SaidOfLanding(state, rule)  # type: ignore[arg-type]  # as it was written
        for revno, (state, rule) in kept.states.items()
    }
    return SaidBefore(kept.outcome.answer, kept.outcome.deployable, landings)


def _found(document: bytes, snapshot: Snapshot, kept: KeptInput) -> tuple[Difference, ...]:
    """In what the document of an answer differs from what follows now."""
    try:
        found = tuple(differences(said_in(read_snapshot(document)), snapshot))
        found = found or tuple(forms(document, b"".join(pieces(snapshot))))
    except _NO_SNAPSHOT:
        # a release wrote it that says what this one cannot read
        return _found_in_outcome(kept, snapshot)
    return found or (Difference(Way("form", "the snapshot", "was written in another way")),)


def _found_in_outcome(kept: KeptInput, snapshot: Snapshot) -> tuple[Difference, ...]:
    """The same where nothing but the outcome is left."""
    return (*differences(said_then(kept), snapshot), Difference(Way("unknown", "the rest")))


def _says(document: bytes, kept: KeptInput) -> bool:
    """Whether a document says what is kept of an answer."""
    try:
        snapshot = read_snapshot(document)
    except _NO_SNAPSHOT:
        return False
    states = {each.revno: (each.state, each.rule) for each in snapshot.landings}
    said = snapshot.answer, snapshot.deployable
    return states == dict(kept.states) and said == (kept.outcome.answer, kept.outcome.deployable)


def _with_times(document: bytes, given: JudgeInput) -> bytes:
    """A document with run id, times and place in the journal of another run; all else stays as it is. Empty:
    it is none."""
    read: dict[str, msgspec.Raw]
    try:
        read = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    except _NO_SNAPSHOT:
        return b""
    context = given.context
    other = {
        "run_id": context.run_id,
        "generated_at": context.now,
        "valid_until": context.valid_until,
        "journal": given.journal,
    }
    read |= {
        key: msgspec.Raw(ENCODER.encode(value))
        for key, value in other.items()
        if key in read and value is not UNSET
    }
    return b"{" + b",".join(ENCODER.encode(key) + b":" + bytes(raw) for key, raw in read.items()) + b"}"


def _sum(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()


def _equal(snapshot: Snapshot, document: bytes) -> bool:
    """Whether the document of a snapshot is exactly this one."""
    place = 0
    for piece in pieces(snapshot):
        if not document.startswith(piece, place):
            return False
        place += len(piece)
    return place == len(document)
