"""`inv tag`, and the tagger's turn in `inv run`: every branch is planned before anything is written."""

from __future__ import annotations

from functools import partial

from shepherd.errors import PARTLY, PartlyError, worst
from shepherd.plans.tag_plan import TagPlan, summary
from shepherd.run import Run
from shepherd.running.runner import StageResult, run_stage
from shepherd.running.stages import each_branch
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.settings import Settings
from shepherd.values import first_few
from shepherd.words import item_name


def tag(options: TaskOptions, *, yes: bool) -> int:
    """`inv tag`. Exit code 7 where a bug could not be written, or more are waiting than may be.

    Args:
        yes: also more bugs than `tracker.cap`.
    """
    return run_stage(options, "tag", partial(tag_all, yes=yes))


def tag_all(options: TaskOptions, run: Run, *, yes: bool = False) -> StageResult:
    """Tag the bugs of the landings of these branches; the cap counts them all."""
    from shepherd.stages.tag import plan_branch

    settings, dry = options.settings, options.dry
    if not settings.tracker.writes:
        say("nothing is tagged: tracker.tag is off, or there is no tracker, or no credentials for it")
        return StageResult()
    plans: dict[str, TagPlan] = {}

    def prepare(branch: str) -> None:
        plans[branch] = plan_branch(settings, branch, run, dry=dry)

    prepared = each_branch(options.branches, prepare)
    count = sum(len(plan.writings) for plan in plans.values())
    too_many = ""
    if count > settings.tracker.cap and not yes:
        too_many = (
            f"{count} comments would be written, more than tracker.cap = {settings.tracker.cap}: none was."
            " Look at the plan with inv tag --dry-run, then write them with inv tag --yes"
        )
        complain(too_many)
        if not dry:
            return _both(prepared, StageResult(PARTLY, too_many))
    acted = each_branch(list(plans), lambda branch: _one(settings, branch, plans[branch], run, dry))
    return _both(prepared, acted)


def _one(settings: Settings, branch: str, plan: TagPlan, run: Run, dry: bool) -> None:
    from shepherd.stages.tag import carry_out, labels_to_make

    if not plan.writings and not plan.unreadable:
        say(f"{branch}: no landing waits to be tagged")
        return
    writings = [summary(each) for each in plan.writings]
    unreadable = [
        f"r{each.revno} cannot be tagged: {item_name(each.item)} could not be read ({each.why})"
        for each in plan.unreadable
    ]
    # a plan is shown whole: nothing else has it before it is carried out
    for line in [f"would write {each}" for each in writings] if dry else first_few(writings):
        say(f"{branch}: {line}")
    for line in unreadable if dry else first_few(unreadable):
        say(f"{branch}: {line}")
    if dry:
        for label in labels_to_make(settings, plan):
            say(f"{branch}: would make the label {label}, which is not there yet")
        return
    result = carry_out(settings, branch, plan, run)
    for line in first_few(result.left):
        say(f"{branch}: {line}")
    if result.failures:
        raise PartlyError(
            f"{branch}: not written, tried again next time: {'; '.join(first_few(result.failures))}"
        )


def _both(first: StageResult, second: StageResult) -> StageResult:
    """What two parts of the stage come to together."""
    failures = [each.failure for each in (first, second) if each.failure]
    return StageResult(worst([first.code, second.code]), "; ".join(failures))
