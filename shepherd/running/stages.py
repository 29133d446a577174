"""The stages as tasks run them: each branch on its own, and what they say to the person who called them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from shepherd import holding
from shepherd.errors import NO_DATA, PARTLY, UNEXPECTED, NoAnswerError, SettingsError, ShepherdError, worst
from shepherd.limits import turn
from shepherd.run import Run
from shepherd.running import side_by_side
from shepherd.running.output import write
from shepherd.running.pages import write_current
from shepherd.running.runner import Stage, StageResult, at_work, run_stage
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.running.worker import Body
from shepherd.values import parse_rev

if TYPE_CHECKING:
    from shepherd.git.neighbours import Looked

ARCHIVING = 30.0
"""Seconds that a run spends on landings that are not archived yet, for each branch."""


def find(
    options: TaskOptions,
    *,
    accept_rewrite: bool = False,
    accept_new_journal: bool = False,
    reason: str | None = None,
) -> int:
    """`inv find`."""
    from shepherd.stages.find import Acceptance
    from shepherd.stages.statements import checked_reason

    accepting = accept_rewrite or accept_new_journal
    branches = options.branches
    if accepting and len(branches) > 1:
        raise SettingsError(f"say for which branch that is right: --branch {branches[0]} for example")
    why = checked_reason(reason) if accepting else ""
    stage = partial(find_all, acceptance=Acceptance(accept_rewrite, accept_new_journal))
    return run_stage(options, "find", stage, why=why, shows_failure=True)


def judge(options: TaskOptions) -> int:
    """`inv judge`: exit code 5 where there is no data."""
    return run_stage(options, "judge", judge_all, shows_failure=True)


def report(options: TaskOptions, *, fresh: bool = False) -> int:
    """`inv report`; fresh: find, judge and report in one process under one lock."""
    stages: list[tuple[str, Stage]] = [("report", write_pages)]
    if fresh:
        stages = [("find", find_all), ("judge", judge_all), *stages]
    with at_work(options, "report") as locked:
        return worst([locked.run(name, stage).code for name, stage in stages])


def publish(options: TaskOptions) -> int:
    """`inv publish`."""
    return run_stage(options, "publish", publish_pages)


def archive(options: TaskOptions) -> int:
    """`inv archive`: all that is missing, however long that takes."""
    return run_stage(options, "archive", partial(archive_some, seconds=float("inf")))


def find_all(options: TaskOptions, run: Run, *, acceptance: Any = None) -> StageResult:
    """Read every branch's sources into the database."""
    from shepherd.stages.find import NOTHING_ACCEPTED, find_branch

    accepted = acceptance or NOTHING_ACCEPTED

    looked = _look_around(options, run)

    def one(branch: str, run: Run) -> None:
        say(find_branch(options.settings, branch, run, accepted, dry=options.dry, looked=looked))

    return _side_by_side(options, run, "find", one)


def judge_all(options: TaskOptions, run: Run) -> StageResult:
    """Judge every branch, and say the answer."""
    from shepherd.cautions import cautions
    from shepherd.stages.judge import judge_branch
    from shepherd.views.answer import headline

    def one(branch: str, run: Run) -> int:
        progress = _progress(branch, "revisions asked for their checks")
        snapshot = judge_branch(options.settings, branch, run, dry=options.dry, progress=progress)
        say(f"{branch}: {headline(snapshot, cautions(snapshot, run.situation()))}")
        return 0 if snapshot.complete else NO_DATA

    return _side_by_side(options, run, "judge", one)


def write_pages(options: TaskOptions, run: Run) -> StageResult:
    """Write all pages and feeds. Raises NoAnswerError, StoreError."""
    settings = options.settings
    if options.dry:
        say(f"would write the pages of {', '.join(options.branches)} to {settings.report_path}")
        return StageResult()
    pages = write_current(settings, writing="report")
    run.tell("act", what="report", on=settings.report_path, files=len(pages), by=run.who)
    say(f"wrote {pages[0]} and {len(pages) - 1} more next to it")
    return StageResult()


def archive_some(options: TaskOptions, run: Run, *, seconds: float = ARCHIVING) -> StageResult:
    """Archive what is live and not archived yet, for about so many seconds a branch."""
    from shepherd.stages.archive import archive_branch
    from shepherd.stages.older_folder import pages_there

    settings = options.settings

    def one(branch: str) -> None:
        progress = _progress(branch, "landings archived")
        say(archive_branch(settings, branch, run, seconds=seconds, progress=progress, dry=options.dry))

    before = [pages_there(settings, branch) for branch in settings.branches]
    result = each_branch(options.branches, one)
    changed = before != [pages_there(settings, branch) for branch in settings.branches]
    if changed and (settings.report_path / "index.html").is_file():
        # the pages of the branches lead there
        write_current(settings)
    return result


def _progress(branch: str, what: str) -> Callable[[int, int], None] | None:
    """Shows how far it is, on a line that the next number replaces; None: nobody looks at a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None

    def show(done: int, of: int) -> None:
        write(sys.stderr, f"\r{branch}: {done:,} of {of:,} {what}" + ("\n" if done == of else ""))

    return show


def publish_pages(options: TaskOptions, run: Run) -> StageResult:
    """Bring the report directory to every target. Raises NoAnswerError."""
    from shepherd.act.rsync import PublishError
    from shepherd.stages.publish import publish_report

    dry = options.dry
    failures = []
    for target, outcome in publish_report(
        options.settings, run.tell, run.who, dry=dry, lock=run.lock
    ).items():
        if isinstance(outcome, PublishError):
            complain(str(outcome))
            failures.append(str(outcome))
            continue
        say(f"{'would publish' if dry else 'published'} to {target}: {_files(outcome.sent, outcome.removed)}")
    if not options.settings.report.publish:
        say("nowhere to publish to: report.publish is empty")
    return StageResult(PARTLY if failures else 0, "; ".join(failures))


def _files(sent: Sequence[str], removed: Sequence[str]) -> str:
    parts = [f"{what} {', '.join(names)}" for what, names in (("sent", sent), ("removed", removed)) if names]
    return "; ".join(parts) or "everything is up to date"


def verdict(options: TaskOptions, rev: str, word: str, reason: str | None) -> int:
    """`inv verdict`."""
    from shepherd.stages.statements import give_verdict

    settings, branch, dry, landing = options.settings, options.branch, options.dry, parse_rev(rev)
    return _statement(
        options, "verdict", lambda run: give_verdict(settings, branch, landing, word, reason, run, dry=dry)
    )


def cover(
    options: TaskOptions, rev: str, by: str | None, reason: str | None, *, undone: bool, anyway: bool = False
) -> int:
    """`inv cover` and `inv uncover`."""
    from shepherd.stages.statements import say_cover

    settings, branch, dry, landing = options.settings, options.branch, options.dry, parse_rev(rev)
    rollback = None if by is None else parse_rev(by)

    def record(run: Run) -> str:
        return say_cover(settings, branch, landing, rollback, undone, reason, run, anyway=anyway, dry=dry)

    return _statement(options, "cover" if undone else "uncover", record)


def deployed(options: TaskOptions, rev: str, reason: str | None) -> int:
    """`inv deployed`."""
    from shepherd.stages.statements import NOTHING, say_deployed

    settings, branch, dry = options.settings, options.branch, options.dry
    landing = NOTHING if rev in ("r0", "0") else parse_rev(rev)
    return _statement(
        options, "deployed", lambda run: say_deployed(settings, branch, landing, reason, run, dry=dry)
    )


def snooze(options: TaskOptions, rev: str, until: str, reason: str | None) -> int:
    """`inv snooze`."""
    from shepherd.stages.statements import say_snooze

    settings, branch, dry, landing = options.settings, options.branch, options.dry, parse_rev(rev)
    return _statement(
        options, "snooze", lambda run: say_snooze(settings, branch, landing, until, reason, run, dry=dry)
    )


def _statement(options: TaskOptions, name: str, record: Callable[[Run], str]) -> int:
    """Record what a person says, and print what that comes to."""

    def stage(_options: TaskOptions, run: Run) -> StageResult:
        say(record(run))
        return StageResult()

    return run_stage(options, name, stage, noted=False)


def _look_around(options: TaskOptions, run: Run) -> dict[str, Looked]:
    """What each repository says, asked once for all branches; nothing where there is only one."""
    from shepherd.git.mirror import shown
    from shepherd.git.neighbours import Looked
    from shepherd.stages.look import look_at

    settings = options.settings
    if len(options.branches) < 2:
        return {}

    def one(place: str, _run: Run) -> bytes:
        return msgspec.msgpack.encode(look_at(settings, place, dry=options.dry))

    places = list(dict.fromkeys(settings.place(each.repository) for each in settings.branches.values()))
    at_once = min(len(places), side_by_side.processes(settings.run.at_once))
    if at_once < 2 or not side_by_side.can_fork() or not _database_opens(options):
        # one after the other each branch asks for itself what is not known, within the limits of its own
        return {}
    try:
        outcomes = side_by_side.SideBySide("find", one, run, at_once, quietly=True)(places)
    except OSError:
        return {}
    return {
        place: msgspec.msgpack.decode(each.document, type=Looked)
        if each.document
        else Looked(each.failure.replace(f"{place}: ", f"{shown(place)}: ", 1))
        for place, each in outcomes.items()
    }


def _side_by_side(options: TaskOptions, run: Run, stage: str, body: Body) -> StageResult:
    """Call it for each branch, for several at once (docs/running.md#side-by-side)."""
    branches, settings = options.branches, options.settings

    def alone(branch: str) -> int | None:
        code = body(branch, run)
        return code if isinstance(code, int) else None

    at_once = min(len(branches), side_by_side.processes(settings.run.at_once))
    if at_once < 2 or not side_by_side.can_fork() or not _database_opens(options):
        return each_branch(branches, alone)
    try:
        outcomes = side_by_side.SideBySide(stage, body, run, at_once)(branches).values()
    except OSError as error:
        complain(f"branches are read one after the other: no process can be started ({error.strerror})")
        return each_branch(branches, alone)
    return StageResult(
        worst([each.code for each in outcomes]), "; ".join(each.failure for each in outcomes if each.failure)
    )


def _database_opens(options: TaskOptions) -> bool:
    """Whether it can be used; by then it is made, and was looked at for what a crash left."""
    from shepherd.store import Database

    try:
        Database.of(options.settings, read_only=options.dry).close()
    except NoAnswerError:
        # a dry run before the first one: none is needed
        return True
    except ShepherdError:
        # each branch says why not
        return False
    return True


def each_branch(branches: Sequence[str], body: Callable[[str], int | None]) -> StageResult:
    """Call it for each branch, which returns its exit code: one that fails does not stop the others."""
    codes, failures = [], []
    for branch in branches:
        try:
            with turn(last=branch == branches[-1], name=branch):
                codes.append(body(branch) or 0)
        except ShepherdError as error:
            # where that is why, it ends the run, and is all that is said
            holding.confirm()
            complain(str(error))
            codes.append(error.code)
            failures.append(str(error))
        except Exception as error:
            # a bug in one branch must not keep the others from being read
            complain(f"{branch}: unexpected {error!r}")
            codes.append(UNEXPECTED)
            failures.append(repr(error))
    return StageResult(worst(codes), "; ".join(failures))


def quietly(stage: Callable[..., int], *args: Any, **kwargs: Any) -> int:
    """Run a stage without what it prints for people; what went wrong is still said."""
    import io
    from contextlib import redirect_stdout

    with redirect_stdout(io.StringIO()):
        return stage(*args, **kwargs)
