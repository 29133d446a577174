"""What people read where a condition does not hold."""

from __future__ import annotations

import pytest

from shepherd.conditions import CheckResult, CheckWord, CommitChecks, Conditions, Limit
from shepherd.rules.condition_reasons import NAME_SHOWN, of_checks, of_limit, said
from shepherd.rules.conditions import OverLimit, check_outcomes
from shepherd.sentence import Part

AT = 1_795_947_120
ON = Part("time", "2026-11-29 10:12 UTC")


def sentences(checks: tuple[str, ...], read: CommitChecks) -> list[str]:
    outcomes = check_outcomes(Conditions(checks, {"sha": read}), "sha")
    assert outcomes is not None
    return [str(each) for each in of_checks(outcomes)]


@pytest.mark.parametrize(
    ("word", "since", "sentence"),
    [
        ("pending", AT, "waits for ci/build (running since 2026-11-29 10:12 UTC)"),
        ("pending", None, "waits for ci/build (running)"),
        ("failed", AT, "ci/build failed at 2026-11-29 10:12 UTC"),
        ("failed", None, "ci/build failed"),
        ("cancelled", AT, "ci/build was cancelled at 2026-11-29 10:12 UTC"),
        ("timed-out", AT, "ci/build timed out at 2026-11-29 10:12 UTC"),
    ],
)
def test_what_one_check_says_is_one_sentence(word: CheckWord, since: int | None, sentence: str) -> None:
    assert sentences(("ci/*",), CommitChecks((CheckResult("ci/build", word, since),))) == [sentence]


@pytest.mark.parametrize("word", ["success", "neutral", "skipped"])
def test_what_holds_is_no_reason(word: CheckWord) -> None:
    assert sentences(("ci/build",), CommitChecks((CheckResult("ci/build", word, AT),))) == []


def test_a_check_without_a_result_is_awaited_by_the_name_in_the_settings() -> None:
    assert sentences(("ci/*",), CommitChecks()) == ["waits for ci/* (not reported yet)"]


def test_checks_that_could_not_be_read_are_one_sentence_however_many_are_needed() -> None:
    read = CommitChecks(unreadable="the server answered 500")
    assert sentences(("ci/build", "test/*"), read) == [
        "the checks could not be read: the server answered 500"
    ]


def test_failures_come_first_and_all_that_is_awaited_is_one_sentence() -> None:
    results = (CheckResult("a", "pending", AT), CheckResult("b", "failed", AT), CheckResult("c", "success"))
    assert sentences(("a", "b", "c", "d"), CommitChecks(results)) == [
        "b failed at 2026-11-29 10:12 UTC",
        "waits for a (running since 2026-11-29 10:12 UTC) and d (not reported yet)",
    ]


def test_many_checks_are_counted() -> None:
    red = tuple(CheckResult(f"red-{number}", "failed") for number in range(6))
    awaited = tuple(CheckResult(f"slow-{number}", "pending") for number in range(7))
    *failed, more, waits = sentences(("*",), CommitChecks(red + awaited))
    assert failed == [f"red-{number} failed" for number in range(5)]
    assert more == "1 more check failed"
    assert waits == (
        "waits for " + ", ".join(f"slow-{number} (running)" for number in range(5)) + " and 2 more checks"
    )


def test_a_long_name_is_cut() -> None:
    (sentence,) = sentences(("*",), CommitChecks((CheckResult("x" * 500, "failed"),)))
    assert sentence == "x" * (NAME_SHOWN - 1) + "… failed"


def test_a_time_is_a_part_that_a_page_can_show_in_its_own_way() -> None:
    read = CommitChecks((CheckResult("a", "failed", AT), CheckResult("b", "pending", AT)))
    outcomes = check_outcomes(Conditions(("*",), {"sha": read}), "sha")
    assert outcomes is not None
    assert all(ON in sentence.parts for sentence in of_checks(outcomes))


@pytest.mark.parametrize(
    ("word", "short"), [("success", "success"), ("pending", "running"), ("timed-out", "timed out")]
)
def test_what_a_check_says_in_a_few_words(word: CheckWord, short: str) -> None:
    outcomes = check_outcomes(Conditions(("a",), {"sha": CommitChecks((CheckResult("a", word),))}), "sha")
    assert outcomes is not None and said(outcomes[0]) == short


@pytest.mark.parametrize(
    ("limit", "over", "sentence"),
    [
        (
            Limit(("db/*.sql",), 1, "one schema change a day"),
            OverLimit(0, 2, (31, 33)),
            "r31 and r33 touch db/*.sql, and one deployment may bring at most 1 (one schema change a day)",
        ),
        (
            Limit(("a", "b"), 0),
            OverLimit(0, 1, (31,)),
            "r31 touches a or b, and one deployment may bring none",
        ),
        (
            Limit(("a",), 2),
            OverLimit(0, 7, (1, 2, 3, 4, 5, 6, 7)),
            "r1, r2, r3, r4, r5 and 2 more touch a, and one deployment may bring at most 2",
        ),
    ],
)
def test_a_limit_names_the_landings_that_count(limit: Limit, over: OverLimit, sentence: str) -> None:
    assert str(of_limit(over, (limit,))) == sentence
