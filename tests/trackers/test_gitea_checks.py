"""The checks of commits on Gitea and Forgejo: what its commit statuses amount to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shepherd.conditions import CheckResult, CommitChecks
from shepherd.errors import TrackerError
from shepherd.trackers.gitea.checks import ANOTHER_COMMIT, UNKNOWN_STATE, GiteaChecks
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import Kit
from tests.trackers.gitea_server import Gitea
from tests.trackers.gitea_statuses import BEGIN, StatusRows

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

SHA, OTHER = "ab" * 20, "cd" * 20
BUILD = "ci / build (push)"


def shas(number: int) -> list[str]:
    return [f"{each:040x}" for each in range(1, number + 1)]


@dataclass
class Tea:
    """A Gitea that has two commits, and the source of checks that reads it."""

    forge: Gitea
    kit: Kit

    @property
    def rows(self) -> StatusRows:
        return self.forge.statuses

    def source(self, **tracker: Any) -> GiteaChecks:
        return GiteaChecks(self.kit.settings(**tracker))

    def read(self, *commits: str, **tracker: Any) -> dict[str, CommitChecks]:
        return dict(self.source(**tracker).checks_of(commits))

    def words(self, sha: str = SHA) -> dict[str, str]:
        """Name -> what it says."""
        checks = self.read(sha)[sha]
        assert not checks.unreadable
        return {each.name: each.word for each in checks.results}


@pytest.fixture
def tea(tmp_path: Path) -> Iterator[Tea]:
    with at_work(Gitea()) as forge:
        forge.commits = {SHA, OTHER}
        yield Tea(forge, Kit(forge, tmp_path))


def test_one_status_with_its_time_and_link(tea: Tea) -> None:
    tea.rows.say(SHA, BUILD, "pending", at=90)
    since = int(BEGIN.timestamp()) + 90
    assert tea.read(SHA)[SHA].results == (CheckResult(BUILD, "pending", since, "https://ci.example.org/1"),)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("success", "success"),
        ("skipped", "skipped"),
        ("pending", "pending"),
        ("failure", "failed"),
        ("error", "failed"),
        ("warning", "failed"),
    ],
)
def test_each_state(tea: Tea, status: str, word: str) -> None:
    tea.rows.say(SHA, BUILD, status)
    assert tea.words() == {BUILD: word}


def test_the_newest_of_each_context_counts(tea: Tea) -> None:
    tea.rows.say(SHA, BUILD, "failure")
    tea.rows.say(SHA, "lint", "failure")
    tea.rows.say(SHA, BUILD, "success")
    assert tea.words() == {BUILD: "success", "lint": "failed"}


@pytest.mark.parametrize("order", [("a.yml", "b.yml"), ("b.yml", "a.yml")])
def test_of_two_workflows_of_one_name_the_worse_counts(tea: Tea, order: tuple[str, str]) -> None:
    for workflow in order:
        tea.rows.say(SHA, BUILD, "failure" if workflow == "a.yml" else "success", workflow=workflow)
    assert tea.words() == {BUILD: "failed"}


def test_a_commit_without_statuses_and_one_that_is_not_there(tea: Tea) -> None:
    source = tea.source()
    unknown = "ef" * 20
    assert dict(source.checks_of([SHA, unknown, "12" * 20])) == {
        SHA: CommitChecks(),
        unknown: CommitChecks(),
        "12" * 20: CommitChecks(),
    }
    assert source.requests == 3


def test_a_project_that_is_not_there_is_no_empty_one(tea: Tea) -> None:
    with pytest.raises(TrackerError, match="404"):
        tea.read(SHA, project="acme/other")


def test_one_question_for_each_commit(tea: Tea) -> None:
    tea.forge.commits = set(shas(40))
    for sha in shas(40):
        tea.rows.say(sha, BUILD, "failure")
    source = tea.source()
    assert len(list(source.checks_of(shas(40)))) == 40
    # and one for how long a page is
    assert source.requests == 41


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("page", [50, 20])
def test_more_statuses_than_one_answer_holds(tea: Tea, page: int, tells: bool) -> None:
    """A status on the last page is not overlooked, though X-Total-Count says that there is one page."""
    tea.forge.page, tea.rows.tells_page = page, tells
    for number in range(119):
        tea.rows.say(SHA, f"job {number:03}")
    tea.rows.say(SHA, "last", "failure")
    words = tea.words()
    assert (len(words), words["last"]) == (120, "failed")


def test_the_link_of_an_action_is_a_path_below_the_server(tea: Tea) -> None:
    tea.forge.below = "/git"
    tea.rows.say(SHA, BUILD, url="/git/acme/shop/actions/runs/3/jobs/0")
    host = tea.forge.root.removesuffix("/git")
    assert tea.read(SHA)[SHA].results[0].url == f"{host}/git/acme/shop/actions/runs/3/jobs/0"


def test_links_that_nobody_should_follow_are_left_out(tea: Tea) -> None:
    for number, url in enumerate(("javascript:alert(1)", "https://ann:pass@ci.example.org/", "//x", "")):
        tea.rows.say(SHA, f"job {number}", url=url)
    assert {each.url for each in tea.read(SHA)[SHA].results} == {""}


def test_a_state_that_is_not_known_never_holds(tea: Tea) -> None:
    tea.rows.say(SHA, "a")
    tea.rows.say(SHA, "b", "shiny")
    assert tea.read(SHA)[SHA] == CommitChecks(unreadable=UNKNOWN_STATE)


def test_statuses_of_another_commit_say_nothing_of_this_one(tea: Tea) -> None:
    """To Gitea a branch or a tag may have a SHA for its name."""
    status = f'{{"context": "{BUILD}", "status": "success", "created_at": "2026-01-01T00:00:00Z"}}'
    tea.forge.fail("say", on="/status", body=f'{{"sha": "{OTHER}", "statuses": [{status}]}}'.encode())
    assert tea.read(SHA)[SHA] == CommitChecks(unreadable=ANOTHER_COMMIT)


def test_no_right_is_not_nothing(tea: Tea) -> None:
    tea.forge.fail(403, on="/status", times=99)
    with pytest.raises(TrackerError, match=r"403.*scope read:repository"):
        tea.read(SHA)


def test_one_commit_that_fails_is_that_commits_matter(tea: Tea) -> None:
    tea.rows.say(OTHER, BUILD)
    tea.forge.fail(500, on=SHA, times=99)
    read = tea.read(SHA, OTHER)
    assert "500" in read[SHA].unreadable
    assert [each.word for each in read[OTHER].results] == ["success"]


def test_a_source_that_breaks_off_has_said_what_it_knew(tea: Tea) -> None:
    tea.forge.commits = set(shas(9))
    for sha in shas(9):
        tea.rows.say(sha, BUILD)
    tea.forge.fail(502, on="/status", times=999, after=4)
    known = set()
    with pytest.raises(TrackerError, match="502"):
        for sha, checks in tea.source().checks_of(shas(9)):
            known |= {sha} if checks.results else set()
    assert known == set(shas(4))


def test_an_answer_with_a_hole_in_it_is_no_gitea(tea: Tea) -> None:
    tea.forge.fail("say", on="/status", body=b'{"statuses": [null]}')
    with pytest.raises(TrackerError, match=r"is not Gitea"):
        tea.read(SHA)
