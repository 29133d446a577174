"""Reverts as projects announce them, each in its own convention: proved, or hinted with the command that
names the right landing (docs/rules.md#undone)."""

from __future__ import annotations

from typing import Any

import pytest

from shepherd.landing import Landing
from tests.git.conftest import Reads
from tests.gitrepo import Repo

LINES = "".join(f"{number}\n" for number in range(40))
HG = "f00dfeed1234"
"""A changeset of Mercurial: git knows none of them."""


def last(read: Reads, **wanted: Any) -> Landing:
    return read(**{"marks": ("forge", "trailers"), **wanted}).reading.landings[-1]


def topic(repo: Repo, merge: str, *messages: str) -> tuple[str, list[str]]:
    """A merge of a topic with these commits; its SHA and theirs."""
    parents, commits = [repo.tip()], []
    for message in messages:
        commits.append(repo.commit(message, parents=parents, branch="topic"))
        parents = commits[-1:]
    return repo.merge(merge, commits[-1]), commits


def topic_that_reverts(repo: Repo, merge: str, *reverts: tuple[str, str]) -> str:
    """A merge of a topic that takes back (commit, message)."""
    repo.set_ref("topic", repo.tip())
    for sha, message in reverts:
        repo.revert(sha, message, branch="topic")
    return repo.merge(merge, repo.tip("topic"))


# --- proved


def test_squash(repo: Repo, read: Reads) -> None:
    target = repo.commit("Add a till (#12)")
    repo.commit("Between (#14)")
    repo.revert(target, 'Revert "Add a till (#12)" (#13)\n\nReverts acme/shop#12')
    assert (last(read).revert_targets, last(read).hints) == ((1,), ())


@pytest.mark.parametrize("told", ["Reverts acme/shop#12", "This reverts commit {merge}, reversing\nchanges."])
def test_merge_by_the_button(repo: Repo, read: Reads, told: str) -> None:
    repo.commit("root")
    target, _ = topic(
        repo, "Merge pull request #12 from ann/till\n\nAdd a till", "Add a till", "And paint it"
    )
    repo.commit("between")
    message = f'Revert "Add a till"\n\n{told.format(merge=target)}'
    topic_that_reverts(repo, "Merge pull request #13 from bob/revert-12-till", (target, message))
    landing = last(read, project="acme/shop")
    assert (landing.revert_targets, landing.hints, landing.mixed) == ((2,), (), False)


@pytest.mark.parametrize(
    "request_line", ["acme/shop!12", "https://git.example.org/acme/shop/-/merge_requests/12"]
)
def test_gitlab(repo: Repo, read: Reads, request_line: str) -> None:
    repo.commit("root")
    merge = f"Merge branch 'till' into 'stable'\n\nAdd a till\n\nSee merge request {request_line}"
    target, _ = topic(repo, merge, "Add a till", "And paint it")
    told = "Revert \"Merge branch 'till' into 'stable'\"\n\nThis reverts merge request !12"
    back = "Merge branch 'revert-0123abcd' into 'stable'\n\nSee merge request acme/shop!13"
    topic_that_reverts(repo, back, (target, told))
    landing = last(read, project="acme/shop")
    assert (landing.revert_targets, landing.hints) == ((2,), ())


SURROUNDINGS = {
    "nothing": "{0}",
    "indented": "    {0}",
    "by a tab": "\t{0}",
    ">": "> {0}",
    "a commit": "abc1234 broke it. {0}",
    "a list": "abc1234 One\nabc1235 Two: {0}",
    "a date": "2024-01-02 ann@example.org {0}",
    "a rollup": " - #12 (till)\n - #13 ({0})",
    "details": "<details>\n{0}\n</details>",
    "open details": "Use <details> for the FAQ\n\n{0}",
    "a log": "git log aaaaaaa..bbbbbbb\n\n{0}",
    "the address of a log": "https://a.example/+log/0123abc4567d..456def012345\n\n{0}",
    "notes": "Changelog\n\n{0}",
    "a wrapped list": "This reverts commits 0123456789ab and\n{1} because it was fine",
}
SUBJECTS = (
    "Basket again",
    "Update checkout to 2 columns",
    "Bump till from 1.0 to 2.0",
    "Roll Engine from 0123abc4567d to 456def012345",
    "Roll out basket from staging to production",
)


@pytest.mark.parametrize("kind", SURROUNDINGS)
def test_a_claim_that_content_proves_counts_whatever_surrounds_it(repo: Repo, read: Reads, kind: str) -> None:
    for subject in SUBJECTS:
        target = repo.commit("Basket")
        back = repo.revert(target)
        surrounded = SURROUNDINGS[kind].format(f"This reverts commit {back}.", back)
        repo.revert(back, f"{subject}\n\nIt is fine.\n\n{surrounded}")
        # what it undoes is recognised, so that it does not pass for undone although it is live again
        assert last(read).revert_targets == (last(read).revno - 1,)


@pytest.mark.parametrize("told", ["Reverts acme/shop#13", "This reverts merge request !13"])
def test_a_request_that_content_proves_counts_in_quoted_text(repo: Repo, read: Reads, told: str) -> None:
    target = repo.commit("Basket (#12)")
    back = repo.revert(target, "No basket (#13)" if "#" in told else "No basket\n\nSee merge request !13")
    repo.revert(back, f"Basket again\n\n    {told}")
    assert last(read).revert_targets == (2,)


def test_what_is_quoted_does_not_hide_what_is_undone_together(repo: Repo, read: Reads) -> None:
    other = repo.commit("Other", {"other": "1\n"})
    repo.commit("Lines", {"f": "1\n"})
    one = repo.commit("One", {"f": "2\n"})
    two = repo.commit("Two", {"f": "3\n"})
    told = f"This reverts commits {one} and {two}.\n\n> This reverts commit {other}."
    repo.commit(f"Start again\n\n{told}", {"f": "1\n"})
    landing = last(read)
    assert (sorted(landing.revert_targets), landing.mixed) == ([3, 4], False)


def test_gerrit_with_the_message_of_the_original_quoted(repo: Repo, read: Reads) -> None:
    first = repo.commit("Add a counter\n\nReviewed-on: https://review.example.org/c/shop/+/11")
    target = repo.commit(
        'Reland "Add a till"\n\nChange-Id: I12\nReviewed-on: https://review.example.org/c/shop/+/12'
    )
    repo.revert(
        target,
        f'Revert "Reland "Add a till""\n\nThis reverts commit {target}.\n\nReason for revert: it broke\n\n'
        f'Original change\'s description:\n> Reland "Add a till"\n>\n> This reverts commit {first}.\n'
        "> Reviewed-on: https://review.example.org/c/shop/+/12\n\n"
        "Change-Id: I13\nReviewed-on: https://review.example.org/c/shop/+/13\nReviewed-by: Ann",
    )
    landing = last(read)
    assert (landing.revert_targets, landing.hints) == ((2,), ())
    assert landing.url == "https://review.example.org/c/shop/+/13"


@pytest.mark.parametrize("by", ["merge", "commit"])
def test_merge_robot(repo: Repo, read: Reads, by: str) -> None:
    repo.commit("root")
    merge, [commit] = topic(repo, "Auto merge of #12 - ann:till, r=bob\n\nAdd a till", "Add a till")
    sha = {"merge": merge, "commit": commit}[by]
    told = f'Revert "Add a till"\n\nThis reverts commit {sha}.'
    topic_that_reverts(repo, "Auto merge of #13 - bob:revert-12, r=ann", (merge, told))
    assert (last(read).revert_targets, last(read).hints) == ((2,), ())


def test_topic_merge_that_brings_a_revert_in_with_other_work(repo: Repo, read: Reads) -> None:
    repo.commit("root")
    merge, [commit] = topic(repo, "Merge branch 'till' of git://git.example.org/shop", "till: Add a till")
    told = f'Revert "till: Add a till"\n\nThis reverts commit {commit}.'
    repo.set_ref("topic", repo.tip())
    repo.revert(merge, told, branch="topic")
    work = repo.commit("till: Add a better one", branch="topic")
    repo.merge(
        "Merge branch 'till-fixes' of git://git.example.org/shop\n\n* till-fixes:\n  Revert \"x\"", work
    )
    landing = last(read)
    assert (landing.revert_targets, landing.mixed, landing.hints) == ((2,), True, ())


# --- hinted


def hint_about(target: int, by: int) -> str:
    return f'inv cover {target} --by {by} --reason "…"'


def test_merge_robot_whose_branch_names_the_request(repo: Repo, read: Reads) -> None:
    repo.commit("root", {"x": LINES})
    topic(repo, "Auto merge of #12 - ann:till, r=bob", "Add a till")
    topic(repo, "Auto merge of #14 - ann:other, r=bob", "Other")
    topic(repo, "Auto merge of #13 - bob:revert-12, r=ann", "Take the till away")
    [hint] = last(read).hints
    assert hint.endswith(hint_about(2, 4))


@pytest.mark.parametrize(
    "message",
    [
        f"Backed out changeset {HG} (bug 1234) for test failures",
        f"Back out changeset {HG} (D12)",
        f'Back out "Bug 1234 - Add a till"\n\nOriginal commit changeset: {HG}',
        "Revert D12: Add a till",
        "Revert bug 1234",
        "Rollback of #77 because it broke",
    ],
)
@pytest.mark.parametrize("exact", [True, False])
def test_changeset_of_mercurial_is_found_by_its_number(
    repo: Repo, read: Reads, message: str, exact: bool
) -> None:
    repo.commit("root", {"x": LINES})
    url = "https://phabricator.example.org/D12"
    said = f"Bug 1234 - Add a till. r=bob (#77)\n\nDifferential Revision: {url}"
    target = repo.commit(said, {"x": LINES.replace("20\n", "twenty\n")})
    repo.commit("Bug 12345 - Another, D123, #777", {"y": "1\n"})
    repo.commit(f"Backed out changeset {HG} (bug 1234, D12, #77)", {"z": "1\n"})
    repo.revert(target, message) if exact else repo.commit(message, {"x": LINES.replace("20\n", "dozen\n")})
    landing = last(read)
    assert landing.targets == ()
    [hint] = landing.hints
    assert hint.endswith(hint_about(2, 5))


def test_of_several_parts_of_a_bug_content_tells_which(repo: Repo, read: Reads) -> None:
    repo.commit("root", {"x": LINES})
    repo.commit("Bug 1234 - part 1", {"x": LINES.replace("20\n", "twenty\n")})
    repo.commit("Bug 1234 - part 2", {"y": "1\n"})
    moved = "new\n" + LINES.replace("20\n", "twenty\n")
    repo.commit("Between", {"x": moved})
    repo.commit(f"Backed out changeset {HG} (bug 1234)", {"x": moved.replace("twenty\n", "20\n")})
    assert [hint.rpartition(": ")[2] for hint in last(read).hints] == [hint_about(2, 5)]


def test_of_several_parts_of_a_bug_none_of_which_is_undone(repo: Repo, read: Reads) -> None:
    repo.commit("root")
    repo.commit("Bug 1234 - part 1", {"x": "1\n"})
    repo.commit("Bug 1234 - part 2", {"y": "1\n"})
    repo.commit(f"Backed out changeset {HG} (bug 1234)", {"x": "2\n", "y": "2\n"})
    assert last(read).hints == (
        f"its message speaks of undoing one of r2, r3; if it undoes r3: {hint_about(3, 4)}",
    )


def test_several_changesets_at_once(repo: Repo, read: Reads) -> None:
    repo.commit("root")
    repo.commit("Bug 1234 - One", {"x": "1\n"})
    repo.commit("Bug 1235 - Two", {"y": "1\n"})
    repo.commit("Backed out 2 changesets (bug 1234, bug 1235) for bustage", {"x": None, "y": None})
    assert [hint.rpartition(": ")[2] for hint in last(read).hints] == [hint_about(2, 4), hint_about(3, 4)]


def svn(message: str, revision: int) -> str:
    return f"{message}\n\ngit-svn-id: https://svn.example.org/shop/trunk@{revision} 0123-4567"


def test_revision_of_subversion_is_the_landing_that_was_mirrored_from_it(repo: Repo, read: Reads) -> None:
    for revno, revision in enumerate((3, 12, 123, 124), 1):
        repo.commit(svn(f"Change {revno}", revision))
    repo.commit(svn("Revert r3 and r123. They broke it.", 130))
    assert [hint.rpartition(": ")[2] for hint in last(read).hints] == [hint_about(1, 5), hint_about(3, 5)]


@pytest.mark.parametrize("by_svn", [True, False])
def test_revision_of_subversion_that_was_not_mirrored_is_no_landing(
    repo: Repo, read: Reads, by_svn: bool
) -> None:
    repo.commit(svn("Change", 100))
    repo.commit("moved to git")
    repo.commit(svn("Revert r2.", 300) if by_svn else "Revert r2.")
    [hint] = last(read).hints
    assert "cover 2" not in hint and "inv cover REV --by 3" in hint


def test_exact_revert_of_a_revision_of_subversion(repo: Repo, read: Reads) -> None:
    target = repo.commit(svn("Change", 7))
    repo.commit(svn("Other", 8))
    repo.revert(target, svn("Revert r7.", 9))
    assert [hint.rpartition(": ")[2] for hint in last(read).hints] == [hint_about(1, 3)]


# --- quiet


@pytest.mark.parametrize(
    "message",
    [
        "Roll Engine from 0123abc4567d to 456def012345 (2 revisions)\n\n"
        "https://engine.example.org/+log/0123abc4567d..456def012345\n\n"
        '2024-01-02 ann@example.org Revert "Add a till" (#1)\n2024-01-02 bob@example.org Back out r1',
        "Roll Engine from 0123abc4567d to 456def012345\n\nThis reverts commit 89abcdef0123.",
        'Update the engine\n\nabc1234 Revert "Add a till"\n> This reverts commit 89abcdef0123.',
        'Auto merge of #20 - a:rollup, r=a\n\nSuccessful merges:\n\n - #1 (Revert "X")\n - #2 (Undo r1)',
        'Bump engine from 1 to 2 (#9)\n\n<details>\nRevert "X"\nThis reverts commit 89abcdef.\n</details>',
    ],
)
def test_what_a_message_quotes_is_no_hint(repo: Repo, read: Reads, message: str) -> None:
    repo.commit("Add a till")
    repo.commit(message)
    landing = last(read)
    assert (landing.targets, landing.hints) == ((), ())


@pytest.mark.parametrize(
    "told", ["This reverts commit {sha}.", "Reverts acme/shop#12", "Reverts acme/shop#99"]
)
@pytest.mark.parametrize("inside", [False, True])
def test_a_claim_in_quoted_text_that_is_not_proved_is_no_hint(
    repo: Repo, read: Reads, told: str, inside: bool
) -> None:
    repo.commit("root")
    sha = repo.commit("Add a till (#12)", {"f": "1\n"})
    message = f"Update the engine\n\n> {told.format(sha=sha)}\n    This reverts commit 89abcdef0123."
    topic(repo, "Merge it", message) if inside else repo.commit(message)
    landing = last(read, project="acme/shop")
    assert (landing.targets, landing.hints, landing.warnings) == ((), (), ())


def test_but_it_is_one_if_it_is_said_outside_too(repo: Repo, read: Reads) -> None:
    sha = repo.commit("Add a till")
    repo.commit(f"Start again\n\n> This reverts commit {sha}.\n\nThis reverts commit {sha}.")
    assert [hint.rpartition(": ")[2] for hint in last(read).hints] == [hint_about(1, 2)]


def test_hints_of_one_landing_fold_and_those_with_a_command_come_first(repo: Repo, read: Reads) -> None:
    for number in range(9):
        repo.commit(f"Change {number}")
    unknown = "\n".join(f"This reverts commit 89abcdef{number:04}." for number in range(40))
    sha = repo.commit(f"Revert r3, r4 and r5\n\n{unknown}")
    hints = last(read).hints
    assert [hint.rpartition(": ")[2] for hint in hints[:3]] == [hint_about(revno, 10) for revno in (3, 4, 5)]
    assert len(hints) == 6
    assert hints[5] == f"and 38 more like these; all that it brought in: git log {sha[:12]}^..{sha[:12]}"


@pytest.mark.parametrize(
    ("merge", "reverting"),
    [
        ('Merge "Add a till"', 'Merge "Revert \\"Add a till\\""'),
        ('Merge "Add a till"', 'Merge "Revert "Add a till""'),
        (
            "Merge pull request #1 from ann/till\n\nAdd a till",
            "Merge pull request #2 from bob/x\n\nRevert: Add a till",
        ),
        (
            "Merge branch 'till' into 'main'\n\nAdd a till",
            "Merge branch 'x' into 'main'\n\nRevert \"Add a till\"",
        ),
    ],
)
def test_the_title_that_a_merge_gives(repo: Repo, read: Reads, merge: str, reverting: str) -> None:
    repo.commit("root")
    topic(repo, merge, "Add a till")
    topic(repo, 'Merge "Something else"', "Something else")
    topic(repo, reverting, "It was slow")
    landing = last(read)
    assert landing.revert_targets == ()
    [hint] = landing.hints
    assert "inv cover 2 --by 4" in hint


def test_a_squash_that_lists_its_own_reverts(repo: Repo, read: Reads) -> None:
    repo.commit("root")
    listed = f'* Try\n\n* Revert "Try"\n\nThis reverts commit {"0123456789" * 4}.'
    repo.commit(f"Add a till (#12)\n\n{listed}")
    assert last(read).hints == ()


@pytest.mark.parametrize(("branch", "announces"), [("revert-freeze", True), ("unreverted", False)])
def test_a_branch_that_is_called_after_a_revert_of_something(
    repo: Repo, read: Reads, branch: str, announces: bool
) -> None:
    repo.commit("root")
    topic(repo, f"Merge pull request #9 from ann/{branch}\n\nThaw the till", "Thaw the till")
    assert ["inv cover REV --by 2" in hint for hint in last(read).hints] == [True] * announces
