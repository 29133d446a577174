"""What is written to Redmine, and what becomes of it when Redmine, or somebody else, does otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shepherd.errors import SettingsError, TrackerError, UnsureError
from shepherd.settings.tracker import WordTexts
from shepherd.trackers import http, open_writer
from shepherd.trackers.redmine.notes import as_note, last_line_of
from shepherd.trackers.writing import NO_WORD, NOT_GIVEN, STATUS_KEPT, Edit, last_line
from tests.trackers.faulty import at_work
from tests.trackers.redmine_kit import FIELD, RedmineKit, local_kit
from tests.trackers.redmine_server import Note, Redmine

SIGN = "-- QA Shepherd, stable r12 0123456789ab"
COMMENT = f"This landed as r12 of stable.\n\n{SIGN}"
TO_TRY: dict[str, Any] = {"status": "In QA", "comment": COMMENT}


@pytest.fixture
def redmine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redmine]:
    monkeypatch.setattr(http, "WRITE_EVERY", 0.0)
    with at_work(Redmine()) as server:
        yield server


@pytest.fixture
def kit(redmine: Redmine, tmp_path: Path) -> RedmineKit:
    redmine.issue(1)
    return local_kit(redmine, tmp_path)


@pytest.fixture
def by_field(redmine: Redmine, tmp_path: Path) -> RedmineKit:
    redmine.issue(1)
    return local_kit(redmine, tmp_path, statuses=WordTexts(), field=FIELD)


def ours(redmine: Redmine, number: int = 1) -> list[Note]:
    return [note for note in redmine.issues[number].notes if note.who == "shepherd"]


def test_status_and_note_in_one_request(kit: RedmineKit, redmine: Redmine) -> None:
    assert kit.edit(1, **TO_TRY) == "New -> In QA, comment"
    assert redmine.issues[1].status == "In QA"
    (note,) = ours(redmine)
    assert last_line_of(note.text) == SIGN and len(note.details) == 1
    assert redmine.count("PUT") == 1


def test_what_is_there_is_not_written_again(kit: RedmineKit, redmine: Redmine) -> None:
    kit.edit(1, **TO_TRY)
    assert kit.edit(1, **TO_TRY) == ""
    assert redmine.count("PUT") == 1


def test_the_status_as_people_spell_it(kit: RedmineKit, redmine: Redmine) -> None:
    redmine.issues[1].status = "In QA"
    assert kit.edit(1, status="in  qa", comment=COMMENT) == "comment"


def test_a_field(by_field: RedmineKit, redmine: Redmine) -> None:
    done = by_field.edit(1, field="to try", comment=COMMENT)
    assert done == '"QA result": nothing -> "to try", comment'
    assert redmine.issues[1].values["QA result"] == "to try"
    assert by_field.edit(1, field="to try", comment=COMMENT) == ""


def test_a_field_of_several_values_keeps_those_that_say_no_word(redmine: Redmine, tmp_path: Path) -> None:
    redmine.issue(1, QA_marks=["urgent", "passed"])
    kit = local_kit(redmine, tmp_path, statuses=WordTexts(), field=replace(FIELD, name="QA marks"))
    assert kit.edit(1, remove=("qa-ok",), field="to try", comment=COMMENT).endswith("comment")
    assert redmine.issues[1].values["QA marks"] == ["urgent", "to try"]


@pytest.mark.parametrize("old", [False, True])
def test_a_status_that_the_workflow_does_not_offer(kit: RedmineKit, redmine: Redmine, old: bool) -> None:
    """Redmine leaves it out without a word, and before 5.0 it does not say what it offers."""
    redmine.old, redmine.reach["New"] = old, ("Closed",)
    done = kit.edit(1, **TO_TRY)
    assert done == (
        f'"In QA" {NOT_GIVEN}, since Redmine does not offer it from "New" to this account (Workflow), comment'
    )
    assert redmine.issues[1].status == "New"


def test_a_status_that_there_is_not(kit: RedmineKit, redmine: Redmine) -> None:
    assert f'"Shiny" {NOT_GIVEN}, since Redmine has no status of that name' in kit.edit(
        1, status="Shiny", comment=COMMENT
    )
    assert len(redmine.notes(1)) == 1


def test_a_field_that_cannot_be_filled(by_field: RedmineKit, redmine: Redmine) -> None:
    redmine.may.discard("field")
    assert f"{NOT_GIVEN}, since Redmine leaves it as it is" in by_field.edit(
        1, field="to try", comment=COMMENT
    )
    del redmine.issues[1].values["QA result"]
    assert f"{NOT_GIVEN}, since the issue does not have that field" in by_field.edit(1, field="to try")


def test_what_redmine_refuses_beside_the_note(kit: RedmineKit, redmine: Redmine) -> None:
    """Another field is wanted in that status: the note goes all the same, and it is no error for ever."""
    redmine.fail(422, on="status_id", body={"errors": ["Resolution cannot be blank"]})
    done = kit.edit(1, **TO_TRY)
    assert f'"In QA" {NOT_GIVEN}, since Redmine does not accept it' in done and done.endswith("comment")
    assert "Resolution" not in done
    assert redmine.issues[1].status == "New"


def test_without_the_right_to_add_notes(kit: RedmineKit, redmine: Redmine) -> None:
    redmine.may.discard("note")
    with pytest.raises(TrackerError, match=r"Redmine left the note out; may this account add notes"):
        kit.edit(1, **TO_TRY)


@pytest.mark.parametrize("hidden", [False, True])
def test_an_issue_that_cannot_be_seen(kit: RedmineKit, redmine: Redmine, hidden: bool) -> None:
    redmine.issues[1].hidden = hidden
    number = 1 if hidden else 99
    with pytest.raises(TrackerError, match=f"there is no issue {number}, or this account may not see it"):
        kit.edit(number, **TO_TRY)


def test_a_closed_project(kit: RedmineKit, redmine: Redmine) -> None:
    redmine.issues[1].closed_project = True
    with pytest.raises(TrackerError, match=r"bug 1 cannot be written: .* 403.*is its project closed"):
        kit.edit(1, **TO_TRY)


def test_without_a_key_nothing_is_written(redmine: Redmine, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Redmine accepts changes only with an API key"):
        open_writer(local_kit(redmine, tmp_path, credentials_file="").settings)


def test_requests_are_nothing_here(kit: RedmineKit) -> None:
    with pytest.raises(TrackerError, match="only issues can be marked"):
        open_writer(kit.settings).edit("#12", Edit(comment=COMMENT))


def test_what_people_say_is_not_replaced(kit: RedmineKit, redmine: Redmine) -> None:
    for status, expected in (("QA failed", STATUS_KEPT), ("QA passed", STATUS_KEPT)):
        redmine.issue(1, status)
        assert kit.edit(1, **TO_TRY) == f"comment, {expected}"
        assert redmine.issues[1].status == status
    redmine.issue(1, "QA passed")
    assert kit.edit(1, remove=("qa-ok",), **TO_TRY) == "QA passed -> In QA, comment"


def test_a_bad_that_comes_in_between_is_put_back(kit: RedmineKit, redmine: Redmine) -> None:
    """REST cannot say from which state a change is made: it would take the person's word away for ever."""

    def quick(number: int) -> None:
        redmine.before_change = lambda number: None
        redmine.change(number, "QA failed", note="It crashes.")

    redmine.before_change = quick
    assert kit.edit(1, **TO_TRY) == f"New -> In QA, comment, {NO_WORD}"
    assert redmine.issues[1].status == "QA failed"
    assert kit.words([1]) == {"1": "bad"}


def test_a_bad_in_the_field_that_comes_in_between(by_field: RedmineKit, redmine: Redmine) -> None:
    def quick(number: int) -> None:
        redmine.before_change = lambda number: None
        redmine.change(number, QA_result="failed")

    redmine.before_change = quick
    assert NO_WORD in by_field.edit(1, field="to try", comment=COMMENT)
    assert redmine.issues[1].values["QA result"] == "failed"


def test_a_bad_that_came_in_between_before_a_kill(kit: RedmineKit, redmine: Redmine) -> None:
    """The run that took it away was killed; the next one plans nothing but the comment, and sees it."""

    def quick(number: int) -> None:
        redmine.before_change = lambda number: None
        redmine.change(number, "QA failed")
        redmine.fail("reset", on="GET /issues/1.json", times=99)

    redmine.before_change = quick
    with pytest.raises((UnsureError, TrackerError)):
        kit.edit(1, **TO_TRY)
    redmine.repair()
    assert redmine.issues[1].status == "In QA"
    assert kit.edit(1, comment=COMMENT) == NO_WORD
    assert redmine.issues[1].status == "QA failed"
    redmine.change(1, "In QA")
    assert kit.edit(1, comment=COMMENT) == ""
    assert redmine.issues[1].status == "In QA"


def test_a_bad_that_cannot_be_put_back_is_said(kit: RedmineKit, redmine: Redmine) -> None:
    def quick(number: int) -> None:
        redmine.before_change = lambda number: None
        redmine.change(number, "QA failed")
        redmine.reach["In QA"] = ("Closed",)

    redmine.before_change = quick
    with pytest.raises(TrackerError, match="could not be put back: mark it again"):
        kit.edit(1, **TO_TRY)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("edit", [TO_TRY, {"comment": COMMENT}])
def test_an_answer_that_is_lost(kit: RedmineKit, redmine: Redmine, edit: dict[str, Any]) -> None:
    redmine.fail("lose", on="PUT")
    assert kit.edit(1, **edit).endswith("comment")
    assert kit.edit(1, **edit) == ""
    assert len(ours(redmine)) == 1


@pytest.mark.usefixtures("hasty")
def test_a_request_that_perhaps_got_lost(kit: RedmineKit, redmine: Redmine) -> None:
    redmine.fail("reset", on="PUT")
    with pytest.raises(UnsureError, match="bug 1: whether it was changed is not known"):
        kit.edit(1, **TO_TRY)
    assert kit.edit(1, **TO_TRY) == "New -> In QA, comment"
    assert len(ours(redmine)) == 1


def test_somebody_else_changes_it_in_the_same_moment(kit: RedmineKit, redmine: Redmine) -> None:
    redmine.fail(422, on="PUT", times=2, body={"errors": []})
    assert kit.edit(1, **TO_TRY) == "New -> In QA, comment"
    redmine.issue(2)
    redmine.fail(422, on="PUT", times=99, body={"errors": []})
    with pytest.raises(TrackerError, match="keeps being changed by somebody else"):
        kit.edit(2, **TO_TRY)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("what", [401, 403, 404, 422, 500, 503, "html", "broken", "reset", "truncate"])
@pytest.mark.parametrize("place", range(4))
def test_whatever_fails_a_repeat_does_the_rest_once(
    kit: RedmineKit, redmine: Redmine, what: int | str, place: int
) -> None:
    redmine.fail(what, times=9, after=place)
    for _ in range(2):
        try:
            kit.edit(1, **TO_TRY)
        except (TrackerError, UnsureError) as error:
            assert "bug 1" in str(error) or "issue 1" in str(error)
    redmine.repair()
    kit.edit(1, **TO_TRY)
    assert len([note for note in ours(redmine) if note.text]) == 1
    assert redmine.issues[1].status == "In QA"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("r12 of r7 to r9", "\u200br12 of \u200br7 to \u200br9"),
        ("(#12) fix-#3, web:r4", "(\u200b#12) fix-\u200b#3, \u200bweb:r4"),
        ("Branch: fix_login_page", "Branch: fix_login_page"),
        ("feature/*x*", "feature/&#42;x&#42;"),
        ("_a_ +b+ -c-", "&#95;a&#95; &#43;b&#43; &#45;c-"),
        ("<b>&amp;", "&#60;b&#62;&#38;amp;"),
        ("@ann", "\u200b&#64;ann"),
        ("commit:12 user#3", "\u200bcommit:12 \u200buser#3"),
        ("https://code.example.com/r12/_x_?a=*b*#L1", "https://code.example.com/r12/_x_?a=*b*#L1"),
        ("Please try it. If it works, mark it.", "Please try it. If it works, mark it."),
    ],
)
def test_nothing_in_a_note_is_markup(line: str, shown: str) -> None:
    assert as_note(line) == shown
    assert last_line_of(f"Text\r\n\r\n{shown}\r\n") == last_line(line)
