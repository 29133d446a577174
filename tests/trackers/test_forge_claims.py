"""A number in a message is a claim: what confirms it, what does not, and how often a forge is asked
(docs/rules.md#marks)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.landing import Deployed, Landing, Reading, Revision
from shepherd.settings import BranchSettings, Pointer, Settings, TrackerSettings
from shepherd.stages.requests import claims_of
from shepherd.trackers.claims import Claim, Claims
from shepherd.trackers.forge import memory as kept
from shepherd.words import ItemTags, TrackerData
from tests.trackers.forge_kit import Kit, nameless
from tests.trackers.github_server import GitHub

ONE, TWO, THREE = ("a1" * 20, "b2" * 20, "c3" * 20)


def claiming(kit: Kit, number: int, sha: str = ONE, brought: Sequence[str] = ()) -> Claims:
    return Claims((Claim(sha, (kit.item(number),), tuple(brought)),), "stable")


def ask(kit: Kit, claims: Claims, **more: Any) -> TrackerData:
    """As the stages ask: for the items of all messages, whatever comes of them."""
    return kit.read(*(item for each in claims.landings for item in each.requests), claims=claims, **more)


def of_one(kit: Kit, how: str, sha: str) -> Any:
    """A request that has this commit in one way, and no other."""
    commit: dict[str, Any] = {"commits": (sha,)}
    if kit.is_github and how == "head":
        commit = {"head": sha}
    elif kit.is_gitlab and how != "head":
        # to GitHub and Gitea a squash commit is a merge commit, to Gitea also the head of a fast-forward
        commit = {f"{how}_commit": sha}
    return kit.request("qa-ok", **commit)


@pytest.mark.parametrize("how", ["merge", "squash", "head"])
@pytest.mark.parametrize("place", ["the landing", "one that it brought in"])
def test_merge_squash_and_head_commit_confirm_it_at_no_cost(kit: Kit, how: str, place: str) -> None:
    kit.requests[7] = of_one(kit, how, ONE if place == "the landing" else THREE)
    reading = ask(kit, claiming(kit, 7, ONE, (TWO, THREE)))
    assert reading.named == {ONE: (kit.item(7),)}
    assert reading.items == {kit.item(7): ItemTags(("ok",))}
    assert not reading.doubts
    assert reading.requests == 1


@pytest.mark.parametrize("count", [100, 250])
def test_what_is_confirmed_costs_what_the_labels_cost(kit: Kit, count: int) -> None:
    shas = [f"{number:040x}" for number in range(1, count + 1)]
    kit.requests.update({n: of_one(kit, "merge", sha) for n, sha in enumerate(shas, 1)})
    claims = Claims(tuple(Claim(sha, (kit.item(n),)) for n, sha in enumerate(shas, 1)), "stable")
    reading = ask(kit, claims)
    assert reading.named == {sha: (kit.item(n),) for n, sha in enumerate(shas, 1)}
    assert kit.forge.count() == -(-count // kit.page)


def dropped(kit: Kit, thing: Any, **claim: Any) -> str:
    """The warning about a request 7 that is no landing's, after all was looked at."""
    if thing is not None:
        (kit.issues if not getattr(thing, "base", "") else kit.requests)[7] = thing
    kit.forge.commits.add(ONE)
    reading = ask(kit, claiming(kit, 7))
    assert reading.named == {ONE: ()}
    assert kit.item(7) not in reading.items
    ((sha, (warning,)),) = reading.doubts.items()
    assert sha == ONE
    return warning.removeprefix(f"its message names {kit.item(7)}, which counts as absent: ")


@pytest.mark.parametrize("kit", ["github", "gitea"], indirect=True)
def test_an_issue(kit: Kit) -> None:
    assert dropped(kit, kit.issue("qa-ok")) == "it is an issue"


def test_nothing(kit: Kit) -> None:
    assert dropped(kit, None).startswith(f"there is no request {kit.item(7)}")


def test_one_that_was_not_merged(kit: Kit) -> None:
    closed: dict[str, Any] = {"state": "closed"} if kit.is_gitlab else {"merged": False}
    assert dropped(kit, kit.request("qa-ok", commits=(TWO,), **closed)) == "it was not merged"


def test_one_of_another_branch(kit: Kit) -> None:
    thing = kit.request("qa-ok", commits=(TWO,), base="release/\u202e2")
    assert dropped(kit, thing) == "it was merged into release/ 2, not into stable"


def test_one_that_another_commit_merged(kit: Kit) -> None:
    assert dropped(kit, kit.request("qa-ok", commits=(TWO,))) == "it was merged by another commit"


def test_it_was_merged_but_the_forge_does_not_say_by_what(kit: Kit) -> None:
    assert dropped(kit, kit.request("qa-ok")) == "it was merged by another commit"


def test_the_forge_names_another_one(kit: Kit) -> None:
    kit.requests.update({7: kit.request("qa-ok", base="main"), 8: kit.request("qa-bad", commits=(ONE,))})
    reading = ask(kit, claiming(kit, 7))
    assert reading.named == {ONE: (kit.item(8),)}
    assert reading.items == {kit.item(8): ItemTags(("bad",))}
    ((warning,),) = reading.doubts.values()
    assert re.search(f"not into stable; Git(Hub|Lab|ea) names {kit.item(8)} instead$", warning)


def test_the_forge_names_the_same_one(kit: Kit) -> None:
    """A commit in the middle of a rebase, say, or a branch that was renamed after the merge."""
    kit.requests[7] = kit.request("qa-ok", commits=(ONE, TWO), base="old-name")
    reading = ask(kit, claiming(kit, 7))
    assert reading.named == {ONE: (kit.item(7),)}
    assert reading.items == {kit.item(7): ItemTags(("ok",))}
    assert not reading.doubts


def test_one_of_two_numbers_is_confirmed(kit: Kit) -> None:
    kit.requests.update({7: of_one(kit, "merge", ONE), 8: kit.request("qa-bad", commits=(TWO,))})
    claims = Claims((Claim(ONE, (kit.item(7), kit.item(8))),), "stable")
    reading = ask(kit, claims)
    assert reading.named == {ONE: (kit.item(7),)}
    assert kit.item(8) in reading.doubts[ONE][0]


def test_a_number_that_two_landings_claim_is_one_s(kit: Kit) -> None:
    kit.requests[7] = of_one(kit, "merge", ONE)
    kit.forge.commits.add(TWO)
    claims = Claims(tuple(Claim(sha, (kit.item(7),)) for sha in (ONE, TWO)), "stable")
    reading = ask(kit, claims)
    assert reading.named == {ONE: (kit.item(7),), TWO: ()}
    assert reading.items == {kit.item(7): ItemTags(("ok",))}


def test_what_was_doubted_is_asked_by_sha_once_and_looked_at_each_time(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SETTLED_AFTER", timedelta())
    kit.requests.update({7: kit.request("qa-ok", base="main"), 8: kit.request("qa-ok", commits=(ONE, TWO))})
    claims = claiming(kit, 7)
    first = ask(kit, claims)
    by_sha = kit.forge.count(ONE)
    second = ask(kit, claims, memory=first.memory)
    assert (second.named, second.doubts) == (first.named, first.doubts)
    assert second.items == {kit.item(8): ItemTags(("ok",))}
    assert kit.forge.count(ONE) == by_sha
    assert second.requests == 1
    kit.requests[7] = of_one(kit, "merge", ONE)
    assert ask(kit, claims, memory=second.memory).named == {ONE: (kit.item(7),)}


def test_a_claim_that_cannot_be_read_stays_and_is_unknown(hub: GitHub, tmp_path: Path) -> None:
    kit = Kit(hub, tmp_path)
    hub.things |= {7: kit.request("qa-ok", forbidden=True), 8: of_one(kit, "merge", TWO)}
    claims = Claims((Claim(ONE, ("#7",)), Claim(TWO, ("#8",))), "stable")
    reading = ask(kit, claims)
    assert reading.named == {ONE: ("#7",), TWO: ("#8",)}
    assert reading.items["#7"].unreadable == "the token gives no right to it"


@pytest.mark.parametrize("part", ["mergeCommit", "headRefOid", "merged", "baseRefName", "labels"])
def test_an_answer_that_lacks_a_part_is_none(hub: GitHub, tmp_path: Path, part: str) -> None:
    kit = Kit(hub, tmp_path)
    thing = {
        "__typename": "PullRequest",
        "number": 7,
        "labels": {"nodes": [{"name": "qa-ok"}]},
        "merged": True,
        "baseRefName": "stable",
        "headRefOid": TWO,
        "mergeCommit": {"oid": ONE},
    }
    del thing[part]
    hub.fail(200, body={"data": {"repository": {"nameWithOwner": hub.project, "n7": thing}}})
    reading = ask(kit, claiming(kit, 7))
    assert reading.named == {ONE: ("#7",)}
    assert "the answer is incomplete" in reading.items["#7"].unreadable


def test_where_the_forge_does_not_tell_by_sha_there_is_no_data(kit: Kit, hasty: None) -> None:
    kit.requests[7] = kit.request("qa-ok", base="main")
    kit.forge.fail(
        500, on={"github": ONE, "gitlab": "target_branch", "gitea": "state=closed"}[kit.kind], times=99
    )
    with pytest.raises(TrackerError, match="answered 500"):
        ask(kit, claiming(kit, 7))


@pytest.mark.parametrize("before", [9, 10, 99, 100, 101, 250])
def test_a_commit_of_more_pull_requests_than_one_answer_holds(
    hub: GitHub, tmp_path: Path, before: int
) -> None:
    kit = Kit(hub, tmp_path)
    hub.things = {
        n: kit.request(merged=False, commits=(ONE,), base="main") for n in range(1000, 1000 + before)
    }
    hub.things[7] = kit.request("qa-bad", commits=(ONE,))
    reading = kit.read(claims=nameless([ONE, TWO]))
    assert reading.named == {ONE: ("#7",), TWO: ()}
    assert reading.items == {"#7": ItemTags(("bad",))}


def test_a_hundred_commits_of_many_pull_requests_each(hub: GitHub, tmp_path: Path) -> None:
    """Like the real one, the local GitHub refuses a question that 500,000 nodes do not answer."""
    kit = Kit(hub, tmp_path)
    shas = [f"{number:040x}" for number in range(1, 101)]
    hub.things = {n: kit.request(merged=False, commits=tuple(shas)) for n in range(1000, 1015)}
    hub.things[7] = kit.request("qa-bad", commits=tuple(shas))
    reading = kit.read(claims=nameless(shas))
    assert reading.named == dict.fromkeys(shas, ("#7",))
    assert reading.requests == 1 + 5


@pytest.mark.parametrize("cursor", [None, ""])
def test_more_that_cannot_be_asked_for_is_unknown(hub: GitHub, tmp_path: Path, cursor: str | None) -> None:
    page = {"hasNextPage": True, "endCursor": cursor}
    commit = {"associatedPullRequests": {"nodes": [], "pageInfo": page}}
    hub.fail(200, body={"data": {"repository": {"nameWithOwner": hub.project, "c0": commit}}})
    reading = Kit(hub, tmp_path).read(claims=nameless([ONE]))
    assert "there is more, but not where" in reading.unasked[ONE]


@pytest.mark.parametrize(
    "ref", ["stable", "refs/heads/stable", "refs/remotes/origin/stable", "refs/remotes/up-stream/stable"]
)
def test_the_branch_is_the_mainline_s_own(ref: str, tmp_path: Path) -> None:
    settings = Settings(
        branches={
            "stable": BranchSettings("r", ref, Pointer(recorded=True)),
            "devel": BranchSettings("r", "feature/refs/heads/x", Pointer(recorded=True)),
        },
        tracker=TrackerSettings(type="gitlab", project="acme/shop"),
        file=tmp_path / "shepherd.toml",
    )
    landings = (
        Landing(1, ONE, 0),
        Landing(2, TWO, 0, requests=("#7", "!8"), merged_ids=(THREE,)),
        Landing(3, THREE, 0),
    )
    reading = Reading(landings, Revision(3, THREE), Deployed(0, ""))
    claims = claims_of(settings, "stable", reading, {1, 2})
    assert claims == Claims((Claim(ONE), Claim(TWO, ("!8",), (THREE,))), "stable")
    assert claims_of(settings, "devel", reading, {1}).base == "feature/refs/heads/x"
