"""What checks found, read from the one source that a branch has: git notes where the settings name a ref for
them, else the tracker (docs/rules.md#checks)."""

from __future__ import annotations

from collections.abc import Sequence

from shepherd.check_results import as_kept
from shepherd.conditions import CommitChecks
from shepherd.errors import SourceError, TrackerError
from shepherd.git.check_notes import CheckNotes
from shepherd.git.mirror import open_source
from shepherd.git.notes import missing_notes
from shepherd.people import matches
from shepherd.settings import Settings
from shepherd.trackers.checks import CheckSource, open_checks


class CheckReader:
    """Asks the source of one branch.

    Attributes:
        source: what it is, for people: the notes ref, or the type of the tracker.
        problem: why the source as a whole could not be read; empty: it could. After that it is not asked.
        warnings: what else somebody has to know.
        asked: how many commits it was asked for.
    """

    def __init__(self, settings: Settings, branch: str) -> None:
        """Raises SettingsError: the tracker cannot be asked with what the settings say."""
        config = settings.branches[branch]
        self._tracker_key = settings.for_branch(branch).tracker_key
        self._patterns = config.checks
        self._source: CheckSource | None = None
        self.source = config.check_notes or settings.tracker_of(branch).type
        self.problem = ""
        self.warnings: list[str] = []
        self.asked = 0
        if not config.check_notes:
            self._source = open_checks(settings.for_branch(branch), branch)
            return
        try:
            self._open_notes(settings, branch)
        except SourceError as error:
            self.problem = str(error)

    @property
    def requests(self) -> int:
        """How many requests over the network were made so far."""
        return self._source.requests if self._source is not None else 0

    def results(self, commits: Sequence[str]) -> dict[str, CommitChecks]:
        """What is known of each commit, by the names that count."""
        return {
            sha: CommitChecks(
                tuple(each for each in checks.results if matches(self._patterns, each.name)),
                checks.unreadable,
            )
            for sha, checks in self.all_results(commits).items()
        }

    def all_results(self, commits: Sequence[str]) -> dict[str, CommitChecks]:
        """What is known of each commit, by whatever names the tracker has; notes have those that count."""
        self.asked += len(commits)
        answers: dict[str, CommitChecks] = {}
        if self._source is None and not self.problem:
            return dict.fromkeys(commits, CommitChecks())
        if self._source is not None and not self.problem:
            try:
                # one by one: what was said before it broke off stands
                for sha, checks in self._source.checks_of(commits):
                    answers[sha] = as_kept(checks)
            except (TrackerError, SourceError) as error:
                if isinstance(error, TrackerError):
                    error.table = self._tracker_key
                self.problem = str(error)
        unread = CommitChecks(unreadable=self.problem or "nothing was said of it")
        return {sha: answers.get(sha, unread) for sha in commits}

    def _open_notes(self, settings: Settings, branch: str) -> None:
        config = settings.branches[branch]
        place = settings.place(config.repository)
        git = open_source(place, settings.state_path / "mirrors", fetch=False)
        tip = git.resolve_many([config.check_notes])[config.check_notes]
        if tip is None:
            self.warnings.append(f"{missing_notes(config.check_notes, 'check')}; inv doctor says what to do")
        else:
            self._source = CheckNotes(git, tip, config.checks)
