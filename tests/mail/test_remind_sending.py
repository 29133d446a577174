"""How reminders are sent: again where one was refused, never twice, at most so many (docs/mails.md)."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from shepherd.errors import PARTLY
from tests.mail.team import ANN, BOB, MORNING, OPERATOR, Team
from tests.running.smtp import Server, Trick


def test_what_was_refused_is_tried_at_the_next_run_and_nothing_else_is(waiting: Team) -> None:
    waiting.server.tricks[ANN] = "refuse"
    outcome = waiting.at(MORNING).remind()
    assert outcome.code == PARTLY
    assert outcome.failures == ["the mail to ann@example.org was not taken: 550 nobody here"]
    assert waiting.sent() == [(BOB, "digest")]
    waiting.server.tricks.clear()
    assert waiting.later(minutes=5).remind().code == 0
    assert waiting.sent() == [(ANN, "digest")]


def test_an_address_that_is_refused_all_day_is_tried_once_an_hour(waiting: Team) -> None:
    waiting.server.tricks[ANN] = "refuse"
    codes = [waiting.at(MORNING).later(minutes=5 * each).remind().code for each in range(12 * 5)]
    assert 6 <= codes.count(PARTLY) <= 8


def test_what_is_refused_is_tried_three_times_before_it_waits_an_hour(waiting: Team) -> None:
    waiting.server.tricks[ANN] = "refuse"
    tried = [waiting.at(MORNING).later(minutes=each).remind().code == PARTLY for each in range(0, 120, 10)]
    assert [each for each, failed in enumerate(tried) if failed] == [0, 1, 2, 8]


def test_what_may_have_been_sent_is_said_and_not_sent_again_that_day(waiting: Team) -> None:
    waiting.server.tricks[ANN] = "take it and hang up"
    assert waiting.at(MORNING).remind().code == PARTLY
    assert waiting.sent() == [(ANN, "digest"), (BOB, "digest")]
    waiting.server.tricks.clear()
    outcome = waiting.later(hours=1).remind()
    assert outcome.lines == ["the digest to ann@example.org may have been sent; it is not sent again today"]
    assert outcome.code == 0
    assert waiting.sent() == []
    assert any("result=unsure" in line and "ann@example.org" in line for line in waiting.lines)
    waiting.at("2011-08-03 09:00").remind()
    assert waiting.sent() == [(ANN, "digest"), (BOB, "digest")]


def test_more_than_the_cap_is_not_sent_and_the_operators_hear_of_it_once(
    tmp_path: Path, server: Server
) -> None:
    team = Team(tmp_path, server, mail="cap = 2")
    for name in "abc":
        team.land("[bug=1] x", author=f"{name} <{name}@example.org>")
    team.look()
    for _ in range(2):
        outcome = team.at(MORNING).remind()
        assert outcome.code == PARTLY
        assert outcome.failures[0].startswith("3 digests are more than mail.cap (2): none of them is sent;")
    assert team.sent() == [(OPERATOR, "brake")]
    assert team.remind(over_cap=True).code == 0
    assert team.sent() == [(f"{name}@example.org", "digest") for name in "abc"]


def test_all_mails_of_a_run_go_over_one_connection(team: Team) -> None:
    for number in range(30):
        team.land("[bug=1] x", author=f"p <p{number % 12}@example.org>")
    team.look()
    team.at(MORNING).remind()
    assert len(team.server.messages) == 12
    assert team.server.connections == 1


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_server_does_nobody_gets_two_and_nobody_is_forgotten(team: Team, seed: int) -> None:
    chance = random.Random(seed)
    tricks = ["", *(trick for trick in get_args(Trick) if "nothing" not in trick)]
    people = [f"{name}@example.org" for name in "abcde"]
    for person in people:
        team.land("[bug=1] x", author=f"p <{person}>")
    team.look()
    for day in range(2, 5):
        team.at(f"2011-08-{day:02} 08:00")
        for _ in range(7):
            team.server.tricks = {person: chance.choice(tricks) for person in people}
            team.later(minutes=61).remind()
        team.server.tricks = {}
        team.later(minutes=61).remind()
        assert Counter(team.sent()) == {(person, "digest"): 1 for person in people}
