"""A place that asks to be left alone for a while is (docs/notices.md#never-twice)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shepherd.plans.place_knowledge import AnswerNow, Event, PlaceState, Present, Told
from shepherd.plans.telling import decide
from tests.notify.receiver import Chat, Trick
from tests.notify.team import Team
from tests.notify.test_changes import MAY_GO, freeze

OTHER = '[branches.zweig]\nrepository = "project.git"\nref = "stable"\ndeployed = { ref = "production" }\n'


def refused(team: Team, wait: int, trick: Trick = "429") -> None:
    """The place refuses the news of r3, and asks for so many seconds; then it would take everything."""
    team.chat.trick, team.chat.wait = trick, wait
    team.land("[no-qa] Three")
    assert team.tells() == []
    # a judgement takes a moment of the team's clock; what counts is when it was refused
    team.now = team.entries("done")[-1].time
    team.chat.trick, team.chat.wait = "", 0


@pytest.mark.parametrize("trick", ["429", "503"])
def test_it_is_left_alone_for_as_long_as_it_asks(team: Team, trick: Trick) -> None:
    refused(team, 1800, trick)
    before = len(team.entries("meant"))
    result = team.later(minutes=28).notify()
    assert result.lines[0].startswith("chat: 1 change of stable held back until ")
    assert result.lines[0].endswith("(UTC): it asks to be left alone until then")
    assert (result.code, result.failures) == (
        7,
        ["notify chat: what is new on stable waits, since it asks to be left alone: inv doctor --only told"],
    ), "or cron would take it for over"
    assert (team.heard(), len(team.entries("meant"))) == ([], before)
    assert team.tells(minutes=2, judge=False) == [MAY_GO], "and it is not marked"


def test_it_is_left_alone_for_an_hour_at_most(team: Team) -> None:
    refused(team, 86_400)
    assert team.tells(minutes=58, judge=False) == []
    assert team.tells(minutes=2, judge=False) == [MAY_GO]


def test_what_is_told_at_once_does_not_wait_for_it(team: Team) -> None:
    refused(team, 1800)
    freeze(team, "f1", on=True)
    told = team.tells(minutes=1)
    assert told[0].startswith("do not deploy r3: deployments are frozen since ")
    assert told[1].startswith("deployments are frozen since ")


def test_it_is_left_alone_whichever_branch_that_was_about(tmp_path: Path, chat: Chat) -> None:
    from shepherd.stages.find import NOTHING_ACCEPTED, find_branch
    from shepherd.stages.judge import judge_branch

    team = Team(tmp_path, chat, top=OTHER, begun=False)

    def look_at_other() -> None:
        find_branch(team.settings, "zweig", team.run("find"), NOTHING_ACCEPTED)
        judge_branch(team.settings, "zweig", team.run("judge"))

    look_at_other()
    team.notify()
    refused(team, 1800)
    look_at_other()
    team.now = team.entries("done")[-1].time
    lines = team.later(minutes=10).notify().lines
    held = sorted(line.split(" held back")[0] for line in lines)
    assert held == ["chat: 1 change of stable", "chat: 1 change of zweig"]
    assert chat.told == []
    team.later(minutes=21).notify()
    assert sorted(document["branch"] for document in chat.told) == ["stable", "zweig"]


def test_a_clock_that_was_set_back_does_not_hold_it_back() -> None:
    told, now = Told(alarm=0), datetime(2026, 11, 30, 9, tzinfo=UTC)
    state = PlaceState(told, failing=now, tried=now)
    present = Present(now, AnswerNow((), "", now), 1, alarms=(Event(1, "e1", now),))
    assert decide(state, present, 0, now + timedelta(minutes=59)).because == "alone"
    assert decide(state, present, 0, now + timedelta(minutes=61)).until is None
