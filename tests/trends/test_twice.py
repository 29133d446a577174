"""Trends are what a plain second statement says they are."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from shepherd.landing import Landing
from shepherd.stages.recorded import covers_of
from shepherd.stages.trends import KINDS, happened_by
from shepherd.store import JournalEntry
from shepherd.trends.model import By
from shepherd.trends.tally import trends
from tests.trends.made_up import START, Team, chaos, regular, some_landings
from tests.trends.plain import Plain

BY: tuple[By, ...] = ("day", "week", "month", "quarter", "year")
ZONES = ("UTC", "America/Havana", "Pacific/Apia", "Europe/Berlin")


def both(
    entries: list[JournalEntry],
    landings: list[Landing],
    now: Any,
    looked: Any,
    by: By,
    since: date | None,
    zone: str,
) -> tuple[Any, Any]:
    """What trends say, and what the plain statement says."""
    told = [entry for entry in entries if entry.kind in KINDS]
    found = trends("stable", happened_by(told, landings, covers_of(entries), looked), now, by, since, zone)
    plain = Plain([entry for entry in entries if entry.kind in (*KINDS, "cover")], landings, looked, now)
    ours = msgspec.to_builtins(found)
    return ([*ours["periods"]], ours["whole"]), plain.told(by, since, zone)


@pytest.mark.parametrize("seed", range(300))
def test_random_journals(seed: int) -> None:
    chance = random.Random(seed)
    landings = some_landings(chance, chance.randint(1, 25))
    entries = chaos(chance, landings, chance.randint(1, 150))
    # what the archive does not hold yet
    held = landings[chance.choice((0, 0, 0, 3)) :]
    end = entries[-1].time if entries else START
    now = end + timedelta(hours=chance.choice((0, 1, 100)))
    looked = chance.choice((None, end, now))
    by, zone = chance.choice(BY), chance.choice(ZONES)
    since = None if chance.random() < 0.3 else date(2010, chance.randint(1, 6), chance.randint(1, 28))
    ours, plain = both(entries, held, now, looked, by, since, zone)
    assert ours[1] == plain[1]
    assert ours[0] == plain[0]


def test_a_team_at_work_for_a_year() -> None:
    landings = regular(400, 1)
    entries = Team(landings, every=2).entries()
    now = entries[-1].time + timedelta(hours=1)
    ours, plain = both(entries, landings, now, now, "month", date(2010, 1, 1), "Europe/Berlin")
    assert ours == plain
    # all that there is to say is said
    whole = ours[1]
    assert min(whole["failed_deployments"], whole["restored"]["count"], whole["moves_back"]) > 0
    assert [*whole["phases"]] == ["qa-server", "person", "others", "promotion", "deployment"]
    assert whole["phases_known"] > 300
