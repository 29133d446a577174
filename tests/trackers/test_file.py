"""The tracker `file`: what it says, and what it refuses (docs/rules.md#what-people-say, docs/settings.md)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.trackers import file as module
from shepherd.trackers.file import FileTracker
from shepherd.trackers.words import Vocabulary
from shepherd.words import ItemDetails, ItemTags
from tests.project import Project, entry

Write = Callable[[Any], FileTracker]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Makes bugs.json of that content (text, or what JSON is made of) and a tracker that reads it."""

    def make(content: Any) -> FileTracker:
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "bugs.json").write_text(text)
        return FileTracker(tmp_path / "bugs.json", Vocabulary({}))

    return make


def refused(tracker: FileTracker) -> str:
    with pytest.raises(TrackerError) as caught:
        tracker.read([], [])
    assert "bugs.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_documented_file(write: Write) -> None:
    bug = {
        "title": "It fails",
        "status": "Fix Committed",
        "tags": ["qa-ok"],
        "private": False,
        "comments": [],
    }
    reading = write({"bugs": {"824435": bug}}).read(["824435"], [])
    assert reading.items == {"824435": ItemTags(("ok",))}
    assert reading.about == {"824435": ItemDetails("It fails", "Fix Committed")}
    assert reading.speaks_of_bugs
    assert not reading.speaks_of_requests


def test_every_key_of_a_bug_may_be_absent(write: Write) -> None:
    assert write({"bugs": {"1": {}}}).read(["1"], []).items == {"1": ItemTags()}


def test_what_is_not_there_or_private_cannot_be_read(write: Write) -> None:
    secret = {"title": "How to break in", "tags": ["qa-ok", "bad-commit-1"], "private": True}
    reading = write({"bugs": {"7": secret}}).read(["7", "8"], [1])
    assert reading.items == {
        "7": ItemTags(unreadable="bug 7 is private"),
        "8": ItemTags(unreadable="bug 8 is not in bugs.json"),
    }
    assert reading.about == {}


def test_other_bugs_are_told_of_if_they_name_a_landing_asked_for(write: Write) -> None:
    bugs = {
        "1": {"tags": ["bad-commit-12"]},
        "2": {"tags": ["bad-revision-13", "qa-bad"]},
        "3": {"tags": ["bad-commit-99"]},
        "4": {"tags": ["qa-bad"]},
        "5": {"tags": ["bad-commit-12"], "private": True},
    }
    items = write({"bugs": bugs}).read(["4"], [12, 13]).items
    assert items == {"1": ItemTags((), (12,)), "2": ItemTags(("bad",), (13,)), "4": ItemTags(("bad",))}


@pytest.mark.parametrize(
    "bug",
    [
        None,
        [],
        "qa-ok",
        {"tags": "qa-ok"},
        {"tags": [1]},
        {"tags": None},
        {"private": "no"},
        {"title": 1},
        {"tag": ["qa-bad"]},
        {"labels": {}},
    ],
)
def test_one_malformed_bug_is_unreadable_and_no_more(write: Write, bug: object) -> None:
    tracker = write({"bugs": {"1": bug, "2": {"tags": ["qa-ok"]}}})
    for asked in (["1", "2"], ["2"]):
        items = tracker.read(asked, []).items
        assert items["1"].unreadable.startswith("bug 1 is malformed in bugs.json: ")
        assert items["1"].words == ()
        assert items["2"] == ItemTags(("ok",))


def test_requests(write: Write) -> None:
    requests = {"12": {"title": "Add it", "labels": ["qa-bad", "bad-commit-1"]}, "13": {"tags": ["qa-ok"]}}
    reading = write({"bugs": {"12": {"tags": ["qa-ok"]}}, "requests": requests}).read(
        ["#12", "!13", "#14"], [1]
    )
    assert reading.speaks_of_requests
    assert reading.items == {
        "#12": ItemTags(("bad",)),
        "!13": ItemTags(("ok",)),
        "#14": ItemTags(unreadable="request #14 is not in bugs.json"),
    }
    assert reading.about["#12"].title == "Add it"


def test_whose_a_request_is_that_names_its_project_must_be_known(tmp_path: Path) -> None:
    """Another project's landing came in, and a request of ours has the same number."""
    message = "Merge branch 'y' into 'stable'\n\nSync\n\nSee merge request upstream/shop!12"
    project = Project(tmp_path, branch='orphans = "pass"')
    begin, _ = project.land("[no-qa] Begin", message)
    project.deploy(begin)
    requests = {"12": {"labels": ["qa-ok"]}}
    (tmp_path / "bugs.json").write_text(json.dumps({"bugs": {}, "requests": requests}))
    landing = entry(project.look(), 2)
    assert (landing.state, landing.requests) == ("unknown", ("upstream/shop!12",))
    assert 'if they are: tracker.project = "upstream/shop"' in landing.reason
    project.write_settings('orphans = "needs-qa"', 'project = "upstream/shop"')
    landing = entry(project.look(), 2)
    assert (landing.state, landing.requests) == ("ok", ("!12",))
    project.write_settings('orphans = "needs-qa"', 'project = "acme/shop"')
    landing = entry(project.look(), 2)
    assert (landing.state, landing.requests) == ("needstesting", ())
    assert landing.warnings == (
        '"upstream/shop!12" is a request of another project, not of acme/shop and counts as absent.',
    )
    project.write_settings(tracker='type = "none"')
    landing = entry(project.look(), 2)
    assert (landing.state, landing.requests) == ("needstesting", ("!12",))


def test_without_requests_nothing_is_said_of_them(write: Write) -> None:
    reading = write({"bugs": {"12": {}}}).read(["#12"], [])
    assert reading.items == {}
    assert not reading.speaks_of_requests


def test_it_is_read_anew_each_time(write: Write) -> None:
    tracker = write({"bugs": {"1": {"tags": ["qa-ok"]}}})
    tracker.read(["1"], [])
    write({"bugs": {"1": {"tags": ["qa-bad"]}}})
    assert tracker.read(["1"], []).items == {"1": ItemTags(("bad",))}


def test_titles_are_one_line_that_can_be_encoded(write: Write) -> None:
    reading = write(
        '{"bugs": {"1": {"title": "a\\n\\u001b[2Jb\\ud800", "status": "%s"}}}' % ("x" * 9_999)
    ).read(["1"], [])
    assert reading.about["1"].title == "a [2Jb"
    assert len(reading.about["1"].status) == 500


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is not valid JSON"),
        ("{", "is not valid JSON"),
        ('{"bugs": {}} x', "is not valid JSON"),
        ('{"bugs": {"1": {"tags": [NaN]}}}', "NaN is not a JSON number"),
        ('{"bugs": {"1": -Infinity}}', "-Infinity is not a JSON number"),
        ('{"bugs": {"1": {}, "1": {"tags": ["qa-bad"]}}}', "the key '1' appears twice"),
        ('{"bugs": {"1": {"tags": ["qa-bad"], "tags": []}}}', "the key 'tags' appears twice"),
        ('{"bugs": {}, "bugs": {}}', "the key 'bugs' appears twice"),
        ('{"bugs": {"1": ' + "9" * 5_000 + "}}", "is not valid JSON"),
        ("[" * 200_000, "nested too deeply"),
        ("null", "wrong shape"),
        ("[]", "wrong shape"),
        ("{}", "wrong shape"),
        ('{"requests": {}}', "wrong shape"),
        ('{"bugs": {}, "request": {}}', "wrong shape"),
        ('{"bugs": []}', "bugs is not an object"),
        ('{"bugs": {}, "requests": null}', "requests is not an object"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole(write: Write, content: str, says: str) -> None:
    assert says in refused(write(content))


@pytest.mark.parametrize(
    "key", ["0", "0123", "1e3", "-1", "+1", " 1", "1.0", "", "x", "1" * 20, "٣", "1\n", "1_0"]
)
@pytest.mark.parametrize("table", ["bugs", "requests"])
def test_a_key_that_is_no_number(write: Write, table: str, key: str) -> None:
    assert f"{key!r} in {table} is not a number" in refused(write({"bugs": {}, table: {key: {}}}))


@pytest.mark.timeout(10)
def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bugs.json"
    tracker = FileTracker(path, Vocabulary({}))
    assert "is not there" in refused(tracker)
    path.mkdir()
    assert "is a directory" in refused(tracker)
    path.rmdir()
    os.mkfifo(path)
    assert "is not a regular file" in refused(tracker)
    path.unlink()
    path.write_bytes(b'{"bugs": {"1": {"title": "caf\xe9"}}}')
    assert "is not UTF-8" in refused(tracker)
    with path.open("wb") as file:
        file.truncate(100_000_000)
    assert "is larger than 64 MB" in refused(tracker)
    monkeypatch.setattr(module, "LARGEST", 1_000)
    path.write_text('{"bugs": {}}' + " " * 989)
    assert "is larger than 1 kB" in refused(tracker)
    path.write_text('{"bugs": {}}' + " " * 988)
    assert tracker.read([], []).items == {}
