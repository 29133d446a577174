"""Whether the checks that a candidate needs can be read, and whether there are any of these names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from shepherd.conditions import CommitChecks, Conditions
from shepherd.errors import SettingsError, SourceError
from shepherd.git.mirror import is_fetched, open_source, shown
from shepherd.git.notes import missing_notes, notes_remedy
from shepherd.people import matches
from shepherd.rules.condition_reasons import said
from shepherd.rules.conditions import check_outcomes
from shepherd.running.doctor.checking import OFFLINE, CheckContext, Finding, fail, ok, warn
from shepherd.settings import is_url
from shepherd.stages.check_reader import CheckReader
from shepherd.values import count, quoted, some

LOOKED_AT = 10
"""The newest landings, which are asked for."""
_NAMED = 5
"""Names, and results, that one line lists."""
_NAME = 60
"""Characters of each name."""


def candidate_checks(context: CheckContext) -> Iterator[Finding]:
    """One finding for each branch."""
    for branch in context.settings.branches:
        yield from _of_branch(context, branch)


def _of_branch(context: CheckContext, branch: str) -> Iterator[Finding]:
    settings, title = context.settings, f"checks {branch}"
    config = settings.branches[branch]
    if not config.checks:
        yield ok(title, "no checks are needed: checks is not set")
        return
    place, mirrors = settings.place(config.repository), settings.state_path / "mirrors"
    if is_url(place) and not is_fetched(place, mirrors):
        yield warn(title, f"nothing has been fetched from {shown(place)} yet", "inv find fetches it")
        return
    wanted = _shown(config.checks)
    try:
        git = open_source(place, mirrors, fetch=False)
        tip = git.resolve_many([config.ref])[config.ref]
        newest = git.lines("rev-list", "--first-parent", f"--max-count={LOOKED_AT}", tip) if tip else []
    except SourceError:
        return  # the check of the repository says it
    if not newest:
        return
    try:
        reader = CheckReader(settings, branch)
    except SettingsError:
        return  # the check of the tracker says it
    what = f"{wanted}, by {reader.source}"
    if context.offline and not config.check_notes and settings.tracker_of(branch).type != "file":
        yield ok(title, f"{what}: {OFFLINE}")
        return
    if reader.warnings:
        missing = f"{shown(place)}: {missing_notes(config.check_notes, 'check')}"
        yield warn(title, missing, notes_remedy(config.check_notes, place))
        return
    read = reader.all_results(newest)
    if reader.problem:
        until = "until then no revision is deployable whose checks were not known before"
        yield fail(title, reader.problem, f"fix what it names; {until}")
        return
    yield _found(title, what, config.checks, newest[0], read)


def _found(
    title: str, what: str, patterns: tuple[str, ...], tip: str, read: Mapping[str, CommitChecks]
) -> Finding:
    if unreadable := [each.unreadable for each in read.values() if each.unreadable]:
        how_many = f"of {len(unreadable)} of the newest {count(len(read), 'landing')}"
        return warn(title, f"{what}: {how_many} they could not be read: {unreadable[0]}")
    names = Counter(result.name for each in read.values() for result in each.results)
    for pattern in patterns:
        if not any(matches((pattern,), name) for name in names):
            newest = "the newest landing" if len(read) == 1 else f"the newest {len(read)} landings"
            seen = (
                f"seen: {_shown(name for name, _ in names.most_common())}"
                if names
                else "none was seen at all"
            )
            return warn(
                title, f"no result on {newest} matches {quoted(pattern)}", f"is the name right? {seen}"
            )
    outcomes = check_outcomes(Conditions(checks=patterns, results=read), tip) or ()
    results = [f"{each.name[:_NAME]} {said(each)}" for each in outcomes]
    return ok(title, f"{what}: the tip has {some(results, _NAMED)}")


def _shown(names: Iterable[str]) -> str:
    return some([name[:_NAME] for name in names], _NAMED)
