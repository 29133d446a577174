"""What Jira's issues say, by labels, status and a field; which issue a key stands for; what is not said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError
from tests.trackers.faulty import at_work
from tests.trackers.jira_kit import JiraKit, unreadable, words
from tests.trackers.jira_server import Jira

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

STATUSES: dict[str, Any] = {"statuses": {"ok": ["QA passed"], "bad": ["QA failed"], "silent": ["To Do"]}}


@pytest.fixture(params=[True, False], ids=["cloud", "data center"])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JiraKit]:
    with at_work(Jira(cloud=request.param)) as jira:
        yield JiraKit(jira, tmp_path)


def test_labels_say_words(kit: JiraKit) -> None:
    kit.jira.issue("ABC-1", "qa-ok")
    kit.jira.issue("ABC-2", "ui", "qa-bad", "bad-commit-7")
    kit.jira.issue("ABC-3")
    said = kit.read("ABC-1", "ABC-2", "ABC-3")
    assert words(said) == {"ABC-1": ("ok",), "ABC-2": ("bad",), "ABC-3": ()}
    assert said.items["ABC-2"].bad_commits == (7,)
    assert not said.speaks_of_requests


def test_statuses_and_a_field_say_words(kit: JiraKit) -> None:
    field = kit.jira.field("QA result")
    kit.jira.issue("ABC-1", status="QA passed")
    kit.jira.issue("ABC-2", "qa-ok", fields={field: {"value": "Failed"}})
    kit.jira.issue("ABC-3", status="Whatever")
    result = {"name": "qa result", "bad": ["failed"]}
    said = kit.read("ABC-1", "ABC-2", "ABC-3", **STATUSES, field=result)
    assert words(said) == {"ABC-1": ("ok",), "ABC-2": ("bad", "ok"), "ABC-3": ()}
    assert said.items["ABC-2"].of_newest is True
    assert "Whatever" in said.said_of("ABC-3").warnings[0]
    assert said.about["ABC-1"].status == "QA passed"


def test_no_title_is_asked_for(kit: JiraKit) -> None:
    kit.jira.issue("ABC-1", "qa-ok")
    kit.read("ABC-1")
    assert not any("summary" in body or "*" in body for body in kit.jira.bodies)


def test_what_is_missing_or_may_not_be_seen_is_unknown_alone(kit: JiraKit) -> None:
    kit.jira.issue("ABC-1", "qa-ok")
    kit.jira.issue("ABC-2", "qa-ok", level="secret")
    kit.jira.issue("SEC-1", "qa-ok")
    kit.jira.account.rights["SEC"] = ()
    said = kit.read("ABC-1", "ABC-2", "ABC-3", "SEC-1", keys=["ABC", "SEC"])
    assert words(said) == {"ABC-1": ("ok",)}
    why = "there is no {}, or this account may not see it"
    assert unreadable(said) == {item: why.format(item) for item in ("ABC-2", "ABC-3", "SEC-1")}


def test_a_number_is_no_key(kit: JiraKit) -> None:
    issue = kit.jira.issue("ABC-1", "qa-ok")
    said = kit.read("ABC-1", issue.id)
    assert unreadable(said) == {issue.id: f"{issue.id} is not the key of an issue in Jira"}


def test_a_moved_issue_is_found_by_its_former_key(kit: JiraKit) -> None:
    for number in range(1, 6):
        kit.jira.issue(f"ABC-{number}", "qa-ok" if number % 2 else "qa-bad")
    kit.jira.issue("XYZ-3", "qa-untestable")
    kit.jira.move("ABC-4", "XYZ")
    kit.jira.move("ABC-1", "XYZ")
    said = kit.read(*(f"ABC-{number}" for number in range(1, 7)))
    assert words(said) == {
        **{f"ABC-{number}": ("ok",) for number in (1, 3, 5)},
        **{f"ABC-{number}": ("bad",) for number in (2, 4)},
    }
    assert list(unreadable(said)) == ["ABC-6"]
    again = kit.read(*(f"ABC-{number}" for number in range(1, 7)), before=said)
    assert again.items == said.items
    # the former keys are not looked for again: only the one that there is not
    assert again.requests == (3 if kit.jira.cloud else 2)


def test_a_former_key_and_the_key_of_now_may_both_be_named(kit: JiraKit) -> None:
    kit.jira.issue("ABC-1", "qa-ok")
    kit.jira.issue("ABC-2", "qa-bad")
    now = kit.jira.move("ABC-1", "XYZ")
    said = kit.read("ABC-1", "ABC-2", now, keys=["ABC", "XYZ"])
    assert words(said) == {"ABC-1": ("ok",), "ABC-2": ("bad",), now: ("ok",)}


def test_one_that_moves_between_two_readings(kit: JiraKit) -> None:
    kit.jira.issue("ABC-1", "qa-ok")
    kit.jira.issue("ABC-2", "qa-ok")
    first = kit.read("ABC-1", "ABC-2")
    now = kit.jira.move("ABC-2", "XYZ")
    kit.later(hours=1)
    second = kit.read("ABC-1", "ABC-2", before=first)
    assert words(second) == {"ABC-1": ("ok",), "ABC-2": ("ok",)}
    kit.jira.change(now, labels=["qa-bad"])
    assert words(kit.read("ABC-1", "ABC-2", before=second)) == {"ABC-1": ("ok",), "ABC-2": ("bad",)}


def test_issues_that_name_a_landing_bad_and_that_no_landing_names(kit: JiraKit) -> None:
    kit.jira.issue("ABC-1", "qa-ok")
    kit.jira.issue("ABC-2", "bad-commit-7", "qa-bad")
    kit.jira.issue("ABC-3", "bad-commit-8")
    kit.jira.issue("XYZ-1", "bad-commit-7")
    said = kit.read("ABC-1", revnos=[7])
    assert list(said.items) == ["ABC-1", "ABC-2"]
    assert said.items["ABC-2"].bad_commits == (7,)
    # one that comes later is found among what was changed, a landing that is new by its label
    kit.jira.change("ABC-1", labels=["bad-commit-7"])
    kit.jira.issue("ABC-4", "bad-commit-7")
    assert list(kit.read("ABC-1", revnos=[7, 8], before=said).items) == ["ABC-1", "ABC-2", "ABC-3", "ABC-4"]


def test_a_project_that_may_not_be_seen_stops_no_search(kit: JiraKit) -> None:
    kit.jira.issue("ABC-1", "qa-ok")
    kit.jira.issue("ABC-2", "bad-commit-7")
    kit.jira.issue("SEC-1")
    kit.jira.account.rights["SEC"] = ()
    said = kit.read("ABC-1", revnos=[7], keys=["ABC", "SEC"])
    assert list(said.items) == ["ABC-1", "ABC-2"]
    again = kit.read("ABC-1", revnos=[7], keys=["ABC", "SEC"], before=said)
    assert again.items == said.items and again.requests == (2 if kit.jira.cloud else 1)


def test_everything_in_a_project_whose_key_was_changed(kit: JiraKit) -> None:
    """Jira keeps the former key of the project; all of its issues have another one."""
    for number in range(1, 120):
        kit.jira.issue(f"NEW-{number}", "qa-ok")
        kit.jira.moved[f"OLD-{number}"] = kit.jira.issues[f"NEW-{number}"].id
    kit.jira.former = {"OLD": "NEW"}
    said = kit.read(*(f"OLD-{number}" for number in range(1, 120)), keys=["OLD"])
    assert len(words(said)) == 119
    assert said.requests <= 8


@pytest.mark.parametrize("name", ["QA result", "customfield_10040"])
def test_a_field_is_named_by_what_it_is_called_or_by_its_id(kit: JiraKit, name: str) -> None:
    field = kit.jira.field("QA result", "array")
    assert field == "customfield_10040"
    kit.jira.issue("ABC-1", fields={field: [{"value": "ok on phone"}, {"value": "passed"}]})
    said = kit.read("ABC-1", field={"name": name, "ok": ["passed"], "silent": ["ok on phone"]})
    assert words(said)["ABC-1"] == ("ok",)


def test_a_field_that_there_is_not(kit: JiraKit) -> None:
    kit.jira.field("QA result")
    kit.jira.issue("ABC-1")
    told = r"no field 'QA results', or .*; is tracker.field.name right\?; near: 'QA result'"
    with pytest.raises(TrackerError, match=told):
        kit.read("ABC-1", field={"name": "QA results", "ok": ["passed"]})


def test_two_fields_of_one_name(kit: JiraKit) -> None:
    kit.jira.field("QA result")
    kit.jira.field("QA result")
    kit.jira.issue("ABC-1")
    with pytest.raises(TrackerError, match=r"2 fields called.*'customfield_10040', 'customfield_10041'"):
        kit.read("ABC-1", field={"name": "QA result", "ok": ["passed"]})
