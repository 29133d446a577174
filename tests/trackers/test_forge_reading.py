"""What is asked of a forge, how often, and what the answers mean."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.trackers.forge import memory as kept
from shepherd.words import ItemTags, TrackerData
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import Kit, nameless
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_server import GitLab

OK = ItemTags(("ok",))


def shas(count: int, letter: str = "a") -> tuple[str, ...]:
    return tuple(f"{letter}{number:039x}" for number in range(count))


@pytest.mark.parametrize("items", [1, 100, 101, 250])
def test_many_in_one_call(kit: Kit, items: int) -> None:
    kit.requests.update({number: kit.request("qa-ok") for number in range(1, items + 1)})
    asked = [kit.item(number) for number in range(1, items + 1)]
    reading = kit.read(*asked)
    assert reading.items == dict.fromkeys(asked, OK)
    assert reading.requests == kit.forge.count() == -(-items // kit.page)
    assert reading.received == kit.forge.sent


def test_there_are_no_pauses_between_requests(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a limit waited for that is reset too late."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    kit.requests.update({number: kit.request("qa-ok") for number in range(1, 301)})
    kit.read(*(kit.item(number) for number in range(1, 301)))
    kit.forge.fail(429, times=99, headers={"Retry-After": "600"})
    with pytest.raises(TrackerError, match="asks to wait 10 minutes"):
        kit.read(kit.item(1))
    assert slept == []


def test_nothing_to_ask_is_not_asked(kit: Kit) -> None:
    assert kit.read().requests == 0


def test_labels_are_qa_words_in_the_settings_words(kit: Kit) -> None:
    kit.requests.update({1: kit.request("Tested", "ui", "bad-commit-7"), 2: kit.request("QA-BAD", "qa-ok")})
    reading = kit.read(kit.item(1), kit.item(2), words={"ok": ("tested",)})
    assert reading.items == {kit.item(1): OK, kit.item(2): ItemTags(("bad", "ok"))}
    assert reading.speaks_of_requests


def test_issues_are_bugs(kit: Kit) -> None:
    kit.issues[30] = kit.issue("qa-bad", "bad-commit-7")
    assert kit.read("30").items == {"30": ItemTags(("bad",), (7,))}


def test_the_other_forge_s_requests_are_none(kit: Kit) -> None:
    foreign = "#1" if kit.is_gitlab else "!1"
    assert kit.read(foreign).items == {}


@pytest.mark.parametrize("count", [1, 100, 250])
def test_landings_are_asked_for_many_at_once_and_once(kit: Kit, count: int) -> None:
    commits = shas(count)
    for number, sha in enumerate(commits, 1):
        kit.requests[number] = kit.request("qa-ok", commits=(sha,))
    landings = nameless(commits, "stable")
    first = kit.read(claims=landings)
    assert first.named == {sha: (kit.item(number),) for number, sha in enumerate(commits, 1)}
    assert first.items == {kit.item(number): OK for number in range(1, count + 1)}
    assert first.requests <= 1 + -(-count // kit.page)
    kit.requests[1].labels = ["qa-bad"]
    second = kit.read(claims=landings, memory=first.memory)
    assert second.named == first.named
    assert second.items[kit.item(1)] == ItemTags(("bad",))
    assert second.requests == -(-count // kit.page)
    assert kit.forge.count(commits[0]) <= 1


def test_all_commits_of_a_rebased_request(kit: Kit) -> None:
    commits = shas(3)
    kit.requests[5] = kit.request("qa-ok", commits=commits)
    reading = kit.read(claims=nameless(commits, "stable"))
    assert reading.named == dict.fromkeys(commits, (kit.item(5),))


@pytest.mark.parametrize("graphql", [pytest.param(True, marks=pytest.mark.real), False])
def test_gitlab_tells_several_commits_of_many_requests_at_once(tmp_path: Path, graphql: bool) -> None:
    with at_work(GitLab()) as lab:
        lab.graphql = graphql
        kit, commits = Kit(lab, tmp_path), shas(300)
        for number in range(100):
            kit.requests[number + 1] = kit.request("qa-ok", commits=commits[3 * number : 3 * number + 3])
        reading = kit.read(claims=nameless(commits, "stable"))
        assert reading.named == {sha: (f"!{place // 3 + 1}",) for place, sha in enumerate(commits)}
        assert reading.requests == (2 + 1 if graphql else 2 + 9 + 200)  # 100, 50, 25, 12, 6, 3, 1, 1, 1


def test_only_what_was_merged_counts_and_first_what_was_merged_here(kit: Kit) -> None:
    one, two = shas(2)
    kit.requests[1] = kit.request("qa-ok", commits=(one,))
    kit.requests[2] = kit.request("qa-bad", commits=(one, two), base="next")
    closed: dict[str, Any] = {"state": "closed"} if kit.is_gitlab else {"merged": False}
    kit.requests[3] = kit.request("qa-bad", commits=(one, two), **closed)
    reading = kit.read(claims=nameless((one, two), "stable"))
    assert reading.named == {one: (kit.item(1),), two: (kit.item(2),)}


def test_a_push_is_asked_about_once_more_when_the_forge_had_time(kit: Kit) -> None:
    (sha,) = shas(1)
    kit.forge.commits.add(sha)
    kit.requests[9] = kit.request("qa-ok")
    landings, began = nameless((sha,), "stable"), datetime(2026, 11, 1, tzinfo=UTC)

    def asked(minutes: int, memory: bytes) -> TrackerData:
        kit.forge.clock = lambda: began + timedelta(minutes=minutes)
        return kit.read(kit.item(9), claims=landings, memory=memory)

    reading = asked(0, b"")
    costs = []
    for minutes in (1, 9, 10, 11, 1000):
        reading = asked(minutes, reading.memory)
        assert reading.named == {sha: ()}
        costs.append(reading.requests)
    assert [cost > 1 for cost in costs] == [False, False, True, False, False]
    assert kit.forge.count("sha=stable" if kit.kind == "gitea" else sha) == 2


def test_a_commit_that_the_forge_does_not_know_is_asked_about_each_time(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SETTLED_AFTER", timedelta())
    (sha,) = shas(1)
    landings = nameless((sha,), "stable")
    first = kit.read(claims=landings)
    assert first.named == {sha: ()}
    kit.requests[8] = kit.request("qa-ok", commits=(sha,))
    assert kit.read(claims=landings, memory=first.memory).named == {sha: (kit.item(8),)}


@pytest.mark.parametrize("memory", [b"", b"\xff", b"\x81\xa1x\x01"])
def test_what_was_remembered_may_be_damaged(kit: Kit, memory: bytes) -> None:
    (sha,) = shas(1)
    kit.requests[8] = kit.request("qa-ok", commits=(sha,))
    assert kit.read(claims=nameless((sha,), "stable"), memory=memory).named == {sha: (kit.item(8),)}


def test_what_another_project_answered_is_not_believed(kit: Kit) -> None:
    (sha,) = shas(1)
    kit.requests[8] = kit.request("qa-ok", commits=(sha,))
    before = kit.read(claims=nameless((sha,), "next")).memory
    asked = kit.forge.count()
    kit.read(claims=nameless((sha,), "stable"), memory=before)
    assert kit.forge.count() > asked


def test_a_fork_s_requests_are_not_ours(hub: GitHub, tmp_path: Any) -> None:
    kit = Kit(hub, tmp_path)
    (sha,) = shas(1)
    hub.things[8] = kit.request("qa-ok", commits=(sha,), home="upstream/shop")
    assert kit.read(claims=nameless((sha,), "stable")).named == {sha: ()}


def test_a_repository_that_was_renamed(hub: GitHub, tmp_path: Any) -> None:
    kit = Kit(hub, tmp_path)
    hub.known_as = "acme/store"
    (sha,) = shas(1)
    hub.things[8] = kit.request("qa-ok", commits=(sha,))
    assert kit.read("#8", claims=nameless((sha,), "stable")).named == {sha: ("#8",)}


def test_no_title_is_ever_asked_for(kit: Kit) -> None:
    kit.requests[1] = kit.request("qa-ok")
    assert not kit.read(kit.item(1)).about
    assert "title" not in "".join(kit.forge.bodies)
