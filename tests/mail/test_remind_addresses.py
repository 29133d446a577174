"""Where people are reminded: one mail to one person, none to an address that nobody reads (docs/mails.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mail.team import ANN, BOB, BY_BOB, MORNING, OPERATOR, Team
from tests.running.smtp import Server


def test_robots_get_no_mail(team: Team) -> None:
    team.land("[bug=1] Two", author="dependabot[bot] <bot@example.org>")
    team.look()
    outcome = team.at(MORNING).remind(dry=True)
    assert "no mail: stable r2: it is not known whose landing it is" in outcome.lines
    assert not any("would mail" in line for line in outcome.lines)


@pytest.mark.parametrize("address", ["noreply@github.com", "No-Reply@example.org", "no-reply@ci.example"])
def test_an_address_that_nobody_reads_gets_no_mail_and_nobody_is_asked_for_a_better_one(
    team: Team, address: str
) -> None:
    team.land("[bug=1] Two", author=f"GitHub <{address}>")
    team.look()
    outcome = team.at(MORNING).remind()
    assert team.sent() == []
    assert outcome.lines == ["nobody has to be reminded"]
    lines = team.remind(dry=True).lines
    assert f"no mail: GitHub ({address}): has an address that nobody reads" in lines


def test_a_program_of_the_forge_gets_no_mail_and_nobody_is_asked_for_its_address(team: Team) -> None:
    team.land("[bug=1] Two", author="github-actions <1+github-actions[bot]@users.noreply.github.com>")
    team.look()
    team.at(MORNING).remind()
    assert team.sent() == []


def test_people_are_mailed_where_they_want_to_be(tmp_path: Path, server: Server) -> None:
    people = f'[people]\n"ANN@example.org" = "ann@home.example"\n"{BOB}" = ""'
    team = Team(tmp_path, server, tail=people)
    team.land("[bug=1] Two")
    team.land("[bug=1] Three", author=BY_BOB)
    team.look()
    outcome = team.at(MORNING).remind()
    assert team.sent() == [("ann@home.example", "digest")]
    assert outcome.lines[-1] == "1 of 1 mails sent"
    assert "no mail: Bob: wants no mail ([people] in the settings)" in team.remind(dry=True).lines


def test_one_person_with_two_spellings_gets_one_mail(team: Team) -> None:
    team.land("[bug=1] Two", "[bug=1] Three", author="Ann <Ann@Example.org>")
    team.land("[bug=1] Four")
    team.look()
    team.at(MORNING).remind()
    team.verdict("r2", "ok")
    team.verdict("r3", "ok")
    team.remind()
    assert [to.casefold() for to, _ in team.sent()] == [ANN]


@pytest.mark.parametrize(
    ("author", "named"),
    [
        ("Bob <1234+bob@users.noreply.github.com>", "Bob (1234+bob@users.noreply.github.com)"),
        ("Bob <>", "Bob"),
        ("Bob <bob at home>", "Bob (bob at home)"),
        ("Bob <bob@home,eve@example.org>", "Bob (bob@home,eve@example.org)"),
        ("Bob <böb@example.org>", "Bob (böb@example.org)"),
        (f"Bob <{'b' * 200}@example.org>", f"Bob ({'b' * 200}@example.org)"),
    ],
)
def test_who_cannot_be_reached_is_told_to_the_operators_once(team: Team, author: str, named: str) -> None:
    team.land("[bug=1] Two", author=author)
    team.land("[bug=1] Three")
    team.look()
    team.at(MORNING).remind()
    assert named in [line.strip() for line in team.texts()[OPERATOR].splitlines()]
    team.at("2011-08-03 09:00").remind()
    assert team.sent() == [(ANN, "digest")]
    team.land("[bug=1] Four", author="Zoe <>")
    team.look()
    team.at("2011-08-04 09:00").remind()
    text = team.texts()[OPERATOR]
    assert "Zoe" in text
    assert "Bob" not in text


def test_after_the_cache_was_dropped_nobody_is_called_unreachable(waiting: Team) -> None:
    waiting.drop_cache()
    outcome = waiting.at(MORNING).remind()
    assert waiting.sent() == []
    assert outcome.lines == ["nobody has to be reminded"]
    waiting.look()
    waiting.remind()
    assert waiting.sent() == [(ANN, "digest"), (BOB, "digest")]
