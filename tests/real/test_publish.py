"""Publishing over a real sshd, as a real user; and what the page there says in maintenance
(docs/running.md#maintenance)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inv import inv
from tests.real.sshd import Sshd, account
from tests.stages.test_publish import site

pytestmark = pytest.mark.real


@pytest.fixture
def web() -> Iterator[tuple[Sshd, Path]]:
    """A web host: its sshd, and the directory that it serves."""
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
                yield sshd, place
            finally:
                sshd.stop()
    finally:
        shutil.rmtree(folder)


def publishing(folder: Path, web: tuple[Sshd, Path], known: str, *others: str) -> None:
    sshd, place = web
    site(folder, f"ssh://{sshd.user.pw_name}@127.0.0.1:{sshd.port}{place}", *others)
    (folder / "known_hosts").write_text(known)
    shutil.copy(sshd.key, folder / "key")
    (folder / "key").chmod(0o600)
    settings = folder / "shepherd.toml"
    settings.write_text(f'{settings.read_text()}known_hosts = "known_hosts"\nidentity = "key"\n')


def test_three_ticks_in_maintenance(tmp_path: Path, web: tuple[Sshd, Path]) -> None:
    sshd, place = web
    publishing(tmp_path, web, sshd.known())
    # what the archive wrote is published by the next run
    for _ in range(2):
        done = inv(tmp_path, "run")
        assert done.code == 0, done.err
    page = place / "stable.html"
    body = page.read_text().partition("</header>")[2]
    assert page.stat().st_uid == sshd.user.pw_uid
    switch = tmp_path / "var" / "maintenance.txt"
    switch.touch()
    os.utime(switch, (1_700_000_000, 1_700_000_000))
    for _ in range(3):
        assert inv(tmp_path, "run", "--cron").code == 3
    told = page.read_text()
    assert "updates were aborted because of maintenance.txt, created" in told
    assert "2023-11-14 22:13 UTC" in told
    assert told.partition("</header>")[2] == body
    switch.unlink()
    assert inv(tmp_path, "run").code == 0
    assert "updates were aborted" not in page.read_text()


def test_a_host_key_that_is_not_known_is_refused(tmp_path: Path, web: tuple[Sshd, Path]) -> None:
    publishing(tmp_path, web, "", "here")
    done = inv(tmp_path, "run")
    assert done.code == 7
    port = web[0].port
    assert f"the host key of [127.0.0.1]:{port} is not known to " in done.err
    assert f"ssh-keyscan -p {port} 127.0.0.1 >> {tmp_path}/known_hosts" in done.err
    assert not list(web[1].iterdir()) and (tmp_path / "here" / "stable.html").exists()


def test_a_host_key_that_changed_is_loud(tmp_path: Path, web: tuple[Sshd, Path]) -> None:
    sshd, place = web
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    words = (tmp_path / "other.pub").read_text().split()
    publishing(tmp_path, web, f"[127.0.0.1]:{sshd.port} {words[0]} {words[1]}\n")
    done = inv(tmp_path, "run")
    assert done.code == 7 and f"THE HOST KEY OF [127.0.0.1]:{sshd.port} HAS CHANGED" in done.err
    assert not list(place.iterdir())


def test_a_host_that_is_gone(tmp_path: Path, web: tuple[Sshd, Path]) -> None:
    sshd, place = web
    publishing(tmp_path, web, sshd.known())
    sshd.stop()
    done = inv(tmp_path, "run")
    assert done.code == 7 and "Connection refused" in done.err
    sshd.start()
    assert inv(tmp_path, "publish").code == 0
    assert (place / "index.html").is_file()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_key_that_may_only_write_to_one_folder(tmp_path: Path, web: tuple[Sshd, Path], host: str) -> None:
    sshd, place = web
    (sshd.folder / "authorized_keys").write_text(
        f'command="rrsync -wo {place}",restrict {sshd.key.with_suffix(".pub").read_text()}'
    )
    key = sshd.known().partition(" ")[2]
    known = f"[127.0.0.1]:{sshd.port},[::1]:{sshd.port} {key}"
    publishing(tmp_path, web, known)
    settings = tmp_path / "shepherd.toml"
    target = f"ssh://{sshd.user.pw_name}@{host}:{sshd.port}/"
    settings.write_text(
        settings.read_text().replace(f"ssh://{sshd.user.pw_name}@127.0.0.1:{sshd.port}{place}", target)
    )
    (place / "robots.txt").write_text("the web host's own\n")
    # a file of a branch that is no longer followed goes, others stay
    done = inv(tmp_path, "run")
    assert done.code == 0, done.err
    (place / ".stable.html.Ab12Cd").touch()
    assert inv(tmp_path, "run").code == 0
    assert {"index.html", "stable.html", "robots.txt"} <= {each.name for each in place.iterdir()}
    assert not (place / ".stable.html.Ab12Cd").exists()
    read = subprocess.run(
        [
            "rsync",
            "-e",
            f"ssh -p {sshd.port} -oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null -i {sshd.key}",
            f"{sshd.user.pw_name}@127.0.0.1:/stable.html",
            tmp_path / "stolen",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert read.returncode != 0 and not (tmp_path / "stolen").exists()
