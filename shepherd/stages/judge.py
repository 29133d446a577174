"""`judge`: database + tracker + verdicts -> snapshot."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec.structs import replace

from shepherd.errors import NoAnswerError
from shepherd.run import Run, attempt
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.stages import alarms
from shepherd.stages.answer_log import answer_of, because, is_journaled, log_judgement
from shepherd.stages.check_memory import KEPT_AS as CHECKS_KEPT
from shepherd.stages.check_memory import ChecksMemory
from shepherd.stages.check_waits import check_wait_changes
from shepherd.stages.checks import ChecksReading, Progress, conditions_of, read_checks
from shepherd.stages.compose import compose, good_before
from shepherd.stages.evidence import lessons_of, memory_of, options_of, read_tags, speech_of
from shepherd.stages.freezes import make_copy
from shepherd.stages.judge_input import (
    JudgeInput,
    announced_in,
    announcement_of,
    judgement_of,
    snapshot_of,
)
from shepherd.stages.kept_inputs import keep_input
from shepherd.stages.promoted import warnings_of
from shepherd.stages.recorded import ref_moves, still_new, untagged
from shepherd.stages.requests import named
from shepherd.stages.snapshot_context import SnapshotContext
from shepherd.stages.state import BranchState, state_to_judge
from shepherd.stages.touched import components_in
from shepherd.stages.waits_log import log_waits
from shepherd.store import Database, Journal, JournalEntry
from shepherd.store.snapshots import Snapshots
from shepherd.store.wholeness import JournalLoss, place_of

_TOGETHER = 4_000
"""Landings whose entries are held in memory at one time."""


@attempt("judge")
def judge_branch(
    settings: Settings,
    branch: str,
    run: Run,
    *,
    stored: bool = False,
    dry: bool = False,
    afresh: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Snapshot:
    """Judge one branch and make the result its latest snapshot.

    Args:
        stored: judge by what the tracker said last, without asking it again (a person's word).
        dry: write nothing; the snapshot is only returned.
        afresh: not None: checks are asked for although they were known to hold, and those of these SHAs in
            any case (before a promotion).
        progress: is told how far the checks are; None: nobody looks.

    Raises:
        NoAnswerError: `find` never ran, or (stored) the tracker was never read.
        StoreError: database or snapshot cannot be read or written.
    """
    with Database.of(settings, read_only=dry) as database:
        return _judge(settings, branch, run, database, stored, dry, afresh, progress)


def _judge(
    settings: Settings,
    branch: str,
    run: Run,
    database: Database,
    stored: bool,
    dry: bool,
    afresh: Collection[str] | None,
    progress: Progress | None,
) -> Snapshot:
    with database.branch(branch) as store:
        state = state_to_judge(store, settings, branch, run)
        if not dry and state.loss is None:
            # after a kill, a restored backup, damage
            make_copy(settings, branch, store.journal, run.now)
    source = state.source
    assert source is not None
    if stored and state.tags is None:
        raise NoAnswerError(f"{branch}: the tracker was never read, so the answer follows with: inv judge")
    snapshots = Snapshots(settings.state_path / "snapshots", branch)
    previous = snapshots.outline()
    if state.problem or state.reading is None:
        context = _context(settings, state, run, run.now, previous)
        # the cache knows where things stood before, for a person's word; the answer must not hang on that
        given = JudgeInput(run.code, context, state.problem or "nothing was read")
        return _no_data(given, settings, snapshots, previous, state.loss, database, run, dry)

    tags = state.tags if stored and state.tags else read_tags(settings, state, run)
    context = _context(settings, state, run, min(tags.at, source.read_at), previous)
    if tags.problem:
        if not dry:
            with database.branch(branch) as store:
                store.cache.put_fact("tracker", tags)
        given = JudgeInput(run.code, context, tags.problem, state.reading)
        return _no_data(given, settings, snapshots, previous, None, database, run, dry)

    state = replace(state, tags=tags, reading=named(state.reading, tags.reading))
    assert state.reading is not None
    with database.branch(branch) as store:
        memory = memory_of(settings, state, tags.reading, store)
        checks_before = store.cache.fact(CHECKS_KEPT, ChecksMemory)
    given = JudgeInput(
        run.code,
        context,
        reading=state.reading,
        tracker=tags.reading,
        recorded=memory,
        options=options_of(settings, branch),
        scope=tuple(sorted(state.scope)),
        conditions=replace(conditions_of(settings, branch), touched=state.touched),
    )
    judgement = judgement_of(given)
    checks = ChecksReading(judgement)
    if given.conditions.checks:
        # between two transactions: nobody waits for the database while a server is asked
        checks = read_checks(
            *(settings, branch, judgement, run, checks_before),
            stored=stored,
            afresh=afresh,
            progress=progress,
        )
        judgement = checks.judgement
        context = replace(
            context,
            problems=(*context.problems, *checks.problems),
            warnings=(*context.warnings, *checks.warnings),
        )
    with database.branch(branch) as store:
        context = replace(context, untagged=untagged(store.journal))
        snapshot = compose(judgement, tags.reading, context)
        given = replace(
            given,
            context=context,
            conditions=judgement.conditions,
            announcement=announcement_of(store.journal, snapshot, settings),
        )
        snapshot = announced_in(snapshot, given)
        if dry:
            return snapshot
        changes = _changes(store.journal, snapshot)
        changes += check_wait_changes(store, snapshot, settings.branches[branch].checks_grace, run.now)
        log_judgement(run, branch, changes, snapshot, previous)
        log_waits(run, snapshot, previous)
        learned = lessons_of(judgement, state.reading)
        if len(settings.branches) > 1:
            learned = still_new(learned, store.journal.with_others(settings.branches))
        store.append([*learned, *changes], run)
        given = replace(given, journal=place_of(store.journal))
        snapshot = replace(snapshot, journal=given.journal)
        if not stored:
            store.cache.put_fact("tracker", tags)
        if checks.memory is not None and checks.memory != checks_before:
            store.cache.put_fact(CHECKS_KEPT, checks.memory)
    keep_input(settings, given, snapshot)
    snapshots.write(snapshot)
    snapshots.prune(run.now.timestamp(), settings.keep)
    return snapshot


def _context(
    settings: Settings, state: BranchState, run: Run, known_at: datetime, previous: Snapshot | None
) -> SnapshotContext:
    source, branch = state.source, settings.branches[state.branch]
    tracker = settings.tracker_of(state.branch)
    assert source is not None
    return SnapshotContext(
        run_id=run.id,
        branch=state.branch,
        now=run.now,
        valid_until=known_at + timedelta(seconds=settings.report.expected_every),
        deployed=tuple(state.deployed),
        promoted=tuple(ref_moves(state.promotions)),
        problems=source.problems,
        warnings=(*source.warnings, *warnings_of(state.promotions, run.now)),
        bug_url=tracker.bug_url,
        request_url=tracker.request_url,
        landing_url=branch.landing_url,
        compare_url=branch.compare_url,
        timezone=settings.timezone,
        several=len(settings.branches) > 1,
        marks=branch.marks,
        last_good=good_before(previous),
        verdict_notes=branch.verdict_notes,
        speech=speech_of(settings, state.branch),
        components=tuple(branch.components),
        touching=components_in(state.touches),
    )


def _no_data(
    given: JudgeInput,
    settings: Settings,
    snapshots: Snapshots,
    previous: Snapshot | None,
    lost: JournalLoss | None,
    database: Database,
    run: Run,
    dry: bool,
) -> Snapshot:
    """Args: lost: what the journal lacks. Then nothing is written into it, and the answer names it again."""
    if lost is not None:
        good = lost.last_good or given.context.last_good
        given = replace(given, journal=lost.place, context=replace(given.context, last_good=good))
    snapshot = snapshot_of(given)
    if dry:
        return snapshot
    log_judgement(run, snapshot.branch, [], snapshot, previous)
    if lost is None:
        with database.branch(snapshot.branch) as store:
            store.append(_answer_change(store.journal, snapshot), run)
            given = replace(given, journal=place_of(store.journal))
        snapshot = replace(snapshot, journal=given.journal)
    keep_input(settings, given, snapshot)
    snapshots.write(snapshot)
    return snapshot


def _changes(journal: Journal, snapshot: Snapshot) -> list[JournalEntry]:
    """Every landing whose state, or the rule that gives it, differs from what the journal has of it, and the
    answer if it changed."""
    ids = [landing.id for landing in snapshot.landings]
    before: dict[str, str] = {}
    rules: dict[str, str] = {}
    for start in range(0, len(ids), _TOGETHER):
        for entry in journal.entries("state", subjects=ids[start : start + _TOGETHER]):
            before[entry.subject] = entry.data["to"]
            # an entry of a release that named no rule is no reason to write another one
            rules[entry.subject] = entry.data.get("rule", "")
    states = [
        JournalEntry(
            "state",
            landing.id,
            {
                "revno": landing.revno,
                "from": before.get(landing.id),
                "to": landing.state,
                "rule": landing.rule,
            },
            why=landing.reason,
        )
        for landing in reversed(snapshot.landings)
        if before.get(landing.id) != landing.state or rules.get(landing.id) not in ("", None, landing.rule)
    ]
    return [*states, *alarms.changes(journal, snapshot), *_answer_change(journal, snapshot)]


def _answer_change(journal: Journal, snapshot: Snapshot) -> list[JournalEntry]:
    if is_journaled(journal, snapshot):
        return []
    return [JournalEntry("answer", data=answer_of(snapshot), why=because(snapshot))]
