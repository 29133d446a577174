"""`remind`, `escalate`, the mails about alarms and `snooze`, as tasks and `inv run` call them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shepherd.errors import PARTLY, ShepherdError, worst
from shepherd.run import Run
from shepherd.running.stages import StageEnd, each_branch, step_of_task
from shepherd.running.tasking import complain, say
from shepherd.settings import Settings
from shepherd.values import parse_rev

if TYPE_CHECKING:
    from shepherd.stages.outbox import MailingResult


def remind(
    settings: Settings,
    who: str,
    *,
    over_cap: bool = False,
    preview: bool = False,
    dry: bool = False,
    wait: float = 0.0,
) -> int:
    """`inv remind`; a preview takes no lock, as a dry run."""
    with step_of_task(settings, "remind", who, "", dry or preview, wait, noted=True) as step:
        return step.end(*remind_all(settings, (), step.run, dry, over_cap=over_cap, preview=preview))


def escalate(
    settings: Settings, who: str, *, preview: bool = False, dry: bool = False, wait: float = 0.0
) -> int:
    """`inv escalate`."""
    with step_of_task(settings, "escalate", who, "", dry or preview, wait, noted=True) as step:
        return step.end(*escalate_all(settings, (), step.run, dry, preview=preview))


def remind_all(
    settings: Settings,
    _names: Sequence[str],
    run: Run,
    dry: bool,
    *,
    over_cap: bool = False,
    preview: bool = False,
) -> StageEnd:
    """The digests of all branches: one person gets one mail. Raises StoreError, SettingsError."""
    from shepherd.stages.mailing import remind as stage

    return _told(stage(settings, run, over_cap=over_cap, preview=preview, dry=dry))


def escalate_all(
    settings: Settings, _names: Sequence[str], run: Run, dry: bool, *, preview: bool = False
) -> StageEnd:
    """The message to the list. Raises StoreError, SettingsError."""
    from shepherd.stages.mailing import escalate as stage

    return _told(stage(settings, run, preview=preview, dry=dry))


def alarms_all(settings: Settings, names: Sequence[str], run: Run, dry: bool) -> StageEnd:
    """A mail to each operator about the alarms that are new to them; what fails, the next run sends."""
    ends: list[StageEnd] = []

    def one(branch: str) -> None:
        from shepherd.stages.mailing import send_alarms

        try:
            ends.append(_told(send_alarms(settings, branch, run)))
        except ShepherdError as error:
            complain(str(error))
            ends.append(StageEnd(PARTLY, str(error)))

    if not dry:
        ends.append(each_branch(names, one))
    return StageEnd(worst([end.code for end in ends]), "; ".join(end.failure for end in ends if end.failure))


def _told(outcome: MailingResult) -> StageEnd:
    for line in outcome.lines:
        say(line)
    for failure in outcome.failures:
        complain(failure)
    return StageEnd(outcome.code, "; ".join(outcome.failures))


def snooze(
    settings: Settings,
    branch: str,
    rev: str,
    until: str,
    reason: str | None,
    who: str,
    *,
    dry: bool = False,
    wait: float = 0.0,
) -> int:
    """`inv snooze`."""
    from shepherd.stages.statements import say_snooze

    meant = parse_rev(rev)
    with step_of_task(settings, "snooze", who, "", dry, wait) as step:
        say(say_snooze(settings, branch, meant, until, reason, step.run, dry=dry))
    return 0
