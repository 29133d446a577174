"""The list is told once of each check that keeps candidates back for too long (docs/mails.md#checks)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shepherd.errors import PARTLY
from shepherd.store import open_branch
from tests.campaigns.killing import killed_at, points, undisturbed
from tests.mail.team import LIST, Team, parsed
from tests.project import lines_of
from tests.running.smtp import Server

CHECKS = 'checks = ["ci/*"]'


@pytest.fixture
def team(tmp_path: Path, server: Server) -> Team:
    """r1 is live, and a candidate needs every check that is called ci/…; the grace is four hours. It is
    Tuesday."""
    return Team(tmp_path, server, branch=CHECKS).at("2011-08-02 08:00")


def landed(team: Team, when: str, **said: str) -> str:
    """A landing that needs no QA, with what its checks say; the shepherd looks."""
    sha = team.at(when).land("[no-qa] Something")[0]
    say(team, sha, **said)
    return sha


def say(team: Team, sha: str, **said: str) -> None:
    team.check(sha, **said)
    team.look()


def looked(team: Team, when: str) -> Team:
    """At that time, with an answer of then."""
    team.at(when).look()
    return team.at(when)


def told(team: Team, *when: str) -> list[str]:
    """The times of these at which the list was told of checks."""
    heard = []
    for each in when:
        looked(team, each).escalate()
        if "checks" in [kind for to, kind in team.sent() if to == LIST]:
            heard.append(each)
    return heard


def hours(day: int) -> list[str]:
    return [f"2011-08-{day:02} {hour:02}:00" for hour in (8, 9, 12, 14, 16, 20)]


@pytest.mark.parametrize("word", ["pending", "failed", "cancelled"])
def test_the_list_is_told_once_after_the_grace(team: Team, word: str) -> None:
    landed(team, "2011-08-02 10:30", ci_build=word)
    assert told(team, *hours(2), *hours(3), *hours(4)) == ["2011-08-02 16:00"]


def test_a_check_that_has_no_result_is_waited_for_as_well(team: Team) -> None:
    landed(team, "2011-08-02 10:30")
    assert told(team, *hours(2)) == ["2011-08-02 16:00"]


def test_the_grace_is_that_of_the_branch(tmp_path: Path, server: Server) -> None:
    team = Team(tmp_path, server, branch=f'{CHECKS}\nchecks_grace = "26h"').at("2011-08-02 08:00")
    landed(team, "2011-08-02 09:00", ci_build="failed")
    assert told(team, *hours(2), *hours(3)) == ["2011-08-03 12:00"]


def test_nothing_goes_at_the_weekend(team: Team) -> None:
    landed(team, "2011-08-05 19:00", ci_build="failed")
    assert told(team, *hours(5), *hours(6), *hours(7), *hours(8)) == ["2011-08-08 09:00"]


def test_what_passes_in_time_is_never_told(team: Team) -> None:
    sha = landed(team, "2011-08-02 10:30", ci_build="failed")
    team.at("2011-08-02 13:00")
    say(team, sha, ci_build="success")
    assert told(team, *hours(2), *hours(3)) == []


def test_a_mainline_that_stays_red_over_newer_landings_is_told_of_once(team: Team) -> None:
    landed(team, "2011-08-02 10:00", ci_build="failed")
    heard = []
    for hour in range(11, 22):
        landed(team, f"2011-08-02 {hour:02}:00", ci_build="pending" if hour % 2 else "failed")
        heard += told(team, f"2011-08-02 {hour:02}:40")
    landed(team, "2011-08-03 10:00", ci_build="failed")
    heard += told(team, *hours(3))
    assert heard == ["2011-08-02 14:40"]


def test_a_newer_landing_on_which_nothing_has_reported_yet_ends_nothing(team: Team) -> None:
    landed(team, "2011-08-02 10:00", ci_build="failed")
    heard = []
    for hour in range(11, 22):
        sha = landed(team, f"2011-08-02 {hour:02}:00")
        team.at(f"2011-08-02 {hour:02}:20")
        say(team, sha, ci_build="failed")
        heard += told(team, f"2011-08-02 {hour:02}:40")
    assert heard == ["2011-08-02 14:40"]


def test_one_that_the_settings_no_longer_name_is_over(team: Team) -> None:
    landed(team, "2011-08-02 09:00", ci_build="failed")
    settings = team.folder / "shepherd.toml"
    team.at("2011-08-02 12:00").look()
    settings.write_text(settings.read_text().replace(CHECKS, 'checks = ["docs*"]'))
    looked(team, "2011-08-02 13:00")
    with open_branch(team.settings, "stable", read_only=True) as store:
        assert [each.data["on"] for each in store.journal.entries("check-wait")] == [True, False]


def test_a_mainline_on_which_one_after_the_other_passes_is_never_told_of(team: Team) -> None:
    """There is always something that is pending, but nothing for long."""
    before = landed(team, "2011-08-02 08:30", ci_build="pending")
    for hour in range(9, 22):
        sha = landed(team, f"2011-08-02 {hour:02}:00", ci_build="pending")
        team.at(f"2011-08-02 {hour:02}:30")
        say(team, before, ci_build="success")
        before = sha
        assert told(team, f"2011-08-02 {hour:02}:40") == []


def test_one_that_failed_again_after_it_held_is_told_of_again(team: Team) -> None:
    sha = landed(team, "2011-08-02 09:00", ci_build="failed")
    assert told(team, *hours(2)) == ["2011-08-02 14:00"]
    team.at("2011-08-02 20:30")
    say(team, sha, ci_build="success")
    landed(team, "2011-08-03 10:00", ci_build="failed")
    assert told(team, *hours(3), *hours(4)) == ["2011-08-03 16:00"]


def test_each_check_is_told_of_by_itself(team: Team) -> None:
    sha = landed(team, "2011-08-02 09:00", ci_build="failed", ci_test="success")
    team.at("2011-08-02 13:00")
    say(team, sha, ci_build="failed", ci_test="failed")
    looked(team, "2011-08-02 14:00").escalate()
    first = team.texts()[LIST]
    assert "ci/build keeps 1 landing" in first and "ci/test keeps" not in first
    assert "r2 also waits for ci/test" in first
    looked(team, "2011-08-02 18:00").escalate()
    second = team.texts()[LIST]
    assert "ci/test keeps 1 landing" in second and "ci/build keeps" not in second


def test_what_cannot_be_read_neither_ends_nor_begins_anything(team: Team) -> None:
    sha = landed(team, "2011-08-02 09:00", ci_build="failed")
    good = dict(team.checks)
    team.checks = {sha: 5}
    team.write_bugs()
    team.at("2011-08-02 11:00").look()
    team.checks = good
    team.write_bugs()
    team.at("2011-08-02 12:00").look()
    assert told(team, *hours(2)) == ["2011-08-02 14:00"]
    with open_branch(team.settings, "stable", read_only=True) as store:
        assert [each.data["on"] for each in store.journal.entries("check-wait")] == [True]


def test_what_a_landing_blocks_waits_for_no_check(team: Team) -> None:
    """Nobody could deploy it if the check passed: the time counts from when the landing is good."""
    team.tag(1, "qa-needstesting")
    sha = team.at("2011-08-02 09:00").land("[bug=1] Two")[0]
    say(team, sha, ci_build="failed")
    team.at("2011-08-02 12:00").tag(1, "qa-ok")
    team.look()
    assert told(team, *hours(2)) == ["2011-08-02 20:00"]


def test_a_freeze_or_a_promotion_despite_it_changes_nothing(team: Team) -> None:
    """Production moved on past it: what lands next waits for the same check still."""
    sha = landed(team, "2011-08-02 09:00", ci_build="failed")
    landed(team, "2011-08-02 09:30", ci_build="failed")
    team.deploy(sha)
    team.at("2011-08-02 11:00").look()
    assert told(team, *hours(2)) == ["2011-08-02 14:00"]


def test_it_says_which_check_since_when_on_what_and_how_to_go_on(team: Team) -> None:
    sha = landed(team, "2011-08-02 09:00", ci_build="failed")
    team.checks[sha] = {
        "ci/build": {"state": "failed", "since": "2011-08-02T09:20:00Z", "url": "https://ci.example.org/7"}
    }
    landed(team, "2011-08-02 10:00", ci_build="pending")
    looked(team, "2011-08-02 14:00").escalate()
    message = parsed(team.server.messages[-1][1])
    assert message["Subject"] == "[stable] ci/build keeps 2 landings back, 4 hours: running on r3"
    assert message["X-QA-Shepherd-Landings"] == "stable/r3 stable/r2"
    text = " ".join(team.texts()[LIST].split())
    for piece in (
        "ci/build keeps 2 landings of stable back, since Tuesday, 2 August 2011, 09:12 UTC (4 hours).",
        "* r3 running",
        "* r2 failed at Tuesday, 2 August 2011, 09:20 UTC https://ci.example.org/7",
        "Page: https://qa.example.org/stable.html#r3",
        'inv promote --to r3 --despite "…"',
    ):
        assert piece in text, piece
    assert "inv doctor" not in text, "both are reported"


def test_of_what_nothing_reports_it_says_how_to_look_at_the_name(team: Team) -> None:
    landed(team, "2011-08-02 09:00")
    looked(team, "2011-08-02 14:00").escalate()
    text = " ".join(team.texts()[LIST].split())
    assert "Whether the name is right, on the shepherd's host: inv doctor" in text


def test_the_name_of_a_check_becomes_no_header(team: Team) -> None:
    sha = team.at("2011-08-02 09:00").land("[no-qa] Something")[0]
    team.checks[sha] = {"ci/=?utf-8?q?=0D=0ABcc:_eve?= \u202ex": "failed"}
    team.write_bugs()
    team.look()
    looked(team, "2011-08-02 14:00").escalate()
    message = parsed(team.server.messages[-1][1])
    assert message["Bcc"] is None and message["Subject"].startswith(
        "[stable] ci/= ?utf-8?q?=0D=0ABcc:_eve?= "
    )
    assert "\u202e" not in team.server.messages[-1][1]


def test_a_preview_shows_it_at_any_hour_also_when_it_has_gone(team: Team) -> None:
    landed(team, "2011-08-02 09:00", ci_build="failed")
    assert "ci/build keeps" not in "".join(looked(team, "2011-08-02 11:00").escalate(preview=True).lines)
    assert "ci/build keeps" in "".join(looked(team, "2011-08-02 14:00").escalate(preview=True).lines)
    assert team.sent() == []
    team.escalate()
    assert "mail about checks to dev@example.org (sent today)" in "".join(team.escalate(preview=True).lines)
    assert "would mail" not in "".join(team.escalate(dry=True).lines)


def test_what_the_server_did_not_take_goes_with_the_next_run(team: Team) -> None:
    landed(team, "2011-08-02 09:00", ci_build="failed")
    settings = team.folder / "shepherd.toml"
    right = settings.read_text()
    settings.write_text(right.replace(team.server.place, "127.0.0.1:9"))
    assert looked(team, "2011-08-02 14:00").escalate().code == PARTLY
    settings.write_text(right)
    assert told(team, "2011-08-02 14:05", "2011-08-02 14:10") == ["2011-08-02 14:05"]


@pytest.mark.real
def test_killed_at_any_write_it_goes_once_a_day_at_most_and_is_never_lost(
    tmp_path: Path, server: Server
) -> None:
    team = Team(tmp_path / "first", server, branch=CHECKS).at("2011-08-02 08:00")
    landed(team, "2011-08-02 09:00", ci_build="failed")
    looked(team, "2011-08-02 13:00")
    shutil.copytree(team.state, tmp_path / "saved")

    def body() -> None:
        team.at("2011-08-02 14:00").escalate()

    def begin() -> None:
        shutil.rmtree(team.state)
        shutil.copytree(tmp_path / "saved", team.state)
        server.messages.clear()

    writes = points(body)
    assert len(server.messages) == 1
    for number in range(len(writes)):
        begin()
        assert killed_at(body, number)
        undisturbed(lambda: team.at("2011-08-02 14:05").escalate())
        first = len(server.messages)
        assert first <= 1, writes[number]
        undisturbed(lambda: team.at("2011-08-03 09:00").escalate())
        assert 1 <= len(server.messages) <= 2, writes[number]
        undisturbed(lambda: team.at("2011-08-04 09:00").escalate())
        assert len(server.messages) <= 2, writes[number]


def test_the_log_and_the_journal_say_when_it_began_and_ended(team: Team) -> None:
    """Once half of the grace is over: every check is pending for a while after every landing."""
    sha = landed(team, "2011-08-02 09:00", ci_build="failed")
    team.at("2011-08-02 10:50").look()
    with open_branch(team.settings, "stable", read_only=True) as store:
        assert store.journal.entries("check-wait") == []
    team.at("2011-08-02 11:15").look()
    say(team, sha, ci_build="success")
    said = [line.partition(" result=")[2] for line in lines_of(team, "check-wait")]
    assert [each.partition(" because=")[0] for each in said] == ["begins", '"is over"']
    with open_branch(team.settings, "stable", read_only=True) as store:
        entries = store.journal.entries("check-wait")
    assert [(each.subject, each.data["on"], each.why) for each in entries] == [
        ("ci/build", True, "r2 waits for ci/build (failed)"),
        ("ci/build", False, ""),
    ]


def test_what_is_over_a_limit_waits_for_no_check(tmp_path: Path, server: Server) -> None:
    """Below it, r3 does: two checks in one sentence are no limit, and the limit of r4 is no check."""
    limits = 'limits = [{ paths = ["*.sql"], max = 1 }]\nchecks = ["ci/*", "docs"]'
    team = Team(tmp_path, server, branch=limits).at("2011-08-02 08:00")
    two, three, four = (
        team.repo.commit(f"[no-qa] {name}", {name: "1"}) for name in ("a.sql", "b.py", "c.sql")
    )
    for sha in (two, three, four):
        team.check(sha, ci_build="pending")
    heard = told(team, *hours(2))
    assert heard == ["2011-08-02 14:00"]
    entries = {each.revno: each for each in team.look().landings}
    assert (entries[4].exceeds, len(entries[4].over_limits)) == ((0,), 1)
    assert entries[3].exceeds == () and entries[3].over_limits == ()
