"""`tag`: the QA tagger. Landings in QA that it has not handled -> tags, statuses and comments on their items.

It records what it reads as `judge` does, before it changes anything: else its own change could pass for a
person's. What was meant and never done is planned again; each item is read before it is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shepherd.act import Act, perform
from shepherd.errors import NoAnswerError, TrackerError, UnsureError
from shepherd.plans.tag_comments import CommentWording, sign_of
from shepherd.plans.tag_events import TaggerRecord
from shepherd.plans.tag_plan import TagAct, TagPlan, UnreadableItem, Writing, because, not_written
from shepherd.plans.tagging import plan
from shepherd.rules import judge
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.stages.evidence import lessons_of, memory_of, options_of, read_tags, speech_of
from shepherd.stages.failed_writings import NOT_READ, TAG, open_failures
from shepherd.stages.recorded import lessons, pair_of
from shepherd.stages.requests import named
from shepherd.stages.state import BranchState, StoredTags, state_to_judge
from shepherd.stages.tag_record import known_of, ledger_of, unasked
from shepherd.stages.tag_words import edit_of, labels_of, says_what_was_planned
from shepherd.store import Database, JournalEntry
from shepherd.trackers import open_writer
from shepherd.trackers.forge.writing import ForgeWriter
from shepherd.trackers.writing import NO_COMMENT, NOT_GIVEN, Writer
from shepherd.words import WORST_FIRST, Item, ItemTags, SeenTags, item_name

PATIENCE = 5
"""After so many failures in a row the rest waits for the next run."""
NOTHING = TagPlan()


class TaggingResult(Struct, frozen=True):
    """What came of a plan."""

    written: tuple[Writing, ...] = ()
    """What came about."""
    failures: tuple[str, ...] = ()
    """A sentence for each writing that did not come about."""
    left: tuple[str, ...] = ()
    """The same for each comment that was given up: it is not tried again."""

    @property
    def done(self) -> int:
        """How many acts came about."""
        return sum(len(each.acts) for each in self.written)


def plan_branch(
    settings: Settings, branch: str, run: Run, *, dry: bool = False, patient: bool = False
) -> TagPlan:
    """Return what is to be done, from what is read. The tracker is not asked where no landing waits for the
    tagger.

    Args:
        dry: remember nothing of what was read.
        patient: leave alone for a while what failed (docs/tagging.md#when-something-goes-wrong).

    Raises:
        NoAnswerError: `find` never ran, or what it read may not be used.
        TrackerError: the tracker as a whole could not be read.
    """
    if not settings.tracker_of(branch).writes:
        return NOTHING
    with Database.of(settings, read_only=dry) as database:
        with database.branch(branch) as store:
            state = state_to_judge(store, settings, branch, run)
        if state.problem or state.reading is None:
            raise NoAnswerError(state.problem or f"{branch}: nothing was read")
        now = run.now if patient else None
        known = known_of(settings, state, database, now)
        if not unasked(state):
            ledger = ledger_of(settings, state)
            if not any(True for _ in ledger.events(known)):
                return TagPlan(resting=ledger.resting(known))
        tags = read_tags(settings, state, run)
        if tags.problem:
            if not dry:
                before = state.tags or tags
                learned = replace(before.reading, memory=tags.reading.memory)
                with database.branch(branch) as store:
                    store.cache.put_fact("tracker", replace(before, reading=learned))
            raise TrackerError(tags.problem)
        if tags.reading.named:
            state = replace(state, reading=named(state.reading, tags.reading))
            known = known_of(settings, state, database, now)
        return _plan(settings, run, replace(state, tags=tags), known, database, dry)


def _plan(
    settings: Settings, run: Run, state: BranchState, known: TaggerRecord, database: Database, dry: bool
) -> TagPlan:
    assert state.reading is not None and state.tags is not None
    branch, tracker = state.branch, state.tags.reading
    options = options_of(settings, branch)
    with database.branch(branch) as store:
        memory = memory_of(settings, state, tracker, store)
        judgement = judge(state.reading, tracker, memory, options, state.scope)
        if not dry:
            store.append(lessons_of(judgement, state.reading), run)
            store.cache.put_fact("tracker", state.tags)
    tracker_settings, config = settings.tracker_of(branch), settings.branches[branch]
    landed, rolled_back = tracker_settings.tag_statuses
    texts: dict[str, str] = {word: labels_of(tracker_settings, word)[0] for word in WORST_FIRST}
    speech = speech_of(settings, branch)
    texts |= {word: f'"{text}"' for word in WORST_FIRST if (text := speech.beyond_labels(word))}
    says = speech.ways("this") if speech.statuses or speech.values else {}
    wording = CommentWording(branch, landed, rolled_back, texts, says, config.landing_url)
    return plan(judgement, tracker, memory, options, known, wording)


def labels_to_make(settings: Settings, branch: str, planned: TagPlan) -> list[str]:
    """The labels that a plan writes and that the forge's project does not have; none where it is not a forge.

    Raises TrackerError.
    """
    settings = settings.for_branch(branch)
    texts = sorted({labels_of(settings.tracker, word)[0] for each in planned.writings for word in each.add})
    writer = open_writer(settings) if texts and settings.tracker.sign else None
    return writer.missing(texts) if isinstance(writer, ForgeWriter) else []


def carry_out(settings: Settings, branch: str, planned: TagPlan, run: Run) -> TaggingResult:
    """Do what was planned, item by item: one that cannot be written does not stop the rest."""
    if not planned.writings and not planned.unreadable:
        return TaggingResult()
    with Database.of(settings) as database:
        writer = _ItemWriter(settings, branch, run, database)
        try:
            for writing in sorted(planned.writings, key=lambda each: each.item in writer.failed_items):
                writer.do(writing)
            for item in planned.unreadable:
                writer.give_up(item)
            return TaggingResult(tuple(writer.done), tuple(writer.failures), tuple(writer.left))
        finally:
            writer.remember_what_was_written()


class _ItemWriter:
    """Writes item after item, and remembers which could not be written."""

    def __init__(self, settings: Settings, branch: str, run: Run, database: Database) -> None:
        self._settings = settings.for_branch(branch)
        self._tracker = self._settings.tracker
        self._branch = branch
        self._run = run
        self._database = database
        self._writer: Writer | None = None
        self._broken: set[Item] = set()
        self._in_a_row = 0
        self._written: dict[Item, ItemTags] = {}
        with database.branch(branch) as store:
            failed = {(each.sha, each.item): each for each in open_failures(store.journal)}
        self._failed_before = failed
        self.failed_items = {each.item for each in failed.values()}
        """Items whose last act did not come about: they are tried after all others."""
        self.done: list[Writing] = []
        self.failures: list[str] = []
        self.left: list[str] = []

    def do(self, writing: Writing) -> None:
        """Write one item; a failure is kept, not raised."""
        if writing.item in self._broken:
            return
        if self._in_a_row >= PATIENCE:
            self._broken.add(writing.item)
            why = f"not tried, since {PATIENCE} failed in a row"
            before = [self._failed_before.get((act.id, act.item)) for act in writing.acts]
            self._fails(writing.item, writing.acts, next((each.why for each in before if each), why))
            on = item_name(writing.item)
            self._run.tell("act", branch=self._branch, what=TAG, on=on, result="failed", why=why)
            return
        if self._writer is None:
            self._writer = open_writer(self._settings)
        for act in writing.acts:
            self._prepare(act)
        acts = [_act(act, writing) for act in writing.acts]
        try:
            perform(self._database, self._branch, acts, self._run, lambda: self._write(writing))
        except UnsureError as error:
            self._note(writing, "unsure", str(error))
        except TrackerError as error:
            error.table = self._settings.tracker_key
            self._note(writing, "failed", str(error), noted=True)
        else:
            self.done.append(writing)
            self._in_a_row = 0

    def give_up(self, unreadable: UnreadableItem) -> None:
        """Note that an item cannot be read, and so not written: once, however often it is tried."""
        subject = pair_of(unreadable.id, unreadable.item)
        why = f"{NOT_READ}{unreadable.why}"
        self._fails(unreadable.item, [unreadable], why)
        with self._database.branch(self._branch) as store:
            before = store.journal.entries("done", subjects=[subject])
            if not before or before[-1].why != why:
                entry = JournalEntry("done", subject, _result("failed"), self._run.who, why)
                store.append([entry], self._run)
                on = item_name(unreadable.item)
                self._run.tell(
                    "act",
                    branch=self._branch,
                    what=TAG,
                    on=on,
                    rev=f"r{unreadable.revno}",
                    result="failed",
                    why=why,
                )

    def remember_what_was_written(self) -> None:
        """Record what was written as if it had been read: a tag that a person sets before the next reading is
        then seen as a change, and a verdict is judged by the tags as they are."""
        if not self._written:
            return
        with self._database.branch(self._branch) as store:
            seen = [(item, SeenTags(0, item_tags)) for item, item_tags in self._written.items()]
            store.append(lessons(seen, ()), self._run)
            tags = store.cache.fact("tracker", StoredTags)
            if tags is not None:
                reading = replace(tags.reading, items={**tags.reading.items, **self._written})
                if reading.said:
                    # how people said what these were is true no more
                    said = {item: how for item, how in reading.said.items() if item not in self._written}
                    reading = replace(reading, said=said)
                store.cache.put_fact("tracker", replace(tags, reading=reading))

    def _prepare(self, act: TagAct) -> None:
        """Seal what was good, and unseal what QA is asked for, before the tag is removed."""
        entries = [
            JournalEntry("seal", pair_of(sha, act.item), {"word": word, "revno": act.revno})
            for sha, word in act.seals
        ]
        if act.unseals:
            entries.append(JournalEntry("kept", pair_of(act.id, act.item), {"word": "needstesting"}))
        if entries:
            self._database.append(self._branch, entries, self._run)

    def _write(self, writing: Writing) -> dict[str, Any]:
        assert self._writer is not None
        edit = edit_of(self._tracker, writing)
        changed = self._writer.edit(writing.item, edit)
        if says_what_was_planned(self._tracker, writing, edit, changed):
            self._written[writing.item] = writing.after
        if NO_COMMENT in changed:
            self.left.append(f"{_name(writing)}: {NO_COMMENT}")
        if NOT_GIVEN in changed:
            self.left.append(f"{_name(writing)}: {changed}")
        return {"changed": changed}

    def _fails(self, item: Item, acts: Sequence[TagAct | UnreadableItem], why: str) -> None:
        before = [self._failed_before.get((act.id, item)) for act in acts]
        since = min([each.since for each in before if each], default=self._run.now)
        self.failures.append(not_written(item, [act.revno for act in acts], since, why))

    def _note(self, writing: Writing, result: str, why: str, noted: bool = False) -> None:
        self._broken.add(writing.item)
        self._in_a_row += 1
        self._fails(writing.item, writing.acts, why)
        if not noted:
            entries = [
                JournalEntry("done", pair_of(act.id, act.item), _result(result), self._run.who, why)
                for act in writing.acts
            ]
            self._database.append(self._branch, entries, self._run)


def _result(result: str) -> dict[str, Any]:
    return {"act": TAG, "result": result}


def _name(writing: Writing) -> str:
    return f"{item_name(writing.item)} for {writing.revs}"


def _act(act: TagAct, writing: Writing) -> Act:
    data: dict[str, Any] = {"item": act.item, "revno": act.revno, "role": act.role}
    if act.add or act.remove:
        data |= {"from": " ".join(act.before.words) or "none", "to": " ".join(act.after.words) or "none"}
    if act.status:
        data["status"] = act.status
    if act.asks:
        data["asks"] = True
    if len(writing.acts) > 1 or writing.sign != sign_of(act):
        data["sign"] = writing.sign
    if writing.own:
        data["own"] = writing.own
    return Act(TAG, pair_of(act.id, act.item), item_name(act.item), data, because(act))
