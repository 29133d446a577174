"""What a repository shows, so that `inv init` can write settings that fit it (docs/settings.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from shepherd import marks
from shepherd.errors import SettingsError
from shepherd.git import positions
from shepherd.git.repository import Git
from shepherd.landing import Marks, Revision
from shepherd.settings import ALL_GRAMMARS, Grammar
from shepherd.settings.checks import is_forge_project
from shepherd.values import RevName

SAMPLE = 200
"""Landings whose messages decide which grammars are read."""
FEW = 2
"""Landings of the sample that are enough for a grammar; in a small sample 2 % of it are."""


class Mainline(Struct, frozen=True):
    """The branch that lands, its newest landing and with it the number of them."""

    ref: str
    """As it stands in the settings: a branch by its name, anything else in full."""
    tip: Revision


class Forge(Struct, frozen=True):
    """Where the repository is shown on the web; every URL is a pattern of the settings."""

    tracker: Literal["launchpad", "github", "gitlab"]
    project: str
    """As `tracker.project` names it; empty: it is not known."""
    landing_url: str
    bug_url: str
    request_url: str = ""
    service_root: str = ""
    """Of its web service; empty: the usual one."""


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


def usage(git: Git, line: Mainline) -> tuple[int, dict[Grammar, int]]:
    """How many of the last landings were looked at, and how many of them say something in each grammar."""
    log = git.out(
        "log", "-z", "--first-parent", f"-n{SAMPLE}", "--no-show-signature", "--format=%B", line.tip.id
    )
    messages = log.removesuffix(b"\0").split(b"\0")
    return len(messages), {
        grammar: sum(_says_something(marks.parse(message, (grammar,))) for message in messages)
        for grammar in ALL_GRAMMARS
    }


def _says_something(message: Marks) -> bool:
    return bool(
        message.bugs
        or message.requests
        or message.labels
        or message.rollback
        or message.rollback_ids
        or message.url
    )


def in_use(looked_at: int, used: Mapping[Grammar, int]) -> tuple[Grammar, ...]:
    """The grammars that more than a stray landing uses."""
    enough = max(1, min(FEW, round(looked_at * 0.02)))
    return tuple(grammar for grammar, count in used.items() if count >= enough)


def forge(git: Git) -> Forge | None:
    """The forge that the repository was cloned from, if its address is one of those that are known.

    Nothing but host and path is taken over: the address may hold a password.
    """
    remotes = git.lines("config", "--default", "", "--get", "remote.origin.url")
    match = re.fullmatch(
        r"(?:[a-z+]+://)?(?:[^/@]*@)?(?P<host>[A-Za-z0-9.-]+)(?::[0-9]+)?[:/]"
        r"(?P<path>~?[A-Za-z0-9._+-]+(?:/[A-Za-z0-9._+-]+)*)/?",
        remotes[0] if remotes else "",
    )
    if not match:
        return None
    host, path = match["host"].lower(), match["path"].removesuffix(".git")
    web = f"https://{host}/{path}"
    if host == "github.com":
        requests = f"{web}/pull/{{request}}"
        project = path if is_forge_project("github", path) else ""
        return Forge("github", project, f"{web}/commit/{{id}}", f"{web}/issues/{{bug}}", requests)
    if "gitlab" in host.split("."):
        web += "/-"
        requests, root = f"{web}/merge_requests/{{request}}", f"https://{host}"
        urls = f"{web}/commit/{{id}}", f"{web}/issues/{{bug}}", requests
        project = path if is_forge_project("gitlab", path) else ""
        return Forge("gitlab", project, *urls, "" if host == "gitlab.com" else root)
    if host == "git.launchpad.net":
        return Forge("launchpad", "", f"{web}/commit/?id={{id}}", "https://bugs.launchpad.net/bugs/{bug}")
    return None
