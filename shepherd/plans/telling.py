"""What a place of [[notify]] was told of a branch, and what it is to be told now. Pure
(docs/notices.md#what-is-told).

Alarms and promotions are events, known by their place in the journal, and each is told. The answer and the
freezes are states: what counts is how they differ from what was told last, so that what came and went in
between is not told one by one. The journal has with each message what the place knew before and knows after
it, so a run that looks at the last message knows where to go on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from shepherd.settings.model import NoticeKind

MOST = 20
"""Changes that one message tells one by one."""
KEEPS_FAILING = timedelta(days=1)
"""A place that nothing reached for so long is tried once in `LATER`: each attempt is two entries of the
journal."""
LATER = timedelta(hours=1)


class AnswerTold(Struct, frozen=True):
    """An answer as a place was told it."""

    what: tuple[str, ...]
    """The answer, the SHA that it proposes, and what stops it: what makes it another one."""
    key: str


class Told(Struct, frozen=True, omit_defaults=True):
    """What a place knows of a branch. A kind that it is not told of is None."""

    answer: AnswerTold | None = None
    alarm: int | None = None
    """Up to which place in the journal."""
    promotion: int | None = None
    freeze: dict[str, str] | None = None
    """Which freezes are on: what tells each from others -> "on" or "overdue"."""
    escalation: str | None = None
    """The last day on which it was told."""

    @property
    def kinds(self) -> set[str]:
        """The kinds that it is told of."""
        return {name for name in self.__struct_fields__ if getattr(self, name) is not None}


class AnswerNow(Struct, frozen=True):
    """The answer as it is."""

    what: tuple[str, ...]
    source: str
    """What names the judgement, or the failure, that it comes from."""
    at: datetime


class Event(Struct, frozen=True):
    """An alarm that began or ended, or a promotion."""

    seq: int
    key: str
    at: datetime
    urgent: bool = False


class FreezeOn(Struct, frozen=True):
    """A freeze that is on."""

    since: datetime
    overdue: bool = False


class Present(Struct, frozen=True):
    """What is true of a branch now."""

    now: datetime
    answer: AnswerNow
    seq: int
    """The journal's last entry."""
    alarms: tuple[Event, ...] = ()
    promotions: tuple[Event, ...] = ()
    freezes: dict[str, FreezeOn] = {}
    escalation: tuple[str, str] = ("", "")
    """The day, and what names the landings that the list would be told of; empty: there are none, or it is
    not the hour."""


class News(Struct, frozen=True):
    """A change that is to be told, before it has words."""

    kind: NoticeKind
    about: str
    """Which alarm, promotion or freeze, and what of it: the same in two readings of the same change."""
    key: str
    at: datetime
    urgent: bool = False
    """It does not wait for `quiet` to be over."""
    again: bool = False


class PlaceState(Struct, frozen=True):
    """How it stands between a place and a branch, by the last entry about it in the journal."""

    told: Told
    """What it certainly knew last."""
    maybe: tuple[Told, ...] = ()
    """What it may know instead, oldest first: one for each message after that of which nobody knows whether
    it arrived."""
    seq: int = 0
    last: datetime | None = None
    """When a message went, or may have gone."""
    failing: datetime | None = None
    """Since when no message certainly arrived; None: the last one did."""
    tried: datetime | None = None
    """When the last attempt was, if it failed or nobody knows."""
    doubt: datetime | None = None
    """Since which attempt it is of none known whether it arrived; None: of the last one it is."""
    unsettled: bool = False
    """A message was meant, and nobody said yet how it went: the run was killed."""

    @property
    def possible(self) -> tuple[Told, ...]:
        """All that it may know."""
        return (self.told, *self.maybe)


class Decision(Struct, frozen=True):
    """What a place is told of a branch in this run."""

    news: tuple[News, ...] = ()
    """Oldest first; of too many those that matter most."""
    left_out: int = 0
    until: datetime | None = None
    """It is held back until then; None: it goes now."""
    because: str = ""
    """Why it is held back."""


def decide(state: PlaceState, present: Present, quiet: float) -> Decision:
    """What is new for the place, and whether it is told now.

    Args:
        quiet: seconds, of the settings.
    """
    every = news(state.possible, present)
    if not every:
        return Decision()
    told, left_out = _most_important(every)
    held = _held(state, every, present.now, quiet)
    return Decision(tuple(told), left_out, *(held or (None, "")))


def _held(
    state: PlaceState, every: Sequence[News], now: datetime, quiet: float
) -> tuple[datetime, str] | None:
    """Until when it is held back, and why."""
    fresh = [each for each in every if not each.again]
    if any(each.urgent for each in fresh):
        return None
    quiet_until = _ahead(state.last, timedelta(seconds=quiet), now)
    if state.failing is None or state.tried is None:
        # what a killed run may have told is told at once
        return (quiet_until, "quiet") if quiet_until and not state.maybe else None
    if state.doubt is not None:
        # what arrives each time although nobody learns of it shall not arrive each time
        again = _ahead(state.tried, min((state.tried - state.doubt) / 2, LATER), now)
        if again is None or (fresh and quiet_until is None):
            return None
        return min(again, quiet_until) if fresh and quiet_until else again, "failing"
    later = _ahead(state.tried, LATER, now) if now - state.failing >= KEEPS_FAILING else None
    return (later, "failing") if later else None


def _ahead(before: datetime | None, pause: timedelta, now: datetime) -> datetime | None:
    """When the pause after a moment is over, if it is not. A moment in the future says nothing: the clock was
    set back."""
    return before + pause if before is not None and before <= now < before + pause else None


def news(possible: Sequence[Told], present: Present) -> list[News]:
    """What differs from what a place knows, oldest first. What it may have been told already is marked.

    Args:
        possible: what it certainly knew last, and all that it may know instead.
    """
    differences = [{each.about: each for each in _differences(told, present)} for told in possible]
    found = {about: each for of_one in differences for about, each in of_one.items()}
    marked = [
        replace(each, again=not all(about in of_one for of_one in differences))
        for about, each in found.items()
    ]
    key = _answer_key(possible, present.answer)
    named = [replace(each, key=key) if each.about == "answer" else each for each in marked]
    return sorted(named, key=lambda each: each.at)


def after(possible: Sequence[Told], present: Present) -> Told:
    """What the place knows once it was told of all that differs."""
    told, *_ = possible
    answer = possible[-1].answer
    if any(each.answer is not None and each.answer.what != present.answer.what for each in possible):
        answer = AnswerTold(present.answer.what, _answer_key(possible, present.answer))
    escalation = max((each.escalation or "" for each in possible), default="")
    return Told(
        answer=answer,
        alarm=_newest((each.alarm for each in possible), present.alarms),
        promotion=_newest((each.promotion for each in possible), present.promotions),
        freeze=_freezes(present) if told.freeze is not None else None,
        escalation=(present.escalation[0] or escalation) if told.escalation is not None else None,
    )


def folded(older: Told, newer: Told, others: Iterable[Told]) -> Told:
    """One in place of two that the place may know in succession, so that nothing is left untold: with the
    freezes of both, and with the answer that none of the others has."""
    known = {each.answer.what for each in others if each.answer is not None}
    repeated = newer.answer is not None and newer.answer.what in known
    freeze = None if newer.freeze is None else {**(older.freeze or {}), **newer.freeze}
    return replace(newer, answer=older.answer if repeated else newer.answer, freeze=freeze)


def from_now_on(present: Present, kinds: Iterable[NoticeKind], today: str) -> Told:
    """What a place counts as knowing that is told from now on: all that is."""
    wanted = set(kinds)
    return Told(
        answer=AnswerTold(present.answer.what, present.answer.source) if "answer" in wanted else None,
        alarm=present.seq if "alarm" in wanted else None,
        promotion=present.seq if "promotion" in wanted else None,
        freeze=_freezes(present) if "freeze" in wanted else None,
        escalation=today if "escalation" in wanted else None,
    )


def of_kinds(told: Told, new: Told) -> Told:
    """The same for exactly the kinds of `new`, which says what counts as known of those that are new."""
    return Told(**{kind: getattr(told if kind in told.kinds else new, kind) for kind in new.kinds})


def _differences(told: Told, present: Present) -> Iterator[News]:
    if told.answer is not None and told.answer.what != present.answer.what:
        # its key follows from all that the place may know
        yield News("answer", "answer", "", present.answer.at)
    yield from _since("alarm", told.alarm, present.alarms)
    yield from _since("promotion", told.promotion, present.promotions)
    if told.freeze is not None:
        yield from _freeze_differences(told.freeze, present)
    day, which = present.escalation
    if told.escalation is not None and day and told.escalation != day:
        yield News("escalation", "escalation", f"escalation {day} {which}", present.now)


def _since(kind: NoticeKind, upto: int | None, events: Iterable[Event]) -> Iterator[News]:
    """The events after place `upto` of the journal; None: the place is not told of such."""
    for each in events:
        if upto is not None and each.seq > upto:
            yield News(kind, f"{kind} {each.seq}", f"{kind} {each.key}", each.at, each.urgent)


def _freeze_differences(told: dict[str, str], present: Present) -> Iterator[News]:
    now = present.now
    for name, each in present.freezes.items():
        if name not in told:
            yield News("freeze", f"{name} on", f"freeze {name} on", each.since, urgent=True)
        elif each.overdue and told[name] != "overdue":
            yield News("freeze", f"{name} overdue", f"freeze {name} overdue", now)
    for name in told.keys() - present.freezes.keys():
        yield News("freeze", f"{name} off", f"freeze {name} off", now)


def _newest(told: Iterable[int | None], events: Iterable[Event]) -> int | None:
    """The place of the last event; None: the kind is not told."""
    known = [each for each in told if each is not None]
    return max([*known, *(each.seq for each in events)]) if known else None


def _freezes(present: Present) -> dict[str, str]:
    return {name: "overdue" if each.overdue else "on" for name, each in present.freezes.items()}


def _answer_key(possible: Sequence[Told], now: AnswerNow) -> str:
    """The same for each attempt to tell it; another one if the same answer is given once more later on."""
    known = [each.answer for each in possible if each.answer is not None]
    for each in reversed(known):
        if each.what == now.what:
            return each.key
    return f"answer {now.source} {digest([known[0].key])}" if known else ""


def _most_important(every: Sequence[News]) -> tuple[list[News], int]:
    """At most `MOST`: the answer, what is urgent, and what the place may know, before all else; then the
    newest."""

    def rank(each: News) -> tuple[bool, bool, datetime]:
        return each.kind == "answer", each.urgent or each.again, each.at

    chosen = sorted(every, key=rank, reverse=True)[:MOST]
    keys = {each.key for each in chosen}
    return [each for each in every if each.key in keys], len(every) - len(chosen)


def digest(parts: Iterable[str]) -> str:
    """A short name for several."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:12]
