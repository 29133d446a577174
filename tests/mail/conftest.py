from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail.team import Team
from tests.ops.smtp import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def team(tmp_path: Path, server: Server) -> Team:
    return Team(tmp_path, server)


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing is soon given up."""
    monkeypatch.setattr("shepherd.act.mail.ANSWER_LIMIT", 0.4)
    monkeypatch.setattr("shepherd.act.mail.TAKING_LIMIT", 0.4)
