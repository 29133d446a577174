"""Two hundred landings on a real Redmine, people changing issues between the runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns import times
from tests.project import deployable
from tests.trackers.faulty import at_work
from tests.trackers.redmine_proxy import RedmineProxy
from tests.trackers.redmine_site import RedmineSite
from tests.trackers.redmine_team import By, RedmineTeam

pytestmark = [pytest.mark.real, pytest.mark.timeout(1200)]

AT_ONCE = 10
"""Landings between two runs."""


@pytest.fixture
def way(redmine: RedmineSite) -> Iterator[RedmineProxy]:
    with at_work(RedmineProxy(redmine.port)) as proxy:
        yield proxy


@pytest.mark.parametrize("by", ["status", "field"])
def test_bad_means_the_newest_landing_until_it_is_fixed_or_rolled_back(
    redmine: RedmineSite, way: RedmineProxy, tmp_path: Path, by: By
) -> None:
    team = RedmineTeam(tmp_path / "project", redmine, way, by)
    one, two = team.report(), team.report()

    def seen() -> tuple[dict[int, str], int | None]:
        snapshot = team.run()
        waiting: dict[int, str] = {e.revno: e.state for e in snapshot.landings if e.revno > 1}
        return waiting, deployable(snapshot)

    team.land_on(one)
    assert seen() == ({2: "needstesting"}, None)
    team.say(one, "ok")
    assert seen() == ({2: "ok"}, 2)
    team.land_on(one)
    assert seen() == ({2: "ok", 3: "needstesting"}, 2)
    team.say(one, "bad")
    assert seen() == ({2: "ok", 3: "bad"}, 2)
    team.land_on(one)  # the fix
    assert seen() == ({2: "ok", 3: "bad", 4: "needstesting"}, 2)
    team.say(one, "needstesting")
    assert seen() == ({2: "ok", 3: "needstesting", 4: "needstesting"}, 2)
    team.say(one, "ok")
    assert seen() == ({2: "ok", 3: "ok", 4: "ok"}, 4)
    team.land_on(two)
    team.run()
    team.say(two, "bad")
    assert seen() == ({2: "ok", 3: "ok", 4: "ok", 5: "bad"}, 4)
    team.revert(5)
    assert seen() == ({2: "ok", 3: "ok", 4: "ok", 5: "bad", 6: "rollback"}, 6)
    team.deploy(6)
    team.say(one, "bad")
    assert [each.revno for each in team.run().alarms] == [4]


@pytest.mark.parametrize(("by", "rounds"), [("status", 20), ("field", 6)])
def test_a_team_works_and_each_answer_is_what_was_said(
    redmine: RedmineSite, way: RedmineProxy, tmp_path: Path, by: By, rounds: int
) -> None:
    team = RedmineTeam(tmp_path / "project", redmine, way, by)
    played(team, rounds)
    assert team.counts["said bad"] and team.counts["said untestable"] and team.counts["rolled back"]
    if rounds == 20:
        assert len(team.ids) == 201
        assert team.counts["deleted"] and team.counts["made private"]
        assert team.counts["moved where the shepherd cannot see"]


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("by", ["status", "field"])
@pytest.mark.parametrize("seed", range(2, 2 + times(10)))
def test_other_teams(redmine: RedmineSite, way: RedmineProxy, tmp_path: Path, by: By, seed: int) -> None:
    played(RedmineTeam(tmp_path / "project", redmine, way, by, seed), 20)


def played(team: RedmineTeam, rounds: int) -> None:
    """Landings, people, a run; every third time what may go to production goes there."""
    for team.round in range(1, rounds + 1):
        team.land(AT_ONCE)
        team.people_work()
        snapshot = team.run()
        if team.round % 3 == 0 and snapshot.deployable is not None:
            team.deploy(snapshot.deployable.revno)
