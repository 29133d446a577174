"""What of other settings shows its effect on what was recorded, and what does not
(docs/replay.md#with-other-settings)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import fields, replace

from shepherd.conditions import CheckResult, CommitChecks, Conditions, Limit
from shepherd.plans.mails import BlockerHistory
from shepherd.rules.item_speech import ItemSpeech
from shepherd.settings import MailSettings, Settings, parse
from shepherd.settings.branch import ALL_GRAMMARS, BranchSettings
from shepherd.settings.model import NO_KEYS, ReportSettings
from shepherd.settings.tracker import TrackerSettings
from shepherd.stages.judge_input import Announcement, JudgeInput, snapshot_of
from shepherd.stages.snapshot_context import SnapshotContext
from shepherd.stages.supposed_settings import (
    MAIL_WITHOUT_EFFECT,
    READ_EARLIER,
    REPORT_WITHOUT_EFFECT,
    TRACKER_READ_EARLIER,
    TRACKER_WITHOUT_EFFECT,
    WITHOUT_EFFECT,
    mails_not_known,
    read_earlier,
    supposed_input,
    without_effect,
)
from shepherd.words import Options
from tests.views.factory import snapshot

NOW = datetime(2011, 8, 1, tzinfo=UTC)
DB, WEB = ("db/*",), ("web/*",)


def settings(branch: str = "", more: str = "") -> Settings:
    text = '[branches.stable]\nrepository = "x.git"\nref = "stable"\ndeployed = { ref = "production" }\n'
    return parse(f"{text}{branch}\n{more}", Path("/nowhere/shepherd.toml"))


def given(**values: object) -> JudgeInput:
    context = SnapshotContext("run", "stable", NOW, NOW + timedelta(hours=1), marks=ALL_GRAMMARS)
    return replace(JudgeInput("", context), **values)


def test_what_differs_is_named() -> None:
    recorded = given(options=Options("block", ("Merging *",)))
    wanted = settings('orphans = "pass"', '[tracker]\ntype = "file"\npath = "b"\nbug_url = "https://b/{bug}"')
    supposed = supposed_input(recorded, wanted, "stable")
    assert supposed.given.options == Options("pass", ())
    assert supposed.given.context.bug_url == "https://b/{bug}"
    assert dict(supposed.changed) == {
        "orphans": "block → pass",
        "exempt_subjects": "Merging * → none",
        "bug_url": "none → https://b/{bug}",
    }
    assert supposed.unknown == ()


def test_answer_without_data_stays_as_it_was() -> None:
    recorded = given(problem="no tracker", options=Options("block"))
    supposed = supposed_input(recorded, settings('orphans = "pass"'), "stable")
    assert supposed.given == recorded
    assert not supposed.changed


def test_limits_keep_what_touches_them_wherever_they_stand() -> None:
    limits = (Limit(DB, 1), Limit(WEB, 2))
    touched = {"a": {0: ("db/1",)}, "b": {0: ("db/2",), 1: ("web/1",)}, "c": {1: ("web/2",)}}
    recorded = given(conditions=Conditions(limits=limits, touched=touched))
    wanted = settings('limits = [{ paths = ["new/*"] }, { paths = ["web/*"], max = 5 }]')
    supposed = supposed_input(recorded, wanted, "stable")
    assert supposed.given.conditions.limits == (Limit(WEB, 5),)
    assert supposed.given.conditions.touched == {"b": {0: ("web/1",)}, "c": {0: ("web/2",)}}
    assert supposed.unknown == ("the limit on new/*: which landings touch these was not looked up",)
    assert dict(supposed.changed)["limits"] == ("at most 1 of db/*, at most 2 of web/* → at most 5 of web/*")


def test_check_that_was_asked_for_goes_on_to_count_and_another_one_does_not() -> None:
    results = {"a": CommitChecks((CheckResult("ci/build", "failed"),))}
    recorded = given(conditions=Conditions(("ci/*", "docs"), results))
    wanted = settings('check_notes = "refs/notes/ci"\nchecks = ["ci/*", "lint"]')
    supposed = supposed_input(recorded, wanted, "stable")
    assert supposed.given.conditions == Conditions(("ci/*",), results)
    assert supposed.unknown == ("the check 'lint': what it said was not asked for",)
    none = supposed_input(recorded, settings(), "stable")
    assert none.given.conditions == Conditions()


def test_mail_settings_stand_for_the_recorded_ones() -> None:
    histories = {"a": BlockerHistory(NOW)}
    recorded = given(announcement=Announcement(True, 4, "UTC", "09:00", False, histories))
    mail = '[mail]\nsender = "qa@example.org"\nlist = "dev@example.org"\ngrace_days = 2\n'
    supposed = supposed_input(recorded, settings(more=mail), "stable")
    assert supposed.given.announcement == Announcement(True, 2, "UTC", "09:00", False, histories)
    assert dict(supposed.changed)["mail.grace_days"] == "4 → 2"
    without = supposed_input(recorded, settings(), "stable")
    assert without.given.announcement is None
    assert dict(without.changed)["mail.list"] == "yes → no"


def test_when_the_list_is_told_of_a_landing_that_did_not_block_is_not_known() -> None:
    mail = '[mail]\nsender = "qa@example.org"\nlist = "dev@example.org"\n'
    supposed = supposed_input(given(), settings(more=mail), "stable").given
    blocked = snapshot()
    assert blocked.blockers
    assert mails_not_known(supposed, blocked)
    assert not mails_not_known(supposed, replace(blocked, blockers=()))
    assert not mails_not_known(given(), blocked)


def test_keys_that_decide_what_is_read_are_named() -> None:
    tracker = '[tracker]\ntype = "file"\npath = "b.json"\n'
    wanted = settings('robots = ["x"]\nmarks = ["trailers"]', f'{tracker}words = {{ ok = ["QA Pass"] }}')
    assert list(read_earlier(settings(more=tracker), wanted, "stable")) == [
        "branches.stable.marks",
        "branches.stable.robots",
        "tracker.words",
    ]
    assert list(read_earlier(wanted, wanted, "stable")) == []


def test_what_was_read_otherwise_at_the_time_is_named_whatever_it_is_today() -> None:
    then = replace(
        given().context,
        marks=("brackets",),
        verdict_notes="refs/notes/qa",
        components=("web",),
        speech=ItemSpeech("file", "b.json", {"ok": "QA Pass"}),
    )
    assert supposed_input(given(context=then), settings(), "stable").unknown == tuple(
        f"{key}: it decides what is read, before anything is judged"
        for key in (
            "branches.stable.marks",
            "branches.stable.verdict_notes",
            "branches.stable.components",
            "tracker.words",
            "tracker.type",
        )
    )


def names(table: type) -> set[str]:
    return {each.name for each in fields(table)}


def test_every_key_shows_its_effect_or_is_named() -> None:
    """A key that comes later has to be put among those that do not, or has to be supposed."""
    shown = {"orphans", "exempt_subjects", "checks", "limits", "landing_url", "compare_url"}
    assert names(BranchSettings) - shown == {"tracker", *READ_EARLIER, *WITHOUT_EFFECT} & names(
        BranchSettings
    )
    shown = {"bug_url", "request_url"}
    assert names(TrackerSettings) - shown == {*TRACKER_READ_EARLIER, *TRACKER_WITHOUT_EFFECT}
    assert names(MailSettings) - {"list", "at", "weekend", "grace_days"} == {*MAIL_WITHOUT_EFFECT}
    assert names(ReportSettings) - {"expected_every"} == {*REPORT_WITHOUT_EFFECT}
    # tables that are asked for their keys, and what brings them
    tables = {"branches", "tracker", "trackers", "include", "report", "mail", *NO_KEYS}
    kept = {"keep", "promote", "timezone"}
    assert names(Settings) - tables - kept == {*WITHOUT_EFFECT} & names(Settings)


def test_keys_that_no_answer_hangs_on_are_named() -> None:
    window = 'freeze = [{ days = "Fri 16:00 - Mon 08:00" }]'
    mail = '[mail]\nsender = "qa@example.org"\n'
    wanted = settings(f'{window}\nchecks_grace = "9h"', f"{mail}[cron]\nevery = '10m'\n[tracker]\ncap = 7")
    assert list(without_effect(settings(), wanted, "stable")) == [
        "branches.stable.checks_grace",
        "branches.stable.freeze",
        "tracker.cap",
        "cron",
        "mail",
    ]
    assert list(read_earlier(settings(), wanted, "stable")) == []


def test_how_long_an_answer_counts_and_who_shares_bugs_is_not_known() -> None:
    other = '[branches.next]\nrepository = "x.git"\nref = "next"\ndeployed = { ref = "p" }\n'
    wanted = settings('components = { web = ["web/"] }', f"{other}[report]\nexpected_every = '1h'")
    assert list(read_earlier(settings(), wanted, "stable")) == [
        "branches.stable.components",
        "report.expected_every",
        "branches.next",
    ]


def test_what_is_said_in_other_words_because_of_what_is_not_known_stays_as_it_was() -> None:
    other = '[branches.next]\nrepository = "x.git"\nref = "next"\ndeployed = { ref = "p" }\n'
    tracker = '[tracker]\ntype = "file"\npath = "b.json"\nwords = { ok = ["QA Pass"] }'
    recorded = given(options=Options("block"))
    wanted = settings('marks = ["brackets", "trailers"]', f"{other}{tracker}")
    supposed = supposed_input(recorded, wanted, "stable")
    assert supposed.given == recorded
    assert supposed.unknown == ("branches.stable.marks: it decides what is read, before anything is judged",)


def test_input_of_no_data_is_answered_with_either() -> None:
    recorded = given(problem="no tracker")
    assert snapshot_of(supposed_input(recorded, settings(), "stable").given) == snapshot_of(recorded)
