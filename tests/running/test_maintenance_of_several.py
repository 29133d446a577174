"""A maintenance switch that several people set: everybody adds and takes away their own
(docs/running.md#maintenance)."""

from __future__ import annotations

import getpass
import json
import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shepherd.errors import RefusedError, SettingsError
from shepherd.running import maintenance
from shepherd.running.runner import prepare_state
from tests.running.host import Host, banner_of, ended
from tests.running.switching import entries, of_an_upgrade, touched_at, turn_off, turn_on

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = 3600.0


def test_over_a_colleagues_switch_it_says_whose_it_is_and_adds_to_it(host: Host) -> None:
    assert turn_on(host, who="bob", reason="his disk")[0] == 0
    code, said = turn_on(host, who="ann")
    assert code == 0
    assert "already on, since 2" in said
    assert "by bob: his disk" in said
    assert "yours was added" in said
    assert entries(host) == [("bob", "his disk"), ("ann", "new disk")]
    # what a release before this one reads of it
    document = tomllib.loads(maintenance.path_of(host.state).read_text())
    assert (document["who"], document["why"]) == ("bob", "his disk")


@pytest.mark.parametrize("first", ["bob", "ann"])
def test_everybody_takes_away_their_own(host: Host, first: str) -> None:
    second = {"bob": "ann", "ann": "bob"}[first]
    turn_on(host, who="bob", reason="his disk")
    turn_on(host, who="ann", reason="her memory")
    code, said = turn_off(host, first)
    assert code == 0
    assert "maintenance stays on since 2" in said
    assert f"by {second}: " in said.partition("stays on")[2]
    assert f"by {first}: " not in said.partition("stays on")[2]
    assert [who for who, _ in entries(host)] == [second]
    assert turn_off(host, second)[1].startswith("maintenance is off; ")
    assert not maintenance.path_of(host.state).exists()


def test_a_colleagues_switch_is_refused_and_taken_away_only_by_name(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    turn_on(host, who="bob smith")
    with pytest.raises(RefusedError, match=r"by bob smith: .*inv maintenance.off --of 'bob smith'$"):
        turn_off(host, "ann")
    with pytest.raises(SettingsError, match=r"not by carol: by bob smith$"):
        turn_off(host, "ann", of="carol")
    assert entries(host) == [("bob smith", "new disk")]
    assert turn_off(host, "ann", of="bob smith")[1].startswith("maintenance is off; it was on since ")
    assert "not the switch of ann, but of bob smith" in capsys.readouterr().err
    assert turn_off(host) == (0, "maintenance is not on")
    acts = [(each["from"], each["to"], each["by"]) for each in host.events("act")]
    assert acts == [("off", "on", "bob smith"), ("on", "off", "ann")]


def test_of_ones_own_the_newest_goes_first_and_the_same_reason_is_there_once(host: Host) -> None:
    for reason in ("disk", "backup", "disk"):
        turn_on(host, reason=reason)
    assert entries(host) == [("ann", "disk"), ("ann", "backup")]
    assert "another one of yours" in turn_off(host)[1]
    assert entries(host) == [("ann", "disk")]


def test_a_touched_file_is_nobodys_and_stays_so_when_somebody_adds_to_it(host: Host) -> None:
    prepare_state(host.state)
    touched_at(maintenance.path_of(host.state), NOW.timestamp())
    turn_on(host, who="ann")
    first = maintenance.look(host.state, HOUR, datetime.now(UTC))
    assert first is not None
    assert (first.who, first.since) == (getpass.getuser(), NOW)
    turn_off(host, "ann")
    assert [who for who, _ in entries(host)] == [""]
    assert turn_off(host, "carol")[1].startswith("maintenance is off; it was on since 2026-03-01 12:00 UTC (")


def test_an_entry_that_is_late_makes_the_switch_loud_whoever_came_first(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    maintenance.switch_on(tmp_path, "ann", "disk", None, NOW)
    maintenance.add(tmp_path, maintenance.Entry("bob", "memory", NOW, NOW + timedelta(hours=1)))
    os.utime(maintenance.path_of(tmp_path), (NOW.timestamp(),) * 2)
    for hours, overdue in ((0.5, False), (1.5, True)):
        at = NOW + timedelta(hours=hours)
        found = maintenance.look(tmp_path, 4 * HOUR, at)
        assert found is not None
        assert found.overdue is overdue
        said = maintenance.words(found, at)
        assert "by ann: disk; and since " in said
        assert "by bob: memory; until 2026-03-01 13:00 UTC (" in said


def _at(hour: int) -> datetime:
    return NOW.replace(hour=hour)


def test_each_is_named_with_a_since_of_their_own_though_one_renews(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    maintenance.add(tmp_path, maintenance.Entry("ann", "disk", _at(10)))
    maintenance.remember_first_abort(tmp_path, _at(10) + timedelta(minutes=5))
    maintenance.add(tmp_path, maintenance.Entry("bob", "db", _at(18)))
    maintenance.add(tmp_path, maintenance.Entry("ann", "disk", _at(19)))
    found = maintenance.look(tmp_path, 4 * HOUR, _at(20))
    assert found is not None
    assert found.overdue, "it is on for ten hours"
    words = maintenance.words(found, _at(20))
    assert "since 2026-03-01 10:00 UTC (10 hours ago), by ann: disk; and since 2026-03-01 18" in words


def test_the_first_of_two_does_not_get_the_age_of_the_other(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = maintenance.path_of(tmp_path)
    path.write_text(
        f'who = "ann"\nsince = {_at(18):%Y-%m-%dT%H:%M:%SZ}\n[[more]]\nwho = "bob"\n'
        f"since = {_at(10):%Y-%m-%dT%H:%M:%SZ}\n"
    )
    found = maintenance.look(tmp_path, 4 * HOUR, _at(20))
    assert found is not None
    assert (found.since, found.overdue) == (_at(18), True)


@pytest.mark.parametrize("leaves", ["ann", "upgrade"])
def test_who_stays_is_not_as_old_as_who_has_left(host: Host, leaves: str) -> None:
    prepare_state(host.state)
    at = datetime.now(UTC) - timedelta(hours=8)
    token = "a token" if leaves == "upgrade" else ""
    maintenance.switch_on(host.state, "ann", "disk", None, at, upgrade=token)
    maintenance.remember_first_abort(host.state, at)
    turn_on(host, who="bob", reason="db")
    if token:
        maintenance.switch_off(host.state, token)
    else:
        turn_off(host, "ann")
    found = maintenance.look(host.state, 4 * HOUR, datetime.now(UTC))
    assert found is not None
    assert (found.who, found.overdue) == ("bob", False)


@pytest.mark.parametrize(
    ("entry", "of", "complaint"),
    [
        ("touched", getpass.getuser(), ""),
        ("ann", "ann", ""),
        ("bob", "bob", "but of bob: let them know"),
        ("upgrade", "upgrade", "but of olga: let them know"),
    ],
)
def test_only_whose_switch_it_was_is_to_be_told(
    host: Host, capsys: pytest.CaptureFixture[str], entry: str, of: str, complaint: str
) -> None:
    prepare_state(host.state)
    if entry == "touched":
        maintenance.path_of(host.state).touch()
    elif entry == "upgrade":
        of_an_upgrade(host, "killed")
    else:
        turn_on(host, who=entry)
    assert turn_off(host, "ann", of=of)[1].startswith("maintenance is off; ")
    err = capsys.readouterr().err
    assert complaint in err and bool(complaint) == bool(err)


def test_of_many_who_set_it_at_once_none_is_lost(host: Host) -> None:
    names = [f"ann{number}" for number in range(8)]
    started = [host.start("maintenance.on", "--reason", "disk", "--as", name) for name in names]
    assert [ended(each)[0] for each in started] == [0] * len(names)
    assert sorted(who for who, _ in entries(host)) == names
    started = [host.start("maintenance.off", "--as", name) for name in names[1:]]
    assert [ended(each)[0] for each in started] == [0] * len(names[1:])
    assert entries(host) == [("ann0", "disk")]


def test_all_who_set_it_are_on_the_page_and_in_the_json(host: Host) -> None:
    assert host.inv("run")[0] == 0
    turn_on(host, who="bob", reason="his disk")
    turn_on(host, who="ann", reason="her memory")
    assert host.inv("run", "--cron")[0] == 3
    banner = banner_of(host.page())
    assert "by bob: his disk; and since 2" in banner
    assert "by ann: her memory" in banner
    (other,) = json.loads(host.inv("maintenance.status", "--json")[1])["maintenance"]["others"]
    assert (other["who"], other["why"], other["until"]) == ("ann", "her memory", None)
