"""The tagger and people take turns: the tagger's own words make nothing good, and nothing good bad."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from shepherd.snapshot import LandingEntry, Snapshot
from tests.running.host import SCALE
from tests.tagging.team import BUGS, Team

SETTLED = {"testfix", "rollback", "exempt"}


def needs_nobody(entry: LandingEntry) -> bool:
    """Good whatever bugs say: by mark, as a rollback, or by a verdict."""
    return (
        entry.state in SETTLED
        or {"no-qa", "qa-ok", "testfix"} & set(entry.labels) != set()
        or "said" in entry.reason
    )


@pytest.mark.real
@pytest.mark.parametrize("seed", range(8))
def test_some_teams(seed: int, tmp_path: Path) -> None:
    take_turns(seed, tmp_path, 8)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_many_teams(tmp_path: Path) -> None:
    for seed in range(1000, 1000 + int(400 * SCALE)):
        take_turns(seed, tmp_path / str(seed), 14)


def take_turns(seed: int, folder: Path, rounds: int) -> None:
    team = Team(folder, random.Random(seed))
    for number in range(rounds):
        team.land()
        team.people()
        team.deploy()
        # a run without the tagger: it was switched off, or the tracker did not answer it
        snapshot = team.look(tagged=team.chance.random() < 0.85)
        only_what_was_qad_is_good(team, snapshot, f"seed {seed}, round {number}")
    same_answer_without_people(team, f"seed {seed}")
    assert not team.marked_though_bad, f"seed {seed}"
    for bug in BUGS:
        told = team.told(bug)
        assert len(told) == len(set(told)), f"seed {seed}, bug {bug}: {told}"


def only_what_was_qad_is_good(team: Team, snapshot: Snapshot, when: str) -> None:
    landings = team.landings()
    for entry in snapshot.landings:
        if entry.good and not needs_nobody(entry):
            assert team.was_qad(landings[entry.revno], landings), f"{when}: r{entry.revno} {entry.reason}"


def same_answer_without_people(team: Team, when: str) -> None:
    """Runs that nobody comes between change nothing, neither bugs nor states."""
    team.troubled = False
    team.look()
    before = team.look()
    bugs = (team.project.folder / "bugs.json").read_text()
    for _ in range(2):
        after = team.look()
        assert {e.revno: e.state for e in after.landings} == {e.revno: e.state for e in before.landings}, when
        assert (team.project.folder / "bugs.json").read_text() == bugs, when
