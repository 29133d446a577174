"""The local Jira takes and answers what Atlassian publishes, and refuses the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3

from tests.trackers import jira_description
from tests.trackers.faulty import at_work
from tests.trackers.jira_server import EMAIL, TOKEN, Jira
from tests.trackers.openapi import Misused

pytestmark = pytest.mark.real

OURS = urllib3.make_headers(basic_auth=f"{EMAIL}:{TOKEN}")
DOCUMENT = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hello."}]}],
}


@pytest.fixture
def jira() -> Iterator[Jira]:
    with at_work(Jira()) as server:
        yield server


@pytest.fixture
def data_center() -> Iterator[Jira]:
    with at_work(Jira(cloud=False)) as server:
        yield server


def ask(jira: Jira, method: str, place: str, body: object = None, **more: Any) -> tuple[int, Any]:
    more.setdefault("headers", OURS)
    with urllib3.PoolManager() as pool:
        reply = pool.request(method, f"{jira.root}/rest/api/{place}", json=body, **more)
        return reply.status, reply.json() if reply.data else None


def keys(answer: tuple[int, Any]) -> list[str]:
    assert answer[0] == 200, answer
    return [issue["key"] for issue in answer[1]["issues"]]


def test_what_a_bulk_fetch_leaves_out(jira: Jira) -> None:
    jira.issue("ABC-1", "qa-ok")
    jira.issue("ABC-2", level="secret")
    jira.issue("ABC-3")
    jira.move("ABC-3", "XYZ")
    wanted = {"issueIdsOrKeys": ["abc-1", "ABC-2", "ABC-3", "ABC-9"], "fields": ["labels"]}
    assert keys(ask(jira, "POST", "3/issue/bulkfetch", wanted)) == ["ABC-1", "XYZ-1"]
    jira.account.levels = {"secret"}
    assert keys(ask(jira, "POST", "3/issue/bulkfetch", wanted)) == ["ABC-1", "ABC-2", "XYZ-1"]


@pytest.mark.parametrize(
    ("fields", "number", "status"),
    [(["labels"], 1000, 200), (["*all"], 100, 200), (["*all"], 101, 400), (["comment"], 101, 400)],
)
def test_how_many_issues_one_fetch_takes(jira: Jira, fields: list[str], number: int, status: int) -> None:
    asked = [f"ABC-{n}" for n in range(1, number + 1)]
    assert ask(jira, "POST", "3/issue/bulkfetch", {"issueIdsOrKeys": asked, "fields": fields})[0] == status


def test_pages_of_a_search(jira: Jira) -> None:
    for number in range(1, 251):
        jira.issue(f"ABC-{number}")
    found: list[str] = []
    body: dict[str, Any] = {"jql": "project = ABC ORDER BY key", "fields": ["labels"], "maxResults": 5000}
    while True:
        status, page = ask(jira, "POST", "3/search/jql", body)
        found += keys((status, page))
        if page["isLast"]:
            break
        body["nextPageToken"] = page["nextPageToken"]
    assert found == [f"ABC-{number}" for number in range(1, 251)]
    assert jira.count("search/jql") == 3
    assert ask(jira, "POST", "3/search/jql", {**body, "jql": "project in (ABC)"})[0] == 400
    assert len(keys(ask(jira, "POST", "3/search/jql", {"jql": "project = ABC"}))) == 50


@pytest.mark.parametrize(
    ("jql", "found"),
    [
        ('labels in ("bad-commit-7", "x")', ["ABC-1"]),
        ('labels = "BAD-COMMIT-7"', []),
        ("key in (ABC-1, XYZ-1)", ["ABC-1", "XYZ-1"]),
        ("issuekey = abc-2", ["ABC-2"]),
        ('status = "in qa"', ["ABC-2"]),
        ('status not in ("In QA") AND project = ABC', ["ABC-1"]),
        ('"QA result" = passed', ["ABC-2"]),
        ('cf[10040] != "passed"', ["ABC-1", "XYZ-1"]),
        ('(project = XYZ OR key = ABC-1) AND NOT labels = "bad-commit-7"', ["XYZ-1"]),
    ],
)
def test_what_a_search_finds(jira: Jira, jql: str, found: list[str]) -> None:
    field = jira.field("QA result")
    jira.issue("ABC-1", "bad-commit-7")
    jira.issue("ABC-2", status="In QA", fields={field: {"value": "passed"}})
    jira.issue("XYZ-1")
    assert keys(ask(jira, "POST", "3/search/jql", {"jql": f"{jql} ORDER BY key"})) == found


@pytest.mark.parametrize(
    ("jql", "says"),
    [
        ("key in (ABC-1, ABC-9)", "An issue with key 'ABC-9' does not exist for field 'key'."),
        ("project = NONE", "The value 'NONE' does not exist for the field 'project'."),
        ("status = Nothing", "The value 'Nothing' does not exist for the field 'status'."),
        ("colour = red", "Field 'colour' does not exist or you do not have permission to view it."),
        ("ORDER BY key", "Unbounded JQL queries are not allowed here."),
        ('updated >= "yesterday"', "Date value 'yesterday' for field 'updated' is invalid."),
        ("key = ABC-1 AND", "Error in the JQL Query"),
        ("labels = in", "'in' is a reserved JQL word"),
    ],
)
def test_a_search_that_is_refused(jira: Jira, jql: str, says: str) -> None:
    jira.issue("ABC-1")
    status, answer = ask(jira, "POST", "3/search/jql", {"jql": jql})
    assert status == 400
    assert answer["errorMessages"][0].startswith(says) or says in answer["errorMessages"][0]


def test_dates_are_those_of_the_account(jira: Jira) -> None:
    moment = datetime(2026, 5, 1, 12, 0, 30, tzinfo=UTC)
    jira.clock = lambda: moment
    jira.issue("ABC-1")
    jira.account.zone = "Europe/Berlin"
    for jql, found in (
        ('updated >= "2026-05-01 14:00"', ["ABC-1"]),
        ('updated >= "2026-05-01 14:01"', []),
        ('updated >= "2026-05-01 12:00"', ["ABC-1"]),
        ("updated >= -1m", ["ABC-1"]),
        ("updated < -1m", []),
    ):
        assert keys(ask(jira, "POST", "3/search/jql", {"jql": jql})) == found
    (issue,) = ask(jira, "GET", "3/search/jql?jql=key%3DABC-1&fields=updated")[1]["issues"]
    assert issue["fields"]["updated"] == "2026-05-01T14:00:30.000+0200"


def test_a_search_may_be_behind(jira: Jira) -> None:
    jira.issue("ABC-1", "qa-ok")
    jira.index_stops()
    jira.change("ABC-1", labels=["qa-bad"])
    search = {"jql": "labels = qa-ok", "fields": ["labels"]}
    (issue,) = ask(jira, "POST", "3/search/jql", search)[1]["issues"]
    assert issue["fields"]["labels"] == ["qa-bad"]
    jira.index_goes_on()
    assert keys(ask(jira, "POST", "3/search/jql", search)) == []


def test_who_is_not_let_in_sees_nothing(jira: Jira) -> None:
    jira.issue("ABC-1")
    other = {"headers": urllib3.make_headers(basic_auth=f"{EMAIL}:old")}
    assert keys(ask(jira, "POST", "3/search/jql", {"jql": "labels = x"}, **other)) == []
    assert ask(jira, "GET", "3/myself", **other)[0] == 401
    assert ask(jira, "GET", "3/issue/ABC-1", **other)[0] == 404
    assert ask(jira, "GET", "3/myself", headers={"Authorization": f"Bearer {TOKEN}"})[0] == 200


def test_transitions_that_are_offered(jira: Jira) -> None:
    jira.issue("ABC-1", status="In QA")
    jira.transition("Pass", "QA passed", "In QA")
    jira.transition("Fail", "QA failed", "In QA", required=("resolution",))
    jira.transition("Again", "In QA", "QA passed", "QA failed")
    _, told = ask(jira, "GET", "3/issue/ABC-1/transitions?expand=transitions.fields")
    assert [(each["name"], list(each["fields"])) for each in told["transitions"]] == [
        ("Pass", []),
        ("Fail", ["resolution"]),
    ]
    assert ask(jira, "POST", "3/issue/ABC-1/transitions", {"transition": {"id": "31"}})[0] == 400
    status, answer = ask(jira, "POST", "3/issue/ABC-1/transitions", {"transition": {"id": "21"}})
    assert (status, answer["errors"]) == (400, {"resolution": "resolution is required."})
    assert ask(jira, "POST", "3/issue/ABC-1/transitions", {"transition": {"id": "11"}}) == (204, None)
    assert jira.issues["ABC-1"].status == "QA passed"
    jira.account.rights["ABC"] = ("BROWSE_PROJECTS",)
    assert ask(jira, "GET", "3/issue/ABC-1/transitions")[1]["transitions"] == []


def test_what_may_not_be_written(jira: Jira) -> None:
    jira.issue("ABC-1")
    edit = {"update": {"labels": [{"add": "x"}]}}
    jira.without_labels.add("ABC")
    status, answer = ask(jira, "PUT", "3/issue/ABC-1", edit)
    assert (status, list(answer["errors"])) == (400, ["labels"])
    jira.without_labels.clear()
    jira.account.rights["ABC"] = ("BROWSE_PROJECTS",)
    assert ask(jira, "PUT", "3/issue/ABC-1", edit)[0] == 403
    assert ask(jira, "POST", "3/issue/ABC-1/comment", {"body": DOCUMENT})[0] == 400
    del jira.account.rights["ABC"]
    jira.change("ABC-1", archived=True)
    assert ask(jira, "PUT", "3/issue/ABC-1", edit)[0] == 403
    jira.change("ABC-1", archived=False)
    assert ask(jira, "PUT", "3/issue/ABC-1", edit) == (204, None)
    assert ask(jira, "PUT", "3/issue/ABC-1", {"update": {"labels": [{"add": "two words"}]}})[0] == 400
    assert jira.issues["ABC-1"].labels == ["x"]


def test_comments_newest_first(jira: Jira) -> None:
    jira.issue("ABC-1")
    jira.comment_page = 2
    for number in range(3):
        text = {"type": "text", "text": f"No {number}"}
        body = {**DOCUMENT, "content": [{"type": "paragraph", "content": [text]}]}
        assert ask(jira, "POST", "3/issue/ABC-1/comment", {"body": body})[0] == 201
    _, page = ask(jira, "GET", "2/issue/ABC-1/comment?orderBy=-created&maxResults=100")
    assert ([each["body"] for each in page["comments"]], page["total"]) == (["No 2", "No 1"], 3)
    _, page = ask(jira, "GET", "2/issue/ABC-1/comment?orderBy=-created&startAt=2")
    assert [each["body"] for each in page["comments"]] == ["No 0"]


@pytest.mark.parametrize(
    ("method", "place", "body"),
    [
        ("GET", "3/issue/ABC-1?colour=red", None),
        ("GET", "3/nothing", None),
        ("DELETE", "3/myself", None),
        ("POST", "3/search/jql", {"jql": "key=ABC-1", "startAt": 0}),
        ("POST", "3/search/jql", {"jql": "key=ABC-1", "maxResults": 5001}),
        ("POST", "3/issue/bulkfetch", {"keys": ["ABC-1"]}),
        ("PUT", "3/issue/ABC-1", {"update": {"labels": [{"put": "x"}]}}),
        ("PUT", "3/issue/ABC-1", {"labels": ["x"]}),
        ("POST", "3/issue/ABC-1/comment", {"body": "a text"}),
        ("POST", "3/issue/ABC-1/comment", {"body": {**DOCUMENT, "content": [{"type": "nothing"}]}}),
        ("POST", "2/issue/ABC-1/comment", {"body": DOCUMENT}),
        ("POST", "4/search/jql", {"jql": "key=ABC-1"}),
    ],
)
def test_what_atlassian_does_not_describe(jira: Jira, method: str, place: str, body: object) -> None:
    jira.issue("ABC-1")
    assert ask(jira, method, place, body)[0] == 400
    assert len(jira.complaints) == 1
    jira.complaints.clear()


@pytest.mark.parametrize(
    ("status", "document"),
    [(200, {"key": "ABC-1", "colour": "red"}), (200, []), (418, {"errorMessages": []}), (404, {"why": "x"})],
)
def test_an_answer_that_atlassian_does_not_describe(status: int, document: object) -> None:
    call = jira_description.asked("GET", "/rest/api/3/issue/ABC-1", {}, None)
    with pytest.raises(Misused):
        jira_description.answered(call, status, document)


def test_a_data_center(data_center: Jira) -> None:
    data_center.issue("ABC-1")
    assert ask(data_center, "GET", "2/serverInfo")[1]["deploymentType"] == "Server"
    for place in ("2/search/jql", "3/search/jql", "3/issue/bulkfetch"):
        body = {"issueIdsOrKeys": ["ABC-1"]} if "bulk" in place else {"jql": "key=ABC-1"}
        assert ask(data_center, "POST", place, body)[0] == 404
    search: dict[str, Any] = {"jql": "key in (ABC-1, ABC-2)", "fields": ["labels"]}
    assert ask(data_center, "POST", "2/search", search)[0] == 400
    _, answer = ask(data_center, "POST", "2/search", {**search, "validateQuery": "warn"})
    assert (answer["total"], len(answer["warningMessages"])) == (1, 1)


def test_what_cloud_has_no_more(jira: Jira) -> None:
    jira.issue("ABC-1")
    assert ask(jira, "POST", "3/search", {"jql": "key=ABC-1"})[0] == 410
