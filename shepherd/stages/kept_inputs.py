"""What each run judged by, kept so that it can be judged again (docs/replay.md#kept)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from shepherd import plainfile
from shepherd.atomic import public_folder
from shepherd.errors import StoreError
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.snapshot_json import pieces
from shepherd.stages.input_parts import (
    FIELDS,
    LAYOUT,
    PARTS,
    KeptOutcome,
    KeptStates,
    groups_of,
    input_of,
    parts_of,
)
from shepherd.stages.judge_input import JudgeInput
from shepherd.store.line_changes import key_of
from shepherd.store.line_volumes import LineVolumes, TornVolumeError, number_of, times, times_behind
from shepherd.store.pruning import WEEK

FOLDER = "inputs"
"""In the folder of a branch's snapshots; only the owner of state_dir may read it."""
_RUN_ID = b'["context","run_id"]'
"""The key of the line that names the run."""
_AN_ID = re.compile(rb'"([\w.-]{1,80})"')
_SHOWN = 200
"""Characters of what is wrong with a line, which may be of any length."""


class KeptInput(Struct, frozen=True):
    """One judgement as it was kept."""

    given: JudgeInput
    sum: str
    """SHA-256 (hex) of the document that followed, as `latest.json` has it."""
    outcome: KeptOutcome
    states: Mapping[int, tuple[str, str]]
    """Revno of each landing of the snapshot -> its state, and the rule that decided it (empty: not known)."""

    @property
    def run_id(self) -> str:
        return self.given.context.run_id

    @property
    def at(self) -> datetime:
        """When the run began, by its clock."""
        return self.given.context.now


class LostInput(Struct, frozen=True):
    """One judgement or several that cannot be read."""

    problem: str
    """A sentence: what is not known, and why."""
    after: str = ""
    """The run id of the last one before them that can be read; empty: none."""
    runs: tuple[str, ...] = ()
    """The ids of those runs, as far as they can be read: what they judged by builds on what cannot."""


def keep_input(settings: Settings, given: JudgeInput, snapshot: Snapshot) -> None:
    """Keep what a snapshot was made of. Raises StoreError."""
    parts = parts_of(given, snapshot, document_sum(snapshot))
    volumes = _volumes(settings, snapshot.branch)
    now = given.context.now.timestamp()
    if volumes.add(
        lambda: groups_of(parts), lambda group: group.partition(".")[0] not in parts, int(now // WEEK)
    ):
        volumes.prune(now, settings.keep_inputs)


def kept_inputs(
    settings: Settings, branch: str, since: datetime | None = None
) -> Iterator[KeptInput | LostInput]:
    """All that are kept, in the order in which they were judged, and in its place what cannot be read.

    Args:
        since: only those of runs that began then or later.

    Raises:
        StoreError: the folder cannot be read.
    """
    after, number = "", 0
    for volume in _volumes(settings, branch).volumes():
        if number and number_of(volume) != number + 1:
            lost = f"{volume.parent}: the files between {number:08}.gz and {volume.name} are missing"
            yield LostInput(lost, after)
        number = number_of(volume)
        # a clock that goes back within its week leaves it older than what stands in it
        if since is not None and _ended_before(volume, since - timedelta(seconds=WEEK)):
            continue
        for kept in _of_volume(volume, after):
            if isinstance(kept, KeptInput):
                after = kept.run_id
                if since is not None and kept.at < since:
                    continue
            yield kept


def inputs_go_along(settings: Settings, was: str, branch: str) -> None:
    """Let a branch that has another name now go on with what was kept under the old one; where that cannot be
    moved it stays there, and nothing else hangs on it."""
    old, new = (_volumes(settings, name).folder for name in (was, branch))
    with suppress(OSError, StoreError):
        if old.is_dir() and not old.is_symlink() and not new.exists():
            public_folder(new.parent)
            old.rename(new)


def document_sum(snapshot: Snapshot) -> str:
    """SHA-256 (hex) of a snapshot's document."""
    total = hashlib.sha256()
    for piece in pieces(snapshot):
        total.update(piece)
    return total.hexdigest()


def _of_volume(volume: Path, after: str) -> Iterator[KeptInput | LostInput]:
    known = _KnownParts()
    each_time = times(volume)
    lines: list[bytes] = []
    try:
        for lines in each_time:
            known.take(lines)
            kept = known.kept()
            after = kept.run_id
            yield kept
    except TornVolumeError as why:
        runs = _runs_in(chain([why.begun], times_behind(volume, why.place)))
        yield LostInput(f"{why}; what was judged by then is not known", after, runs)
    except plainfile.UnreadableFileError as why:
        if not (why.missing and not volume.is_symlink()):
            yield LostInput(f"{why}; what was judged by then is not known", after)
    except _NotOursError as why:
        runs = _runs_in(chain([lines], each_time))
        yield LostInput(f"{volume} {why}; what was judged by from there on is not known", after, runs)


def _runs_in(each_time: Iterable[Iterable[bytes]]) -> tuple[str, ...]:
    """The ids of the runs that these lines name, as far as they can be read."""
    found: dict[str, None] = {}
    with suppress(plainfile.UnreadableFileError, OSError):
        for lines in each_time:
            for line in lines:
                key, _, value = line.partition(b"\t")
                if key == _RUN_ID and (said := _AN_ID.fullmatch(value)) is not None:
                    found[said[1].decode()] = None
    return tuple(found)


class _NotOursError(Exception):
    """Lines that are whole, but say nothing that this release can read."""


class _KnownParts:
    """The parts as they were at one time, line by line."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], Any] = {}
        """A value; for a field that is kept in places: key -> value."""
        self._built: dict[tuple[str, str], Any] = {}

    def take(self, lines: Iterable[bytes]) -> None:
        """Go on to the next time. Raises _NotOursError."""
        fresh: set[tuple[str, str]] = set()
        for line in lines:
            try:
                self._take(line, fresh)
            except (msgspec.DecodeError, ValueError, IndexError, RecursionError) as error:
                raise _NotOursError(f"has a line that says nothing ({str(error)[:_SHOWN]})") from None

    def _take(self, line: bytes, fresh: set[tuple[str, str]]) -> None:
        part, name, *place = key_of(line)
        field = FIELDS.get((str(part), str(name)))
        if field is None:
            named = f"{part} {name}"[:_SHOWN]
            raise _NotOursError(f"names {named}, which this release does not know: a later one kept it")
        _, tab, value = line.partition(b"\t")
        if not field.in_places:
            self._values.pop(field.id, None)
            if tab:
                self._values[field.id] = field.decode(value)
            return
        if field.id not in fresh:
            # what was given out stays as it is
            fresh.add(field.id)
            self._values[field.id] = dict(self._values.get(field.id, {}))
            self._built.pop(field.id, None)
        if tab:
            self._values[field.id][field.key(place)] = field.decode(value)
        else:
            self._values[field.id].pop(field.key(place), None)

    def kept(self) -> KeptInput:
        """The judgement of this time. Raises _NotOursError."""
        try:
            parts: dict[str, Any] = {name: self._part(name) for name in self._values[("why", "parts")]}
            outcome: KeptOutcome = parts["outcome"]
            states: KeptStates | None = parts.get("states")
            return KeptInput(input_of(parts), outcome.sum, outcome, states.states if states else {})
        except (KeyError, TypeError, ValueError) as error:
            raise _NotOursError(f"lacks what an input needs ({str(error)[:_SHOWN]})") from None

    def _part(self, part: str) -> Struct:
        values: dict[str, Any] = {}
        for (of, name), field in FIELDS.items():
            if of != part:
                continue
            if field.in_places:
                if field.id not in self._built:
                    self._built[field.id] = field.value(self._values.get(field.id, {}))
                values[name] = self._built[field.id]
            elif field.id in self._values:
                values[name] = self._values[field.id]
        return PARTS[part](**values)


def _volumes(settings: Settings, branch: str) -> LineVolumes:
    return LineVolumes(settings.state_path / "snapshots" / branch / FOLDER, LAYOUT)


def _ended_before(volume: Path, when: datetime) -> bool:
    try:
        return volume.stat().st_mtime < when.timestamp()
    except OSError:
        return False
