"""docs/ is read in the order of its index, and what is made of the program says what the program does."""

from __future__ import annotations

from collections import Counter

import pytest

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


def test_the_page_of_failing_trackers_has_the_rows_that_are_tested() -> None:
    text = tracker_failures_document.PAGE.read_text("utf-8")
    assert text == tracker_failures_document.document(), "python -m tests.tracker_failures_document writes it"
