"""How the tagger's words are written where a team says them by a status or in a field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shepherd.plans.tag_plan import Writing
from shepherd.settings import TrackerSettings
from shepherd.stages.tag_words import edit_of, says_what_was_planned, shown_changes
from shepherd.trackers.writing import NO_WORD, NOT_GIVEN, STATUS_KEPT, Edit
from shepherd.words import ItemTags, Word

STATUSES = {"ok": ["QA passed"], "bad": ["QA failed"], "needstesting": ["In QA", "Ready for QA"]}
FIELD = {"name": "QA result", "ok": ["passed"], "needstesting": ["to try"]}


def tracker(kind: str = "jira", **tables: Any) -> TrackerSettings:
    return msgspec.convert({"type": kind, **tables}, TrackerSettings)


def writing(
    add: tuple[Word, ...] = (),
    remove: tuple[Word, ...] = (),
    status: str = "",
    after: tuple[Word, ...] | None = None,
) -> Writing:
    words = add if after is None else after
    return Writing("ABC-1", (), "r7 0123", "Hello.", add, remove, status, ItemTags(words))


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({}, Edit(add=("qa-needstesting",), remove=("qa-ok",))),
        ({"words": {"needstesting": ["to-try"]}}, Edit(add=("to-try",), remove=("qa-ok",))),
        ({"statuses": STATUSES}, Edit(status="In QA", remove=("qa-ok",))),
        ({"field": FIELD}, Edit(field="to try", remove=("qa-ok",))),
        ({"statuses": STATUSES, "field": FIELD}, Edit(status="In QA", remove=("qa-ok",))),
        (
            {"statuses": {"ok": ["QA passed"]}, "field": FIELD},
            Edit(field="to try", remove=("qa-ok",)),
        ),
        ({"statuses": {"ok": ["QA passed"]}}, Edit(add=("qa-needstesting",), remove=("qa-ok",))),
    ],
)
def test_where_a_word_goes(tables: dict[str, Any], expected: Edit) -> None:
    edit = edit_of(tracker(**tables), writing(("needstesting",), ("ok",)))
    assert edit == msgspec.structs.replace(expected, comment="Hello.")


def test_a_word_that_is_a_status_comes_before_the_status_of_what_landed() -> None:
    by_status = tracker(statuses=STATUSES)
    assert edit_of(by_status, writing(("needstesting",), status="Resolved")).status == "In QA"
    assert edit_of(by_status, writing(status="Resolved")).status == "Resolved"
    # the word is there already: an earlier run was killed after it
    assert edit_of(by_status, writing(status="Resolved", after=("needstesting",))).status == ""
    by_label = tracker(statuses={"ok": ["QA passed"]})
    assert edit_of(by_label, writing(("needstesting",), status="Resolved")).status == "Resolved"


def test_redmine_has_no_labels() -> None:
    redmine, planned = tracker("redmine", statuses=STATUSES), writing(("untestable",))
    edit = edit_of(redmine, planned)
    assert (edit.add, edit.status) == ((), "")
    assert not says_what_was_planned(redmine, planned, edit, "a comment")


@pytest.mark.parametrize(
    ("tables", "add", "remove", "changed", "known"),
    [
        ({}, ("needstesting",), ("ok",), "+qa-needstesting", True),
        ({}, (), (), "comment", False),
        ({}, ("needstesting",), (), NO_WORD, False),
        ({"statuses": STATUSES}, ("needstesting",), ("ok",), "QA passed -> In QA", True),
        ({"statuses": STATUSES}, ("needstesting",), (), "Open -> In QA", True),
        ({"statuses": STATUSES}, ("needstesting",), ("ok",), f'"In QA" {NOT_GIVEN}, since', False),
        ({"statuses": STATUSES}, ("needstesting",), ("ok",), STATUS_KEPT, False),
        ({"statuses": STATUSES}, (), ("needstesting",), "", False),
        ({"statuses": STATUSES}, ("untestable",), (), "+qa-untestable", True),
        ({"statuses": STATUSES}, ("untestable",), ("needstesting",), "+qa-untestable", False),
        ({"field": FIELD}, ("needstesting",), ("ok",), '"passed" -> "to try"', True),
        ({"statuses": STATUSES, "field": FIELD}, ("needstesting",), ("ok",), "Open -> In QA", False),
    ],
)
def test_when_the_words_of_an_item_are_known_after_it(
    tables: dict[str, Any], add: tuple[Word, ...], remove: tuple[Word, ...], changed: str, known: bool
) -> None:
    """What is not certain is read again: a word that people left there must not pass for a new one."""
    settings, planned = tracker(**tables), writing(add, remove)
    assert says_what_was_planned(settings, planned, edit_of(settings, planned), changed) is known


@pytest.mark.parametrize(
    ("kind", "tables", "add", "remove", "status", "shown"),
    [
        (
            "jira",
            {},
            ("needstesting",),
            ("ok",),
            "Resolved",
            ["qa-needstesting instead of qa-ok", "Resolved"],
        ),
        ("jira", {"statuses": STATUSES}, ("needstesting",), ("ok",), "Resolved", ['status "In QA"']),
        ("jira", {"statuses": STATUSES}, (), (), "Resolved", ['status "Resolved"']),
        ("jira", {"statuses": STATUSES}, ("untestable",), (), "", ["qa-untestable"]),
        ("jira", {"statuses": {"ok": ["Done"]}}, (), ("needstesting",), "", ["without qa-needstesting"]),
        ("redmine", {"field": FIELD}, ("needstesting",), (), "", ['"to try" in the field "QA result"']),
        ("redmine", {"statuses": STATUSES}, ("untestable",), ("needstesting",), "", []),
        ("redmine", {}, ("needstesting",), (), "", []),
    ],
)
def test_what_a_plan_shows_is_what_is_written(
    kind: str,
    tables: dict[str, Any],
    add: tuple[Word, ...],
    remove: tuple[Word, ...],
    status: str,
    shown: list[str],
) -> None:
    assert shown_changes(tracker(kind, **tables), writing(add, remove, status)) == shown


def test_words_that_the_tagger_takes_away_are_said_by_nothing_any_more() -> None:
    """Else the person's next word would be none that came."""
    before = ItemTags(("ok",), (3,), good_by=("label ok", "status ok"))
    assert before.with_words(("needstesting",)) == ItemTags(("needstesting",), (3,))


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("launchpad", {}, ("Fix Committed", "In Progress")),
        ("file", {"landed": "Fixed"}, ("Fixed", "In Progress")),
        ("github", {"landed": "Fixed"}, ("", "")),
        ("jira", {}, ("", "")),
        ("jira", {"rolled_back": "In Progress"}, ("", "In Progress")),
        ("redmine", {"landed": "Fix Committed"}, ("Fix Committed", "")),
    ],
)
def test_the_statuses_of_the_tagger(kind: str, status: dict[str, str], expected: tuple[str, str]) -> None:
    assert tracker(kind, status=status).tag_statuses == expected
