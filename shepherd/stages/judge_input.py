"""Everything that an answer is made of, as one value: from it the same snapshot follows again, byte for byte
(docs/replay.md).

`judge` gathers it, makes its snapshot by it, and keeps it; `replay` makes the snapshot again. Neither looks
at anything else: no git, no tracker, no journal, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from shepherd.conditions import NO_CONDITIONS, Conditions
from shepherd.landing import Reading
from shepherd.plans.days import Days
from shepherd.plans.mails import BlockerHistory, announced
from shepherd.rules import Judgement, judge
from shepherd.settings import Settings
from shepherd.snapshot import JournalPlace, Snapshot
from shepherd.stages.blockers import histories_of
from shepherd.stages.compose import compose, without_answer
from shepherd.stages.snapshot_context import SnapshotContext
from shepherd.store import Journal
from shepherd.words import Options, RecordedEvidence, TrackerData

_NOTHING_RECORDED = RecordedEvidence(0)
_NOTHING_SAID = TrackerData({})


class Announcement(Struct, frozen=True):
    """What decides on which day the list is told of a blocker (docs/mails.md)."""

    list: bool
    """Whether there is a list."""
    grace_days: int
    timezone: str
    at: str
    weekend: bool
    histories: Mapping[str, BlockerHistory]
    """SHA -> what the journal knew of a blocker, without addresses."""


class JudgeInput(Struct, frozen=True):
    """What one branch was judged by in one run."""

    code: str
    """The shepherd that judged: its version, release and commit."""
    context: SnapshotContext
    problem: str = ""
    """Why there is no answer; then nothing below but `reading` and `journal` counts."""
    reading: Reading | None = None
    tracker: TrackerData = _NOTHING_SAID
    recorded: RecordedEvidence = _NOTHING_RECORDED
    options: Options = Options()
    scope: tuple[int, ...] = ()
    """Revnos of the landings whose items were read, ascending."""
    conditions: Conditions = NO_CONDITIONS
    """With what was known of checks."""
    announcement: Announcement | None = None
    """None: nobody is told by mail."""
    journal: JournalPlace | UnsetType | None = UNSET
    """What the snapshot names of the journal behind it."""


def judgement_of(given: JudgeInput) -> Judgement:
    """What the rules say of it. It must have an answer."""
    assert given.reading is not None
    return judge(
        given.reading, given.tracker, given.recorded, given.options, set(given.scope), given.conditions
    )


def snapshot_of(given: JudgeInput, judgement: Judgement | None = None) -> Snapshot:
    """The snapshot that follows: pure.

    Args:
        judgement: what the rules say of it, where that is known already.
    """
    if given.problem:
        snapshot = without_answer(given.context, given.problem, given.reading)
    else:
        judgement = judgement or judgement_of(given)
        snapshot = announced_in(compose(judgement, given.tracker, given.context), given)
    return replace(snapshot, journal=given.journal)


class SnapshotMaker:
    """Makes snapshots of inputs that follow each other. The rules are mostly asked what they were asked the
    time before: then they say the same."""

    def __init__(self) -> None:
        self._asked: JudgeInput | None = None
        self._judgement: Judgement | None = None

    def snapshot_of(self, given: JudgeInput) -> Snapshot:
        """The snapshot that follows."""
        if given.problem:
            return snapshot_of(given)
        if self._asked is None or _question(given) != _question(self._asked):
            self._judgement = judgement_of(given)
            self._asked = given
        return snapshot_of(given, self._judgement)


def _question(given: JudgeInput) -> tuple[object, ...]:
    """All that the rules are asked."""
    return given.reading, given.tracker, given.recorded, given.options, given.scope, given.conditions


def announced_in(snapshot: Snapshot, given: JudgeInput) -> Snapshot:
    """The snapshot with what it says of the mails to come."""
    mails = given.announcement
    if mails is None or not mails.list or not snapshot.blockers:
        return snapshot
    days = Days(ZoneInfo(mails.timezone), time.fromisoformat(mails.at), mails.weekend)
    return announced(snapshot, mails.histories, days, mails.grace_days, given.context.now)


def announcement_of(journal: Journal, snapshot: Snapshot, settings: Settings) -> Announcement | None:
    """What the settings and the journal say of the mails about the blockers of a snapshot."""
    mail = settings.mail
    if mail is None or not snapshot.blockers:
        return None
    histories = histories_of(journal, snapshot, settings)
    return Announcement(bool(mail.list), mail.grace_days, settings.timezone, mail.at, mail.weekend, histories)
