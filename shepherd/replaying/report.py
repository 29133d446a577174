"""What came of judging again, for one branch: what `inv replay` prints, as text and as JSON
(docs/replay.md#json)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from shepherd.replaying.folds import Folds, JudgedAt
from shepherd.replaying.supposed_answers import SupposedAnswers

Compared = Literal["file", "repeated", "sum"]
"""What an answer was compared with: `file`: the snapshot that its run kept; `repeated`: the one kept before,
with this one's times, since it said the same; `sum`: the hash of a snapshot that is not there any more."""


class BranchReplay(Struct):
    """One branch."""

    branch: str
    folds: Folds
    runs: int = 0
    answers: int = 0
    same: int = 0
    compared: dict[Compared, int] = field(default_factory=lambda: {"file": 0, "repeated": 0, "sum": 0})
    """How many answers were compared with what."""
    unjudged: int = 0
    """Answers that could not be judged again."""
    lost: tuple[str, ...] = ()
    """Runs whose inputs are damaged, or build on damaged ones, as far as their ids can be read."""
    earlier: int = 0
    """Snapshots that are kept from before the first input, where all that is kept was asked for."""
    by_rules: int = 0
    """With other settings: how many of the answers differ already by the rules of today."""
    first: JudgedAt | None = None
    last: JudgedAt | None = None
    codes: tuple[str, ...] = ()
    """The shepherds that gave the answers that differ, in the order in which they were met."""
    code_now: str = ""
    problems: list[str] = field(default_factory=list)
    """What could not be judged again, a sentence each."""
    altered: tuple[str, ...] = ()
    """Snapshots that were changed after they were written, a sentence each."""
    warnings: list[str] = field(default_factory=list)
    """Snapshots that cannot be read, a sentence each; their answers were judged all the same."""
    differ: list[JudgedAt] = field(default_factory=list)
    places: Mapping[str, str] = {}
    """Rule -> where it is stated: `docs/rules.md#verdicts`."""
    supposed: SupposedAnswers | None = None
    """With `--with-settings`: what would have been answered."""
    changed: tuple[str, ...] = ()
    """The settings that differ from the recorded ones: `orphans: block → pass`."""
    unknown: tuple[str, ...] = ()
    """What of the settings cannot show its effect, a sentence each."""
    without_effect: tuple[str, ...] = ()
    """Settings that differ from those of today, and that no answer hangs on: `branches.stable.freeze`."""

    def count(self, judged: JudgedAt, same: bool, compared: Compared | None) -> None:
        """Take an answer that was judged again.

        Args:
            compared: None: with what other settings would have answered.
        """
        if self.last is None or self.last.run_id != judged.run_id:
            self.runs += 1
        self.first, self.last = self.first or judged, judged
        self.answers += 1
        self.same += same
        if compared is not None:
            self.compared[compared] += 1
        if not same:
            self.differ.append(judged)

    def met(self, code: str) -> None:
        """A shepherd that gave an answer that differs."""
        if code not in self.codes:
            self.codes += (code,)
