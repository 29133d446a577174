"""What only Gitea and Forgejo do: which pull request brought a commit, exclusive labels, labels of an
organization, a server below a path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.trackers import open_tracker, open_writer
from shepherd.trackers.writing import NO_WORD, Edit
from shepherd.words import TrackerData
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import Kit, nameless
from tests.trackers.gitea_server import BEGIN, Gitea, pull

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

LOWER, LAST, DIRECT = (f"{number:040x}" for number in (1, 2, 3))


@pytest.fixture
def tea(tmp_path: Path) -> Iterator[Kit]:
    with at_work(Gitea()) as forge:
        yield Kit(forge, tmp_path)


def gitea(kit: Kit) -> Gitea:
    assert isinstance(kit.forge, Gitea)
    return kit.forge


def ask(kit: Kit, *commits: str) -> TrackerData:
    return kit.read(claims=nameless(commits, "stable"))


def later(forge: Gitea, sha: str, minutes: int) -> str:
    forge.made[sha] = BEGIN + timedelta(minutes=minutes)
    return sha


def written(forge: Gitea, *commits: str) -> list[dict[str, Any]]:
    """The commits as they were in the request's own branch."""
    return [{**forge.commit_of(sha), "sha": f"{place:040x}"} for place, sha in enumerate(commits, 900)]


def rebase(kit: Kit) -> Gitea:
    """Request 12 brought LOWER and LAST."""
    forge = gitea(kit)
    later(forge, LOWER, 1), later(forge, LAST, 2)
    forge.things[12] = pull("qa-bad", commits=(LOWER, LAST), own=written(forge, LOWER, LAST))
    return forge


# --- a landing is not said to have come without a request though one brought it -------------------------


def test_a_rebase_below_more_commits_than_one_answer_holds(tea: Kit) -> None:
    forge = rebase(tea)
    forge.things[13] = pull(commits=tuple(later(forge, f"{n:040x}", n) for n in range(100, 220)), updated=1)
    assert ask(tea, LOWER, LAST).named == {LOWER: ("#12",), LAST: ("#12",)}


def test_a_rebase_whose_request_stands_below_many_that_were_changed_since(tea: Kit) -> None:
    forge = rebase(tea)
    forge.things |= {n: pull(merged=False, updated=n) for n in range(100, 400)}
    assert ask(tea, LOWER).named == {LOWER: ("#12",)}


def test_a_rebase_whose_last_commit_names_its_request(tea: Kit) -> None:
    gitea(tea).messages[LAST] = "Part two (#12)"
    rebase(tea)
    assert ask(tea, LOWER, LAST).named == {LOWER: ("#12",), LAST: ("#12",)}


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_request_whose_commits_cannot_be_read_may_have_brought_what_lies_below(
    tea: Kit, status: int
) -> None:
    rebase(tea).fail(status, on="/pulls/12/commits", times=99)
    reading = ask(tea, LOWER, LAST)
    assert reading.named[LAST] == ("#12",)
    assert "the commits of request #12 cannot be read: " in reading.unasked[LOWER]


def test_two_requests_that_one_commit_merged_are_both_its(tea: Kit) -> None:
    gitea(tea).things |= {1: pull("qa-ok", commits=(LAST,)), 2: pull("qa-bad", commits=(LAST,))}
    assert sorted(ask(tea, LAST).named[LAST]) == ["#1", "#2"]


# --- nor to have come by one that did not bring it ------------------------------------------------------


def test_what_was_pushed_before_a_squash_came_without_one(tea: Kit) -> None:
    forge = gitea(tea)
    later(forge, DIRECT, 1), later(forge, LAST, 2)
    forge.commits.add(DIRECT)
    theirs = written(forge, DIRECT, DIRECT)
    for commit in theirs:
        commit["commit"]["author"] = {**commit["commit"]["author"], "email": "ben@example.org"}
    forge.things[12] = pull(commits=(LAST,), own=theirs)
    assert ask(tea, DIRECT, LAST).named == {DIRECT: (), LAST: ("#12",)}


def test_what_was_pushed_before_a_rebase_came_without_one(tea: Kit) -> None:
    forge = rebase(tea)
    later(forge, DIRECT, 0)
    forge.commits.add(DIRECT)
    assert ask(tea, DIRECT, LOWER, LAST).named == {DIRECT: (), LOWER: ("#12",), LAST: ("#12",)}


# --- labels ---------------------------------------------------------------------------------------------

WORDS = {"needstesting": ("qa/needstesting",), "ok": ("qa/ok",), "bad": ("qa/bad",)}
EDIT = Edit(add=("qa/needstesting",), remove=("qa/ok",))


def exclusive(kit: Kit, *there: str) -> Any:
    """Request 1 with these labels."""
    forge = gitea(kit)
    forge.labels.update({text: ("123456", "") for (text,) in WORDS.values()})
    forge.exclusive.update(forge.labels)
    forge.things[1] = pull(*there)
    return forge.things[1]


def test_the_tagger_never_takes_a_person_s_bad_away_by_an_exclusive_label(tea: Kit) -> None:
    thing = exclusive(tea, "qa/bad", "ui")
    assert open_writer(tea.settings(words=WORDS)).edit("#1", EDIT) == NO_WORD
    assert thing.labels == ["qa/bad", "ui"]


def test_exclusive_labels_replace_each_other(tea: Kit) -> None:
    thing = exclusive(tea, "qa/ok", "ui")
    assert open_writer(tea.settings(words=WORDS)).edit("#1", EDIT) == "-qa/ok, +qa/needstesting"
    assert thing.labels == ["ui", "qa/needstesting"]


def test_a_label_of_the_organization_is_not_made_again(tea: Kit) -> None:
    forge = gitea(tea)
    forge.of_organization["qa-needstesting"] = ("123456", "")
    forge.things[1] = pull()
    assert open_writer(tea.settings()).edit("#1", Edit(add=("qa-needstesting",))) == "+qa-needstesting"
    assert not forge.labels


# --- servers of their own -------------------------------------------------------------------------------


def test_a_server_below_a_path_that_gives_few_at_once(tea: Kit) -> None:
    forge = rebase(tea)
    forge.below, forge.page = "/git", 2
    forge.things |= {n: pull("ui", updated=n) for n in range(20, 25)}
    reading = tea.read("#12", "#20", "#24", claims=nameless((LOWER, LAST), "stable"))
    assert reading.named == {LOWER: ("#12",), LAST: ("#12",)}
    assert reading.items["#12"].words == ("bad",)
    assert forge.root.endswith("/git") and all("/git/api/v1/" in each for each in forge.asked)


def test_a_public_project_is_read_without_a_token(tea: Kit) -> None:
    forge = gitea(tea)
    forge.public = True
    assert open_tracker(tea.settings(credentials_file="")).probe().endswith("anonymously")
