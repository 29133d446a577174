"""The first day: `init`, then the stages, on repositories of teams that never heard of the shepherd."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.gitrepo import Repo
from tests.inv import inv

pytestmark = pytest.mark.real

PEOPLE = ("Ann Reed <ann@example.org>", "Ben Otto <ben@example.org>", "Caro Diaz <caro@example.org>")
ROBOT = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"


def squashed(folder: Path, landings: int) -> Repo:
    """A squash-merging team on GitHub, a third of whose landings are a robot's."""
    chance = random.Random(5)
    repo = Repo(folder / "app.git", branch="main")
    for number in range(1, landings + 1):
        robot = chance.random() < 0.33
        title = f"Bump left-pad from 1.{number} to 1.{number + 1}" if robot else f"Make part {number} better"
        body = "" if robot or chance.random() < 0.5 else f"\n\nFixes #{number + 1000}"
        repo.commit(f"{title} (#{number}){body}", author=ROBOT if robot else chance.choice(PEOPLE))
    return repo


def first_day(folder: Path, repository: Path) -> dict[str, Any]:
    done = inv(folder, "init", "--repository", str(repository))
    assert done.code == 0, done.err
    done = inv(folder, "find", "judge", "report")
    assert done.code == 0, done.err
    return dict(json.loads(inv(folder, "status", "--json").out))


def test_a_squashing_team_with_robots(tmp_path: Path) -> None:
    repo = squashed(tmp_path, 300)
    document = first_day(tmp_path, repo.git_dir)
    assert document["answer"] == "nothing-new"
    settings = (tmp_path / "shepherd.toml").read_text()
    assert 'marks = ["forge"]' in settings and 'orphans = "needs-qa"' in settings
    repo.commit("Make search better (#301)", author=PEOPLE[0])
    repo.commit("Bump left-pad (#302)", author=ROBOT)
    assert inv(tmp_path, "find", "judge").code == 0
    landings = json.loads(inv(tmp_path, "landings", "--json").out)
    window = {each["revno"]: (each["person"], each["state"], each["requests"]) for each in landings}
    assert window[301] == ("Ann Reed", "needstesting", ["#301"])
    assert window[302] == ("", "needstesting", ["#302"])
    assert set(window) - {301, 302} == set() or all(
        each["progress"] == "live" for each in landings if each["revno"] <= 300
    )
    done = inv(tmp_path, "verdict", "r301", "ok", "--reason", "searched")
    assert "deploy r301" in done.out


@pytest.mark.parametrize("message", ["First", ""])
def test_a_repository_of_one_commit(tmp_path: Path, message: str) -> None:
    repo = Repo(tmp_path / "app.git", branch="main")
    repo.commit(message)
    document = first_day(tmp_path, repo.git_dir)
    assert document["answer"] == "nothing-new"
    assert document["problems"] == []


def test_many_landings_and_nothing_that_names_production(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "app.git")
    for number in range(400):
        repo.commit(f"[bug={number + 1}] Change")
    document = first_day(tmp_path, repo.git_dir)
    assert document["answer"] == "nothing-new"
    deployed = document["deployed"]
    assert (deployed["revno"], deployed["id"]) == (document["tip"]["revno"], document["tip"]["id"])
    assert (deployed["extra_commits"], deployed["at_least"]) == ([], True)
    done = inv(tmp_path, "deployed", "r390", "--reason", "looked on the server")
    assert done.code == 0 and "the answer follows" in done.out
    assert inv(tmp_path, "find", "judge").code == 0
    assert len(json.loads(inv(tmp_path, "landings", "--state", "needs-qa", "--json").out)) == 10


def test_what_the_person_says_at_the_start_counts(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "app.git")
    for number in range(9):
        repo.commit(f"[no-qa] Change {number}")
    assert inv(tmp_path, "init", "--repository", str(repo.git_dir), "--deployed", "r4").code == 0
    assert inv(tmp_path, "find", "judge").code == 0
    assert inv(tmp_path, "status", "--sha").out.strip() == repo.git("rev-parse", "stable")
