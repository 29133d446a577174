"""Messages made to make a reader slow: each is read in a time that grows with its length only."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from shepherd.marks import parse
from shepherd.marks.collector import MAX_TARGETS, MAX_WARNINGS
from shepherd.settings import ALL_GRAMMARS

SECONDS = 10
"""What is quadratic takes minutes at 1 MB and hours at 10; the rest two seconds at most on two slow cores."""

Message = Callable[[int], bytes]


def full(piece: str, before: str = "", after: str = "") -> Message:
    """A message of so many bytes that repeats one piece."""
    raw = piece.encode()
    return lambda size: before.encode() + raw * (size // len(raw)) + after.encode()


HOSTILE: dict[str, Message] = {
    "open brackets": full("["),
    "open bugs": full("[bug=1"),
    "bugs": full("[bug=1]"),
    "different bugs": lambda size: "".join(f"[bug={bug}]" for bug in range(1, size // 14)).encode(),
    "bugs and blank lines": full("[bug=1]\n \n"),
    "bugs in one bracket": full("1,", "[bug=", "]"),
    "no bugs": full("0,", "[bug=", "]"),
    "one number": full("9", "[bug=", "]"),
    "dashes": full("1-1-1-"),
    "dashes in a rollback": full("1-1-1-", "[rollback=", "]"),
    "blanks in a rollback": full(" ", "[rollback=1", "-3]"),
    "commas": full(",,,,"),
    "commas in a rollback": full(",", "[rollback=", "]"),
    "ranges": full("1-50,", "[rollback=", "]"),
    "blank lines": full("\n"),
    "blank lines between words": full("\n", "a", "b"),
    "blanks between words": full(" ", "a\n\n", "b"),
    "footers": full("LP: #1\n"),
    "one footer": full("#1, ", "LP: "),
    "merged from": full("Merged from http://a.example/b\n"),
    "a long address": full("/", "Merged from https://a.example"),
    "merge requests": full("See merge request a/b!1\n"),
    "a long project": full("a/", "See merge request "),
    "addresses of requests": full("See merge request https://a.example/b/c/-/merge_requests/1\n"),
    "a long address of a request": full("/-/merge_requests", "See merge request https://a.example/b"),
    "merge robots": full("Part-of: <https://a.example/"),
    "a batch": full(" #12", "Merge #1"),
    "different requests": lambda size: "\n".join(f"Part-of: !{n}" for n in range(size // 18)).encode(),
    "a merge robot's branch": full(", r", "Auto merge of #1 - a"),
    "reviews": full("Reviewed-on: https://a.example/1\n"),
    "a long review": full("/+", "Differential Revision: https://a.example"),
    "keys": full("ABC-1 "),
    "keys and dashes": full("ABC-1-"),
    "almost keys": full("ABC-"),
    "long keys": full("9", "ABC-"),
    "keys in one bracket": full("ABC-1,", "[bug=", "]"),
    "letters in a bracket": full("A", "[bug=", "]"),
    "lines of keys": full("Jira: ABC-1\n", "a\n\n"),
    "different lines of keys": lambda size: "\n".join(f"Bug: ABC-{n}" for n in range(size // 16)).encode(),
    "one line of keys": full("ABC-1, ", "a\n\nJira: "),
    "a line of addresses": full("https://a.example/browse/", "a\n\nJira: "),
    "trailers of keys": full("Jira: ABC-1\n", "a\n\n", "\nX: y"),
    "merged branches": full("'ABC-1', ", "Merge branches ", "'a'"),
    "one merged branch": full("abc-1/", "Merge branch '", "'"),
    "a request's quotes": full("' (#1", "Merge pull request '"),
    "quoted reverts": full('Revert "ABC-1', "a "),
    "closing words": full("fixes "),
    "closed issues": full("fixes #7 "),
    "a list of issues": full("#7, ", "fixes "),
    "a list of issues in a title": full("#7, ", "("),
    "brackets that name no issue": full("(#7 ["),
    "hours": full("#7 @1h ", "refs "),
    "keywords": full("refs: "),
    "blanks after an issue": full(" ", "fixes #7", "x"),
    "paragraphs": full("a\n\n"),
    "trailers": full("Bug: 1\n", "a\n\n"),
    "continuations": full(" 2\n", "a\n\nBug: 1\n"),
    "items of a trailer": full("x ", "a\n\nRolls-back: "),
    "revert": full("Revert "),
    "reverts": full("Reverts "),
    "titles": full('Revert "'),
    "commits": full("This reverts commit abcdef12 "),
    "blanks in a phrase": full("\n", "this", "reverts"),
    "roll and back": full("back roll "),
    "hints": full("r1 ", "revert "),
    "quotations": full("\n>", "a\n\n"),
    "indented lines": full("\n    a", "a\n"),
    "listed commits": full("abc1234 a\n", "a\n\n"),
    "SHAs in a row": full("a1", "a\n\n"),
    "dates": full("2024-01-02 a@b ", "a\n\n"),
    "ranges of a roll": full("https://a.example/abcdef1..abcdef2 ", "Roll a from b to c\n\n"),
    "a long title of a roll": full("from a ", "Roll "),
    "open details": full("<details>\n", "a\n\n"),
    "notes": full("### Release notes\n", "Bump a to 1\n\n"),
    "lists of what is reverted": full("This reverts commits:\nabc1234 a\n", "a\n\n"),
    "NUL": full("\0"),
    "no UTF-8": lambda size: b"\xff" * size,
    "other scripts": full("ß"),
}


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("size", [1_000_000, pytest.param(10_000_000, marks=pytest.mark.long)])
def test_in_linear_time(message: Message, size: int) -> None:
    raw = message(size)
    started = time.process_time()
    parse(raw, (*ALL_GRAMMARS, "keys", "references"), key_projects=("ABC", "WEB"))
    assert time.process_time() - started < SECONDS


def test_ranges_do_not_fill_the_memory() -> None:
    ranges = ",".join(f"{first}-{first + 49}" for first in range(1, 50 * 10_000, 50))
    marks = parse(f"[rollback={ranges}]", ["brackets"])
    assert len(marks.rollback) == MAX_TARGETS
    assert marks.warnings[0].startswith('"100001-100050" comes after 100,000 other revisions')


def test_many_warnings_are_counted() -> None:
    marks = parse(f"[rollback={' '.join(f'x{item}' for item in range(1_000))}]", ["brackets"])
    assert len(marks.warnings) == MAX_WARNINGS + 1
    assert marks.warnings[-1].startswith(f"{1_000 - MAX_WARNINGS} more items")


def test_a_long_subject_is_cut() -> None:
    assert parse("a" * 20_000, ()).subject == "a" * 10_000


def test_a_team_s_history_is_read_in_no_time() -> None:
    message = b"[r=me][bug=627940, 630612,\n\t632022] Revert the fix (#12).\n\nLP: #1\n\nBug: 2\nQA: ok"
    started = time.process_time()
    for _ in range(16_000):
        parse(message, ALL_GRAMMARS)
    assert time.process_time() - started < 5
