"""`inv tag`, and the tagger's turn in `inv run`: every branch is planned before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from shepherd.errors import PARTLY, PartlyError, worst
from shepherd.plans.tag_plan import TagPlan, not_written, summary
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
    return run_stage(options, "tag", partial(tag_all, yes=yes, patient=False))


def tag_all(options: TaskOptions, run: Run, *, yes: bool = False, patient: bool = True) -> StageResult:
    """Tag the bugs of the landings of these branches; the cap counts all of one tracker.

    Args:
        patient: leave alone for a while what failed (docs/tagging.md#when-something-goes-wrong).
    """
    from shepherd.stages.tag import plan_branch

    settings, dry = options.settings, options.dry
    branches = [each for each in options.branches if settings.tracker_of(each).writes]
    if not branches:
        say("nothing is tagged: tracker.tag is off, or there is no tracker, or no credentials for it")
        return StageResult()
    plans: dict[str, TagPlan] = {}

    def prepare(branch: str) -> None:
        plans[branch] = plan_branch(settings, branch, run, dry=dry, patient=patient)

    results, allowed = [each_branch(branches, prepare)], list(plans)
    for name, sharing in settings.by_tracker.items():
        planned = [each for each in sharing if each in plans]
        if not yes and (too_many := _too_many(settings.with_tracker(name), planned, plans)):
            complain(too_many)
            if not dry:
                results.append(StageResult(PARTLY, too_many))
                allowed = [each for each in allowed if each not in planned]
    results.append(each_branch(allowed, lambda branch: _one(settings, branch, plans[branch], run, dry)))
    return _together(results)


def _too_many(settings: Settings, branches: Sequence[str], plans: Mapping[str, TagPlan]) -> str:
    """Why nothing is written to a tracker in one go; empty: it may be."""
    count = sum(len(plans[each].writings) for each in branches)
    if count <= settings.tracker.cap:
        return ""
    key = f"{settings.tracker_key}.cap"
    named = settings.branch_to_name(branches[0]) if len(branches) == 1 else ""
    of = f" --branch {named}" if named else ""
    return (
        f"{count} comments would be written, more than {key} = {settings.tracker.cap}: none was."
        f" Look at the plan with inv tag --dry-run{of}, then write them with inv tag --yes{of}"
    )


def _one(settings: Settings, branch: str, plan: TagPlan, run: Run, dry: bool) -> None:
    from shepherd.stages.tag import carry_out, labels_to_make
    from shepherd.stages.tag_words import shown_changes

    if plan == TagPlan():
        say(f"{branch}: no landing waits to be tagged")
        return
    tracker = settings.tracker_of(branch)
    resting = [not_written(each.item, each.revnos, each.since, each.why) for each in plan.resting]
    unreadable = [
        f"r{each.revno} cannot be tagged: {item_name(each.item)} could not be read ({each.why})"
        for each in plan.unreadable
    ]
    if dry:
        # a plan is shown whole: nothing else has it before it is carried out
        for each in plan.writings:
            say(f"{branch}: would write {summary(each, shown_changes(tracker, each))}")
        for line in (*unreadable, *(f"would wait before the next try: {each}" for each in resting)):
            say(f"{branch}: {line}")
        for label in labels_to_make(settings, branch, plan):
            say(f"{branch}: would make the label {label}, which is not there yet")
        return
    result = carry_out(settings, branch, plan, run)
    # only what was done: what fails again and again is said in the same words each time, tried or not, so
    # that cron hears of it once a day
    written = [summary(each, shown_changes(tracker, each)) for each in result.written]
    for line in (*first_few(written), *first_few(unreadable), *first_few(result.left)):
        say(f"{branch}: {line}")
    if failures := sorted({*result.failures, *resting}):
        raise PartlyError(f"{branch}: not written, later runs try again: {'; '.join(first_few(failures))}")


def _together(results: Sequence[StageResult]) -> StageResult:
    """What the parts of the stage come to."""
    failures = [each.failure for each in results if each.failure]
    return StageResult(worst([each.code for each in results]), "; ".join(failures))
