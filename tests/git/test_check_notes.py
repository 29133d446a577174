"""Checks in git notes: which lines count, and what cannot be read (docs/rules.md#checks)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.check_results import known_words
from shepherd.conditions import CheckResult, CommitChecks
from shepherd.errors import SourceError
from shepherd.git.check_notes import CheckNotes
from shepherd.git.repository import open_repository
from tests.gitrepo import Repo

CI = "refs/notes/ci"


@pytest.fixture
def landing(repo: Repo) -> str:
    return repo.commit("landing")


def read(repo: Repo, *commits: str, patterns: tuple[str, ...] = ("ci/*",)) -> dict[str, CommitChecks]:
    git = open_repository(str(repo.path))
    tip = git.resolve_many([CI])[CI]
    assert tip is not None
    return dict(CheckNotes(git, tip, patterns).checks_of(commits))


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("ci/build: success", [("ci/build", "success", "")]),
        (
            "  ci/build :  FAILURE  \r\nci/lint: queued\n",
            [("ci/build", "failed", ""), ("ci/lint", "pending", "")],
        ),
        ("ci/build: failed\nci/build: success", [("ci/build", "success", "")]),
        ("ci/build: success\n\nci/build: failed", [("ci/build", "failed", "")]),
        ("ci/build: success https://ci.example/7", [("ci/build", "success", "https://ci.example/7")]),
        ("ci/build: failed https://me:pw@ci.example/7", [("ci/build", "failed", "")]),
        ("ci/build: strange\nci/build: success", [("ci/build", "success", "")]),
        ("ci/build:success\nci/lint :failed", [("ci/build", "success", ""), ("ci/lint", "failed", "")]),
        ("ci/build: success\nci/build: failed (see the log)", [("ci/build", "failed", "")]),
        ("ci/build: failed: exit code: 1", [("ci/build", "failed", "")]),
        ("ci/build: success http://me:pw@x\nci/build: pending.", [("ci/build", "pending", "")]),
        ("ci/test: unit (3.11): success", [("ci/test: unit (3.11)", "success", "")]),
        ("\ufeffci/build: success\r\n", [("ci/build", "success", "")]),
    ],
)
def test_lines_that_count(repo: Repo, landing: str, text: str, results: list[tuple[str, str, str]]) -> None:
    repo.note(landing, text, ref=CI)
    expected = CommitChecks(tuple(CheckResult(name, word, url=url) for name, word, url in results))  # type: ignore[arg-type]
    assert read(repo, landing)[landing] == expected


@pytest.mark.parametrize(
    "text",
    ["", "ci/build", "ci/build success", "other: failed", "x ci/build: failed", "QA: ok", ": success"],
)
def test_lines_that_are_about_something_else(repo: Repo, landing: str, text: str) -> None:
    repo.note(landing, text, ref=CI)
    assert read(repo, landing)[landing] == CommitChecks()


@pytest.mark.parametrize(
    "line", ["ci/build: grün", "ci/build:", "ci/build: success rate 5 %", "ci/build: ok"]
)
def test_a_line_that_says_nothing_we_know_hides_no_failure(repo: Repo, landing: str, line: str) -> None:
    repo.note(landing, f"ci/build: success\n{line}\nci/lint:\tsuccess\thttps://x.example", ref=CI)
    why = read(repo, landing)[landing].unreadable
    assert why == f"its git note says {line!r}, expected NAME: and one of {known_words()}"
    assert read(repo, landing, patterns=("ci/lint",))[landing].results


def test_a_commit_without_a_note_has_no_results(repo: Repo, landing: str) -> None:
    other = repo.commit("other")
    repo.note(landing, "ci/build: success", ref=CI)
    assert read(repo, other, landing) == {
        other: CommitChecks(),
        landing: CommitChecks((CheckResult("ci/build", "success"),)),
    }


def test_a_note_whose_text_is_not_in_the_repository_is_unreadable(repo: Repo, landing: str) -> None:
    other = repo.commit("other")
    repo.note(other, "ci/build: success", ref=CI)
    repo.note(landing, "ci/build: failed", ref=CI)
    blob = repo.git("rev-parse", f"{CI}:{landing}").strip()
    Path(repo.path, "objects", blob[:2], blob[2:]).unlink()
    found = read(repo, landing, other)
    assert found[landing] == CommitChecks(unreadable="its git note is missing in the repository")
    assert found[other].results


def test_notes_that_cannot_be_listed_are_an_error(repo: Repo, landing: str) -> None:
    git = open_repository(str(repo.path))
    with pytest.raises(SourceError):
        dict(CheckNotes(git, "1" * 40, ("ci/*",)).checks_of([landing]))
