"""The stages as tasks run them: each branch on its own, under the work lock, told to the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ops.log import now
from ops.runner import working
from ops.situation import situation
from ops.tasking import complain, say
from shepherd.errors import NO_DATA, ShepherdError, worst
from shepherd.settings import Settings
from shepherd.stages import Run, no_telling
from shepherd.values import Rev, parse_rev


def find(
    settings: Settings,
    names: Sequence[str],
    who: str,
    *,
    accept_rewrite: bool = False,
    accept_new_journal: bool = False,
    reason: str | None = None,
    dry: bool = False,
) -> int:
    """`inv find`."""
    from shepherd.stages.find import Acceptance, find_branch
    from shepherd.stages.say import checked_reason

    why = checked_reason(reason) if accept_rewrite or accept_new_journal else ""
    acceptance = Acceptance(accept_rewrite, accept_new_journal)
    with _run(settings, "find", who, why, dry) as run:
        return _each(names, lambda name: say(find_branch(settings, name, run, acceptance, dry=dry)))


def judge(settings: Settings, names: Sequence[str], who: str, *, dry: bool = False) -> int:
    """`inv judge`: exit code 5 where there is no data."""
    with _run(settings, "judge", who, "", dry) as run:
        return _judge(settings, names, run, dry)


def report(settings: Settings, who: str, *, fresh: bool = False, dry: bool = False) -> int:
    """`inv report`; fresh: find, judge and report in one process under one lock."""
    from shepherd.stages.report import write_report

    codes = []
    with _run(settings, "report", who, "", dry) as run:
        if fresh:
            from shepherd.stages.find import Acceptance, find_branch

            names = list(settings.branches)
            codes.append(
                _each(names, lambda name: say(find_branch(settings, name, run, Acceptance(), dry=dry)))
            )
            codes.append(_judge(settings, names, run, dry))
        if dry:
            say(f"would write the pages of {', '.join(settings.branches)} to {settings.report_path}")
            return worst(codes)
        pages = write_report(settings, situation(settings))
        run.tell("act", what="report", on=settings.report_path, files=len(pages), by=run.who)
        say(f"wrote {pages[0]} and {len(pages) - 1} more beside it")
    return worst(codes)


def verdict(
    settings: Settings, branch: str, rev: str, word: str, reason: str | None, who: str, *, dry: bool = False
) -> int:
    """`inv verdict`."""
    from shepherd.stages.say import give_verdict

    meant = parse_rev(rev)
    with _run(settings, "verdict", who, "", dry) as run:
        say(give_verdict(settings, branch, meant, word, reason, run, dry=dry))
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
    dry: bool = False,
) -> int:
    """`inv cover` and `inv uncover`."""
    from shepherd.stages.say import say_cover

    target, doer = parse_rev(rev), _maybe(by)
    with _run(settings, "cover" if undone else "uncover", who, "", dry) as run:
        say(say_cover(settings, branch, target, doer, undone, reason, run, dry=dry))
    return 0


def deployed(
    settings: Settings, branch: str, rev: str, reason: str | None, who: str, *, dry: bool = False
) -> int:
    """`inv deployed`."""
    from shepherd.stages.say import say_deployed

    meant = parse_rev(rev)
    with _run(settings, "deployed", who, "", dry) as run:
        say(say_deployed(settings, branch, meant, reason, run, dry=dry))
    return 0


def _judge(settings: Settings, names: Sequence[str], run: Run, dry: bool) -> int:
    from shepherd.stages.judge import judge_branch
    from shepherd.views.answer import headline

    codes: list[int] = []

    def one(name: str) -> None:
        snapshot = judge_branch(settings, name, run, dry=dry)
        say(f"{name}: {headline(snapshot)}")
        codes.append(0 if snapshot.complete else NO_DATA)

    return worst([_each(names, one), *codes])


def _each(names: Sequence[str], body: Callable[[str], None]) -> int:
    """Every branch on its own: one that fails does not stop the others."""
    codes = []
    for name in names:
        try:
            body(name)
        except ShepherdError as error:
            complain(str(error))
            codes.append(error.code)
    return worst(codes)


def _maybe(rev: str | None) -> Rev | None:
    return None if rev is None else parse_rev(rev)


@contextmanager
def _run(settings: Settings, stage: str, who: str, why: str, dry: bool) -> Iterator[Run]:
    if dry:
        yield Run("dry-run", now(), who, _silent, why)
        return
    with working(settings, stage, who, why) as run:
        yield run


def quietly(stage: Callable[..., int], *args: Any, **kwargs: Any) -> int:
    """Run a stage without what it prints for people; what went wrong is still said."""
    import io
    from contextlib import redirect_stdout

    with redirect_stdout(io.StringIO()):
        return stage(*args, **kwargs)


def _silent(event: str, **fields: Any) -> None:
    no_telling(event, **fields)
