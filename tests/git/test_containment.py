"""Which landing brought a commit in, and which merge moved a mainline, in real repositories."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from shepherd.git.containment import brought_in, is_contained, merge_that_moved
from shepherd.git.first_parents import read_first_parents
from shepherd.git.mainline import Reader
from shepherd.git.notes import noted_commits
from shepherd.git.repository import Git, open_repository
from tests.gitrepo import Repo

READER = Reader(("brackets",), (), "", "")


def git_of(repo: Repo) -> Git:
    return open_repository(str(repo.path))


def places(repo: Repo, *wanted: str, first: int = 1) -> dict[str, int]:
    """SHA -> the landing that brought it in."""
    git = git_of(repo)
    found = brought_in(git, read_first_parents(git, repo.tip()), first, wanted, READER)
    return {commit.id: revno for revno, commits in found.items() for commit in commits}


def a_history(path: Path, dice: random.Random) -> Repo:
    """A mainline with merges of branches that were merged before, of several at once, and of merges."""
    repo = Repo(path)
    commits = [repo.commit("root")]
    for number in range(30):
        match dice.randrange(4):
            case 0:
                commits.append(repo.commit(f"landing {number}"))
            case 1:
                commits.append(repo.merge(f"merge {number}", *dice.sample(commits, min(2, len(commits)))))
            case _:
                repo.set_ref("side", dice.choice(commits))
                commits.append(repo.commit(f"side {number}", branch="side"))
                if dice.random() < 0.3:
                    commits.append(repo.merge(f"inner {number}", dice.choice(commits), branch="side"))
    return repo


@pytest.mark.parametrize("seed", range(30))
def test_a_commit_is_brought_in_by_the_first_landing_that_has_it(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    repo = a_history(tmp_path / "project.git", dice)
    mainline = read_first_parents(git_of(repo), repo.tip())
    contained = {revno: repo.ancestors(mainline.id(revno)) for revno in range(1, len(mainline) + 1)}
    inner = contained[len(mainline)] - set(mainline.ids)
    expected = {sha: min(revno for revno, all in contained.items() if sha in all) for sha in inner}
    assert places(repo, *contained[len(mainline)]) == expected
    first = dice.randint(1, len(mainline))
    part = {sha: revno for sha, revno in expected.items() if revno >= first}
    assert places(repo, *inner, first=first) == part


def test_titles_and_order(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "project.git")
    repo.set_ref("side", repo.commit("root"))
    older, newer = (repo.commit(f"[bug=1] {word}\n\nmore", branch="side") for word in ("Older", "Newer"))
    repo.merge("merge", newer)
    git = git_of(repo)
    found = brought_in(git, read_first_parents(git, repo.tip()), 2, [newer, older], READER)
    assert [(each.id, each.title) for each in found[2]] == [(older, "Older"), (newer, "Newer")]


def test_what_is_no_commit_here_is_passed_over(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "project.git")
    tip = repo.commit("root")
    tree = repo.git("rev-parse", f"{tip}^{{tree}}")
    assert not places(repo, tip, tree, "1" * 40, "2" * 64)


def test_a_commit_that_no_landing_has_is_passed_over_where_head_names_no_branch(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "project.git")
    root, tip = repo.commit("root"), repo.commit("landed")
    # as in a mirror, whose own HEAD is nobody's
    repo.git("symbolic-ref", "HEAD", "refs/heads/not-there")
    rewritten = repo.commit("was landed", parents=[root], branch="old")
    assert tip != rewritten
    assert not places(repo, rewritten)


def test_nothing_is_asked_of_git_where_all_words_are_on_landings(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "project.git")
    ids = [repo.commit(f"landing {number}") for number in range(3)]
    mainline = read_first_parents(git_of(repo), repo.tip())
    nowhere = Git(str(tmp_path / "not there"), "not there")
    assert not brought_in(nowhere, mainline, 1, ids, READER)


def test_notes_on_whatever_has_a_sha(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "project.git")
    tip = repo.commit("root")
    notes = repo.note(tip, "QA: ok", fanout=2)
    odd = repo.commit("odd", {"not a\nsha": "x", "README": "y"}, parents=[notes], branch="odd")
    assert noted_commits(git_of(repo), odd) == {tip}


def test_the_merge_that_moved_a_mainline(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "project.git")
    base = repo.commit("base")
    old = repo.commit("landed")
    repo.set_ref("local", base)
    repo.commit("typo", branch="local")
    merge = repo.merge("the wrong way round", old, branch="local")
    repo.set_ref("stable", merge)
    repo.commit("after it")
    git = git_of(repo)
    mainline = read_first_parents(git, repo.tip())
    assert merge_that_moved(git, mainline, old) == mainline.revno(merge) == 3
    assert merge_that_moved(git, mainline, base) is None
    assert merge_that_moved(git, mainline, "1" * 40) is None
    assert merge_that_moved(git, mainline, repo.commit("elsewhere", branch="other", parents=[base])) is None
    assert is_contained(git, old, merge)
    assert not is_contained(git, merge, old)
