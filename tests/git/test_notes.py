"""Git notes as verdicts: which line counts, and who brought it in when."""

from __future__ import annotations

import pytest

from shepherd.git.notes import NoteVerdict, NoteWord, read_notes
from shepherd.git.repository import open_repository
from tests.gitrepo import Repo

BOB = "Bob <bob@example.org>"
CY = "Cy <cy@example.org>"
NOTES = "refs/notes/qa"


@pytest.fixture
def landing(repo: Repo) -> str:
    return repo.commit("landing")


def verdicts(repo: Repo, *landings: str) -> list[NoteVerdict]:
    git = open_repository(str(repo.path))
    return read_notes(git, git.resolve_many([NOTES])[NOTES], landings)


def verdict(repo: Repo, landing: str) -> tuple[str, str, str]:
    [found] = verdicts(repo, landing)
    return found.word, found.who, found.commit


@pytest.mark.parametrize(
    ("text", "word", "reason"),
    [
        ("QA: ok", "ok", ""),
        ("QA: bad  the page is empty \n", "bad", "the page is empty"),
        ("  qa:Untestable: only logging", "untestable", "only logging"),
        ("Some text.\nQA: NeedsTesting\nMore text.", "needstesting", ""),
        ("QA: bad\nQA: ok now it works", "ok", "now it works"),
        (b"\xff\xfe\nQA: ok gr\xfc\xdfe\r\nx", "ok", "gr\ufffd\ufffde"),
        ("QA: ok \x1b[31mred", "ok", "[31mred"),
        ("\ufeffQA: ok tried\r\n", "ok", "tried"),
        ("QA: ok\n\n\ufeffQA: bad it hangs\n", "bad", "it hangs"),
    ],
)
def test_line_of_a_note(repo: Repo, landing: str, text: str | bytes, word: NoteWord, reason: str) -> None:
    note = repo.note(landing, text, author=BOB, date=1_300_400_000)
    assert verdicts(repo, landing) == [NoteVerdict(landing, word, reason, "Bob", 1_300_400_000, note)]


@pytest.mark.parametrize(
    "text", ["", "ok", "QA: okay", "QA: fine", "The QA: ok", "QA ok", "QA: ok-ish", b"\xff\0\n"]
)
def test_what_is_no_verdict(repo: Repo, landing: str, text: str | bytes) -> None:
    repo.note(landing, text)
    assert verdicts(repo, landing) == []


def test_no_notes_at_all(repo: Repo, landing: str) -> None:
    assert verdicts(repo, landing) == []


def test_only_the_landings_asked_for(repo: Repo, landing: str) -> None:
    other = repo.commit("other")
    repo.note(landing, "QA: ok")
    repo.note(other, "QA: bad")
    assert [found.id for found in verdicts(repo, other)] == [other]


def test_git_itself_writes_such_notes(repo: Repo, landing: str) -> None:
    repo.git("notes", "--ref=qa", "add", "-m", "QA: bad it hangs", landing)
    [found] = verdicts(repo, landing)
    assert (found.word, found.reason, found.who) == ("bad", "it hangs", "Ann")


def test_a_malformed_author_is_nobody(repo: Repo, landing: str) -> None:
    repo.note(landing, "QA: ok", author="Bob bob@example.org>")
    [found] = verdicts(repo, landing)
    assert (found.word, found.who) == ("ok", "")


def test_text_added_later_does_not_make_the_line_newer(repo: Repo, landing: str) -> None:
    said = repo.note(landing, "QA: ok", author=BOB)
    repo.note(landing, "QA: ok\nSeen on a phone as well.", author=CY)
    assert verdict(repo, landing) == ("ok", "Bob", said)


def test_same_line_said_again_is_newer(repo: Repo, landing: str) -> None:
    repo.note(landing, "QA: ok", author=BOB)
    again = repo.note(landing, "QA: ok\nQA: ok", author=CY)
    assert verdict(repo, landing) == ("ok", "Cy", again)


def test_said_again_after_something_else_is_newer(repo: Repo, landing: str) -> None:
    repo.note(landing, "QA: bad", author=BOB)
    repo.note(landing, "QA: ok", author=BOB)
    again = repo.note(landing, "QA: bad", author=CY)
    assert verdict(repo, landing) == ("bad", "Cy", again)


def test_notes_come_in_the_order_of_their_ref(repo: Repo, landing: str) -> None:
    """Whatever their commits' dates say."""
    others = [repo.commit(f"other {number}") for number in range(4)]
    for place, target in enumerate([others[2], landing, others[0], others[3], others[1]]):
        repo.note(target, "QA: ok", date=1_300_400_000 - place)
    found = [note.id for note in verdicts(repo, landing, *others)]
    assert found == [others[2], landing, others[0], others[3], others[1]]


def test_other_notes_do_not_make_the_line_newer(repo: Repo, landing: str) -> None:
    said = repo.note(landing, "QA: ok", author=BOB)
    for number in range(5):
        repo.note(repo.commit(f"other {number}"), "QA: bad", author=CY)
    assert verdict(repo, landing) == ("ok", "Bob", said)


def test_removed_note_is_no_verdict(repo: Repo, landing: str) -> None:
    repo.note(landing, "QA: ok")
    repo.note(landing, None)
    assert verdicts(repo, landing) == []


def test_note_that_was_removed_and_came_again_is_the_new_one(repo: Repo, landing: str) -> None:
    repo.note(landing, "QA: ok", author=BOB)
    repo.note(landing, None)
    again = repo.note(landing, "QA: ok", author=CY)
    assert verdict(repo, landing) == ("ok", "Cy", again)


def test_fan_out_moves_a_note_but_not_its_line(repo: Repo, landing: str) -> None:
    said = repo.note(landing, "QA: ok", author=BOB)
    repo.note(landing, "QA: ok", author=CY, fanout=1)
    repo.note(landing, "QA: ok\nmore", author=CY, fanout=2)
    assert verdict(repo, landing) == ("ok", "Bob", said)


def test_merged_notes_keep_their_authors(repo: Repo, landing: str) -> None:
    other = repo.commit("other")
    base = repo.note(repo.commit("base"), "QA: ok")
    mine = repo.note(landing, "QA: ok", author=BOB, parents=[base])
    yours = repo.note(other, "QA: bad", author=CY, parents=[base])
    # The merge adds the note of the first parent to the tree of the second.
    repo.note(landing, "QA: ok", author="Dee <dee@example.org>", parents=[yours, mine])
    found = verdicts(repo, landing, other)
    assert {(each.id, each.who, each.commit) for each in found} == {
        (landing, "Bob", mine),
        (other, "Cy", yours),
    }


def test_line_of_a_merge_of_two_notes_is_its_authors(repo: Repo, landing: str) -> None:
    base = repo.note(repo.commit("base"), "QA: ok")
    mine = repo.note(landing, "QA: ok", author=BOB, parents=[base])
    yours = repo.note(landing, "QA: bad no", author=CY, parents=[base])
    repo.note(landing, "QA: ok\nQA: bad no", author="Dee <dee@example.org>", parents=[mine, yours])
    assert verdict(repo, landing) == ("bad", "Cy", yours)


def test_line_that_a_merge_made_is_the_merges(repo: Repo, landing: str) -> None:
    base = repo.note(repo.commit("base"), "QA: ok")
    mine = repo.note(landing, "QA: ok", author=BOB, parents=[base])
    yours = repo.note(landing, "QA: bad", author=CY, parents=[base])
    merge = repo.note(landing, "QA: untestable", author="Dee <dee@example.org>", parents=[mine, yours])
    assert verdict(repo, landing) == ("untestable", "Dee", merge)


def test_notes_merged_by_git_itself(repo: Repo, landing: str) -> None:
    said = repo.note(landing, "QA: bad", author=BOB)
    repo.note(landing, "QA: ok it works", ref="refs/notes/other", author=CY, parents=[])
    repo.git("notes", "--ref=qa", "merge", "-q", "-s", "cat_sort_uniq", "refs/notes/other")
    word, who, _ = verdict(repo, landing)
    assert (word, who) == ("ok", "Cy")
    assert said


@pytest.mark.parametrize(("strategy", "counts"), [("union", "merged"), ("cat_sort_uniq", "ok")])
@pytest.mark.parametrize("ours", ["ok", "bad"])
@pytest.mark.parametrize("later", [0, 60])
def test_which_of_two_notes_counts_after_a_merge_is_no_matter_of_time(
    repo: Repo, landing: str, strategy: str, counts: str, ours: NoteWord, later: int
) -> None:
    """Of the same second or not, git's union puts the lines of the ref that is merged below ours, and
    `cat_sort_uniq` sorts them; the last line counts (docs/rules.md#verdicts)."""
    theirs: NoteWord = "bad" if ours == "ok" else "ok"
    base = repo.note(repo.commit("base"), "QA: ok", date=1_000_000_000)
    repo.note(landing, f"QA: {ours}", author=BOB, date=1_000_000_000 + later, parents=[base])
    repo.note(landing, f"QA: {theirs}", ref="refs/notes/other", author=CY, date=1_000_000_000, parents=[base])
    repo.git("notes", "--ref=qa", "merge", "-q", "-s", strategy, "refs/notes/other")
    word, who, _ = verdict(repo, landing)
    assert word == (theirs if counts == "merged" else counts)
    assert who == ("Bob" if word == ours else "Cy")


def test_other_files_among_the_notes_do_no_harm(repo: Repo, landing: str) -> None:
    repo.commit("odd", {"README": "QA: ok", "ab/cd": "x"}, branch=NOTES)
    repo.note(landing, "QA: ok")
    assert [found.word for found in verdicts(repo, landing)] == ["ok"]


def test_many_notes_are_read_together(repo: Repo) -> None:
    landings = [repo.commit(f"r{number}", files={}) for number in range(50)]
    notes = {sha: repo.note(sha, "QA: ok", author=BOB, fanout=1) for sha in landings}
    assert {found.id: found.commit for found in verdicts(repo, *landings)} == notes
