"""What the unit of a timer ends with, and what the operators are mailed of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.running.timer_units import unit_name
from tests.running.host import Host, end
from tests.running.smtp import Server, serving
from tests.waiting import until

pytestmark = pytest.mark.real  # each starts processes

OPERATORS = ("ops@example.org", "olga@example.org")


@pytest.fixture
def smtp() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def host(tmp_path: Path, smtp: Server, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host whose first run was good, and what systemd gives to its units."""
    host = Host(tmp_path, _mail(smtp))
    assert host.inv("run", "--timer")[0] == 0
    smtp.messages.clear()
    memory = tmp_path / "runtime"
    memory.mkdir(exist_ok=True)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(memory))
    return host


def _mail(smtp: Server) -> str:
    return f'mail = {{ sender = "qa@example.org", smtp = "{smtp.place}", operators = {list(OPERATORS)} }}\n'


def failed(host: Host, code: int, *options: str, result: str = "exit-code") -> tuple[int, str, str]:
    """What systemd calls after a unit ended so."""
    how = {"MONITOR_SERVICE_RESULT": result, "MONITOR_EXIT_CODE": "exited", "MONITOR_EXIT_STATUS": str(code)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in how.items():
            patch.setenv(name, value)
        return host.inv("timer.failed", *options)


def take_away(host: Host) -> Path:
    """Its repository is gone; where it is now."""
    repository = Path(next(iter(host.project.settings.branches.values())).repository)
    place = host.project.folder / repository
    return place.rename(place.with_name("moved"))


def restore(host: Host, moved: Path) -> None:
    repository = Path(next(iter(host.project.settings.branches.values())).repository)
    moved.rename(host.project.folder / repository)


def test_the_first_run_is_said_by_mail_too(tmp_path: Path, smtp: Server) -> None:
    host = Host(tmp_path, _mail(smtp))
    code, _, err = host.inv("run", "--timer")
    assert (code, "this was the first run" in err) == (0, True)
    assert all("this was the first run" in each for to in OPERATORS for each in smtp.mails_to(to))
    assert len(smtp.messages) == len(OPERATORS)


def test_a_failure_is_said_at_each_tick_and_mailed_once_until_a_good_run(host: Host, smtp: Server) -> None:
    moved = take_away(host)
    for _ in range(2):
        code, out, err = host.inv("run", "--timer")
        assert (code, out, "is not there" in err) == (5, "", True)
        assert failed(host, code)[0] == 0
    assert sorted(to for to, _ in smtp.messages) == sorted(OPERATORS)
    restore(host, moved)
    assert host.inv("run", "--timer")[0] == 0
    take_away(host)
    assert failed(host, host.inv("run", "--timer")[0])[0] == 0
    assert len(smtp.messages) == 2 * len(OPERATORS)


def test_run_cron_with_the_variable_of_the_unit_is_run_timer(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.inv("maintenance.on", "--reason", "disk", "--until", "2h")
    assert host.inv("run", "--cron")[0] == 3
    monkeypatch.setenv("SHEPHERD_TIMER", "1")
    assert host.inv("run", "--cron", apart=False)[:2] == (0, "")


def test_an_overdue_switch_is_a_failure_each_time_and_one_mail(host: Host, smtp: Server) -> None:
    host.inv("maintenance.on", "--reason", "disk", "--until", "1s")
    until(lambda: host.inv("run", "--timer")[0] == 3)
    for _ in range(2):
        code, _, err = host.inv("run", "--timer")
        assert (code, "OVERDUE" in err) == (3, True)
        failed(host, code)
    assert [("OVERDUE" in text, "disk" in text) for _, text in smtp.messages] == [(True, True)] * len(
        OPERATORS
    )


def test_a_copy_at_work_is_none_and_a_hang_is_one_that_the_run_mails(
    tmp_path: Path, smtp: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(tmp_path, _mail(smtp) + 'run = { deadline = "30m", stale_after = "1s" }\n')
    at_work = host.working()
    try:
        until(lambda: "suspected hang" in host.inv("run", "--timer")[2])
        code, _, _ = host.inv("run", "--timer")
        before = len(smtp.messages)
        assert (code, before) == (4, len(OPERATORS))
        assert failed(host, code)[0] == 0
        assert len(smtp.messages) == before, "the refused run has mailed it"
    finally:
        end(at_work)


def test_wrong_settings_are_mailed_where_the_mail_server_can_be_read(host: Host, smtp: Server) -> None:
    file = host.project.folder / "shepherd.toml"
    file.write_text("oops = 1\n" + file.read_text())
    assert host.inv("run", "--timer")[0] == 2
    for _ in range(2):
        assert failed(host, 2)[0] == 0
    assert ["oops" in text for _, text in smtp.messages] == [True] * len(OPERATORS)


def test_the_mail_about_wrong_settings_names_the_unit_that_there_is(
    host: Host, smtp: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = host.project.folder / "shepherd.toml"
    file.write_text('state_dir = "elsewhere"\n' + file.read_text())
    name = unit_name(host.project.settings)
    file.write_text("oops = 1\n" + file.read_text())
    assert failed(host, 2)[0] == 0
    assert [f"unit {name}" in text for _, text in smtp.messages] == [True] * len(OPERATORS)


@pytest.mark.parametrize("wrong", ["", "oops = 1\n"])
def test_a_clone_mails_nobody(host: Host, smtp: Server, wrong: str) -> None:
    file = host.project.folder / "shepherd.toml"
    file.write_text(wrong + file.read_text() + '\n[deploy]\nhosts = ["qa1.example.org"]\n')
    code, out, _ = failed(host, 203)
    assert (code, smtp.messages) == (0, [])
    assert "deployed to qa1.example.org" in out


def test_a_run_that_never_started_is_mailed(host: Host, smtp: Server) -> None:
    assert failed(host, 203)[0] == 0
    assert all("ended with 203" in text for _, text in smtp.messages) and smtp.messages


def test_a_run_that_systemd_ended_is_mailed(host: Host, smtp: Server) -> None:
    failed(host, 1, result="timeout")
    assert all("longer than run.stale_after (60m)" in text for _, text in smtp.messages) and smtp.messages


def test_who_could_not_be_mailed_is_mailed_at_the_next_failure_and_nobody_twice(
    host: Host, smtp: Server
) -> None:
    smtp.refused = {OPERATORS[0]}
    assert failed(host, 203)[0] != 0
    smtp.refused = set()
    assert failed(host, 203)[0] == 0
    assert [len(smtp.mails_to(each)) for each in OPERATORS] == [1, 1]


def test_a_dry_run_prints_the_mail_and_sends_none(host: Host, smtp: Server) -> None:
    code, out, _ = failed(host, 203, "--dry-run")
    assert (code, smtp.messages) == (0, [])
    assert "would mail ops@example.org" in out and "ended with 203" in out
