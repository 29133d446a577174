"""What only GitLab does: which merge request brought a commit, in few questions, and its words for tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.trackers import http, open_tracker
from shepherd.trackers.gitlab.service import ONE_PER, GitLabService
from shepherd.trackers.gitlab.writing import open_writer
from shepherd.trackers.http import HttpSession
from shepherd.trackers.writing import Edit
from shepherd.words import Budget, TrackerData
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import Kit, nameless
from tests.trackers.gitlab_pipelines import BEGINNING
from tests.trackers.gitlab_server import GitLab, merge

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

DAY = 86_400


def shas(number: int) -> list[str]:
    return [f"{each:040x}" for each in range(1, number + 1)]


class Lab:
    """A GitLab whose clock stands where the test sets it."""

    def __init__(self, forge: GitLab, folder: Path) -> None:
        self.forge = forge
        self.kit = Kit(forge, folder)
        self.now = float(DAY)
        """Seconds after the beginning."""
        forge.clock = self._clock

    def _clock(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.now)

    def read(self, commits: list[str], memory: bytes = b"") -> TrackerData:
        return self.kit.read(claims=nameless(commits, "stable"), memory=memory)

    def singly(self) -> int:
        return self.forge.count("/repository/commits/")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with at_work(GitLab()) as forge:
        yield Lab(forge, tmp_path)


@pytest.fixture
def pushed(lab: Lab) -> tuple[list[str], bytes]:
    """Sixty commits that nobody's merge request brought, and the memory of the first reading. Ten minutes
    pass."""
    commits = shas(60)
    lab.forge.commits = set(commits)
    first = lab.read(commits)
    assert first.requests == 1 + len(commits)
    lab.now += 600
    return commits, first.memory


def test_none_is_asked_again_by_what_was_merged_since(lab: Lab, pushed: tuple[list[str], bytes]) -> None:
    commits, memory = pushed
    for number in range(1, 50):
        lab.forge.merges[number] = merge("qa-ok", commits=(f"b{number:039d}",), updated=lab.now - 7200)
    lab.forge.merges[50] = merge("qa-ok", commits=("de" * 20, "ad" * 20), updated=lab.now - 60)
    second = lab.read(commits, memory)
    assert second.named == dict.fromkeys(commits, ())
    assert second.requests <= len(commits) / ONE_PER
    lab.now += DAY
    assert lab.read(commits, second.memory).requests == 0


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(lambda sha: {"merge_commit": sha}, id="merge commit"),
        pytest.param(lambda sha: {"squash_commit": sha, "base": "next"}, id="squashed, into another branch"),
        pytest.param(lambda sha: {"commits": (sha, "dead" * 10)}, id="below the head"),
        pytest.param(lambda sha: {"commits": (sha, "dead" * 10), "merges": 1}, id="merged into the request"),
    ],
)
def test_one_that_was_merged_since_is_found(lab: Lab, pushed: tuple[list[str], bytes], late: Any) -> None:
    commits, memory = pushed
    lab.forge.merges[7] = merge("qa-bad", updated=lab.now - 1200, **late(commits[30]))
    second = lab.read(commits, memory)
    assert second.named == {**dict.fromkeys(commits, ()), commits[30]: ("!7",)}
    assert second.items["!7"].words == ("bad",)
    assert lab.singly() == len(commits)


def test_one_that_is_changed_between_two_pages_is_not_missed(lab: Lab) -> None:
    """It was to stand on the second page, and has moved to the first."""
    commits = shas(60)
    lab.forge.commits = set(commits)
    first = lab.read(commits)
    lab.now += 600
    for number in range(1, 130):
        lab.forge.merges[number] = merge(commits=(f"b{number:039d}",), updated=lab.now - number)
    lab.forge.merges[120].commits = [commits[30]]

    def change(request: str) -> None:
        if "updated_after" in request and "page=2" in request:
            lab.forge.merges[120].updated = lab.now

    lab.forge.tell = change
    second = lab.read(commits, first.memory)
    assert second.named[commits[30]] == ("!120",)
    assert lab.singly() == len(commits)


@pytest.mark.parametrize("why", ["more commits than it tells", "an old version", "too many requests"])
def test_where_the_lists_do_not_tell_all_each_is_asked(
    lab: Lab, pushed: tuple[list[str], bytes], why: str
) -> None:
    commits, memory = pushed
    brought = (commits[30], *(f"b{number:039d}" for number in range(1, 120)))
    lab.forge.merges[7] = merge(
        "qa-bad", updated=lab.now, commits=brought if why[:4] == "more" else brought[:9]
    )
    if why == "an old version":
        lab.forge.knows_commits = False
    if why == "too many requests":
        for number in range(1000, 1300):
            lab.forge.merges[number] = merge(updated=lab.now + number, commits=(f"b{number:039d}",))
    second = lab.read(commits, memory)
    assert second.named == {**dict.fromkeys(commits, ()), commits[30]: ("!7",)}
    assert lab.singly() == 2 * len(commits)


@pytest.mark.parametrize("status", [403, 500, 502])
def test_a_commit_that_fails_is_that_one_s_matter(lab: Lab, status: int) -> None:
    commits = shas(20)
    lab.forge.commits = set(commits)
    lab.forge.merges[1] = merge("qa-ok", commits=(commits[5], "dead" * 10), state="merged", base="next")
    lab.forge.fail(status, on=f"commits/{commits[9]}", times=99)
    first = lab.read(commits)
    (said,) = first.unasked.values()
    assert first.unasked.keys() == {commits[9]}
    assert said.startswith("GitLab does not say which request brought it: GitLab at 127.0.0.1")
    assert f"answered {status}" in said
    assert first.named[commits[5]] == ("!1",)
    lab.forge.repair()
    asked = lab.singly()
    second = lab.read(commits, first.memory)
    assert not second.unasked
    assert lab.singly() == asked + 1


@pytest.mark.usefixtures("short_limit")
def test_a_commit_that_takes_too_long_is_that_one_s_matter(lab: Lab) -> None:
    commits = shas(20)
    lab.forge.commits = set(commits)
    lab.forge.fail("hang", on=f"commits/{commits[9]}", times=99)
    first = lab.read(commits)
    assert first.unasked.keys() == {commits[9]}
    assert "did not answer in time" in first.unasked[commits[9]]


def test_after_three_in_a_row_the_others_are_not_asked_for_now(lab: Lab) -> None:
    commits = shas(50)
    lab.forge.commits = set(commits)
    lab.forge.fail(500, on="/repository/commits/", times=999)
    first = lab.read(commits)
    assert first.unasked.keys() == set(commits)
    assert lab.singly() == 3 * http.TRIES
    assert sum("it was not asked, after 3 that failed" in said for said in first.unasked.values()) == 47
    lab.forge.repair()
    assert not lab.read(commits, first.memory).unasked


def test_the_same_answers_give_the_same_and_a_later_time_others(lab: Lab) -> None:
    """Some that always fail must not keep the others from being asked for ever."""
    commits = shas(50)
    lab.forge.commits = set(commits)
    for sha in commits[:25]:
        lab.forge.fail(403, on=f"commits/{sha}/", times=999)
    first = lab.read(commits)
    assert first.unasked == lab.read(commits).unasked
    reading = first
    for _ in range(100):
        lab.now += 1
        reading = lab.read(commits, reading.memory)
    assert reading.unasked.keys() == set(commits[:25])


def test_it_goes_on_where_a_limit_stopped_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three hundred requests an hour, and five hundred landings that nobody's merge request brought."""
    commits = shas(500)
    lab.forge.commits = set(commits)
    lab.forge.clock = lambda: datetime.now(UTC)
    lab.forge.fail(429, after=300, times=1, headers={"Retry-After": "3600"})
    with pytest.raises(TrackerError, match="too many requests and asks to wait 1 hour") as caught:
        lab.read(commits)
    monkeypatch.setattr(http, "_RESTS", {})
    second = lab.read(commits, caught.value.memory)
    assert second.named == dict.fromkeys(commits, ())
    assert second.requests == 1 + 500 - 299
    assert lab.singly() == 500 + 1


@pytest.mark.parametrize("strength", [40, 1])
def test_a_question_that_is_too_complex_is_halved(lab: Lab, strength: int) -> None:
    commits = shas(200)
    for number in range(100):
        lab.forge.merges[number + 1] = merge("qa-ok", commits=tuple(commits[2 * number : 2 * number + 2]))
    lab.forge.strength = strength
    reading = lab.read(commits)
    assert reading.named == {sha: (f"!{place // 2 + 1}",) for place, sha in enumerate(commits)}
    assert not lab.singly()
    assert lab.forge.count("graphql") <= 3 * 100 / strength


def test_graphql_in_trouble_is_asked_for_halves(lab: Lab) -> None:
    commits = shas(200)
    for number in range(100):
        lab.forge.merges[number + 1] = merge("qa-ok", commits=tuple(commits[2 * number : 2 * number + 2]))
    lab.forge.fail(502, on="graphql")
    assert len(lab.read(commits).named) == 200
    assert (lab.forge.count("graphql"), lab.singly()) == (3, 0)


def oauth(error: str, description: str = "", **more: str) -> dict[str, str]:
    return {"error": error, "error_description": description, **more}


MORE = "The request requires higher privileges than provided by the access token."


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, {"message": "401 Unauthorized"}, "the credentials are missing, or not accepted"),
        (
            401,
            oauth("invalid_token", "Token is expired. …"),
            "the token has expired",
        ),
        (
            401,
            oauth("invalid_token", "Token was revoked. …"),
            "the token was revoked",
        ),
        (401, oauth("invalid_token", "x-secret"), "the credentials are missing, or not accepted"),
        (403, oauth("insufficient_scope", MORE, scope="api read_api"), "the token lacks the scope read_api"),
        (
            403,
            oauth("insufficient_scope", MORE, scope="api"),
            "the token lacks the scope api, which",
        ),
        (403, oauth("insufficient_scope", MORE, scope="x-secret"), "the token lacks a scope"),
        (403, {"message": "403 Forbidden"}, "the credentials give no right to this"),
        (403, "Forbidden", "the credentials give no right to this"),
        (404, {"message": "404 Project Not Found"}, "shows it neither to this token nor to this address"),
        (404, {"message": ["404 Not found"]}, "it has no such thing; is tracker.project right?"),
    ],
)
def test_it_says_what_is_wrong_with_the_token(lab: Lab, status: int, body: Any, says: str) -> None:
    lab.forge.fail(status, times=9, body=body)
    with pytest.raises(TrackerError) as caught:
        lab.read(shas(1))
    assert f"answered {status}: " in str(caught.value)
    assert says in str(caught.value)
    assert "x-secret" not in str(caught.value)
    assert lab.forge.count() == 1


def test_too_many_requests_and_not_for_how_long(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """As GitLab answers where its limits of single actions are reached."""
    monkeypatch.setattr(http, "PATIENCE", 59.0)
    lab.forge.fail(429, times=9, body={"message": {"error": "requested too many times. Try again later."}})
    with pytest.raises(TrackerError, match="too many requests and asks to wait 1 minute"):
        lab.read(shas(1))
    assert lab.forge.count() == 1


def test_a_project_that_was_renamed(lab: Lab) -> None:
    """What reads is sent on, once each; changes are taken by the former name."""
    (sha, other) = shas(2)
    lab.forge.formerly = "acme/old/shop"
    lab.forge.merges[1] = merge("ui", commits=(sha,))
    lab.forge.commits = {other}
    settings = lab.kit.settings(project=lab.forge.formerly)
    reading = open_tracker(settings, claims=nameless((sha, other))).read([], [])
    assert reading.named == {sha: ("!1",), other: ()}
    assert reading.requests == lab.forge.count()
    assert lab.forge.count("projects/1/") == lab.forge.count("projects/acme/old/shop/") == 2
    assert open_writer(settings).edit("!1", Edit(add=("qa-ok",))) == "made the label qa-ok, +qa-ok"
    assert lab.forge.merges[1].labels == ["ui", "qa-ok"]


def test_what_the_limit_still_has(lab: Lab) -> None:
    session = HttpSession("GitLab", f"{lab.forge.root}/")
    service = GitLabService(session, lab.forge.token, lab.forge.project)
    service.labels()
    assert session.budget is None
    lab.forge.left = 700
    service.labels()
    assert session.budget == Budget("", 2000, 699, 1_798_761_600)


@pytest.mark.parametrize(
    ("method", "path", "query", "document"),
    [
        ("GET", "/merge_requests", {"merged_by": "ann"}, None),
        ("GET", "/merge_requests", {"state": "landed"}, None),
        ("GET", "/merge_requests", {"per_page": 101}, None),
        ("GET", "/branches", {}, None),
        ("POST", "/labels", {}, {"name": "qa-ok", "color": "000000"}),
        ("POST", "/labels", {}, {"name": "qa-ok"}),
        ("PUT", "/issues/1", {}, {"add_label": "qa-ok"}),
    ],
)
def test_the_local_one_takes_only_what_is_documented(
    lab: Lab, method: str, path: str, query: dict[str, Any], document: Any
) -> None:
    service = GitLabService(HttpSession("GitLab", f"{lab.forge.root}/"), lab.forge.token, lab.forge.project)
    with pytest.raises(TrackerError, match="answered 400"):
        service.send(method, path, query, document)
    assert len(lab.forge.complaints) == 1
    lab.forge.complaints.clear()
