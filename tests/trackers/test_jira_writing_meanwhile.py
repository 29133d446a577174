"""What the tagger writes on Jira while somebody changes the same issue, or where an answer gets lost."""

from __future__ import annotations

from typing import Any

import pytest

from shepherd.errors import TrackerError, UnsureError
from shepherd.trackers.writing import NO_WORD, STATUS_KEPT, Edit
from tests.trackers.jira_edits import BY_STATUS, COMMENT, Write, comments, writes
from tests.trackers.jira_server import Jira

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]


def test_somebody_changes_it_at_the_same_time(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1", status="Open")
    jira.transition("To QA", "In QA", "Open")
    jira.fail(409, on="PUT", times=2)
    jira.fail(409, on="transitions {", times=2)
    assert write(Edit(add=("qa-ok",), status="In QA")) == "+qa-ok, Open -> In QA"
    jira.fail(409, on="PUT", times=3)
    with pytest.raises(TrackerError, match="409"):
        write(Edit(add=("x",)))
    jira.change("ABC-1", status="Open")
    jira.fail(409, on="transitions {", times=3)
    with pytest.raises(TrackerError, match="409"):
        write(Edit(status="In QA"))
    assert write(Edit(status="In QA")) == "Open -> In QA"


def test_somebody_was_quicker_with_the_status(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1", status="Open")
    jira.transition("To QA", "In QA", "Open")

    def quicker(request: str) -> None:
        if request.startswith("POST"):
            jira.change("ABC-1", status="In QA")

    jira.tell = quicker
    assert write(Edit(status="In QA")) == "Open -> In QA"


BY_FIELD = {"name": "QA result", "ok": ["passed"], "bad": ["failed"], "needstesting": ["to try"]}


def says_bad_before(jira: Jira, part: str, **what: Any) -> None:
    """Somebody does that when the first request is on its way that has this part."""

    def quicker(request: str) -> None:
        if part in request:
            jira.tell = lambda request: None
            jira.change("ABC-1", **what)

    jira.tell = quicker


@pytest.mark.parametrize("come_from", [(), ("To Do",), ("To Do", "QA failed")])
def test_a_bad_status_that_comes_in_between_stays(
    jira: Jira, write: Write, come_from: tuple[str, ...]
) -> None:
    """REST cannot say from which status a transition is made."""
    jira.issue("ABC-1")
    jira.transition("To QA", "In QA", *come_from)
    jira.transition("Fail", "QA failed")
    says_bad_before(jira, "POST", status="QA failed")
    told = write(Edit(status="In QA", comment=COMMENT), statuses=BY_STATUS)
    assert told.endswith(f"{STATUS_KEPT}, comment")
    assert jira.issues["ABC-1"].status == "QA failed"
    assert write(Edit(status="In QA", comment=COMMENT), statuses=BY_STATUS) == STATUS_KEPT


def test_another_way_from_a_bad_status_that_comes_in_between_is_not_taken(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1")
    jira.transition("To QA", "In QA", "To Do")
    jira.transition("Again", "In QA", "QA failed")
    says_bad_before(jira, "POST", status="QA failed")
    assert write(Edit(status="In QA"), statuses=BY_STATUS) == STATUS_KEPT
    assert len(writes(jira)) == 1


def test_a_bad_status_that_cannot_be_put_back_is_said(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1")
    jira.transition("To QA", "In QA")
    says_bad_before(jira, "POST", status="QA failed")
    with pytest.raises(TrackerError, match='was replaced: say it again; "QA failed" could not be given'):
        write(Edit(status="In QA"), statuses=BY_STATUS)


@pytest.mark.parametrize("kind", ["option", "array"])
def test_a_bad_value_that_comes_in_between_is_put_back(jira: Jira, write: Write, kind: str) -> None:
    field = jira.field("QA result", "passed", "failed", "to try", "slow", kind=kind)
    jira.issue("ABC-1")
    one = {"value": "failed"}
    says_bad_before(jira, "PUT", fields={field: one if kind == "option" else [{"value": "slow"}, one]})
    assert write(Edit(field="to try"), field=BY_FIELD) == f'"QA result": nothing -> "to try", {NO_WORD}'
    now = jira.issues["ABC-1"].fields[field]
    assert (now if kind == "option" else now[0])["value"] == "failed"


def test_what_a_person_said_long_before_is_not_put_back(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1")
    jira.transition("To QA", "In QA")
    jira.change("ABC-1", status="QA failed")
    jira.change("ABC-1", status="To Do")
    assert write(Edit(status="In QA"), statuses=BY_STATUS) == "To Do -> In QA"


@pytest.mark.parametrize("what", ["lose", "reset", "hang"])
def test_an_answer_that_got_lost(jira: Jira, write: Write, what: str) -> None:
    jira.issue("ABC-1", status="Open")
    jira.transition("To QA", "In QA", "Open")
    jira.fail(what, on="transitions {")
    edit = Edit(status="In QA", comment=COMMENT)
    if what == "lose":
        assert write(edit) == "Open -> In QA, comment"
    else:
        with pytest.raises(TrackerError):
            write(edit)
        assert write(edit) == "Open -> In QA, comment"
    assert len(comments(jira)) == 1


def test_whether_a_comment_was_written_is_not_known(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1")
    jira.fail("lose", on="POST")
    assert write(Edit(comment=COMMENT)) == "comment"
    jira.change("ABC-1", comments=[])
    jira.fail("lose", on="POST")
    jira.fail(404, on="comment?", after=1)
    with pytest.raises(UnsureError, match="whether the comment was written is not known"):
        write(Edit(comment=COMMENT))
    assert write(Edit(comment=COMMENT)) == ""
    assert len(comments(jira)) == 1


def test_so_it_does_in_another_language(jira: Jira, write: Write) -> None:
    """The account sees translated names; the history of an issue has the others, and ids."""
    jira.translated = {"QA failed": "QA misslungen", "In QA": "In Prüfung"}
    jira.issue("ABC-1")
    jira.transition("To QA", "In QA")
    jira.transition("Fail", "QA failed")
    says_bad_before(jira, "POST", status="QA failed")
    texts = {**BY_STATUS, "bad": ["QA misslungen"], "needstesting": ["In Prüfung"]}
    assert write(Edit(status="In Prüfung"), statuses=texts).endswith(STATUS_KEPT)
    assert jira.issues["ABC-1"].status == "QA failed"


def killed_after_a_bad_status_came_in_between(jira: Jira, write: Write) -> None:
    """The transition is made, and nothing after it."""
    jira.issue("ABC-1")
    jira.transition("To QA", "In QA")
    says_bad_before(jira, "POST", status="QA failed")
    jira.fail("reset", on="changelog", times=99)
    with pytest.raises(TrackerError):
        write(Edit(status="In QA", comment=COMMENT), statuses=BY_STATUS)
    jira.repair()
    assert jira.issues["ABC-1"].status == "In QA"


RESUMED = Edit(comment=COMMENT, resumed=True)
"""What the next run plans: the status is there already."""


def test_after_a_kill_what_it_took_away_is_put_back(jira: Jira, write: Write) -> None:
    killed_after_a_bad_status_came_in_between(jira, write)
    jira.transition("Fail", "QA failed")
    assert write(RESUMED, statuses=BY_STATUS) == f"{STATUS_KEPT}, comment"
    assert jira.issues["ABC-1"].status == "QA failed"
    jira.change("ABC-1", status="In QA")
    assert write(RESUMED, statuses=BY_STATUS) == ""
    assert jira.issues["ABC-1"].status == "In QA", "a person moved it since"


def test_after_a_kill_what_cannot_be_put_back_is_said(jira: Jira, write: Write) -> None:
    killed_after_a_bad_status_came_in_between(jira, write)
    with pytest.raises(TrackerError, match='was replaced: say it again; "QA failed" could not be given'):
        write(RESUMED, statuses=BY_STATUS)


def test_after_a_kill_a_token_that_may_not_say_whose_it_is(jira: Jira, write: Write) -> None:
    killed_after_a_bad_status_came_in_between(jira, write)
    jira.fail(403, on="myself", times=99)
    with pytest.raises(TrackerError, match='perhaps replaced "QA failed", which somebody had said: say it'):
        write(RESUMED, statuses=BY_STATUS)
    jira.change("ABC-1", status="To Do")
    assert write(RESUMED, statuses=BY_STATUS) == "comment"


@pytest.mark.parametrize("kind", ["option", "array"])
def test_after_a_kill_a_value_is_put_back(jira: Jira, write: Write, kind: str) -> None:
    field = jira.field("QA result", "passed", "failed", "to try", kind=kind)
    jira.issue("ABC-1")
    one = {"value": "failed"}
    says_bad_before(jira, "PUT", fields={field: one if kind == "option" else [one]})
    jira.fail("reset", on="changelog", times=99)
    with pytest.raises(TrackerError):
        write(Edit(field="to try", comment=COMMENT), field=BY_FIELD)
    jira.repair()
    assert write(RESUMED, field=BY_FIELD) == f"{NO_WORD}, comment"
    now = jira.issues["ABC-1"].fields[field]
    assert (now if kind == "option" else now[0])["value"] == "failed"


def test_a_status_that_a_person_left_behind_is_not_put_back_where_the_field_alone_is_written(
    jira: Jira, write: Write
) -> None:
    jira.field("QA result", "passed", "failed", "to try")
    jira.issue("ABC-1", status="QA failed")
    jira.change("ABC-1", status="To Do")
    told = write(Edit(status="In QA", field="to try"), statuses=BY_STATUS, field=BY_FIELD)
    assert STATUS_KEPT not in told and jira.issues["ABC-1"].status == "To Do"
