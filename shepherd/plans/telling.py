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
    """What it certainly knows, or was told twice perhaps."""
    maybe: Told
    """What it knows if a message arrived of which that is not known; else the same."""
    seq: int = 0
    last: datetime | None = None
    """When a message went, or may have gone."""
    failing: datetime | None = None
    """Since when nothing is taken; None: the last message was."""
    tried: datetime | None = None
    """When the last attempt was that failed."""
    unsettled: str = ""
    """The id of a message that was meant, and of which nobody said yet how it went."""

    @property
    def unsure(self) -> bool:
        """Whether what it knows is not certain."""
        return self.told != self.maybe


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
    every = news(state.told, state.maybe, present)
    told, left_out = _most_important(every)
    if not every:
        return Decision()
    until, because = None, ""
    urgent = state.unsure or any(each.urgent for each in every)
    free = state.last + timedelta(seconds=quiet) if state.last else None
    # a time in the future says nothing: the clock was set back
    if not urgent and free is not None and state.last is not None and state.last <= present.now < free:
        until, because = free, "quiet"
    if state.failing is not None and state.tried is not None:
        late = present.now - state.failing >= KEEPS_FAILING
        if late and state.tried <= present.now < state.tried + LATER:
            until, because = state.tried + LATER, "failing"
    return Decision(tuple(told), left_out, until, because)


def news(told: Told, maybe: Told, present: Present) -> list[News]:
    """What differs from what a place was told, oldest first. What it may know is marked."""
    certain = {each.about: each for each in _differences(told, present)}
    perhaps = {each.about: each for each in _differences(maybe, present)}
    found = [replace(each, again=True) for about, each in certain.items() if about not in perhaps]
    for about, each in perhaps.items():
        if about == "answer" and told.answer is not None and told.answer.what == present.answer.what:
            # it went back to what was told before something else may have been
            found.append(replace(each, again=True))
        else:
            found.append(each)
    if maybe.answer is not None and maybe.answer.what == present.answer.what:
        # the very change that it may have been told of
        found = [replace(each, key=maybe.answer.key) if each.about == "answer" else each for each in found]
    return sorted(found, key=lambda each: each.at)


def after(told: Told, maybe: Told, present: Present) -> Told:
    """What the place knows once it was told of all that differs."""
    answer = maybe.answer
    if answer is not None and answer.what != present.answer.what:
        key = _answer_key(answer, present.answer)
        answer = AnswerTold(present.answer.what, key)
    return Told(
        answer=answer,
        alarm=present.seq if told.alarm is not None else None,
        promotion=present.seq if told.promotion is not None else None,
        freeze=_freezes(present) if told.freeze is not None else None,
        escalation=(present.escalation[0] or maybe.escalation) if told.escalation is not None else None,
    )


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
        yield News("answer", "answer", _answer_key(told.answer, present.answer), present.answer.at)
    for kind, upto, events in (
        ("alarm", told.alarm, present.alarms),
        ("promotion", told.promotion, present.promotions),
    ):
        for each in events:
            if upto is not None and each.seq > upto:
                assert kind in ("alarm", "promotion")
                yield News(kind, f"{kind} {each.seq}", f"{kind} {each.key}", each.at, each.urgent)  # type: ignore[arg-type]  # see above
    if told.freeze is not None:
        yield from _freeze_differences(told.freeze, present)
    day, which = present.escalation
    if told.escalation is not None and day and told.escalation != day:
        yield News("escalation", "escalation", f"escalation {day} {which}", present.now)


def _freeze_differences(told: dict[str, str], present: Present) -> Iterator[News]:
    now = present.now
    for name, each in present.freezes.items():
        if name not in told:
            yield News("freeze", f"{name} on", f"freeze {name} on", each.since, urgent=True)
        elif each.overdue and told[name] != "overdue":
            yield News("freeze", f"{name} overdue", f"freeze {name} overdue", now)
    for name in told.keys() - present.freezes.keys():
        yield News("freeze", f"{name} off", f"freeze {name} off", now)


def _freezes(present: Present) -> dict[str, str]:
    return {name: "overdue" if each.overdue else "on" for name, each in present.freezes.items()}


def _answer_key(before: AnswerTold, now: AnswerNow) -> str:
    """The same for each attempt to tell it; another one if the same answer is given once more later on."""
    return f"answer {now.source} {digest([before.key])}"


def _most_important(every: Sequence[News]) -> tuple[list[News], int]:
    """At most `MOST`: what is urgent, and what the place may know, before all else; then the newest."""
    chosen = sorted(every, key=lambda each: (each.urgent or each.again, each.at), reverse=True)[:MOST]
    keys = {each.key for each in chosen}
    return [each for each in every if each.key in keys], len(every) - len(chosen)


def digest(parts: Iterable[str]) -> str:
    """A short name for several."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:12]
