"""What looks like a revert and proves none is a hint, with the command that settles it
(docs/rules.md#undone)."""

from __future__ import annotations

import pytest

from tests.git.conftest import Reads, last
from tests.gitrepo import Repo


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
