"""What the tagger writes on Jira: labels, a status, a field, a comment; what is said where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.trackers.writing import NO_WORD, NOT_GIVEN, STATUS_KEPT, Edit
from tests.trackers.jira_edits import BY_STATUS, COMMENT, SIGN, Write, comments, writes
from tests.trackers.jira_server import Jira
from tests.trackers.jira_writes import as_text

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]


def test_labels_are_changed_at_once_and_what_others_add_stays(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1", "ui", "QA-Ok")

    def meanwhile(request: str) -> None:
        if request.startswith("PUT"):
            jira.issues["ABC-1"].labels.append("urgent")

    jira.tell = meanwhile
    edit = Edit(add=("qa-needstesting",), remove=("qa-ok", "passed"))
    assert write(edit) == "+qa-needstesting, -QA-Ok"
    assert jira.issues["ABC-1"].labels == ["ui", "urgent", "qa-needstesting"]
    assert len(writes(jira)) == 1
    assert write(edit) == ""
    assert len(writes(jira)) == 1


def test_one_comment_that_reads_as_it_was_meant(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1")
    assert write(Edit(comment=COMMENT)) == "comment"
    assert write(Edit(comment=COMMENT)) == ""
    (comment,) = jira.issues["ABC-1"].comments
    assert comment["internal"], "the customers of a service project are not shown it"
    if jira.cloud:
        assert as_text(comment["body"]) == COMMENT
        marks = [
            node["marks"][0]["attrs"]["href"]
            for paragraph in comment["body"]["content"]
            for node in paragraph["content"]
            if "marks" in node
        ]
        assert marks == ["https://git.example.org/r/7?a=b_c"]
    else:
        assert "Branch: feature/a\\_b\\-\\{c\\}\\*d\\*\nhttps://git.example.org/r/7?a=b_c." in comment["body"]
        assert comment["body"].endswith("\n\\-\\- QA Shepherd, stable r7 0123456789ab")


def test_a_comment_is_found_among_many(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1")
    assert write(Edit(comment=COMMENT)) == "comment"
    for number in range(250):
        body: Any = f"No {number}"
        jira.issues["ABC-1"].comments.append(
            {
                "id": f"9{number}",
                "author": jira.account.id,
                "created": "2026-01-01T00:00:00.000+0000",
                "body": body,
            }
        )
    before = jira.count("orderBy=-created")
    assert write(Edit(comment=COMMENT)) == ""
    assert jira.count("orderBy=-created") == before + 3


def test_a_comment_that_is_too_long_keeps_its_end(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1")
    lines = "\n".join(f"r{number}: {number:040d}" for number in range(2000))
    long = f"These landed.\n\n{lines}\n\n{SIGN}"
    assert write(Edit(comment=long)) == "comment"
    (said,) = comments(jira)
    assert len(said) < 32_767
    assert "more than one comment on Jira can hold" in said
    assert write(Edit(comment=long)) == ""


def test_a_status_by_the_transition_that_leads_to_it(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1", status="Open")
    jira.transition("To QA", "In QA", "Open")
    assert write(Edit(status="in  qa")) == "Open -> In QA"
    assert jira.issues["ABC-1"].status == "In QA"
    assert write(Edit(status="in qa")) == ""


def test_a_transition_by_its_own_name(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1", status="Open")
    jira.transition("Hand over", "In QA", "Open")
    assert write(Edit(status="hand over")) == "Open -> In QA"


def test_a_transition_to_what_people_say_is_not_made(jira: Jira, write: Write) -> None:
    """By its own name it would say for the team that QA is done."""
    jira.issue("ABC-1", status="To Do")
    jira.transition("Deliver", "QA passed", "To Do")
    told = write(Edit(status="deliver", comment=COMMENT), statuses=BY_STATUS)
    why = 'since it leads to "QA passed", which is for people to say'
    assert told == f'"deliver" {NOT_GIVEN}, {why}, comment'
    assert jira.issues["ABC-1"].status == "To Do"
    assert write(Edit(status="QA passed"), statuses=BY_STATUS) == "To Do -> QA passed"


@pytest.mark.parametrize(
    ("set_up", "says"),
    [
        (
            lambda jira: (jira.transition("Pass", "In QA", "Nowhere"), jira.transition("Close", "Closed")),
            'no transition to it is offered from "Open"',
        ),
        (
            lambda jira: jira.transition("Pass", "In QA", required=("resolution",)),
            'the screen of "Pass" wants "Resolution"',
        ),
        (lambda jira: jira.transition("Pass", "In QA", hidden=True), "no transition at all is offered"),
        (
            lambda jira: jira.account.rights.update(ABC=("BROWSE_PROJECTS", "ADD_COMMENTS")),
            'no transition at all is offered from "Open"; may this account make any (Transition Issues)?',
        ),
    ],
)
def test_a_status_that_is_not_to_be_had_is_said_and_the_comment_goes(
    jira: Jira, write: Write, set_up: Callable[[Jira], object], says: str
) -> None:
    jira.issue("ABC-1", status="Open")
    jira.transition("To QA", "Elsewhere", "Elsewhere")
    set_up(jira)
    done = write(Edit(status="In QA", comment=COMMENT))
    assert done.startswith('"In QA" could not be given, since ')
    assert says in done
    assert done.endswith(", comment")
    assert (jira.issues["ABC-1"].status, len(comments(jira))) == ("Open", 1)


def test_of_several_transitions_the_one_that_wants_nothing(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1", status="Open")
    jira.transition("With a form", "In QA", required=("resolution",))
    jira.transition("At once", "In QA")
    assert write(Edit(status="In QA")) == "Open -> In QA"


def test_one_name_of_several_statuses(jira: Jira, write: Write) -> None:
    """Team-managed projects have statuses of their own, and may give them any name."""
    jira.issue("ABC-1", status="Open")
    jira.status("In QA", project="10001")
    ours = jira.status("In QA", project="10000", again=True)
    jira.transition("To QA", "", "Open", to_id=ours.id, projects=("ABC",))
    jira.transition("To QA", "In QA", "Open", projects=("XYZ",))
    assert write(Edit(status="In QA")) == "Open -> In QA"
    assert jira.issues["ABC-1"].status_id == ours.id


def test_a_status_that_says_a_word_is_left_to_people(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1", status="QA failed")
    for name in ("In QA", "QA passed"):
        jira.transition(name, name)
    needs = Edit(status="In QA", comment=COMMENT)
    assert write(needs, statuses=BY_STATUS) == f"{STATUS_KEPT}, comment"
    jira.change("ABC-1", status="QA passed")
    assert write(needs, statuses=BY_STATUS) == STATUS_KEPT
    assert write(Edit(status="In QA", remove=("qa-ok",)), statuses=BY_STATUS) == "QA passed -> In QA"


def test_no_word_is_added_to_a_bad_one(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1", "qa-bad")
    assert write(Edit(add=("qa-needstesting",), comment=COMMENT)) == f"{NO_WORD}, comment"
    jira.change("ABC-1", labels=[], status="QA failed")
    assert write(Edit(add=("qa-needstesting",)), statuses=BY_STATUS) == NO_WORD
    assert jira.issues["ABC-1"].labels == []


@pytest.mark.parametrize(
    ("kind", "options", "before", "after"),
    [
        ("option", ("passed", "to try"), None, {"id": "501", "value": "to try"}),
        ("option", ("passed", "To Try"), {"id": "500", "value": "passed"}, {"id": "501", "value": "To Try"}),
        ("string", (), "passed", "to try"),
        ("array", ("passed", "to try"), [{"value": "passed"}], [{"id": "501", "value": "to try"}]),
    ],
)
def test_the_value_of_a_field(
    jira: Jira, write: Write, kind: str, options: tuple[str, ...], before: object, after: object
) -> None:
    field = jira.field("QA result", *options, kind=kind)
    jira.issue("ABC-1", fields={field: before})
    words = {"name": "QA result", "needstesting": ["to try"], "ok": ["passed"]}
    was = '"passed"' if before else "nothing"
    assert write(Edit(field="to try"), field=words) == f'"QA result": {was} -> "to try"'
    assert jira.issues["ABC-1"].fields[field] == after
    assert write(Edit(field="to try"), field=words) == ""


@pytest.mark.parametrize(
    ("options", "on_screen", "says"),
    [
        (("passed",), True, "this field has no such value here"),
        (("to try",), False, "the screen that edits the issue does not have it"),
    ],
)
def test_a_value_that_is_not_to_be_had(
    jira: Jira, write: Write, options: tuple[str, ...], on_screen: bool, says: str
) -> None:
    field = jira.field("QA result", *options)
    jira.fields[field].on_screen = on_screen
    jira.issue("ABC-1")
    words = {"name": field, "needstesting": ["to try"]}
    done = write(Edit(field="to try", comment=COMMENT), field=words)
    assert done == f'"to try" in "QA result" could not be given, since {says}, comment'


@pytest.mark.parametrize(
    ("edit", "rights", "says"),
    [
        (Edit(add=("qa-ok",)), ("BROWSE_PROJECTS",), "may this account edit it (Edit Issues)"),
        (Edit(comment=COMMENT), ("BROWSE_PROJECTS",), "may this account comment on it (Add Comments)"),
        (Edit(comment=COMMENT), (), "there is no ABC-1, or this account may not see it"),
    ],
)
def test_what_the_account_may_not_do(
    jira: Jira, write: Write, edit: Edit, rights: tuple[str, ...], says: str
) -> None:
    jira.issue("ABC-1")
    jira.account.rights["ABC"] = rights
    with pytest.raises(TrackerError) as raised:
        write(edit)
    assert says in str(raised.value)
    assert comments(jira) == []


def test_a_project_whose_screens_have_no_labels(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1")
    jira.without_labels.add("ABC")
    with pytest.raises(TrackerError, match="are labels on the screen that edits it"):
        write(Edit(add=("qa-ok",)))


def test_an_archived_issue(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1", archived=True)
    with pytest.raises(TrackerError, match="is it not archived"):
        write(Edit(comment=COMMENT))


def test_a_moved_issue_is_written_by_its_former_key(jira: Jira, write: Write) -> None:
    jira.issue("ABC-1")
    now = jira.move("ABC-1", "XYZ")
    assert write(Edit(add=("qa-needstesting",), comment=COMMENT)) == "+qa-needstesting, comment"
    assert jira.issues[now].labels == ["qa-needstesting"]


def test_below_a_path(jira: Jira, write: Write) -> None:
    jira.below = "/ex/jira/0123"
    jira.issue("ABC-1", status="Open")
    jira.transition("To QA", "In QA")
    assert write(Edit(add=("x",), status="In QA", comment=COMMENT)) == "+x, Open -> In QA, comment"
    assert all("/ex/jira/0123/rest/api/" in line for line in jira.asked)
