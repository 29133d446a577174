"""What journal and cache record of the tagger's work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from shepherd.plans.tag_events import TaggerRecord, TagLedger
from shepherd.rules.undoing import Undoing
from shepherd.settings import Settings
from shepherd.stages.evidence import options_of
from shepherd.stages.failed_writings import not_due
from shepherd.stages.recorded import items_of, pair_of
from shepherd.stages.state import BranchSource, BranchState, StoredTags
from shepherd.store import Cache, Database, JournalEntry
from shepherd.words import Item


def known_of(
    settings: Settings, state: BranchState, database: Database, now: datetime | None
) -> TaggerRecord:
    """What the journal knows of what the tagger did, and meant to do.

    Args:
        now: None: whatever failed is tried again, however short a time ago that was.
    """
    assert state.reading is not None
    landings, first = state.reading.landings, state.reading.deployed.revno + 1
    ids = [landing.id for landing in landings]
    window = [landing.id for landing in landings if landing.revno >= first]
    with database.branch(state.branch) as store:
        journal = store.journal
        undoing = Undoing(landings, state.covers)
        by_revno = {landing.revno: landing for landing in landings}
        pairs: dict[str, tuple[str, Item]] = {}
        for landing in landings:
            if landing.revno >= first:
                flipped = undoing.flips.get(landing.revno, {})
                for each in (landing, *(by_revno[p] for p in flipped if p in by_revno)):
                    for item in items_of(each):
                        pairs[pair_of(landing.id, item)] = (landing.id, item)
        acted = journal.entries("meant", "done", subjects=pairs.keys())
        found_in: dict[str, str] = {}
        for entry in journal.entries("landing", subjects=ids):
            found_in.setdefault(entry.subject, entry.run_id)
        judged_since: dict[str, int] = {}
        for entry in journal.entries("state", subjects=window):
            judged_since.setdefault(entry.subject, entry.seq)
        others = settings.sharing_bugs_with(state.branch)
        not_yet = not_due(acted, journal.with_others(others), now) if now else {}
        elsewhere: set[Item] = set()
        for other in others:
            elsewhere |= _in_qa(store.of(other).cache, frozenset(ids))
    return TaggerRecord(
        handled={pairs[subject] for subject in _handled(acted)},
        begun={pairs[subject]: sign for subject, sign in _begun(acted).items()},
        found_in=found_in,
        judged_since=judged_since,
        met=state.deployed[0].revno if state.deployed else 0,
        elsewhere=elsewhere,
        not_yet=not_yet,
    )


def _handled(acted: Sequence[JournalEntry]) -> list[str]:
    results = {entry.subject: entry.data["result"] for entry in acted if entry.kind == "done"}
    return [subject for subject, result in results.items() if result == "done"]


def _begun(acted: Sequence[JournalEntry]) -> dict[str, str]:
    """Subject -> the sign of a comment that may be there: it was meant, and the result is not known. A later
    try that certainly failed says nothing about the earlier one."""
    open_ones: dict[str, str] = {}
    doubtful: dict[str, str] = {}
    for entry in acted:
        subject, sha = entry.subject, entry.subject.partition(" ")[0]
        if entry.kind == "meant":
            if subject in open_ones:
                doubtful.setdefault(subject, open_ones[subject])
            open_ones[subject] = entry.data.get("sign", f"r{entry.data['revno']} {sha[:12]}")
            continue
        sign = open_ones.pop(subject, "")
        if entry.data["result"] == "done":
            doubtful.pop(subject, None)
        elif entry.data["result"] == "unsure" and sign:
            doubtful.setdefault(subject, sign)
    return {**open_ones, **doubtful}


def _in_qa(cache: Cache, ours: Collection[str]) -> set[Item]:
    """What landings in QA name on a branch as it was read last, but for landings that are ours too."""
    source, tags = cache.fact("source", BranchSource), cache.fact("tracker", StoredTags)
    live = source.reading.deployed.revno if source and source.reading else 0
    confirmed = tags.reading.named if tags else {}
    items: set[Item] = set()
    for landing in cache.landings():
        if landing.revno > live and landing.id not in ours:
            items.update(landing.bugs, confirmed.get(landing.id, landing.requests))
    return items


def unasked(state: BranchState) -> bool:
    """Whether only the tracker can tell if any landing waits."""
    tags = state.tags
    asked = {claim.id for claim in state.claims.landings}
    return tags is None or bool(tags.problem) or not tags.reading.named.keys() >= asked


def ledger_of(settings: Settings, state: BranchState) -> TagLedger:
    """Which landings wait for the tagger, as far as can be told without asking the tracker."""
    assert state.reading is not None and state.tags is not None
    undoing = Undoing(state.reading.landings, state.covers)
    return TagLedger(state.reading, undoing, state.tags.reading, options_of(settings, state.branch))
