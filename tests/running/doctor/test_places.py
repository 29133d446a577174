"""`inv doctor` on chats and webhooks: what arrived, and what does not (docs/notices.md#what-is-told)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.running.doctor.checking import CheckContext, Finding
from shepherd.running.doctor.places import told
from tests.notify.receiver import PATIENCE, Chat, chatting
from tests.notify.team import Team


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    monkeypatch.setattr("shepherd.act.webhook.ANSWERING", PATIENCE)
    with chatting() as running:
        yield running


def found(team: Team) -> Finding:
    [finding] = told(CheckContext(team.settings, team.now))
    assert finding.name == "told chat"
    return finding


def test_a_place_that_was_told_of_nothing_yet(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, begun=False)
    assert "from the next run on" in found(team).what
    team.notify()
    assert (found(team).level, found(team).what) == ("ok", "nothing was to be told yet")


def test_when_it_was_told_last(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat)
    team.land("[no-qa] Three")
    team.tells()
    assert (found(team).level, found(team).what[:24]) == ("ok", "last told at 2011-08-01 ")


def test_what_does_not_arrive(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat)
    team.land("[no-qa] Three")
    chat.trick = "503"
    team.tells()
    team.tells(minutes=60)
    finding = found(team)
    assert finding.level == "warn"
    assert "nothing of stable is known to arrive there since 2011-08-01 10:" in finding.what
    assert finding.what.endswith("; nothing was told before")
    chat.trick = "take it and reset"
    team.tells()
    assert found(team).level == "warn"
    chat.trick = ""
    team.tells()
    assert found(team).level == "ok"


def test_until_when_it_asks_to_be_left_alone(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat)
    team.land("[no-qa] Three")
    chat.trick, chat.wait = "429", 1800
    team.tells()
    assert re.search(r"; it asks to be left alone until 2011-08-01 10:\d\d UTC$", found(team).what)
    team.later(minutes=40)
    assert "alone" not in found(team).what


def test_without_places_there_is_nothing_to_say(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, place="")
    assert list(told(CheckContext(team.settings, team.now))) == []
