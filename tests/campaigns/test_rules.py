"""The rules against their second statement, many times over; and suppositions against what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import test_snapshot, test_whatif, test_whatif_deploy
from tests.campaigns import times
from tests.rules import test_oracle
from tests.rules.releases import releases, with_needs
from tests.rules.strategies import Tale, conversations, foxtrots, status_stories, tales

pytestmark = pytest.mark.long


@given(tales() | conversations() | foxtrots() | status_stories())
@settings(
    max_examples=times(5_000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_rules_and_oracle_say_the_same(tale: Tale) -> None:
    test_oracle.agree(tale)


@pytest.mark.parametrize(
    "histories",
    [
        releases(),
        with_needs(tales()),
        with_needs(conversations()),
        with_needs(foxtrots()),
        with_needs(status_stories()),
    ]
    * 4,
)
@given(data=st.data())
@settings(
    max_examples=times(625),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_rules_and_oracle_say_the_same_of_conditions(
    histories: st.SearchStrategy[Tale], data: st.DataObject
) -> None:
    test_oracle.agree(data.draw(histories))


@pytest.mark.parametrize("seed", range(1000, 1000 + times(200)))
def test_suppositions_come_true(tmp_path: Path, seed: int) -> None:
    test_whatif.test_if_these_were_good(tmp_path / "good", seed)
    test_whatif.test_if_these_were_rolled_back(tmp_path / "back", seed)


@pytest.mark.parametrize("seed", range(1000, 1000 + times(40)))
def test_snapshots_fit_the_schema(tmp_path: Path, seed: int) -> None:
    test_snapshot.test_every_snapshot_of_a_team_fits_the_schema(tmp_path, seed)


@pytest.mark.parametrize("seed", range(1000, 1000 + times(200)))
def test_suppositions_of_a_deployment_come_true(tmp_path: Path, seed: int) -> None:
    test_whatif_deploy.comes_true(tmp_path, seed, checks=bool(seed % 2))
