"""What is new to a place of [[notify]]: how a branch differs from what the place knows of it. Pure
(docs/notices.md#what-is-told)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from shepherd.plans.place_knowledge import Event, Present, Told, answer_key
from shepherd.settings.model import NoticeKind


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
    key = answer_key(possible, present.answer)
    named = [replace(each, key=key) if each.about == "answer" else each for each in marked]
    return sorted(named, key=lambda each: each.at)


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
