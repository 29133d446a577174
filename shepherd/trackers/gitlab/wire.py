"""What GitLab answers, as far as it is read."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shepherd.trackers.forge.items import Request


class GitLabLabelled(Struct, frozen=True):
    """A merge request or an issue, as far as it is read: not its title, which may be confidential."""

    iid: int
    labels: tuple[str, ...]


class GitLabMerge(GitLabLabelled, frozen=True):
    """A merge request, with the commits that may have landed by it."""

    state: str
    target_branch: str
    sha: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None

    @property
    def landed(self) -> frozenset[str]:
        return frozenset(self.request.commits)

    @property
    def request(self) -> Request:
        commits = (self.merge_commit_sha, self.squash_commit_sha, self.sha)
        merged = self.state == "merged"
        return Request(self.iid, self.labels, merged, self.target_branch, tuple(filter(None, commits)))


class GitLabLabelName(Struct, frozen=True):
    name: str


class GitLabDeployment(Struct, frozen=True):
    sha: str
    created_at: datetime


class GitLabUser(Struct, frozen=True):
    username: str
