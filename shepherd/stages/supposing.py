"""Earlier answers made by other settings, and which would have been others
(docs/replay.md#with-other-settings)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from shepherd.replaying.differences import differences, said_in
from shepherd.replaying.folds import JudgedAt
from shepherd.replaying.report import BranchReplay
from shepherd.replaying.supposed_answers import SupposedAnswers
from shepherd.settings import Settings
from shepherd.stages.judge_input import SnapshotMaker
from shepherd.stages.kept_inputs import KeptInput, document_sum
from shepherd.stages.supposed_settings import (
    mails_not_known,
    not_known,
    read_earlier,
    supposed_input,
    without_effect,
)
from shepherd.values import count


class Supposing:
    """Judges the answers of one branch twice, by the settings that were recorded and by others."""

    def __init__(self, settings: Settings, others: Settings, report: BranchReplay) -> None:
        self._others = others
        self._report = report
        self._as_it_was, self._as_supposed = SnapshotMaker(), SnapshotMaker()
        self._answers = report.supposed = SupposedAnswers(ZoneInfo(settings.timezone))
        report.without_effect = tuple(without_effect(settings, others, report.branch))
        self._changed: dict[str, dict[str, None]] = {}
        self._unknown = dict.fromkeys(map(not_known, read_earlier(settings, others, report.branch)))

    def take(self, kept: KeptInput) -> None:
        """Judge one answer by both."""
        supposed = supposed_input(kept.given, self._others, self._report.branch)
        try:
            was = self._as_it_was.snapshot_of(kept.given)
            would_be = self._as_supposed.snapshot_of(supposed.given)
        except Exception as error:  # whatever stands in a file
            why = f"{type(error).__name__}: {error}"[:200]
            self._report.problems.append(f"{kept.run_id} cannot be judged again: {why}")
            self._report.unjudged += 1
            return
        for key, change in supposed.changed.items():
            self._changed.setdefault(key, {})[change] = None
        self._unknown |= dict.fromkeys(supposed.unknown)
        if mails_not_known(supposed.given, would_be):
            self._unknown["mail.list: when it would have been told of landings that did not block then"] = (
                None
            )
        at = JudgedAt(kept.run_id, kept.at)
        found = tuple(differences(said_in(was), would_be))
        self._report.count(at, not found, None)
        self._report.folds.add(at, found)
        self._report.by_rules += document_sum(was) != kept.sum
        self._answers.add(kept.at, was, would_be)

    def done(self) -> None:
        """Say what the settings changed, and what is not known."""
        self._report.changed = tuple(
            f"{key}: {change}" for key, changes in self._changed.items() for change in changes
        )
        if self._answers.unasked:
            number, newest = len(self._answers.unasked), max(self._answers.unasked)
            self._unknown[
                f"checks: {count(number, 'revision')} would have been asked for, and nobody did (the newest: "
                f"r{newest}); they count as not deployable"
            ] = None
        self._report.unknown = tuple(self._unknown)
