"""What the tagger writes on Jira: labels, a status, a field, a comment; what is said where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shepherd.errors import TrackerError, UnsureError
from shepherd.settings import Settings, TrackerSettings
from shepherd.trackers import http, open_writer
from shepherd.trackers.writing import NO_WORD, NOT_GIVEN, STATUS_KEPT, Edit
from tests.trackers.faulty import at_work
from tests.trackers.jira_server import EMAIL, TOKEN, Jira
from tests.trackers.jira_writes import as_text

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

SIGN = "-- QA Shepherd, stable r7 0123456789ab"
COMMENT = (
    "This landed as r7 of stable.\n\nCommit: 0123456789ab\nBranch: feature/a_b-{c}*d*\n"
    f"https://git.example.org/r/7?a=b_c.\n\nPlease try it on the QA server.\n\n{SIGN}"
)
BY_STATUS = {"ok": ["QA passed"], "bad": ["QA failed"], "needstesting": ["In QA"], "silent": ["To Do"]}
Write = Callable[..., str]


@pytest.fixture(params=["cloud", "data center"])
def jira(request: pytest.FixtureRequest) -> Iterator[Jira]:
    with at_work(Jira(cloud=request.param == "cloud")) as server:
        yield server


@pytest.fixture
def write(jira: Jira, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """One edit of ABC-1 by a writer of its own; keys of [tracker] beside."""
    monkeypatch.setattr(http, "WRITE_EVERY", 0.0)
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)

    def edit(what: Edit, **tracker: Any) -> str:
        given = {
            "type": "jira",
            "service_root": jira.root,
            "keys": ["ABC"],
            "login": EMAIL,
            "credentials_file": "token",
            **tracker,
        }
        made = msgspec.convert(given, TrackerSettings)
        settings = Settings(branches={}, tracker=made, file=tmp_path / "shepherd.toml")
        return open_writer(settings).edit("ABC-1", what)

    return edit


def comments(jira: Jira, key: str = "ABC-1") -> list[str]:
    return [as_text(comment["body"]) for comment in jira.issues[key].comments]


def writes(jira: Jira) -> list[str]:
    return [line for line in jira.asked if not line.startswith("GET")]


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
