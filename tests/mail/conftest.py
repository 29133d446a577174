from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail.team import BY_BOB, Team
from tests.running.smtp import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def team(tmp_path: Path, server: Server) -> Team:
    return Team(tmp_path, server)


@pytest.fixture
def waiting(team: Team) -> Team:
    """r2 needs QA, r3 is bad, r4 is an orphan of Bob's; it is the next morning, five minutes to nine."""
    team.land("[bug=1] Two", "[bug=2] Three")
    team.land("Four", author=BY_BOB)
    team.tag(1, "qa-needstesting")
    team.tag(2, "qa-bad")
    team.look()
    team.at("2011-08-02 08:55")
    return team


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing is soon given up."""
    monkeypatch.setattr("shepherd.act.mail.ANSWER_LIMIT", 0.4)
    monkeypatch.setattr("shepherd.act.mail.TAKING_LIMIT", 0.4)
