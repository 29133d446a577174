"""What a chat is told, and that it is told once (docs/notices.md#what-is-told)."""

from __future__ import annotations

from tests.notify.receiver import Chat
from tests.notify.team import Team


def test_of_what_was_there_nothing_is_told(team: Team) -> None:
    assert team.tells() == []
    assert team.tells() == []


def test_a_new_answer_is_told_once(team: Team) -> None:
    team.land("[no-qa] Three")
    assert team.tells() == ["r3 may be deployed: 2 landings newer than r1"]
    assert team.tells() == []
    assert team.tells(minutes=60) == []


def test_the_message_says_what_to_type_and_where_to_look(team: Team, chat: Chat) -> None:
    team.land("[no-qa] Three")
    team.later(minutes=5).look()
    team.notify()
    [document] = chat.told
    assert document["answer"] == "deploy r3"
