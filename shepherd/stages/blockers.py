"""What the tagger's database knows of the landings that block, for mails and for the page's notice."""

from __future__ import annotations

from datetime import UTC, date, datetime

from shepherd.plans.mails import BlockerHistory
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.stages.recorded import ref_moves
from shepherd.stages.timeline import reached
from shepherd.store import Cache, Journal, JournalEntry
from shepherd.store.wholeness import first_run


def histories_of(
    journal: Journal, snapshot: Snapshot, settings: Settings, cache: Cache | None = None
) -> dict[str, BlockerHistory]:
    """SHA -> what is known of a blocker of this snapshot; its person's address only with the cache."""
    blocking = {blocker.revno for blocker in snapshot.blockers}
    blockers = [entry for entry in snapshot.landings if entry.revno in blocking]
    ids = [entry.id for entry in blockers]
    first_seen: dict[str, JournalEntry] = {}
    for each in journal.entries("landing", subjects=ids):
        first_seen.setdefault(each.subject, each)
    # the newest word counts
    snoozed = {each.subject: each for each in journal.entries("snooze", subjects=ids)}
    addresses = {each.id: each.address for each in cache.landings(ids)} if cache else {}
    on_qa = _OnQA(journal, snapshot, settings)
    first_run = _FirstRun(journal)
    histories = {}
    for entry in blockers:
        seen = first_seen.get(entry.id)
        histories[entry.id] = BlockerHistory(
            on_qa_since=on_qa.since(entry.revno, seen.time) if seen else None,
            before_first_run=first_run.saw(seen, entry.revno, entry.landed_at),
            snoozed=date.fromisoformat(snoozed[entry.id].data["until"]) if entry.id in snoozed else None,
            address=addresses.get(entry.id),
        )
    return histories


class _OnQA:
    """Since when the QA server has had what: as far as that was seen."""

    def __init__(self, journal: Journal, snapshot: Snapshot, settings: Settings) -> None:
        self._everything = settings.branches[snapshot.branch].qa is None
        moves = [] if self._everything else ref_moves(journal.entries("on-qa"))
        self._reached = reached(moves)
        place = snapshot.on_qa or (moves[-1] if moves else None)
        self._place = place.revno if place else 0

    def since(self, revno: int, seen: datetime) -> datetime | None:
        """When a landing first seen at `seen` came on QA; None if it has not, or nobody knows."""
        if self._everything:
            return seen
        if revno > self._place:
            return None
        return max(seen, self._reached(revno) or seen)


class _FirstRun:
    """What had landed before the shepherd first looked: nobody is mailed about that (docs/mails.md).

    A journal that a person accepted in place of a lost one knows from the last answer when that was; where a
    release before 0.2 gave that answer, it takes the acceptance for the first run, so that nobody is mailed
    about old landings.
    """

    def __init__(self, journal: Journal) -> None:
        self._began = journal.first("began")
        self._at, self._tip = datetime.max.replace(tzinfo=UTC), 0
        if self._began is not None:
            self._at, self._tip = first_run(self._began, journal.first("tip"))

    def saw(self, first_seen: JournalEntry | None, revno: int, landed_at: datetime) -> bool:
        """Whether it was there already. A later find can come upon older ones, when production goes back."""
        # "anew": accepted by a release before 0.2, which went on to mail about everything that was there
        if self._began is None or first_seen is None or self._began.data.get("anew"):
            return False
        if first_seen.run_id == self._began.run_id and "first_run" not in self._began.data:
            return True
        return revno <= self._tip and landed_at <= self._at
