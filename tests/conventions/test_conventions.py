"""How teams land, as a table: what the first day says on the mainline of each (tests/cases/conventions.toml)."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shepherd.people import matches
from tests.conventions import table
from tests.conventions.first_day import FirstDay

ROWS = table.rows()


@pytest.fixture(scope="module", params=ROWS, ids=lambda row: row["history"].partition(".")[2])
def row(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@pytest.fixture(scope="module")
def day(row: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> FirstDay:
    return FirstDay(tmp_path_factory.mktemp("convention"), row)


def test_what_init_writes(row: dict[str, Any], day: FirstDay) -> None:
    assert day.init.code == 0, day.init.err
    assert day.run.code == 0, day.run.err
    assert day.written() == row["init"]


def test_what_is_said_of_the_landings(row: dict[str, Any], day: FirstDay) -> None:
    wanted = row.get("landings", [])
    assert [day.seen(each["landing"], each) for each in wanted] == wanted


def test_no_landing_is_left_out(row: dict[str, Any], day: FirstDay) -> None:
    assert {each["landing"] for each in row.get("landings", [])} == day.line.shas.keys() - {"live"}
