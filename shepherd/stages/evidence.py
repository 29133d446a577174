"""What tracker and journal say on the items of a branch, as the rules ask for it: for `judge` and `tag`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import PurePath
from time import monotonic

from msgspec import UNSET
from msgspec.structs import replace

from shepherd.errors import TrackerError
from shepherd.landing import Reading
from shepherd.rules import Judgement
from shepherd.rules.evidence import qa_items
from shepherd.rules.item_speech import ItemSpeech
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.settings.tracker import texts_of
from shepherd.stages.brought import named_elsewhere, named_entries
from shepherd.stages.recorded import lessons, remember
from shepherd.stages.state import BranchState, StoredTags
from shepherd.store import BranchStore, JournalEntry
from shepherd.trackers import open_tracker
from shepherd.values import iso
from shepherd.words import (
    WORST_FIRST,
    Budget,
    Item,
    ItemTags,
    Options,
    RecordedEvidence,
    TrackerData,
    is_key,
    item_order,
)

EVERY_KIND = TrackerData({}, speaks_of_requests=True)
"""A tracker that would speak of bugs and requests alike."""


def read_tags(settings: Settings, state: BranchState, run: Run) -> StoredTags:
    """Ask the tracker for the tags of everything that the landings in scope name, and of every bug that
    named one bad when it was read last: that it no longer does must be seen, not missed."""
    assert state.reading is not None
    everything = {*_items(state.reading, state.scope), *state.suspects}
    before = state.tags.reading.memory if state.tags else b""
    started = monotonic()
    own = settings.for_branch(state.branch)
    try:
        tracker = open_tracker(own, claims=state.claims)
        # of another tracker that the branch had: nobody knows any more whether it still says bad
        foreign = {item for item in everything if is_key(item)} if own.tracker.only_numbers else set()
        tags = tracker.read(sorted(everything - foreign, key=item_order), state.scope, before)
    except TrackerError as error:
        error.table = own.tracker_key
        run.tell(
            "tracker",
            branch=state.branch,
            result="failed",
            why=str(error),
            requests=error.requests,
            seconds=round(monotonic() - started, 3),
            **_told(error.budget),
        )
        kept = TrackerData({}, budget=error.budget, memory=error.memory or before)
        return StoredTags(kept, run.now, str(error))
    if foreign:
        why = f"{own.tracker.type} has no issues with keys"
        tags = replace(tags, items=tags.items | {item: ItemTags(unreadable=why) for item in foreign})
    unreadable = sorted(str(item) for item, item_tags in tags.items.items() if item_tags.unreadable)
    unreadable += [f"r{each.revno}" for each in state.reading.landings if each.id in tags.unasked]
    run.tell(
        "tracker",
        branch=state.branch,
        result="read",
        type=own.tracker.type,
        items=len(tags.items),
        unreadable=",".join(unreadable),
        requests=tags.requests,
        bytes=tags.received,
        seconds=round(monotonic() - started, 3),
        **_told(tags.budget),
    )
    return StoredTags(tags, run.now)


def _told(budget: Budget | None) -> dict[str, str | int]:
    """The rate limit in the log; nothing where the tracker says nothing."""
    if budget is None:
        return {}
    resets = iso(datetime.fromtimestamp(budget.resets, UTC)) if budget.resets else ""
    told: dict[str, str | int] = {
        "limit": budget.limit,
        "left": budget.left,
        "resets": resets,
        "of": budget.name,
    }
    return {name: value for name, value in told.items() if value != ""}


def memory_of(
    settings: Settings, state: BranchState, tracker: TrackerData, store: BranchStore
) -> RecordedEvidence:
    """What the journal knows about all that was found and read."""
    assert state.reading is not None
    items = {*_items(state.reading, state.scope), *tracker.items, *state.suspects}
    others = settings.sharing_bugs_with(state.branch)
    memory = remember(store.journal, state.reading.landings, items, others)
    return replace(memory, elsewhere=named_elsewhere(store, settings, state.branch, tracker))


def lessons_of(judgement: Judgement, reading: Reading) -> list[JournalEntry]:
    """What a judgement learned, as entries to append."""
    return [*lessons(judgement.seen, judgement.kept), *named_entries(judgement.named, reading)]


def options_of(settings: Settings, branch: str) -> Options:
    """The settings that the rules obey."""
    rules = settings.branches[branch]
    return Options(rules.orphans_rule, rules.exempt_subjects)


def speech_of(settings: Settings, branch: str) -> ItemSpeech:
    """How the team of a branch says on bugs and requests what QA found."""
    tracker = settings.tracker_of(branch)
    own = {word: tracker.words[word][0] for word in WORST_FIRST if tracker.words.get(word)}
    statuses, values = (
        {word: texts[0] for word, texts in texts_of(table).items()}
        for table in (tracker.statuses, tracker.field)
    )
    return ItemSpeech(
        tracker.type,
        PurePath(tracker.path).name,
        own,
        statuses or UNSET,
        values or UNSET,
        tracker.field.name if values else UNSET,
    )


def _items(reading: Reading, scope: Collection[int]) -> set[Item]:
    return {
        item
        for landing in reading.landings
        if landing.revno in scope
        for item in qa_items(landing, EVERY_KIND)
    }
