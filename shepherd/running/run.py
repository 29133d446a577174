"""`inv run`, what cron calls: the stages in order, in one process under one lock, each contained
(docs/interfaces.md#commands)."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import NamedTuple, TextIO

from shepherd import holding, situation
from shepherd.errors import UNEXPECTED, SettingsError, ShepherdError, worst
from shepherd.limits import StoppedError, turn
from shepherd.places import settings_file
from shepherd.running import calls
from shepherd.running.backup.daily import back_up_daily
from shepherd.running.freeze_status import overdue_words
from shepherd.running.log import now
from shepherd.running.mails import alarms_all, escalate_all, remind_all
from shepherd.running.news import CronMemory, memory_of
from shepherd.running.notices import notify_all
from shepherd.running.output import complain, say, write
from shepherd.running.promote import promote_settled
from shepherd.running.refusals import BusyError, MaintenanceError, is_first, once
from shepherd.running.runner import LockedRun, Stage, StageResult, at_work
from shepherd.running.stages import archive_some, find_all, judge_all, publish_pages, write_pages
from shepherd.running.state_place import state_place
from shepherd.running.tag import tag_all
from shepherd.running.tasking import CLONE, TaskOptions
from shepherd.settings import Settings
from shepherd.stages.places_told import is_wanted


class RunStage(NamedTuple):
    """One stage of a run, and whether these settings ask for it at all."""

    name: str
    stage: Stage
    wanted: Callable[[Settings], bool] = lambda _settings: True


_STAGES: dict[str, tuple[Stage, Callable[[Settings], bool]]] = {
    "find": (find_all, lambda _: True),
    "tag": (tag_all, lambda settings: any(settings.tracker_of(each).writes for each in settings.branches)),
    "judge": (judge_all, lambda _: True),
    "promote": (promote_settled, lambda settings: settings.promote.auto),
    "alarm": (alarms_all, lambda settings: bool(settings.mail and settings.mail.operators)),
    "report": (write_pages, lambda _: True),
    "publish": (publish_pages, lambda settings: bool(settings.report.publish)),
    "notify": (notify_all, is_wanted),
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
        BusyError, MaintenanceError, DeadlineError, StoppedError: see `at_work`; with cron a refusal or a
            failure that is no news is only its exit code, with timer a refusal that is none is 0.
    """
    timer = timer or (cron and os.environ.get("SHEPHERD_TIMER") == "1")
    if timer or not cron or options.dry:
        return _run(options, cron=cron or timer, timer=timer)
    memory = _memory_of(options)
    try:
        return _run(options, cron=True, is_news=memory.is_news, forget=memory.forget)
    except (BusyError, MaintenanceError, StoppedError):
        raise
    except ShepherdError as error:
        if memory.is_news(str(error)):
            raise
        return error.code


def _memory_of(options: TaskOptions) -> CronMemory:
    """What cron was told of these settings; where they are wrong, they mostly name `state_dir` all the same,
    else its default is tried."""
    try:
        return memory_of(options.settings.state_path, options.settings.file)
    except SettingsError:
        file = settings_file(os.environ, CLONE, Path.cwd())
    try:
        return memory_of(state_place(options).state, file)
    except SettingsError:
        return memory_of(file.parent / "var", file)


def _run(
    options: TaskOptions,
    *,
    cron: bool,
    timer: bool = False,
    is_news: Callable[[str], bool] = lambda _text: True,
    forget: Callable[[str], None] = lambda _text: None,
) -> int:
    """See `run`.

    Args:
        is_news: whether cron has to hear a text.
        forget: called after a good run, with what it said.
    """
    settings = options.settings
    loud: list[str] = []
    done: dict[str, StageResult] = {}
    wanted = [each for each in STAGES if each.wanted(settings)]
    collected, heard = io.StringIO(), sys.stderr
    began = now() if cron and not options.dry else None
    """When it was called, until that is noted by the run itself."""
    try:
        with ExitStack() as quiet:
            if cron:
                quiet.enter_context(redirect_stderr(collected))
            locked = quiet.enter_context(at_work(options, "run"))
            if cron and not options.dry:
                quiet.enter_context(_called(settings, "timer" if timer else "cron", locked.since, done))
                began = None
            if cron:
                # past what is collected: it is not a failure, or the next one would not be known as the same
                locked.loudly = _to(heard, loud)
            for each in tuple(wanted):
                if each.name == "archive" and ("find" not in done or done["find"].code):
                    # it reads the same repository, and nobody waits for it
                    wanted.remove(each)
                    continue
                if done:
                    locked.look_at_the_switch()
                printed = io.StringIO()
                with redirect_stdout(printed) if cron else nullcontext():
                    _contained(locked, each, done, last=each is wanted[-1] and each.name != "archive")
                if done[each.name].code:
                    collected.write(printed.getvalue())
                if each.name == "judge" and not options.dry:
                    _say_overdue(locked)
    except (BusyError, MaintenanceError) as refusal:
        if began is not None:
            calls.note(settings, "timer" if timer else "cron", began, now(), refusal.code)
        if timer and not _alarming(refusal):
            return worst([result.code for result in done.values()])
        if cron and not timer and not once(settings, refusal):
            return refusal.code
        raise
    finally:
        # also of a run that was ended between two stages
        failures = " ".join(f"{name} {result.code}" for name, result in done.items() if result.code)
        line, complaints = _line(done, wanted), collected.getvalue()
        good = not failures and len(done) == len(wanted)
        if not cron and done:
            say(line)
        elif cron and (complaints or (done and not good)):
            text = f"{failures}: {complaints}"
            if is_news(text):
                write(sys.stderr, complaints)
                if done and not good:
                    complain(line)
            if good:
                forget(text)
        elif cron and good:
            forget("")
    code = worst([result.code for result in done.values()])
    if timer and not options.dry:
        from shepherd.running import timer_news

        if not code:
            timer_news.forget(settings)
        if loud:
            timer_news.tell(settings, {each: each for each in loud})
    return code


def _say_overdue(locked: LockedRun) -> None:
    """A freeze that nobody ended is said once a day, also where all goes well (docs/running.md#freeze)."""
    for branch, sentence in overdue_words(locked.settings, partial(is_first, locked.settings)).items():
        locked.loudly(sentence)
        locked.tell("judge")("frozen", branch=branch, result="overdue", because=sentence)


@contextmanager
def _called(settings: Settings, by: str, began: datetime, done: Mapping[str, StageResult]) -> Iterator[None]:
    """Note who called, and how that ended, while the record of the run is there."""
    calls.note(settings, by, began)
    code = UNEXPECTED
    try:
        yield
        code = worst([result.code for result in done.values()])
    except BaseException as failure:
        code = calls.code_of(failure)
        raise
    finally:
        calls.note(settings, by, began, now(), code)


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
        # where that is why, it is what ends the run, and the rest of it follows from that
        holding.confirm()
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
