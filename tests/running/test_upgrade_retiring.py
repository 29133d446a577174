"""Who goes back to a release that does not write a file of the report leaves none that says "deploy r123" for
ever (docs/feeds.md#going-back-to-an-older-release)."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest

from shepherd import report_files
from shepherd.report_files import OURS
from shepherd.running.releases import Release
from shepherd.stages import publish
from tests.running.crontab import Crontab
from tests.running.site import Place

FIRST = {"index.html", "shepherd.prom", *(f"stable.{e}" for e in ("atom", "html", "json", "sha", "svg"))}
NEW = OURS.names(["stable"]) - FIRST


pytestmark = pytest.mark.real


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An older release, and the newer one live; a report with every file, published to `web`."""
    monkeypatch.setenv("PATH", f"{Crontab(tmp_path).bin}:{os.environ['PATH']}")
    made = Place(tmp_path)
    made.release(good=True)
    writes_more(made.release(good=True, live=True))
    (made.site.shared / "web").mkdir()
    publish_to(made, "web")
    for folder in (made.state / "report", made.site.shared / "web"):
        folder.mkdir(exist_ok=True)
        for name in (*OURS.names(["stable", "gone"]), "robots.txt", "stable.txt"):
            (folder / name).write_text("deploy r123")
    (made.state / "snapshots" / "gone").mkdir(parents=True)
    return made


def writes_more(release: Release) -> None:
    shutil.copy(report_files.__file__, release.path / "shepherd")


def publish_to(place: Place, *targets: str) -> None:
    settings = place.site.shared / "shepherd.toml"
    before = settings.read_text().partition("\n[report]")[0]
    listed = ", ".join(f'"{target}"' for target in targets)
    settings.write_text(f"{before}\n[report]\npublish = [{listed}]\n")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_its_new_files_go_here_and_where_they_were_published(place: Place) -> None:
    assert place.upgrade(to="1") == 0
    assert place.live.startswith("0001")
    for folder in (place.state / "report", place.site.shared / "web"):
        left = names(folder)
        assert left >= FIRST and {"robots.txt", "stable.txt", "gone.html"} <= left
        assert not left & NEW
        assert "gone.answer.json" not in left


def test_a_release_that_writes_them_too_keeps_them(place: Place) -> None:
    writes_more(place.site.all()[0])
    assert place.upgrade(to="1") == 0
    assert names(place.state / "report") >= FIRST | NEW
    assert names(place.site.shared / "web") >= FIRST | NEW


def test_where_they_cannot_be_removed_that_is_said(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    publish_to(place, "ssh://127.0.0.1:1/srv", "web")
    assert place.upgrade(to="1") == 7
    assert place.live.startswith("0001")
    said = capsys.readouterr().out
    assert "retire   ssh://127.0.0.1:1/srv: " in said
    assert "remove them by hand: " in said and "stable.answer.json" in said.partition("by hand: ")[2]
    assert not names(place.site.shared / "web") & NEW


def test_without_room_for_an_empty_folder_the_upgrade_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk of /tmp is full: targets keep the files, which is said, and nothing is left half done."""

    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(publish, "TemporaryDirectory", full)
    assert place.upgrade(to="1") == 7
    assert place.live.startswith("0001")
    assert not (place.state / "maintenance.txt").exists()
    assert "retire   web: no empty folder can be made (No space left on device)" in capsys.readouterr().out
    assert not names(place.state / "report") & NEW


def test_what_cannot_be_removed_here_is_said(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    (place.state / "report" / "index.json").unlink()
    (place.state / "report" / "index.json").mkdir()
    assert place.upgrade(to="1") == 7
    assert place.live.startswith("0001")
    said = capsys.readouterr().out
    assert "report/index.json cannot be removed (" in said and "remove them by hand: " in said


def test_what_a_failed_check_took_away_comes_back_with_the_next_run(place: Place) -> None:
    old, new = place.site.all()
    (old.path / "status.code").write_text("1")
    place.says(new.path)
    assert place.refused(to="1")[0] == 1
    assert place.live == new.id
    assert not names(place.state / "report") & NEW, "nobody knows what that release wrote meanwhile"
    place.project.look()
    place.project.report()
    assert "stable.answer.json" in names(place.state / "report")


def killed_amid_the_removing(place: Place) -> None:
    """`kill -9` of an upgrade as it comes to the third file."""
    unlink = Path.unlink

    def dies(path: Path, missing_ok: bool = False) -> None:
        if path.name == sorted(NEW)[2]:
            os.kill(os.getpid(), signal.SIGKILL)
        unlink(path, missing_ok)

    child = os.fork()
    if not child:
        with suppress(BaseException), patch.object(Path, "unlink", dies):
            place.upgrade(to="1")
        os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


@pytest.mark.parametrize("way", ["resume", "undo"])
def test_a_kill_amid_the_removing_is_resumed_or_undone(place: Place, way: str) -> None:
    killed_amid_the_removing(place)
    report, web = place.state / "report", place.site.shared / "web"
    assert len(names(report) & NEW) == len(NEW) - 2
    assert place.live.startswith("0002")
    assert place.upgrade(resume=way == "resume", undo=way == "undo") == 0
    if way == "undo":
        assert place.live.startswith("0002")
        place.project.look()
        place.project.report()
        assert "stable.answer.json" in names(report)
    else:
        assert place.live.startswith("0001")
        assert not (names(report) | names(web)) & NEW
    assert place.switch() is None


def test_an_upgrade_to_newer_code_removes_nothing(place: Place) -> None:
    place.point(place.site.all()[0].id)
    assert place.upgrade() == 0
    assert place.live.startswith("0002")
    assert names(place.state / "report") >= FIRST | NEW
