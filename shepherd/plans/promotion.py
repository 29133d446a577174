"""What a promotion would do: from where, to where, what goes live by it, what stays and why
(docs/rules.md#answer, docs/interfaces.md#commands)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from shepherd.cautions import Caution, CautionKind, cautions
from shepherd.deployment import deployment
from shepherd.errors import NoAnswerError, RefusedError
from shepherd.landing import Landing
from shepherd.plans.despite import NAMED, keeps_back, refuse_unless_passed
from shepherd.sentence import ageless
from shepherd.situation import Situation
from shepherd.snapshot import LandingEntry, Rev, Snapshot
from shepherd.values import some


class PromotionOrder(Struct, frozen=True):
    """What somebody asked for."""

    to: int | None = None
    """The revno; None: the latest deployable."""
    why: str = ""
    despite: str = ""
    """Why `to` shall be promoted although something keeps it back that is no landing known to be bad: what
    people say of it cannot be read, a check or a limit does not hold, or nobody deploys now."""
    drop_hotfix: str = ""
    """Why commits that production runs in addition to the mainline may be lost."""


class LastKnown(Struct, frozen=True):
    """What was last known of a landing."""

    state: str
    reason: str = ""


class PlanLine(Struct, frozen=True):
    """One landing in the plan."""

    revno: int
    id: str
    title: str
    person: str
    state: str
    """Empty: never judged."""
    reason: str
    undone: bool = False
    """It goes out together with what rolled it back."""
    promoted: bool = False
    """It is promoted already, and production does not run it yet."""


class Promotion(Struct, frozen=True):
    """The whole plan. Printed, then applied as it was printed."""

    branch: str
    ref: str
    """Empty: nothing is moved, it is only recorded."""
    repository: str
    base: Rev | None = field(name="from")
    """What is promoted now; None: nothing yet."""
    to: Rev
    goes: tuple[PlanLine, ...]
    """What goes live, oldest first, as `next` of the snapshot counts it: also what production has, undone,
    and would run again; and what was promoted before and production does not run yet."""
    stays: tuple[PlanLine, ...]
    """What stays behind, oldest first, and why."""
    dropped: tuple[str, ...]
    """Commits that the ref has now and would lose."""
    cautions: tuple[Caution, ...]
    """What must be known before it is applied; one that stops was passed by `despite` or `drop_hotfix`."""
    why: str
    despite: str = ""
    drop_hotfix: str = ""
    passed: tuple[str, ...] = ()
    """What `despite` passed, a sentence each."""


def target_of(
    snapshot: Snapshot, landings: Sequence[Landing], promoted: int | None, order: PromotionOrder
) -> Landing | None:
    """The landing to promote; None if there is nothing to do.

    Args:
        landings: what was read with this answer; promoted: the revno that is promoted now, if any.

    Raises:
        NoAnswerError: there is no answer to go by, and no `despite`.
        RefusedError: `to` may not go to production, or lies behind what is promoted or live.
    """
    if snapshot.deployed is None or snapshot.tip is None or (not snapshot.complete and not order.despite):
        raise NoAnswerError(f"{snapshot.branch}: no data, so nothing is promoted: {snapshot.problems[0]}")
    by_revno = {landing.revno: landing for landing in landings}
    if order.to is None:
        deployable = snapshot.deployable.revno if snapshot.deployable else 0
        return by_revno[deployable] if deployable > (promoted or 0) else None
    to = by_revno.get(order.to)
    if to is None:
        raise RefusedError(f"{snapshot.branch}: r{order.to} is not a landing that was read")
    if to.revno == promoted:
        return None
    if promoted is not None and to.revno < promoted:
        raise RefusedError(
            f"{snapshot.branch}: r{to.revno} is older than r{promoted}, which is promoted already: a"
            " promotion never goes backwards; to take something back, land a rollback"
        )
    if to.revno <= snapshot.deployed.revno:
        raise RefusedError(
            f"{snapshot.branch}: production runs r{snapshot.deployed.revno}, and r{to.revno} is not newer"
        )
    if snapshot.complete:
        entry = next(entry for entry in snapshot.landings if entry.revno == to.revno)
        refuse_unless_passed(snapshot, entry, order.despite)
    return to


def plan_promotion(
    snapshot: Snapshot,
    landings: Sequence[Landing],
    target: Landing,
    base: Rev | None,
    order: PromotionOrder,
    *,
    situation: Situation,
    known: Mapping[str, LastKnown],
    undone_at: Callable[[int], Collection[int]],
    dropped: Sequence[str],
    repository: str,
    ref: str,
    unlooked: str = "",
) -> Promotion:
    """The plan to promote `target`, which `target_of` chose.

    Args:
        situation: what is true now.
        known: SHA -> what was last known of a landing, for the time when nothing can be read.
        undone_at: the revnos that are undone at a candidate.
        dropped: commits that the promoted ref or production has, and the target lacks.
        unlooked: what else of the target could not be looked at for want of data, as a sentence.

    Raises:
        RefusedError: a caution stops (commits would be lost, …), and nobody said that it may be passed; or a
            landing was bad when it was last known, and still is in effect.
    """
    assert snapshot.deployed is not None and snapshot.tip is not None
    to = Rev(target.revno, target.id)
    following = deployment(
        (landing.revno for landing in landings),
        Rev(snapshot.deployed.revno, snapshot.deployed.id),
        to,
        snapshot.tip.revno,
        undone_at,
    )
    planned = replace(
        snapshot,
        # without data `despite` gave a reason, and all the rest is to be known as ever
        complete=True,
        answer="deploy",
        deployable=to,
        deployed=replace(snapshot.deployed, extra_commits=tuple(dropped)),
        next=following,
    )
    to_know = cautions(planned, situation)
    _refuse_unless_passed(snapshot.branch, to_know, order)
    entries = {entry.revno: entry for entry in snapshot.landings}
    live, gone = set(following.landings), set(following.undone)
    goes, stays = [], []
    for landing in landings:
        entry = entries.get(landing.revno)
        line = _line(landing, entry, known, landing.revno in gone)
        if order.despite and landing.revno in live - gone:
            _refuse_known_bad(snapshot.branch, line, known.get(landing.id))
        if landing.revno > target.revno:
            undone = entry is not None and entry.undone_by is not None
            stays.append(replace(line, undone=undone, reason=_why_it_stays(line, entry)))
        elif landing.revno in live:
            promoted = base is not None and snapshot.deployed.revno < landing.revno <= base.revno
            goes.append(replace(line, promoted=promoted))
    return Promotion(
        branch=snapshot.branch,
        ref=ref,
        repository=repository,
        base=base,
        to=to,
        goes=tuple(goes),
        stays=tuple(stays),
        dropped=tuple(dropped),
        cautions=to_know,
        why=order.despite or order.why,
        despite=order.despite,
        drop_hotfix=order.drop_hotfix if dropped else "",
        passed=_passed(snapshot, entries.get(target.revno), to_know, unlooked) if order.despite else (),
    )


def _passed(
    snapshot: Snapshot, entry: LandingEntry | None, to_know: Sequence[Caution], unlooked: str
) -> tuple[str, ...]:
    """What `despite` passes, a sentence each."""
    frozen = [ageless(caution.sentence) for caution in to_know if caution.kind == "frozen"]
    if snapshot.complete and entry is not None:
        return (*keeps_back(snapshot, entry), *frozen)
    return (*([unlooked] if unlooked else []), *frozen)


def _refuse_unless_passed(branch: str, to_know: Sequence[Caution], order: PromotionOrder) -> None:
    """Whatever stops stops a promotion, too, unless somebody gave the reason that passes just that."""
    passed: dict[CautionKind, str] = {"hotfix": order.drop_hotfix, "frozen": order.despite}
    for caution in to_know:
        if caution.stops and not passed.get(caution.kind):
            raise RefusedError(f"{branch}: {caution.sentence}; {caution.remedy}")


def _refuse_known_bad(branch: str, line: PlanLine, last: LastKnown | None) -> None:
    """What cannot be read now may have been read before."""
    if line.state in ("", "unknown", "bad") and last is not None and last.state == "bad":
        raise RefusedError(
            f"{branch}: r{line.revno} was bad when it was last known ({last.reason}), and nothing since has"
            " undone it: land a rollback, or choose an older revision"
        )


def _why_it_stays(line: PlanLine, entry: LandingEntry | None) -> str:
    """Its own reason if it is not good, else whom it waits for."""
    if entry is not None and entry.undone_by is not None:
        return f"r{entry.undone_by} undid it"
    if entry is None or not entry.good:
        return line.reason
    others = [f"r{revno}" for revno in entry.waits_for(NAMED)]
    if others:
        return f"waits for {some(others, NAMED, entry.waits_for_count)}"
    return "; ".join(entry.conditions[:NAMED]) or line.reason


def _line(
    landing: Landing, entry: LandingEntry | None, known: Mapping[str, LastKnown], undone: bool
) -> PlanLine:
    state, reason = "", "never judged"
    if entry is not None:
        state, reason = str(entry.state), entry.reason
    elif last := known.get(landing.id):
        state, reason = last.state, f"last known: {last.reason}"
    if undone and entry is not None and entry.undone_by is not None:
        reason = f"r{entry.undone_by} undid it"
    return PlanLine(landing.revno, landing.id, landing.shown_title, landing.person, state, reason, undone)


def settled(newest_first: Iterable[Snapshot], since: datetime) -> set[str]:
    """SHAs of the revisions that were deployable in every snapshot since that moment (promote.settle).

    Args:
        newest_first: the last snapshot, then those that were kept because they said something else.
    """
    always: set[str] | None = None
    for snapshot in newest_first:
        deployable = {
            entry.id for entry in snapshot.landings if snapshot.complete and entry.deployable_as_tip
        }
        always = deployable if always is None else always & deployable
        if snapshot.generated_at <= since:
            # what it said held from then until the next one
            return always
    return set()
