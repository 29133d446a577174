"""`inv publish`, and the page at its target when a run is refused (docs/interfaces.md#commands,
docs/running.md#maintenance)."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from shepherd.report_files import ENDINGS
from shepherd.running.refusals import MaintenanceError
from shepherd.running.run import run
from shepherd.running.tasking import TaskOptions
from shepherd.stages.older_folder import remove_pages
from tests.inv import inv
from tests.project import Project

pytestmark = pytest.mark.real


def site(folder: Path, *targets: str) -> Project:
    project = Project(folder)
    project.deploy(project.land("[no-qa] One", "[no-qa] Two")[0])
    settings = folder / "shepherd.toml"
    listed = ", ".join(f'"{target}"' for target in targets)
    settings.write_text(f"{settings.read_text()}\n[report]\npublish = [{listed}]\n")
    return project


def test_one_target_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    site(tmp_path, "web", "shepherd.toml/no/folder", "copy")
    inv(tmp_path, "find", "judge", "report")
    done = inv(tmp_path, "publish")
    assert done.code == 7
    assert (
        "published to web: sent index.atom, index.html, index.json, shepherd.prom, stable.answer.json"
        in done.out
    )
    assert "published to copy" in done.out
    assert done.err.startswith("not published to ") and len(done.err.splitlines()) == 1
    assert (tmp_path / "web" / "stable.html").read_bytes() == (tmp_path / "copy" / "stable.html").read_bytes()
    log = (tmp_path / "var" / "log" / "shepherd.log").read_text()
    assert log.count("what=publish") == 3 and "by=tester" in log


def test_nothing_to_publish_yet(tmp_path: Path) -> None:
    site(tmp_path, "web")
    done = inv(tmp_path, "publish")
    assert (done.code, "inv report" in done.err) == (5, True)
    assert not (tmp_path / "web").exists()


def test_nowhere_to_publish_to(tmp_path: Path) -> None:
    site(tmp_path)
    done = inv(tmp_path, "publish")
    assert (done.code, done.out) == (0, "nowhere to publish to: report.publish is empty\n")


def test_a_run_publishes_and_a_refused_run_publishes_its_banner(tmp_path: Path) -> None:
    site(tmp_path, "web")
    assert "publish" in inv(tmp_path, "run").out
    page = tmp_path / "web" / "stable.html"
    assert "deploy r2" in page.read_text() and "maintenance" not in page.read_text().partition("<main")[0]
    (tmp_path / "var" / "maintenance.txt").touch()
    refused = inv(tmp_path, "run", "--cron")
    assert (refused.code, refused.out + refused.err) == (3, "")
    assert "updates were aborted because of maintenance.txt" in page.read_text()
    assert "deploy r2" in page.read_text()


def test_a_target_that_does_not_answer_holds_a_refused_run_up_for_seconds_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shepherd.running.refusals.PAGE_LIMIT", 6.0)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        project = site(tmp_path, f"ssh://127.0.0.1:{mute.getsockname()[1]}/srv", "web")
        project.look()
        (tmp_path / "var" / "maintenance.txt").touch()
        started = time.monotonic()
        with pytest.raises(MaintenanceError):
            run(TaskOptions(project.settings, "tester"))
        assert time.monotonic() - started < 6
    assert "aborted" in (tmp_path / "web" / "stable.html").read_text()


def test_the_pages_of_a_branch_that_is_gone_leave_the_target_too(tmp_path: Path) -> None:
    site(tmp_path, "web")
    inv(tmp_path, "run")
    settings = tmp_path / "shepherd.toml"
    settings.write_text(settings.read_text().replace("[branches.stable]", "[branches.trunk]"))
    (tmp_path / "web" / "robots.txt").touch()
    inv(tmp_path, "run")
    assert sorted(path.name for path in (tmp_path / "web").iterdir()) == [
        *("index.atom", "index.html", "index.json", "robots.txt", "shepherd.prom"),
        *(f"trunk.{ending}" for ending in sorted(ENDINGS)),
    ]


def test_pages_of_what_is_live_that_are_gone_here_leave_the_target_too(tmp_path: Path) -> None:
    project = site(tmp_path, "web")
    inv(tmp_path, "run")
    here, there = project.settings.report_path / "stable-older", tmp_path / "web" / "stable-older"
    here.mkdir(exist_ok=True)
    for name in ("index.html", "r1-1000.html"):
        (here / name).touch()
    inv(tmp_path, "publish")
    assert (there / "r1-1000.html").is_file()
    (here / "r1-1000.html").unlink()
    inv(tmp_path, "publish")
    assert (there / "index.html").is_file() and not (there / "r1-1000.html").exists()
    remove_pages(project.settings, "stable")
    inv(tmp_path, "publish")
    assert not there.exists()


def test_a_refused_run_after_a_good_one_is_on_the_page_at_once(tmp_path: Path) -> None:
    site(tmp_path, "web")
    switch = tmp_path / "var" / "maintenance.txt"
    inv(tmp_path, "run")
    for _ in range(2):
        switch.touch()
        assert inv(tmp_path, "run").code == 3
        assert "updates were aborted" in (tmp_path / "web" / "stable.html").read_text()
        switch.unlink()
        assert inv(tmp_path, "run").code == 0
        assert "updates were aborted" not in (tmp_path / "web" / "stable.html").read_text()
