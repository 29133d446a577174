"""What a second reading of Jira asks, and that it says the same as a first one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import TrackerError
from shepherd.trackers import http
from shepherd.words import TrackerData
from tests.trackers.faulty import at_work
from tests.trackers.jira_kit import JiraKit, unreadable, words
from tests.trackers.jira_server import Jira

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

LANDINGS, ISSUES = 2_000, 1_500
KEYS = [f"ABC-{number}" for number in range(1, ISSUES + 1)]
REVNOS = range(5_000, 5_000 + LANDINGS)
FEW = KEYS[:350]


@pytest.fixture(params=[True, False], ids=["cloud", "data center"])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JiraKit]:
    with at_work(Jira(cloud=request.param)) as jira:
        # Data Center gives that many by default, whatever is asked for (jira.search.views.default.max)
        jira.page = 100 if jira.cloud else 1_000
        yield JiraKit(jira, tmp_path)


def fill(kit: JiraKit, keys: list[str]) -> None:
    for key in keys:
        kit.jira.issue(key, "qa-ok")
    kit.later(days=30)


def few(kit: JiraKit, before: TrackerData | bytes = b"") -> TrackerData:
    return kit.read(*FEW, revnos=REVNOS, before=before)


def test_requests_for_two_thousand_landings(kit: JiraKit) -> None:
    """At most five, and one per hundred issues; the second time a handful: what has changed (twice, since our
    clock does not go on as Jira's does here), and whether the others are there."""
    field = {"name": kit.jira.fields[kit.jira.field("QA result")].name, "ok": ["passed"]}
    fill(kit, KEYS)
    first = kit.read(*KEYS, revnos=REVNOS, field=field)
    assert len(words(first)) == ISSUES
    assert first.requests <= 5 + ISSUES // 100
    kit.later(minutes=15)
    second = kit.read(*KEYS, revnos=REVNOS, before=first, field=field)
    assert second.items == first.items
    assert second.requests <= 4
    for key in KEYS[100:130]:
        kit.jira.change(key, labels=["qa-bad"])
    kit.jira.issue("ABC-2000", "qa-ok")
    third = kit.read(*KEYS, "ABC-2000", revnos=range(5_001, 7_001), before=second, field=field)
    assert third.requests <= 5
    assert [key for key, said in words(third).items() if said == ("bad",)] == KEYS[100:130]


def test_what_has_changed_is_read_again_and_nothing_else(kit: JiraKit) -> None:
    fill(kit, FEW)
    first = few(kit)
    kit.jira.change("ABC-7", labels=["qa-bad"])
    kit.jira.bodies.clear()
    second = few(kit, first)
    assert {key for key, said in words(second).items() if said != ("ok",)} == {"ABC-7"}
    assert second.requests == 2
    assert any("updated >=" in body for body in kit.jira.bodies)


@pytest.mark.parametrize("how", ["deleted", "hidden", "its project is hidden"])
def test_what_can_no_longer_be_seen_is_unknown_in_the_next_reading(kit: JiraKit, how: str) -> None:
    """Jira does not say that it has changed."""
    fill(kit, FEW)
    first = few(kit)
    if how == "deleted":
        del kit.jira.issues["ABC-7"]
    elif how == "hidden":
        kit.jira.issues["ABC-7"].level = "secret"
    else:
        kit.jira.account.rights["ABC"] = ()
    second = few(kit, first)
    why = "there is no ABC-7, or this account may not see it"
    assert unreadable(second)["ABC-7"] == why
    assert len(unreadable(second)) == (len(FEW) if how == "its project is hidden" else 1)
    kit.jira.account.rights.clear()
    kit.jira.account.rights[""] = ("BROWSE_PROJECTS",)
    kit.jira.account.levels = {"secret"}
    third = few(kit, second)
    assert list(unreadable(third)) == (["ABC-7"] if how == "deleted" else [])


def test_few_issues_are_read_again_each_time_on_cloud(tmp_path: Path) -> None:
    """Whatever the index of its searches knows."""
    with at_work(Jira()) as jira:
        kit = JiraKit(jira, tmp_path)
        fill(kit, KEYS[:200])
        first = kit.read(*KEYS[:200])
        jira.index_stops()
        jira.change("ABC-7", labels=["qa-bad"])
        second = kit.read(*KEYS[:200], before=first)
        assert words(second)["ABC-7"] == ("bad",)
        assert second.requests == 3


def test_a_change_that_the_index_does_not_know_yet_is_seen_later(kit: JiraKit) -> None:
    """Cloud's searches lag behind; the overlap of the readings covers it."""
    fill(kit, FEW)
    said = few(kit)
    kit.jira.index_stops()
    kit.jira.change("ABC-7", labels=["qa-bad"])
    for _ in range(2):
        kit.later(minutes=4)
        said = few(kit, said)
    kit.jira.index_goes_on()
    kit.later(minutes=1)
    assert words(few(kit, said))["ABC-7"] == ("bad",)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_zone_of_the_account_does_not_matter(kit: JiraKit, zone: str) -> None:
    kit.jira.account.zone = zone
    fill(kit, FEW)
    said = few(kit)
    kit.later(minutes=20)
    kit.jira.change("ABC-7", labels=["qa-bad"])
    kit.later(minutes=20)
    assert words(few(kit, said))["ABC-7"] == ("bad",)


@pytest.mark.parametrize("ahead", [timedelta(hours=-5), timedelta(hours=5)])
def test_only_the_clock_of_jira_counts(kit: JiraKit, ahead: timedelta) -> None:
    """Ours is wrong by hours, and then wrong by others."""
    fill(kit, FEW)
    kit.ahead += ahead
    first = few(kit)
    kit.later(hours=3)
    kit.jira.change("ABC-7", labels=["qa-bad"])
    kit.later(hours=3)
    second = few(kit, first)
    assert words(second)["ABC-7"] == ("bad",)
    # asked once by our clock and once by Jira's, then whether the others are there
    assert second.requests <= 3


def test_once_a_day_everything_is_read_again(kit: JiraKit) -> None:
    fill(kit, FEW)
    first = few(kit)
    kit.jira.issues["ABC-7"].labels = ["qa-bad"]  # and nothing says that it was changed
    kit.later(hours=23)
    second = few(kit, first)
    assert words(second)["ABC-7"] == ("ok",)
    kit.later(hours=2)
    assert words(few(kit, second))["ABC-7"] == ("bad",)


def test_when_more_has_changed_than_is_worth_a_search_everything_is_read(kit: JiraKit) -> None:
    fill(kit, KEYS)
    first = few(kit)
    for key in KEYS:
        kit.jira.change(key, labels=["qa-bad"])
    kit.later(minutes=5)
    second = few(kit, first)
    assert set(words(second).values()) == {("bad",)}
    assert second.requests <= 11


def test_what_was_read_before_it_broke_off_is_not_asked_for_again(kit: JiraKit) -> None:
    fill(kit, FEW)
    whole = few(kit)
    http._RESTS.clear()
    on = "bulkfetch" if kit.jira.cloud else "key in"
    kit.jira.fail(429, on, times=9, after=3, headers={"Retry-After": "3600"})
    with pytest.raises(TrackerError, match="answered 429") as broken:
        few(kit)
    kit.jira.repair()
    http._RESTS.clear()
    again = few(kit, broken.value.memory)
    assert again.items == whole.items
    # what has changed, whether the first 300 are there, the last 50, and two searches for names
    assert again.requests == 5


@pytest.mark.parametrize("limit", [5, 8])
def test_with_a_limit_that_is_too_small_each_hour_gets_further(kit: JiraKit, limit: int) -> None:
    keys, hours, memory = KEYS[:900], 0, b""
    fill(kit, keys)
    whole = kit.read(*keys, revnos=REVNOS)
    while True:
        hours += 1
        http._RESTS.clear()
        kit.jira.repair()
        kit.jira.fail(429, after=limit, times=10**6, headers={"Retry-After": "3600"})
        try:
            said = kit.read(*keys, revnos=REVNOS, before=memory)
            break
        except TrackerError as error:
            assert len(error.memory) > len(memory)
            memory = error.memory
        kit.later(hours=1)
    assert said.items == whole.items
    assert 1 < hours <= 6


def test_other_words_give_what_was_read_another_meaning(kit: JiraKit) -> None:
    kit.jira.issue("ABC-1", "fine", status="QA failed")
    kit.later(days=1)
    first = kit.read("ABC-1")
    assert words(first) == {"ABC-1": ()}
    second = kit.read("ABC-1", before=first, words={"ok": ["fine"]}, statuses={"bad": ["QA failed"]})
    assert words(second) == {"ABC-1": ("bad", "ok")}
    assert second.requests == 2


@pytest.mark.parametrize("other", [{"credentials_env": "OTHER", "credentials_file": ""}, {"keys": ["XYZ"]}])
def test_what_another_account_saw_is_not_believed(
    kit: JiraKit, other: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER", "its-token")
    kit.jira.issue("ABC-1", "qa-ok")
    first = kit.read("ABC-1")
    kit.jira.issues["ABC-1"].labels = []
    assert words(kit.read("ABC-1", before=first, **other)) == {"ABC-1": ()}


def test_a_memory_that_is_damaged_is_none(kit: JiraKit) -> None:
    kit.jira.issue("ABC-1", "qa-ok")
    first = kit.read("ABC-1")
    for memory in (b"", b"\x93", first.memory[:-3], b"{}"):
        assert words(kit.read("ABC-1", before=memory)) == {"ABC-1": ("ok",)}


def test_a_clock_at_the_end_of_all_times(kit: JiraKit, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no day after it, so nothing is remembered, and everything is read again."""
    kit.jira.issue("ABC-1", "qa-ok")
    note = http.HttpSession._note
    monkeypatch.setattr(
        http.HttpSession, "_note", lambda self, _: note(self, "Fri, 31 Dec 9999 23:59:59 GMT")
    )
    before = kit.read("ABC-1")
    kit.jira.change("ABC-1", labels=["qa-bad"])
    assert words(kit.read("ABC-1", before=before)) == {"ABC-1": ("bad",)}
