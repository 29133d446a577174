"""Telling the operators of an alarm, once each (docs/rules.md#answer): a part of `inv run`, after the
answer."""

from __future__ import annotations

from shepherd.errors import PARTLY, ShepherdError
from shepherd.run import Run
from shepherd.running.runner import StageResult
from shepherd.running.stages import each_branch
from shepherd.running.tasking import TaskOptions, say
from shepherd.settings import Settings


def tell_operators(options: TaskOptions, run: Run) -> StageResult:
    """One mail to each operator who was not told yet. A mail that fails is sent by the next run."""
    failures: list[str] = []
    settings = options.settings
    mail = settings.mail

    def one(branch: str) -> None:
        for address in mail.operators if mail is not None and not options.dry else ():
            try:
                _tell(settings, branch, address, run)
            except ShepherdError as error:
                failures.append(str(error))

    result = each_branch(options.branches, one)
    if result.code or not failures:
        return result
    return StageResult(PARTLY, "; ".join(failures))


def _tell(settings: Settings, branch: str, address: str, run: Run) -> None:
    from shepherd.stages.alarms import letter, untold

    alarms = untold(settings, branch, address, run)
    if not alarms:
        return
    from shepherd.act import Act, perform
    from shepherd.cautions import cautions
    from shepherd.running import mail
    from shepherd.store import Database
    from shepherd.store.snapshots import Snapshots

    snapshot = Snapshots(settings.state_path / "snapshots", branch).latest()
    known = cautions(snapshot, run.situation()) if snapshot is not None else ()
    subject, text = letter(branch, alarms, known, settings.report.url)
    places = [alarm.seq for alarm in alarms]
    act = Act(
        "alarm-mail",
        f"{address[:120]} {places[0]} to {places[-1]} {run.id}",
        f"mail to {address}",
        {"to": address, "alarms": places},
        "; ".join(alarm.text for alarm in alarms),
    )
    database = Database(settings.database_url)
    try:
        perform(database, branch, act, run, lambda: mail.send(settings, address, subject, text))
    finally:
        database.close()
    say(f"{branch}: told {address} of {len(alarms)} alarm{'s' if len(alarms) > 1 else ''}")
