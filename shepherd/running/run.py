"""`inv run`, what cron calls: the stages in order, in one process under one lock, each contained
(docs/interfaces.md#commands)."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from time import monotonic
from typing import NamedTuple, TextIO

from shepherd import situation
from shepherd.errors import UNEXPECTED, ShepherdError, worst
from shepherd.limits import turn
from shepherd.running.backup.daily import back_up_daily
from shepherd.running.mails import alarms_all, escalate_all, remind_all
from shepherd.running.output import complain, say, write
from shepherd.running.promote import promote_settled
from shepherd.running.refusals import BusyError, MaintenanceError, is_news, once
from shepherd.running.runner import LockedRun, Stage, StageResult, at_work
from shepherd.running.stages import archive_some, find_all, judge_all, publish_pages, write_pages
from shepherd.running.tag import tag_all
from shepherd.running.tasking import TaskOptions
from shepherd.settings import Settings


class RunStage(NamedTuple):
    """One stage of a run, and whether these settings ask for it at all."""

    name: str
    stage: Stage
    wanted: Callable[[Settings], bool] = lambda _settings: True


_STAGES: dict[str, tuple[Stage, Callable[[Settings], bool]]] = {
    "find": (find_all, lambda _: True),
    "tag": (tag_all, lambda settings: settings.tracker.writes),
    "judge": (judge_all, lambda _: True),
    "promote": (promote_settled, lambda settings: settings.promote.auto),
    "alarm": (alarms_all, lambda settings: bool(settings.mail and settings.mail.operators)),
    "report": (write_pages, lambda _: True),
    "publish": (publish_pages, lambda settings: bool(settings.report.publish)),
    "remind": (remind_all, lambda settings: settings.mail is not None),
    "escalate": (escalate_all, lambda settings: bool(settings.mail and settings.mail.list)),
    "backup": (back_up_daily, lambda settings: settings.backup.daily),
    "archive": (archive_some, lambda _: True),
}
STAGES = tuple(RunStage(name, *_STAGES[name]) for name in situation.STAGES)
"""In this order; what a later one needs of an earlier one that failed, it misses and says so.

The tagger comes before the judgement, so that the answer rests on the tags as it left them: a bug that was
marked for earlier landings asks for QA again before anybody reads that the new one is good. The archive comes
last: nobody waits for it, and what it wrote is published by the next run.
"""


def run(options: TaskOptions, *, cron: bool = False, timer: bool = False) -> int:
    """Run every stage, and print one line that says how it went.

    Args:
        cron: silent when all is well; an overdue switch and a suspected hang are said once, the same
            failures once a day (docs/interfaces.md#commands).
        timer: for systemd: silent when all is well, and says each time why it fails, since that goes to the
            journal (docs/timers.md#when-a-run-fails). `cron` with SHEPHERD_TIMER=1 is the same.

    Raises:
        BusyError, MaintenanceError, DeadlineError, StoppedError: see `at_work`; with cron a refusal that is
            no news is only its exit code, with timer 0.
    """
    settings = options.settings
    timer = timer or (cron and os.environ.get("SHEPHERD_TIMER") == "1")
    cron = cron or timer
    loud: list[str] = []
    done: dict[str, StageResult] = {}
    wanted = [each for each in STAGES if each.wanted(settings)]
    collected = io.StringIO()
    try:
        with at_work(options, "run") as locked:
            if cron:
                # past what is collected: it is not a failure, or the next one would not be known as the same
                locked.loudly = _to(sys.stderr, loud)
            for each in tuple(wanted):
                if each.name == "archive" and ("find" not in done or done["find"].code):
                    # it reads the same repository, and nobody waits for it
                    wanted.remove(each)
                    continue
                if done:
                    locked.look_at_the_switch()
                printed = io.StringIO()
                with ExitStack() as quiet:
                    if cron:
                        quiet.enter_context(redirect_stdout(printed))
                        quiet.enter_context(redirect_stderr(collected))
                    _contained(locked, each, done, last=each is wanted[-1] and each.name != "archive")
                if done[each.name].code:
                    collected.write(printed.getvalue())
    except (BusyError, MaintenanceError) as refusal:
        if timer and not _alarming(refusal):
            return worst([result.code for result in done.values()])
        if cron and not timer and not once(settings, refusal):
            return refusal.code
        raise
    finally:
        # also of a run that was ended between two stages
        failures = " ".join(f"{name} {result.code}" for name, result in done.items() if result.code)
        news = timer or options.dry
        line = _line(done, wanted)
        if not cron and done:
            say(line)
        elif (
            cron and done and (news or is_news(settings, failures and f"{failures}: {collected.getvalue()}"))
        ):
            write(sys.stderr, collected.getvalue())
            if failures or len(done) < len(wanted):
                complain(line)
    code = worst([result.code for result in done.values()])
    if timer and not options.dry:
        from shepherd.running import timer_news

        if not code:
            timer_news.forget(settings)
        if loud:
            timer_news.tell(settings, {each: each for each in loud})
    return code


def _alarming(refusal: BusyError | MaintenanceError) -> bool:
    """Whether somebody has to know of it: a switch that is overdue, a suspected hang."""
    if isinstance(refusal, MaintenanceError):
        return refusal.switch.overdue
    return refusal.hang is not None


def _to(stream: TextIO, loud: list[str]) -> Callable[[str], None]:
    """`complain`, wherever standard error is redirected to by then; what was said is added to `loud`."""

    def loudly(sentence: str) -> None:
        loud.append(sentence)
        with redirect_stderr(stream):
            complain(sentence)

    return loudly


def _contained(locked: LockedRun, part: RunStage, done: dict[str, StageResult], last: bool) -> None:
    """Run one stage. What goes wrong in it stays in it, a bug too, or that it takes too long; only what ends
    the run goes through."""
    name, started = part.name, monotonic()
    result = StageResult(UNEXPECTED, "ended from outside")
    try:
        with turn(last=last):
            result = locked.run(name, part.stage)
    except ShepherdError as error:
        result = StageResult(error.code, str(error))
        complain(f"{name}: {error}")
    except Exception as error:
        result = StageResult(UNEXPECTED, repr(error))
        complain(f"{name}: unexpected {error!r}; the traceback is in the log")
        locked.tell(name)("bug", traceback=traceback.format_exc())
    finally:
        done[name] = result._replace(seconds=monotonic() - started)


def _line(done: Mapping[str, StageResult], wanted: Sequence[RunStage]) -> str:
    """`run: find 0.3 s, judge failed (5) 0.1 s, report not run`."""
    parts = [f"{name} {_how(result)}{result.seconds:.1f} s" for name, result in done.items()]
    parts += [f"{each.name} not run" for each in wanted[len(done) :]]
    return f"run: {', '.join(parts)}"


def _how(result: StageResult) -> str:
    if result.failure:
        return f"failed ({result.code}) "
    return f"ended with {result.code} " if result.code else ""
