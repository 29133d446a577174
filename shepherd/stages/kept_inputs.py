"""What each run judged by, kept so that it can be judged again (docs/replay.md)."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shepherd.atomic import public_folder, write_atomically
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.snapshot_json import pieces
from shepherd.stages.judge_input import JudgeInput

FOLDER = "inputs"
"""In the folder of a branch's snapshots; only the owner of state_dir may read it."""


class KeptInput(Struct, frozen=True):
    """One judgement as it was kept."""

    given: JudgeInput
    sum: str
    """SHA-256 (hex) of the document that followed, as `latest.json` has it."""

    @property
    def run_id(self) -> str:
        return self.given.context.run_id


def keep_input(settings: Settings, given: JudgeInput, snapshot: Snapshot) -> None:
    """Keep what a snapshot was made of. Raises StoreError."""
    kept = KeptInput(_without_addresses(given), document_sum(snapshot))
    folder = _folder(settings, snapshot.branch)
    # who may read snapshots must get past this one
    public_folder(folder.parent)
    write_atomically(
        folder / f"{snapshot.run_id}.gz", gzip.compress(msgspec.msgpack.encode(kept), mtime=0), mode=0o600
    )


def kept_inputs(settings: Settings, branch: str) -> Iterator[KeptInput]:
    """All that are kept, in the order in which they were judged."""
    for path in sorted(_folder(settings, branch).glob("*.gz")):
        yield msgspec.msgpack.decode(gzip.decompress(path.read_bytes()), type=KeptInput)


def document_sum(snapshot: Snapshot) -> str:
    """SHA-256 (hex) of a snapshot's document."""
    total = hashlib.sha256()
    for piece in pieces(snapshot):
        total.update(piece)
    return total.hexdigest()


def _folder(settings: Settings, branch: str) -> Path:
    return settings.state_path / "snapshots" / branch / FOLDER


def _without_addresses(given: JudgeInput) -> JudgeInput:
    """Nothing is judged by an address."""
    if given.reading is None:
        return given
    landings = tuple(replace(each, address="") for each in given.reading.landings)
    return replace(
        given,
        reading=replace(given.reading, landings=landings),
        tracker=replace(given.tracker, memory=b"", budget=None, requests=0, received=0, about={}),
    )
