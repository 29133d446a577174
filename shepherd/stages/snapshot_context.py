"""What a snapshot says beside what the rules decided: settings, and what the journal knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from shepherd import snapshot as shape
from shepherd.rules.item_speech import NOT_KNOWN, ItemSpeech
from shepherd.stages.timeline import RefMove


class SnapshotContext(Struct, frozen=True):
    """Everything a snapshot needs in addition to the judgement."""

    run_id: str
    branch: str
    now: datetime
    valid_until: datetime
    deployed: Sequence[RefMove] = ()
    promoted: Sequence[RefMove] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    bug_url: str = ""
    request_url: str = ""
    landing_url: str = ""
    compare_url: str = ""
    timezone: str = "UTC"
    marks: tuple[str, ...] = ("brackets",)
    """The grammars that are read."""
    last_good: shape.LastGood | None = None
    several: bool = False
    """Whether there are other branches, so that a command has to name this one."""
    untagged: Mapping[str, Sequence[str]] = {}
    """SHA -> warnings about bugs that the tagger could not write."""
    verdict_notes: str = ""
    """The git notes ref by which people can speak; empty: none."""
    speech: ItemSpeech = NOT_KNOWN
    """How people say on bugs and requests what QA found."""
    components: tuple[str, ...] = ()
    """The names of those that the settings have."""
    touching: Mapping[str, tuple[int, ...]] = {}
    """SHA of a landing after D -> the components that it touches, as places in `components`."""
