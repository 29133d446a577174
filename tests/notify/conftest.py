from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notify.receiver import PATIENCE, Chat, chatting
from tests.notify.team import Team


@pytest.fixture
def chat() -> Iterator[Chat]:
    with chatting() as running:
        yield running


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that says nothing is soon given up."""
    monkeypatch.setattr("shepherd.act.webhook.ANSWERING", PATIENCE)


@pytest.fixture
def team(tmp_path: Path, chat: Chat) -> Team:
    return Team(tmp_path, chat)
