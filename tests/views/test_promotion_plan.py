"""The plan of a promotion says what `--despite` passes (docs/promoting.md#despite)."""

from __future__ import annotations

from typing import Any

from shepherd.plans.promotion import Promotion
from shepherd.views.promotions import promotion
from shepherd.views.terminal import width
from tests.views.conditions import OVER
from tests.views.factory import rev


def plan(**changes: Any) -> list[str]:
    fields: dict[str, Any] = {
        "branch": "stable",
        "ref": "",
        "repository": "project.git",
        "base": rev(103),
        "to": rev(105),
        "goes": (),
        "stays": (),
        "dropped": (),
        "cautions": (),
        "why": "the sale begins",
        "despite": "the sale begins",
    }
    return promotion(Promotion(**(fields | changes)), dry=True).splitlines()


def test_each_thing_that_is_passed_has_a_line() -> None:
    lines = plan(passed=("it waits for ci/build (running)", OVER))
    place = lines.index("  DESPITE what keeps it back: the sale begins")
    assert lines[place + 1] == "    - it waits for ci/build (running)"
    assert lines[place + 2].startswith("    - r104 and r105 touch patch-*.sql, and one deployment")


def test_where_nothing_could_be_read_it_says_so() -> None:
    assert "  DESPITE what is not known: the sale begins" in plan()


def test_what_a_check_is_called_steers_no_terminal_and_many_are_counted() -> None:
    lines = plan(passed=("it waits for \x1b[31m" + "x" * 4000,) * 30)
    assert "    - and 20 more" in lines
    assert all(width(line) <= 80 and "\x1b" not in line for line in lines)
