"""A team whose chat is a Mattermost or an ntfy of its own: what stands there, and what it reads twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.act.receiver import Behaviour, Receiver, receiving
from tests.act.test_notice_layout import OBEYED
from tests.inv import inv
from tests.notify.team import Team

TOKEN = "3ccdd113474722377935511fc85d3dd4"
EVE = "*Eve* @all [deploy r9](https://evil.example) <eve@example.org>"
TAKEN = Behaviour(body=b"{}")


@pytest.fixture(params=["mmost", "ntfy"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def chat() -> Iterator[Receiver]:
    with receiving() as receiver:
        receiver.behaviour = TAKEN
        yield receiver


@pytest.fixture
def team(tmp_path: Path, scheme: str, chat: Receiver) -> Team:
    place: Any = SimpleNamespace(url=f"{scheme}://{chat.place}/{TOKEN}")
    return Team(tmp_path / "site", place)


def shown(chat: Receiver) -> list[str]:
    """What people read there, a message each: ntfy has a title of its own."""
    documents = [json.loads(each.body) for each in chat.received]
    return [each.get("text") or f"{each['title']}\n\n{each['message']}" for each in documents]


def test_what_stands_in_the_chat(team: Team, chat: Receiver) -> None:
    team.land("[no-qa] Three")
    team.look()
    team.notify()
    (first,) = shown(chat)
    assert first == (
        "stable: deploy r3\n\n- r3 may be deployed: 2 landings newer than r1\n  inv promote --to r3\n"
        "https://qa.example.org/stable.html"
    )


def test_who_commits_steers_nothing_there(team: Team, chat: Receiver) -> None:
    team.deploy(team.land("[no-qa] Three", "[no-qa] Four")[1])
    team.look()
    team.notify()
    team.later(minutes=20).land("[bug=5] Fix", author=EVE)
    team.look()
    team.notify()
    text = shown(chat)[-1]
    assert "∗Eve∗ ＠all [deploy r9] (https://evil.example)" in text
    for line in text.splitlines():
        assert not OBEYED.search(line.strip().removeprefix("- ").replace("https://", "")), line


@pytest.mark.parametrize(
    ("behaviour", "again"),
    [(Behaviour(status=403), False), (Behaviour(status=500), True), (Behaviour("reset"), True)],
)
def test_what_failed_is_told_by_the_next_run(
    team: Team, chat: Receiver, behaviour: Behaviour, again: bool
) -> None:
    team.land("[no-qa] Three")
    team.look()
    chat.behaviour = behaviour
    failed = team.notify()
    assert failed.code == 7
    (sentence,) = failed.failures
    assert sentence.startswith("notify chat: it ")
    assert TOKEN not in sentence
    chat.behaviour = TAKEN
    team.later(minutes=5)
    team.notify()
    assert ("(perhaps told before)" in shown(chat)[-1]) is again
    told = len(chat.received)
    team.later(minutes=60)
    team.notify()
    assert len(chat.received) == told
    # neither journal nor log know the address
    for file in team.state.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes(), file


def _command_lines() -> Iterator[bytes]:
    """What `ps` shows of everything that runs."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        # one that ends meanwhile shows nothing
        with suppress(OSError):
            yield path.read_bytes()


@pytest.mark.real
@pytest.mark.parametrize("behaviour", [Behaviour(status=404), Behaviour("reset"), Behaviour("not http")])
def test_nobody_is_shown_the_address(team: Team, chat: Receiver, behaviour: Behaviour) -> None:
    """Whatever a command prints, logs or keeps, and what can be seen of its process, holds no part of it."""
    team.land("[no-qa] Three")
    chat.behaviour = behaviour
    seen: list[bytes] = []
    chat.on_message = lambda: seen.extend(_command_lines())
    done = inv(team.folder, "run")
    assert done.code == 7, done
    assert "notify chat: it " in done.err
    assert seen
    hidden = TOKEN.encode()
    assert not [line for line in seen if hidden in line]
    assert TOKEN not in done.out + done.err
    kept = [path for path in team.folder.rglob("*") if path.is_file() and path.name != "chat.url"]
    assert any(path.name == "shepherd.log" for path in kept)
    assert not [path for path in kept if hidden in path.read_bytes()]
