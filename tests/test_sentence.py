"""Sentences that keep their parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shepherd.commands import naming_branch
from shepherd.sentence import (
    Part,
    Sentence,
    joined,
    parts_of,
    revision,
    statement,
    time_and_age,
)

AT = datetime(2011, 8, 24, 10, 15, tzinfo=UTC)


def test_a_sentence_is_its_text_and_knows_its_parts() -> None:
    inner = Sentence("bug ", Part("item", "7"))
    sentence = Sentence("if ", inner, "", " is ok: ", statement("verdict r4 ok"))
    assert sentence == 'if bug 7 is ok: inv verdict r4 ok --reason "…"'
    assert sentence.parts == (
        "if ",
        "bug ",
        Part("item", "7"),
        " is ok: ",
        Part("command", 'inv verdict r4 ok --reason "…"'),
    )
    assert parts_of(f"{sentence}") == (sentence,)
    assert type(f"{inner}") is str


def test_what_is_joined_keeps_its_parts() -> None:
    assert joined(["a"]) == "a"
    assert joined(["a", "b"]) == "a and b"
    assert joined([revision(1), Sentence("r", "2"), "r3"]) == "r1, r2 and r3"
    assert joined([revision(1), "r2"]).parts == (revision(1), " and ", "r2")


def test_an_age_stands_behind_its_time() -> None:
    assert time_and_age(AT, None) == "2011-08-24 10:15 UTC"
    assert time_and_age(AT, AT + timedelta(hours=5)).parts == (
        Part("time", "2011-08-24 10:15 UTC"),
        Part("age", " (5 hours ago)"),
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('if it does: inv cover 4 --by 5 --reason "…"', True),
        ("if that is right: inv find --accept-rewrite --reason …", True),
        ("what production runs has never been recorded: inv deployed REV --reason …", True),
        ('inv verdict r4 ok --branch main --reason "…"; or not', False),
        ('inv verdict r4 ok --reason "…" --branch main', False),
        ('inv find --branch main --accept-new-journal --reason "…"', False),
        ("its settings have changed: inv find", False),
        ("", False),
    ],
)
def test_a_persons_word_at_the_end_names_the_branch(text: str, named: bool) -> None:
    assert naming_branch(text, "main") == (f"{text} --branch main" if named else text)
    assert naming_branch(text, "") == text


def test_in_json_a_part_is_text_or_says_its_kind() -> None:
    parts = Sentence("try ", revision(4)).parts
    document = msgspec.json.encode(parts)
    assert document == b'["try ",{"kind":"revision","text":"r4"}]'
    assert msgspec.json.decode(document, type=tuple[str | Part, ...]) == parts
