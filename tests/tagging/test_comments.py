"""The words of the tagger's comments, where the cases tell only that there is one."""

from __future__ import annotations

import pytest

from shepherd.landing import Landing
from shepherd.plans.tag_comments import CommentLine, CommentWording, comment, sign_of
from shepherd.words import Word


def paragraphs(
    *words: Word, labels: tuple[str, ...] = (), asks: bool = False, others: bool = False
) -> list[str]:
    landing = Landing(7, "ab" * 20, 0, labels=labels)
    news = CommentLine(landing, "landed", (7,), asks, others)
    return comment([news], "1", words, sign_of(landing), CommentWording("stable")).split("\n\n")


@pytest.mark.parametrize(("labels", "first"), [((), "This"), (("incr",), "A step towards this")])
def test_a_step_is_called_one(labels: tuple[str, ...], first: str) -> None:
    assert paragraphs(labels=labels)[0] == f"{first} landed as r7 of stable."


@pytest.mark.parametrize(
    ("words", "labels", "said"),
    [
        (["ok"], (), "It already has qa-ok, which counts for it."),
        (["untestable", "ok"], (), "It already has qa-untestable and qa-ok, which counts for it."),
        (["needstesting"], ("no-qa",), "It needs no QA."),
        (["needstesting"], ("qa-ok",), "QA was done before it landed."),
    ],
)
def test_why_it_asks_for_nothing(words: list[Word], labels: tuple[str, ...], said: str) -> None:
    assert paragraphs(*words, labels=labels)[2] == said
    assert paragraphs(*words, labels=labels, others=True)[2] == f"{said} Other landings here still need QA."


def test_what_bears_no_good_word_counts_for_nothing() -> None:
    assert not any("already" in each for each in paragraphs("needstesting"))


def test_how_to_mark_it() -> None:
    assert "mark this qa-ok instead of qa-needstesting" in paragraphs("needstesting", asks=True)[2]


def test_a_team_that_speaks_by_statuses_is_asked_for_these() -> None:
    says: dict[Word, str] = {"ok": 'set this to "QA passed"', "bad": 'set this to "QA failed"'}
    lines = [
        CommentLine(Landing(revno, "ab" * 20, 0), "landed", (revno,), asks=True, others=False)
        for revno in (7, 8)
    ]
    text = comment(lines, "ABC-1", ["needstesting"], "r8 abab", CommentWording("stable", says=says))
    assert text.split("\n\n")[2] == (
        'Please try each of r7 and r8 on the QA server. If all of them work, set this to "QA passed"; if'
        ' one does not, set this to "QA failed". Bad means the newest of them.'
    )
