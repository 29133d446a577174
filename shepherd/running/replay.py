"""`inv replay`: earlier runs judged again, from what they kept (docs/replay.md)."""

from __future__ import annotations

import shlex
import sys
from bisect import bisect_left
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from shepherd.errors import NO_DATA, REFUSED, NoAnswerError, SettingsError, worst
from shepherd.replaying.folds import Folds, JudgedAt
from shepherd.replaying.report import BranchReplay
from shepherd.rules.rule_words import RULES
from shepherd.running.output import json_for_terminals, write
from shepherd.running.switch import mention
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.running.versions import title
from shepherd.settings import Settings, read
from shepherd.stages.kept_inputs import KeptInput, LostInput, kept_inputs
from shepherd.stages.rejudging import Rejudging, runs_of_snapshots
from shepherd.stages.supposing import Supposing
from shepherd.values import count, date, first_few, some

SHOWN_EACH = 25
"""Answers after which the count on a terminal goes up."""
NOT_KEPT = "no backup has inputs, and an early release kept none"
RUNS_NAMED = 10
"""Of those that one damage costs; `--json` names all."""


def replay(
    options: TaskOptions,
    run: str | None,
    *,
    since: str | None = None,
    with_settings: str | None = None,
    json: bool = False,
) -> int:
    """Judge again; exit code 8 where something differs, 5 where something could not be judged.

    Raises:
        SettingsError: the values do not go together, there is no such run, or the other settings are wrong.
    """
    settings = options.settings
    if run is not None and since is not None:
        raise SettingsError("--since is about many runs, and a run's id names one: leave out one of them")
    begin = _midnight(since, settings) if since is not None else None
    others = _others(options, with_settings) if with_settings is not None else None
    if not json:
        mention(settings)
    reports, known = [], _KnownRuns()
    places: dict[str, str] = {rule: words.place for rule, words in RULES.items()}
    for branch in options.branches:
        report = BranchReplay(branch, Folds(), code_now=title(), places=places)
        known.looked_through(settings, report, run, begin, others)
        reports.append(report)
    if run is not None:
        known.check(settings, run, reports)
        reports = [each for each in reports if each.answers or each.unjudged]
    _print(settings, reports, with_settings, json)
    return worst([_code(each) for each in reports])


class _KnownRuns:
    """The runs that are kept, as they are met."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}
        self._lost: list[tuple[str, tuple[str, ...]]] = []
        """What cannot be read, in words, and the runs that are known to be among it."""

    def looked_through(
        self,
        settings: Settings,
        report: BranchReplay,
        run: str | None,
        since: datetime | None,
        others: Settings | None,
    ) -> None:
        """Judge again what is asked for of a branch."""
        # before the inputs are read: what a run keeps meanwhile has an input, too
        snapshots = runs_of_snapshots(settings, report.branch) if run is None else []
        met = self._judged(settings, report, run, since, others)
        if run is not None:
            return
        _say_without_input(report, snapshots, met, since)
        if not report.answers and not report.problems:
            which = "none is kept yet; each run from now on keeps what it judges by (inv run)"
            if snapshots:
                without = f"no input is kept with {count(len(snapshots), 'snapshot')}: {NOT_KEPT}"
                which = f"{without}; each run from now on keeps its own (inv run)"
            if since is not None:
                which = "none since then is kept (inv replay judges all that are)"
            report.problems.append(f"{report.branch}: no run could be judged again: {which}")

    def _judged(
        self,
        settings: Settings,
        report: BranchReplay,
        run: str | None,
        since: datetime | None,
        others: Settings | None,
    ) -> dict[str, None]:
        """Judge again; the runs that were met, in the order in which they judged."""
        branch = report.branch
        show = ReplayProgress(branch)
        strangers: dict[str, list[str]] = {}
        met: dict[str, None] = {}
        judging = Supposing(settings, others, report) if others is not None else _Same(settings, report)
        for kept in kept_inputs(settings, branch, since):
            if isinstance(kept, LostInput):
                lost = _lost_in_words(kept)
                if run is None:
                    report.problems.append(f"{branch}: {lost}")
                    report.unjudged += len(kept.runs)
                    report.lost += kept.runs
                self._lost.append((lost, kept.runs))
                continue
            self._ids[kept.run_id] = met[kept.run_id] = None
            if run not in (None, kept.run_id):
                continue
            # one that the settings no longer name is this branch as it was called before
            if (named := kept.given.context.branch) != branch and named in settings.branches:
                strangers.setdefault(named, []).append(kept.run_id)
                continue
            judging.take(kept)
            show.one_more()
        show.done()
        judging.done()
        for named, runs in strangers.items():
            report.unjudged += len(runs)
            report.problems.append(
                f"{branch}: {count(len(runs), 'answer')}, the first of {runs[0]}, are not judged again: by"
                f" what was kept they are answers of {named}"
            )
        return met

    def check(self, settings: Settings, run: str, reports: list[BranchReplay]) -> None:
        """Raises SettingsError, NoAnswerError: the run was not met."""
        if any(each.answers or each.unjudged for each in reports):
            return
        if self._lost:
            lost = next((words for words, runs in self._lost if run in runs), self._lost[0][0])
            raise NoAnswerError(f"what {run} judged by is not known: {lost}")
        if any(run in runs_of_snapshots(settings, each.branch) for each in reports):
            raise NoAnswerError(f"the answer of {run} is kept, but what it judged by is not: {NOT_KEPT}")
        names, newest = sorted(self._ids), next(reversed(self._ids), "")
        if not names:
            raise SettingsError(
                f"no run {run!r} is kept here: none is yet; each one from now on is (inv run)"
            )
        if run.removeprefix("r").isdecimal():
            raise SettingsError(
                f"{run} is a landing, and runs have names such as {newest}: inv audit {run} says which run"
                " judged it and which promoted it"
            )
        nearest = names[min(bisect_left(names, run), len(names) - 1)]
        raise SettingsError(
            f"no run {run!r} is kept here; the nearest is {nearest}, the newest {newest}, of {len(names)}"
        )


def _lost_in_words(lost: LostInput) -> str:
    words = f"{lost.problem} (after run {lost.after})" if lost.after else lost.problem
    if not lost.runs:
        return words
    return f"{words}: not judged again: {count(len(lost.runs), 'run')}, {some(lost.runs, RUNS_NAMED)}"


def _say_without_input(
    report: BranchReplay, snapshots: list[str], met: dict[str, None], since: datetime | None
) -> None:
    """Say which snapshots have no input: those from before the first one, and those that lost theirs.

    Args:
        snapshots: the runs that kept one, ascending. met: those whose input was read.
    """
    begin = next(iter(met), "")
    without = [each for each in snapshots if each not in met and each not in report.lost]
    if not begin:
        return
    if since is None:
        # nothing was kept then yet, or it is older than `keep_inputs`; or somebody removed the folder
        report.earlier = sum(each < begin for each in without)
    if lost := [each for each in without if each > begin]:
        report.unjudged += len(lost)
        report.problems.append(
            f"{report.branch}: not judged again: {count(len(lost), 'snapshot')} without an input, the first"
            f" of run {lost[0]}: an older release answered then, or what it judged by is lost"
        )


class _Same:
    """Judges by what was recorded, and compares."""

    def __init__(self, settings: Settings, report: BranchReplay) -> None:
        self._rejudging = Rejudging(settings, report.branch)
        self._report = report

    def take(self, kept: KeptInput) -> None:
        judged = self._rejudging.judge_again(kept)
        at = JudgedAt(kept.run_id, kept.at)
        if judged.warning:
            self._report.warnings.append(judged.warning)
        if judged.problem:
            self._report.problems.append(judged.problem)
            self._report.unjudged += 1
            return
        self._report.count(at, judged.same, judged.compared)
        if not judged.same:
            self._report.folds.add(at, judged.found)
            self._report.met(kept.given.code)

    def done(self) -> None:
        self._rejudging.done()
        self._report.altered = tuple(self._rejudging.altered)
        if problem := self._rejudging.latest_problem:
            self._report.warnings.append(problem)


class ReplayProgress:
    """How many answers were judged, on a line that the next number replaces; nothing without a terminal."""

    def __init__(self, branch: str) -> None:
        self._shown = sys.stderr is not None and sys.stderr.isatty()
        self._branch = branch
        self._answers = 0

    def one_more(self) -> None:
        self._answers += 1
        if self._shown and self._answers % SHOWN_EACH == 0:
            write(sys.stderr, f"\r{self._branch}: {self._answers:,} answers judged again")

    def done(self) -> None:
        if self._shown and self._answers >= SHOWN_EACH:
            # the line is as if it had not been there
            write(sys.stderr, "\r\x1b[K")


def _midnight(text: str, settings: Settings) -> datetime:
    return datetime.combine(date(text), time.min, ZoneInfo(settings.timezone))


def _others(options: TaskOptions, file: str) -> Settings:
    """The settings of a file. Raises SettingsError."""
    path = Path(file).absolute()
    if not path.exists():
        copy = shlex.join(["cp", str(options.settings.file), str(path)])
        raise SettingsError(f"{path} is not there: make it with {copy}, and change a line in it")
    others = read(path)
    for branch in options.branches:
        if branch not in others.branches:
            which = next((each for each in options.branches if each in others.branches), "")
            hint = f"; for another branch: --branch {which}" if which else ""
            raise SettingsError(
                f"there is no branch {branch!r} in {others.file}: one of {', '.join(others.branches)}{hint}"
            )
    return others


def _print(settings: Settings, reports: list[BranchReplay], file: str | None, json: bool) -> None:
    from shepherd.views import replay as view

    if json:
        say(json_for_terminals(view.as_json(reports)))
        return
    for report in reports:
        for problem in first_few([*report.problems, *report.warnings], "all with --json"):
            complain(problem)
    several = len(settings.branches) > 1
    texts = [view.supposed(each, file) if file is not None else view.told(each, several) for each in reports]
    if settings.on_server and (told := [text for text in texts if text]):
        texts = [*told, "Other hosts on this database have what they judged themselves: inv replay there."]
    if told := [text for text in texts if text]:
        say("\n\n".join(told))


def _code(report: BranchReplay) -> int:
    codes = [NO_DATA] if report.problems or report.warnings else []
    if report.supposed is None and (report.answers > report.same or report.altered):
        codes.append(REFUSED)
    return worst(codes)
