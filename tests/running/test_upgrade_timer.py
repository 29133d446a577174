"""What an upgrade does about what calls the shepherd where there is a timer, or no cron."""

from __future__ import annotations

import os
import shlex
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import ClassVar

import pytest

from ops import deploy
from shepherd.errors import PARTLY
from shepherd.running import timer
from shepherd.running.releases import Release
from shepherd.running.upgrade import withholding
from tests.running.crontab import Crontab
from tests.running.site import Place
from tests.running.systemctl import Systemctl

pytestmark = pytest.mark.real  # each starts processes


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    table = Crontab(tmp_path)
    monkeypatch.setenv("PATH", f"{table.bin}:{os.environ['PATH']}")
    return table


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemctl:
    return Systemctl(tmp_path, monkeypatch)


@pytest.fixture
def place(tmp_path: Path, table: Crontab, systemctl: Systemctl) -> Place:
    return Place(tmp_path)


def knows_timers(release: Release) -> Release:
    module = release.path / "shepherd" / "running" / "timer.py"
    module.parent.mkdir(parents=True)
    module.touch()
    return release


def calls(release: Release) -> str:
    place = release.path / "calls"
    return place.read_text() if place.exists() else ""


def without_crontab(table: Crontab, monkeypatch: pytest.MonkeyPatch) -> None:
    (table.bin / "crontab").unlink()
    if Path("/usr/bin/crontab").exists():
        # what else an upgrade needs is there
        folder = table.bin.with_name("rest")
        folder.mkdir()
        for each in ("/usr/bin", "/bin"):
            for program in Path(each).iterdir():
                if program.name != "crontab" and not (folder / program.name).is_symlink():
                    (folder / program.name).symlink_to(program)
        monkeypatch.setenv("PATH", f"{table.bin.with_name('systemctl-bin')}:{folder}")


@pytest.mark.parametrize("crontab", [True, False])
def test_a_timer_is_brought_up_to_date_and_no_crontab_is_needed(
    crontab: bool, place: Place, table: Crontab, monkeypatch: pytest.MonkeyPatch
) -> None:
    timer.install(place.settings, "ann", system=False)
    if not crontab:
        without_crontab(table, monkeypatch)
    first = knows_timers(place.release())
    assert place.upgrade() == 0
    assert calls(first) == "timer\n", "nor a block in one that is there"


def test_a_user_who_does_not_linger_is_told_so_by_the_upgrade(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    timer.install(place.settings, "ann", system=False)
    release = knows_timers(place.release())
    python = release.path / ".venv" / "bin" / "python3"
    assert timer.install(place.settings, "ann", system=False) == PARTLY
    printed = shlex.quote(capsys.readouterr().out)
    really = f"timer.install) printf %s {printed}; exit {PARTLY} ;;"
    python.write_text(python.read_text().replace("timer.install) echo timer >> calls ;;", really))
    assert place.upgrade() == PARTLY
    assert "as root: loginctl enable-linger" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize("by_timer", [True, False])
def test_a_start_that_was_withheld_is_forgotten_once_something_calls_the_shepherd(
    by_timer: bool, place: Place
) -> None:
    place.release(good=True, live=True)
    withholding.remember(place.site, "repository main")
    if by_timer:
        timer.install(place.settings, "ann", system=False)
    release = knows_timers(place.release())
    assert place.upgrade() == 0
    assert calls(release) == ("timer\n" if by_timer else "crontab\n")
    assert not withholding.withheld(place.site)


def test_what_cannot_be_forgotten_is_said_and_the_release_is_live(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.release(good=True, live=True)
    (place.site.shared / "not-started.json").mkdir()
    release = place.release()
    assert place.upgrade() == PARTLY
    assert place.live == release.id
    assert (
        "not-started.json: cannot be removed (Is a directory); remove it by hand" in capsys.readouterr().out
    )


def test_rolled_back_to_a_release_that_knows_no_timer(place: Place) -> None:
    timer.install(place.settings, "ann", system=False)
    old, new = place.release(good=True, live=True), knows_timers(place.release())
    assert place.upgrade() == 0
    assert place.upgrade(to=old.id, reason="mails went twice") == 0
    assert (calls(old), calls(new)) == ("", "timer\n")


def test_units_of_the_system_are_left_to_root(
    place: Place, systemctl: Systemctl, capsys: pytest.CaptureFixture[str]
) -> None:
    timer.install(place.settings, "ann", system=True)
    service = next(each for each in systemctl.system.iterdir() if each.name.endswith("-failed.service"))
    service.write_text(service.read_text() + "#\n")
    release = knows_timers(place.release())
    assert place.upgrade() == 0
    assert "as root: inv timer.install --system" in capsys.readouterr().out.replace("\n", " ")
    assert calls(release) == ""


def test_without_cron_and_timer_the_first_release_says_what_to_do(
    place: Place, table: Crontab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_crontab(table, monkeypatch)
    place.release()
    assert place.upgrade() == PARTLY
    assert "inv timer.install" in capsys.readouterr().out
    place.release()
    assert place.upgrade() == 0, "something that is not ours may call it: doctor knows more"


@pytest.mark.parametrize(
    ("codes", "deployed", "worst"), [((7, 0), 2, 7), ((0, 7), 2, 7), ((1, 0), 1, 1), ((0, 0), 2, 0)]
)
def test_the_hosts_after_one_whose_crontab_is_not_right_are_deployed(
    codes: tuple[int, ...], deployed: int, worst: int, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    class HostStandIn:
        name = "host"

        def opened(self) -> AbstractContextManager[None]:
            return nullcontext()

    class DeploymentStandIn:
        done: ClassVar[list[int]] = []

        def __init__(self, *_: object) -> None: ...

        def run(self, *_: object, **__: object) -> int:
            self.done.append(codes[len(self.done)])
            return self.done[-1]

    monkeypatch.setattr(deploy, "hosts", lambda *_: [HostStandIn(), HostStandIn()])
    monkeypatch.setattr(deploy, "Deployment", DeploymentStandIn)
    monkeypatch.setattr(deploy.source, "pack", lambda *_: type("Packed", (), {"commit": "0" * 40}))
    assert deploy.deploy(None, place.settings, "ann") == worst
    assert len(DeploymentStandIn.done) == deployed
