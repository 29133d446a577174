"""Checks that keep candidates back, as the journal has them, and which of them the list was told of
(docs/mails.md#checks)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct

from shepherd.act import EVERYWHERE
from shepherd.plans.check_waits import CheckWait, HeldUp, check_changes, held_revisions, held_up
from shepherd.snapshot import Snapshot
from shepherd.store import BranchStore, Database, Journal, JournalEntry
from shepherd.values import iso
from shepherd.views.conditions import called, check_words

CHECK_WAIT = "check-wait"
"""The kind of entry that says that a check began to keep candidates back, or does so no more."""
_LONGEST_SUBJECT = 160
_YOUNG = "check-waits"


class YoungWaits(Struct, frozen=True):
    """The episodes that are not worth noting yet."""

    waits: tuple[CheckWait, ...] = ()


def check_wait_changes(
    store: BranchStore, snapshot: Snapshot, grace: int, now: datetime
) -> list[JournalEntry]:
    """The episodes that are worth noting or are over with this answer. One that knows nothing changes
    nothing.

    Every check is pending for a while after every landing. So an episode is noted once half of the grace is
    over; until then the cache alone has it, and one that was dropped counts from then.

    Args:
        grace: `checks_grace` of the branch, in seconds.
    """
    if not snapshot.complete:
        return []
    noted, young = going_on(store.journal), _young(store)
    changed = check_changes(snapshot, [*noted, *young])
    over = {wait.check for wait in changed.over}
    young_now = [wait for wait in young if wait.check not in over]
    young_now += [CheckWait(0, each.check.name, each.revno, now) for each in changed.begin]
    old = [wait for wait in young_now if (now - wait.since).total_seconds() >= grace / 2]
    young_now = [wait for wait in young_now if wait not in old]
    if young_now != young:
        store.cache.put_fact(_YOUNG, YoungWaits(tuple(young_now)))
    return [
        *(_entry(wait, {"on": False}) for wait in noted if wait.check in over),
        *(_entry(wait, {"on": True, "since": iso(wait.since)}, _why(wait, snapshot)) for wait in old),
    ]


def _young(store: BranchStore) -> list[CheckWait]:
    kept = store.cache.fact(_YOUNG, YoungWaits)
    return list(kept.waits) if kept is not None else []


def _why(wait: CheckWait, snapshot: Snapshot) -> str:
    for each in held_revisions(snapshot, wait.check):
        return f"r{each.revno} waits for {called(each.check)} ({check_words(each.check)})"
    return f"r{wait.revno} waits for {wait.check}"


def _entry(wait: CheckWait, data: dict[str, object], why: str = "") -> JournalEntry:
    about = {"revno": wait.revno, "check": wait.check}
    return JournalEntry(CHECK_WAIT, _subject(wait.check), {**data, **about}, why=why)


def going_on(journal: Journal) -> list[CheckWait]:
    """The episodes that go on, of those that were noted, oldest first."""
    last = {entry.subject: entry for entry in journal.entries(CHECK_WAIT)}
    waits = [
        CheckWait(
            entry.seq,
            entry.data["check"],
            entry.data["revno"],
            datetime.fromisoformat(entry.data["since"]),
        )
        for entry in last.values()
        if entry.data["on"]
    ]
    return sorted(waits, key=lambda wait: wait.seq)


def too_long(journal: Journal, snapshot: Snapshot, grace: int, now: datetime) -> list[HeldUp]:
    """What the list is told of, or was told already: that has gone on for `checks_grace`, in seconds."""
    return held_up(snapshot, going_on(journal), grace, now)


def untold(database: Database, every: Iterable[HeldUp], today: date) -> list[HeldUp]:
    """Those that no mail told of. What may have been told today waits for tomorrow, as all mails."""
    every = list(every)
    if not every:
        return []
    with database.branch(EVERYWHERE) as store:
        told = _told(store.journal, today)
        former = {branch: store.of(branch).journal.names for branch in {each.branch for each in every}}
    return [
        each for each in every if not any(f"{name} {each.wait.seq}" in told for name in former[each.branch])
    ]


def _told(journal: Journal, today: date) -> set[str]:
    """Names of what is not to be told of now: a mail that was sent told of it, or one that may have been sent
    did so today."""
    meant = journal.entries("meant", holding='"kind":"checks"')
    done = journal.entries("done", subjects={each.subject for each in meant}) if meant else []
    told: set[str] = set()
    tried: dict[str, list[str]] = {}
    maybe: dict[str, list[str]] = {}
    for entry in sorted([*meant, *done], key=lambda entry: entry.seq):
        if entry.kind == "meant":
            tried[entry.subject] = entry.data.get("checks", [])
            continue
        names = tried.pop(entry.subject, [])
        if entry.data["result"] == "done":
            told.update(names)
        elif entry.data["result"] != "failed":
            maybe[entry.subject] = names
    for subject, names in (*tried.items(), *maybe.items()):
        if subject.startswith(f"{today} "):
            told.update(names)
    return told


def _subject(check: str) -> str:
    """A check's name as the journal's column takes it."""
    if len(check) <= _LONGEST_SUBJECT:
        return check
    digest = hashlib.sha256(check.encode("utf-8", "replace")).hexdigest()[:20]
    return f"{check[: _LONGEST_SUBJECT - 21]} {digest}"
