"""What a repository shows, so that `inv init` can write settings that fit it (docs/settings.md)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from shepherd.errors import SettingsError
from shepherd.git.positions import contained
from shepherd.git.repository import Git
from shepherd.landing import Revision
from shepherd.values import RevName

PRODUCTION_NAMES = ("production", "prod", "release")

_VERSION = re.compile(r"v([0-9]{1,9}(?:\.[0-9]{1,9})*)(?![0-9])(.*)")


class Mainline(Struct, frozen=True):
    """The branch that lands, its newest landing and with it the number of them."""

    ref: str
    """As it stands in the settings: a branch by its name, anything else in full."""
    tip: Revision


class Production(Struct, frozen=True):
    """A ref that names what production runs."""

    ref: str
    at: Revision
    """The newest landing that it contains."""
    release: bool
    """It is one tag of many (`v1.2`): the next release will have another."""


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
    revno = contained(git, line.tip, commit)
    return landing_at(git, line, revno) if revno else None


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


def production(git: Git, line: Mainline) -> Production | None:
    """The first ref that names production and shares history with the mainline, but is not the mainline."""
    for name in PRODUCTION_NAMES:
        branch, tag, remote = f"refs/heads/{name}", f"refs/tags/{name}", f"refs/remotes/origin/{name}"
        commits = git.resolve_many([branch, tag, remote])
        if line.ref in (name, branch):
            commits[branch] = commits[remote] = None
        # a plain name means the branch where there are both
        refs = {branch: name, tag: name if line.ref != name and not commits[branch] else tag, remote: remote}
        for place, ref in refs.items():
            commit = commits[place]
            if commit and (at := landing_in(git, line, commit)):
                return Production(ref, at, release=False)
    tags = git.lines("tag", "--list", "v[0-9]*", "--merged", line.tip.id)
    if newest := newest_version(tags):
        commit = git.resolve_many([f"refs/tags/{newest}"])[f"refs/tags/{newest}"]
        if commit and (at := landing_in(git, line, commit)):
            shadowed = git.resolve_many([f"refs/heads/{newest}"])[f"refs/heads/{newest}"]
            return Production(f"refs/tags/{newest}" if shadowed else newest, at, release=True)
    return None


def newest_version(tags: Sequence[str]) -> str | None:
    """The tag of the highest version (v1.10 is above v1.9); a pre-release only if there is nothing else."""
    versions = [match for match in map(_VERSION.fullmatch, tags) if match]

    def order(version: re.Match[str]) -> tuple[bool, list[int], list[tuple[int, str]]]:
        final = not version[2] or version[2].startswith("+")
        # numbers by their length first, so that rc10 is above rc9
        suffix = [(len(part) if part.isdigit() else 0, part) for part in re.findall(r"\d+|\D+", version[2])]
        return final, [int(part) for part in version[1].split(".")], suffix

    return max(versions, key=order)[0] if versions else None
