"""Checks in the file of the tracker `file`: what it says and refuses (docs/tracker-file.md#checks)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shepherd.conditions import CheckResult, CheckWord, CommitChecks
from shepherd.errors import TrackerError
from shepherd.trackers.file import FileTracker
from shepherd.trackers.file_checks import FileChecks
from shepherd.trackers.words import Vocabulary

ONE, TWO = "1" * 40, "2" * 64
Write = Callable[[Any], FileChecks]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Makes bugs.json with these checks (or that text), and what reads them."""

    def make(checks: Any) -> FileChecks:
        text = checks if isinstance(checks, str) else json.dumps({"bugs": {}, "checks": checks})
        (tmp_path / "bugs.json").write_text(text)
        return FileChecks(tmp_path / "bugs.json")

    return make


def of_one(source: FileChecks) -> CommitChecks:
    return dict(source.checks_of([ONE]))[ONE]


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("success", "success"),
        ("Success", "success"),
        ("neutral", "neutral"),
        ("skipped", "skipped"),
        ("pending", "pending"),
        ("queued", "pending"),
        ("running", "pending"),
        ("in_progress", "pending"),
        ("failed", "failed"),
        ("failure", "failed"),
        ("error", "failed"),
        ("cancelled", "cancelled"),
        ("canceled", "cancelled"),
        ("timed-out", "timed-out"),
        ("timed_out", "timed-out"),
    ],
)
def test_each_word_and_its_synonyms(write: Write, said: str, word: CheckWord) -> None:
    assert of_one(write({ONE: {"ci/build": said}})) == CommitChecks((CheckResult("ci/build", word),))


def test_a_result_may_say_since_when_and_where(write: Write) -> None:
    entry = {"state": "pending", "since": "2026-11-29T10:12:00Z", "url": "https://ci.example/7"}
    expected = CheckResult("ci/build", "pending", 1795947120, "https://ci.example/7")
    assert of_one(write({ONE: {"ci/build": entry}})).results == (expected,)


def test_each_commit_asked_for_is_answered_and_no_other(write: Write) -> None:
    source = write({ONE: {"a": "success"}, TWO: {"b": "failed"}})
    assert dict(source.checks_of([TWO, "3" * 40])) == {
        TWO: CommitChecks((CheckResult("b", "failed"),)),
        "3" * 40: CommitChecks(),
    }


def test_a_file_without_checks_has_no_results(write: Write) -> None:
    assert of_one(write('{"bugs": {}}')) == CommitChecks()


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"ci/build": "green"}, "'ci/build' is 'green', expected one of success,"),
        ({"ci/build": ""}, "'ci/build' is '', expected"),
        ({"ci/build": True}, "Expected `object`, got `bool`"),
        ({"ci/build": None}, "Expected `object`, got `null`"),
        ({"ci/build": {"state": "success", "when": "now"}}, "unknown field `when`"),
        ({"ci/build": {"since": "2026-11-29T10:12:00Z"}}, "missing required field `state`"),
        ({"ci/build": {"state": "success", "since": "2026-11-29T10:12:00"}}, "timezone"),
        ({"ci/build": {"state": "success", "since": "soon"}}, "Invalid RFC3339"),
        ({"ci/build": {"state": "success", "url": "javascript:alert(1)"}}, "the url of 'ci/build'"),
        ({"ci/build": {"state": "success", "url": "https://me:secret@x.example"}}, "the url of 'ci/build'"),
        ({" \n": "success"}, "a check has no name"),
        ({"a b": "success", "a\nb": "failed"}, "two checks have the same name"),
        (["ci/build"], 'expected {"NAME": "success"}'),
        ("success", 'expected {"NAME": "success"}'),
    ],
)
def test_a_malformed_entry_is_unreadable_for_its_commit_alone(write: Write, entry: Any, why: str) -> None:
    read = dict(write({ONE: entry, TWO: {"b": "success"}}).checks_of([ONE, TWO]))
    assert read[ONE].results == ()
    assert read[ONE].unreadable.startswith("its checks are malformed in bugs.json: ")
    assert why in read[ONE].unreadable
    assert "secret" not in read[ONE].unreadable
    assert read[TWO] == CommitChecks((CheckResult("b", "success"),))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not valid JSON"),
        ('{"bugs": {}, "checks": {}, "checks": {}}', "the key 'checks' appears twice"),
        (f'{{"checks": {{"{ONE}": {{"a": "failed", "a": "success"}}}}}}', "the key 'a' appears twice"),
        ('{"bugs": {}, "checks": []}', "has the wrong shape"),
        ("[]", "has the wrong shape"),
        ('{"checks": {"abc1234": {}}}', "'abc1234' in checks is not a whole SHA"),
        (f'{{"checks": {{"{"A" * 40}": {{}}}}}}', "is not a whole SHA in small letters"),
    ],
)
def test_a_malformed_file_cannot_be_read_at_all(write: Write, text: str, why: str) -> None:
    with pytest.raises(TrackerError, match=why):
        list(write(text).checks_of([ONE]))


def test_a_file_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TrackerError, match="the tracker's file"):
        list(FileChecks(tmp_path / "bugs.json").checks_of([ONE]))


def test_wrong_checks_do_not_keep_bugs_from_being_read(write: Write, tmp_path: Path) -> None:
    write('{"bugs": {"7": {}}, "checks": []}')
    read = FileTracker(tmp_path / "bugs.json", Vocabulary({})).read(["7"], [])
    assert not read.items["7"].unreadable
