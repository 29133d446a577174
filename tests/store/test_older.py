"""The archive's tables: what a landing is found by, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from shepherd.landing import Landing, Revision
from shepherd.store import BranchStore, Database
from shepherd.store.older import ArchivedLanding, ArchiveSpan
from shepherd.values import parse_rev

ONE = Landing(1, "a" * 40, 1_300_000_000, "one", branch="ann/Fix-Search", bugs=("7", "70"), requests=("#12",))
TWO = Landing(2, "b" * 40, 1_300_000_600, "two", bugs=("7",), requests=("!12",), revert_targets=(1,))
SPAN = ArchiveSpan("read by", "settings", Revision(2, TWO.id), 1)


@pytest.fixture
def store(database_url: str) -> Iterator[BranchStore]:
    with Database(database_url) as database, database.branch("stable") as opened:
        opened.older.add([ArchivedLanding(ONE, ("c" * 40,)), ArchivedLanding(TWO)], SPAN)
        yield opened


@pytest.mark.parametrize(
    ("name", "revnos"),
    [
        ("bug:7", [1, 2]),
        ("bug:70", [1]),
        ("bug:12", []),
        ("#12", [1, 2]),
        ("!12", [2]),
        ("#7", []),
        ("ann/Fix-Search", [1]),
        ("ann/fix-search", []),
        ("Fix", []),
    ],
)
def test_names(store: BranchStore, name: str, revnos: list[int]) -> None:
    """#12 may mean !12: which of them is meant best, `git.revisions.named` tells."""
    found = store.older.with_name(parse_rev(name, wide=True))
    assert [landing.revno for landing in found] == revnos


@pytest.mark.parametrize(("part", "revnos"), [("fix-SEARCH", [1]), ("ann/", [1]), ("%", []), ("_", [])])
def test_a_part_of_a_branch(store: BranchStore, part: str, revnos: list[int]) -> None:
    assert [landing.revno for landing in store.older.with_branch_like(part)] == revnos


def test_commits_that_a_landing_is_or_brought_in(store: BranchStore) -> None:
    wanted = ["a" * 40, "c" * 40, "d" * 40]
    assert store.older.with_commits(wanted) == {"a" * 40: 1, "c" * 40: 1}


def test_what_comes_back_is_what_was_put(store: BranchStore) -> None:
    assert store.older.span() == SPAN
    assert store.older.between(1, 9) == [ONE, TWO]
    assert store.older.undoing(1) == [TWO]


def test_every_branch_has_its_own(store: BranchStore) -> None:
    other = store.of("devel").older
    assert other.span() is None and other.between(1, 9) == [] and other.with_commits([ONE.id]) == {}
    other.clear()
    assert store.older.between(1, 9) == [ONE, TWO]


def test_what_is_cut_off_is_found_no_more(store: BranchStore) -> None:
    span = store.older.cut(Revision(1, ONE.id), SPAN)
    assert store.older.span() == span and span.top.revno == 1
    assert store.older.with_name(parse_rev("bug:7", wide=True)) == [ONE]
    assert store.older.with_commits([TWO.id]) == {}


def test_no_question_goes_by_the_order_of_text(store: BranchStore) -> None:
    # other databases sort by their locale, in which punctuation may count for nothing
    asked: list[str] = []
    connection = store.older._connection
    event.listen(connection, "before_cursor_execute", lambda *args: asked.append(args[2]))
    assert store.older.items() == [("!12", 2), ("#12", 1), ("7", 1), ("7", 2), ("70", 1)]
    assert store.older.commits() == [("a" * 40, 1), ("b" * 40, 2), ("c" * 40, 1)]
    store.older.with_branch_like("ann")
    told = " ".join(asked)
    assert asked and "BETWEEN" not in told and "ORDER BY older_names" not in told
