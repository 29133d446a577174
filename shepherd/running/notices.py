"""`notify`, as a task and as `inv run` calls it (docs/notices.md)."""

from __future__ import annotations

from functools import partial

from shepherd.run import Run
from shepherd.running.runner import StageResult, run_stage
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.values import first_few


def notify(options: TaskOptions, *, preview: bool = False) -> int:
    """`inv notify`; a preview takes no lock and writes nothing, as a dry run."""
    options.dry |= preview
    return run_stage(options, "notify", partial(notify_all, preview=preview))


def notify_all(options: TaskOptions, run: Run, *, preview: bool = False) -> StageResult:
    """Tell every place of every branch. Raises NoAnswerError, StoreError."""
    from shepherd.stages.notify import notify as stage

    result = stage(options.settings, run, preview=preview, dry=options.dry)
    for line in result.lines if options.dry else first_few(result.lines, "inv notify --dry-run has all"):
        say(line)
    for failure in first_few(result.failures):
        complain(failure)
    return StageResult(result.code, "; ".join(first_few(result.failures)))
