"""The newest landings with the commits that they brought in, read at once: what `inv init` judges by."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from shepherd.git.mainline import mailmap_at
from shepherd.git.repository import Git

MOST_LANDINGS = 1_000
MOST_COMMITS = 4_000
"""Commits that are read for them, so that it takes the same time in any repository."""
LONGEST = 20_000
"""Characters of a message that are looked at: half from its beginning, half from its end."""

_FIELDS = ("%H", "%P", "%aN", "%aE", "%cN", "%cE", "%B")

Identity = tuple[str, str]
"""Name and address, through .mailmap."""


class SampledCommit(Struct, frozen=True, gc=False):
    """One commit, as far as conventions and robots show in it."""

    id: str
    parents: tuple[str, ...]
    author: Identity
    committer: Identity
    message: str

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1

    @property
    def subject(self) -> str:
        return self.message.lstrip().partition("\n")[0]


class SampledLanding(Struct, frozen=True, gc=False):
    """A landing, and what it brought in (`M^1..M`)."""

    commit: SampledCommit
    brought: tuple[SampledCommit, ...]


def read_sample(git: Git, tip: str) -> tuple[SampledLanding, ...]:
    """Return the newest landings up to the commit `tip`, the newest first, from one `git log`.

    Commits are read by date until there are MOST_COMMITS, so there may be fewer landings than MOST_LANDINGS,
    and the oldest may lack something of what they brought in. Raises SourceError.
    """
    commits = {commit.id: commit for commit in _log(git, tip)}
    chain, sha = [], tip
    while commit := commits.get(sha):
        chain.append(commit)
        sha = commit.parents[0] if commit.parents else ""
    claimed = {commit.id for commit in chain}
    landings = []
    # a commit belongs to the first landing that has it
    for commit in reversed(chain):
        brought = tuple(_brought_in(commits, commit.parents[1:], claimed))
        landings.append(SampledLanding(commit, brought))
    return tuple(reversed(landings[-MOST_LANDINGS:]))


def _log(git: Git, tip: str) -> Iterable[SampledCommit]:
    mailmap, _ = mailmap_at(git, tip)
    output = git.out(
        *("-c", "i18n.logOutputEncoding=UTF-8", "-c", "mailmap.file=", "-c", f"mailmap.blob={mailmap}"),
        *("log", "-z", f"-n{MOST_COMMITS}", "--no-show-signature", "--no-color", "--no-notes"),
        *(f"--format={'%x00'.join(_FIELDS)}", "--end-of-options", tip),
    )
    parts = iter(output.decode("utf-8", "replace").split("\0"))
    for sha, parents, author, address, committer, mail, message in zip(*[parts] * len(_FIELDS), strict=False):
        if len(message) > LONGEST:
            message = f"{message[: LONGEST // 2]}\n{message[-LONGEST // 2 :]}"
        yield SampledCommit(sha, tuple(parents.split()), (author, address), (committer, mail), message)


def _brought_in(
    commits: dict[str, SampledCommit], tips: Iterable[str], claimed: set[str]
) -> Iterable[SampledCommit]:
    todo = list(tips)
    while todo:
        sha = todo.pop()
        if sha in commits and sha not in claimed:
            claimed.add(sha)
            yield commits[sha]
            todo.extend(commits[sha].parents)
