"""docs/ is read in the order of its index, and what is made of the program says what the program does."""

from __future__ import annotations

from collections import Counter

import pytest

import tasks
from shepherd.running.tasking import call_of
from tests import commands_document, help_document, tracker_failures_document
from tests.reading_order import DOCS, linked, order


def test_every_page_stands_in_the_index_once() -> None:
    there = {path.name for path in DOCS.glob("*.md")} - {"index.md"}
    assert Counter(order()) == Counter(there)


@pytest.mark.parametrize("page", order())
def test_a_page_leads_to_those_before_and_after_it(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert text == linked(page, text), "python -m tests.reading_order writes it"


def test_the_page_for_those_who_land_code_is_the_programs_own_text() -> None:
    text = help_document.PAGE.read_text("utf-8")
    assert text == help_document.document(), "python -m tests.help_document writes it"


def test_every_task_stands_in_the_page_of_commands() -> None:
    text = commands_document.PAGE.read_text("utf-8")
    assert text == commands_document.document(), "python -m tests.commands_document writes it"


def test_the_readme_names_every_task() -> None:
    text = (DOCS.parent / "README.md").read_text("utf-8")
    # of a group one name, the others by what follows the dot
    missing = [
        name
        for name in tasks.namespace.task_names
        if f"inv {name}" not in text and f"`.{name.partition('.')[2]}`" not in text
    ]
    # systemd calls that one
    assert sorted(missing) == ["timer.failed"]


def test_an_argument_that_may_be_left_out_stands_in_brackets() -> None:
    calls = {name: call_of(name, tasks.namespace[name]) for name in ("audit", "explain", "history")}
    assert calls == {"audit": "audit [REV]", "explain": "explain REV", "history": "history [REV]"}


def test_the_page_of_failing_trackers_has_the_rows_that_are_tested() -> None:
    text = tracker_failures_document.PAGE.read_text("utf-8")
    assert text == tracker_failures_document.document(), "python -m tests.tracker_failures_document writes it"
