"""What stands in a field of Jira, as people see it; a query, whatever stands in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shepherd.settings import Settings, TrackerSettings
from shepherd.trackers.jira.jql import text_in_jql
from shepherd.trackers.jira.service import JiraService
from shepherd.trackers.jira.site import is_cloud_host, session_with
from shepherd.trackers.jira.wire import KEY, AnsweredIssue, texts_of
from shepherd.trackers.jira.workflow import FieldForm, FieldSchema
from tests.trackers.jira_jql import _tokens, _unquoted

DOCUMENT = {
    "type": "doc",
    "version": 1,
    "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": "It "}, {"type": "text", "text": "works"}]}
    ],
}


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (None, []),
        ("", []),
        (" passed ", ["passed"]),
        ({"self": "x", "value": "passed", "id": "10001"}, ["passed"]),
        ([{"value": "passed"}, {"value": "on phone"}], ["passed", "on phone"]),
        ({"value": "QA", "child": {"value": "passed"}}, ["QA - passed"]),
        ({"value": "QA", "child": None}, ["QA"]),
        ({"name": "1.0", "id": "7"}, ["1.0"]),
        ({"displayName": "Ann", "accountId": "7"}, ["Ann"]),
        (["a", "b"], ["a", "b"]),
        (5.0, ["5"]),
        (0.25, ["0.25"]),
        (True, ["Yes"]),
        (DOCUMENT, ["It  works"]),
        ({"id": "7"}, []),
        ([None, {}, []], []),
        (1e999, ["inf"]),
    ],
)
def test_values_of_a_field(value: object, texts: list[str]) -> None:
    assert texts_of(value) == texts


def test_a_value_without_an_end() -> None:
    deep: Any = "passed"
    for _ in range(500):
        deep = [deep]
    assert texts_of(deep) == []
    assert len(texts_of([["passed"] * 1000] * 1000)) <= 10_000


VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=5),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(["value", "name", "child", "type", "content", "text", "labels", "status", "f"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(VALUES)
def test_any_issue_says_texts_or_why_not(fields: object) -> None:
    issue = AnsweredIssue("1", "ABC-1", fields).issue("f")
    assert all(isinstance(each, str) for each in (*issue.labels, issue.status, *issue.values))
    assert not issue.trouble or not issue.labels


@given(some.text())
def test_a_text_in_a_query_is_one_word(text: str) -> None:
    quoted = text_in_jql(text)
    (token,) = _tokens(quoted)
    assert _unquoted(token) == "".join(" " if ord(sign) < 32 or ord(sign) == 127 else sign for sign in text)


@pytest.mark.parametrize("text", ["ABC-1", "A1_B-99", "A-1"])
def test_keys(text: str) -> None:
    assert KEY.fullmatch(text)


@pytest.mark.parametrize("text", ["abc-1", "ABC-0", "ABC-01", "1-1", "ABC-", "ABC-1\n", "ABC-１", "10001"])
def test_what_is_no_key(text: str) -> None:
    assert not KEY.fullmatch(text)


@pytest.mark.parametrize(
    ("root", "cloud"),
    [
        ("https://example.atlassian.net", True),
        ("https://EXAMPLE.Atlassian.NET/", True),
        ("https://api.atlassian.com/ex/jira/1-2-3", True),
        ("https://jira.example.org/jira", False),
        ("https://atlassian.net.example.org", False),
        ("http://127.0.0.1:8080", False),
    ],
)
def test_hosts_that_have_cloud_for_certain(root: str, cloud: bool) -> None:
    assert is_cloud_host(root) is cloud


def test_a_jira_below_a_path() -> None:
    tracker = TrackerSettings(type="jira", service_root="https://jira.example.org/jira/")
    session = session_with(Settings(branches={}, tracker=tracker))
    assert session.root == "https://jira.example.org/jira/"
    service = JiraService(Settings(branches={}, tracker=tracker), session, edition="server")
    assert service.path("search") == "rest/api/2/search"
    assert JiraService(Settings(branches={}, tracker=tracker), session, edition="cloud").path("field") == (
        "rest/api/3/field"
    )


@pytest.mark.parametrize("number", [10**30, 1.5, None, ["x"]])
def test_an_option_is_sent_back_by_a_text_alone(number: object) -> None:
    """A number that is too large could not be sent."""
    form = FieldForm(
        schema=FieldSchema("option"), operations=("set",), allowedValues=({"id": number, "value": "passed"},)
    )
    assert form.why_not("passed") == ""
    assert form.value("Passed") == {"value": "passed"}
