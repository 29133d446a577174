"""In what an answer differs from the one that was given before, each difference with its landings
(docs/replay.md#what-differs)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from shepherd.snapshot import Answer, LandingEntry, Rev, Snapshot
from shepherd.values import some
from shepherd.words import State

DifferenceKind = Literal["landing", "answer", "blockers", "alarms", "unknown", "other", "text", "form"]
"""`landing`: the state of landings, or the rule that gave it; `unknown`: what is not kept of the old answer;
`other`: any other key; `text`: a key that only words something; `form`: a key that one of the two documents
lacks."""

LANDING_TEXTS = frozenset(
    ("reason", "reason_parts", "remedy", "remedy_parts", "warnings", "hints", "conditions", "title")
)
"""Keys of a landing that only word what other keys say."""
TEXTS = frozenset(("warnings", "problems"))
"""Those of a snapshot."""
_JUDGED = frozenset(("state", "rule", "good"))
_TOLD = frozenset(("landings", "answer", "deployable", "blockers", "alarms", "schema"))
_BLOCKERS_NAMED = 3


class Way(Struct, frozen=True):
    """One way in which answers differ: of two runs that differ in the same way it is equal."""

    kind: DifferenceKind
    before: str = ""
    """landing: the state, answer: the answer in words; other, text and form: the name of the key."""
    after: str = ""
    rule_before: str = ""
    """Empty: not known."""
    rule_after: str = ""


class Difference(Struct, frozen=True):
    """A way, and what of one answer it is about."""

    way: Way
    landings: tuple[int, ...] = ()
    """Newest first; empty where it is about the whole answer."""
    reasons: tuple[str, str] = ("", "")
    """Of the first landing, before and after; empty where they are not known."""


class SaidOfLanding(Struct, frozen=True, gc=False):
    """What an answer said of one landing."""

    state: State
    rule: str = ""
    """Empty: the release of that time did not say so."""
    good: bool | None = None
    """None: not known beside the state."""
    reason: str = ""


class SaidBefore(Struct, frozen=True):
    """What is known of an answer that was given."""

    answer: Answer
    deployable: Rev | None
    landings: Mapping[int, SaidOfLanding]
    snapshot: Snapshot | None = None
    """All that it said; None: only the rest is kept."""


def said_in(snapshot: Snapshot) -> SaidBefore:
    """What is known where the whole snapshot is."""
    landings = {
        each.revno: SaidOfLanding(each.state, each.rule, each.good, each.reason) for each in snapshot.landings
    }
    return SaidBefore(snapshot.answer, snapshot.deployable, landings, snapshot)


def differences(before: SaidBefore, after: Snapshot) -> Iterator[Difference]:
    """In what they differ but for the form of the documents, those that matter most first."""
    yield from _of_landings(before.landings, said_in(after).landings)
    said, says = _in_words(before), answer_in_words(after)
    if (before.answer, before.deployable) != (after.answer, after.deployable):
        yield Difference(Way("answer", said, says))
    if before.snapshot is not None:
        yield from _of_the_rest(before.snapshot, after)


def answer_in_words(snapshot: Snapshot) -> str:
    """What a snapshot proposes: `deploy r123`, `blocked by r120`."""
    names = [f"r{each.revno}" for each in snapshot.blockers]
    return _answer(snapshot.answer, snapshot.deployable, names)


def forms(old: bytes, new: bytes) -> Iterator[Difference]:
    """The keys that one of two documents lacks. Raises msgspec.DecodeError."""
    keys = [_keys(document) for document in (old, new)]
    for key in sorted(keys[0] ^ keys[1]):
        yield Difference(Way("form", key, "is gone" if key in keys[0] else "is new"))


def _in_words(said: SaidBefore) -> str:
    if said.snapshot is not None:
        return answer_in_words(said.snapshot)
    return _answer(said.answer, said.deployable, [])


def _answer(answer: Answer, deployable: Rev | None, blockers: list[str]) -> str:
    if deployable is not None:
        return f"deploy r{deployable.revno}"
    if answer == "blocked" and blockers:
        return f"blocked by {some(blockers, _BLOCKERS_NAMED)}"
    return {"nothing-new": "nothing new", "no-data": "no data"}.get(answer, answer)


def _of_landings(
    before: Mapping[int, SaidOfLanding], after: Mapping[int, SaidOfLanding]
) -> Iterator[Difference]:
    ways: dict[Way, list[int]] = {}
    for revno in sorted({*before, *after}, reverse=True):
        way = _way(before.get(revno), after.get(revno))
        if way is not None:
            ways.setdefault(way, []).append(revno)
    for way, revnos in sorted(ways.items(), key=lambda item: -len(item[1])):
        old, new = before.get(revnos[0]), after.get(revnos[0])
        reasons = (old.reason if old else "", new.reason if new else "")
        yield Difference(way, tuple(revnos), reasons)


def _way(old: SaidOfLanding | None, new: SaidOfLanding | None) -> Way | None:
    """None: both say the same."""
    # of a landing that names nothing the state does not say whether it is good
    known = None not in {each.good for each in (old, new) if each is not None and each.state == "orphan"}
    before, after = _state(old, known), _state(new, known)
    rules = (old.rule if old else "", new.rule if new else "")
    if before == after and (rules[0] == rules[1] or not rules[0]):
        return None
    return Way("landing", before, after, *rules)


def _state(said: SaidOfLanding | None, with_good: bool) -> str:
    if said is None:
        return "not listed"
    return "orphan, good" if said.state == "orphan" and said.good and with_good else said.state


def _of_the_rest(old: Snapshot, new: Snapshot) -> Iterator[Difference]:
    named: dict[DifferenceKind, tuple[set[int], set[int]]] = {
        "blockers": ({each.revno for each in old.blockers}, {each.revno for each in new.blockers}),
        "alarms": ({each.revno for each in old.alarms}, {each.revno for each in new.alarms}),
    }
    for kind, (before, after) in named.items():
        if before - after:
            yield Difference(Way(kind, after="gone"), _newest(before - after))
        if after - before:
            yield Difference(Way(kind, after="new"), _newest(after - before))
    keys: dict[str, list[int]] = {}
    both = {each.revno: each for each in old.landings}
    for entry in new.landings:
        if (was := both.get(entry.revno)) is not None and was != entry:
            for key in _differing(was, entry, _JUDGED):
                keys.setdefault(key, []).append(entry.revno)
    for key in _differing(old, new, _TOLD):
        yield Difference(Way("text" if key in TEXTS else "other", key))
    for kind, (before, after) in named.items():
        # the same landings, of which something else is said
        if before == after and getattr(old, kind) != getattr(new, kind):
            yield Difference(Way("other", kind))
    for key, revnos in keys.items():
        yield Difference(Way("text" if key in LANDING_TEXTS else "other", f"landings.{key}"), tuple(revnos))


def _differing(old: LandingEntry | Snapshot, new: LandingEntry | Snapshot, but: Collection[str]) -> list[str]:
    names = [field.name for field in fields(type(new)) if field.name not in but]
    return [name for name in names if getattr(old, name) != getattr(new, name)]


def _newest(revnos: Collection[int]) -> tuple[int, ...]:
    return tuple(sorted(revnos, reverse=True))


def _keys(document: bytes) -> set[str]:
    """Those of a snapshot, and of its first landing."""
    read: dict[str, Any] = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    landings: list[dict[str, Any]] = msgspec.json.decode(
        read.get("landings", b"[]"), type=list[dict[str, msgspec.Raw]]
    )
    journal = msgspec.json.decode(read.get("journal", b"null"))
    return (
        set(read)
        | {f"landings.{key}" for each in landings for key in each}
        | {f"journal.{key}" for key in journal or ()}
    )
