"""All that says what checks found, asked together: the tracker, and git notes (docs/rules.md#checks)."""

from __future__ import annotations

from collections.abc import Sequence

from shepherd.check_words import merged
from shepherd.conditions import CommitChecks
from shepherd.errors import SourceError, TrackerError
from shepherd.git.check_notes import CheckNotes
from shepherd.git.mirror import open_source
from shepherd.git.notes import missing_notes
from shepherd.people import matches
from shepherd.settings import Settings
from shepherd.trackers.checks import CheckSource, open_checks


class CheckSources:
    """The sources of one branch. What one of them cannot say of a commit is not known of it at all, since
    that may be the failure.

    Attributes:
        names: what they are, for people.
        problem: why a source as a whole could not be read; empty: each could. After that none is asked.
        warnings: what else somebody has to know.
        asked: how many commits they were asked for.
    """

    def __init__(self, settings: Settings, branch: str) -> None:
        config = settings.branches[branch]
        self._patterns = config.checks
        self._sources: list[CheckSource] = []
        self.names: list[str] = []
        self.problem = ""
        self.warnings: list[str] = []
        self.asked = 0
        tracker = open_checks(settings, branch)
        if tracker is not None:
            self._sources.append(tracker)
            self.names.append(settings.tracker.type)
        if config.check_notes:
            self.names.append(config.check_notes)
            try:
                self._open_notes(settings, branch)
            except SourceError as error:
                self.problem = str(error)

    @property
    def requests(self) -> int:
        """How many requests over the network were made so far."""
        return sum(source.requests for source in self._sources)

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
        answers: list[dict[str, CommitChecks]] = [{} for _ in self._sources]
        if not self.problem:
            try:
                for source, answer in zip(self._sources, answers, strict=True):
                    # one by one: what was said before a source broke off stands
                    for sha, checks in source.checks_of(commits):
                        answer[sha] = checks
            except (TrackerError, SourceError) as error:
                self.problem = str(error)
        return {sha: self._together(sha, answers) for sha in commits}

    def _together(self, sha: str, answers: Sequence[dict[str, CommitChecks]]) -> CommitChecks:
        if not all(sha in answer for answer in answers) or (self.problem and not answers):
            return CommitChecks(unreadable=self.problem or "nothing was said of it")
        return merged(answer[sha] for answer in answers)

    def _open_notes(self, settings: Settings, branch: str) -> None:
        config = settings.branches[branch]
        place = settings.place(config.repository)
        git = open_source(place, settings.state_path / "mirrors", fetch=False)
        tip = git.resolve_many([config.check_notes])[config.check_notes]
        if tip is None:
            self.warnings.append(f"{missing_notes(config.check_notes, 'check')}; inv doctor says what to do")
        else:
            self._sources.append(CheckNotes(git, tip, config.checks))
