"""`inv init`: read a repository, say what it shows, and write settings that work at once."""

from __future__ import annotations

import os
from pathlib import Path

from shepherd.errors import SettingsError
from shepherd.run import Run
from shepherd.running.init.choice import chooser
from shepherd.running.init.plan import InitPlan, apply, destination, plan
from shepherd.running.runner import StageResult, run_stage
from shepherd.running.tasking import CLONE, TaskOptions, say
from shepherd.settings import Settings, read
from shepherd.store import JournalEntry, open_branch


def init(
    repository: str | None, deployed: str | None, name: str | None, who: str, *, dry: bool = False
) -> int:
    """Print the plan and write it; record what production runs, where no ref says it."""
    if not repository:
        raise SettingsError("init needs a repository on this machine: inv init --repository PATH")
    file = destination(os.environ, CLONE, Path.cwd())
    planned = plan(repository, file, deployed=deployed, branch=name, choose=chooser(ask=not dry))
    for finding in planned.findings:
        say(finding)
    if dry:
        say(f"\nWould write {planned.file}:\n\n{planned.text}")
        return 0
    apply(planned)
    settings = read(planned.file)

    def record(_options: TaskOptions, run: Run) -> StageResult:
        run.tell("act", what="init", on=planned.file, by=who, because="; ".join(planned.findings))
        if planned.record is not None:
            _record(settings, planned, run)
        return StageResult()

    run_stage(TaskOptions(settings, who), "init", record, noted=False)
    say(f"\nWrote {planned.file}. Next: inv find judge report, then: inv status")
    return 0


def _record(settings: Settings, planned: InitPlan, run: Run) -> None:
    assert planned.record is not None
    data = {"revno": planned.record.revno, "id": planned.record.id, "recorded": True}
    entry = JournalEntry("deployed", "", data, who=run.who, why=planned.reason)
    with open_branch(settings, planned.branch) as store:
        store.append([entry], run)
