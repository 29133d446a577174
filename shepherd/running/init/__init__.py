"""`inv init`: look at a repository, say what was found, write settings that work at once."""

from __future__ import annotations

import os
from pathlib import Path

from shepherd.errors import SettingsError
from shepherd.run import Run
from shepherd.running.init.plan import InitPlan, apply, destination, plan
from shepherd.running.runner import working
from shepherd.running.tasking import CLONE, say
from shepherd.settings import Settings, read
from shepherd.store import JournalEntry, open_branch


def init(
    repository: str | None, deployed: str | None, name: str | None, who: str, *, dry: bool = False
) -> int:
    """Plan, say, write; and record what production runs, where no ref tells it."""
    if not repository:
        raise SettingsError("init needs a repository on this machine: inv init --repository PATH")
    file = destination(os.environ, CLONE, Path.cwd())
    planned = plan(repository, file, deployed=deployed, branch=name)
    for finding in planned.findings:
        say(finding)
    if dry:
        say(f"\nWould write {planned.file}:\n\n{planned.text}")
        return 0
    apply(planned)
    settings = read(planned.file)
    with working(settings, "init", who) as run:
        run.tell("act", what="init", on=planned.file, by=who, because="; ".join(planned.findings))
        if planned.record is not None:
            _record(settings, planned, run)
    say(f"\nWrote {planned.file}. Next: inv find judge report, then: inv status")
    return 0


def _record(settings: Settings, planned: InitPlan, run: Run) -> None:
    assert planned.record is not None
    data = {"revno": planned.record.revno, "id": planned.record.id, "recorded": True}
    entry = JournalEntry("deployed", "", data, who=run.who, why=planned.reason)
    with open_branch(settings, planned.branch) as store:
        store.append([entry], run)
