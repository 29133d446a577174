"""`inv promote`, and what `inv run` promotes by itself: the stage, its plan shown before it is applied."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

from shepherd.errors import RefusedError, SettingsError
from shepherd.plans.promotion import Promotion, PromotionOrder
from shepherd.run import Run
from shepherd.running.stages import StageEnd, each_branch, reading_step
from shepherd.running.tasking import say
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.values import RevName, parse_rev


def promote(
    settings: Settings,
    names: Sequence[str],
    who: str,
    *,
    to: str | None = None,
    reason: str | None = None,
    despite: str | None = None,
    drop_hotfix: str | None = None,
    json: bool = False,
    dry: bool = False,
    wait: float = 0.0,
) -> int:
    """`inv promote`. Exit code 0 also where there is nothing to promote.

    Raises:
        SettingsError: `to` or `drop_hotfix` for several branches, `despite` without `to`, an empty reason.
    """
    from shepherd.stages.statements import checked_reason

    if (to is not None or drop_hotfix is not None) and len(names) > 1:
        raise SettingsError(f"say for which branch that is: --branch {names[0]} for example")
    if despite is not None and to is None:
        raise SettingsError("--despite goes with --to REV: what nobody can judge is not chosen for you")
    rev = parse_rev(to) if to is not None else None
    order = PromotionOrder(
        why=checked_reason(reason) if reason is not None else "",
        despite=checked_reason(despite, "--despite") if despite is not None else "",
        drop_hotfix=checked_reason(drop_hotfix, "--drop-hotfix") if drop_hotfix is not None else "",
    )
    # a person's wish that is refused is no failing of the system
    with reading_step(settings, "promote", who, order.why, dry, wait) as step:
        return step.end(
            *each_branch(names, lambda name: _one(settings, name, step.run, rev, order, json=json, dry=dry))
        )


def promote_settled(settings: Settings, names: Sequence[str], run: Run, dry: bool) -> StageEnd:
    """What `promote.auto` asks for: whatever stood as deployable for `promote.settle`, and still does."""

    def one(name: str) -> None:
        from shepherd.stages.promote import settled_revision

        if dry:
            say(f"{name}: would promote what was deployable for {settings.promote.settle}")
            return
        landing = settled_revision(settings, name, run)
        if landing is None:
            say(f"{name}: nothing to promote that was deployable for {settings.promote.settle}")
            return
        order = PromotionOrder(why=f"deployable for {settings.promote.settle} (promote.auto)")
        try:
            _one(settings, name, run, RevName("sha", text=landing.id), order, json=False, dry=False)
        except RefusedError as refusal:
            # it may not go any more, or somebody else moves the ref: an answer, and no failure
            run.tell(
                "act", branch=name, what="promote", on=f"r{landing.revno}", result="refused", why=str(refusal)
            )
            say(str(refusal))

    return each_branch(names, one)


def _one(
    settings: Settings,
    branch: str,
    run: Run,
    to: RevName | None,
    order: PromotionOrder,
    *,
    json: bool,
    dry: bool,
) -> None:
    from shepherd.stages.promote import promote_branch
    from shepherd.stages.rehearsal import rehearsal
    from shepherd.views.promotions import promotion

    def show(plan: Promotion) -> None:
        if not json:
            say(promotion(plan, dry=dry))

    with rehearsal(settings) if dry else nullcontext(settings) as where:
        plan, snapshot = promote_branch(where, branch, run, to, order, show, dry=dry)
    if json:
        from shepherd.views.feeds import plain_json

        result = "nothing to do" if plan is None else "would be promoted" if dry else "promoted"
        say(plain_json({"branch": branch, "result": result, "plan": plan}).decode())
    elif plan is None:
        say(f"{branch}: {_nothing(snapshot, run)}")
    elif not dry:
        say(f"\n{branch}: promoted r{plan.to.revno}")


def _nothing(snapshot: Snapshot, run: Run) -> str:
    from shepherd.cautions import cautions
    from shepherd.views.answer import headline

    promoted = f"r{snapshot.promoted.revno} is promoted" if snapshot.promoted else "nothing is promoted"
    if snapshot.deployable is None:
        return f"nothing to promote ({promoted}): {headline(snapshot, cautions(snapshot, run.situation()))}"
    if snapshot.promoted and snapshot.deployable.revno < snapshot.promoted.revno:
        return (
            f"nothing to promote: {promoted}, and only r{snapshot.deployable.revno} may be deployed now; a"
            " promotion never goes backwards (inv status says what came to block it)"
        )
    return f"nothing to promote: {promoted} already"
