"""What was written while a test ran, against what follows from the inputs that were kept."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from msgspec import Struct
from msgspec.structs import replace

from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.snapshot_json import pieces
from shepherd.stages.judge_input import JudgeInput, snapshot_of
from shepherd.stages.kept_inputs import KeptInput, kept_inputs
from shepherd.store.snapshots import Snapshots


class Document(Struct, frozen=True):
    """A snapshot as it became the latest of its branch."""

    branch: str
    run_id: str
    text: bytes

    @property
    def sum(self) -> str:
        return hashlib.sha256(self.text).hexdigest()


@contextmanager
def documents() -> Iterator[list[Document]]:
    """All that are written from here on, in order."""
    found: list[Document] = []
    write = Snapshots.write

    def watched(self: Snapshots, snapshot: Snapshot) -> None:
        write(self, snapshot)
        latest = (self.folder / "latest.json").read_bytes()
        found.append(Document(snapshot.branch, snapshot.run_id, latest))

    with patch.object(Snapshots, "write", watched):
        yield found


def judged_again(settings: Settings, branch: str, *, proved: bool = True) -> list[Document]:
    """What follows from each input that was kept, in order. All must be readable.

    Args:
        proved: the sums that were kept must be those of what follows.
    """
    found = []
    for kept in kept_inputs(settings, branch):
        assert isinstance(kept, KeptInput), kept
        name = kept.given.context.branch
        found.append(Document(name, kept.run_id, b"".join(pieces(snapshot_of(kept.given)))))
        assert found[-1].sum == kept.sum or not proved, f"{branch} {kept.run_id}: not what it is said to be"
    return found


def shuffled(given: JudgeInput, chance: random.Random) -> JudgeInput:
    """The same input, with every mapping in it in another order: none may matter."""

    def mixed(value: Any) -> Any:
        if isinstance(value, dict):
            return dict(chance.sample([(key, mixed(each)) for key, each in value.items()], len(value)))
        if isinstance(value, Struct):
            return replace(value, **{name: mixed(getattr(value, name)) for name in value.__struct_fields__})
        return value

    changed: JudgeInput = mixed(given)
    return changed


def in_any_order(settings: Settings, branch: str, chance: random.Random) -> None:
    """The same follows from the inputs of a branch in whatever order their mappings are."""
    for kept in kept_inputs(settings, branch):
        assert isinstance(kept, KeptInput), kept
        text = b"".join(pieces(snapshot_of(shuffled(kept.given, chance))))
        assert text == b"".join(pieces(snapshot_of(kept.given))), f"{branch} {kept.run_id}"


def the_same(settings: Settings, branch: str, written: list[Document], *, last: bool = False) -> None:
    """Each document of a branch follows again from what was kept, byte for byte; of `main` also those of when
    it was called `stable`.

    Args:
        last: look at the last one only.
    """
    names = ("stable", "main") if branch in ("stable", "main") else (branch,)
    meant = [each for each in written if each.branch in names]
    kept = [each for name in names for each in judged_again(settings, name)]
    assert [each.run_id for each in kept] == [each.run_id for each in meant]
    for again, first in list(zip(kept, meant, strict=True))[-1 if last else 0 :]:
        assert again.text == first.text, f"{branch} {first.run_id}"
