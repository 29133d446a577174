"""`inv tag`, and the tagger's turn in `inv run`: every branch is planned before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

from shepherd.errors import PARTLY, PartlyError, worst
from shepherd.plans.tag_plan import TagPlan, summary
from shepherd.run import Run
from shepherd.running.stages import StageEnd, each_branch, step_of_task
from shepherd.running.tasking import complain, say
from shepherd.settings import Settings


def tag(
    settings: Settings, names: Sequence[str], who: str, *, yes: bool, dry: bool = False, wait: float = 0.0
) -> int:
    """`inv tag`. Exit code 7 where a bug could not be written, or more are waiting than may be.

    Args:
        yes: also more bugs than `tracker.cap`.
    """
    with step_of_task(settings, "tag", who, "", dry, wait, noted=True) as step:
        return step.end(*tag_all(settings, names, step.run, dry, yes=yes))


def tag_all(settings: Settings, names: Sequence[str], run: Run, dry: bool, *, yes: bool = False) -> StageEnd:
    """The landings of these branches, on their bugs; the cap counts them all."""
    from shepherd.stages.tag import plan_branch

    if not settings.tracker.writes:
        say("nothing is tagged: tracker.tag is off, or the tracker is none, or anonymous")
        return StageEnd()
    plans: dict[str, TagPlan] = {}

    def prepare(name: str) -> None:
        plans[name] = plan_branch(settings, name, run, dry=dry)

    prepared = each_branch(names, prepare)
    count = sum(len(plan.writings) for plan in plans.values())
    too_many = ""
    if count > settings.tracker.cap and not yes:
        too_many = (
            f"{count} comments would be written, more than tracker.cap = {settings.tracker.cap}: none is."
            " Look at the plan with inv tag --dry-run, then go on with inv tag --yes"
        )
        complain(too_many)
        if not dry:
            return _both(prepared, StageEnd(PARTLY, too_many))
    acted = each_branch(list(plans), lambda name: _one(settings, name, plans[name], run, dry))
    return _both(prepared, acted)


def _one(settings: Settings, branch: str, plan: TagPlan, run: Run, dry: bool) -> None:
    from shepherd.stages.tag import carry_out, labels_to_make

    if not plan.writings and not plan.unreadable:
        say(f"{branch}: no landing waits to be tagged")
        return
    for writing in plan.writings:
        say(f"{branch}: {'would write ' if dry else ''}{summary(writing)}")
    for item in plan.unreadable:
        say(f"{branch}: r{item.revno} cannot be tagged: {item.why}")
    if dry:
        for label in labels_to_make(settings, plan):
            say(f"{branch}: would make the label {label}, which is not there yet")
        return
    tagged = carry_out(settings, branch, plan, run)
    if tagged.failures:
        raise PartlyError(f"{branch}: not written, tried again next time: {'; '.join(tagged.failures)}")


def _both(first: StageEnd, second: StageEnd) -> StageEnd:
    failures = [each.failure for each in (first, second) if each.failure]
    return StageEnd(worst([first.code, second.code]), "; ".join(failures))
