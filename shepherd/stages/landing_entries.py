"""The landings of a snapshot: each with its state, its reason, whose move it is and how far it has come
(docs/interfaces.md#snapshot)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import get_args

from msgspec import UNSET, UnsetType

from shepherd import snapshot as shape
from shepherd.commands import naming_branch
from shepherd.landing import Deployed, Landing
from shepherd.rules import Judgement
from shepherd.rules.reasons import of_brought, reason_of, unspoken
from shepherd.rules.states import Judged
from shepherd.sentence import Part, Parts, Sentence, revision
from shepherd.stages.condition_entries import condition_entries
from shepherd.stages.snapshot_context import SnapshotContext
from shepherd.stages.timeline import brought, reached
from shepherd.words import Item, ItemSaid, bug_names


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


def landing_entries(
    judgement: Judgement,
    following: shape.Next | None,
    doubts: Mapping[str, Sequence[str]],
    context: SnapshotContext,
    landed: Mapping[int, datetime],
    clamped: Mapping[int, str],
    said: Mapping[Item, ItemSaid] | UnsetType = UNSET,
) -> list[shape.LandingEntry]:
    """Newest first: the window, what went live in the last 30 days, then what else is named.

    Args:
        doubts: SHA -> what the tracker does not confirm of its message.
        landed: when each landing landed.
        clamped: what is wrong with such a date.
        said: what says on each item what QA found, where that is a status or a field.
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
    deployable = set(answer.deployable)

    def entry(revno: int) -> shape.LandingEntry:
        landing, judged = landings[revno], judgement.judged[revno]
        targets = judgement.undoing.targets.get(revno, ())
        reason = reason_of(landing, judged, targets, context.marks, branch, context.speech, said)
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
            bugs=bug_names(landing.bugs),
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
            deployable_as_tip=None if candidate is None else revno in deployable,
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
            rule=judged.rule,
            good_with=UNSET if live else judged.good_with or UNSET,
            components=tuple(context.components[place] for place in context.touching.get(landing.id, ())),
            **condition_entries(judgement, revno),
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
