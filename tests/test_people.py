"""Patterns, and whom a landing belongs to (docs/rules.md#marks)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.people import matches, person_of
from shepherd.settings import BranchSettings, Pointer

ROBOTS = ["*[bot]", "Launchpad Patch Queue Manager"]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", ""),
        ("*", ""),
        ("*", "line\nline"),
        ("?", "\n"),
        ("*[bot]", "dependabot[bot]"),
        ("merging *", "Merging x"),
        ("MERGING ?", "merging x"),
        ("*a*b*", "xxaxxbxx"),
        ("*ab", "abab"),
        ("a*a", "aa"),
        ("**a??", "abcabc"),
        ("*.com", "a.com.com"),
        (r"a\b.c+d(", r"A\B.C+D("),
    ],
)
def test_a_pattern_matches_the_whole_text(pattern: str, text: str) -> None:
    assert matches([pattern], text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", "a"),
        ("?", ""),
        ("a", "ab"),
        ("a", "ba"),
        ("*[bot]", "b"),
        ("[ab]", "a"),
        ("a.c", "abc"),
        ("a*a", "a"),
        ("*ab", "aba"),
        ("a$", "a"),
        ("a", "a\n"),
        ("a|b", "a"),
    ],
)
def test_and_every_other_character_stands_for_itself(pattern: str, text: str) -> None:
    assert not matches([pattern], text)


def test_one_of_several_patterns_is_enough() -> None:
    assert matches(["x", "b*"], "bc")


def test_no_pattern_matches_nothing() -> None:
    assert not matches([], "")


def glob(pattern: str, text: str) -> bool:
    """The meaning of a pattern, without regard to time."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(glob(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and glob(pattern[1:], text[1:])


@given(st.text("ab?*", max_size=7), st.text("ab", max_size=8))
def test_stars_and_question_marks_as_defined(pattern: str, text: str) -> None:
    assert matches([pattern], text) == glob(pattern, text)


@given(st.text())
def test_a_text_without_wildcards_matches_itself(text: str) -> None:
    literal = text.replace("*", "").replace("?", "")
    assert matches([literal], literal)


@pytest.mark.parametrize(
    "pattern", ["*a" * 2_000 + "b", "a*" * 2_000 + "b", "*" * 100_000 + "b", "*?" * 2_000 + "b"]
)
def test_many_stars_take_no_time(pattern: str) -> None:
    started = time.process_time()
    assert not matches([pattern], "a" * 100_000)
    assert time.process_time() - started < 5


def test_the_first_who_is_no_robot() -> None:
    candidates = [("Ann", "ann@example.org"), ("Bob", "bob@example.org")]
    assert person_of(candidates, ROBOTS) == ("Ann", "ann@example.org")


def test_a_robot_by_name() -> None:
    candidates = [("launchpad patch queue manager", "pqm@example.org"), ("Bob", "bob@example.org")]
    assert person_of(candidates, ROBOTS) == ("Bob", "bob@example.org")


def test_a_robot_by_address() -> None:
    candidates = [("Helper", "Merge@bots.example"), ("Bob", "bob@example.org")]
    assert person_of(candidates, ["*@bots.example"]) == ("Bob", "bob@example.org")


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("github-actions", "41898282+github-actions[bot]@users.noreply.github.com"),
        ("Deploy", "deploy[BOT]@forge.example"),
    ],
)
def test_a_robot_by_what_stands_before_the_host(name: str, address: str) -> None:
    robots = BranchSettings("x.git", "stable", Pointer(recorded=True)).robots
    assert person_of([(name, address), ("Bob", "bob@example.org")], robots) == ("Bob", "bob@example.org")


@pytest.mark.parametrize("address", ["ann@bot.example", "ann[bot]b@example.org", "", "ann"])
def test_and_by_nothing_else(address: str) -> None:
    assert person_of([("Ann", address)], [*ROBOTS, "bot"]) == ("Ann", address)


def test_what_git_prints_of_a_malformed_author_is_nobody() -> None:
    candidates = [("%aN", "%aE"), ("Bob", "bob@example.org")]
    assert person_of(candidates, []) == ("Bob", "bob@example.org")
    assert person_of([("%aN", "ann@example.org")], []) == ("%aN", "ann@example.org")


def test_nobody_but_robots() -> None:
    assert person_of([("a[bot]", "a@example.org"), ("b[bot]", "b@example.org")], ROBOTS) == ("", "")


def test_no_candidate() -> None:
    assert person_of([], ROBOTS) == ("", "")


def test_a_candidate_of_whom_nothing_is_known_is_passed_over() -> None:
    assert person_of([("\x00 ", " "), ("Bob", "bob@example.org")], ROBOTS) == ("Bob", "bob@example.org")


def test_a_name_is_fit_to_be_shown() -> None:
    assert person_of([("Ann\x1b[31m\n  \ud800Lee", "a@example.org")], [])[0] == "Ann [31m \ufffdLee"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ann@example.org", "ann"),
        ("Ann Lee <ann@example.org>", "Ann Lee ann"),
        ("@ann", "@ann"),
        ("Ann @ Work", "Ann @ Work"),
    ],
)
def test_an_address_given_as_a_name_is_not_shown(name: str, shown: str) -> None:
    assert person_of([(name, "ann@example.org")], [])[0] == shown


@pytest.mark.parametrize("address", ["a@example.org\nBcc: b@example.org", "a@exam\x00ple.org"])
def test_an_address_that_would_break_a_header_is_none(address: str) -> None:
    assert person_of([("Ann", address)], []) == ("Ann", "")
