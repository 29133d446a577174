"""Mirrors of repositories behind URLs: up to date or an error, whatever happened to the last fetch."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shepherd.errors import SourceError
from shepherd.sources.mirror import mirror_path, open_source
from tests.gitrepo import Repo


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


def test_without_fetching_the_mirror_is_taken_as_it_is(repo: Repo, mirrors: Path) -> None:
    url = f"file://{repo.path}"
    with pytest.raises(SourceError, match="not been fetched yet"):
        open_source(url, mirrors, fetch=False)
    one = repo.commit("one")
    open_source(url, mirrors)
    repo.commit("two")
    assert open_source(url, mirrors, fetch=False).resolve_many(["stable"]) == {"stable": one}


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
        "import sys; from pathlib import Path; from shepherd.sources.mirror import open_source;"
        "open_source(sys.argv[1], Path(sys.argv[2]))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, url, str(mirrors)])
    try:
        while not (tmp_path / "pid").exists():
            time.sleep(0.02)
        parent.kill()
        parent.wait()
        monkeypatch.setenv("PATH", path)
        with pytest.raises(SourceError, match="an earlier fetch has not ended"):
            open_source(url, mirrors, limit=0.3)
    finally:
        time.sleep(0.1)
        os.killpg(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert open_source(url, mirrors).resolve_many(["stable"]) == {"stable": one}
