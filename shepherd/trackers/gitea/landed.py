"""Which pull requests brought some commits to a branch.

The lists of what was closed lately have most of them, by merge commit. A request was last changed when it was
merged or later, so a commit that is newer than everything not looked at yet came without one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from shepherd.trackers.forge.items import Request, UnreadablePart
from shepherd.trackers.gitea.answers import GiteaCommit, GiteaPull
from shepherd.trackers.gitea.rebased import first_parents, rebased
from shepherd.trackers.gitea.rest import MOST_PAGES, GiteaRest
from shepherd.trackers.http import RequestError

_SLACK = timedelta(days=1)
"""By which a committer's clock may be ahead of the server's."""
_BARE = {"stat": "false", "verification": "false", "files": "false"}
"""What costs the server most of a commit is left out."""
_EVERYTHING = datetime.min.replace(tzinfo=UTC)

Brought = tuple[str, Sequence[Request] | UnreadablePart]


class PullSearch:
    """See ForgeService.requests_of."""

    def __init__(self, rest: GiteaRest, commits: Collection[str], base: str) -> None:
        self._rest = rest
        self._base = base
        self._wanted = set(commits)
        self._elsewhere: dict[str, list[Request]] = {}
        """Requests that were merged into other branches by commits that are wanted."""
        self._merged: dict[str, GiteaPull] = {}
        """By merge commit, all that stood in lists."""
        self._seen_to: datetime | None = None
        """All requests that were changed later have been looked at."""

    def requests(self) -> Iterator[Brought]:
        closed = {"state": "closed", "sort": "recentupdate"}
        lists = self._rest.pages("/pulls", closed, GiteaPull)
        yield from self._listed(lists, 1, None)
        if not self._wanted:
            return
        history = self._history()
        landed = _landed_by(history, self._rest.session.now)
        known = {sha: landed[sha] for sha in self._wanted & landed.keys()}
        if asked := known.keys() - self._elsewhere.keys():
            yield from self._listed(lists, len(asked), min(known[sha] for sha in asked) - _SLACK)
        line = first_parents(history)
        yield from self._others(line)
        for sha in sorted(self._open(known)):
            yield from self._alone(sha, known)
        if left := self._open(known) & known.keys():
            # each is the last commit of none, but perhaps a lower one
            yield from self._listed(lists, MOST_PAGES, min(known[sha] for sha in left) - _SLACK)
            yield from self._others(line)
        passed = {commit.sha for commit in line}
        for sha in sorted(self._wanted):
            lost = history and sha not in passed
            yield sha, UnreadablePart(f"it is not where {self._base} was looked at") if lost else []

    def _open(self, known: Mapping[str, datetime]) -> set[str]:
        """Those that a request may have brought which was not looked at."""
        to = self._seen_to
        return {sha for sha in self._wanted if not (sha in known and to and to < known[sha] - _SLACK)}

    def _others(self, line: Sequence[GiteaCommit]) -> Iterator[Brought]:
        """Those merged into other branches, and the lower commits of a rebase."""
        for sha in self._wanted & self._elsewhere.keys():
            self._wanted.discard(sha)
            yield sha, self._elsewhere[sha]
        for sha, found in rebased(self._rest, line, self._merged, self._wanted):
            self._wanted.discard(sha)
            yield sha, [found.request] if isinstance(found, GiteaPull) else found

    def _listed(
        self, lists: Iterator[list[GiteaPull]], in_vain: int, since: datetime | None
    ) -> Iterator[Brought]:
        """Those in a list, the last changed first, until there is no use in going on.

        Args:
            in_vain: so many pages may hold none.
            since: what was not changed later is not wanted.
        """
        vain = 0
        while self._wanted and vain < in_vain and not (since and self._seen_to and self._seen_to < since):
            page = next(lists, None)
            if page is None:
                self._seen_to = _EVERYTHING
                return
            merged = [pull for pull in page if pull.merged and pull.merge_commit_sha]
            self._merged |= {pull.merge_commit_sha or "": pull for pull in merged}
            brought = [pull for pull in merged if pull.merge_commit_sha in self._wanted]
            vain += not brought
            ours: dict[str, list[Request]] = {}
            for pull in brought:
                of = ours if pull.base.ref == self._base else self._elsewhere
                of.setdefault(pull.merge_commit_sha or "", []).append(pull.request)
            for sha, requests in ours.items():
                self._wanted.discard(sha)
                yield sha, requests
            if page:
                self._seen_to = page[-1].updated_at

    def _history(self) -> dict[str, GiteaCommit]:
        """The branch's commits as it has them there, the newest first, as far down as they are wanted."""
        history: dict[str, GiteaCommit] = {}
        left, vain = set(self._wanted), 0
        oldest: datetime | None = None
        try:
            for page in self._rest.pages("/commits", {"sha": self._base, **_BARE}, GiteaCommit):
                history |= {each.sha: each for each in page}
                vain += left.isdisjoint(history)
                left -= history.keys()
                if vain >= len(left) and oldest is None:
                    oldest = self._oldest(left)
                if not left or (oldest and all(each.created < oldest - _SLACK for each in page)):
                    break
        except RequestError as error:
            # there is no such branch, or nothing at all: each is asked for by itself
            if error.status not in (404, 409):
                self._rest.alone(error)
        return history

    def _oldest(self, left: set[str]) -> datetime | None:
        """When the first of them was made; those that Gitea does not have are taken out."""
        made = {}
        for sha in sorted(left):
            try:
                made[sha] = self._rest.get_if_there(f"/git/commits/{sha}", GiteaCommit, _BARE)
            except RequestError as error:
                self._rest.alone(error)
        left &= {sha for sha, commit in made.items() if commit}
        self._wanted -= {sha for sha, commit in made.items() if commit is None}
        return min((commit.created for commit in made.values() if commit), default=None)

    def _alone(self, sha: str, known: Collection[str]) -> Iterator[Brought]:
        """One that no list has; Gitea answers in the same way for a commit that it does not have."""
        try:
            if pull := self._rest.get_if_there(f"/commits/{sha}/pull", GiteaPull):
                self._merged[sha] = pull
                self._wanted.discard(sha)
                yield sha, [pull.request]
            elif sha not in known and not self._rest.get_if_there(f"/git/commits/{sha}", GiteaCommit, _BARE):
                self._wanted.discard(sha)
        except RequestError as error:
            self._wanted.discard(sha)
            yield sha, UnreadablePart(str(self._rest.alone(error)))


def _landed_by(history: Mapping[str, GiteaCommit], now: datetime | None) -> dict[str, datetime]:
    """Until when each commit had landed: a committer's clock may be wrong, but it landed before what is above
    it.

    Args:
        history: the newest first.
        now: by the server's clock.
    """
    latest = now or datetime.now(UTC)
    return {sha: (latest := min(latest, commit.created)) for sha, commit in history.items()}
