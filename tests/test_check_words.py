"""Results of checks from several sources become one (docs/rules.md#checks)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shepherd.check_words import is_check_url, merged
from shepherd.conditions import STATE_OF, CheckResult, CheckWord, CommitChecks


def one(word: CheckWord, name: str = "build") -> CommitChecks:
    return CommitChecks((CheckResult(name, word),))


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        ("success", "failed", "failed"),
        ("failed", "success", "failed"),
        ("pending", "success", "pending"),
        ("pending", "timed-out", "timed-out"),
        ("success", "neutral", "success"),
    ],
)
def test_of_two_results_of_one_name_the_worse_counts(
    first: CheckWord, second: CheckWord, counts: CheckWord
) -> None:
    assert merged((one(first), one(second))) == one(counts)


def test_results_of_other_names_stand_side_by_side_by_name() -> None:
    both = merged((one("success", "lint"), one("failed", "build")))
    assert [(each.name, each.word) for each in both.results] == [("build", "failed"), ("lint", "success")]


def test_what_one_could_not_read_nobody_has_read() -> None:
    assert merged((one("success"), CommitChecks(unreadable="locked"))) == CommitChecks(unreadable="locked")


@pytest.mark.parametrize("name", ["", " ", "\u200b"])
def test_one_without_a_name_may_be_the_one_that_is_wanted(name: str) -> None:
    both = (one("success"), one("failed", name))
    assert merged(both) == CommitChecks(unreadable="one of its checks has no name")


def test_of_nothing_there_is_nothing() -> None:
    assert merged(()) == CommitChecks()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (CheckResult("a\x1b[31m\nb", "failed"), CheckResult("a [31m b", "failed")),
        (CheckResult("n" * 999, "failed"), CheckResult("n" * 255, "failed")),
        (CheckResult("a", "failed", url="javascript:alert(1)"), CheckResult("a", "failed")),
        (CheckResult("a", "failed", url="https://x/" + "y" * 2000), CheckResult("a", "failed")),
        (CheckResult("a", "pending", -62_135_596_800), CheckResult("a", "pending")),
        (CheckResult("a", "pending", 10**15), CheckResult("a", "pending")),
    ],
)
def test_what_cannot_be_shown_is_left_out(sent: CheckResult, shown: CheckResult) -> None:
    assert merged((CommitChecks((sent,)),)).results == (shown,)


@given(some.lists(some.tuples(some.sampled_from("abc"), some.sampled_from(sorted(STATE_OF)))))
def test_no_failure_is_lost_whatever_order_they_come_in(said: list[tuple[str, CheckWord]]) -> None:
    together = merged(one(word, name) for name, word in said)
    for name, word in said:
        if STATE_OF[word] == "no":
            assert STATE_OF[next(r.word for r in together.results if r.name == name)] == "no"
    assert sorted({name for name, _ in said}) == [each.name for each in together.results]


@pytest.mark.parametrize(
    "url",
    ["https://ci.example.org", "http://127.0.0.1:8080/job/7?tab=log#end", "HTTPS://[::1]/x", "https://a.b?c"],
)
def test_where_people_may_be_sent(url: str) -> None:
    assert is_check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//ci.example.org/",
        "ftp://ci.example.org/",
        "https://me:secret@ci.example.org/",
        "https://",
        "https://ci.example.org/a b",
        "https://ci.example.org/\n",
        " https://ci.example.org/",
        "https://ci.example.org/" + "x" * 2_000,
    ],
)
def test_where_nobody_is_sent(url: str) -> None:
    assert not is_check_url(url)
