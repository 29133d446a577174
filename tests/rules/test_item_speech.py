"""What is to be done once QA is through, in the words of those who do it (docs/rules.md#statuses)."""

from __future__ import annotations

import pytest

from shepherd.rules.item_speech import ItemSpeech
from shepherd.sentence import Sentence
from shepherd.words import Word

ITEM = Sentence("ABC-7")
STATUSES: dict[Word, str] = {"ok": "QA passed", "bad": "QA failed", "needstesting": "In QA"}
VALUES: dict[Word, str] = {"ok": "passed", "bad": "failed", "untestable": "n/a"}


@pytest.mark.parametrize(
    ("speech", "first", "again"),
    [
        (
            ItemSpeech("jira"),
            "put the label qa-ok on ABC-7 (or qa-untestable, qa-bad)",
            "set the label on ABC-7 again (qa-needstesting, and qa-ok after QA)",
        ),
        (
            ItemSpeech("redmine", statuses=STATUSES),
            'set ABC-7 to "QA passed" (or "QA failed")',
            'set ABC-7 to "In QA", and after QA to "QA passed" again',
        ),
        (
            ItemSpeech("redmine", values=VALUES, field="QA result"),
            'put "passed" into the field "QA result" of ABC-7 (or "n/a", "failed")',
            'clear the field "QA result" of ABC-7, and put "passed" into it again after QA',
        ),
        (
            ItemSpeech("redmine", values={**VALUES, "needstesting": "to try"}, field="QA result"),
            'put "passed" into the field "QA result" of ABC-7 (or "n/a", "failed")',
            'put "to try" into the field "QA result" of ABC-7, and "passed" again after QA',
        ),
        (
            ItemSpeech("jira", statuses={"ok": "QA passed"}),
            'set ABC-7 to "QA passed" (or the label qa-bad)',
            'set ABC-7 to another status, and after QA to "QA passed" again',
        ),
        (
            ItemSpeech("jira", statuses={"bad": "QA failed"}, values={"ok": "passed"}, field="QA"),
            'put "passed" into the field "QA" of ABC-7 (or the status "QA failed")',
            'clear the field "QA" of ABC-7, and put "passed" into it again after QA',
        ),
        (
            ItemSpeech("redmine", statuses={"ok": "Done"}),
            'set ABC-7 to "Done"',
            'set ABC-7 to another status, and after QA to "Done" again',
        ),
        (
            ItemSpeech("file", "bugs.json", statuses=STATUSES),
            'set ABC-7 to "QA passed" (or "QA failed") in bugs.json',
            'set ABC-7 to "In QA", and after QA to "QA passed" again',
        ),
    ],
)
def test_what_is_to_be_set(speech: ItemSpeech, first: str, again: str) -> None:
    assert (str(speech.to_set(ITEM)), str(speech.to_set_again(ITEM))) == (first, again)


def test_where_only_statuses_speak_and_none_says_ok_a_verdict_is_all_there_is() -> None:
    assert not ItemSpeech("redmine", statuses={"bad": "QA failed"}).can_say_ok
    assert ItemSpeech("jira", statuses={"bad": "QA failed"}).can_say_ok


def test_the_ways_of_each_word() -> None:
    mixed = ItemSpeech(
        "jira", own_words={"bad": "broken"}, statuses={"ok": "Done"}, values=VALUES, field="QA"
    )
    assert mixed.ways("this") == {
        "bad": 'put "failed" into the field "QA"',
        "needstesting": "put the label qa-needstesting on this",
        "untestable": 'put "n/a" into the field "QA"',
        "ok": 'set this to "Done"',
    }
    assert ItemSpeech("redmine", statuses={"ok": "Done"}).ways("this") == {"ok": 'set this to "Done"'}
