"""The situation: what is true now, read at the moment of asking, next to the snapshot
(docs/interfaces.md#snapshot)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from shepherd.words import Budget

STAGES = (
    *("find", "tag", "judge", "promote", "alarm", "report", "publish"),
    *("notify", "remind", "escalate", "backup", "archive"),
)
"""The stages of a run, in its order."""

ASKING_OTHERS = "asking the other hosts"
"""What has failed, as a stage of `Unread`, where the server of the database cannot be asked what other hosts
said (docs/running.md#two-hosts)."""

REPAIR = "inv upgrade --resume finishes it, inv upgrade --undo takes it back"
"""What to do about an upgrade that was killed."""

UpgradeState = Literal["", "at work", "killed"]
"""How it stands with the upgrade that set the switch; empty: only persons did."""


def switch_remedy(upgrade: UpgradeState, *, overdue: bool) -> str:
    """How the switch ends, where that has to be said; else nothing (docs/running.md#maintenance)."""
    if upgrade == "killed":
        return f"THE SWITCH STAYS ON: that upgrade was killed; {REPAIR}"
    if upgrade:
        how = "the upgrade takes its own switch away when it ends"
        return f"THIS IS OVERDUE: {how}; inv lock.status says what it does" if overdue else how
    return "THIS IS OVERDUE: end it with inv maintenance.off, or ask the person who set it" if overdue else ""


class Maintenance(Struct, frozen=True):
    """The switch is on (docs/running.md#maintenance). What could not be read is empty."""

    since: datetime | None = None
    who: str = ""
    why: str = ""
    until: datetime | None = None
    overdue: bool = False
    """Past `until`, or on for longer than `warn_after`: loud everywhere."""
    upgrade: UpgradeState = ""
    others: tuple[Maintenance, ...] = ()
    """Those who set it after the first."""


def is_overdue(switch: Maintenance, now: datetime | None) -> bool:
    """Whether the switch should be off by now."""
    return switch.overdue or (now is not None and switch.until is not None and now > switch.until)


class Freeze(Struct, frozen=True):
    """Nobody deploys (docs/running.md#freeze); the shepherd goes on working."""

    since: datetime | None = None
    """When it began, or begins."""
    until: datetime | None = None
    """When it ends by itself; None: when somebody ends it."""
    who: str = ""
    """Empty: a standing window of the settings."""
    why: str = ""
    overdue: bool = False
    """It has no end, and is on for longer than `freeze_warn_after`."""

    @property
    def standing(self) -> bool:
        """Whether it is a window of the settings, which nobody can take away by a command."""
        return not self.who


class Hang(Struct, frozen=True):
    """A run that has been going for too long and whose process lives (docs/running.md#one-copy-at-a-time)."""

    stage: str = ""
    pid: int | None = None
    since: datetime | None = None
    host: str = ""


class Running(Struct, frozen=True):
    """Who is at work now (docs/running.md#one-copy-at-a-time)."""

    stage: str = ""
    user: str = ""
    host: str = ""
    pid: int | None = None
    since: datetime | None = None


class StageRuns(Struct, frozen=True):
    """When one stage last ran well, when it last failed, and why it did."""

    last_good: datetime | None = None
    last_failed: datetime | None = None
    failure: str = ""
    seconds: float | None = None
    """How long its newest run took."""
    failures: int = 0
    """How often it has failed since that is counted."""
    ended_by: str = ""
    """What ended its newest failed run from outside: crash, deadline, stop; empty: nothing did."""

    @property
    def failing(self) -> bool:
        """Whether its newest run failed."""
        return self.last_failed is not None and (self.last_good is None or self.last_good < self.last_failed)


class Unread(Struct, frozen=True):
    """An attempt to read or judge a branch that failed: what was read before may not hold any more."""

    at: datetime
    stage: str
    """`find` or `judge`, also as part of another command."""
    why: str


class Schedule(Struct, frozen=True):
    """What cron or a systemd timer called last, and when the next run is due
    (docs/running.md#is-all-well)."""

    by: str = ""
    """Who called last, `cron` or `timer`; empty: neither did, as far as is known."""
    began: datetime | None = None
    ended: datetime | None = None
    """None while that run is at work, or where it crashed."""
    exit: int | None = None
    """Its exit code."""
    crashed: bool = False
    due: datetime | None = None
    """When the next run begins, or should have begun."""
    overdue: bool = False
    """No run began although it is long due."""


class Situation(Struct, frozen=True):
    """All times are aware and UTC. Without `now` no ages are shown, and nothing is called stale."""

    now: datetime | None = None
    maintenance: Maintenance | None = None
    hang: Hang | None = None
    stages: dict[str, StageRuns] = {}
    unread: dict[str, Unread] = {}
    """Branch -> its newest attempt to be read, where that failed."""
    last_aborted: datetime | None = None
    """The last run that was refused or stopped before it did anything."""
    aborted_because: str = ""
    """What stopped it, e.g. "maintenance.txt", "a suspected hang of judge"."""
    running: Running | None = None
    """The process that holds the work lock; the one that asks leaves itself out."""
    versions: dict[str, str] = {}
    """What is at work here: name -> version."""
    budgets: dict[str, Budget] = {}
    """Branch -> what the tracker's rate limit still had when it was last read; for the metrics."""
    freezes: dict[str, tuple[Freeze, ...]] = {}
    """Branch -> the freezes that are on; the one that ends last first."""
    freezes_next: dict[str, Freeze] = {}
    """Branch -> the next one that is known to begin."""
    schedule: Schedule | None = None
    """None where nothing ever ran, or that is not known."""
