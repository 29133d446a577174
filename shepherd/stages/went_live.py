"""What went live and its people were not told yet, from the answer and the journal (docs/mails.md#went-live).

The journal of a branch says since when people are told ("live-mails"): of what was live by then nobody is.
Which landings a mail told of is noted with that mail, under "live".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from shepherd.act import EVERYWHERE
from shepherd.errors import ShepherdError
from shepherd.plans.mails import WentLive
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.store import BranchStore, Database, Journal, JournalEntry
from shepherd.store.snapshots import Snapshots

SWITCH = "live-mails"
"""The kind of entry that says that people are told, or are told no more."""
NEWS_DAYS = 7
"""What has been live for longer than this is no news: nobody is told of it any more."""
_NOT_KNOWN_BEFORE = ("rewrite", "began", "restored")
"""Entries by which it is not known of what went live before them whether its people were told."""


def note_switches(settings: Settings, database: Database, run: Run, wanted: Mapping[str, bool]) -> None:
    """Note from when on something is told, and when it is told no more: of what happened before, or
    meanwhile, nothing is.

    Args:
        wanted: kind of the entry that says so -> whether it is told now.

    Raises:
        StoreError: the database cannot be used.
    """
    for branch in settings.branches:
        with database.branch(branch) as store:
            last = {kind: store.journal.last(kind) for kind in wanted}
            began = store.journal.first("began")
        changed = [
            JournalEntry(kind, data={"on": on})
            for kind, on in wanted.items()
            if ((entry := last[kind]) is not None and entry.data["on"]) != on
        ]
        # nothing is written into a journal that was never begun, or is lost
        if changed and began is not None and _has_answer(settings, branch):
            database.append(branch, changed, run)


def _has_answer(settings: Settings, branch: str) -> bool:
    """Whether the last answer is one; the same is asked later, and says what is wrong with it."""
    try:
        snapshot = Snapshots(settings.state_path / "snapshots", branch).latest()
    except ShepherdError:
        return False
    return snapshot is not None and snapshot.complete


def news_of(store: BranchStore, snapshot: Snapshot, now: datetime) -> list[WentLive]:
    """The landings of one branch that went live since people are told, and not too long ago."""
    since = _told_since(store.journal)
    if since is None:
        return []
    since = max(since, now - timedelta(days=NEWS_DAYS))
    entries = [
        entry
        for entry in snapshot.landings
        if entry.progress == "live" and entry.live_since is not None and entry.live_since > since
    ]
    addresses = {each.id: each.address for each in store.cache.landings([entry.id for entry in entries])}
    return [
        WentLive(snapshot.branch, entry, entry.live_since, addresses[entry.id])
        for entry in entries
        if entry.live_since is not None and addresses.get(entry.id)
    ]


def untold(
    database: Database, news: Iterable[WentLive], today: date, *, again_today: bool = False
) -> list[WentLive]:
    """Those that no mail told of. What may have been told today waits for tomorrow, as all mails.

    Args:
        again_today: also those that a mail of today told of, for a preview.
    """
    news = list(news)
    if not news:
        return []
    with database.branch(EVERYWHERE) as store:
        told = names_told(store.journal, "live", today, again_today)
        former = {branch: store.of(branch).journal.names for branch in {each.branch for each in news}}
    return [
        each for each in news if not any(f"{name} {each.entry.id}" in told for name in former[each.branch])
    ]


def _told_since(journal: Journal) -> datetime | None:
    """Since when people are told; None: they are not."""
    switch = journal.last(SWITCH)
    if switch is None or not switch.data["on"]:
        return None
    others = (journal.last(kind) for kind in _NOT_KNOWN_BEFORE)
    return max([switch.time, *(entry.time for entry in others if entry is not None)])


def names_told(journal: Journal, noted: str, today: date, again_today: bool) -> set[str]:
    """The names of what is not to be told of now: a mail that was sent told of it, or one that may have been
    sent did so today.

    Args:
        noted: where the names stand in the data of a mail.
        again_today: also what a mail of today told of is to be told, for a preview.
    """
    told: set[str] = set()
    for back in range(again_today, NEWS_DAYS + 2):
        day = today - timedelta(days=back)
        open_mails: dict[str, list[str]] = {}
        maybe: set[str] = set()
        for entry in journal.entries("meant", "done", beginning=f"{day} "):
            if entry.kind == "meant":
                open_mails[entry.subject] = entry.data.get(noted, [])
                continue
            names = open_mails.pop(entry.subject, [])
            if entry.data["result"] == "done":
                told.update(names)
            elif entry.data["result"] != "failed":
                maybe.update(names)
        if not back:
            told.update(maybe, *open_mails.values())
    return told
