"""How a message words what it takes back: titles that mean the same landing, and what free text names."""

from __future__ import annotations

import time

import pytest

from shepherd.marks.reverts import RevertWording, title_key, worded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('Reapply "X"', 'Revert "Revert "X""'),
        ('Revert "Reapply "X""', 'Revert "Revert "Revert "X"""'),
        ('Revert "X (#12)" (#13)', 'Revert "X"'),
        ("[ui] X", "X"),
        ('[ui] Revert "[api][ui] X"', 'revert "X"'),
        ("X (#12)", "X"),
    ],
)
def test_titles_that_mean_the_same(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [('Revert "X"', "X"), ('Reapply "X"', 'Revert "X"'), ("X #12", "X"), ("(#12) X", "X"), ("X", "x")],
)
def test_titles_that_mean_others(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


@pytest.mark.parametrize(
    "message",
    [
        "Revert D123: X",
        'Back out "X"',
        "Backed out X (it broke the build)",
        "revert X",
        "[ui] revert 'X'",
        "revert: X",
        "revert(parser)!: X",
        "build: roll back X",
        'Revert "X" for now',
        'Auto merge of #9 - bob:revert-8, r=ann\n\nRevert "X"\n\nReverts acme/shop#8',
    ],
)
def test_free_text_names_a_title(message: str) -> None:
    assert "X" in worded(message).titles
    assert worded(message.encode()) == worded(message)


def test_free_text_says_that_something_is_back() -> None:
    assert 'Revert "X"' in worded("Re-land X").titles


@pytest.mark.parametrize(
    "message",
    [
        "Backed out changeset 0123456789ab for test failures",
        "Revert 0123456789AB",
        "Revert V\n\nOriginal commit changeset: 0123456789ab",
        "Undo something\n\nThis backs out commit 0123456789ab.",
    ],
)
def test_free_text_names_a_sha(message: str) -> None:
    assert worded(message).ids == ("0123456789ab",)


@pytest.mark.parametrize(
    "message", ["Fix the feedback form", "Go back to the list", "Undo button", "Add landing page", ""]
)
def test_message_that_takes_nothing_back(message: str) -> None:
    assert worded(message) == RevertWording()


def test_what_is_generated_is_no_free_text() -> None:
    said = worded('Revert "X (#12)" (#13)\n\nThis reverts commit abcdef1.\n\nReverts o/r#12 and o/other#12')
    assert (said.number, said.ids, said.projects) == ("#12", (), (("#12", "o/r"),))


@pytest.mark.parametrize(
    "piece",
    [
        "This reverts commits ",
        "This reverts commit abcdef1, ",
        'Revert "',
        "revert ( ",
        "changeset \n",
        "a: ",
    ],
)
def test_hostile_messages_take_time_in_proportion(piece: str) -> None:
    def seconds(times: int) -> float:
        began = time.process_time()
        worded("revert " + piece * times)
        title_key('Revert "' + piece * times)
        return time.process_time() - began

    seconds(1_000)
    assert seconds(20_000) < 40 * max(seconds(2_000), 0.002)
