"""Mirrors of repositories behind URLs: up to date or an error, whatever happened to the last fetch."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from shepherd.errors import SourceError
from shepherd.git import mirror
from shepherd.git.mirror import (
    is_fetched,
    mirror_path,
    open_source,
    operators_environment,
    remote_listing,
    remote_refs,
)
from tests.gitrepo import Repo
from tests.waiting import until


@pytest.fixture
def mirrors(tmp_path: Path) -> Path:
    return tmp_path / "state" / "mirrors"


def test_url_is_mirrored_and_kept_up_to_date(repo: Repo, mirrors: Path) -> None:
    url = f"file://{repo.path}"
    repo.commit("one")
    open_source(url, mirrors)
    two = repo.commit("two")
    assert open_source(url, mirrors).resolve_many(["stable"]) == {"stable": two}


def test_history_that_was_rewritten_is_followed(repo: Repo, mirrors: Path) -> None:
    url = f"file://{repo.path}"
    repo.commit("one")
    open_source(url, mirrors)
    other = repo.commit("other one", parents=[])
    assert open_source(url, mirrors).resolve_many(["stable"]) == {"stable": other}


def test_ref_that_vanished_vanishes_from_the_mirror(repo: Repo, mirrors: Path) -> None:
    url = f"file://{repo.path}"
    repo.commit("one")
    repo.set_ref("production", repo.tip())
    open_source(url, mirrors)
    repo.delete_ref("production")
    assert open_source(url, mirrors).resolve_many(["production"]) == {"production": None}


def test_branch_may_become_a_folder_of_branches(repo: Repo, mirrors: Path) -> None:
    url = f"file://{repo.path}"
    repo.commit("one", branch="x")
    open_source(url, mirrors)
    repo.delete_ref("x")
    two = repo.commit("two", branch="x/y")
    assert open_source(url, mirrors).resolve_many(["x/y"]) == {"x/y": two}


@pytest.mark.parametrize("end", ["\N{LINE SEPARATOR}", "\N{NEXT LINE}", "\N{PARAGRAPH SEPARATOR}"])
def test_a_name_that_holds_the_end_of_a_line_is_taken_for_no_other(
    repo: Repo, mirrors: Path, end: str
) -> None:
    one = repo.commit("one")
    two = repo.commit("two")
    odd = f"refs/heads/stable{end}x"
    (repo.git_dir / "packed-refs").write_text(f"{one} {odd}\n", encoding="utf-8")
    assert remote_listing(f"file://{repo.path}") == {"HEAD": two, "refs/heads/stable": two, odd: one}
    git = open_source(f"file://{repo.path}", mirrors)
    assert git.lines("for-each-ref", "--format=%(refname)") == ["refs/heads/stable", odd]
    assert git.lines("for-each-ref", "refs/tags/") == []
    assert git.resolve_many(["stable", odd]) == {"stable": two, odd: None}


def test_refs_elsewhere_come_along_when_they_are_wanted(repo: Repo, mirrors: Path) -> None:
    note = repo.note(repo.commit("one"), "QA: ok")
    git = open_source(f"file://{repo.path}", mirrors, ["refs/notes/qa", "refs/nowhere/yet"])
    assert git.resolve_many(["refs/notes/qa", "refs/nowhere/yet"]) == {
        "refs/notes/qa": note,
        "refs/nowhere/yet": None,
    }


def test_failed_fetch_is_never_the_old_state(repo: Repo, mirrors: Path) -> None:
    url = f"file://{repo.path}"
    repo.commit("one")
    open_source(url, mirrors)
    repo.path.rename(repo.path.with_name("gone"))
    with pytest.raises(SourceError, match="does not appear to be a git repository"):
        open_source(url, mirrors)


def test_a_server_that_accepts_and_says_nothing_is_given_up_soon(
    mirrors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before the time that a first fetch may take: other repositories wait for it."""
    monkeypatch.setattr(mirror, "SILENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.git"
        with pytest.raises(SourceError, match="Operation too slow"):
            open_source(url, mirrors, limit=60)


def test_without_fetching_the_mirror_is_taken_as_it_is(repo: Repo, mirrors: Path) -> None:
    url = f"file://{repo.path}"
    with pytest.raises(SourceError, match="nothing has been fetched"):
        open_source(url, mirrors, fetch=False)
    one = repo.commit("one")
    open_source(url, mirrors)
    repo.commit("two")
    assert open_source(url, mirrors, fetch=False).resolve_many(["stable"]) == {"stable": one}


def test_a_mirror_whose_first_fetch_failed_was_not_fetched(repo: Repo, mirrors: Path) -> None:
    url = f"file://{repo.path}"
    repo.commit("one")
    repo.path.rename(repo.path.with_name("gone"))
    with pytest.raises(SourceError):
        open_source(url, mirrors)
    assert mirror_path(url, mirrors).is_dir() and not is_fetched(url, mirrors)
    with pytest.raises(SourceError, match="nothing has been fetched"):
        open_source(url, mirrors, fetch=False)
    repo.path.with_name("gone").rename(repo.path)
    open_source(url, mirrors)
    assert is_fetched(url, mirrors)


@pytest.mark.parametrize(
    ("url", "own", "ssh"),
    [
        (
            "git@git.example.org:x.git",
            {},
            "ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15 -oServerAliveCountMax=4",
        ),
        ("ssh://git.example.org/x.git", {"GIT_SSH_COMMAND": "mine"}, "mine"),
        ("ssh://git.example.org/x.git", {"GIT_SSH": "mine"}, None),
        ("ssh://git.example.org/x.git", {"GIT_CONFIG_GLOBAL": "gitconfig"}, None),
        ("https://git.example.org/x.git", {}, None),
    ],
)
def test_ssh_asks_nothing_unless_the_operator_has_one_of_his_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, own: dict[str, str], ssh: str | None
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text("[core]\n\tsshCommand = mine\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for name, value in own.items():
        monkeypatch.setenv(name, str(config) if value == "gitconfig" else value)
    assert operators_environment(url).get("GIT_SSH_COMMAND") == ssh


def test_an_ssh_of_the_clone_that_one_stands_in_is_nobodys(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    subprocess.run(["git", "init", "-q", str(tmp_path / "clone")], check=True)
    subprocess.run(["git", "-C", tmp_path / "clone", "config", "core.sshCommand", "mine"], check=True)
    monkeypatch.chdir(tmp_path / "clone")
    url = "git@git.example.org:x.git"
    for own in ({}, {"git_dir": repo.path}, {"git_dir": tmp_path / "not there yet"}):
        assert "BatchMode" in operators_environment(url, **own)["GIT_SSH_COMMAND"]
    assert "GIT_SSH_COMMAND" not in operators_environment(url, tmp_path / "clone" / ".git")


def test_repository_of_another_user_is_mirrored(
    repo: Repo, mirrors: Path, wrapped_git: Callable[[str], None]
) -> None:
    one = repo.commit("one")
    wrapped_git('export GIT_TEST_ASSUME_DIFFERENT_OWNER=1; exec $GIT "$@"')
    assert open_source(f"file://{repo.path}", mirrors).resolve_many(["stable"]) == {"stable": one}


def test_shallow_source_is_refused_until_it_is_whole(repo: Repo, mirrors: Path, tmp_path: Path) -> None:
    repo.commit("one")
    repo.commit("two")
    repo.git("clone", "-q", "--bare", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    url = f"file://{tmp_path}/shallow"
    with pytest.raises(SourceError, match="shallow"):
        open_source(url, mirrors)
    shutil.rmtree(tmp_path / "shallow")
    repo.git("clone", "-q", "--bare", f"file://{repo.path}", str(tmp_path / "shallow"))
    assert open_source(url, mirrors).resolve_many(["stable"]) == {"stable": repo.tip()}


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% {}",
        "ssh://-oProxyCommand=touch {}/x",
        "-oProxyCommand=touch {}:x",
        "--upload-pack=touch {}:x",
        "fd::17",
        "file:///nowhere\nx:{}",
    ],
)
def test_nothing_is_smuggled_in_by_a_url(url: str, mirrors: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    with pytest.raises(SourceError):
        open_source(url.format(witness), mirrors)
    assert not witness.exists()


def test_password_in_a_url_is_never_repeated(mirrors: Path) -> None:
    url = "https://ann:secret@127.0.0.1:1/x"
    with pytest.raises(SourceError) as failure:
        open_source(url, mirrors)
    assert "secret" not in str(failure.value)
    assert "secret" not in str(mirror_path(url, mirrors))


def test_two_urls_never_share_a_mirror(mirrors: Path) -> None:
    assert mirror_path("https://host/a/b", mirrors) != mirror_path("https://host/a-b", mirrors)


def test_what_a_killed_fetch_left_is_cleared_away(repo: Repo, mirrors: Path) -> None:
    url = f"file://{repo.path}"
    repo.commit("one")
    open_source(url, mirrors)
    mirror = mirror_path(url, mirrors)
    half = mirror / "objects" / "pack" / "tmp_pack_x"
    half.parent.mkdir(exist_ok=True)
    for left in (half, mirror / "packed-refs.lock", mirror / "refs" / "heads" / "stable.lock"):
        left.write_text("")
    two = repo.commit("two")
    assert open_source(url, mirrors).resolve_many(["stable"]) == {"stable": two}
    assert not half.exists()


def test_first_fetch_killed_half_way_does_no_harm(
    repo: Repo,
    mirrors: Path,
    tmp_path: Path,
    wrapped_git: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = repo.commit("one")
    url = f"file://{repo.path}"
    path = os.environ["PATH"]
    # A fetch that hangs once it runs; it is git's child that lives on when its parent is killed.
    hang = f"echo $$ > {tmp_path}/pid; sleep 600"
    wrapped_git(f'case "$*" in *" fetch "*) {hang};; *) exec $GIT "$@";; esac')
    code = (
        "import sys; from pathlib import Path; from shepherd.git.mirror import open_source;"
        "open_source(sys.argv[1], Path(sys.argv[2]))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, url, str(mirrors)])
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
    parent.kill()
    parent.wait()
    monkeypatch.setenv("PATH", path)
    assert open_source(url, mirrors, limit=20).resolve_many(["stable"]) == {"stable": one}
    fetch = int((tmp_path / "pid").read_text())
    assert not psutil.pid_exists(fetch) or psutil.Process(fetch).status() == psutil.STATUS_ZOMBIE


def test_a_fetch_that_is_under_way_is_waited_for_and_not_for_ever(repo: Repo, mirrors: Path) -> None:
    url = f"file://{repo.path}"
    one = repo.commit("one")
    open_source(url, mirrors)
    with mirror_path(url, mirrors).with_suffix(".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SourceError, match=r"an earlier fetch has not ended in 0\.3 seconds"):
            open_source(url, mirrors, limit=0.3)
    assert open_source(url, mirrors).resolve_many(["stable"]) == {"stable": one}


@pytest.mark.parametrize("before", [None, False, True], ids=["first", "was SHA-1", "was SHA-256"])
@pytest.mark.parametrize("sha256", [False, True], ids=["SHA-1", "SHA-256"])
def test_the_mirror_has_the_format_of_its_source(
    tmp_path: Path, mirrors: Path, before: bool | None, sha256: bool
) -> None:
    url = f"file://{tmp_path}/repo"
    if before is not None:
        Repo(tmp_path / "repo", sha256=before).commit("one")
        open_source(url, mirrors)
        shutil.rmtree(tmp_path / "repo")
    repo = Repo(tmp_path / "repo", sha256=sha256)
    one = repo.commit("another one")
    assert len(one) == (64 if sha256 else 40)
    assert open_source(url, mirrors).resolve_many(["stable"]) == {"stable": one}
    two = repo.commit("two")
    assert open_source(url, mirrors).resolve_many(["stable"]) == {"stable": two}
    assert remote_refs(url, ["stable"]) == {"stable": two}


def test_hooks_of_the_operator_do_not_run_in_the_mirror(
    repo: Repo, mirrors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git-branchless and others name theirs in the operator's own configuration."""
    one = repo.commit("one")
    hook = tmp_path / "hooks" / "reference-transaction"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
    hook.chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[core]\n\thooksPath = {hook.parent}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert open_source(f"file://{repo.path}", mirrors).resolve_many(["stable"]) == {"stable": one}
    assert not (tmp_path / "ran").exists()


def test_what_a_fetch_leaves_behind_does_not_hold_up_the_next_one(
    repo: Repo, mirrors: Path, tmp_path: Path, wrapped_git: Callable[[str], None]
) -> None:
    """As git's credential cache does, which lives for hours."""
    url = f"file://{repo.path}"
    one = repo.commit("one")
    wrapped_git(f'case "$*" in *" fetch "*) sleep 600 & echo $! >> {tmp_path}/left;; esac; exec $GIT "$@"')
    began = time.monotonic()
    try:
        for _ in range(2):
            assert open_source(url, mirrors).resolve_many(["stable"]) == {"stable": one}
        assert time.monotonic() - began < 60
    finally:
        for pid in (tmp_path / "left").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
