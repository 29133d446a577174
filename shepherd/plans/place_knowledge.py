"""What a place of [[notify]] knows of a branch, and what it knows once it was told. Pure
(docs/notices.md#what-is-told).

Alarms and promotions are events, known by their place in the journal, and each is told. The answer and the
freezes are states: what counts is how they differ from what was told last, so that what came and went in
between is not told one by one. The journal has with each message what the place knew before and knows after
it, so a run that looks at the last message knows where to go on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from shepherd.settings.model import NoticeKind


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
    alone: datetime | None = None
    """Until when it asked to be left alone, by its answer to the last message."""
    unsettled: bool = False
    """A message was meant, and nobody said yet how it went: the run was killed."""

    @property
    def possible(self) -> tuple[Told, ...]:
        """All that it may know."""
        return (self.told, *self.maybe)


def after(possible: Sequence[Told], present: Present) -> Told:
    """What the place knows once it was told of all that differs."""
    told, *_ = possible
    answer = possible[-1].answer
    if any(each.answer is not None and each.answer.what != present.answer.what for each in possible):
        answer = AnswerTold(present.answer.what, answer_key(possible, present.answer))
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


def answer_key(possible: Sequence[Told], now: AnswerNow) -> str:
    """The same for each attempt to tell it; another one if the same answer is given once more later on."""
    known = [each.answer for each in possible if each.answer is not None]
    for each in reversed(known):
        if each.what == now.what:
            return each.key
    return f"answer {now.source} {digest([known[0].key])}" if known else ""


def _newest(told: Iterable[int | None], events: Iterable[Event]) -> int | None:
    """The place of the last event; None: the kind is not told."""
    known = [each for each in told if each is not None]
    return max([*known, *(each.seq for each in events)]) if known else None


def _freezes(present: Present) -> dict[str, str]:
    return {name: "overdue" if each.overdue else "on" for name, each in present.freezes.items()}


def digest(parts: Iterable[str]) -> str:
    """A short name for several."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:12]
