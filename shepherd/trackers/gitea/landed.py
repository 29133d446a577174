"""Which pull requests brought some commits to a branch.

The lists of what was closed lately have most of them, by merge commit. A request was last changed when it was
merged or later, so a commit that is newer than everything not looked at yet came without one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from shepherd.trackers.forge.items import Request, UnreadablePart
from shepherd.trackers.gitea.answers import GiteaCommit, GiteaPull
from shepherd.trackers.gitea.rebased import rebased
from shepherd.trackers.gitea.rest import GiteaRest
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
        known = _landed_by(history, self._rest.session.now)
        known = {sha: known[sha] for sha in self._wanted & known.keys()}
        if asked := known.keys() - self._elsewhere.keys():
            since = min(known[sha] for sha in asked) - _SLACK
            yield from self._listed(lists, len(asked), since)
        for sha in self._wanted & self._elsewhere.keys():
            self._wanted.discard(sha)
            yield sha, self._elsewhere[sha]
        for sha, pull in rebased(self._rest, history, self._merged, self._wanted):
            self._wanted.discard(sha)
            yield sha, [pull.request]
        for sha in sorted(self._wanted):
            if sha in known and self._seen_to and self._seen_to < known[sha] - _SLACK:
                yield sha, []
            else:
                yield from self._alone(sha, known)

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
            self._merged |= {pull.merge_commit_sha: pull for pull in page if pull.merge_commit_sha}
            brought = [pull for pull in page if pull.merged and pull.merge_commit_sha in self._wanted]
            vain += not brought
            for pull in brought:
                sha = pull.merge_commit_sha or ""
                if pull.base.ref != self._base:
                    self._elsewhere.setdefault(sha, []).append(pull.request)
                elif sha in self._wanted:
                    self._wanted.discard(sha)
                    yield sha, [pull.request]
            if page:
                self._seen_to = page[-1].updated_at

    def _history(self) -> dict[str, GiteaCommit]:
        """The branch's commits as it has them there, the newest first, as far down as they are wanted."""
        history: dict[str, GiteaCommit] = {}
        left, vain = set(self._wanted), 0
        try:
            for page in self._rest.pages("/commits", {"sha": self._base, **_BARE}, GiteaCommit):
                history |= {each.sha: each for each in page}
                vain += left.isdisjoint(history)
                left -= history.keys()
                if vain >= len(left):
                    break
        except RequestError as error:
            # there is no such branch, or nothing at all: each is asked for by itself
            if error.status not in (404, 409):
                self._rest.alone(error)
        return history

    def _alone(self, sha: str, known: Collection[str]) -> Iterator[Brought]:
        """One that no list has; Gitea answers in the same way for a commit that it does not have."""
        try:
            if pull := self._rest.get_if_there(f"/commits/{sha}/pull", GiteaPull):
                yield sha, [pull.request]
                return
            there = (
                None if sha in known else self._rest.get_if_there(f"/git/commits/{sha}", GiteaCommit, _BARE)
            )
            if sha in known or there:
                yield sha, []
        except RequestError as error:
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
