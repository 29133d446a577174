"""The systemd units: right for systemd, idempotent, and never over a file of somebody else's."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from shepherd.errors import PARTLY, SettingsError
from shepherd.running import cron, systemd, timer, timer_units
from shepherd.running.log import parse
from shepherd.running.runner import prepare_state
from shepherd.settings import Settings, read
from tests.inv import inv_here
from tests.real.sshd import need
from tests.running.crontab import Crontab
from tests.running.systemctl import Systemctl
from tests.running.test_cron import written

pytestmark = pytest.mark.real  # each starts systemctl's stand-in, or systemd-analyze


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return written(tmp_path / "site")


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemctl:
    return Systemctl(tmp_path, monkeypatch)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    table = Crontab(tmp_path)
    monkeypatch.setenv("PATH", str(table.bin), prepend=":")
    return table


def files(systemctl: Systemctl) -> dict[str, str]:
    return {each.name: each.read_text() for each in systemctl.units.rglob("*") if each.is_file()}


def test_installing_twice_is_installing_once_and_removing_leaves_nothing(
    settings: Settings, systemctl: Systemctl, table: Crontab, capsys: pytest.CaptureFixture[str]
) -> None:
    (systemctl.lingers / getpass.getuser()).touch()
    name = timer_units.unit_name(settings)
    assert timer.install(settings, "ann", system=False) == 0
    assert systemctl.calls == ["daemon-reload", f"enable {name}.timer", f"restart {name}.timer"]
    assert set(files(systemctl)) == {f"{name}.service", f"{name}-failed.service", f"{name}.timer"}
    capsys.readouterr()
    assert timer.install(settings, "ann", system=False) == 0
    assert len(systemctl.calls) == 3 and "nothing to do" in capsys.readouterr().out
    assert timer.remove(settings, "ben", system=False) == 0
    assert systemctl.calls[3:] == [f"disable --now {name}.timer", "daemon-reload"]
    assert files(systemctl) == {}
    acts = [parse(each) for each in (settings.state_path / "log" / "shepherd.log").read_text().splitlines()]
    assert [(each["what"], each["by"]) for each in acts] == [
        ("timer.install", "ann"),
        ("timer.remove", "ben"),
    ]


def test_a_unit_that_changed_is_put_right_and_only_that(
    settings: Settings, systemctl: Systemctl, table: Crontab
) -> None:
    timer.install(settings, "ann", system=False)
    right = files(systemctl)
    service = next(systemctl.units.rglob("*[0-9a-f].service"))
    service.write_text(f"{timer_units.MARK}, and changed\n")
    before = len(systemctl.calls)
    timer.install(settings, "ann", system=False)
    assert files(systemctl) == right
    assert systemctl.calls[before:] == ["daemon-reload"]


def test_a_timer_that_somebody_stopped_is_started(
    settings: Settings, systemctl: Systemctl, table: Crontab
) -> None:
    timer.install(settings, "ann", system=False)
    name = timer_units.unit_name(settings)
    subprocess.run(["systemctl", "disable", "--now", f"{name}.timer"], check=True)
    timer.install(settings, "ann", system=False)
    assert systemctl.calls[-2:] == [f"enable {name}.timer", f"start {name}.timer"]


@pytest.mark.parametrize("what", ["timer", "service"])
def test_units_that_systemd_has_not_read_are_read_at_the_next_call(
    what: str, settings: Settings, systemctl: Systemctl, table: Crontab, capsys: pytest.CaptureFixture[str]
) -> None:
    (systemctl.lingers / getpass.getuser()).touch()
    timer.install(settings, "ann", system=False)
    name = timer_units.unit_name(settings)
    unit = f"{name}.{what}"
    place = systemctl.units / "systemd" / "user" / unit
    place.write_text(place.read_text() + "# by an older release\n")
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    with systemctl.failing("daemon-reload"), pytest.raises(systemd.SystemdError, match="daemon-reload"):
        timer.install(settings, "ann", system=False)
    before, restarts = len(systemctl.calls), [f"restart {unit}"] if what == "timer" else []
    assert not timer.planned(settings, system=False).empty, "so doctor says"
    assert timer.install(settings, "ann", system=False) == 0
    assert systemctl.calls[before:] == ["daemon-reload", *restarts]
    capsys.readouterr()
    timer.install(settings, "ann", system=False)
    assert "nothing to do" in capsys.readouterr().out


def test_what_a_killed_installing_began_is_removed(
    settings: Settings, systemctl: Systemctl, table: Crontab
) -> None:
    timer.install(settings, "ann", system=False)
    (systemctl.units / "systemd" / "user" / f"{timer_units.unit_name(settings)}.timer").unlink()
    before = len(systemctl.calls)
    with systemctl.failing("disable"):
        assert timer.remove(settings, "ann", system=False) == 0
    assert (files(systemctl), systemctl.calls[before:]) == ({}, ["daemon-reload"])


def test_the_systems_timer_is_removed_when_state_dir_is_gone(
    settings: Settings, systemctl: Systemctl, table: Crontab
) -> None:
    timer.install(settings, "ann", system=False)
    shutil.rmtree(settings.state_path)
    if os.geteuid() != 0:
        pytest.skip("only root may")
    with pytest.raises(SettingsError, match="nobody knows which user"):
        timer.install(settings, "ann", system=True)
    prepare_state(settings.state_path)
    timer.install(settings, "ann", system=True)
    shutil.rmtree(settings.state_path)
    assert timer.remove(settings, "ann", system=True) == 0
    assert not any(each.is_file() for each in systemctl.system.iterdir())


def test_the_folders_that_a_unit_writes_to_are_there(
    tmp_path: Path, systemctl: Systemctl, table: Crontab
) -> None:
    settings = written(tmp_path / "site", '[backup]\ndirectory = "../nfs/backups"\n')
    timer.install(settings, "ann", system=False)
    assert (tmp_path / "nfs" / "backups").stat().st_mode & 0o777 == 0o700
    assert settings.report_path.is_dir()


def test_a_dry_run_prints_files_and_calls_and_does_none(
    settings: Settings, systemctl: Systemctl, table: Crontab, capsys: pytest.CaptureFixture[str]
) -> None:
    timer.install(settings, "ann", system=False, dry=True)
    shown, name = capsys.readouterr().out, timer_units.unit_name(settings)
    assert f"write {systemctl.units}/systemd/user/{name}.timer" in shown
    assert f"systemctl --user enable {name}.timer" in shown
    assert (files(systemctl), systemctl.calls, settings.state_path.exists()) == ({}, [], False)


@pytest.mark.parametrize("what", ["foreign", "link", "folder"])
def test_what_is_not_ours_is_refused_and_stays(what: str, settings: Settings, systemctl: Systemctl) -> None:
    place = systemctl.units / "systemd" / "user" / f"{timer_units.unit_name(settings)}.timer"
    place.parent.mkdir(parents=True)
    if what == "folder":
        place.mkdir()
    elif what == "link":
        place.symlink_to("/dev/null")
    else:
        place.write_text("[Timer]\nOnCalendar=daily\n")
    for act in (timer.install, timer.remove):
        with pytest.raises(SettingsError, match="move it away by hand"):
            act(settings, "ann", system=False)
    assert os.path.lexists(place) and systemctl.calls == []


def test_a_user_who_does_not_linger_is_told_what_root_types(
    settings: Settings, systemctl: Systemctl, table: Crontab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert timer.install(settings, "ann", system=False) == PARTLY
    assert f"loginctl enable-linger {getpass.getuser()}" in capsys.readouterr().out


def test_cron_and_the_timer_know_of_each_other(
    settings: Settings, systemctl: Systemctl, table: Crontab, capsys: pytest.CaptureFixture[str]
) -> None:
    cron.install(settings, "ann")
    assert "inv timer.remove" not in capsys.readouterr().out
    timer.install(settings, "ann", system=False)
    assert "inv cron.remove" in capsys.readouterr().out
    cron.install(settings, "ann")
    assert "inv timer.remove" in capsys.readouterr().out


@pytest.mark.parametrize("task", [("timer.show",), ("doctor", "--offline")])
def test_a_user_without_a_name_can_ask_for_the_units(
    task: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, systemctl: Systemctl
) -> None:
    settings = written(tmp_path / "site")
    prepare_state(settings.state_path)
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))

    def nobody(uid: int) -> object:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr("pwd.getpwuid", nobody)
    done = inv_here(tmp_path / "site", *task)
    assert "Traceback" not in done.err and "getpwuid" not in done.out + done.err
    assert done.out


ODD = ["plain", "a b", "100%", "50%d 'x' $HOME ${HOME} `id`", "ä;#"]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("system", [False, True])
def test_systemd_verifies_the_units_of_any_path(name: str, system: bool, tmp_path: Path) -> None:
    need(shutil.which("systemd-analyze"), "there is no systemd-analyze here: .ci/run installs systemd")
    settings = written(tmp_path / name / "site")
    (tmp_path / "run").mkdir()
    paths = []
    for unit, text in timer_units.units(settings, system=system).texts.items():
        path = tmp_path / unit
        path.write_text(text)
        paths.append(path)
    words = ["systemd-analyze", "verify", *([] if system else ["--user"]), *map(str, paths)]
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    done = subprocess.run(words, env=environ, capture_output=True, check=False, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "qa-shepherd" in line]) == (0, [])


def test_the_units_are_hardened(tmp_path: Path, settings: Settings) -> None:
    need(shutil.which("systemd-analyze"), "there is no systemd-analyze here: .ci/run installs systemd")
    service = tmp_path / "qa.service"
    service.write_text(next(iter(timer_units.units(settings, system=True).texts.values())))
    words = ["systemd-analyze", "security", "--offline=yes", "--threshold=30", str(service)]
    done = subprocess.run(words, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout


def test_a_path_that_cannot_stand_in_a_unit_is_refused(tmp_path: Path) -> None:
    for name in ("line\nend", "tab\t"):
        with pytest.raises(SettingsError, match="cannot be written in a systemd unit"):
            timer_units.units(written(tmp_path / name), system=False)
    for name in ('a "b"', "back\\slash"):
        with pytest.raises(SettingsError, match="cannot be written in a systemd unit"):
            timer_units.units(written(tmp_path / name), system=True)


@pytest.mark.parametrize(
    ("every", "times"),
    [
        ("1m", "*:0/1"),
        ("5m", "*:0/5"),
        ("60m", "*-*-* 00/1:00"),
        ("6h", "*-*-* 00/6:00"),
        ("1d", "*-*-* 00:00"),
    ],
)
def test_how_often(every: str, times: str, tmp_path: Path) -> None:
    need(shutil.which("systemd-analyze"), "there is no systemd-analyze here: .ci/run installs systemd")
    settings = written(tmp_path, f'[cron]\nevery = "{every}"\n')
    assert f"OnCalendar={times}\n" in list(timer_units.units(settings, system=False).texts.values())[-1]
    environ = {"TZ": "UTC", "PATH": os.environ["PATH"]}
    words = ["systemd-analyze", "calendar", "--iterations=2", "--base-time=2026-11-28 00:00:30 UTC", times]
    shown = subprocess.run(words, env=environ, capture_output=True, text=True, check=True).stdout
    first, second = map(datetime.fromisoformat, re.findall(r"(?:Next elapse|Iter.*): \S+ (.*) UTC", shown))
    assert (second - first).total_seconds() == settings.cron.every


def test_what_a_run_writes_may_be_written(tmp_path: Path) -> None:
    (tmp_path / "shepherd.toml").write_text(
        'database = "sqlite:///../db/x.db"\n'
        '[branches.stable]\nrepository = "p.git"\nref = "stable"\ndeployed = { ref = "production" }\n'
        'promote = { ref = "production" }\n'
        '[branches.other]\nrepository = "q.git"\nref = "stable"\ndeployed = { ref = "production" }\n'
        '[tracker]\ntype = "file"\npath = "bugs/bugs.json"\n'
        '[report]\ndirectory = "pages"\npublish = ["/srv/www", "web.example.org:/srv/www"]\n'
    )
    places = timer_units.writable(read(tmp_path / "shepherd.toml"))
    inside = {str(each).removeprefix(os.path.realpath(tmp_path)) for each in places}
    above = f"{Path(os.path.realpath(tmp_path)).parent}/db"
    assert inside == {"/p.git", "/bugs", "/pages", "/var", "/srv/www", above}


def test_the_command_is_the_one_of_the_crontab_and_names_current(tmp_path: Path) -> None:
    settings = written(tmp_path / "shared")
    release = tmp_path / "releases" / "one"
    release.mkdir(parents=True)
    (tmp_path / "current").symlink_to("releases/one")
    service = timer_units.units(settings, system=False, root=release).texts[
        f"{timer_units.unit_name(settings)}.service"
    ]
    assert f"-C {tmp_path}/current " in service and "releases" not in service


def test_a_user_whom_passwd_does_not_know_is_told_so(
    settings: Settings, systemctl: Systemctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(number: int) -> object:
        raise KeyError(number)

    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert systemd.unit_folder(system=False) == Path(os.environ["HOME"], ".config", "systemd", "user")
    assert not systemd.lingers()
    with pytest.raises(systemd.SystemdError, match=r"user id \d+, which has no entry in /etc/passwd"):
        timer.install(settings, "ann", system=False)
