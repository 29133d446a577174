from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notify.receiver import Chat, bring, chatting
from tests.notify.team import Team


@pytest.fixture
def chat() -> Iterator[Chat]:
    with chatting() as running:
        yield running


@pytest.fixture(autouse=True)
def _brings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shepherd.act.notice.deliver", bring)


@pytest.fixture
def team(tmp_path: Path, chat: Chat) -> Team:
    return Team(tmp_path, chat)
