"""What a place of [[notify]] was told of a branch, by the journal of that branch
(docs/notices.md#what-is-told).

A message is noted as "meant" with what the place certainly knew (`told`), what it may have known (`maybe`)
and what it knows afterwards (`after`); as "done" with how that went. An entry "notify" says from when on a
place is told, or that it is told no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shepherd.act import Act
from shepherd.plans.notices import Notice
from shepherd.plans.place_knowledge import (
    PlaceState,
    Present,
    Told,
    after,
    folded,
    from_now_on,
    of_kinds,
)
from shepherd.plans.telling import LATER
from shepherd.settings.model import NotifySettings
from shepherd.store import Journal, JournalEntry
from shepherd.values import iso

SWITCH = "notify"
"""The kind of entry that says that a place is told, or is told no more."""
KIND = "notice"
"""The kind of act that a message is."""
_NOT_KNOWN_BEFORE = ("began", "restored")
"""Entries by which it is not known what was told before them."""
_DONE, _FAILED, _UNSURE, _KILLED = "done", "failed", "unsure", "killed"
KILLED = "it was meant, and the run ended: it may have arrived"
MOST_POSSIBLE = 8
"""Messages of which nobody knows whether they arrived, of which it is kept what a place knows by each; of
more the oldest two are taken together."""


def subject_of(place: str) -> str:
    """The subject of all entries about a place: by that the last one is found at once."""
    return f"{KIND} {place}"


def state_of(journal: Journal, place: str) -> PlaceState | None:
    """How it stands between a place and the journal's branch; None: it is not told of it, or it is not known
    what it was told."""
    subject = subject_of(place)
    found = [journal.last_about(kind, subject) for kind in (SWITCH, "meant", "done")]
    switch, meant, done = found
    newest = max((each for each in found if each is not None), key=lambda each: each.seq, default=None)
    if newest is None or any(
        (entry := journal.last(kind)) is not None and entry.seq > newest.seq for kind in _NOT_KNOWN_BEFORE
    ):
        return None
    if newest is switch or meant is None:
        return _of_switch(newest)
    return _of_message(meant, done if done is not None and done.seq > meant.seq else None, newest.seq)


def _of_switch(entry: JournalEntry) -> PlaceState | None:
    data = entry.data
    if not data.get("on"):
        return None
    return PlaceState(entry.as_a(Told, "told"), _maybe(entry), entry.seq, _moment(data.get("last")))


def _of_message(meant: JournalEntry, done: JournalEntry | None, seq: int) -> PlaceState:
    data, at, result = meant.data, meant.time, done.data.get("result", "") if done is not None else ""
    told, known_after = meant.as_a(Told, "told"), meant.as_a(Told, "after")
    failing = _moment(data.get("failing"))
    if result == _DONE:
        return PlaceState(known_after, (), seq, at)
    if result == _FAILED:
        alone = _alone(done) if done is not None else None
        return PlaceState(told, _maybe(meant), seq, _moment(data.get("last")), failing or at, at, alone=alone)
    doubt = _moment(data.get("doubt")) or at
    # what may be known already is not kept twice
    maybe = (*(each for each in _maybe(meant) if each != known_after), known_after)
    if len(maybe) > MOST_POSSIBLE:
        older, newer, *others = maybe
        maybe = (folded(older, newer, (told, *others)), *others)
    if result == _UNSURE:
        return PlaceState(told, maybe, seq, at, failing or at, at, doubt)
    # that a run was killed is not the place's doing, so it is told at once; unless runs end so time and again
    failing = failing or (at if "doubt" in data else None)
    return PlaceState(told, maybe, seq, at, failing, at, doubt, unsettled=not result)


def switching(
    place: NotifySettings, state: PlaceState | None, present: Present, today: str
) -> JournalEntry | None:
    """What notes that a place is told from now on, or of other kinds than before; None: neither.

    Args:
        today: the day, of those of mails.
    """
    subject, fresh = subject_of(place.name), from_now_on(present, place.on, today)
    if state is None:
        return JournalEntry(SWITCH, subject, {"on": True, "told": msgspec.to_builtins(fresh)})
    if state.told.kinds == fresh.kinds:
        return None
    told, *maybe = (of_kinds(each, fresh) for each in state.possible)
    data: dict[str, Any] = {"on": True, "told": msgspec.to_builtins(told)}
    if maybe:
        data["maybe"] = msgspec.to_builtins(maybe)
    if state.last is not None:
        data["last"] = iso(state.last)
    return JournalEntry(SWITCH, subject, data)


def ending(place: str) -> JournalEntry:
    """It is told no more."""
    return JournalEntry(SWITCH, subject_of(place), {"on": False})


def act_of(notice: Notice, state: PlaceState, present: Present) -> Act:
    """The message as the journal notes it."""
    data: dict[str, Any] = {
        "id": notice.id,
        "changes": [each.key for each in notice.changes],
        "told": msgspec.to_builtins(state.told),
        "after": msgspec.to_builtins(after(state.possible, present)),
    }
    if state.maybe:
        data["maybe"] = msgspec.to_builtins(state.maybe)
    if notice.left_out:
        data["left_out"] = notice.left_out
    if state.last is not None:
        data["last"] = iso(state.last)
    if state.failing is not None:
        data["failing"] = iso(state.failing)
    if state.doubt is not None:
        data["doubt"] = iso(state.doubt)
    return Act(KIND, subject_of(notice.to), notice.to, data, first_words(notice))


def settling(place: str) -> JournalEntry:
    """What notes that nobody knows how the last message went: the run that sent it ended before that."""
    return JournalEntry("done", subject_of(place), {"act": KIND, "result": _KILLED}, why=KILLED)


def first_words(notice: Notice) -> str:
    """What it is about, for journal and log."""
    texts: Sequence[str] = [each.text for each in notice.changes[:3]]
    more = len(notice.changes) + notice.left_out - len(texts)
    return "; ".join([*texts, *([f"and {more} more"] if more else [])])


def _maybe(entry: JournalEntry) -> tuple[Told, ...]:
    return entry.as_a(tuple[Told, ...], "maybe") if "maybe" in entry.data else ()


def _alone(failed: JournalEntry) -> datetime | None:
    """Until when a place that refused a message is left alone, since it asked for it."""
    wait = failed.data.get("wait", 0)
    return failed.time + min(timedelta(seconds=wait), LATER) if wait else None


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
