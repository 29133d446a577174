"""The commits that a pull request brought by a rebase: Gitea names the last one alone. The others lie below
it on the branch, with the authors, times and messages that they have in the request."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from shepherd.trackers.gitea.answers import GiteaCommit, GiteaPull
from shepherd.trackers.gitea.rest import GiteaRest
from shepherd.trackers.http import RequestError

_FILES = {"verification": "false", "files": "false"}


def rebased(
    rest: GiteaRest,
    history: Mapping[str, GiteaCommit],
    merged: Mapping[str, GiteaPull],
    wanted: Collection[str],
) -> Iterator[tuple[str, GiteaPull]]:
    """Yield those of the commits that are wanted which a request brought below its last one.

    Args:
        history: of the branch, its tip first.
        merged: by their last commit.
    """
    pull: GiteaPull | None = None
    theirs: list[GiteaCommit] | None = None
    sha = next(iter(history), "")
    while commit := history.get(sha):
        if sha in merged or len(commit.parents) > 1:
            pull, theirs = merged.get(sha), None
            if len(commit.parents) > 1 or (pull and _is_squashed(commit, pull)):
                # all that it brought is in this one
                pull = None
        elif pull and sha in wanted:
            theirs = _commits_of(rest, pull) if theirs is None else theirs
            if any(_is_same(commit, each) for each in theirs):
                yield sha, pull
            else:
                pull = None
        sha = commit.parents[0].sha if commit.parents else ""


def _commits_of(rest: GiteaRest, pull: GiteaPull) -> list[GiteaCommit]:
    try:
        lists = rest.pages(f"/pulls/{pull.number}/commits", _FILES, GiteaCommit)
        return [commit for page in lists for commit in page]
    except RequestError as error:
        # its branch may be gone: it is not known to be theirs
        if error.status != 404:
            rest.alone(error)
        return []


def _is_same(one: GiteaCommit, other: GiteaCommit) -> bool:
    ours, theirs = one.commit, other.commit
    return (ours.author, ours.message.strip()) == (theirs.author, theirs.message.strip())


def _is_squashed(commit: GiteaCommit, pull: GiteaPull) -> bool:
    """Whether its message is the one that Gitea proposes for a squash commit."""
    named = rf"\A.*\([#!]{pull.number}\)\s*$|^Reviewed-on: \S+/pulls/{pull.number}\s*$"
    return re.search(named, commit.commit.message, re.MULTILINE) is not None
