"""The stages as tasks run them: each branch on its own, under the work lock, told to the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from shepherd.errors import NO_DATA, PARTLY, UNEXPECTED, SettingsError, ShepherdError, worst
from shepherd.limits import turn
from shepherd.run import Run, no_telling
from shepherd.running.log import now
from shepherd.running.refusals import show_failure
from shepherd.running.runner import LockedRun, RunningStage, at_work
from shepherd.running.situation import situation
from shepherd.running.tasking import complain, say
from shepherd.settings import Settings
from shepherd.values import RevName, parse_rev


class StageEnd(NamedTuple):
    """What a stage that contains its failures came to."""

    code: int = 0
    failure: str = ""
    """The sentences of what failed; a bad code without one is an answer: no data."""


def find(
    settings: Settings,
    names: Sequence[str],
    who: str,
    *,
    accept_rewrite: bool = False,
    accept_new_journal: bool = False,
    reason: str | None = None,
    dry: bool = False,
    wait: float = 0.0,
) -> int:
    """`inv find`."""
    from shepherd.stages.find import Acceptance
    from shepherd.stages.statements import checked_reason

    accepting = accept_rewrite or accept_new_journal
    if accepting and len(names) > 1:
        raise SettingsError(f"say for which branch that is right: --branch {names[0]} for example")
    why = checked_reason(reason) if accepting else ""
    acceptance = Acceptance(accept_rewrite, accept_new_journal)
    with reading_step(settings, "find", who, why, dry, wait, noted=True) as step:
        return step.end(*find_all(settings, names, step.run, dry, acceptance))


def judge(settings: Settings, names: Sequence[str], who: str, *, dry: bool = False, wait: float = 0.0) -> int:
    """`inv judge`: exit code 5 where there is no data."""
    with reading_step(settings, "judge", who, "", dry, wait, noted=True) as step:
        return step.end(*judge_all(settings, names, step.run, dry))


def report(settings: Settings, who: str, *, fresh: bool = False, dry: bool = False, wait: float = 0.0) -> int:
    """`inv report`; fresh: find, judge and report in one process under one lock."""
    codes = []
    names = list(settings.branches)
    with desk_for(settings, "report", who, dry, wait) as desk:
        if fresh:
            for name, stage in (("find", find_all), ("judge", judge_all)):
                with step_of(desk, name, who) as step:
                    codes.append(step.end(*stage(settings, names, step.run, dry)))
        with step_of(desk, "report", who) as step:
            codes.append(step.end(*write_pages(settings, names, step.run, dry)))
    return worst(codes)


def find_all(
    settings: Settings, names: Sequence[str], run: Run, dry: bool, acceptance: Any = None
) -> StageEnd:
    """Every branch's sources into the database."""
    from shepherd.stages.find import NOTHING_ACCEPTED, find_branch

    accepted = acceptance or NOTHING_ACCEPTED
    return each_branch(names, lambda name: say(find_branch(settings, name, run, accepted, dry=dry)))


def judge_all(settings: Settings, names: Sequence[str], run: Run, dry: bool) -> StageEnd:
    """Every branch's answer."""
    from shepherd.cautions import cautions
    from shepherd.stages.judge import judge_branch
    from shepherd.views.answer import headline

    codes: list[int] = []

    def one(name: str) -> None:
        snapshot = judge_branch(settings, name, run, dry=dry)
        say(f"{name}: {headline(snapshot, cautions(snapshot, run.situation()))}")
        codes.append(0 if snapshot.complete else NO_DATA)

    ended = each_branch(names, one)
    return StageEnd(worst([ended.code, *codes]), ended.failure)


def write_pages(settings: Settings, names: Sequence[str], run: Run, dry: bool) -> StageEnd:
    """All pages and feeds. Raises NoAnswerError, StoreError."""
    from shepherd.stages.report import write_report

    if dry:
        say(f"would write the pages of {', '.join(names)} to {settings.report_path}")
        return StageEnd()
    pages = write_report(settings, situation(settings, writing="report"))
    run.tell("act", what="report", on=settings.report_path, files=len(pages), by=run.who)
    say(f"wrote {pages[0]} and {len(pages) - 1} more beside it")
    return StageEnd()


def publish(settings: Settings, who: str, *, dry: bool = False, wait: float = 0.0) -> int:
    """`inv publish`."""
    with step_of_task(settings, "publish", who, "", dry, wait, noted=True) as step:
        return step.end(*publish_pages(settings, list(settings.branches), step.run, dry))


def publish_pages(settings: Settings, _names: Sequence[str], run: Run, dry: bool) -> StageEnd:
    """The report directory to every target. Raises NoAnswerError."""
    from shepherd.act.rsync import PublishError
    from shepherd.stages.publish import publish_report

    failures = []
    for target, outcome in publish_report(settings, run.tell, run.who, dry=dry, lock=run.lock).items():
        if isinstance(outcome, PublishError):
            complain(str(outcome))
            failures.append(str(outcome))
            continue
        say(f"{'would publish' if dry else 'published'} to {target}: {_files(outcome.sent, outcome.removed)}")
    if not settings.report.publish:
        say("nowhere to publish to: report.publish is empty")
    return StageEnd(PARTLY if failures else 0, "; ".join(failures))


def _files(sent: Sequence[str], removed: Sequence[str]) -> str:
    parts = [f"{what} {', '.join(names)}" for what, names in (("sent", sent), ("removed", removed)) if names]
    return "; ".join(parts) or "all is there already"


def verdict(
    settings: Settings,
    branch: str,
    rev: str,
    word: str,
    reason: str | None,
    who: str,
    *,
    dry: bool = False,
    wait: float = 0.0,
) -> int:
    """`inv verdict`."""
    from shepherd.stages.statements import give_verdict

    meant = parse_rev(rev)
    with step_of_task(settings, "verdict", who, "", dry, wait) as step:
        say(give_verdict(settings, branch, meant, word, reason, step.run, dry=dry))
    return 0


def cover(
    settings: Settings,
    branch: str,
    rev: str,
    by: str | None,
    reason: str | None,
    who: str,
    *,
    undone: bool,
    anyway: bool = False,
    dry: bool = False,
    wait: float = 0.0,
) -> int:
    """`inv cover` and `inv uncover`."""
    from shepherd.stages.statements import say_cover

    target, doer = parse_rev(rev), _maybe(by)
    with step_of_task(settings, "cover" if undone else "uncover", who, "", dry, wait) as step:
        say(say_cover(settings, branch, target, doer, undone, reason, step.run, anyway=anyway, dry=dry))
    return 0


def deployed(
    settings: Settings,
    branch: str,
    rev: str,
    reason: str | None,
    who: str,
    *,
    dry: bool = False,
    wait: float = 0.0,
) -> int:
    """`inv deployed`."""
    from shepherd.stages.statements import NOTHING, say_deployed

    meant = NOTHING if rev in ("r0", "0") else parse_rev(rev)
    with step_of_task(settings, "deployed", who, "", dry, wait) as step:
        say(say_deployed(settings, branch, meant, reason, step.run, dry=dry))
    return 0


@contextmanager
def desk_for(settings: Settings, stage: str, who: str, dry: bool, wait: float) -> Iterator[LockedRun | None]:
    """The work lock, or nothing at all for a dry run: that takes no lock and writes no log."""
    if dry:
        yield None
        return
    with at_work(settings, stage, who, wait=wait) as desk:
        yield desk


@contextmanager
def step_of(desk: LockedRun | None, name: str, who: str) -> Iterator[RunningStage]:
    """One stage at that desk, or a dry one."""
    if desk is None:
        yield RunningStage(_dry_run(who, ""))
        return
    with desk.stage(name) as step:
        yield step


@contextmanager
def step_of_task(
    settings: Settings, stage: str, who: str, why: str, dry: bool, wait: float, noted: bool = False
) -> Iterator[RunningStage]:
    """One stage as a task of its own."""
    if dry:
        yield RunningStage(_dry_run(who, why))
        return
    with (
        at_work(settings, stage, who, why, wait=wait) as desk,
        desk.stage(stage, noted=noted) as step,
    ):
        yield step


@contextmanager
def reading_step(
    settings: Settings, stage: str, who: str, why: str, dry: bool, wait: float, noted: bool = False
) -> Iterator[RunningStage]:
    """The same for one that reads: where it fails, page, badge and SHA say so at once, and not when somebody
    writes them next."""
    if dry:
        yield RunningStage(_dry_run(who, why))
        return
    with at_work(settings, stage, who, why, wait=wait) as desk:
        try:
            with desk.stage(stage, noted=noted) as step:
                yield step
        except BaseException as error:
            if desk.read_failed:
                # whoever stops a run waits for no web server
                show_failure(settings, desk.tell(stage), publish=isinstance(error, Exception))
            raise
        if desk.read_failed or step.code == NO_DATA:
            show_failure(settings, desk.tell(stage))


def each_branch(names: Sequence[str], body: Callable[[str], None]) -> StageEnd:
    """Every branch on its own: one that fails does not stop the others."""
    codes, failures = [], []
    for name in names:
        try:
            with turn(last=name == names[-1], name=name):
                body(name)
        except ShepherdError as error:
            complain(str(error))
            codes.append(error.code)
            failures.append(str(error))
        except Exception as error:
            # a bug in one branch is no reason to know nothing of the others
            complain(f"{name}: unexpected {error!r}")
            codes.append(UNEXPECTED)
            failures.append(repr(error))
    return StageEnd(worst(codes), "; ".join(failures))


def _maybe(rev: str | None) -> RevName | None:
    return None if rev is None else parse_rev(rev)


def _dry_run(who: str, why: str) -> Run:
    return Run("dry-run", now(), who, no_telling, why)


def quietly(stage: Callable[..., int], *args: Any, **kwargs: Any) -> int:
    """Run a stage without what it prints for people; what went wrong is still said."""
    import io
    from contextlib import redirect_stdout

    with redirect_stdout(io.StringIO()):
        return stage(*args, **kwargs)
