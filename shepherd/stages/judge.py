"""`judge`: database + tracker + verdicts -> snapshot."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shepherd.errors import NoAnswerError, TrackerError
from shepherd.landing import Reading
from shepherd.rules import judge, scope_of
from shepherd.rules.speaking import qa_items
from shepherd.run import Run, attempt
from shepherd.settings import Settings, project_of
from shepherd.snapshot import Snapshot
from shepherd.stages import alarms
from shepherd.stages.blockers import announce
from shepherd.stages.brought import named_elsewhere, named_entries, requests_of_brought
from shepherd.stages.compose import SnapshotContext, compose, good_before, without_answer
from shepherd.stages.memory import (
    covers,
    lessons,
    passages,
    remember,
    suspected,
    untagged,
)
from shepherd.stages.promoted import warnings_of
from shepherd.stages.requests import claims_of, named
from shepherd.stages.telling import answer_of, because, tell
from shepherd.stages.timeline import RefMove, landed_times, reached
from shepherd.store import Cache, Database, Journal, JournalEntry
from shepherd.store.snapshots import Snapshots
from shepherd.store.wholeness import JournalLoss, LostJournalError, loss, place_of
from shepherd.trackers import open_tracker
from shepherd.trackers.claims import NO_CLAIMS, Claims
from shepherd.words import Item, JournalMemory, Options, TrackerReading

if TYPE_CHECKING:
    from sqlalchemy import Connection

EVERY_KIND = TrackerReading({}, speaks_of_requests=True)
"""A tracker that would speak of bugs and requests alike."""


class BranchSource(Struct, frozen=True):
    """What `find` handed over beside the landings: the positions, or why there are none."""

    reading: Reading | None
    """Without its landings, which have a table of their own."""
    read_at: datetime
    run_id: str
    settings: str
    """Sum of the settings that it was read by."""
    problem: str = ""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def sum_of(settings: Settings, branch: str) -> str:
    """A sum of everything in the settings that `find` reads a branch by."""
    read_by = (settings.branches[branch], project_of(settings, settings.branches[branch]))
    return hashlib.sha256(msgspec.json.encode(read_by)).hexdigest()


def problem_of(source: BranchSource, settings: Settings, branch: str, run: Run) -> str:
    """Why there is no answer to be had from what `find` handed over; empty if there is."""
    if source.problem:
        return source.problem
    if source.settings != sum_of(settings, branch):
        return f"{branch}: its settings have changed since it was read: inv find"
    if run.reads_anew and source.run_id != run.id:
        return f"{branch}: it could not be read anew in this run: inv find says why"
    return "" if source.reading else f"{branch}: nothing was read"


class StoredTags(Struct, frozen=True):
    """What the tracker said last, kept so that a verdict can be judged without network."""

    reading: TrackerReading
    at: datetime
    problem: str = ""


@attempt("judge")
def judge_branch(
    settings: Settings, branch: str, run: Run, *, stored: bool = False, dry: bool = False
) -> Snapshot:
    """Judge one branch and make the result its latest snapshot.

    Args:
        stored: judge by what the tracker said last, without asking it again (a person's word, 4.2).
        dry: write nothing; the snapshot is only returned.

    Raises:
        NoAnswerError: `find` never ran, or (stored) the tracker was never read.
        StoreError: database or snapshot cannot be read or written.
    """
    database = Database(settings.database_url, read_only=dry)
    try:
        return _judge(settings, branch, run, database, stored, dry)
    finally:
        database.close()


def _judge(
    settings: Settings, branch: str, run: Run, database: Database, stored: bool, dry: bool
) -> Snapshot:
    ground = ground_of(settings, branch, run, database)
    source, reading, scope, last_heard = ground.source, ground.reading, ground.scope, ground.last_heard
    if stored and last_heard is None:
        raise NoAnswerError(f"{branch}: the tracker was never read, so the answer follows with: inv judge")
    snapshots = Snapshots(settings.state_path / "snapshots", branch)
    previous = snapshots.last_written()
    if ground.problem or reading is None:
        frame = _frame(settings, branch, run, run.now, source, previous)
        # the cache knows where things stood before, for a person's word; the answer must not hang on that
        return _no_data(
            snapshots, previous, frame, ground.problem, None, run, database, branch, dry, ground.loss
        )

    heard = last_heard if stored and last_heard else listen_to(settings, branch, ground, run)
    frame = _frame(settings, branch, run, min(heard.at, source.read_at), source, previous)
    frame = replace(
        frame,
        deployed=tuple(ground.deployed),
        promoted=tuple(ground.promoted),
        warnings=(*frame.warnings, *warnings_of(ground.moves, run.now)),
    )
    if heard.problem:
        if not dry:
            with database.begin() as connection:
                Cache(connection, branch).put_fact("tracker", heard)
        return _no_data(snapshots, previous, frame, heard.problem, reading, run, database, branch, dry)

    tracker = heard.reading
    reading = named(reading, tracker)
    ground = replace(ground, reading=reading)
    rules = settings.branches[branch]
    options = Options(rules.orphans_rule, rules.exempt_subjects)
    with database.begin() as connection:
        cache, journal = Cache(connection, branch), Journal(connection, branch)
        memory = memory_of(settings, branch, ground, tracker, connection)
        judgement = judge(reading, tracker, memory, options, scope)
        frame = replace(frame, untagged=untagged(journal))
        snapshot = announce(journal, compose(judgement, tracker, frame), settings, run)
        if dry:
            return snapshot
        changes = _changes(journal, snapshot)
        tell(run, branch, changes, snapshot, previous)
        learned = [*lessons(judgement.seen, judgement.kept), *named_entries(judgement.named, reading)]
        journal.append([*learned, *changes], run_id=run.id, at=run.now)
        snapshot = replace(snapshot, journal=place_of(journal))
        if not stored:
            cache.put_fact("tracker", heard)
    snapshots.write(snapshot, previous)
    snapshots.prune(run.now.timestamp(), settings.keep_seconds)
    return snapshot


class JudgingInput(Struct, frozen=True):
    """What a judgement starts from: what `find` handed over, and which landings' items are to be read."""

    source: BranchSource
    problem: str
    """Why nothing can be said; empty if something can."""
    reading: Reading | None = None
    scope: Collection[int] = ()
    suspects: Collection[Item] = ()
    """Bugs that named a landing bad when they were read last."""
    last_heard: StoredTags | None = None
    claims: Claims = NO_CLAIMS
    """Landings of which a forge is to tell which requests brought them."""
    deployed: Sequence[RefMove] = ()
    promoted: Sequence[RefMove] = ()
    moves: Sequence[JournalEntry] = ()
    """What the journal has of promotions."""
    loss: JournalLoss | None = None
    """What the journal lacks: it must not be written to."""


def ground_of(settings: Settings, branch: str, run: Run, database: Database) -> JudgingInput:
    """Raises NoAnswerError: `find` never ran."""
    with database.begin() as connection:
        cache, journal = Cache(connection, branch), Journal(connection, branch)
        source = cache.fact("source", BranchSource)
        if source is None:
            raise NoAnswerError(f"{branch}: nothing was read yet, so there is nothing to judge: inv find")
        landings = tuple(cache.landings())
        last_heard = cache.fact("tracker", StoredTags)
        words_of_people = covers(journal)
        suspects = suspected(journal) | requests_of_brought(journal, landings)
        deployed, promoted = passages(journal, "deployed"), passages(journal, "promoted")
        moves = journal.entries("promoted")
        lost = loss(journal, settings, branch)
    problem = problem_of(source, settings, branch, run)
    if lost is not None:
        problem = str(LostJournalError(settings, branch, lost))
        return JudgingInput(source, problem, last_heard=last_heard, loss=lost)
    if problem or source.reading is None:
        return JudgingInput(source, problem, last_heard=last_heard)
    reading = replace(source.reading, landings=landings)
    since = reached(deployed)
    times, _ = landed_times(landings, run.now)
    kept_since = run.now - timedelta(seconds=settings.keep_seconds)
    lately = [
        landing.revno
        for landing, at in zip(landings, times, strict=True)
        if landing.revno <= reading.deployed.revno and (since(landing.revno) or at) >= kept_since
    ]
    scope = scope_of(reading, words_of_people, lately)
    claims = claims_of(settings, branch, reading, scope)
    if last_heard:
        reading = named(reading, last_heard.reading)
    return JudgingInput(source, "", reading, scope, suspects, last_heard, claims, deployed, promoted, moves)


def memory_of(
    settings: Settings, branch: str, ground: JudgingInput, tracker: TrackerReading, connection: Connection
) -> JournalMemory:
    """What the journal knows about all that was found and heard."""
    assert ground.reading is not None
    items = {*_items(ground.reading, ground.scope, EVERY_KIND), *tracker.items, *ground.suspects}
    others = [Journal(connection, other) for other in settings.branches if other != branch]
    memory = remember(Journal(connection, branch), ground.reading.landings, items, others)
    return replace(memory, elsewhere=named_elsewhere(connection, settings, branch, tracker))


def _items(reading: Reading, scope: Collection[int], tracker: TrackerReading) -> set[Item]:
    return {
        item for landing in reading.landings if landing.revno in scope for item in qa_items(landing, tracker)
    }


def listen_to(settings: Settings, branch: str, ground: JudgingInput, run: Run) -> StoredTags:
    """Ask the tracker for the words on everything that the landings in scope name, and on every bug that
    named one bad when it was read last: that it no longer does must be seen, not missed."""
    assert ground.reading is not None
    everything = {*_items(ground.reading, ground.scope, EVERY_KIND), *ground.suspects}
    before = ground.last_heard.reading.memory if ground.last_heard else b""
    started = monotonic()
    try:
        tracker = open_tracker(settings, claims=ground.claims)
        heard = tracker.read(everything, ground.scope, before)
    except TrackerError as error:
        run.tell(
            "tracker",
            branch=branch,
            result="failed",
            why=str(error),
            requests=error.requests,
            seconds=round(monotonic() - started, 3),
        )
        return StoredTags(TrackerReading({}, memory=before), run.now, str(error))
    unreadable = sorted(str(item) for item, spoken in heard.items.items() if spoken.unreadable)
    run.tell(
        "tracker",
        branch=branch,
        result="read",
        type=settings.tracker.type,
        items=len(heard.items),
        unreadable=",".join(unreadable),
        requests=heard.requests,
        bytes=heard.received,
        seconds=round(monotonic() - started, 3),
    )
    return StoredTags(heard, run.now)


def _frame(
    settings: Settings,
    branch: str,
    run: Run,
    known_at: datetime,
    source: BranchSource,
    previous: Snapshot | None,
) -> SnapshotContext:
    return SnapshotContext(
        run_id=run.id,
        branch=branch,
        now=run.now,
        valid_until=known_at + timedelta(seconds=settings.report.expected_seconds),
        problems=source.problems,
        warnings=source.warnings,
        bug_url=settings.tracker.bug_url,
        request_url=settings.tracker.request_url,
        landing_url=settings.branches[branch].landing_url,
        timezone=settings.timezone,
        several=len(settings.branches) > 1,
        marks=settings.branches[branch].marks,
        last_good=good_before(previous),
    )


def _no_data(
    snapshots: Snapshots,
    previous: Snapshot | None,
    frame: SnapshotContext,
    problem: str,
    reading: Reading | None,
    run: Run,
    database: Database,
    branch: str,
    dry: bool,
    lost: JournalLoss | None = None,
) -> Snapshot:
    """Args: lost: what the journal lacks. Then nothing is written into it, and the answer names it again."""
    snapshot = without_answer(frame, problem or "nothing was read", reading)
    if lost is not None:
        good = lost.last_good or snapshot.last_good
        snapshot = replace(snapshot, journal=lost.place, last_good=good)
    if dry:
        return snapshot
    tell(run, branch, [], snapshot, previous)
    if lost is None:
        with database.begin() as connection:
            journal = Journal(connection, branch)
            journal.append(_answer_change(journal, snapshot), run_id=run.id, at=run.now)
            snapshot = replace(snapshot, journal=place_of(journal))
    snapshots.write(snapshot, previous)
    return snapshot


def _changes(journal: Journal, snapshot: Snapshot) -> list[JournalEntry]:
    """Every landing whose state differs from what the journal has of it, and the answer if it changed."""
    before = {
        entry.subject: entry.data["to"]
        for entry in journal.entries("state", subjects=[landing.id for landing in snapshot.landings])
    }
    states = [
        JournalEntry(
            "state",
            landing.id,
            {"revno": landing.revno, "from": before.get(landing.id), "to": landing.state},
            why=landing.reason,
        )
        for landing in reversed(snapshot.landings)
        if before.get(landing.id) != landing.state
    ]
    return [*states, *alarms.changes(journal, snapshot), *_answer_change(journal, snapshot)]


def _answer_change(journal: Journal, snapshot: Snapshot) -> list[JournalEntry]:
    last = journal.last("answer")
    now = answer_of(snapshot)
    if last is not None and last.data == now:
        return []
    return [JournalEntry("answer", data=now, why=because(snapshot))]
