"""What labels, status and field of one item say together (docs/rules.md#what-people-say)."""

from __future__ import annotations

import msgspec
import pytest

from shepherd.settings.tracker import FieldWords, WordTexts
from shepherd.trackers.words import Vocabulary
from shepherd.words import ItemSaid, ItemTags, TrackerData

STATUSES = WordTexts(
    ok=("QA passed",), bad=("QA failed", "Reopened"), needstesting=("In QA",), silent=("Open", "In Progress")
)
FIELD = FieldWords(ok=("passed",), bad=("failed",), untestable=("n/a",), silent=("-",), name="QA result")
OURS = Vocabulary({"ok": ["verified"]}, STATUSES, FIELD)


@pytest.mark.parametrize("status", ["QA passed", "qa PASSED", "QA\u00a0passed", " QA  passed "])
def test_a_status_in_any_capitals_and_with_any_blanks_says_its_word(status: str) -> None:
    assert OURS.read("ABC-7", status=status).tags == ItemTags(("ok",), good_by=("status ok",))


def test_what_a_status_says_is_told_in_its_own_text() -> None:
    assert OURS.read("ABC-7", status="qa passed").said == ItemSaid({"ok": '"qa passed"'})


def test_a_value_is_told_with_the_name_of_its_field() -> None:
    said = OURS.read("ABC-7", status="Open", values=["failed"]).said
    assert said.texts == {"": '"Open"', "bad": '"failed" in "QA result"'}


def test_a_field_that_the_settings_know_by_its_id_is_told_by_its_name() -> None:
    ours = Vocabulary({}, None, FieldWords(ok=("passed",), name="customfield_10042"))
    said = ours.read("ABC-7", values=["passed"], field="QA result").said
    assert said.texts == {"ok": '"passed" in "QA result"'}


def test_bad_by_status_names_no_landing() -> None:
    assert OURS.read("ABC-7", status="Reopened").tags == ItemTags(("bad",), of_newest=True)


def test_bad_by_value_names_no_landing() -> None:
    assert OURS.read("ABC-7", values=["passed", "failed"]).tags == ItemTags(
        ("bad", "ok"), of_newest=True, good_by=("field ok",)
    )


def test_bad_by_label_and_status_is_that_of_the_label() -> None:
    assert OURS.read("ABC-7", ["qa-bad"], "QA failed").tags == ItemTags(("bad",))


def test_words_of_all_three_are_one_set() -> None:
    tags = OURS.read("ABC-7", ["Verified", "bad-commit-5"], "In QA", ["n/a"]).tags
    good_by = ("field untestable", "label ok")
    assert tags == ItemTags(("needstesting", "untestable", "ok"), (5,), good_by=good_by)


def test_a_silent_status_says_nothing_and_is_no_warning() -> None:
    reading = OURS.read("ABC-7", status="open", values=["-"])
    assert (reading.tags, reading.said) == (ItemTags(), ItemSaid({"": '"open"'}))


def test_an_unknown_status_says_nothing_and_is_a_warning() -> None:
    reading = OURS.read("12", status="Parked")
    assert reading.tags == ItemTags()
    assert reading.said.warnings == (
        'bug 12 is "Parked", which [tracker.statuses] does not know, so it says nothing:'
        " add it there to ok, bad, untestable, needstesting or silent",
    )


def test_the_warning_names_the_table_of_its_own_tracker() -> None:
    ours = Vocabulary({}, STATUSES, table="trackers.web")
    assert "[trackers.web.statuses]" in ours.read("12", status="Parked").said.warnings[0]


def test_an_unknown_value_is_a_warning() -> None:
    (warning,) = OURS.read("12", values=["maybe"]).said.warnings
    assert warning.startswith('bug 12 is "maybe" in "QA result", which [tracker.field] does not know')


def test_of_many_unknown_values_five_are_named() -> None:
    warnings = OURS.read("12", values=[f"v{n}" for n in range(9)]).said.warnings
    assert len(warnings) == 6
    assert warnings[-1] == "bug 12 says 4 more values that [tracker.field] does not know"


def test_where_no_statuses_are_named_none_is_a_warning() -> None:
    ours = Vocabulary({}, None, FIELD)
    assert ours.read("12", status="Parked").said == ItemSaid()


@pytest.mark.parametrize("text", ["", " ", "\u2003"])
def test_an_empty_status_or_value_says_nothing(text: str) -> None:
    reading = OURS.read("12", status=text, values=[text])
    assert (reading.tags, reading.said) == (ItemTags(), ItemSaid())


def test_what_may_not_be_shown_is_not_shown() -> None:
    (warning,) = OURS.read("12", status="Par\x1b[31mked\nX" + "y" * 100).said.warnings
    assert "\x1b" not in warning
    assert "\n" not in warning
    assert len(warning) < 250


@pytest.mark.parametrize("status", [f"{'x' * 60} y", f"{'x' * 59} {'y' * 60}", "x" * 61])
def test_a_status_that_is_cut_shows_that_it_is(status: str) -> None:
    ours = Vocabulary({}, WordTexts(ok=(status,)))
    text = ours.read("12", status=status).said.texts["ok"]
    assert text.endswith('…"')
    assert len(text) <= len('""') + 60


def test_an_unknown_value_can_be_copied_from_its_warning() -> None:
    (warning,) = OURS.read("12", values=["waiting for those who pay " * 3]).said.warnings
    assert f'"{" ".join(["waiting for those who pay"] * 3)}" in' in warning


def test_labels_alone_are_kept_as_they_always_were() -> None:
    kept = msgspec.json.encode(Vocabulary({}).of_bug(["qa-bad", "bad-commit-5"]))
    assert kept == b'{"words":["bad"],"bad_commits":[5],"unreadable":""}'


def test_a_reading_of_labels_alone_is_kept_as_it_always_was() -> None:
    assert b"said" not in msgspec.json.encode(TrackerData({"7": ItemTags(("ok",))}))
