"""What a reason advises, where the cases do not ask."""

from __future__ import annotations

import pytest

from shepherd.rules.item_speech import ItemSpeech
from shepherd.rules.reasons import rollback_of
from shepherd.sentence import Part, Sentence


@pytest.mark.parametrize(
    ("marks", "advice"),
    [
        (["trailers", "brackets"], "marked [rollback=5]"),
        (["forge", "trailers"], "with the trailer Rolls-back: 5"),
        (["forge"], "land a `git revert` of it"),
    ],
)
def test_a_rollback_is_advised_in_words_that_would_be_heard(marks: list[str], advice: str) -> None:
    assert advice in rollback_of(5, marks)


@pytest.mark.parametrize(
    ("speech", "advice", "again"),
    [
        (ItemSpeech(), "mark IT qa-ok (or qa-bad)", "set the tag on IT again (qa-needstesting, "),
        (ItemSpeech("file", "bugs.json"), "mark IT qa-ok (or qa-bad) in bugs.json", "set the tag on IT"),
        (ItemSpeech("launchpad"), "set the tag qa-ok on IT (or qa-untestable, qa-bad)", "set the tag on IT"),
        (
            ItemSpeech("gitlab", own_words={"ok": "QA::Pass", "needstesting": "QA::Open"}),
            "put the label QA::Pass on IT (or qa-untestable, qa-bad)",
            "set the label on IT again (QA::Open, and QA::Pass after QA)",
        ),
    ],
    ids=["unknown", "file", "launchpad", "own-words"],
)
def test_what_is_to_be_set_is_told_in_the_words_of_the_team(
    speech: ItemSpeech, advice: str, again: str
) -> None:
    it = Part("item", "IT")
    said = speech.to_set(Sentence(it))
    assert str(said) == advice and it in said.parts
    assert str(speech.to_set_again(Sentence(it))).startswith(again)
