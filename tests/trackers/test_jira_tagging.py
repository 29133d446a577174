"""The tagger on Jira, from the message of a landing to what people find on the issue, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.trackers import http
from tests.project import Project, entry, states
from tests.trackers.faulty import at_work
from tests.trackers.jira_issues import BROWSE, COMMENT
from tests.trackers.jira_kit import tracker_on
from tests.trackers.jira_server import Jira
from tests.trackers.jira_writes import as_text

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

BRANCH = 'orphans = "needs-qa"'
STATUSES = """
[tracker.statuses]
ok = ["QA passed"]
bad = ["QA failed"]
needstesting = ["In QA"]
silent = ["Open", "Done"]
"""
FIELD = (
    '\n[tracker.field]\nname = "QA result"\nok = ["passed"]\nbad = ["failed"]\nneedstesting = ["to try"]\n'
)


@pytest.fixture(params=["cloud", "data center"])
def jira(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jira]:
    monkeypatch.setattr(http, "WRITE_EVERY", 0.0)
    with at_work(Jira(cloud=request.param == "cloud")) as server:
        yield server


def project_on(jira: Jira, folder: Path, more: str = "") -> Project:
    """One landing is live; further ones are tagged."""
    project = Project(folder / "team", BRANCH, tracker_on(jira, folder, more))
    jira.clock = lambda: project.now
    project.deploy(project.land("Begin")[0])
    project.full_run()
    return project


def workflow(jira: Jira) -> None:
    """From Open or a verdict to QA, and from there to a verdict."""
    jira.transition("To QA", "In QA", "Open", "QA passed", "QA failed")
    jira.transition("Pass", "QA passed", "In QA")
    jira.transition("Fail", "QA failed", "In QA")


def comments(jira: Jira, key: str) -> list[str]:
    return [as_text(each["body"]) for each in jira.issues[key].comments]


def writes(jira: Jira) -> int:
    return jira.count("PUT ") + jira.count("/comment {") + jira.count("/transitions {")


def test_by_labels(tmp_path: Path, jira: Jira) -> None:
    project = project_on(jira, tmp_path)
    jira.issue("ABC-7", "ui", status="Open")
    project.land("ABC-7 Faster")
    assert states(project.full_run())[2] == "needstesting"
    assert jira.issues["ABC-7"].labels == ["ui", "qa-needstesting"]
    (comment,) = comments(jira, "ABC-7")
    assert "This landed as r2 of stable." in comment
    assert jira.issues["ABC-7"].status == "Open"
    before = writes(jira)
    assert project.full_run() and writes(jira) == before
    jira.change("ABC-7", labels=["ui", "qa-ok"])
    assert states(project.full_run())[2] == "ok"
    assert writes(jira) == before


def test_by_status(tmp_path: Path, jira: Jira) -> None:
    project = project_on(jira, tmp_path, STATUSES)
    workflow(jira)
    jira.issue("ABC-7", status="Open")
    project.land("ABC-7 Faster")
    assert states(project.full_run())[2] == "needstesting"
    issue = jira.issues["ABC-7"]
    assert (issue.status, issue.labels, len(issue.comments)) == ("In QA", [], 1)
    jira.change("ABC-7", status="QA passed")
    assert states(project.full_run())[2] == "ok"
    assert jira.issues["ABC-7"].status == "QA passed"
    project.land("ABC-7 Faster still")
    assert states(project.full_run()) | {1: ""} == {1: "", 2: "ok", 3: "needstesting"}
    assert (jira.issues["ABC-7"].status, len(issue.comments)) == ("In QA", 2)
    jira.change("ABC-7", status="QA failed")
    snapshot = project.full_run()
    assert states(snapshot)[3] == "bad"
    project.land("ABC-7 At last")
    assert states(project.full_run())[4] == "needstesting"
    # what people said is theirs: the tagger never takes a "bad" away
    assert jira.issues["ABC-7"].status == "QA failed"
    assert len(jira.issues["ABC-7"].comments) == 3


def test_by_a_field(tmp_path: Path, jira: Jira) -> None:
    field = jira.field("QA result", "to try", "passed", "failed")
    project = project_on(jira, tmp_path, FIELD)
    jira.issue("ABC-7", status="Open")
    project.land("ABC-7 Faster")
    assert states(project.full_run())[2] == "needstesting"
    assert jira.issues["ABC-7"].fields[field]["value"] == "to try"
    jira.change("ABC-7", fields={field: {"value": "passed"}})
    assert states(project.full_run())[2] == "ok"
    project.land("ABC-7 Faster still")
    assert states(project.full_run())[3] == "needstesting"
    assert jira.issues["ABC-7"].fields[field]["value"] == "to try"


def test_a_status_that_cannot_be_reached_makes_nothing_good(tmp_path: Path, jira: Jira) -> None:
    """The issue stays "QA passed" although something newer landed: that word is about what was there."""
    project = project_on(jira, tmp_path, STATUSES)
    jira.transition("To QA", "In QA", "Open")
    jira.issue("ABC-7", status="Open")
    project.land("ABC-7 Faster")
    project.full_run()
    jira.change("ABC-7", status="QA passed")
    assert states(project.full_run())[2] == "ok"
    project.land("ABC-7 Faster still")
    project.find()
    tagged = project.tagger()
    assert (tagged.done, tagged.failures) == (1, ())
    assert tagged.left == (
        'ABC-7 for r3: "In QA" could not be given, since no transition at all is offered from "QA passed";'
        " may this account make any (Transition Issues)?, comment",
    )
    before = writes(jira)
    for _ in range(3):
        found = states(project.full_run())
        assert (found[2], found[3]) == ("ok", "needstesting")
    assert writes(jira) == before
    assert len(comments(jira, "ABC-7")) == 2
    jira.change("ABC-7", status="In QA")
    assert states(project.full_run())[3] == "needstesting"
    jira.change("ABC-7", status="QA passed")
    assert states(project.full_run())[3] == "ok"


def test_statuses_of_the_tagger(tmp_path: Path, jira: Jira) -> None:
    more = 'status = { landed = "Resolved", rolled_back = "Reopened" }\n'
    project = project_on(jira, tmp_path, more)
    jira.transition("Resolve", "Resolved", "Open", "Reopened")
    jira.transition("Reopen", "Reopened", "Resolved")
    jira.issue("ABC-7", status="Open")
    (landed,) = project.land("ABC-7 Faster")
    project.full_run()
    assert (jira.issues["ABC-7"].status, jira.issues["ABC-7"].labels) == ("Resolved", ["qa-needstesting"])
    project.repo.revert(landed, date=int(project.now.timestamp()))
    project.full_run()
    assert (jira.issues["ABC-7"].status, jira.issues["ABC-7"].labels) == ("Reopened", [])


def test_without_the_right_to_edit(tmp_path: Path, jira: Jira) -> None:
    project = project_on(jira, tmp_path)
    jira.issue("ABC-7", status="Open")
    jira.account.rights["ABC"] = (BROWSE, COMMENT)
    project.land("ABC-7 Faster")
    project.find()
    (failure,) = project.tagger().failures
    assert "may this account edit it (Edit Issues)" in failure
    (warning,) = entry(project.judge(), 2).warnings
    assert "the tagger could not write ABC-7" in warning or "ABC-7" in warning
    jira.account.rights.clear()
    jira.account.rights[""] = (BROWSE, COMMENT, "EDIT_ISSUES")
    project.full_run()
    assert jira.issues["ABC-7"].labels == ["qa-needstesting"]
    assert len(comments(jira, "ABC-7")) == 1


def test_a_moved_issue(tmp_path: Path, jira: Jira) -> None:
    project = project_on(jira, tmp_path)
    jira.issue("ABC-7", status="Open")
    now = jira.move("ABC-7", "XYZ")
    project.land("ABC-7 Faster")
    project.full_run()
    assert jira.issues[now].labels == ["qa-needstesting"]
    jira.change(now, labels=["qa-ok"])
    assert states(project.full_run())[2] == "ok"
