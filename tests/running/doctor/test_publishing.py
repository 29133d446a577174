"""Whether doctor finds out that the pages cannot be brought where they belong."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.running.doctor import publishing
from shepherd.running.doctor.checking import Finding
from tests.project import Project
from tests.real.sshd import Sshd, account
from tests.running.doctor.looking import looked


def publishing_to(project: Project, *targets: str, more: str = "") -> None:
    """Replace what the fixture publishes to."""
    settings = project.folder / "shepherd.toml"
    before = settings.read_text().partition("[report]")[0]
    settings.write_text(f"{before}[report]\npublish = {list(targets)!r}\n{more}".replace("'", '"'))


def found(project: Project, *, offline: bool = True) -> list[Finding]:
    return [each for each in looked(project, offline=offline) if each.name == "publish"]


def test_without_targets_nothing_is_looked_for(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing_to(project)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [(each.level, each.what) for each in found(project)] == [
        ("ok", "the pages are published nowhere: report.publish is empty")
    ]


def test_no_rsync(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    [finding] = found(project)
    assert (finding.level, finding.remedy) == ("warn", "install rsync")


def test_an_rsync_that_cron_does_not_find(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PATH", str(tmp_path))
    first, *_ = found(project)
    assert first.level == "warn"
    assert first.what.endswith(f"/rsync is not where cron looks ({tmp_path})")


@pytest.mark.parametrize(
    ("target", "level", "what"),
    [
        ("www", "ok", "can be written to"),
        ("new", "ok", "is made by the first publish"),
        ("no/such", "warn", "no is no folder, so nothing can be published to"),
        ("file", "warn", "file is no folder"),
    ],
)
def test_a_folder(project: Project, tmp_path: Path, target: str, level: str, what: str) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "file").touch()
    publishing_to(project, str(tmp_path / target))
    rsync, folder = found(project)
    assert rsync.level == "ok"
    assert folder.level == level
    assert what in folder.what


def test_offline_a_remote_target_is_not_asked(project: Project) -> None:
    publishing_to(project, "ssh://web.invalid/srv")
    assert [each.what for each in found(project)][1:] == ["ssh://web.invalid/srv: not asked (--offline)"]


@pytest.fixture
def web() -> Iterator[Sshd]:
    folder = Path(tempfile.mkdtemp(prefix="shepherd-web-"))
    folder.chmod(0o755)
    try:
        with account() as user:
            sshd = Sshd(folder, user)
            place = folder / "www"
            place.mkdir()
            os.chown(place, user.pw_uid, user.pw_gid)
            sshd.start()
            try:
                yield sshd
            finally:
                sshd.stop()
    finally:
        shutil.rmtree(folder)


@pytest.mark.real
def test_a_web_host(project: Project, web: Sshd) -> None:
    """It answers; its key is not known; it does not let us in; it is gone."""
    target = f"ssh://{web.user.pw_name}@127.0.0.1:{web.port}{web.folder}/www"
    known = project.folder / "known_hosts"
    known.write_text(web.known())
    shutil.copy(web.key, project.folder / "key")
    publishing_to(project, target, more='known_hosts = "known_hosts"\nidentity = "key"\n')

    def answer() -> tuple[str, str]:
        return [(each.level, each.what) for each in found(project, offline=False)][-1]

    assert answer() == ("ok", f"{target} answers")
    assert list((web.folder / "www").iterdir()) == []
    known.write_text("")
    level, what = answer()
    assert level == "warn"
    assert what.startswith(f"{target}: the host key of [127.0.0.1]:{web.port} is not known")
    assert "ssh-keyscan" in what
    assert "not published" not in what
    assert "tried again" not in what
    known.write_text(web.known())
    other = project.folder / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    shutil.copy(other, project.folder / "key")
    level, what = answer()
    assert level == "warn"
    assert "Permission denied" in what
    web.stop()
    level, what = answer()
    assert level == "warn"
    assert "Connection refused" in what
