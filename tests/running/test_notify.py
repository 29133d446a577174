"""`inv notify` and a run that hangs, as people and cron meet them (docs/notices.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shepherd.running.hang_notices import tell_of_hang
from shepherd.situation import Hang
from tests.notify.receiver import PATIENCE, Chat, chatting
from tests.notify.team import PLACE
from tests.running.host import Host

WHICH = "process 7 since 2026-11-29T10:00:00Z"


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    monkeypatch.setattr("shepherd.act.webhook.ANSWERING", PATIENCE)
    with chatting() as running:
        yield running


@pytest.fixture
def host(tmp_path: Path, chat: Chat) -> Host:
    """A chat is told from now on; after that r3 has landed, which may go."""
    host = Host(tmp_path, tracker=PLACE)
    address = host.project.folder / "chat.url"
    address.write_text(chat.url)
    address.chmod(0o600)
    assert host.inv("run")[0] == 0
    host.project.land("[no-qa] three")
    return host


def texts(chat: Chat) -> list[str]:
    return [change["text"] for document in chat.told for change in document["changes"]]


def test_a_run_tells_it_once(host: Host, chat: Chat) -> None:
    assert host.inv("run", "--cron") == (0, "", "")
    assert texts(chat) == ["r3 may be deployed: 2 landings newer than r1"]
    assert host.inv("run", "--cron") == (0, "", "")
    assert len(chat.told) == 1
    [event] = [each for each in host.events("act") if each["what"] == "notice"]
    assert (event["on"], event["result"]) == ("chat", "done")


def test_an_outage_is_partly_done_said_once_a_day_and_stops_nothing(host: Host, chat: Chat) -> None:
    chat.trick = "503"
    code, out, err = host.inv("run", "--cron")
    assert (code, out) == (7, "")
    assert "notify chat: it answered 503" in err
    assert "notify failed (7)" in err
    assert host.inv("run", "--cron") == (7, "", "")
    chat.trick = ""
    assert host.inv("run", "--cron") == (0, "", "")
    assert len(texts(chat)) == 1


def test_a_file_that_is_not_there_is_a_wrong_setting(host: Host, chat: Chat) -> None:
    (host.project.folder / "chat.url").unlink()
    assert host.inv("find", "judge")[0] == 0
    code, _, err = host.inv("notify")
    assert code == 2
    assert "notify.chat.url_file" in err


def test_by_hand_it_says_what_it_did(host: Host, chat: Chat) -> None:
    assert host.inv("find", "judge")[0] == 0
    assert host.inv("notify", "--dry-run")[:2] == (0, "would tell chat of stable: 1 change\n")
    assert "stable: deploy r3" in host.inv("notify", "--preview")[1]
    assert chat.told == []
    assert host.inv("notify")[:2] == (0, "told chat of stable: 1 change\n")
    assert host.inv("notify")[:2] == (0, "nothing new to tell\n")


def test_in_maintenance_nobody_is_told(host: Host, chat: Chat) -> None:
    assert host.inv("find", "judge")[0] == 0
    assert host.inv("maintenance.on", "--reason", "new disk")[0] == 0
    assert host.inv("notify")[0] == 3
    assert chat.told == []


def test_without_places_there_is_no_such_stage(tmp_path: Path) -> None:
    host = Host(tmp_path)
    assert "notify" not in host.inv("run")[1]
    assert host.inv("notify")[:2] == (0, "nobody is told: no [[notify]]\n")


def test_places_that_are_gone_are_noted_once(host: Host, chat: Chat) -> None:
    file = host.project.folder / "shepherd.toml"
    file.write_text(file.read_text().replace(PLACE, ""))
    assert "notify" in host.inv("run")[1]
    assert "notify" not in host.inv("run")[1]
    file.write_text(file.read_text() + PLACE)
    assert host.inv("run")[0] == 0
    assert chat.told == []


class Noted:
    """What refused runs remember."""

    def __init__(self, host: Host) -> None:
        self.settings = host.project.settings
        self.said: dict[str, str] = {}
        self.results: list[str] = []

    def refused(self, which: str = WHICH) -> None:
        def tell(_event: str, **fields: Any) -> None:
            self.results.append(fields["result"])

        def said(kind: str) -> str:
            return self.said.get(kind, "")

        tell_of_hang(self.settings, which, "suspected hang: judge", said, self.said.__setitem__, tell)


def test_a_hang_is_told_once_and_the_next_one_too(host: Host, chat: Chat) -> None:
    noted = Noted(host)
    for which in (WHICH, WHICH, "process 8 since 2026-11-29T11:00:00Z"):
        noted.refused(which)
    assert texts(chat) == ["suspected hang: judge"] * 2
    assert noted.results == ["done", "done"]


def test_a_hang_that_may_have_been_told_is_told_once_more_and_marked(host: Host, chat: Chat) -> None:
    noted = Noted(host)
    chat.trick = "take it and reset"
    for _ in range(3):
        noted.refused()
    changes = [document["changes"][0] for document in chat.told]
    assert [each["again"] for each in changes] == [False, True]
    assert len({each["key"] for each in changes}) == 1


def test_a_hang_that_was_not_taken_is_told_by_the_next_refused_run(host: Host, chat: Chat) -> None:
    noted = Noted(host)
    chat.trick = "503"
    noted.refused()
    noted.refused()
    chat.trick = ""
    noted.refused()
    assert [document["changes"][0]["again"] for document in chat.told] == [False]


def test_a_run_that_is_refused_for_a_hang_tells_it(host: Host, chat: Chat) -> None:
    from shepherd.running.refusals import BusyError, attend

    hang = Hang("judge", 7, None, "qa1")
    for _ in range(2):
        attend(host.project.settings, BusyError("suspected hang: judge", hang), lambda *_a, **_f: None)
    assert texts(chat) == ["suspected hang: judge"]
