"""What a run judged by, taken apart into small values with keys, so that of two runs only what differs need
be kept; and put together again (docs/replay.md#kept).

A key is the part (`recorded`), the field in it (`seen`) and, where the field is a collection, a place in it
(`824435`). Not kept are addresses, what the tracker wants to get back, and what its answers cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from hashlib import sha256
from itertools import chain, islice
from types import GenericAlias, UnionType
from typing import Any, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import FieldInfo, fields, replace

from shepherd.conditions import Conditions
from shepherd.landing import Landing, Reading
from shepherd.plans.mails import BlockerHistory
from shepherd.snapshot import Answer, JournalPlace, Rev, Snapshot
from shepherd.stages.judge_input import Announcement, JudgeInput
from shepherd.stages.snapshot_context import SnapshotContext
from shepherd.store.last_lines import LineGroup
from shepherd.words import Options, RecordedEvidence, TrackerData

MOST_LANDINGS = 10_000_000
"""Of a scope: a file that was made by hand must not fill the memory."""
LAYOUT = 1
"""Of keys and values. Another one begins a volume of its own."""


class KeptWhy(Struct, frozen=True):
    """What kind of input it is."""

    code: str
    problem: str
    parts: tuple[str, ...]
    """The parts that count. Where there was no answer, the others are as they were before."""
    journal: JournalPlace | UnsetType | None = UNSET


class KeptRules(Struct, frozen=True):
    """The settings that the rules depend on."""

    options: Options
    scope: tuple[tuple[int, int], ...]
    """Runs of revnos: the first and the last of each."""


class KeptOutcome(Struct, frozen=True):
    """What followed, in short: for those who have no longer the snapshot."""

    answer: Answer
    deployable: Rev | None
    sum: str
    """SHA-256 (hex) of the document, as `latest.json` had it."""


class KeptStates(Struct, frozen=True):
    """What each landing was said to be."""

    states: Mapping[int, tuple[str, str]]
    """Revno of each landing of the snapshot -> its state, and the rule that decided it."""


PARTS: Mapping[str, type[Struct]] = {
    "announcement": Announcement,
    "conditions": Conditions,
    "context": SnapshotContext,
    "outcome": KeptOutcome,
    "reading": Reading,
    "recorded": RecordedEvidence,
    "rules": KeptRules,
    "states": KeptStates,
    "tracker": TrackerData,
    "why": KeptWhy,
}
_LEFT_OUT = {("tracker", name) for name in ("about", "requests", "received", "budget", "memory")}
_IN_PLACES = {
    ("announcement", "histories"),
    ("conditions", "results"),
    ("conditions", "touched"),
    ("context", "deployed"),
    ("context", "promoted"),
    ("context", "touching"),
    ("context", "untagged"),
    ("reading", "landings"),
    *(("recorded", name) for name in ("first_seen", "seen", "kept", "verdicts", "covers")),
    *(("recorded", name) for name in ("asked", "own", "named", "elsewhere")),
    ("states", "states"),
    *(("tracker", name) for name in ("items", "named", "doubts", "unasked", "unseen", "said")),
}
"""The collections of which each place is kept by itself."""


class PartField:
    """One field of a part: as lines, and back."""

    def __init__(self, part: str, name: str) -> None:
        self.id, self.name = (part, name), name
        self.in_places = self.id in _IN_PLACES

    @cached_property
    def _holds(self) -> Any:
        """Its type. Who only writes need not find it out."""
        holds = self._field.type
        if self.in_places and isinstance(holds, UnionType):
            # a collection that is not there at all where it would be empty
            return next(each for each in get_args(holds) if each is not UnsetType)
        return holds

    @cached_property
    def _field(self) -> FieldInfo:
        return next(field for field in fields(PARTS[self.id[0]]) if field.name == self.name)

    @cached_property
    def decode(self) -> Callable[[bytes], Any]:
        """Read the value of a line. Raises msgspec.DecodeError, UnicodeDecodeError, RecursionError."""
        value: Any = self._holds
        if self.in_places:
            value = bool if get_origin(value) is frozenset else get_args(value)[1 if self._mapping else 0]
            if get_origin(value) is Sequence:
                # it is given as a tuple, and has to be read as one
                value = GenericAlias(tuple, (*get_args(value), ...))
        return msgspec.json.Decoder(value).decode

    @cached_property
    def _mapping(self) -> bool:
        return get_origin(self._holds) in (dict, Mapping)

    @cached_property
    def _pairs(self) -> bool:
        """Whether its keys are pairs."""
        return get_origin(get_args(self._holds)[0]) is tuple

    def lines(self, value: Any) -> Iterator[bytes]:
        """One for each place, ascending by key."""
        if not self.in_places:
            if value is not UNSET:
                yield _encode(self.id) + b"\t" + _encode(value)
            return
        for key, each in self._by_key(value):
            place = key if isinstance(key, tuple) else (key,)
            yield _encode((*self.id, *place)) + b"\t" + _encode(each)

    def _by_key(self, value: Any) -> Iterable[tuple[Any, Any]]:
        if isinstance(value, Mapping):
            return ((key, _public(value[key])) for key in sorted(value))
        if isinstance(value, frozenset):
            return ((key, True) for key in sorted(value))
        if self.id == ("reading", "landings"):
            return ((each.revno, _public(each)) for each in value)
        return enumerate(value)

    def key(self, place: Sequence[str | int]) -> Any:
        """The key of a place, from what stands after part and field in the key of a line."""
        return tuple(place) if self._pairs else place[0]

    def value(self, by_key: dict[Any, Any]) -> Any:
        """The collection, from what stands in each place."""
        if not by_key and self._field.default is UNSET:
            return UNSET
        if self._mapping:
            return by_key
        if get_origin(self._holds) is frozenset:
            return frozenset(by_key)
        return tuple(by_key[key] for key in sorted(by_key))


def _public(value: Any) -> Any:
    """Without an address: nothing is judged by one."""
    if type(value) is Landing:
        return replace(value, address="") if value.address else value
    return replace(value, address=None) if type(value) is BlockerHistory else value


_AT_ONCE = 1_000
_encode = msgspec.json.Encoder().encode
FIELDS: Mapping[tuple[str, str], PartField] = {
    (part, name): PartField(part, name)
    for part, struct in PARTS.items()
    for name in sorted(struct.__struct_fields__)
    if (part, name) not in _LEFT_OUT
}
_FIELDS_OF = {part: [field for field in FIELDS.values() if field.id[0] == part] for part in PARTS}


def parts_of(given: JudgeInput, snapshot: Snapshot, sum: str) -> dict[str, Struct]:
    """An input and its outcome, by the names of their parts.

    Args:
        snapshot: the one that followed; sum: SHA-256 (hex) of its document.
    """
    parts: dict[str, Struct | None] = {
        "context": given.context,
        "outcome": KeptOutcome(snapshot.answer, snapshot.deployable, sum),
        "reading": given.reading,
    }
    if not given.problem:
        parts |= {
            "announcement": given.announcement,
            "conditions": given.conditions,
            "recorded": given.recorded,
            "rules": KeptRules(given.options, tuple(_runs(given.scope))),
            "states": KeptStates({each.revno: (each.state, each.rule) for each in snapshot.landings}),
            "tracker": given.tracker,
        }
    there = {name: part for name, part in parts.items() if part is not None}
    names = tuple(sorted({*there, "why"}))
    return {**there, "why": KeptWhy(given.code, given.problem, names, given.journal)}


def groups_of(parts: Mapping[str, Struct]) -> Iterator[LineGroup]:
    """The lines of some parts: a group of each part, and one of each of its collections."""
    for part, fields_of_part in _FIELDS_OF.items():
        if part not in parts:
            continue
        values = [(field, getattr(parts[part], field.name)) for field in fields_of_part]
        lines = [line for field, value in values if not field.in_places for line in field.lines(value)]
        yield LineGroup(part, sha256(b"\n".join(lines)).hexdigest(), partial(iter, lines))
        for field, value in values:
            if field.in_places and value is not UNSET:
                yield LineGroup(f"{part}.{field.name}", _sum_of(value), partial(field.lines, value))


def _sum_of(collection: Any) -> str:
    """Of everything in it, in pieces: it may be large."""
    total = sha256()
    each = iter(collection.items() if isinstance(collection, Mapping) else collection)
    while some := list(islice(each, _AT_ONCE)):
        total.update(msgspec.msgpack.encode(some))
    return total.hexdigest()


def input_of(parts: Mapping[str, Any]) -> JudgeInput:
    """The input that was taken apart. Raises ValueError: it is none."""
    why: KeptWhy = parts["why"]
    given = JudgeInput(why.code, parts["context"], why.problem, parts.get("reading"), journal=why.journal)
    if why.problem:
        return given
    rules: KeptRules = parts["rules"]
    return replace(
        given,
        tracker=parts["tracker"],
        recorded=parts["recorded"],
        options=rules.options,
        scope=_numbers(rules.scope),
        conditions=parts["conditions"],
        announcement=parts.get("announcement"),
    )


def _numbers(runs: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """The numbers of runs. Raises ValueError: no mainline has so many landings."""
    if sum(max(0, last - first + 1) for first, last in runs) > MOST_LANDINGS:
        raise ValueError("a scope that is true")
    return tuple(chain.from_iterable(range(first, last + 1) for first, last in runs))


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as runs without gaps: the first and the last of each."""
    first = last = None
    for number in numbers:
        if last is not None and first is not None and number != last + 1:
            yield first, last
            first = number
        first, last = number if first is None else first, number
    if first is not None and last is not None:
        yield first, last
