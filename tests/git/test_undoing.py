"""Valid targets of marks, and of reverts that name a commit: the exact inverse of its change, alone or with
more (docs/rules.md#undone). More of what a change proves: test_proving."""

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
from shepherd.settings import BranchSettings, Pointer
from tests.git.conftest import Reads, last
from tests.gitrepo import Repo


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
