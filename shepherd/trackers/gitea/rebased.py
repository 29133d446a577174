"""The commits that a pull request brought by a rebase: Gitea names the last one alone. The others lie below
it on the branch, with the authors, times and messages that they have in the request."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from shepherd.trackers.forge.items import UnreadablePart
from shepherd.trackers.gitea.answers import GiteaCommit, GiteaPull
from shepherd.trackers.gitea.rest import GiteaRest
from shepherd.trackers.http import RequestError

_FILES = {"verification": "false", "files": "false"}


def first_parents(history: Mapping[str, GiteaCommit]) -> list[GiteaCommit]:
    """From the tip, which comes first, down to the first commit that `history` does not have."""
    line = []
    sha = next(iter(history), "")
    while commit := history.get(sha):
        line.append(commit)
        sha = commit.parents[0].sha if commit.parents else ""
    return line


def rebased(
    rest: GiteaRest,
    line: Sequence[GiteaCommit],
    merged: Mapping[str, GiteaPull],
    wanted: Collection[str],
) -> Iterator[tuple[str, GiteaPull | UnreadablePart]]:
    """Yield those of the commits that are wanted which a request brought below its last one, or may have,
    since its commits cannot be read.

    Args:
        line: of the branch, its tip first.
        merged: by their last commit.
    """
    pull: GiteaPull | None = None
    last: GiteaCommit | None = None
    theirs: list[GiteaCommit] | UnreadablePart | None = None
    for commit in line:
        if commit.sha in merged or len(commit.parents) > 1:
            # all that a merge brought is in this one
            pull = merged.get(commit.sha) if len(commit.parents) < 2 else None
            last, theirs = commit, None
        elif pull and last and commit.sha in wanted:
            theirs = _commits_of(rest, pull) if theirs is None else theirs
            if isinstance(theirs, UnreadablePart):
                yield commit.sha, theirs
            elif _is_rebased(last, theirs) and any(_is_same(commit, each) for each in theirs):
                yield commit.sha, pull
            else:
                pull = None


def _commits_of(rest: GiteaRest, pull: GiteaPull) -> list[GiteaCommit] | UnreadablePart:
    try:
        lists = rest.pages(f"/pulls/{pull.number}/commits", _FILES, GiteaCommit)
        return [commit for page in lists for commit in page]
    except RequestError as error:
        why = "Gitea does not have them" if error.status == 404 else rest.alone(error)
        return UnreadablePart(f"the commits of request #{pull.number} cannot be read: {why}")


def _is_same(one: GiteaCommit, other: GiteaCommit) -> bool:
    ours, theirs = one.commit, other.commit
    return (ours.author, ours.message.strip()) == (theirs.author, theirs.message.strip())


def _is_rebased(last: GiteaCommit, theirs: Sequence[GiteaCommit]) -> bool:
    """Whether it is one of theirs: what squashes has an author's time of its own. The message may have come
    from the project's template (REBASE_TEMPLATE.md)."""
    return any(last.commit.author == each.commit.author for each in theirs)
