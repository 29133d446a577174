"""An alarm goes to each operator once (docs/rules.md#answer)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.running.run import run
from shepherd.running.tasking import TaskOptions
from tests.running.host import Host
from tests.running.smtp import Server, serving

SENDER = 'live = "never"\nsender = "shepherd@example.org"\n'


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def host(tmp_path: Path, server: Server) -> Host:
    """Production runs r2, which the shepherd saw go live, and whose bug was marked bad just now."""
    mail = f'{SENDER}smtp = "{server.place}"\noperators = ["ann@x.org", "ben@x.org"]'
    host = Host(tmp_path, tracker=f"[mail]\n{mail}")
    assert run(TaskOptions(host.project.settings, "ann")) == 0
    host.project.deploy(host.project.repo.tip())
    assert run(TaskOptions(host.project.settings, "ann")) == 0
    assert server.messages == []
    host.project.tag(2, "qa-bad", "bad-commit-2")
    return host


def go(host: Host) -> int:
    return run(TaskOptions(host.project.settings, "ann"))


def test_each_operator_is_told_once(host: Host, server: Server) -> None:
    assert [go(host) for _ in range(3)] == [0, 0, 0]
    assert [to for to, _ in server.messages] == ["ann@x.org", "ben@x.org"]
    text = server.messages[0][1]
    assert "Subject: ALARM: stable: r2 bad in production" in text
    assert "Production runs r2, which is bad" in text and "inv verdict r2 ok" in text
    host.project.tag(2, "qa-ok")
    go(host)
    host.project.tag(2, "qa-bad", "bad-commit-2")
    go(host)
    assert len(server.messages) == 4, "another alarm about the same landing"


def test_one_who_is_refused_is_told_by_the_next_run_and_the_other_not_twice(
    host: Host, server: Server
) -> None:
    server.refused.add("ann@x.org")
    assert go(host) == 7
    assert [to for to, _ in server.messages] == ["ben@x.org"]
    server.refused.clear()
    assert go(host) == 0
    assert [to for to, _ in server.messages] == ["ben@x.org", "ann@x.org"]


def test_no_data_is_no_end_of_an_alarm(host: Host, server: Server) -> None:
    go(host)
    bugs = host.project.folder / "bugs.json"
    bugs.write_text("{")
    assert go(host) == 5
    host.project.write_bugs()
    assert go(host) == 0
    assert len(server.messages) == 2


def test_connections_that_break_for_others_cost_no_operator_the_alarm(tmp_path: Path, server: Server) -> None:
    """After three in a row a session gives up: the last operator must not depend on those before."""
    operators = [f"{name}@x.org" for name in ("ann", "ben", "cleo", "dora", "ed")]
    mail = (
        f'live = "never"\nsender = "shepherd@example.org"\nsmtp = "{server.place}"\noperators = {operators}'
    )
    host = Host(tmp_path, tracker=f"[mail]\n{mail}")
    assert go(host) == 0
    host.project.deploy(host.project.repo.tip())
    assert go(host) == 0
    host.project.tag(2, "qa-bad", "bad-commit-2")
    server.tricks.update(dict.fromkeys(operators[:4], "hang up"))
    assert go(host) == 7
    assert [to for to, _ in server.messages] == ["ed@x.org"]
