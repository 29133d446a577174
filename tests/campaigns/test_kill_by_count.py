"""Kill -9 of `find`, `judge` and `report` right before each of their writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.running.log import parse
from tests.campaigns.killed import READ_BY_OTHERS, STEPS, Victim
from tests.campaigns.killing import killed_at, points, reader

pytestmark = pytest.mark.real


def test_at_some_writes(tmp_path: Path) -> None:
    victim = Victim(tmp_path)
    for name in STEPS:
        kill_at_every(victim, name, each=17)


@pytest.mark.long
@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("first_run", [True, False])
def test_at_every_write(tmp_path: Path, name: str, first_run: bool) -> None:
    kill_at_every(Victim(tmp_path, first_run=first_run), name)


def kill_at_every(victim: Victim, name: str, each: int = 1) -> None:
    victim.before(name)
    writes = points(victim.body(name))
    assert victim.next_run() == victim.expected, "a run that has nothing new to say changes nothing"
    with reader(victim.project.folder / file for file in READ_BY_OTHERS) as seen:
        for number in range(0, len(writes), each):
            victim.before(name)
            assert killed_at(victim.body(name), number)
            found = victim.next_run()
            for what, expected in victim.expected.items():
                assert found[what] == expected, f"{what}, after a kill at {number}: {writes[number]}"
            log_is_whole(victim)
    reads, *halves = seen
    assert halves == []
    assert reads > len(writes) // each
    print(
        f"{name}: killed at {len(range(0, len(writes), each))} of {len(writes)} writes, {reads} whole reads"
    )


def log_is_whole(victim: Victim) -> None:
    """Whatever a killed run left half said stands on a line of its own."""
    log = (victim.settings.state_path / "log" / "shepherd.log").read_text()
    events = [parse(line).get("event", "") for line in log.splitlines()]
    assert log.endswith("\n")
    # a run that wrote into the journal says at last how many entries
    assert events[-1] in ("END", "journal")
    assert [event for event in events if event.count("START")][-3:] == ["START"] * 3
