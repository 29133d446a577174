"""A mainline that lost landings it had: noticed, counted, and followed by patch."""

from __future__ import annotations

from shepherd.git.repository import open_repository
from shepherd.git.rewrites import patches_of
from tests.git.conftest import Reads
from tests.gitrepo import Repo


def test_growing_history_lost_nothing(repo: Repo, read: Reads) -> None:
    repo.commit("one")
    before = read()
    assert not before.lost
    repo.commit("two")
    assert not read(before).lost


def test_landings_replaced_by_others_are_lost(repo: Repo, read: Reads) -> None:
    one = repo.commit("one")
    repo.commit("two")
    repo.commit("three")
    before = read()
    repo.commit("other two", parents=[one])
    repo.commit("other three")
    repo.commit("other four")
    assert read(before).lost


def test_tip_that_went_back_lost_landings(repo: Repo, read: Reads) -> None:
    one = repo.commit("one")
    repo.commit("two")
    before = read()
    repo.set_ref("stable", one)
    assert read(before).lost


def test_tip_that_is_no_landing_any_more_is_lost(repo: Repo, read: Reads) -> None:
    """Merged the wrong way round: the history is still there, but not on the mainline."""
    one = repo.commit("one")
    two = repo.commit("two")
    before = read()
    repo.commit("side", parents=[one], branch="side")
    repo.merge("wrong way round", two, branch="side")
    repo.set_ref("stable", repo.tip("side"))
    assert read(before).lost


def test_unrelated_history_lost_all(repo: Repo, read: Reads) -> None:
    repo.commit("one")
    repo.commit("two")
    before = read()
    repo.commit("other one", parents=[])
    assert read(before).lost


def test_rewritten_landings_are_read_anew(repo: Repo, read: Reads) -> None:
    one = repo.commit("one")
    repo.commit("[bug=2] two")
    before = read()
    repo.commit("[bug=3] other two", parents=[one])
    assert read(before).reading == read().reading


def test_patch_of_a_landing_survives_its_rewriting(repo: Repo) -> None:
    one = repo.commit("one")
    old = repo.commit("two", {"x": "1\n"})
    repo.commit("inserted", parents=[one])
    new = repo.commit("two, reworded", {"x": "1\n"})
    found = patches_of(open_repository(str(repo.path)), [old, new, "ab" * 20])
    assert found.keys() == {old, new}
    assert found[old] == found[new]


def test_commit_that_changes_nothing_has_no_patch(repo: Repo) -> None:
    sha = repo.commit("empty", files={})
    assert patches_of(open_repository(str(repo.path)), [sha]) == {}
