"""What is kept of the results that a source gives of one commit (docs/rules.md#checks)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shepherd.check_results import as_kept, is_check_url, worst_of_each
from shepherd.conditions import STATE_OF, CheckResult, CheckWord, CommitChecks


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
    said = CheckResult("build", first), CheckResult("build", second)
    assert worst_of_each(said) == (CheckResult("build", counts),)


def test_results_of_other_names_stand_side_by_side_by_name() -> None:
    both = worst_of_each((CheckResult("lint", "success"), CheckResult("build", "failed")))
    assert [(each.name, each.word) for each in both] == [("build", "failed"), ("lint", "success")]


@pytest.mark.parametrize("name", ["", " ", "\u200b"])
def test_one_without_a_name_may_be_the_one_that_is_wanted(name: str) -> None:
    both = CommitChecks((CheckResult("build", "success"), CheckResult(name, "failed")))
    assert as_kept(both) == CommitChecks(unreadable="one of its checks has no name")


def test_why_nothing_could_be_read_stays() -> None:
    assert as_kept(CommitChecks(unreadable="locked")) == CommitChecks(unreadable="locked")
    assert as_kept(CommitChecks()) == CommitChecks()


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
    assert worst_of_each((sent,)) == (shown,)


@given(some.lists(some.tuples(some.sampled_from("abc"), some.sampled_from(sorted(STATE_OF)))))
def test_no_failure_is_lost_whatever_order_they_come_in(said: list[tuple[str, CheckWord]]) -> None:
    together = worst_of_each(CheckResult(name, word) for name, word in said)
    for name, word in said:
        if STATE_OF[word] == "no":
            assert STATE_OF[next(r.word for r in together if r.name == name)] == "no"
    assert sorted({name for name, _ in said}) == [each.name for each in together]


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
