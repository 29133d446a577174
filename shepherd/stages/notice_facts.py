"""What is true of a branch now, as far as chats and webhooks are told of it, by its journal and its freezes
(docs/notices.md#what-is-told); what blocks for too long is in `overdue`.

Where nothing is new, no snapshot is read for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from shepherd.plans.days import days_of
from shepherd.plans.place_knowledge import AnswerNow, Event, FreezeOn, Present
from shepherd.settings import Settings
from shepherd.situation import Freeze, Situation
from shepherd.stages.freezes import KIND as FREEZE
from shepherd.stages.freezes import freezes_at, words_in
from shepherd.store import BranchStore, Journal, JournalEntry

WINDOW = "window"
"""How the name of a freeze by the settings begins."""
_LOOKED = "notices-overdue"
"""What the cache calls the day on which nothing was found to be overdue."""


class NoticeFacts(Struct):
    """What is true of one branch, and what its words are made of."""

    present: Present
    alarms: dict[str, JournalEntry]
    """By what the plan calls them."""
    promotions: dict[str, tuple[JournalEntry, JournalEntry]]
    """The same; each behind the entry before it."""
    freezes: dict[str, Freeze]
    """Those that are on, by name."""


def known_of(
    store: BranchStore, settings: Settings, branch: str, situation: Situation, since: int
) -> NoticeFacts | None:
    """What is true now; None: there never was an answer.

    Args:
        situation: with the time.
        since: the place in the journal behind which alarms and promotions are looked for.
    """
    journal, now = store.journal, situation.now
    assert now is not None
    answer = _answer(journal, situation, branch)
    if answer is None:
        return None
    alarms = {f"alarm {each.seq}": each for each in journal.entries("alarm") if each.seq > since}
    moves = _moves(journal, since, now)
    promotions = {f"promotion {move.seq}": (before, move) for before, move in moves}
    freezes = _freezes(journal, settings, branch, now)
    present = Present(
        now,
        answer,
        journal.next_seq() - 1,
        tuple(
            Event(each.seq, f"{each.seq} {each.run_id}", each.time, urgent=bool(each.data["on"]))
            for each in alarms.values()
        ),
        tuple(Event(move.seq, f"{move.seq} {move.run_id}", move.time) for _, move in moves),
        {name: FreezeOn(each.since or now, each.overdue) for name, each in freezes.items()},
    )
    return NoticeFacts(present, alarms, promotions, freezes)


def _answer(journal: Journal, situation: Situation, branch: str) -> AnswerNow | None:
    entry = journal.last("answer")
    if entry is None:
        return None
    source = f"{entry.seq} {entry.run_id}"
    unread = situation.unread.get(branch)
    if unread is not None and entry.data["answer"] != "no-data":
        # the newest attempt to read or judge it failed: what the journal has may not hold any more
        return AnswerNow(("no-data", "", "", ""), f"{source} unread", unread.at)
    parts = (entry.data.get(name) for name in ("answer", "id", "stopped", "waits"))
    return AnswerNow(tuple(str(each or "") for each in parts), source, entry.time)


def _moves(journal: Journal, since: int, now: datetime) -> list[tuple[JournalEntry, JournalEntry]]:
    last = journal.last("promoted")
    if last is None or last.seq <= since:
        return []
    from shepherd.stages.promotion_mails import moves_after
    from shepherd.stages.went_live import NEWS_DAYS

    return moves_after(journal, since, now - timedelta(days=NEWS_DAYS))


def _freezes(journal: Journal, settings: Settings, branch: str, now: datetime) -> dict[str, Freeze]:
    """Those that are on: a person's under the name that the journal has for it, a window of the settings
    under the moment at which it begins."""
    windows = freezes_at(settings, branch, (), now)
    found = {f"{WINDOW} {each.since.isoformat() if each.since else ''}": each for each in windows}
    for word in words_in(journal):
        for each in freezes_at(settings, branch, (word,), now):
            if not each.standing:
                found[word.id] = each
    return found


def ended(journal: Journal, name: str) -> tuple[JournalEntry | None, JournalEntry | None]:
    """A person's freeze by its name: the entry that began it, and the one that ended it, if one did."""
    entries = journal.entries(FREEZE, subjects=[name])
    on = next((each for each in entries if each.data.get("on")), None)
    return on, next((each for each in reversed(entries) if not each.data.get("on")), None)


def is_due(store: BranchStore, settings: Settings, now: datetime) -> str:
    """The day, where it is to be looked today what is overdue; empty: not now, or that was done."""
    days = days_of(settings)
    day = days.of(now).isoformat()
    return day if days.due(now) and store.cache.fact(_LOOKED, str) != day else ""


def note_nothing_overdue(store: BranchStore, day: str) -> None:
    """Nothing is overdue on that day: it need not be looked again."""
    store.cache.put_fact(_LOOKED, day)
