"""What is said of a freeze: who, since when, until when, why, and how it ends (docs/running.md#freeze)."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from shepherd.freeze import DAYS
from shepherd.sentence import Part, Sentence, separated, time, time_and_age
from shepherd.situation import Freeze
from shepherd.values import NO_REASON, ago, relative

_LONGEST_NAME = 60
_LONGEST_REASON = 300
SETTINGS = "the settings"
FROZEN = "deployments are frozen "
NAMED = 3
"""Freezes that one sentence tells of; of the others only how many there are."""


def frozen_words(freezes: Sequence[Freeze], now: datetime | None, timezone: str = "UTC") -> Sentence:
    """ "deployments are frozen until 2026-11-30 07:00 UTC (Mon 08:00 CET, in 20 hours), since …, by ann: new
    disks".

    Args:
        timezone: of the settings, in whose clock their windows and `--until` are written.
    """
    each = [words_of(freeze, now, timezone) for freeze in freezes[:NAMED]]
    if len(freezes) > NAMED:
        each.append(Sentence(f"{len(freezes) - NAMED} more"))
    return Sentence(FROZEN, separated(each, "; and "))


def words_of(freeze: Freeze, now: datetime | None, timezone: str = "UTC") -> Sentence:
    """ "until 2026-11-30 07:00 UTC (Mon 08:00 CET, in 20 hours), since …, by ann: the database moves"."""
    parts: list[str | Part] = []
    if freeze.until is not None:
        parts += ["until ", end_words(freeze.until, now, timezone), ", "]
    if freeze.since is not None:
        parts += ["since ", time_and_age(freeze.since, now), ", "]
    return Sentence(*parts, by_and_why(freeze))


def coming_words(freeze: Freeze, now: datetime | None, timezone: str) -> Sentence:
    """ "Fri 2026-12-04 16:00 (in 5 days) to Mon 2026-12-07 08:00, Europe/Berlin (weekend)": a window as the
    settings write it."""
    zone = ZoneInfo(timezone)
    parts: list[str | Part] = []
    if freeze.since is not None:
        parts += [day_and_time(freeze.since, zone), Part("age", ago(freeze.since, now))]
    parts.append(f" to {day_and_time(freeze.until, zone)}" if freeze.until else ", without an end")
    return Sentence(*parts, f", {timezone} ({_cut(freeze.why, _LONGEST_REASON) or NO_REASON})")


def day_and_time(moment: datetime, zone: ZoneInfo) -> str:
    """ "Fri 2026-12-04 16:00", by the clock of a zone."""
    local = moment.astimezone(zone)
    return f"{DAYS[local.weekday()]} {local:%Y-%m-%d %H:%M}"


def end_words(until: datetime, now: datetime | None, timezone: str) -> Sentence:
    """ "2026-11-30 07:00 UTC (Mon 08:00 CET, in 20 hours)"."""
    local = until.astimezone(ZoneInfo(timezone))
    if now is None or not local.utcoffset():
        return time_and_age(until, now)
    clock = f"{DAYS[local.weekday()]} {local:%H:%M %Z}"
    return Sentence(time(until), Part("age", f" ({clock}, {relative(until, now)})"))


def by_and_why(freeze: Freeze) -> str:
    """ "by ann: the database moves"."""
    who = _cut(freeze.who, _LONGEST_NAME) or SETTINGS
    return f"by {who}: {_cut(freeze.why, _LONGEST_REASON) or NO_REASON}"


def how_it_ends(freezes: Sequence[Freeze], branch: str, to: int | None = None) -> Sentence:
    """What to do about it: how persons end what persons said, and how to deploy nevertheless.

    Args:
        branch: what `--branch` must say; empty where there is only one.
        to: the revision that could be deployed, if there is one.
    """
    ends = [Part("typed", off_command(who, branch)) for who in _persons(freezes)]
    ways: list[str | Part] = [Sentence("end it with: ", separated(ends, ", and with: "))] if ends else []
    if any(freeze.standing for freeze in freezes):
        ways.append("the window ends by itself")
    if to is not None:
        nevertheless = Part("command", f'inv promote --to r{to} --despite "…"{_of(branch)}')
        ways.append(Sentence("to deploy nevertheless: ", nevertheless))
    overdue = "THIS IS OVERDUE: " if any(freeze.overdue for freeze in freezes) else ""
    return Sentence(overdue, separated(ways, "; "))


def off_command(who: str, branch: str) -> str:
    """The command that ends what this person said."""
    return f"inv freeze.off --of {shlex.quote(who)}{_of(branch)}"


def _persons(freezes: Sequence[Freeze]) -> list[str]:
    """Those who froze it, each once; one name that is too long for a sentence is not half a command."""
    names = dict.fromkeys(freeze.who for freeze in freezes[:NAMED] if freeze.who)
    return [name for name in names if len(name) <= _LONGEST_NAME + 20]


def _of(branch: str) -> str:
    return f" --branch {branch}" if branch else ""


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
