"""Where checks of commits are read (docs/rules.md#checks): the same forge or file that holds the requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from shepherd.conditions import CommitChecks
from shepherd.settings import Settings


class CheckSource(Protocol):
    """Something that knows the results of checks."""

    @property
    def requests(self) -> int:
        """How many requests over the network were made so far."""

    def checks_of(self, commits: Sequence[str]) -> Iterator[tuple[str, CommitChecks]]:
        """What is known of each commit, in any order and as soon as it is known. One that could not be read
        has `unreadable` set; one that has no results, or that the source does not know, has none.

        Raises TrackerError if the source as a whole cannot be read; what was yielded before stands.
        """


def open_checks(settings: Settings, branch: str) -> CheckSource | None:
    """The source that the tracker of the settings is; None: it has no checks."""
    if settings.tracker.type == "file":
        from shepherd.trackers.file_checks import FileChecks

        return FileChecks(settings.tracker_path)
    if settings.tracker.type == "github":
        from shepherd.trackers.github.checks import GitHubChecks

        return GitHubChecks(settings, settings.branches[branch])
    if settings.tracker.type == "gitlab":
        from shepherd.trackers.gitlab.checks import GitLabChecks

        return GitLabChecks(settings, settings.branches[branch])
    if settings.tracker.type == "gitea":
        from shepherd.trackers.gitea.checks import GiteaChecks

        return GiteaChecks(settings)
    return None
