"""What is read from Redmine: which issues say what, and which cannot be seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shepherd.errors import TrackerError
from shepherd.trackers import open_tracker
from tests.trackers.faulty import at_work
from tests.trackers.redmine_kit import FIELD, SILENCE, RedmineKit, local_kit, unseen
from tests.trackers.redmine_server import Redmine


@pytest.fixture
def redmine() -> Iterator[Redmine]:
    with at_work(Redmine()) as server:
        yield server


@pytest.fixture
def kit(redmine: Redmine, tmp_path: Path) -> RedmineKit:
    return local_kit(redmine, tmp_path)


def test_words_by_status(kit: RedmineKit, redmine: Redmine) -> None:
    for number, status in enumerate(("QA passed", "QA failed", "In QA", "Closed"), 1):
        redmine.issue(number, status)
    assert kit.words(range(1, 5)) == {"1": "ok", "2": "bad", "3": "needstesting", "4": ""}
    data = kit.read([2])
    assert data.items["2"].of_newest is True
    assert data.said_of("2").texts == {"bad": '"QA failed"'}
    assert not data.speaks_of_requests


def test_a_status_that_the_settings_do_not_know(kit: RedmineKit, redmine: Redmine) -> None:
    redmine.statuses["Frozen"] = 99
    redmine.issue(1, "Frozen")
    data = kit.read([1])
    assert data.items["1"].words == ()
    (warning,) = data.said_of("1").warnings
    assert warning.startswith('bug 1 is "Frozen", which [tracker.statuses] does not know')


def test_words_by_a_field(redmine: Redmine, tmp_path: Path) -> None:
    redmine.issue(1, QA_result="passed")
    redmine.issue(2, QA_result="")
    kit = local_kit(redmine, tmp_path, statuses=SILENCE, field=FIELD)
    assert kit.words((1, 2)) == {"1": "ok", "2": ""}


def test_a_field_of_several_values(redmine: Redmine, tmp_path: Path) -> None:
    redmine.issue(3, QA_marks=["failed", "passed", ""])
    kit = local_kit(redmine, tmp_path, statuses=SILENCE, field=replace(FIELD, name="QA marks"))
    assert kit.words([3]) == {"3": "bad,ok"}


@pytest.mark.parametrize("name", ["QA result", "qa  RESULT", "1"])
def test_a_field_by_its_name_or_its_number(redmine: Redmine, tmp_path: Path, name: str) -> None:
    redmine.issue(1, QA_result="failed")
    kit = local_kit(redmine, tmp_path, statuses=SILENCE, field=replace(FIELD, name=name))
    data = kit.read([1])
    assert data.items["1"].words == ("bad",)
    assert data.said_of("1").texts["bad"] == '"failed" in "QA result"'


def test_an_issue_that_lacks_the_field_says_why_it_says_nothing(redmine: Redmine, tmp_path: Path) -> None:
    del redmine.issue(1).values["QA result"]
    lacking = 'bug 1 has no field "QA result", or this account may not see it'
    by_field = local_kit(redmine, tmp_path, statuses=SILENCE, field=FIELD)
    assert by_field.read([1]).said_of("1").warnings == (lacking,)
    both = local_kit(redmine, tmp_path, field=FIELD)
    assert both.read([1]).said_of("1").warnings == ()


def test_without_words_in_the_settings_nothing_is_said(redmine: Redmine, tmp_path: Path) -> None:
    redmine.issue(1, "QA passed")
    data = local_kit(redmine, tmp_path, statuses=SILENCE).read([1])
    assert data.items["1"].words == () and not data.said


def test_what_cannot_be_seen_is_unreadable(kit: RedmineKit, redmine: Redmine) -> None:
    redmine.issue(1, "QA passed")
    redmine.issue(2, "QA passed").hidden = True
    assert kit.words((1, 2, 9_999_999_999)) == {"1": "ok"} | {
        str(number): unseen(number) for number in (2, 9_999_999_999)
    }


def test_requests_are_not_asked_for(kit: RedmineKit) -> None:
    assert open_tracker(kit.settings).read(["#1", "!2"], ()).items == {}


def test_where_the_root_lies_below_another(redmine: Redmine, tmp_path: Path) -> None:
    redmine.below = "/redmine"
    redmine.issue(1, "QA passed")
    assert local_kit(redmine, tmp_path).words([1]) == {"1": "ok"}


def test_anonymously(redmine: Redmine, tmp_path: Path) -> None:
    redmine.issue(1, "QA passed")
    kit = local_kit(redmine, tmp_path, credentials_file="")
    assert kit.words([1]) == {"1": "ok"}
    assert not kit.settings.tracker.writes
    assert redmine.count("users/current") == 0


def test_a_key_that_is_not_accepted_is_not_taken_for_nobody(kit: RedmineKit, redmine: Redmine) -> None:
    """Redmine would answer, with what anybody may see."""
    redmine.issue(1, "QA passed")
    redmine.token = "another"
    with pytest.raises(TrackerError, match="answered 401: the API key is not accepted"):
        kit.read([1])


def test_a_rest_service_that_is_switched_off(kit: RedmineKit, redmine: Redmine) -> None:
    redmine.rest = False
    with pytest.raises(TrackerError, match="answered 403: its REST service is switched off"):
        kit.read([1])


def test_one_issue_that_redmine_stumbles_over(kit: RedmineKit, redmine: Redmine) -> None:
    for number in range(1, 151):
        redmine.issue(number, "QA passed")
    redmine.issues[30].poison = True
    words = kit.words(range(1, 151))
    assert "answered 500" in words.pop("30")
    assert set(words.values()) == {"ok"}


@pytest.mark.parametrize(
    "shape",
    [
        {"updated_on": "2026-11-01T00:00:09Z"},
        {"status": {"id": 1, "name": "QA passed"}, "updated_on": "2026-11-01T00:00:09"},
    ],
)
def test_an_issue_in_another_shape_is_one_issues_matter(
    kit: RedmineKit, redmine: Redmine, shape: dict[str, object]
) -> None:
    """A status is missing, say, or the zone of a time; and it is not taken for what it was before."""
    for number in (1, 2):
        redmine.issue(number, "QA passed")
    kit.read((1, 2))
    odd = {"id": 1, **shape}
    good = {"id": 2, "status": {"id": 1, "name": "QA passed"}, "updated_on": "2026-11-01T00:00:02Z"}
    body = msgspec.json.encode({"issues": [odd, good], "total_count": 2})
    redmine.fail("say", on="issues.json", times=9, body=body)
    words = kit.words((1, 2))
    assert words["2"] == "ok" and words["1"].startswith("Redmine gives issue 1 in another shape")
    redmine.repair()
    assert kit.words((1, 2)) == {"1": "ok", "2": "ok"}


@pytest.mark.parametrize("value", [5, True, {"a": 1}, [1, None, "passed"], [[]]])
def test_values_that_only_plugins_have(redmine: Redmine, tmp_path: Path, value: Any) -> None:
    redmine.issue(1, QA_result=value)
    kit = local_kit(redmine, tmp_path, statuses=SILENCE, field=replace(FIELD, ok=("passed", "5", "True")))
    right = isinstance(value, int) or (isinstance(value, list) and "passed" in value)
    assert kit.words([1]) == {"1": "ok" if right else ""}


def test_urls_that_are_too_long_for_what_stands_before_it(kit: RedmineKit, redmine: Redmine) -> None:
    redmine.longest_url = 2_100
    numbers = range(10_000_001, 10_000_601)
    for number in numbers:
        redmine.issue(number, "In QA")
    kit.read(numbers)
    redmine.pass_by(days=2)
    redmine.change(numbers[-1], "QA passed")
    assert kit.words(numbers)[str(numbers[-1])] == "ok"


def test_an_answer_with_issues_that_were_not_asked_for(kit: RedmineKit, redmine: Redmine) -> None:
    """As a Redmine gives that does not know the condition."""
    redmine.issue(1, "QA passed")
    other = {"id": 3, "status": {"id": 1, "name": "New"}, "updated_on": "2026-01-01T00:00:00Z"}
    body = msgspec.json.encode({"issues": [other], "total_count": 1})
    redmine.fail("say", on="issues.json", body=body)
    with pytest.raises(TrackerError, match="issues that it was not asked for"):
        kit.read([1])


def test_a_list_in_another_order(kit: RedmineKit, redmine: Redmine) -> None:
    for number in (1, 2):
        redmine.issue(number, "In QA")
    kit.read((1, 2))
    listed = [
        {"id": number, "status": {"id": 1, "name": "New"}, "updated_on": f"2026-01-0{number}T00:00:00Z"}
        for number in (1, 2)
    ]
    body = msgspec.json.encode({"issues": listed, "total_count": 2})
    redmine.fail("say", on="issues.json", body=body)
    with pytest.raises(TrackerError, match="not in the order"):
        kit.read((1, 2))


@pytest.mark.parametrize("number", [2**63, 10**30, -1])
def test_numbers_that_no_database_has(kit: RedmineKit, redmine: Redmine, number: int) -> None:
    """They could not be kept until the next reading."""
    redmine.issue(1)
    body = json.dumps({"user": {"id": number, "login": "shepherd"}}).encode()
    redmine.fail("say", on="users/current", times=99, body=body)
    with pytest.raises(TrackerError, match="is not Redmine"):
        kit.read([1])


@pytest.mark.parametrize(
    "when",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2999-01-01T00:00:00Z",
    ],
)
def test_times_that_cannot_be_keep_nothing_from_being_read(
    kit: RedmineKit, redmine: Redmine, when: str
) -> None:
    redmine.issue(1, "QA passed")
    for name in ("QA passed", "QA failed", "QA passed"):
        issue = {"id": 1, "status": {"id": 6, "name": name}, "updated_on": when}
        redmine.repair()
        body = json.dumps({"issues": [issue], "total_count": 1}).encode()
        redmine.fail("say", on="issues.json", times=99, body=body)
        assert kit.words([1]) == {"1": {"QA passed": "ok", "QA failed": "bad"}[name]}
