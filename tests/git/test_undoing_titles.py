"""Reverts that name a title or a request instead of a commit: which landing they mean
(docs/rules.md#undone)."""

from __future__ import annotations

import pytest

from tests.git.conftest import Reads, last
from tests.gitrepo import Repo


@pytest.mark.parametrize(
    ("landed", "reverts"),
    [
        ("Merge pull request #12 from ann/branch", "Reverts team/project#12"),
        ("Add a thing (#12)", "Reverts team/project#12"),
        (
            "Merge branch 'x' into 'stable'\n\nSee merge request team/project!12",
            "This reverts merge request !12",
        ),
    ],
)
def test_revert_by_request(repo: Repo, read: Reads, landed: str, reverts: str) -> None:
    repo.commit("Another (#1234)")
    target = repo.commit(landed)
    repo.commit("[bug=5] between")
    repo.revert(target, f"Take it back\n\n{reverts}\n")
    assert last(read, recorded="r3", keep_seconds=0).revert_targets == (2,)


def test_request_that_landed_twice_means_the_one_that_was_undone(repo: Repo, read: Reads) -> None:
    repo.commit("Add (#12)", files={"x": "1\n"})
    repo.commit("Add more (#12)", files={"y": "1\n"})
    repo.commit("Back\n\nReverts team/project#12\n", files={"x": None})
    assert last(read).revert_targets == (1,)


def test_unknown_request_is_a_hint(repo: Repo, read: Reads) -> None:
    repo.commit("one")
    repo.commit("Back\n\nReverts team/project#12\n")
    landing = last(read)
    assert landing.targets == ()
    assert landing.hints == ("says that it reverts #12, but no earlier landing is that request",)


@pytest.mark.parametrize("title", ['Revert "Add a thing"', 'Revert "Add a thing (#12)" (#13)'])
def test_revert_by_title(repo: Repo, read: Reads, title: str) -> None:
    repo.commit("one")
    target = repo.commit("Add a thing (#12)")
    repo.revert(target, title)
    assert last(read).revert_targets == (2,)


def test_revert_by_title_that_production_runs_holds(repo: Repo, read: Reads) -> None:
    """What it undid must not come back to life when production reaches it, however little is read then."""
    repo.commit("root")
    target = repo.commit("Add a thing", {"x": "1\n"})
    repo.revert(target, 'Revert "Add a thing"')
    for recorded in ("r1", "r3"):
        assert last(read, recorded=recorded, keep_seconds=0).revert_targets == (2,)


def test_of_several_with_one_title_since_production_the_one_that_is_undone(repo: Repo, read: Reads) -> None:
    repo.commit("Add a thing", files={"x": "1\n"})
    target = repo.commit("Add a thing", files={"x": "2\n"})
    repo.revert(target, 'Revert "Add a thing"')
    assert last(read).revert_targets == (2,)
    assert last(read, recorded="r1").revert_targets == (2,)
    assert last(read, recorded="r2").targets == ()


def test_of_several_with_one_title_none_of_which_is_undone(repo: Repo, read: Reads) -> None:
    repo.commit("Add a thing", files={"x": "1\n"})
    repo.commit("Add a thing", files={"x": "2\n"})
    repo.commit('Revert "Add a thing"', files={"x": "3\n"})
    landing = last(read)
    assert landing.targets == ()
    assert landing.hints == (
        'its title may mean any of r1, r2; if it undoes r2: inv cover 2 --by 3 --reason "…"',
    )


def test_title_of_a_later_landing_is_not_meant(repo: Repo, read: Reads) -> None:
    target = repo.commit("Add a thing")
    repo.revert(target, 'Revert "Add a thing"')
    repo.commit("Add a thing")
    assert read().reading.landings[1].revert_targets == (1,)


def test_inexact_revert_by_title_is_a_hint(repo: Repo, read: Reads) -> None:
    repo.commit("Add a thing", files={"x": "1\n"})
    repo.commit('Revert "Add a thing"', files={"x": "2\n"})
    landing = last(read)
    assert landing.targets == ()
    assert len(landing.hints) == 1


def test_sha_and_title_of_one_revert_make_one_hint(repo: Repo, read: Reads) -> None:
    target = repo.commit("Add a thing", files={"x": "1\n"})
    repo.commit(f'Revert "Add a thing"\n\nThis reverts commit {target}.\n', files={"x": "2\n"})
    assert len(last(read).hints) == 1


def test_sha_settles_what_the_title_leaves_open(repo: Repo, read: Reads) -> None:
    repo.commit("Add a thing", files={"x": "1\n"})
    repo.revert(repo.commit("Add a thing", files={"x": "2\n"}))
    landing = last(read)
    assert (landing.revert_targets, landing.hints) == ((2,), ())


def test_reapply_takes_the_revert_back(repo: Repo, read: Reads) -> None:
    target = repo.commit("Add cache (#12)")
    undone = repo.revert(target, 'Revert "Add cache" (#13)')
    repo.revert(undone, 'Reapply "Add cache" (#14)')
    repo.revert(repo.tip(), 'Revert "Reapply "Add cache"" (#15)')
    assert [each.revert_targets for each in read().reading.landings] == [(), (1,), (2,), (3,)]


def test_number_within_the_title_tells_which(repo: Repo, read: Reads) -> None:
    repo.commit("Add (#3)", files={"x": "1\n"})
    repo.commit('Revert "Add (#3)" (#4)', files={"x": None})
    repo.commit("Add (#5)", files={"x": "2\n"})
    repo.commit('Revert "Add (#5)" (#6)', files={"x": "3\n"})
    landing = last(read)
    assert landing.targets == ()
    assert landing.hints == (
        "looks like a revert of r3, but the diff is not its exact inverse; if it is one: "
        'inv cover 3 --by 4 --reason "…"',
    )


@pytest.mark.parametrize("marks", [("brackets",), ("forge",)])
def test_brackets_that_are_no_marks_belong_to_the_title(
    repo: Repo, read: Reads, marks: tuple[str, ...]
) -> None:
    repo.revert(repo.commit("[ui] Add a button"), 'Revert "[ui] Add a button"')
    repo.revert(repo.commit("[ui] Add a link"), '[ui] Revert "[ui] Add a link"')
    landings = read(marks=marks).reading.landings
    assert [each.revert_targets for each in landings] == [(), (1,), (), (3,)]


@pytest.mark.parametrize("project", ["acme/shop", "ACME/Shop", "/srv/git/acme/shop", ""])
def test_request_of_this_project(repo: Repo, read: Reads, project: str) -> None:
    target = repo.commit("Add a thing (#12)")
    repo.revert(target, "Take it back\n\nReverts: acme/shop#12\n")
    assert last(read, project=project).revert_targets == (1,)


@pytest.mark.parametrize("project", ["acme/shop", "group/other/project", ""])
def test_request_of_another_project_is_nothing(repo: Repo, read: Reads, project: str) -> None:
    repo.commit("Add a thing (#12)")
    repo.commit("Undo something\n\nReverts other/project#12\n")
    landing = last(read, project=project)
    assert (landing.targets, landing.hints) == ((), ())


def test_of_requests_of_two_projects_ours_alone_counts(repo: Repo, read: Reads) -> None:
    target = repo.commit("Add a thing (#12)", files={"x": "1\n"})
    repo.commit("Add another (#13)", files={"y": "1\n"})
    repo.revert(target, "Take it back\n\nReverts acme/shop#12\nReverts other/project#13\n")
    landing = last(read, project="acme/shop")
    assert (landing.revert_targets, landing.hints) == ((1,), ())


def test_request_that_is_not_undone_is_a_hint_wherever_it_is_from(repo: Repo, read: Reads) -> None:
    repo.commit("Add a thing\n\nSee merge request !12", files={"x": "1\n"})
    repo.commit("Undo something\n\nThis reverts merge request !12\n", files={"y": "2\n"})
    assert "inv cover 1 --by 2" in last(read).hints[0]


def test_request_of_a_project_that_may_be_this_one_is_a_hint(repo: Repo, read: Reads) -> None:
    repo.commit("Add a thing (#12)", files={"x": "1\n"})
    repo.commit("Undo something\n\nReverts perhaps/ours#12\n", files={"x": "2\n"})
    assert "inv cover 1 --by 2" in last(read).hints[0]
