"""How teams land: what the first day says on the mainline of each (tests/cases/conventions.toml)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conventions import table
from tests.conventions.first_day import FirstDay

ROWS = table.rows()


@pytest.fixture(scope="module", params=ROWS, ids=lambda row: row["name"])
def row(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


@pytest.fixture(scope="module")
def day(row: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> FirstDay:
    return FirstDay(tmp_path_factory.mktemp("convention"), row)


def test_the_commands_that_init_names_work_at_once(day: FirstDay) -> None:
    assert (day.init.code, day.init.err) == (0, "")
    assert day.run.code == 0, day.run.err
    done = day.inv("status")
    assert done.code == 0 and done.out, done.err


def test_what_init_writes(row: dict[str, Any], day: FirstDay) -> None:
    assert day.written() == row["init"]


def test_what_the_answer_shows_of_each_landing(row: dict[str, Any], day: FirstDay) -> None:
    wanted = row.get("landings", [])
    assert {each["landing"] for each in wanted} == day.line.shas.keys() - {"live"}
    assert [day.seen(each["landing"], each) for each in wanted] == wanted


def test_explain_finds_a_landing_by_request_and_branch(row: dict[str, Any], day: FirstDay) -> None:
    for each in row.get("landings", []):
        revno = day.line.revno(each["landing"])
        for rev in (*each.get("requests", ()), each.get("branch") or f"r{revno}"):
            done = day.inv("explain", rev)
            assert done.code == 0, done.err
            assert f"r{revno}" in done.out


def test_the_table_in_the_docs_is_made_of_the_cases() -> None:
    assert table.PAGE.read_text(encoding="utf-8") == table.table(), (
        "python -m tests.conventions.table writes it again"
    )
