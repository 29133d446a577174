"""The maintenance switch in every form, its age, and what a host does while it is on
(docs/running.md#maintenance)."""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shepherd.errors import SettingsError, StoreError
from shepherd.running import maintenance, refusals, switch
from shepherd.running.refusals import MaintenanceError
from shepherd.running.runner import prepare_state
from shepherd.running.state_place import StatePlace
from tests.running.host import Host, banner_of, outside_the_banner, work
from tests.running.switching import FORMS, turn_off, turn_on

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = 3600.0


@pytest.mark.parametrize("form", FORMS)
def test_whatever_is_there_means_maintenance(
    host: Host, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare_state(host.state)
    FORMS[form](maintenance.path_of(host.state))
    with pytest.raises(MaintenanceError):
        work(host, "find")
    assert switch.status(StatePlace(host.state), json=False) == 0
    assert capsys.readouterr().out.startswith("maintenance is on ")


def test_what_was_written_by_hand_is_shown(tmp_path: Path) -> None:
    maintenance.path_of(tmp_path).write_text("new disk,\x1b[31m back at 5\n")
    found = maintenance.look(tmp_path, HOUR, datetime.now(UTC))
    assert found is not None
    assert found.why == "new disk, [31m back at 5"


def test_a_switch_is_written_for_people_and_read_back(tmp_path: Path) -> None:
    why = 'new "disk"\\ for\nqa1 = ☃'
    assert maintenance.switch_on(tmp_path, "ann", why, NOW + timedelta(hours=2), NOW)
    text = maintenance.path_of(tmp_path).read_text()
    assert tomllib.loads(text)["why"] == 'new "disk"\\ for qa1 = ☃'
    os.utime(maintenance.path_of(tmp_path), (NOW.timestamp() + 60,) * 2)
    assert maintenance.look(tmp_path, 4 * HOUR, NOW + timedelta(hours=1)) == maintenance.Switch(
        NOW, "ann", 'new "disk"\\ for qa1 = ☃', NOW + timedelta(hours=2), overdue=False
    )


@pytest.mark.parametrize(
    ("since", "modified", "abort", "oldest"),
    [
        (-3, -2, -1, -3),
        (-1, -3, -2, -3),
        (-1, -2, -3, -3),
        (None, -2, None, -2),
        (+3, -2, None, -2),
        (+3, +2, -1, -1),
        (+3, +2, +1, None),
    ],
)
def test_the_age_is_the_oldest_that_is_not_in_the_future(
    tmp_path: Path, since: int | None, modified: int, abort: int | None, oldest: int | None
) -> None:
    (tmp_path / "run").mkdir()

    def at(hours: int) -> datetime:
        return NOW + timedelta(hours=hours)

    path = maintenance.path_of(tmp_path)
    path.write_text(f"since = {at(since):%Y-%m-%dT%H:%M:%SZ}\n" if since is not None else "")
    os.utime(path, (at(modified).timestamp(),) * 2)
    if abort is not None:
        maintenance.remember_first_abort(tmp_path, at(abort))
    found = maintenance.look(tmp_path, HOUR, NOW)
    assert found is not None
    assert found.since == (at(oldest) if oldest is not None else None)


@pytest.mark.parametrize(
    ("hours", "until", "overdue"), [(3, None, False), (5, None, True), (1, 2, False), (3, 2, True)]
)
def test_past_its_end_or_after_warn_after_it_is_overdue(
    tmp_path: Path, hours: int, until: int | None, overdue: bool
) -> None:
    end = NOW + timedelta(hours=until) if until is not None else None
    maintenance.switch_on(tmp_path, "ann", "disk", end, NOW)
    os.utime(maintenance.path_of(tmp_path), (NOW.timestamp(),) * 2)
    found = maintenance.look(tmp_path, 4 * HOUR, NOW + timedelta(hours=hours))
    assert found is not None
    assert found.overdue is overdue
    assert ("OVERDUE" in maintenance.words(found, NOW + timedelta(hours=hours))) is overdue


@pytest.mark.parametrize("form", ["binary", "a folder", "a FIFO", "a link to nothing", "100 MB"])
def test_what_cannot_be_read_cannot_be_added_to_and_says_so(host: Host, form: str) -> None:
    prepare_state(host.state)
    FORMS[form](maintenance.path_of(host.state))
    before = os.lstat(maintenance.path_of(host.state))
    with pytest.raises(StoreError, match="is already on, but yours could not be added"):
        turn_on(host)
    assert os.lstat(maintenance.path_of(host.state)) == before
    assert turn_off(host)[1].startswith("maintenance is off; ")


def test_a_full_folder_is_left_to_a_person(host: Host) -> None:
    prepare_state(host.state)
    (maintenance.path_of(host.state) / "x").mkdir(parents=True)
    with pytest.raises(Exception, match="remove it by hand"):
        turn_off(host)


@pytest.mark.parametrize("reason", [None, "", " \n"])
def test_a_reason_is_wanted(host: Host, reason: str | None) -> None:
    with pytest.raises(SettingsError, match="--reason"):
        turn_on(host, reason=reason)
    assert not maintenance.path_of(host.state).exists()


def test_the_next_switch_has_an_age_of_its_own(host: Host) -> None:
    prepare_state(host.state)
    maintenance.remember_first_abort(host.state, NOW - timedelta(days=900))
    maintenance.path_of(host.state).touch()
    turn_off(host)
    assert maintenance.first_abort(host.state) is None
    maintenance.remember_first_abort(host.state, NOW - timedelta(days=900))
    # removed by hand, and a run saw that
    work(host, "find")
    assert maintenance.first_abort(host.state) is None


def test_three_ticks_in_maintenance_change_the_banner_and_nothing_else(host: Host) -> None:
    assert host.inv("run")[0] == 0
    before = host.page()
    files = _data(host)
    maintenance.path_of(host.state).touch()
    for _ in range(3):
        assert host.inv("run", "--cron") == (3, "", "")
    page = host.page()
    assert outside_the_banner(page) == outside_the_banner(before)
    banner = banner_of(page)
    for word in (
        "maintenance: since 2",
        "updates were aborted because of maintenance.txt, created ",
    ):
        assert word in banner
    assert "last aborted run at 2" in banner
    assert _data(host) == files
    assert len(host.events("refused")) == 3
    # and when it is over, all is as before
    maintenance.path_of(host.state).unlink()
    assert host.inv("run", "--cron") == (0, "", "")
    assert "maintenance" not in host.page().partition("</header>")[0]


def _data(host: Host) -> dict[str, bytes]:
    """All that a refused run has to leave alone."""
    return {
        str(path.relative_to(host.state)): path.read_bytes()
        for path in sorted(host.state.rglob("*"))
        if path.is_file()
        and path.relative_to(host.state).parts[0] not in ("log", "run")
        # these tell of the situation, too
        and path.suffix not in (".html", ".svg", ".prom")
        and path.name not in ("stable.json", "stable.answer.json", "stable.shields.json", "index.json")
        and path.name != "maintenance.txt"
    }


def test_readers_work_and_say_so(host: Host) -> None:
    assert host.inv("run")[0] == 0
    maintenance.path_of(host.state).touch()
    for args in (("landings",), ("explain", "r2"), ("whatif", "--ok", "r2"), ("history",)):
        code, out, err = host.inv(*args)
        assert (code, bool(out)) == (0, True), args
        assert err.startswith("in maintenance since 2"), args
    assert "MAINTENANCE: since 2" in host.inv("status")[1]
    assert '"maintenance":{"since":"2' in host.inv("status", "--json")[1]


@pytest.mark.parametrize(
    "args",
    [
        ("find",),
        ("judge",),
        ("report",),
        ("run",),
        ("verdict", "r2", "ok", "--reason", "x"),
        ("cover", "r1", "--by", "r2", "--reason", "x"),
        ("uncover", "r1", "--reason", "x"),
        ("deployed", "r2", "--reason", "x"),
    ],
    ids=lambda args: str(args[0]),
)
def test_every_working_task_is_refused(host: Host, args: tuple[str, ...]) -> None:
    prepare_state(host.state)
    maintenance.path_of(host.state).touch()
    code, _, err = host.inv(*args)
    assert code == 3
    assert err.startswith("in maintenance (")


def test_overdue_is_loud_on_the_page_and_once_a_day_under_cron(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert host.inv("run")[0] == 0
    maintenance.path_of(host.state).write_text("since = 2011-08-24T10:15:00Z\nwhy = 'new disk'\n")
    code, out, err = host.inv("run", "--cron")
    assert (code, out) == (3, "")
    assert "new disk; THIS IS OVERDUE" in err
    assert "THIS IS OVERDUE: end it with" in host.page()
    assert host.inv("run", "--cron") == (3, "", "")
    assert "OVERDUE" in host.inv("find")[2]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with monkeypatch.context() as patched:
        patched.setattr(refusals, "now", lambda: tomorrow)
        assert "THIS IS OVERDUE" in host.inv("run", "--cron")[2]
        assert host.inv("run", "--cron") == (3, "", "")
    # the next one is loud again
    maintenance.path_of(host.state).unlink()
    assert host.inv("run", "--cron") == (0, "", "")
    maintenance.path_of(host.state).write_text("since = 2011-08-24T10:15:00Z\n")
    assert "OVERDUE" in host.inv("run", "--cron")[2]
