"""Judgement -> snapshot: what the rules decided, in the words and order of the interface
(docs/interfaces.md#snapshot)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType

from shepherd import snapshot as shape
from shepherd.deployment import compare_url, deployment
from shepherd.landing import Deployed, Reading, Revision
from shepherd.rules import Judgement
from shepherd.rules.states import Judged
from shepherd.sentence import joined
from shepherd.stages.condition_entries import waiting
from shepherd.stages.landing_entries import landing_entries
from shepherd.stages.past_promotions import deployed_rev, past_promotions
from shepherd.stages.shared_warnings import folded, shared
from shepherd.stages.snapshot_context import SnapshotContext
from shepherd.stages.timeline import RefMove, landed_times, went_back
from shepherd.values import some
from shepherd.words import TrackerData, item_name, item_order

COMMITS_NAMED = 10
"""Of those that only production has; the rest are counted, and stand in the snapshot."""


def hotfix(deployed: Deployed, branch: str, candidate: int) -> tuple[tuple[str, ...], str]:
    """Commits of production that no landing up to the candidate carries, and the notice about them
    (docs/rules.md#answer)."""
    lacking = tuple(sha for sha, carrier in deployed.extra if carrier is None or carrier > candidate)
    if not lacking:
        return (), ""
    commits = "1 commit" if len(lacking) == 1 else f"{len(lacking)} commits"
    return lacking, f"production also runs {commits} that {branch} lacks: {_some_of(lacking)}"


def _some_of(shas: Sequence[str]) -> str:
    names = [sha[:12] for sha in shas]
    return str(joined(names)) if len(names) <= COMMITS_NAMED else some(names, COMMITS_NAMED)


def compose(judgement: Judgement, tracker: TrackerData, context: SnapshotContext) -> shape.Snapshot:
    """The snapshot of a judgement."""
    reading = judgement.reading
    latest = judgement.latest
    candidate = latest if latest is not None else reading.tip.revno
    extra, notice = hotfix(reading.deployed, context.branch, candidate)
    following = _next(judgement, context)
    times, clamped = landed_times(reading.landings, context.now)
    landed = {landing.revno: at for landing, at in zip(reading.landings, times, strict=True)}
    entries, shared_by_many = shared(
        landing_entries(judgement, following, tracker.doubts, context, landed, clamped, tracker.said)
    )
    by_revno = {entry.revno: entry for entry in entries}
    unreadable = [
        f"{item_name(item)} could not be read: {tags.unreadable}"
        for item, tags in sorted(tracker.items.items(), key=lambda each: item_order(each[0]))
        if tags.unreadable
    ]
    unreadable += [
        f"r{landing.revno}: {tracker.unasked[landing.id]}"
        for landing in reading.landings
        if landing.id in tracker.unasked
    ]
    waits = waiting(judgement)
    answer: shape.Answer = "nothing-new"
    if latest is not None:
        answer = "deploy"
    elif reading.tip.revno > reading.deployed.revno:
        answer = "blocked"
    return shape.Snapshot(
        run_id=context.run_id,
        branch=context.branch,
        generated_at=context.now,
        valid_until=context.valid_until,
        complete=True,
        answer=answer,
        tip=_rev(reading.tip),
        on_qa=_rev(reading.on_qa),
        deployed=deployed_rev(reading.deployed, extra, context.deployed, context.promoted),
        promoted=_promoted(reading, context.promoted),
        deployable=following.to if following else None,
        last_good=None,
        landings=tuple(entries),
        blockers=tuple(
            shape.Blocker(
                b.revno,
                by_revno[b.revno].person,
                by_revno[b.revno].landed_at,
                b.waiting,
                b.tip_if_cleared,
                b.frees,
                if_checks_pass=_if_checks_pass(judgement, b.tip_if_cleared),
            )
            for b in judgement.blockers
        ),
        alarms=tuple(
            shape.Alarm(
                revno,
                by_revno[revno].reason,
                judgement.undone_by.get(revno),
                _repair(judgement.judged[revno]),
            )
            for revno in judgement.alarms
        ),
        warnings=tuple(
            w for w in (*context.warnings, notice, went_back(context.deployed), *shared_by_many) if w
        ),
        problems=(*context.problems, *folded(unreadable)),
        bug_url=context.bug_url,
        request_url=context.request_url,
        timezone=context.timezone,
        several=context.several,
        next=following,
        verdict_notes=context.verdict_notes,
        staircase=tuple(
            shape.StairStep(s.cleared, s.tip, s.frees, _if_checks_pass(judgement, s.tip))
            for s in judgement.staircase
        ),
        staircase_more=judgement.window.steps - len(judgement.staircase),
        promotions=_past(context, {(each.revno, each.id): landed[each.revno] for each in reading.landings}),
        checks=judgement.conditions.checks,
        limits=tuple(
            shape.LimitEntry(each.paths, each.max, each.reason) for each in judgement.conditions.limits
        ),
        waits=shape.Rev(waits, by_revno[waits].id) if waits is not None else None,
        components=context.components,
    )


def without_answer(context: SnapshotContext, problem: str, reading: Reading | None) -> shape.Snapshot:
    """The snapshot of a run that could not read what it needs: no answer, and why."""
    return shape.Snapshot(
        run_id=context.run_id,
        branch=context.branch,
        generated_at=context.now,
        valid_until=context.valid_until,
        complete=False,
        answer="no-data",
        tip=_rev(reading.tip) if reading else None,
        on_qa=_rev(reading.on_qa) if reading else None,
        deployed=deployed_rev(reading.deployed, (), context.deployed, context.promoted) if reading else None,
        promoted=_promoted(reading, context.promoted) if reading else None,
        deployable=None,
        last_good=context.last_good,
        landings=(),
        blockers=(),
        alarms=(),
        warnings=context.warnings,
        problems=(problem, *context.problems),
        bug_url=context.bug_url,
        request_url=context.request_url,
        timezone=context.timezone,
        several=context.several,
        verdict_notes=context.verdict_notes,
        promotions=_past(context, {}),
    )


def _past(
    context: SnapshotContext, landed: Mapping[tuple[int, str], datetime]
) -> tuple[shape.PastPromotion, ...]:
    return past_promotions(
        context.deployed,
        context.promoted,
        landed,
        lambda base, to: compare_url(context.compare_url, context.landing_url, base, to),
    )


def good_before(previous: shape.Snapshot | None) -> shape.LastGood | None:
    """What the last complete snapshot said, for one that is not complete."""
    if previous is None:
        return None
    if previous.complete:
        return shape.LastGood(previous.run_id, previous.generated_at, previous.answer, previous.deployable)
    return previous.last_good


def _promoted(reading: Reading, moves: Sequence[RefMove]) -> shape.PromotedRev | None:
    place = reading.promoted
    if place is None:
        return None
    last = moves[-1] if moves and not moves[-1].found and moves[-1].id == place.id else None
    return shape.PromotedRev(place.revno, place.id, last.at if last else None, last.who if last else "")


def _next(judgement: Judgement, context: SnapshotContext) -> shape.Next | None:
    """The deployment that the answer proposes."""
    reading, latest = judgement.reading, judgement.latest
    if latest is None:
        return None
    base = shape.Rev(reading.deployed.revno, reading.deployed.id)
    to = next(shape.Rev(each.revno, each.id) for each in reading.landings if each.revno == latest)
    return deployment(
        (landing.revno for landing in reading.landings),
        base,
        to,
        reading.tip.revno,
        judgement.undoing.undone_at,
        compare_url(context.compare_url, context.landing_url, base.id, to.id),
    )


def _repair(judged: Judged) -> int | UnsetType:
    """What an alarm is over with: the newest landing that production lacks."""
    return max(judged.good_with) if judged.live_without else UNSET


def _if_checks_pass(judgement: Judgement, revno: int | None) -> bool:
    return revno is not None and not judgement.checks_hold(revno)


def _rev(revision: Revision | None) -> shape.Rev | None:
    return shape.Rev(revision.revno, revision.id) if revision else None
