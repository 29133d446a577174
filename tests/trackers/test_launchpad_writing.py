"""Writing to Launchpad: only what is missing, nothing of anybody else's lost, one comment whatever comes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from shepherd.errors import TrackerError, UnsureError
from shepherd.settings import Settings
from shepherd.trackers import http, open_writer
from shepherd.trackers.writing import Edit
from tests.trackers.conftest import Ask
from tests.trackers.launchpad_server import Bug, Server

SIGN = "qa-shepherd: stable r7"
EDIT = Edit(
    add=("qa-needstesting",),
    remove=("qa-ok",),
    status="Fix Committed",
    comment=f"Fixed in r7.\n\n{SIGN}\n",
)


def status(lp: Server, bug: int) -> str:
    return str(lp.bugs[bug].status[lp.project])


def test_everything_at_once_and_then_nothing(token: Settings, lp: Server) -> None:
    lp.bugs[1] = Bug(["qa-ok", "ui"], comments=["Me too."])
    assert open_writer(token).edit("1", EDIT) == "+qa-needstesting, -qa-ok, New -> Fix Committed, comment"
    assert lp.bugs[1].tags == ["qa-needstesting", "ui"]
    assert status(lp, 1) == "Fix Committed"
    assert lp.bugs[1].comments == ["Me too.", EDIT.comment]
    lp.requests.clear()
    assert open_writer(token).edit("1", EDIT) == ""
    assert not [request for request in lp.requests if not request.startswith("GET")]


def test_what_is_not_named_is_not_looked_at(token: Settings, lp: Server) -> None:
    lp.bugs[1] = Bug([])
    writer = open_writer(token)
    writer.edit("1", Edit(add=("qa-ok",)))
    assert lp.bugs[1].tags == ["qa-ok"]
    assert status(lp, 1) == "New"
    assert not lp.count("messages") + lp.count("bug_tasks")
    writer.edit("1", Edit(remove=("qa-ok", "never-there")))
    assert lp.bugs[1].tags == []


def test_no_word_beside_bad(token: Settings, lp: Server) -> None:
    """Also where a person is quicker: the save is refused, and made again of what stands there then."""
    lp.bugs[1] = Bug(["qa-bad", "qa-ok"])
    lp.bugs[2] = Bug(["qa-ok"])

    def meanwhile(request: str) -> None:
        if request.startswith("PATCH") and "qa-bad" not in lp.bugs[2].tags:
            lp.change(2, tags=["qa-bad"])

    lp.tell = meanwhile
    edit = replace(EDIT, status="", comment="")
    assert open_writer(token).edit("1", edit) == "no word, since it is marked bad"
    assert open_writer(token).edit("2", edit) == "no word, since it is marked bad"
    assert (lp.bugs[1].tags, lp.bugs[2].tags) == (["qa-bad", "qa-ok"], ["qa-bad"])


def test_tags_that_people_set_meanwhile_are_merged(token: Settings, lp: Server) -> None:
    lp.bugs[1] = Bug(["qa-ok"])

    def meanwhile(request: str) -> None:
        if request.startswith("PATCH") and "regression" not in lp.bugs[1].tags:
            lp.change(1, tags=["qa-ok", "regression"])

    lp.tell = meanwhile
    assert open_writer(token).edit("1", EDIT).startswith("+qa-needstesting, -qa-ok")
    assert lp.bugs[1].tags == ["qa-needstesting", "regression"]


def test_a_comment_meanwhile_is_no_conflict(token: Settings, lp: Server) -> None:
    lp.bugs[1] = Bug()
    lp.tell = lambda request: lp.change(1, comment="hm") if request.startswith("PATCH") else None
    open_writer(token).edit("1", Edit(add=("qa-ok",)))
    assert lp.count("PATCH") == 1
    assert lp.bugs[1].tags == ["qa-ok"]


def test_somebody_who_is_always_quicker(token: Settings, lp: Server) -> None:
    lp.bugs[1] = Bug()
    lp.fail(412, on="PATCH", times=99)
    with pytest.raises(TrackerError, match="bug 1 keeps being changed by somebody else"):
        open_writer(token).edit("1", Edit(add=("qa-ok",)))
    assert lp.count("PATCH") == 5


def test_a_save_whose_answer_is_lost(token: Settings, lp: Server, hasty: None) -> None:
    lp.bugs[1] = Bug(["ui"])
    lp.fail("lose", on="PATCH")
    assert open_writer(token).edit("1", Edit(add=("qa-ok",))) == "+qa-ok"
    assert lp.bugs[1].tags == ["qa-ok", "ui"]


@pytest.mark.parametrize("trouble", ["lose", "reset", "hang", 502])
def test_a_comment_is_never_sent_twice(token: Settings, lp: Server, hasty: None, trouble: int | str) -> None:
    lp.bugs[1] = Bug()
    lp.fail(trouble, on="POST")
    said = Edit(comment=f"Hello.\n{SIGN}")
    if trouble == "lose":
        assert open_writer(token).edit("1", said) == "comment"
    else:
        with pytest.raises(UnsureError, match="bug 1: whether the comment was written is not known"):
            open_writer(token).edit("1", said)
        assert lp.bugs[1].comments == []
    assert lp.count("POST") == 1
    open_writer(token).edit("1", said)
    assert lp.bugs[1].comments == [said.comment]


def test_a_kept_connection_that_was_closed(token: Settings, lp: Server) -> None:
    lp.bugs[1] = Bug()
    lp.short_lived = True
    assert open_writer(token).edit("1", EDIT) == "+qa-needstesting, New -> Fix Committed, comment"


def test_a_comment_that_was_refused_was_not_made(token: Settings, lp: Server) -> None:
    lp.bugs[1] = Bug()
    lp.fail(403, on="POST")
    with pytest.raises(TrackerError, match=r"bug 1 cannot be written: .* answered 403"):
        open_writer(token).edit("1", Edit(comment=SIGN))


def test_a_comment_is_known_by_its_last_line_alone(token: Settings, lp: Server) -> None:
    lp.bugs[1] = Bug(comments=["x"] * 400 + [f"In other words, r7.\r\n{SIGN}  \n\n"])
    lp.bugs[2] = Bug(comments=[f"> {SIGN}", f"{SIGN}\nI do not think so.", f"{SIGN}7"])
    assert open_writer(token).edit("1", Edit(comment=f"Hello.\n{SIGN}")) == ""
    assert open_writer(token).edit("2", Edit(comment=f"Hello.\n{SIGN}")) == "comment"


def test_only_our_own_task_gets_the_status(token: Settings, lp: Server) -> None:
    lp.bugs[1] = Bug(status={"launchpad": "Triaged", "launchpad/trunk": "Triaged", "bzr": "Triaged"})
    open_writer(token).edit("1", Edit(status="Fix Committed"))
    assert lp.bugs[1].status == {
        "launchpad": "Fix Committed",
        "launchpad/trunk": "Triaged",
        "bzr": "Triaged",
    }


def test_a_project_of_the_group_is_ours(token: Settings, lp: Server) -> None:
    lp.project = "launchpad-project"
    lp.groups = {"launchpad": "launchpad-project"}
    lp.bugs[1] = Bug(status={"launchpad": "Triaged", "bzr": "Triaged"})
    group = replace(token, tracker=replace(token.tracker, project="launchpad-project"))
    open_writer(group).edit("1", Edit(status="Fix Committed"))
    assert lp.bugs[1].status == {"launchpad": "Fix Committed", "bzr": "Triaged"}


def test_one_session_for_many_bugs(token: Settings, lp: Server) -> None:
    for number in range(1, 6):
        lp.bugs[number] = Bug()
    writer = open_writer(token)
    for number in range(1, 6):
        writer.edit(str(number), Edit(add=("qa-ok",)))
    assert lp.count("GET /1.0/bugs/") == 5
    assert lp.count("PATCH") == 5
    assert lp.count() <= 12


@pytest.mark.parametrize(
    ("bug", "says"), [("7", "answered 404"), ("#7", "request #7: on Launchpad only bugs can be marked")]
)
def test_what_cannot_be_written(token: Settings, lp: Server, bug: str, says: str) -> None:
    with pytest.raises(TrackerError, match=says):
        open_writer(token).edit(bug, EDIT)


def test_without_credentials_nothing_can_be_written(ask: Ask, lp: Server) -> None:
    lp.bugs[1] = Bug()
    with pytest.raises(TrackerError, match=r"bug 1 cannot be written: .* answered 401"):
        open_writer(ask()).edit("1", EDIT)


def test_a_service_in_trouble_is_left_alone(
    token: Settings, lp: Server, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "PATIENCE", 0.01)
    for number in range(1, 30):
        lp.bugs[number] = Bug()
    writer = open_writer(token)
    writer.edit("1", Edit(add=("qa-ok",)))
    lp.requests.clear()
    lp.fail(503, times=999)
    for number in range(1, 30):
        with pytest.raises(TrackerError, match="answered 503"):
            writer.edit(str(number), EDIT)
    assert lp.count() <= 6
