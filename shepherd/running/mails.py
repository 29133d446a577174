"""`remind`, `escalate` and the mails about alarms, as tasks and `inv run` call them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shepherd import holding
from shepherd.errors import PARTLY, ShepherdError, worst
from shepherd.run import Run
from shepherd.running.runner import StageResult, run_stage
from shepherd.running.stages import each_branch
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.values import first_few

if TYPE_CHECKING:
    from shepherd.stages.telling_result import TellingResult


def remind(options: TaskOptions, *, over_cap: bool = False, preview: bool = False) -> int:
    """`inv remind`; a preview takes no lock and writes nothing, as a dry run."""
    options.dry |= preview
    return run_stage(options, "remind", partial(remind_all, over_cap=over_cap, preview=preview))


def escalate(options: TaskOptions, *, preview: bool = False) -> int:
    """`inv escalate`; a preview as with `remind`."""
    options.dry |= preview
    return run_stage(options, "escalate", partial(escalate_all, preview=preview))


def remind_all(
    options: TaskOptions, run: Run, *, over_cap: bool = False, preview: bool = False
) -> StageResult:
    """Send the digests of all branches: one person gets one mail. Raises StoreError, SettingsError."""
    from shepherd.stages.mailing import remind as stage

    return _printed(
        stage(options.settings, run, over_cap=over_cap, preview=preview, dry=options.dry), whole=options.dry
    )


def escalate_all(options: TaskOptions, run: Run, *, preview: bool = False) -> StageResult:
    """Send the message to the list. Raises StoreError, SettingsError."""
    from shepherd.stages.mailing import escalate as stage

    return _printed(stage(options.settings, run, preview=preview, dry=options.dry), whole=options.dry)


def alarms_all(options: TaskOptions, run: Run) -> StageResult:
    """Send each operator a mail about the alarms that are new to them; what fails, the next run sends."""
    results: list[StageResult] = []

    def one(branch: str) -> None:
        from shepherd.stages.mailing import send_alarms

        try:
            results.append(_printed(send_alarms(options.settings, branch, run)))
        except ShepherdError as error:
            # where that is why, it ends the run, and is all that is said
            holding.confirm()
            complain(str(error))
            results.append(StageResult(PARTLY, str(error)))

    if not options.dry:
        results.append(each_branch(options.branches, one))
    failures = [result.failure for result in results if result.failure]
    return StageResult(worst([result.code for result in results]), "; ".join(failures))


def _printed(result: TellingResult, *, whole: bool = False) -> StageResult:
    """Print it; `whole`: it is a plan, and stands nowhere else."""
    sent = [line for line in result.lines if line.startswith("mailed ")]
    others = [line for line in result.lines if line not in sent]
    for line in result.lines if whole else [*first_few(sent), *others]:
        say(line)
    for failure in first_few(result.failures):
        complain(failure)
    return StageResult(result.code, "; ".join(first_few(result.failures)))
