"""One maintenance switch of several hosts, in whatever order they add, take away and ask
(docs/running.md#two-hosts)."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from shepherd.running import maintenance
from shepherd.running.maintenance import Entry
from shepherd.running.switch_told import NAME, SharedSwitch, exchange_switch
from shepherd.store import Database
from shepherd.store.postgresql import Session
from tests.postgres import PostgresServer

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


class SwitchHost:
    """One host: its state_dir, its session, and what it remembers."""

    def __init__(self, state: Path, url: str) -> None:
        self.state = state
        self.session = Session(url, "", "test")
        self.agreed = SharedSwitch()
        (state / "run").mkdir(parents=True)

    def exchange(self) -> None:
        self.agreed = exchange_switch(self.state, self.session, self.agreed, writable=True)

    def add(self, why: str) -> None:
        maintenance.add(self.state, Entry("ann", why, AT))

    def take_away(self, why: str) -> None:
        maintenance.change(self.state, lambda before: tuple(each for each in before if each.why != why))

    @property
    def reasons(self) -> set[str]:
        return {each.why for each in maintenance.present(self.state)}


@pytest.fixture(scope="module")
def url(postgres: PostgresServer) -> str:
    url = postgres.new_database()
    Database(url).close()
    return url


@pytest.fixture
def hosts(tmp_path: Path, url: str) -> Iterator[list[SwitchHost]]:
    hosts = [SwitchHost(tmp_path / name, url) for name in ("qa1", "qa2", "qa3")]
    hosts[0].session.forget(NAME)
    yield hosts
    for host in hosts:
        host.session.close()


@pytest.mark.parametrize("seed", range(20))
def test_what_was_added_holds_on_all_until_it_is_taken_away_on_one(
    hosts: list[SwitchHost], seed: int
) -> None:
    chance = random.Random(seed)
    added: set[str] = set()
    gone: set[str] = set()
    for number in range(60):
        host = chance.choice(hosts)
        match chance.choice(["add", "take away", "exchange", "exchange"]):
            case "add":
                added.add(f"{number}")
                host.add(f"{number}")
            case "take away" if host.reasons:
                why = chance.choice(sorted(host.reasons))
                gone.add(why)
                host.take_away(why)
            case _:
                host.exchange()
    for host in (*hosts, *hosts):
        host.exchange()
    assert [host.reasons for host in hosts] == [added - gone] * 3


def test_those_that_add_at_once_lose_nothing(hosts: list[SwitchHost]) -> None:
    def one(host: SwitchHost) -> None:
        for number in range(20):
            host.add(f"{host.state.name} {number}")
            host.exchange()

    with ThreadPoolExecutor() as threads:
        list(threads.map(one, hosts))
    for host in hosts:
        host.exchange()
    assert [len(host.reasons) for host in hosts] == [60, 60, 60]


def test_the_copy_on_another_host_says_where_it_was_set(hosts: list[SwitchHost]) -> None:
    one, other, _ = hosts
    with patch.object(socket, "gethostname", lambda: "qa1"):
        one.add("new disk")
        one.exchange()
        assert [each.host for each in maintenance.present(one.state)] == [""]
    with patch.object(socket, "gethostname", lambda: "qa2"):
        other.exchange()
    assert [each.host for each in maintenance.present(other.state)] == ["qa1"]
    switch = maintenance.look(other.state, 3600, AT + timedelta(minutes=3))
    assert switch is not None
    assert (
        maintenance.words(switch, AT + timedelta(minutes=3))
        == "since 2026-03-01 09:00 UTC (3 minutes ago), by ann on qa1: new disk"
    )


def test_an_older_release_reads_the_copy(hosts: list[SwitchHost]) -> None:
    """It knows nothing of `host`."""
    one, other, _ = hosts
    one.add("new disk")
    one.exchange()
    other.exchange()
    text = maintenance.path_of(other.state).read_text()
    assert 'who = "ann"' in text
    assert 'why = "new disk"' in text
