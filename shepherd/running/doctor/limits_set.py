"""Whether the patterns of the limits fit anything, and the folders of the components: one that is misspelt
would never count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from shepherd.errors import SourceError
from shepherd.git.mirror import is_fetched, open_source, shown
from shepherd.git.repository import Git
from shepherd.git.touched import files_in, files_matching
from shepherd.running.doctor.checking import CheckContext, Finding, ok, warn
from shepherd.settings import is_url
from shepherd.values import count, quoted, some

_NAMED = 5
"""Patterns that one line lists."""


def limits_set(context: CheckContext) -> Iterator[Finding]:
    """One finding for each branch."""
    for branch, config in context.settings.branches.items():
        patterns = list(dict.fromkeys(path for limit in config.limits for path in limit.paths))
        if patterns:
            yield from _of_branch(context, branch, f"limits {branch}", patterns, files_matching, "matches")
        else:
            yield ok(f"limits {branch}", "none are set")


def components_set(context: CheckContext) -> Iterator[Finding]:
    """The same of the components."""
    for branch, config in context.settings.branches.items():
        folders = list(dict.fromkeys(path for paths in config.components.values() for path in paths))
        if folders:
            yield from _of_branch(context, branch, f"components {branch}", folders, files_in, "is in")
        else:
            yield ok(f"components {branch}", "none are set")


_Counting = Callable[[Git, str, Sequence[str]], dict[str, int]]


def _of_branch(
    context: CheckContext, branch: str, title: str, patterns: list[str], counted: _Counting, fits: str
) -> Iterator[Finding]:
    settings = context.settings
    config = settings.branches[branch]
    place, mirrors = settings.place(config.repository), settings.state_path / "mirrors"
    if is_url(place) and not is_fetched(place, mirrors):
        yield warn(title, f"nothing has been fetched from {shown(place)} yet", "inv find fetches it")
        return
    try:
        git = open_source(place, mirrors, fetch=False)
        tip = git.resolve_many([config.ref])[config.ref]
        files = counted(git, tip, patterns) if tip else {}
    except SourceError:
        return  # the check of the repository says it
    for pattern, number in files.items():
        if not number:
            remedy = "is it right? whole paths count, with upper and lower case as in the repository"
            yield warn(title, f"no file at the tip {fits} {quoted(pattern)}", remedy)
            return
    if files:
        yield ok(title, some([f"{quoted(each)}: {count(n, 'file')}" for each, n in files.items()], _NAMED))
