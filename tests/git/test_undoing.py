"""Valid targets: marks, reverts with the exact inverse diff, and what is only a hint
(docs/rules.md#undone)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shepherd import marks as marks_module
from shepherd.git import commits as commits_module
from shepherd.git import mainline as mainline_module
from shepherd.git import program
from shepherd.git import repository as git_module
from shepherd.git.lookup import from_revno
from shepherd.landing import Landing
from shepherd.settings import BranchSettings, Pointer
from tests.git.conftest import Reads
from tests.gitrepo import Repo


def last(read: Reads, **wanted: Any) -> Landing:
    return read(**wanted).reading.landings[-1]


def test_mark_counts_whatever_the_diff(repo: Repo, read: Reads) -> None:
    repo.commit("one", files={"x": "1\n"})
    repo.commit("[rollback=1] half of it", files={"x": "2\n"})
    landing = last(read)
    assert (landing.mark_targets, landing.revert_targets) == ((1,), ())
    assert (landing.warnings, landing.hints) == ((), ())


@pytest.mark.parametrize("number", ["2", "3", "9", "0"])
def test_mark_that_names_no_earlier_landing_counts_as_absent(repo: Repo, read: Reads, number: str) -> None:
    repo.commit("one")
    repo.commit(f"[rollback={number}] two")
    repo.commit("three")
    landing = read().reading.landings[1]
    assert landing.targets == ()
    assert any("absent" in warning or "rollback" in warning for warning in landing.warnings)


def test_each_target_of_a_range_is_judged_by_itself(repo: Repo, read: Reads) -> None:
    repo.commit("one", files={"x": "1\n"})
    repo.commit("two", files={"x": "2\n"})
    repo.commit("[rollback=1-4] three", files={"x": "0\n"})
    landing = last(read)
    assert landing.mark_targets == (1, 2)
    assert landing.warnings == ("rollback of r3, r4 counts as absent: no earlier landing",)


def test_rolls_back_by_sha(repo: Repo, read: Reads) -> None:
    repo.commit("zero")
    one = repo.commit("one", files={"x": "1\n"})
    repo.commit(f"two\n\nRolls-back: {one}\n", files={"x": "2\n"})
    assert last(read).mark_targets == (2,)


def test_rolls_back_by_abbreviated_sha_of_a_commit_that_was_brought_in(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    side = repo.commit("side", parents=[root], branch="side", files={"x": "1\n"})
    repo.commit("two")
    repo.merge("three", side)
    repo.commit(f"four\n\nRolls-back: {side[:12]}\n", files={"x": None})
    assert last(read).mark_targets == (3,)


def test_rolls_back_by_an_ambiguous_sha_is_a_warning(
    repo: Repo, read: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("one")
    repo.commit("two")
    repo.commit("three\n\nRolls-back: abcdef1\n")
    # Two commits with the same seven digits cannot be made quickly; what git lists can be.
    monkeypatch.setattr(
        commits_module, "owners", lambda git, mainline: {"abcdef1" + "0" * 33: 1, "abcdef1" + "1" * 33: 2}
    )
    landing = last(read)
    assert landing.targets == ()
    assert landing.warnings == ("rollback of abcdef1 counts as absent: it may be several commits",)


def test_rolls_back_by_an_unknown_sha_is_a_warning(repo: Repo, read: Reads) -> None:
    repo.commit("one")
    repo.commit(f"two\n\nRolls-back: {'ab' * 20}\n")
    landing = last(read)
    assert landing.targets == ()
    assert "counts as absent: no earlier landing has this commit" in landing.warnings[0]


def test_mark_with_an_empty_diff_is_a_warning(repo: Repo, read: Reads) -> None:
    repo.commit("one")
    repo.commit("[rollback=1] two", files={})
    landing = last(read)
    assert landing.mark_targets == (1,)
    assert landing.warnings == ("rolls back r1 by its mark, but its diff is empty",)


def test_mark_that_touches_no_file_of_its_target_is_a_warning(repo: Repo, read: Reads) -> None:
    repo.commit("one", files={"x": "1\n"})
    repo.commit("two", files={"y": "1\n"})
    repo.commit("[rollback=1,2] three", files={"y": "0\n"})
    landing = last(read)
    assert landing.mark_targets == (1, 2)
    assert landing.warnings == ("rolls back r1 by its mark, but touches none of the files changed there",)


def test_exact_revert_by_sha(repo: Repo, read: Reads) -> None:
    repo.commit("base", files={"x": "".join(f"{n}\n" for n in range(40))})
    change = "".join(f"{n}\n" for n in range(40)).replace("20\n", "twenty\n")
    target = repo.commit("change", files={"x": change})
    repo.commit("other file")
    # The lines have moved meanwhile; the diff is still the inverse.
    repo.commit("above", files={"x": "new\n" + change})
    inverse = ("new\n" + change).replace("twenty\n", "20\n")
    repo.commit(f'Revert "change"\n\nThis reverts commit {target}.\n', files={"x": inverse})
    landing = last(read)
    assert (landing.revert_targets, landing.mark_targets, landing.hints) == ((2,), (), ())


def test_inexact_revert_is_a_hint_with_the_command(repo: Repo, read: Reads) -> None:
    target = repo.commit("change", files={"x": "1\n", "y": "1\n"})
    repo.commit(f"This reverts commit {target}.", files={"x": None})
    landing = last(read)
    assert landing.targets == ()
    assert landing.hints == (
        "looks like a revert of r1, but the diff is not its exact inverse; if it is one: "
        'inv cover 1 --by 2 --reason "…"',
    )


def test_revert_of_the_root(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    repo.commit("two")
    repo.revert(root)
    assert last(read).revert_targets == (1,)


def test_empty_diffs_never_match(repo: Repo, read: Reads) -> None:
    target = repo.commit("empty", files={})
    repo.commit(f"This reverts commit {target}.", files={})
    landing = last(read)
    assert landing.targets == ()
    assert len(landing.hints) == 1


def test_revert_of_a_revert_has_the_revert_as_its_target(repo: Repo, read: Reads) -> None:
    target = repo.commit("change")
    repo.revert(repo.revert(target))
    assert [each.revert_targets for each in read().reading.landings] == [(), (1,), (2,)]


def test_revert_of_a_merge_by_any_commit_it_brought_in(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    first = repo.commit("first", parents=[root], branch="side")
    merge = repo.merge("merge", repo.commit("second", branch="side"))
    repo.revert(merge, f"This reverts commit {first}.")
    assert last(read).revert_targets == (2,)


def test_revert_of_a_part_of_a_merge_is_a_hint(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    first = repo.commit("first", parents=[root], branch="side")
    repo.merge("merge", repo.commit("second", branch="side"))
    repo.revert(first)
    landing = last(read)
    assert landing.targets == ()
    assert "r2" in landing.hints[0]


def test_revert_in_a_commit_that_was_brought_in_counts(repo: Repo, read: Reads) -> None:
    target = repo.commit("target")
    repo.commit("two")
    repo.set_ref("side", repo.tip())
    repo.revert(target, branch="side")
    repo.merge("merge the side", repo.tip("side"))
    assert last(read).revert_targets == (1,)


def test_revert_within_one_landing_counts_for_nothing(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    wrong = repo.commit("wrong", parents=[root], branch="side")
    repo.revert(wrong, branch="side")
    repo.commit("right", branch="side")
    repo.merge("merge", repo.tip("side"))
    landing = last(read)
    assert (landing.targets, landing.hints) == ((), ())


def test_old_target_is_found_and_the_reading_reaches_down_to_it(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    repo.commit("two")
    side = repo.commit("side", parents=[root], branch="side")
    repo.merge("three", side)
    for number in range(4, 9):
        repo.commit(f"r{number}")
    repo.revert(side)
    found = read(recorded="r8", keep_seconds=0).reading.landings
    assert found[-1].revert_targets == (3,)
    assert [each.revno for each in found] == [3, 4, 5, 6, 7, 8, 9]


def test_reading_reaches_down_to_targets_of_targets(repo: Repo, read: Reads) -> None:
    repo.commit("r1", files={"x": "1\n"})
    repo.commit("r2", files={"x": "2\n"})
    repo.commit("[rollback=2] r3", files={"x": "1\n"})
    repo.commit("r4")
    repo.commit("[rollback=3] r5", files={"x": "2\n"})
    found = read(recorded="r4", keep_seconds=0).reading.landings
    assert [each.revno for each in found] == [2, 3, 4, 5]


def test_commit_of_no_landing_is_a_hint_without_a_command(repo: Repo, read: Reads) -> None:
    repo.commit("one")
    stray = repo.commit("stray", parents=[], branch="stray")
    repo.commit(f"This reverts commit {stray}.")
    landing = last(read)
    assert landing.targets == ()
    assert landing.hints == (f"says that it reverts {stray}: no earlier landing has this commit",)


def test_binary_change_and_its_exact_inverse(repo: Repo, read: Reads) -> None:
    repo.commit("base", files={"x": bytes(range(256))})
    target = repo.commit("change", files={"x": bytes(range(255, -1, -1))})
    repo.revert(target)
    assert last(read).revert_targets == (2,)


def test_binary_changes_do_not_match_by_accident(repo: Repo, read: Reads) -> None:
    repo.commit("base", files={"x": bytes(range(256))})
    target = repo.commit("change", files={"x": bytes(range(255, -1, -1))})
    repo.commit(f"This reverts commit {target}.", files={"x": b"\0" + bytes(range(256))})
    landing = last(read)
    assert landing.targets == ()
    assert len(landing.hints) == 1


def test_empty_file_left_behind_is_no_exact_inverse(repo: Repo, read: Reads) -> None:
    target = repo.commit("change", files={"x": "1\n", "empty": ""})
    repo.commit(f"This reverts commit {target}.", files={"x": None})
    assert last(read).targets == ()


def test_attributes_do_not_hide_a_difference(repo: Repo, read: Reads) -> None:
    (repo.git_dir / "info").mkdir(exist_ok=True)
    (repo.git_dir / "info" / "attributes").write_text("* -diff\n")
    repo.commit("base", files={"x": "0\n"})
    target = repo.commit("change", files={"x": "1\n"})
    repo.commit(f"This reverts commit {target}.", files={"x": "2\n"})
    assert last(read).targets == ()


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


def test_free_text_is_a_hint_with_the_command(repo: Repo, read: Reads) -> None:
    repo.commit("one")
    repo.commit("two")
    repo.commit("Revert r1 and r2, and r9")
    landing = last(read)
    assert landing.targets == ()
    assert [hint.rpartition(": ")[2] for hint in landing.hints] == [
        'inv cover 1 --by 3 --reason "…"',
        'inv cover 2 --by 3 --reason "…"',
    ]


def test_free_text_about_a_valid_target_is_no_hint(repo: Repo, read: Reads) -> None:
    target = repo.commit("one")
    repo.revert(target, f"Revert r1\n\nThis reverts commit {target}.\n")
    landing = last(read)
    assert (landing.revert_targets, landing.hints) == ((1,), ())


def test_sha_settles_what_the_title_leaves_open(repo: Repo, read: Reads) -> None:
    repo.commit("Add a thing", files={"x": "1\n"})
    repo.revert(repo.commit("Add a thing", files={"x": "2\n"}))
    landing = last(read)
    assert (landing.revert_targets, landing.hints) == ((2,), ())


# --- proved by content (docs/rules.md#undone); more of it in test_proving


def test_revert_that_changes_more_is_mixed(repo: Repo, read: Reads) -> None:
    repo.commit("base", files={"x": "1\n"})
    target = repo.commit("change", files={"x": "2\n"})
    repo.commit(f"Work, and\n\nThis reverts commit {target}.", files={"x": "1\n", "y": "1\n"})
    landing = last(read)
    assert (landing.revert_targets, landing.mixed, landing.hints) == ((2,), True, ())


def test_reverts_in_the_plural_are_proved_together(repo: Repo, read: Reads) -> None:
    one = repo.commit("one", files={"x": "1\n2\n3\n4\n5\n6\n7\n8\n"})
    two = repo.commit("two", files={"x": "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "y": "1\n"})
    repo.commit(f'Revert "one" and "two"\n\nThis reverts commits {one} and {two}.', {"x": None, "y": None})
    landing = last(read)
    assert (set(landing.revert_targets), landing.mixed) == ({1, 2}, False)
    assert landing.hints == ("takes back r1, r2 together: its diff is their reverts, one after the other",)


def test_of_several_the_one_that_is_not_undone_is_a_hint(repo: Repo, read: Reads) -> None:
    one = repo.commit("one", files={"x": "1\n"})
    two = repo.commit("two", files={"y": "1\n", "z": "1\n"})
    repo.commit(f"This reverts commits {one} and {two}.", {"x": None, "y": None})
    landing = last(read)
    assert (landing.revert_targets, landing.mixed) == ((1,), True)
    assert [hint.rpartition(": ")[2] for hint in landing.hints] == ['inv cover 2 --by 3 --reason "…"']


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


# --- hints


@pytest.mark.parametrize(
    "message",
    [
        "Revert D123: Add a thing",
        'Back out "Add a thing"',
        "revert Add a thing (it broke the build)",
        "revert: Add a thing",
        'Auto merge of #9 - bob:revert-8, r=ann\n\nRevert "Add a thing"',
        "Backed out changeset {sha} for test failures",
        "Back it out\n\nOriginal commit changeset: {short}",
    ],
)
def test_free_text_that_names_a_landing(repo: Repo, read: Reads, message: str) -> None:
    repo.commit("another")
    target = repo.commit("Add a thing")
    repo.commit(message.format(sha=target, short=target[:12]))
    landing = last(read)
    assert landing.targets == ()
    assert landing.hints == ('its message speaks of undoing r2; if it does: inv cover 2 --by 3 --reason "…"',)


def test_branch_of_a_revert_is_a_hint(repo: Repo, read: Reads) -> None:
    repo.commit("Add a thing (#12)")
    repo.commit("Merge pull request #13 from ann/revert-12-thing")
    assert "inv cover 1 --by 2" in last(read).hints[0]


@pytest.mark.parametrize("message", ["revert the wadllib upgrade", "Revert r370635", "Undo it", "Work"])
def test_exact_inverse_is_named_whatever_the_message(repo: Repo, read: Reads, message: str) -> None:
    repo.commit("another")
    target = repo.commit("Upgrade wadllib")
    repo.commit("in between")
    repo.revert(target, message)
    landing = last(read)
    assert landing.targets == ()
    assert landing.hints == (
        'changes back exactly what r2 changed; if it is meant to undo it: inv cover 2 --by 4 --reason "…"',
    )


def test_exact_inverse_of_what_was_read_before(repo: Repo, read: Reads) -> None:
    target = repo.commit("Upgrade wadllib")
    before = read()
    repo.revert(target, "Work")
    after = read(before)
    assert after.fresh == 1 and "inv cover 1 --by 2" in after.reading.landings[-1].hints[0]
    assert after.reading.landings == read().reading.landings


def test_exact_inverse_of_what_is_live_is_no_hint(repo: Repo, read: Reads) -> None:
    target = repo.commit("Upgrade wadllib")
    repo.revert(target, "Work")
    assert last(read, recorded="r1").hints == ()


def test_landings_that_change_nothing_are_no_inverses(repo: Repo, read: Reads) -> None:
    repo.commit("one", files={})
    repo.commit("two", files={})
    assert last(read).hints == ()


def test_free_text_about_nothing_that_is_found_says_what_to_do(repo: Repo, read: Reads) -> None:
    repo.commit("Upgrade wadllib")
    repo.commit("revert the wadllib upgrade")
    [hint] = last(read).hints
    assert hint.endswith('if it undoes one, say which: inv cover REV --by 2 --reason "…"')
    assert last(read, recorded="r2").hints == ()


def test_revert_of_a_part_says_how_much_stays_and_names_no_command(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    first = repo.commit("first", parents=[root], branch="side")
    second = repo.commit("second", branch="side")
    repo.commit("third", branch="side")
    repo.merge("merge", repo.tip("side"))
    repo.revert(first)
    assert last(read).hints == ("reverts 1 of 3 commits of r2, 2 stay",)
    repo.commit(f"This reverts commits {first[:10]}, {second} and {first}.")
    assert last(read).hints == ("reverts 2 of 3 commits of r2, 1 stays",)


# --- what cannot be read


def lose(repo: Repo, name: str) -> tuple[Path, bytes]:
    """Remove an object; where it was, and what it held."""
    sha = repo.git("rev-parse", name)
    file = repo.git_dir / "objects" / sha[:2] / sha[2:]
    content = file.read_bytes()
    file.unlink()
    return file, content


def test_diff_that_cannot_be_read_is_one_warning_and_is_read_when_it_is_there(
    repo: Repo, read: Reads
) -> None:
    lines = "".join(f"{number}\n" for number in range(20))
    repo.commit("base", files={"x": lines})
    target = repo.commit("change", files={"x": lines.replace("12", "twelve")})
    repo.commit("above", files={"x": "new\n" + lines.replace("12", "twelve")})
    repo.commit(f"This reverts commit {target}.", files={"x": "new\n" + lines})
    file, content = lose(repo, f"{target}:x")
    broken = read()
    landing = broken.reading.landings[-1]
    assert (landing.targets, landing.hints, broken.fresh) == ((), (), 4)
    [warning] = landing.warnings
    assert warning.startswith("whether it undoes r2 is not known: git says")
    again = read(broken)
    assert (again.fresh, again.reading) == (1, broken.reading)
    file.write_bytes(content)
    read_again = read(again)
    assert (read_again.fresh, read_again.reading.landings[-1].revert_targets) == (1, (2,))
    assert read_again.reading.landings == read().reading.landings
    assert read(read_again).fresh == 0


def test_folder_that_cannot_be_read_costs_only_what_hangs_on_it(repo: Repo, read: Reads) -> None:
    repo.commit("base", files={"y": "1\n"})
    target = repo.commit("two", files={"x/file": "1\n"})
    repo.revert(repo.commit("three", files={"y": "2\n"}))
    repo.revert(target)
    lose(repo, f"{target}:x")
    landings = read().reading.landings
    assert [each.targets for each in landings] == [(), (), (), (3,), ()]
    assert [bool(each.warnings) for each in landings] == [False, True, False, False, True]


def test_clone_without_contents_needs_none_for_reverts_at_once(
    repo: Repo, read: Reads, tmp_path: Path
) -> None:
    repo.revert(repo.commit("change"))
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = [
        "clone",
        "-q",
        "--mirror",
        "--filter=blob:none",
        f"file://{repo.path}",
        str(tmp_path / "partial"),
    ]
    repo.git("-c", "protocol.file.allow=always", *clone)
    landing = last(read, repository=str(tmp_path / "partial"))
    assert (landing.revert_targets, landing.warnings) == ((1,), ())


def test_partial_clone_that_lacks_something_says_what_brings_it(
    repo: Repo, read: Reads, tmp_path: Path
) -> None:
    lines = "".join(f"{number}\n" for number in range(20))
    repo.commit("base", files={"x": lines})
    target = repo.commit("change", files={"x": lines.replace("12", "twelve")})
    repo.commit("above", files={"x": "new\n" + lines.replace("12", "twelve")})
    repo.commit(f"This reverts commit {target}.", files={"x": "new\n" + lines})
    repo.git("config", "uploadpack.allowFilter", "true")
    place = str(tmp_path / "partial")
    repo.git("clone", "-q", "--mirror", "--filter=blob:none", f"file://{repo.path}", place)
    [warning] = last(read, repository=place).warnings
    assert warning.endswith(
        "it is a partial clone: `git fetch --refetch --no-filter` there brings what is missing"
    )
    repo.git("-C", place, "fetch", "-q", "--refetch", "--no-filter")
    assert last(read, repository=place).revert_targets == (2,)


# --- how much it costs


def test_old_landings_are_read_once_each(
    repo: Repo, read: Reads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every third reverts the one before by title; each was looked for in 500 messages of its own."""

    def costs(landings: int) -> tuple[int, int]:
        while len(repo.ancestors(repo.tip())) < landings:
            number = len(repo.ancestors(repo.tip()))
            target = repo.commit(f"Change {number}", files={f"{number % 50}": f"{number}\n"})
            repo.revert(target, f'Revert "Change {number}"')
            repo.commit(f"Other {number}", files={f"o{number % 50}": f"{number}\n"})
        parsed, called = [0], [0]

        def parse(*given: Any) -> Any:
            parsed[0] += 1
            return real_parse(*given)

        def run(*given: Any, **more: Any) -> Any:
            called[0] += 1
            return real_run(*given, **more)

        real_parse, real_run = marks_module.parse, program.run
        with monkeypatch.context() as patched:
            patched.setattr(mainline_module, "parse", parse)
            patched.setattr(git_module, "run", run)
            branch = BranchSettings(repository="", ref="stable", deployed=Pointer(recorded=True))
            found = from_revno(
                branch, repository=str(repo.path), mirrors=tmp_path / "mirrors", revno=landings // 4
            )
        assert sum(bool(landing.revert_targets) for landing in found) > landings // 5
        return parsed[0], called[0]

    repo.commit("root")
    parsed, called = costs(400)
    more_parsed, more_called = costs(1600)
    assert more_called == called
    assert parsed <= 400 and more_parsed <= 1600
