"""`inv promote`, and what `inv run` promotes by itself: the stage, its plan shown before it is applied."""

from __future__ import annotations

from contextlib import nullcontext

from shepherd.errors import RefusedError, SettingsError
from shepherd.plans.promotion import Promotion, PromotionOrder
from shepherd.run import Run
from shepherd.running.runner import StageResult, run_stage
from shepherd.running.situation import situation
from shepherd.running.stages import each_branch
from shepherd.running.tasking import TaskOptions, say
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.values import RevName, parse_rev


def promote(
    options: TaskOptions,
    *,
    to: str | None = None,
    reason: str | None = None,
    despite: str | None = None,
    drop_hotfix: str | None = None,
    json: bool = False,
) -> int:
    """`inv promote`. Exit code 0 also where there is nothing to promote.

    Raises:
        SettingsError: `to` or `drop_hotfix` for several branches, `despite` without `to`, an empty reason.
    """
    from shepherd.stages.statements import checked_reason

    settings, branches, dry = options.settings, options.branches, options.dry
    if (to is not None or drop_hotfix is not None) and len(branches) > 1:
        raise SettingsError(f"say for which branch that is: --branch {branches[0]} for example")
    if despite is not None and to is None:
        raise SettingsError("--despite goes with --to REV: what nobody can judge is not chosen for you")
    rev = parse_rev(to) if to is not None else None
    order = PromotionOrder(
        why=checked_reason(reason) if reason is not None else "",
        despite=checked_reason(despite, "--despite") if despite is not None else "",
        drop_hotfix=checked_reason(drop_hotfix, "--drop-hotfix") if drop_hotfix is not None else "",
    )

    def stage(_options: TaskOptions, run: Run) -> StageResult:
        return each_branch(
            branches, lambda branch: _one(settings, branch, run, rev, order, json=json, dry=dry)
        )

    # a person's wish that is refused is not a failure of the system
    return run_stage(options, "promote", stage, why=order.why, noted=False, shows_failure=True)


def promote_settled(options: TaskOptions, run: Run) -> StageResult:
    """Promote as `promote.auto` asks: what has been deployable for `promote.settle`, and still is."""
    settings = options.settings

    def one(branch: str) -> None:
        from shepherd.freeze_words import frozen_words
        from shepherd.stages.promote import settled_revision

        if options.dry:
            if frozen := situation(settings).freezes.get(branch):
                say(f"{branch}: would promote nothing: {frozen_words(frozen, run.now)}")
                return
            say(f"{branch}: would promote what was deployable for {settings.promote.settle}")
            return
        if _waits_for_thaw(settings, branch, run):
            return
        landing = settled_revision(settings, branch, run)
        if landing is None:
            say(f"{branch}: nothing newer has been deployable for {settings.promote.settle}")
            return
        order = PromotionOrder(why=f"deployable for {settings.promote.settle} (promote.auto)")
        try:
            _one(settings, branch, run, RevName("sha", text=landing.id), order, json=False, dry=False)
        except RefusedError as refusal:
            # it may not go any more, or somebody else moves the ref: an answer, and no failure
            run.tell(
                "act",
                branch=branch,
                what="promote",
                on=f"r{landing.revno}",
                result="refused",
                why=str(refusal),
            )
            say(str(refusal))

    return each_branch(options.branches, one)


def _waits_for_thaw(settings: Settings, branch: str, run: Run) -> bool:
    """Whether the branch is frozen, which is no failure; the log says so once (docs/running.md#freeze)."""
    from shepherd.freeze_words import frozen_words
    from shepherd.sentence import ageless
    from shepherd.stages.freezes import freezes_at, words_in
    from shepherd.store import open_branch

    with open_branch(settings, branch) as store:
        freezes = freezes_at(settings, branch, words_in(store.journal), run.now)
        told = store.cache.fact("frozen", str) or ""
        which = "; ".join(f"{each.who} {each.since} {each.until}" for each in freezes)
        if which != told:
            store.cache.put_fact("frozen", which)
    if not freezes:
        return False
    words = frozen_words(freezes, run.now, settings.timezone)
    say(f"{branch}: nothing is promoted by itself: {words}")
    if which != told:
        run.tell("frozen", branch=branch, result="waits", because=ageless(words))
    return True


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

    with rehearsal(settings) if dry else nullcontext(settings) as rehearsed:
        plan, snapshot = promote_branch(rehearsed, branch, run, to, order, show, dry=dry)
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
