"""Trackers: the tags of bugs and the labels of requests, read for many at once
(docs/rules.md#what-people-say).

One small protocol; each tracker is a module or package of its own, imported when the settings ask for it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from shepherd.errors import SettingsError
from shepherd.settings import Settings
from shepherd.trackers.claims import NO_CLAIMS, Claims
from shepherd.trackers.writing import Writer
from shepherd.words import Item, TrackerData


class Tracker(Protocol):
    """Where a team keeps its bugs and requests."""

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        """Return what each of `items` says now, and any other bug that has `bad-commit-N` for N in `revnos`
        (docs/rules.md#answer).

        An item that cannot be read has `unreadable` set and no words. Raises TrackerError if the tracker as a
        whole cannot be read: then nothing is known of any item.

        Args:
            memory: that of the last reading which succeeded. Without it, or with one that does not fit, more
                has to be asked for, and the answer is the same.
        """

    def probe(self) -> str:
        """Ask as little as shows whether it can be read. Returns what it is, in a few words.

        Raises:
            TrackerError: it cannot.
        """


def open_tracker(settings: Settings, *, claims: Claims = NO_CLAIMS) -> Tracker:
    """The tracker that the settings name; nothing is read yet. Raises SettingsError if its extra is not
    installed.

    Args:
        settings: as one branch has them (Settings.for_branch).
        claims: landings for which a forge is asked which requests brought them.
    """
    kind = settings.tracker.type
    _check_extra(settings)
    if kind == "none":
        from shepherd.trackers.none import NoTracker

        return NoTracker()
    if kind == "file":
        from shepherd.trackers.file import FileTracker
        from shepherd.trackers.words import Vocabulary

        return FileTracker(settings.tracker_path, Vocabulary.of(settings))
    if kind == "launchpad":
        from shepherd.trackers.launchpad.reading import LaunchpadTracker

        return LaunchpadTracker(settings)
    if kind == "github":
        from shepherd.trackers.github.reading import GitHubTracker

        return GitHubTracker(settings, claims)
    if kind == "gitlab":
        from shepherd.trackers.gitlab.reading import GitLabTracker

        return GitLabTracker(settings, claims)
    if kind == "gitea":
        from shepherd.trackers.gitea.reading import GiteaTracker

        return GiteaTracker(settings, claims)
    if kind == "jira":
        from shepherd.trackers.jira.reading import JiraTracker

        return JiraTracker(settings)
    if kind == "redmine":
        from shepherd.trackers.redmine.reading import RedmineTracker

        return RedmineTracker(settings)
    raise SettingsError(f'{settings.file}: tracker.type: "{kind}" is not known')


def open_writer(settings: Settings) -> Writer:
    """The same tracker, for the tagger to write to. Raises SettingsError if it cannot be written to."""
    kind = settings.tracker.type
    _check_extra(settings)
    if kind == "file":
        from shepherd.trackers.file_writing import FileWriter
        from shepherd.trackers.words import Vocabulary

        return FileWriter(settings.tracker_path, Vocabulary.of(settings))
    if kind == "launchpad":
        from shepherd.trackers.launchpad.writing import LaunchpadWriter

        return LaunchpadWriter(settings)
    if kind == "github":
        from shepherd.trackers.github import writing as github

        return github.open_writer(settings)
    if kind == "gitlab":
        from shepherd.trackers.gitlab import writing as gitlab

        return gitlab.open_writer(settings)
    if kind == "gitea":
        from shepherd.trackers.gitea import writing as gitea

        return gitea.open_writer(settings)
    if kind == "jira":
        from shepherd.trackers.jira.writing import JiraWriter

        return JiraWriter(settings)
    if kind == "redmine":
        from shepherd.trackers.redmine.writing import RedmineWriter

        return RedmineWriter(settings)
    raise SettingsError(f'{settings.file}: tracker.type: nothing can be written to "{kind}"')


def _check_extra(settings: Settings) -> None:
    """Raises SettingsError if the extra of a tracker on the network is not installed."""
    from importlib.util import find_spec

    from shepherd.extras import how_to_install

    kind = settings.tracker.type
    if kind not in ("none", "file") and find_spec("urllib3") is None:
        raise SettingsError(
            f'{settings.file}: {settings.tracker_key}.type "{kind}" needs urllib3, which is not installed:'
            f" {how_to_install(kind)}"
        )
