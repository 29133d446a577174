"""What the list is told, when, and what the page says before (docs/mails.md)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from shepherd.errors import PARTLY
from shepherd.plans.mails import MAIL_NAMES, MailKind
from tests.mail.team import LIST, Team, parsed
from tests.running.smtp import Server

BY_BOB = "Bob <bob@example.org>"


def landed(team: Team, when: str = "2011-08-01 10:00") -> str:
    """r2 needs QA, since Monday morning."""
    sha = team.at(when).land("[bug=1] Two")[0]
    team.look()
    return sha


def test_it_says_what_became_of_the_message(team: Team, server: Server) -> None:
    """That nothing was sent, and that the list was told, are never said in one breath."""
    assert team.at("2011-08-08 08:00").escalate().lines == ["no mail now: today's go after 09:00 (UTC)"]
    assert team.at("2011-08-08 09:00").escalate().lines == ["nothing has waited for too long"]
    landed(team)
    team.at("2011-08-08 09:05")
    settings = team.folder / "shepherd.toml"
    right = settings.read_text()
    settings.write_text(right.replace(server.place, "127.0.0.1:9"))
    outcome = team.escalate()
    assert (outcome.code, outcome.lines) == (PARTLY, [])
    assert outcome.failures[0].startswith(f"the escalation to {LIST} was not sent: 127.0.0.1:9 takes no mail")
    settings.write_text(right)
    # each run is a minute after the one before
    assert team.escalate().lines[-1] == "1 of 1 mails sent"
    for how in ({}, {"dry": True}):
        again = team.later(hours=2).escalate(**how)
        assert (again.code, again.lines) == (0, [f"nothing to send: {LIST} was told today at 09:07 (UTC)"])


def days_told(team: Team, days: range) -> list[int]:
    """The days of August 2011 on which the list was told, of runs at eight, nine and noon."""
    told = []
    for day in days:
        for hour in ("08", "09", "12"):
            team.at(f"2011-08-{day:02} {hour}:00").escalate()
        told += [day] * len(team.sent())
    return told


def notice(team: Team) -> str:
    """What the page says of the list."""
    team.look()
    team.report()
    page = (team.folder / "var" / "report" / "stable.html").read_text()
    found = re.search(r"The list (is|will be|has)[^.<]*", page)
    return found[0] if found else ""


def test_the_list_is_told_once_a_day_after_more_than_the_days_of_grace(team: Team) -> None:
    landed(team)
    assert days_told(team, range(1, 13)) == [8, 9, 10, 11, 12]


@pytest.mark.parametrize(
    ("mail", "first"),
    [
        ("weekend = true", 6),
        ("grace_days = 0", 2),
        ("grace_days = 1", 3),
        ("grace_days = 4\nweekend = false", 8),
    ],
)
def test_grace_is_counted_in_days_for_mails(tmp_path: Path, server: Server, mail: str, first: int) -> None:
    team = Team(tmp_path, server, mail=mail)
    landed(team)
    assert days_told(team, range(1, 13))[0] == first


def test_grace_begins_when_it_comes_on_qa(tmp_path: Path, server: Server) -> None:
    team = Team(tmp_path, server, branch='qa = { ref = "qa" }', mail="weekend = true")
    team.repo.set_ref("qa", team.repo.tip())
    sha = landed(team)
    team.repo.set_ref("qa", sha)
    team.at("2011-08-03 10:00").look()
    assert days_told(team, range(3, 10))[0] == 8


def test_the_page_says_so_two_days_before(tmp_path: Path, server: Server) -> None:
    team = Team(tmp_path, server, mail="grace_days = 3")
    landed(team)
    said = {day: notice(team.at(f"2011-08-{day:02} 10:00")) for day in (2, 3, 4, 5, 8)}
    assert said == {
        2: "",
        3: "The list will be told on Friday, 5 August 2011",
        4: "The list will be told on Friday, 5 August 2011",
        5: "The list is told of it today",
        8: "The list is told of it every day, since Friday, 5 August 2011",
    }


def test_the_page_says_nothing_where_no_list_is_told(tmp_path: Path, server: Server) -> None:
    team = Team(tmp_path, server, mail="grace_days = 0")
    landed(team)
    settings = team.folder / "shepherd.toml"
    settings.write_text(settings.read_text().replace(f'list = "{LIST}"', ""))
    assert notice(team) == ""
    assert team.escalate().lines == ["the list is not told: there is no mail.list in the settings"]


def test_a_snooze_puts_it_off_and_the_page_knows(tmp_path: Path, server: Server) -> None:
    team = Team(tmp_path, server, mail="grace_days = 0")
    landed(team)
    team.snooze("r2", "2011-08-06")
    assert notice(team.at("2011-08-04 10:00")) == ""
    assert days_told(team, range(2, 10)) == [8, 9]


@pytest.mark.parametrize(
    ("message", "tags", "todo"),
    [
        ("[bug=1] Two", ["qa-needstesting"], "mark bug 1 qa-ok"),
        ("[bug=1] Two", ["qa-bad", "bad-commit-2"], "revert it, marked [rollback=2]"),
        ("Two", [], 'inv verdict r2 ok --reason "…"'),
    ],
)
def test_it_says_what_who_how_long_what_waits_and_the_way_out(
    team: Team, message: str, tags: list[str], todo: str
) -> None:
    team.tag(1, *tags)
    sha = team.at("2011-08-01 10:00").land(message)[0]
    team.land("[no-qa] Three", "[no-qa] Four")
    team.look()
    team.at("2011-08-08 10:00").escalate()
    text = team.texts()[LIST]
    flat = " ".join(text.split())
    assert text.startswith("r2 ")
    for piece in ("Two", "Who: Ann", "6 days", "2 landings wait behind it", todo, "[rollback=2]"):
        assert piece in flat, piece
    assert f"git revert -m 1 {sha}\n" in text


@pytest.mark.parametrize("merge", [False, True])
def test_the_revert_line_is_right(tmp_path: Path, server: Server, merge: bool) -> None:
    """Taken from the mail and landed with the mark that stands there, it undoes the landing."""
    team = Team(tmp_path, server, mail="grace_days = 0")
    if merge:
        base = team.repo.tip()
        team.repo.set_ref("topic", base)
        side = team.repo.commit("Work", branch="topic", date=int(team.now.timestamp()))
        team.repo.merge("[bug=1] Two", side, date=int(team.now.timestamp()))
    else:
        team.land("[bug=1] Two")
    team.look()
    team.at("2011-08-03 10:00").escalate()
    text = team.texts()[LIST]
    [command] = re.findall(r"git (revert .*)", text)
    [mark] = re.findall(r"(\[rollback=\d+\])", text)[:1]
    work = tmp_path / "work"
    team.repo.git("clone", "-q", "-b", "stable", ".", str(work))
    git = ["-C", str(work)]
    team.repo.git(*git, *command.split(), "--no-edit")
    team.repo.git(*git, "commit", "-q", "--amend", "-m", f"{mark} Undo")
    team.repo.git(*git, "push", "-q", "origin", "stable")
    deployable = team.look().deployable
    assert deployable and deployable.revno == 3


def test_the_worst_comes_first_and_every_landing_has_its_thread(team: Team) -> None:
    """r2 stands before nothing but r3; that r4 alone were good would free nothing."""
    team.at("2011-08-01 10:00").land("[bug=1] Two")
    team.look()
    team.at("2011-08-08 10:00").escalate()
    first = parsed(team.server.messages.pop()[1])
    team.at("2011-08-08 11:00").land("[bug=1] Three")
    team.look()
    team.at("2011-08-15 10:00").escalate()
    both = parsed(team.server.messages.pop()[1])
    team.verdict("r2", "ok")
    team.at("2011-08-16 10:00").escalate()
    last = parsed(team.server.messages.pop()[1])
    assert first["References"] == first["In-Reply-To"]
    assert set(both["References"].split()) == {first["References"], last["References"]}
    assert both["In-Reply-To"] == first["References"] != last["References"]
    assert len({each["Message-ID"] for each in (first, both, last)}) == 3
    assert both["X-QA-Shepherd-Landings"] == "stable/r2 stable/r3"


def test_what_was_undone_is_told_no_more(team: Team) -> None:
    landed(team)
    assert days_told(team, range(8, 9)) == [8]
    team.land("[rollback=2] Undo")
    team.look()
    assert days_told(team, range(9, 13)) == []


def test_a_list_that_refuses_is_tried_again_the_same_day(team: Team) -> None:
    landed(team)
    team.server.tricks[LIST] = "not now"
    assert team.at("2011-08-08 09:00").escalate().code == PARTLY
    team.server.tricks.clear()
    assert team.at("2011-08-08 09:05").escalate().code == 0
    assert team.sent() == [(LIST, "escalation")]


def test_every_kind_of_mail_has_a_name_for_a_sentence() -> None:
    assert set(MAIL_NAMES) == set(get_args(MailKind))


def test_a_preview_shows_it_at_any_hour(team: Team) -> None:
    landed(team)
    [shown] = team.at("2011-08-08 06:00").escalate(preview=True).lines
    assert shown.startswith(f"--- escalation to {LIST}\n")
    assert "git revert -m 1 " in shown
    assert team.sent() == []


def test_the_list_hears_what_can_be_deployed_meanwhile(team: Team) -> None:
    """Counted as everywhere (docs/rules.md#answer)."""
    team.land("[no-qa] Two", "[no-qa] Three")
    landed(team)
    snapshot = team.look()
    assert snapshot.next and len(snapshot.next.landings) == 2
    team.at("2011-08-08 09:00").escalate()
    assert "\nMeanwhile r3 of stable can be deployed: 2 landings go live with it.\n" in team.texts()[LIST]


def test_the_list_hears_who_merged_it_and_who_else_wrote_it(team: Team) -> None:
    message = "[bug=1] Two\n\nCo-authored-by: Cy <cy@example.org>\n"
    team.repo.commit(message, branch="topic", parents=[team.repo.tip()], author=BY_BOB)
    at = int(team.at("2011-08-01 10:00").now.timestamp())
    team.repo.merge("Merge topic", team.repo.tip("topic"), author="Olga <olga@example.org>", date=at)
    team.look()
    team.at("2011-08-08 09:00").escalate()
    told = team.texts()[LIST]
    assert "  Who:     Bob, merged by Olga, co-author Cy" in told.splitlines()
    assert "olga@example.org" not in told
    team.remind()
    assert team.sent() == [("bob@example.org", "digest")]
