"""Verdicts, git notes and covers by people: which word counts, and which is refused
(docs/rules.md#what-people-say)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from shepherd.git.notes import notes_remedy
from tests.project import Project, deployable, entry, states

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


def test_a_word_by_a_person_outranks_the_tag_until_the_tag_turns_bad(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.tag(1, "qa-needstesting")
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One")[0])
    assert deployable(project.look()) is None
    said = project.verdict("r2", "ok", "tried it twice")
    assert said.splitlines() == ["r2: tester says ok (tried it twice)", "deploy r2"]
    project.tag(1, "qa-bad")
    snapshot = project.judge()
    assert states(snapshot)[2] == "bad"
    assert "tester said ok" in entry(snapshot, 2).reason


def test_a_git_note_is_a_verdict_and_its_removal_takes_it_back(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.tag(1, "qa-needstesting")
    project.deploy(ids[0])
    project.repo.git("notes", "--ref", "qa", "add", "-m", "QA: ok worked on my phone", ids[1])
    snapshot = project.look()
    assert deployable(snapshot) == 2
    assert "worked on my phone" in entry(snapshot, 2).reason
    project.repo.git("notes", "--ref", "qa", "remove", ids[1])
    assert states(project.look())[2] == "needstesting"


def test_a_notes_ref_that_is_not_there_is_said_with_the_way_to_fetch_it(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.tag(1, "qa-needstesting")
    project.deploy(ids[0])
    origin = tmp_path / "origin.git"
    project.repo.git("clone", "--quiet", "--mirror", ".", str(origin))
    project.repo.git("--git-dir", str(origin), "notes", "--ref", "qa", "add", "-m", "QA: ok tried", ids[1])
    project.repo.git("remote", "add", "origin", str(origin))
    assert project.look().warnings == (
        "there is no refs/notes/qa, so no verdict by git note is read; inv doctor says what to do",
    )
    remedy = notes_remedy("refs/notes/qa", str(project.repo.path))
    project.repo.git(*remedy.partition(": git ")[2].split())
    snapshot = project.look()
    assert (snapshot.warnings, deployable(snapshot)) == ((), 2)


def test_a_notes_ref_that_is_gone_is_said_once(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.deploy(ids[0])
    project.repo.note(ids[1], "QA: ok")
    assert project.look().warnings == ()
    project.repo.git("update-ref", "-d", "refs/notes/qa")
    snapshot = project.look()
    assert [problem for problem in snapshot.problems if "refs/notes/qa is gone" in problem]
    assert snapshot.warnings == ()


def test_of_note_and_journal_the_newer_counts(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.tag(1, "qa-needstesting")
    project.deploy(ids[0])
    project.look()
    project.verdict("r2", "bad", "does not start")
    # the note's commit has the date of today, long after the project's clock
    project.repo.git("notes", "--ref", "qa", "add", "-m", "QA: ok it does", ids[1])
    assert states(project.look())[2] == "ok"


@pytest.mark.parametrize("first", ["command", "note"])
@pytest.mark.parametrize("word", ["bad", "ok"])
@pytest.mark.parametrize("hours", [-30, -1, 1, 30])
def test_later_is_what_was_seen_later(tmp_path: Path, first: str, word: str, hours: int) -> None:
    """Whatever the clock of a laptop or, between two commands, of the host says
    (docs/rules.md#what-people-say)."""
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[no-qa] One")
    project.deploy(ids[0])
    project.look()

    def by_note(said: str) -> None:
        project.repo.note(ids[1], f"QA: {said} seen", date=int(project.now.timestamp()) + shift)
        project.look()

    def by_command(said: str) -> None:
        project.now += timedelta(seconds=shift)
        project.verdict("r2", said)

    ways, shift = [by_command, by_note], 0
    if first == "note":
        ways.reverse()
    ways[0]({"ok": "bad", "bad": "ok"}[word])
    shift = hours * 3600
    ways[1](word)
    assert states(project.look())[2] == word
    # and once more by the way that came first
    shift = -shift
    ways[0]("needstesting")
    assert states(project.look())[2] == "needstesting"


def test_a_clock_that_went_back_between_two_commands(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[no-qa] One")[0])
    project.look()
    project.verdict("r2", "ok")
    project.now -= timedelta(days=3)
    project.verdict("r2", "bad", "it burns")
    assert states(project.judge())[2] == "bad"
    project.now -= timedelta(days=3)
    project.verdict("r2", "withdraw")
    assert states(project.judge())[2] == "untestable"


@pytest.mark.parametrize("word", ["ok", "bad"])
def test_a_note_that_is_gone_takes_back_its_own_word_only(tmp_path: Path, word: str) -> None:
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[no-qa] One")
    project.deploy(ids[0])
    project.look()
    project.verdict("r2", word)
    project.repo.note(ids[1], "QA: needstesting")
    assert states(project.look())[2] == "needstesting"
    project.repo.note(ids[1], None)
    assert states(project.look())[2] == word


@pytest.mark.parametrize("how", ["verdict", "note"])
def test_a_tag_that_appears_after_a_word_counts_wherever_the_clocks_are(tmp_path: Path, how: str) -> None:
    """3.3 (1), by the place in the journal: the word claims to be of next year."""
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.tag(1, "qa-needstesting")
    project.deploy(ids[0])
    project.look()
    project.now += timedelta(days=365)
    if how == "verdict":
        project.verdict("r2", "ok")
    else:
        project.repo.note(ids[1], "QA: ok", date=int(project.now.timestamp()))
        assert states(project.look())[2] == "ok"
    project.now -= timedelta(days=365)
    project.tag(1, "qa-needstesting", "bad-commit-2")
    assert states(project.look())[2] == "bad"
    project.now -= timedelta(days=365)
    project.verdict("r2", "ok")
    assert states(project.look())[2] == "ok"


def test_a_word_by_note_is_said_to_be_one(tmp_path: Path) -> None:
    """Everybody who may push sets its author (docs/rules.md#what-people-say): also after the landing was
    rewritten."""
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.deploy(ids[0])
    project.repo.note(ids[1], "QA: bad it burns", author="The Boss <boss@example.org>")
    said = entry(project.look(), 2)
    assert said.reason.startswith("a git note in the name of The Boss says bad, ")
    assert said.reason.endswith(" UTC (it burns)")
    project.verdict("r2", "ok")
    assert entry(project.judge(), 2).reason.startswith("tester said ok on ")


def test_a_cover_is_heard_and_can_be_taken_back(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.tag(1, "bad-commit-2")
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One", "Revert r2, it broke")[0])
    snapshot = project.look()
    assert deployable(snapshot) is None
    assert "inv cover 2 --by 3" in entry(snapshot, 3).hints[0]
    project.cover("r2", "r3")
    assert deployable(project.judge()) == 3
    project.cover("r2", None, undone=False)
    assert deployable(project.judge()) is None


@pytest.mark.parametrize(("rev", "doubt"), [("8782266", True), ("r8782266", True), ("999999", False)])
def test_digits_that_a_person_may_have_meant_as_a_sha(tmp_path: Path, rev: str, doubt: bool) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin")[0])
    project.look()
    with pytest.raises(SettingsError, match="is not a landing of stable") as failure:
        project.verdict(rev, "ok")
    assert ("as the beginning of a SHA" in str(failure.value)) == doubt


def test_a_word_without_reason_or_meaning_is_refused(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[no-qa] Two")[0])
    project.look()
    for rev, word, reason, sentence in (
        ("r2", "fine", "tried", "is not a verdict"),
        ("r2", "ok", "  ", "a reason is needed"),
        ("r9", "ok", "tried", "is not a landing of stable"),
    ):
        with pytest.raises(SettingsError, match=sentence):
            project.verdict(rev, word, reason)
    with pytest.raises(SettingsError, match="wrong way round"):
        project.cover("r2", "r1")
