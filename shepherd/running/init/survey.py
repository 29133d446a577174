"""What a repository shows, so that `inv init` can write settings that fit it (docs/settings.md)."""

from __future__ import annotations

from msgspec import Struct

from shepherd.errors import SettingsError
from shepherd.git import positions
from shepherd.git.repository import Git
from shepherd.landing import Revision
from shepherd.values import RevName


class Mainline(Struct, frozen=True):
    """The branch that lands, its newest landing and with it the number of them."""

    ref: str
    """As it stands in the settings: a branch by its name, anything else in full."""
    tip: Revision


def mainline(git: Git, wanted: str | None) -> Mainline:
    """The branch `wanted`, else the one that HEAD names. Raises SettingsError, SourceError."""
    ref = wanted or _head(git)
    commit = git.resolve_many([ref])[ref]
    if not commit:
        raise git.no_such_ref(ref)
    count = int(git.lines("rev-list", "--first-parent", "--count", commit)[0])
    return Mainline(ref, Revision(count, commit))


def _head(git: Git) -> str:
    current = git.lines("branch", "--show-current")
    if not current:
        raise SettingsError(f"{git.name}: HEAD names no branch (detached): say which with --branch NAME")
    return current[0]


def landing_in(git: Git, line: Mainline, commit: str) -> Revision | None:
    """The newest landing that `commit` contains, itself included; None if it contains none."""
    return positions.landing_in(git, line.tip, commit)


def landing_at(git: Git, line: Mainline, revno: int) -> Revision:
    """The landing of that number. Raises SettingsError if there is none."""
    if not 1 <= revno <= line.tip.revno:
        raise SettingsError(f"{git.name}: {line.ref} has no r{revno}, only r1 to r{line.tip.revno}")
    skip = f"--skip={line.tip.revno - revno}"
    return Revision(revno, git.lines("rev-list", "--first-parent", "-n1", skip, line.tip.id)[0])


def landing_named(git: Git, line: Mainline, rev: RevName) -> Revision:
    """The landing that a person names: by its number, by `tip`, or the newest that a SHA contains.

    Raises SettingsError if there is none.
    """
    if rev.kind == "tip":
        return line.tip
    if rev.kind == "revno":
        return landing_at(git, line, rev.number)
    if rev.kind != "sha":
        raise SettingsError(f"{rev.kind} is not known before there are settings: write r123, a SHA or tip")
    commits = git.commits_beginning(rev.text)
    if len(commits) != 1:
        raise SettingsError(f"{git.name}: {len(commits) or 'no'} commits begin with {rev.text}, not one")
    if landing := landing_in(git, line, commits[0]):
        return landing
    raise SettingsError(f"{git.name}: {rev.text} has no landing of {line.ref} in it")
