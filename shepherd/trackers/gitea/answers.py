"""What is read of Gitea's answers; each field is in the definition of the same name of its description
(templates/swagger/v1_json.tmpl), which Forgejo shares."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shepherd.trackers.forge.items import Labels, Request


class GiteaLabel(Struct, frozen=True):
    """Of "Label". Two of a project may have one name, and a project has those of its organization too."""

    id: int
    name: str


class GiteaIssue(Struct, frozen=True):
    """Of "Issue", and what "PullRequest" has in common with it: not the title, which may be confidential."""

    number: int
    labels: tuple[GiteaLabel, ...]
    is_locked: bool

    @property
    def names(self) -> Labels:
        return tuple(label.name for label in self.labels)


class _Branch(Struct, frozen=True):
    """Of "PRBranchInfo"."""

    ref: str


class GiteaPull(GiteaIssue, frozen=True, kw_only=True):
    """Of "PullRequest". `head.sha` is no evidence: it moves on with a branch that is kept."""

    merged: bool
    base: _Branch
    updated_at: datetime
    merge_commit_sha: str | None = None
    """What it became on its base: the merge or squash commit, or the last one of a rebase."""

    @property
    def request(self) -> Request:
        commits = (self.merge_commit_sha,) if self.merged and self.merge_commit_sha else ()
        return Request(self.number, self.names, self.merged, self.base.ref, commits)


class _Parent(Struct, frozen=True):
    """Of "CommitMeta"."""

    sha: str


class _Author(Struct, frozen=True):
    """Of "CommitUser"."""

    email: str
    date: datetime


class _Written(Struct, frozen=True):
    """Of "RepoCommit"."""

    author: _Author
    message: str


class GiteaCommit(Struct, frozen=True):
    """Of "Commit"."""

    sha: str
    created: datetime
    """By its committer's clock."""
    parents: tuple[_Parent, ...]
    commit: _Written
    """What a rebase leaves as it is."""


class GiteaComment(Struct, frozen=True):
    """Of "Comment"."""

    body: str


class GiteaBranch(Struct, frozen=True):
    """Of "Branch": what its protection asks of pull requests."""

    enable_status_check: bool
    status_check_contexts: tuple[str, ...] | None = None


class GiteaUser(Struct, frozen=True):
    """Of "User"."""

    login: str
