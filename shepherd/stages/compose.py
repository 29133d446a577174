"""Judgement -> snapshot: what the rules decided, in the words and order of the interface
(docs/interfaces.md#snapshot)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import get_args

from msgspec import UNSET, Struct, UnsetType

from shepherd import snapshot as shape
from shepherd.commands import naming_branch
from shepherd.deployment import compare_url, deployment
from shepherd.landing import Deployed, Landing, Reading, Revision
from shepherd.rules import Judgement
from shepherd.rules.item_speech import NOT_KNOWN, ItemSpeech
from shepherd.rules.reasons import of_brought, reason_of, unspoken
from shepherd.rules.states import Judged
from shepherd.sentence import Part, Parts, Sentence, joined, revision
from shepherd.stages.past_promotions import deployed_rev, past_promotions
from shepherd.stages.shared_warnings import folded, shared
from shepherd.stages.timeline import RefMove, brought, landed_times, reached, went_back
from shepherd.values import some
from shepherd.words import TrackerData, bug_numbers, item_name

COMMITS_NAMED = 10
"""Of those that only production has; the rest are counted, and stand in the snapshot."""


class SnapshotContext(Struct, frozen=True):
    """Everything a snapshot needs in addition to the judgement."""

    run_id: str
    branch: str
    now: datetime
    valid_until: datetime
    deployed: Sequence[RefMove] = ()
    promoted: Sequence[RefMove] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    bug_url: str = ""
    request_url: str = ""
    landing_url: str = ""
    compare_url: str = ""
    timezone: str = "UTC"
    marks: tuple[str, ...] = ("brackets",)
    """The grammars that are read."""
    last_good: shape.LastGood | None = None
    several: bool = False
    """Whether there are other branches, so that a command has to name this one."""
    untagged: Mapping[str, Sequence[str]] = {}
    """SHA -> warnings about bugs that the tagger could not write."""
    verdict_notes: str = ""
    """The git notes ref by which people can speak; empty: none."""
    speech: ItemSpeech = NOT_KNOWN
    """How people say on bugs and requests what QA found."""


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


def progress_of(
    revno: int,
    state: str,
    good: bool,
    *,
    live: bool,
    promoted: bool,
    undone: bool,
    latest: int | None,
    on_qa: int | None,
) -> str:
    """The first that applies (docs/interfaces.md#progress)."""
    if live:
        return "live"
    if promoted:
        return "promoted"
    if undone:
        return "rolled-back"
    if latest is not None and revno <= latest:
        return "deployable"
    if on_qa is not None and revno > on_qa and not good:
        return "not-on-qa-yet"
    if good:
        return "waiting"
    return {"needstesting": "needs-qa"}.get(state, state)


def compose(judgement: Judgement, tracker: TrackerData, context: SnapshotContext) -> shape.Snapshot:
    """The snapshot of a judgement."""
    reading = judgement.reading
    latest = judgement.latest
    candidate = latest if latest is not None else reading.tip.revno
    extra, notice = hotfix(reading.deployed, context.branch, candidate)
    following = _next(judgement, context)
    times, clamped = landed_times(reading.landings, context.now)
    landed = {landing.revno: at for landing, at in zip(reading.landings, times, strict=True)}
    entries, shared_by_many = shared(_entries(judgement, following, tracker.doubts, context, landed, clamped))
    by_revno = {entry.revno: entry for entry in entries}
    unreadable = [
        f"{item_name(item)} could not be read: {tags.unreadable}"
        for item, tags in tracker.items.items()
        if tags.unreadable
    ]
    unreadable += [
        f"r{landing.revno}: {tracker.unasked[landing.id]}"
        for landing in reading.landings
        if landing.id in tracker.unasked
    ]
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
            )
            for b in judgement.blockers
        ),
        alarms=tuple(
            shape.Alarm(revno, by_revno[revno].reason, judgement.undone_by.get(revno))
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
        staircase=tuple(shape.StairStep(s.cleared, s.tip, s.frees) for s in judgement.staircase),
        staircase_more=judgement.window.steps - len(judgement.staircase),
        promotions=_past(context, {(each.revno, each.id): landed[each.revno] for each in reading.landings}),
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


def _rev(revision: Revision | None) -> shape.Rev | None:
    return shape.Rev(revision.revno, revision.id) if revision else None


def _entries(
    judgement: Judgement,
    following: shape.Next | None,
    doubts: Mapping[str, Sequence[str]],
    context: SnapshotContext,
    landed: Mapping[int, datetime],
    clamped: Mapping[int, str],
) -> list[shape.LandingEntry]:
    """Newest first: the window, what went live in the last 30 days, then what else is named.

    Args:
        doubts: SHA -> what the tracker does not confirm of its message.
        landed: when each landing landed.
        clamped: what is wrong with such a date.
    """
    reading = judgement.reading
    landings = {landing.revno: landing for landing in reading.landings}
    live_since, promotion = reached(context.deployed), brought(context.promoted)
    window = [revno for revno in landings if revno > reading.deployed.revno]
    lately = [
        revno
        for revno in landings
        if revno <= reading.deployed.revno
        and revno in judgement.judged
        and (live_since(revno) or landed[revno]) >= context.now - shape.LATELY
    ]
    listed = {*window, *lately}
    named = {b.revno for b in judgement.blockers} | set(judgement.alarms)
    named.update((*following.landings, *following.taken_out) if following else ())
    for candidate in judgement.window.candidates.values():
        named.update(candidate.blocked_by)
    named.update(judgement.undone_by[revno] for revno in (listed | named) if revno in judgement.undone_by)
    groups = (window, lately, [revno for revno in named - listed if revno in judgement.judged])
    warnings = judgement.warnings
    promoted = reading.promoted.revno if reading.promoted else 0
    live_at_promoted = _in_effect_at(judgement, promoted)
    undoes: dict[int, list[int]] = {}
    for target, rollback in judgement.undone_by.items():
        undoes.setdefault(rollback, []).append(target)
    answer = judgement.window
    branch = context.branch if context.several else ""
    picked = _picked(reading.deployed)
    no_remedy = Sentence()

    def entry(revno: int) -> shape.LandingEntry:
        landing, judged = landings[revno], judgement.judged[revno]
        targets = judgement.undoing.targets.get(revno, ())
        reason = reason_of(landing, judged, targets, context.marks, branch, context.speech)
        live = revno in judgement.live
        progress = progress_of(
            revno,
            judged.state,
            judged.good,
            live=live,
            promoted=revno <= promoted and revno in live_at_promoted,
            undone=revno in judgement.undone_by,
            latest=answer.latest,
            on_qa=reading.on_qa.revno if reading.on_qa else None,
        )
        assert progress in _PROGRESS
        candidate = answer.candidates.get(revno)
        mine = [*warnings.get(revno, ()), *doubts.get(landing.id, ())]
        if revno in clamped:
            mine.append(clamped[revno])
        if revno > reading.deployed.revno:
            mine += context.untagged.get(landing.id, ())
        url = landing.url
        if not url and context.landing_url:
            url = context.landing_url.replace("{id}", landing.id).replace("{revno}", str(revno))
        moved = promotion(revno) if revno <= promoted else None
        undone_by = judgement.undone_by.get(revno)
        whose_move, remedy = reason.whose_move, reason.remedy
        # what is promoted and not live yet blocks like any other, if it is not good
        settled = judged.good if progress == "promoted" else progress == "live" and judged.state != "bad"
        if progress == "rolled-back" or settled:
            whose_move, remedy = "", no_remedy
        elif undone_by is not None:
            # nobody has to undo it again: what is left is that it goes where this one went
            by = revision(undone_by)
            whose_move = ""
            remedy = Sentence(by, " undoes it: nothing is left to do once production runs ", by)
        return shape.LandingEntry(
            revno=revno,
            id=landing.id,
            title=landing.shown_title,
            branch=landing.branch,
            url=url,
            person=landing.person,
            landed_at=landed[revno],
            bugs=bug_numbers(landing.bugs),
            requests=landing.requests,
            closes=landing.closes,
            labels=landing.labels,
            state=judged.state,
            good=judged.good,
            reason=str(reason.reason),
            whose_move=whose_move,
            remedy=str(remedy),
            progress=progress,  # type: ignore[arg-type]  # asserted above
            undone_by=undone_by,
            undoes=tuple(sorted(undoes.get(revno, ()))),
            targets=tuple(sorted(judgement.undoing.counting.get(revno, ()))),
            deployable_as_tip=None if candidate is None else candidate.count == 0,
            blocked_by=candidate.blocked_by if candidate else (),
            blocked_by_count=candidate.count if candidate else 0,
            promoted_at=moved.at if moved else None,
            promoted_by=moved.who if moved else "",
            live_since=live_since(revno) if live else None,
            warnings=tuple(mine),
            hints=(*(naming_branch(hint, branch) for hint in landing.hints), *picked.get(revno, ())),
            brought=_brought_in(landing, judged),
            reason_parts=_more_than_text(reason.reason),
            remedy_parts=_more_than_text(remedy),
            merged_by=landing.merged_by,
            co_authors=landing.co_authors,
        )

    return [entry(revno) for group in groups for revno in sorted(group, reverse=True)]


def _picked(deployed: Deployed) -> dict[int, list[str]]:
    """What is said of the landings whose change production runs although it does not contain them."""
    said: dict[int, list[str]] = {}
    for sha, revno in deployed.extra:
        if revno is not None:
            said.setdefault(revno, []).append(
                f"production runs the same change already, as commit {sha[:12]}"
            )
    return said


def _more_than_text(sentence: Sentence) -> Parts | UnsetType:
    """The parts, where there are others than text."""
    parts = sentence.parts
    return parts if any(isinstance(part, Part) for part in parts) else UNSET


def _brought_in(landing: Landing, judged: Judged) -> tuple[shape.BroughtIn, ...]:
    """What counts first, then what else was said, then what nothing was said of."""
    words = {word.commit.id: word for word in judged.brought}
    commits = (
        shape.BroughtIn(commit.id, commit.title, str(of_brought(word)), word.state, word.counts)
        if (word := words.get(commit.id)) is not None
        else shape.BroughtIn(commit.id, commit.title, unspoken(commit), None, False)
        for commit in landing.brought
    )
    return tuple(sorted(commits, key=lambda each: (not each.counts, each.state is None)))


_PROGRESS = frozenset(get_args(shape.Progress))


def _in_effect_at(judgement: Judgement, revno: int) -> Mapping[int, bool] | set[int]:
    undone = judgement.undoing.undone_at(revno)
    return {landing.revno for landing in judgement.reading.landings if landing.revno <= revno} - undone
