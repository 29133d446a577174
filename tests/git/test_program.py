"""git as a child: which repositories can be read, what is refused, and that nothing hangs."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shepherd.errors import SourceError
from shepherd.git.program import without_userinfo
from shepherd.git.repository import open_repository
from tests.gitrepo import ISOLATED, Repo
from tests.waiting import is_over, until


def test_bare_repository(repo: Repo) -> None:
    sha = repo.commit("one")
    assert open_repository(str(repo.path)).resolve_many(["stable"]) == {"stable": sha}


def test_working_tree(tmp_path: Path) -> None:
    tree = Repo(tmp_path / "tree", bare=False)
    sha = tree.commit("one")
    assert open_repository(str(tree.path)).resolve_many(["stable"]) == {"stable": sha}


@pytest.mark.parametrize("relative", [False, True])
def test_linked_working_tree(tmp_path: Path, relative: bool) -> None:
    tree = Repo(tmp_path / "tree", bare=False)
    sha = tree.commit("one")
    tree.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"), sha)
    if relative:
        link = tmp_path / "linked" / ".git"
        link.write_text(link.read_text().replace(str(tmp_path), ".."))
    assert open_repository(str(tmp_path / "linked")).resolve_many(["stable"]) == {"stable": sha}


def test_sha256_repository(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "long", sha256=True)
    sha = repo.commit("one")
    assert len(sha) == 64
    assert open_repository(str(repo.path)).resolve_many(["stable"]) == {"stable": sha}


def test_repository_of_another_user(repo: Repo, wrapped_git: Callable[[str], None]) -> None:
    sha = repo.commit("one")
    wrapped_git('export GIT_TEST_ASSUME_DIFFERENT_OWNER=1; exec $GIT "$@"')
    plain = subprocess.run(["git", "-C", repo.path, "log"], capture_output=True, env=os.environ | ISOLATED)
    assert b"dubious ownership" in plain.stderr
    assert open_repository(str(repo.path)).resolve_many(["stable"]) == {"stable": sha}


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda path: None, "not there"),
        (lambda path: path.mkdir(), "no git repository"),
        (lambda path: path.write_text("x"), "no git repository"),
    ],
    ids=["missing", "empty folder", "file"],
)
def test_what_is_no_repository(tmp_path: Path, make: Callable[[Path], None], what: str) -> None:
    make(tmp_path / "place")
    with pytest.raises(SourceError, match=f"place is {what}"):
        open_repository(str(tmp_path / "place"))


def test_shallow_clone_is_refused(tmp_path: Path, repo: Repo) -> None:
    repo.commit("one")
    repo.commit("two")
    repo.git("clone", "-q", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    with pytest.raises(SourceError, match="shallow clone"):
        open_repository(str(tmp_path / "shallow"))


def test_empty_repository_is_said_to_be_empty(repo: Repo) -> None:
    assert "is empty" in str(open_repository(str(repo.path)).no_such_ref("stable"))


def test_vanished_ref_is_named_with_its_neighbours(repo: Repo) -> None:
    repo.commit("one")
    git = open_repository(str(repo.path))
    assert git.resolve_many(["stabel"]) == {"stabel": None}
    sentence = str(git.no_such_ref("stabel"))
    assert "no branch or tag 'stabel'" in sentence
    assert "'stable'" in sentence


@pytest.mark.parametrize("ref", ["-x", "--upload-pack=touch /tmp/x", "a b", "x..y", "x^", "x\ny", "x*", ""])
def test_what_can_be_no_ref_is_refused(repo: Repo, ref: str) -> None:
    repo.commit("one")
    git = open_repository(str(repo.path))
    assert git.resolve_many(["stable", ref])[ref] is None
    assert "cannot be the name" in str(git.no_such_ref(ref))


def test_branch_comes_before_tag_and_full_names_are_exact(repo: Repo) -> None:
    one, two = repo.commit("one"), repo.commit("two")
    repo.set_ref("both", one)
    repo.tag("both", two)
    found = open_repository(str(repo.path)).resolve_many(["both", "refs/tags/both", "refs/heads/both"])
    assert found == {"both": one, "refs/tags/both": two, "refs/heads/both": one}


def test_tags_of_tags_stand_for_their_commit(repo: Repo) -> None:
    sha = repo.commit("one")
    repo.tag("outer", repo.tag("inner", sha))
    assert open_repository(str(repo.path)).resolve_many(["outer", "inner"]) == {"outer": sha, "inner": sha}


def test_folder_of_refs_is_no_ref(repo: Repo) -> None:
    repo.commit("one", branch="feature/one")
    assert open_repository(str(repo.path)).resolve_many(["feature"]) == {"feature": None}


def test_abbreviation_may_be_several_commits(repo: Repo) -> None:
    sha = repo.commit("one")
    git = open_repository(str(repo.path))
    assert git.commits_beginning(sha[:8]) == [sha]
    assert git.commits_beginning("0" * 12) == []


def test_replaced_commits_change_nothing(repo: Repo) -> None:
    one = repo.commit("one")
    two = repo.commit("two")
    root = repo.commit("other root", parents=[], branch="elsewhere")
    repo.git("replace", two, root)
    assert repo.git("rev-list", "--count", two) == "1"
    assert open_repository(str(repo.path)).lines("rev-list", two) == [two, one]


def test_hanging_git_is_killed_with_its_children(
    repo: Repo, tmp_path: Path, wrapped_git: Callable[[str], None]
) -> None:
    wrapped_git(f"sleep 600 & echo $! > {tmp_path}/pid; wait")
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"did not answer within 0\.5 seconds"):
        open_repository(str(repo.path), limit=0.5).lines("log")
    assert time.monotonic() - began < 5
    until(lambda: is_over(int((tmp_path / "pid").read_text())))


def test_missing_git_is_one_sentence(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SourceError, match="is it installed"):
        open_repository(str(repo.path)).lines("log")


def test_failure_names_repository_and_cause(repo: Repo) -> None:
    repo.commit("one")
    with pytest.raises(SourceError, match=f"{repo.path}: git says .*unknown revision"):
        open_repository(str(repo.path)).lines("rev-list", "nowhere")


def test_corrupt_repository_is_a_failure(repo: Repo) -> None:
    one = repo.commit("one")
    repo.commit("two")
    (repo.git_dir / "objects" / one[:2] / one[2:]).unlink()
    with pytest.raises(SourceError, match="git says"):
        open_repository(str(repo.path)).lines("rev-list", "stable")


def test_reading_ignores_the_settings_of_whoever_asks(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repo.commit("one")
    config = tmp_path / "gitconfig"
    config.write_text("[log]\nfollow = true\n[core]\nabbrev = 4\n[color]\nui = always\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert open_repository(str(repo.path)).lines("log", "--format=%h", "stable") == [sha[:7]]


def test_pipe_carries_a_large_output(repo: Repo) -> None:
    sha = repo.commit("large", files={"x": "line\n" * 1_000_000})
    git = open_repository(str(repo.path))
    [line] = git.pipe(["diff-tree", "--stdin", "--root", "-p"], ["patch-id", "--stable"], [sha])
    assert line.endswith(sha)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ann:secret@git.example.org/x", "https://git.example.org/x"),
        ("cannot reach 'https://token@host/x'", "cannot reach 'https://host/x'"),
        ("https://git.example.org/~ann@home", "https://git.example.org/~ann@home"),
    ],
)
def test_users_and_passwords_are_not_shown(url: str, shown: str) -> None:
    assert without_userinfo(url) == shown
