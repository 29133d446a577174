"""What is said when Jira cannot be read, and what it may answer that is not so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import SettingsError, TrackerError
from shepherd.trackers import http, open_tracker
from shepherd.trackers.jira.meaning import budget, meaning
from shepherd.trackers.jira.site import JiraLogin
from shepherd.words import Budget
from tests.trackers.faulty import at_work
from tests.trackers.jira_kit import JiraKit, ok, unreadable, words
from tests.trackers.jira_server import TOKEN, Jira

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[JiraKit]:
    with at_work(Jira()) as jira:
        jira.issue("ABC-1", "qa-ok")
        jira.issue("ABC-2", "qa-ok")
        jira.issue("ABC-3", "qa-ok")
        yield JiraKit(jira, tmp_path)


@pytest.fixture
def data_center(tmp_path: Path) -> Iterator[JiraKit]:
    with at_work(Jira(cloud=False)) as jira:
        jira.issue("ABC-1", "qa-ok")
        yield JiraKit(jira, tmp_path)


def failure(kit: JiraKit, **tracker: Any) -> str:
    with pytest.raises(TrackerError) as caught:
        kit.read("ABC-1", "ABC-2", "ABC-3", revnos=[7], **tracker)
    told = str(caught.value)
    assert TOKEN not in told and "\n" not in told
    return told


def said(*issues: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"issues": issues, **more}).encode()


def issue(key: str, number: str, labels: object = ("qa-ok",)) -> dict[str, Any]:
    return {"id": number, "key": key, "fields": {"labels": labels, "status": {"name": "Open"}}}


# who asks


@pytest.mark.parametrize("cloud", [True, False])
def test_whom_jira_takes_for_a_stranger_gets_no_data(kit: JiraKit, data_center: JiraKit, cloud: bool) -> None:
    """Its searches are answered with 200 and nothing in them: everything would be unknown."""
    one = kit if cloud else data_center
    one.jira.account.token = "another"
    assert "answered 200: the API token is not accepted: it has perhaps expired" in failure(one)


@pytest.mark.parametrize("cloud", [True, False])
def test_a_bearer(kit: JiraKit, data_center: JiraKit, cloud: bool) -> None:
    one = kit if cloud else data_center
    assert one.read("ABC-1", login="").items == {"ABC-1": ok()}
    assert one.jira.secrets[-1] == f"Bearer {TOKEN}"
    one.jira.account.token = "another"
    assert "the token is not accepted" in failure(one, login="")


def test_a_public_site_is_read_without_a_token(kit: JiraKit) -> None:
    from tests.trackers import jira_server

    jira_server.NOBODY.rights["ABC"] = ("BROWSE_PROJECTS",)
    try:
        assert kit.read("ABC-1", login="", credentials_file="").items == {"ABC-1": ok()}
    finally:
        del jira_server.NOBODY.rights["ABC"]
    assert not kit.jira.secrets[-1]


def test_what_strangers_may_not_see_is_unknown(kit: JiraKit) -> None:
    assert list(unreadable(kit.read("ABC-1", login="", credentials_file=""))) == ["ABC-1"]


@pytest.mark.parametrize(
    ("status", "headers", "body", "login", "told"),
    [
        (401, {}, {}, True, "the API token is not accepted: it has perhaps expired"),
        (403, {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}, {}, True, "CAPTCHA; log in once"),
        (401, {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=x"}, {}, True, "CAPTCHA"),
        (403, {}, {"error": "Failed to parse Connect Session Auth Token"}, False, "set tracker.login"),
        (401, {}, {"code": 401, "message": "Unauthorized; scope does not match"}, False, "wants read:jira-w"),
        (404, {}, b"<h1>Site temporarily unavailable</h1>", True, "has no such site, or has suspended it"),
        (404, {}, {}, True, "there is no Jira at that address; is tracker.service_root right?"),
        (403, {}, {}, True, "answered 403: the credentials give no right to this"),
        (410, {}, {}, True, "it no longer has this part of its service"),
    ],
)
def test_why_it_is_refused(
    kit: JiraKit, status: int, headers: dict[str, str], body: Any, login: bool, told: str
) -> None:
    kit.jira.fail(status, headers=headers, body=body, times=9)
    more = {} if login else {"login": ""}
    sentence = failure(kit, **more)
    assert told in sentence and sentence.startswith(f"Jira at 127.0.0.1:{kit.jira.server_address[1]} ")


def test_credentials_that_something_before_it_keeps_back(data_center: JiraKit) -> None:
    answer = said(total=0, startAt=0)
    data_center.jira.fail("say", on="/search", times=9, body=answer, headers={"X-AUSERNAME": "anonymous"})
    assert "takes us for a stranger although credentials were sent" in failure(data_center)


def test_a_login_without_a_token_and_a_site_without_an_address(kit: JiraKit) -> None:
    with pytest.raises(
        SettingsError, match=r"tracker.login names an account, and nothing names its API token"
    ):
        kit.read("ABC-1", credentials_file="")
    with pytest.raises(SettingsError, match=r"tracker.service_root expected: the address of your Jira"):
        kit.read("ABC-1", service_root="")


# limits


def test_it_waits_when_it_is_told_to(kit: JiraKit, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    given = http.HttpSession.__init__.__kwdefaults__
    assert given is not None
    monkeypatch.setitem(given, "sleep", waits.append)
    kit.jira.fail(429, on="bulkfetch", headers={"Retry-After": "20", "RateLimit-Reason": "jira-burst-based"})
    assert words(kit.read("ABC-1")) == {"ABC-1": ("ok",)}
    assert waits == [20.0]


def test_a_quota_of_an_hour_that_is_used_up(kit: JiraKit) -> None:
    headers = {"Retry-After": "1800", "RateLimit-Reason": "jira-quota-tenant-based"}
    kit.jira.fail(429, on="bulkfetch", headers=headers, times=9)
    assert "the points that Atlassian gives to this app for an hour are used up" in failure(kit)
    requests = kit.count()
    assert "are used up" in failure(kit)
    assert kit.count() == requests  # it is left alone


CLOUD = {"x-ratelimit-limit": "350", "x-ratelimit-remaining": "12", "x-ratelimit-nearlimit": "true"}
RESET = {"x-ratelimit-reset": "2026-03-02T11:00Z", "date": "Mon, 02 Mar 2026 10:59:30 GMT"}


def anybody(kit: JiraKit) -> JiraLogin:
    return JiraLogin(kit.settings())


def test_until_when_it_waits(kit: JiraKit) -> None:
    def wait(headers: dict[str, str]) -> str:
        return meaning(429, headers, b"", anybody(kit)).headers["retry-after"]

    assert wait({"retry-after": "5", **RESET}) == "5"
    assert wait(RESET) == "30"
    assert (
        wait({}) == wait({"x-ratelimit-reset": "soon"}) == wait({"x-ratelimit-reset": "0001-01-01"}) == "60"
    )


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        (CLOUD | RESET, Budget("", 350, 12, 1772449200)),
        # Data Center (confluence.atlassian.com, "Adjusting your code for rate limiting")
        (
            {"x-ratelimit-limit": "180", "x-ratelimit-remaining": "170", "retry-after": "0"},
            Budget("", 180, 170, 0),
        ),
        ({"x-ratelimit-limit": "many", "x-ratelimit-remaining": "1"}, None),
        ({}, None),
    ],
)
def test_what_the_limit_still_has(headers: dict[str, str], left: Budget | None) -> None:
    assert budget(headers) == left


# what is refused for one thing is that thing's alone


@pytest.mark.parametrize("status", [400, 500, 502])
def test_one_issue_that_is_never_answered_is_unknown_alone(kit: JiraKit, status: int) -> None:
    for number in range(4, 41):
        kit.jira.issue(f"ABC-{number}", "qa-ok")
    kit.jira.fail(status, on='"ABC-17"', times=10**6)
    keys = [f"ABC-{number}" for number in range(1, 41)]
    reading = kit.read(*keys)
    assert len(words(reading)) == 39
    assert list(unreadable(reading).values()) == ["Jira does not answer the question about it, even alone"]
    # what went through is not asked for again
    again = kit.read(*keys, before=reading)
    assert again.items == reading.items


def test_a_search_that_names_too_many_labels_is_made_in_parts(kit: JiraKit) -> None:
    kit.jira.issue("ABC-9", "bad-commit-700")
    kit.jira.fail(400, on="bad-commit-500", times=2)
    reading = kit.read("ABC-1", revnos=range(1, 801))
    assert reading.items["ABC-9"].bad_commits == (700,)


def test_an_issue_that_names_a_landing_and_cannot_be_read_is_not_left_out(kit: JiraKit) -> None:
    odd = said(issue("ABC-9", "9", ["bad-commit-7", 7]), isLast=True)
    kit.jira.fail("say", on="labels in", body=odd)
    first = kit.read("ABC-1", revnos=[7])
    assert unreadable(first) == {"ABC-9": "Jira gives ABC-9 labels that are no texts"}
    kit.jira.issue("ABC-9", "bad-commit-7")
    assert kit.read("ABC-1", revnos=[7], before=first).items["ABC-9"].bad_commits == (7,)


@pytest.mark.parametrize("status", [400, 413])
def test_a_question_for_changes_that_is_refused_makes_it_read_everything(kit: JiraKit, status: int) -> None:
    first = kit.read("ABC-1", "ABC-2")
    kit.jira.change("ABC-2", labels=["qa-bad"])
    kit.jira.fail(status, on="updated >=", times=9)
    assert words(kit.read("ABC-1", "ABC-2", before=first))["ABC-2"] == ("bad",)


def test_an_issue_that_could_not_be_fetched_this_time(kit: JiraKit) -> None:
    body = json.dumps({"issues": [], "issueErrors": [{"id": "10001", "errorMessage": "timeout"}]}).encode()
    kit.jira.fail("say", on="bulkfetch", times=9, body=body)
    assert unreadable(kit.read("ABC-1")) == {
        "ABC-1": "Jira could not give it this time; the next run tries again"
    }
    kit.jira.repair()
    assert words(kit.read("ABC-1")) == {"ABC-1": ("ok",)}


def test_trouble_of_all_is_no_data(kit: JiraKit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.jira.fail(500, times=99)
    assert "answered 500: it has trouble of its own" in failure(kit)


# answers that are not so


@pytest.mark.parametrize("labels", [["qa-ok", 7], "qa-ok", {"a": "qa-ok"}, [None], 7, [["qa-ok"]]])
def test_labels_that_are_no_texts_make_one_issue_unknown(kit: JiraKit, labels: object) -> None:
    answer = said(issue("ABC-1", "1", labels), issue("ABC-2", "2"))
    kit.jira.fail("say", on="bulkfetch", body=answer)
    reading = kit.read("ABC-1", "ABC-2")
    assert unreadable(reading) == {"ABC-1": "Jira gives ABC-1 labels that are no texts"}
    assert words(reading) == {"ABC-2": ("ok",)}


def test_issues_that_were_not_asked_for_say_nothing(kit: JiraKit) -> None:
    answer = said(issue("XYZ-7", "7", ["qa-bad"]), issue("ABC-2", "2"), issue("XYZ-8", "8", ["qa-bad"]))
    kit.jira.fail("say", on="bulkfetch", body=answer)
    reading = kit.read("ABC-1", "ABC-2", "ABC-3")
    assert words(reading) == {f"ABC-{number}": ("ok",) for number in (1, 2, 3)}
    assert list(reading.items) == ["ABC-1", "ABC-2", "ABC-3"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (said(issue("ABC-1", "1"), issue("ABC-1", "2", ["qa-bad"])), "gave several issues one key"),
        (said(issue("ABC-1", "1"), issue("ABC-2", "1", ["qa-bad"])), "gave several issues one id"),
        (b'{"issues": null}', "is not Jira"),
        (b'{"issues": [{"key": "ABC-1"}]}', "is not Jira"),
        (b'{"issues": [[]]}', "is not Jira"),
        (b"[]", "is not Jira"),
    ],
)
def test_answers_that_cannot_be_are_no_data(kit: JiraKit, answer: bytes, told: str) -> None:
    kit.jira.fail("say", on="bulkfetch", body=answer, times=9)
    assert told in failure(kit)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (said(issue("ABC-1", "1"), nextPageToken="again"), "gave a list that never ends"),
        (said(nextPageToken="again"), "gave a list that never ends"),
        (said(isLast=False), "says that there is another page, and not which"),
    ],
)
def test_pages_that_go_round_are_no_data(kit: JiraKit, answer: bytes, told: str) -> None:
    kit.jira.fail("say", on="search/jql", body=answer, times=10**6)
    assert told in failure(kit)
    assert kit.count("search/jql") <= 3


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (said(issue("ABC-1", "1"), total=500), "gave a list that changed whenever it was read"),
        (said(total=500), "gave a list that changed whenever it was read"),
        (said(issue("ABC-1", "1")), "does not say how many issues it finds"),
    ],
)
def test_pages_by_number_that_do_not_add_up_are_no_data(
    data_center: JiraKit, answer: bytes, told: str
) -> None:
    data_center.jira.fail("say", on="labels in", body=answer, times=10**6)
    assert told in failure(data_center)
    assert data_center.count("labels in") <= 5_000


def test_hostile_texts_reach_nothing(kit: JiraKit) -> None:
    """Keys come from messages: what is none is not asked for; what stands in a status is cleaned."""
    kit.jira.change("ABC-1", status="Done\x1b[31m\n" + "x" * 500)
    reading = kit.read("ABC-1", 'ABC-1") OR project = SECRET', "ABC-0", "abc-1")
    assert len(unreadable(reading)) == 3
    status = reading.about["ABC-1"].status
    assert status.isprintable() and len(status) <= 100


def test_what_doctor_asks(kit: JiraKit, data_center: JiraKit) -> None:
    assert open_tracker(kit.settings()).probe().endswith(", as QA Shepherd")
    assert open_tracker(kit.settings()).probe().startswith("Cloud at 127.0.0.1:")
    assert open_tracker(data_center.settings()).probe().startswith("9.12.5 at 127.0.0.1:")
    assert open_tracker(kit.settings(login="", credentials_file="")).probe().endswith(", anonymously")
