"""Whether the patterns of the limits fit anything: one that is misspelt would never count."""

from __future__ import annotations

from collections.abc import Iterator

from shepherd.errors import SourceError
from shepherd.git.mirror import is_fetched, open_source, shown
from shepherd.git.touched import files_matching
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
            yield from _of_branch(context, branch, patterns)
        else:
            yield ok(f"limits {branch}", "none are set")


def _of_branch(context: CheckContext, branch: str, patterns: list[str]) -> Iterator[Finding]:
    settings, title = context.settings, f"limits {branch}"
    config = settings.branches[branch]
    place, mirrors = settings.place(config.repository), settings.state_path / "mirrors"
    if is_url(place) and not is_fetched(place, mirrors):
        yield warn(title, f"nothing has been fetched from {shown(place)} yet", "inv find fetches it")
        return
    try:
        git = open_source(place, mirrors, fetch=False)
        tip = git.resolve_many([config.ref])[config.ref]
        files = files_matching(git, tip, patterns) if tip else {}
    except SourceError:
        return  # the check of the repository says it
    for pattern, number in files.items():
        if not number:
            remedy = "is it right? it is one of whole paths, with upper and lower case as in the repository"
            yield warn(title, f"no file at the tip matches {quoted(pattern)}", remedy)
            return
    if files:
        yield ok(title, some([f"{quoted(each)}: {count(n, 'file')}" for each, n in files.items()], _NAMED))
