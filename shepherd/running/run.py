"""`inv run`, what cron calls: the stages in order, in one process under one lock, each contained
(docs/interfaces.md#commands)."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from time import monotonic
from typing import NamedTuple, TextIO

from shepherd.errors import UNEXPECTED, ShepherdError, worst
from shepherd.limits import turn
from shepherd.run import Run
from shepherd.running.mails import alarms_all, escalate_all, remind_all
from shepherd.running.output import complain, say, write
from shepherd.running.promote import promote_settled
from shepherd.running.refusals import BusyError, MaintenanceError, anew, once
from shepherd.running.runner import LockedRun
from shepherd.running.stages import (
    StageEnd,
    desk_for,
    find_all,
    judge_all,
    publish_pages,
    step_of,
    write_pages,
)
from shepherd.running.tag import tag_all
from shepherd.settings import Settings

Stage = Callable[[Settings, Sequence[str], Run, bool], StageEnd]


class RunStage(NamedTuple):
    """One stage of a run, and whether these settings ask for it at all."""

    name: str
    stage: Stage
    wanted: Callable[[Settings], bool] = lambda _settings: True


STAGES: tuple[RunStage, ...] = (
    RunStage("find", find_all),
    RunStage("tag", tag_all, lambda settings: settings.tracker.writes),
    RunStage("judge", judge_all),
    RunStage("promote", promote_settled, lambda settings: settings.promote.auto),
    RunStage(
        "alarm", alarms_all, lambda settings: settings.mail is not None and bool(settings.mail.operators)
    ),
    RunStage("report", write_pages),
    RunStage("publish", publish_pages, lambda settings: bool(settings.report.publish)),
    RunStage("remind", remind_all, lambda settings: settings.mail is not None),
    RunStage(
        "escalate", escalate_all, lambda settings: settings.mail is not None and bool(settings.mail.list)
    ),
)
"""In this order; what a later one needs of an earlier one that failed, it misses and says so.

The tagger comes before the judgement, so that the answer rests on the tags as it left them: a bug that was
marked for earlier landings asks for QA again before anybody reads that the new one is good.
"""


class _RunStep(NamedTuple):
    stage: str
    code: int
    failure: str
    seconds: float


def run(settings: Settings, who: str, *, cron: bool = False, dry: bool = False, wait: float = 0.0) -> int:
    """Every stage, and one line that says how it went.

    Args:
        cron: silent when all is well; an overdue switch and a suspected hang are said once
        (docs/interfaces.md#commands), the same
            failures once a day.

    Raises:
        BusyError, MaintenanceError, DeadlineError, StoppedError: see `at_work`; with cron a refusal that is
            no news is only its exit code.
    """
    done: list[_RunStep] = []
    parts = [part for part in STAGES if part.wanted(settings)]
    said = io.StringIO()
    try:
        with desk_for(settings, "run", who, dry, wait) as desk:
            if cron and desk is not None:
                # past what is collected: it is no failure, or the next one would not be known as the same
                desk.loudly = _to(sys.stderr)
            for part in parts:
                if desk is not None and done:
                    desk.look_at_the_switch()
                printed = io.StringIO()
                with ExitStack() as quiet:
                    if cron:
                        quiet.enter_context(redirect_stdout(printed))
                        quiet.enter_context(redirect_stderr(said))
                    _contained(settings, desk, part, who, dry, done, last=part is parts[-1])
                if done[-1].code:
                    said.write(printed.getvalue())
    except (BusyError, MaintenanceError) as refusal:
        if cron and not once(settings, refusal):
            return refusal.code
        raise
    finally:
        # also of a run that was ended between two stages
        failures = " ".join(f"{each.stage} {each.code}" for each in done if each.code)
        if not cron and done:
            say(_line(done, parts))
        elif cron and done and (dry or anew(settings, failures and f"{failures}: {said.getvalue()}")):
            write(sys.stderr, said.getvalue())
            if failures or len(done) < len(parts):
                complain(_line(done, parts))
    return worst([each.code for each in done])


def _to(stream: TextIO) -> Callable[[str], None]:
    """`complain`, wherever standard error is redirected to by then."""

    def loudly(sentence: str) -> None:
        with redirect_stderr(stream):
            complain(sentence)

    return loudly


def _contained(
    settings: Settings,
    desk: LockedRun | None,
    part: RunStage,
    who: str,
    dry: bool,
    done: list[_RunStep],
    last: bool,
) -> None:
    """One stage. What goes wrong in it stays in it, a bug too, or that it takes too long; only what ends the
    run goes through."""
    name = part.name
    code, failure, started = UNEXPECTED, "ended from outside", monotonic()
    try:
        with turn(last=last), step_of(desk, name, who) as step:
            code, failure = part.stage(settings, list(settings.branches), step.run, dry)
            step.end(code, failure)
    except ShepherdError as error:
        code, failure = error.code, str(error)
        complain(f"{name}: {error}")
    except Exception as error:
        code, failure = UNEXPECTED, repr(error)
        complain(f"{name}: unexpected {error!r}; the whole of it stands in the log")
        if desk is not None:
            desk.tell(name)("bug", traceback=traceback.format_exc())
    finally:
        done.append(_RunStep(name, code, failure, monotonic() - started))


def _line(done: Sequence[_RunStep], wanted: Sequence[RunStage]) -> str:
    """`run: find 0.3 s, judge failed (exit code 5) 0.1 s, report 0.2 s`."""
    parts = [f"{each.stage} {_went(each)}{each.seconds:.1f} s" for each in done]
    missing = [part.name for part in wanted[len(done) :]]
    parts += [f"{name} not run" for name in missing]
    return f"run: {', '.join(parts)}"


def _went(each: _RunStep) -> str:
    if each.failure:
        return f"failed ({each.code}) "
    return f"ended with {each.code} " if each.code else ""
