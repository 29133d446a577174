"""Settings that name other hosts start no second shepherd by accident
(docs/running.md#the-operators-own-settings)."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from shepherd.running import elsewhere
from tests.inv import ROOT, inv, inv_here
from tests.project import Project

HOSTS = '[deploy]\nhosts = ["qa1.example.org", "ann@qa2.example.org:2222"]\n'
NAME = socket.gethostname()


@pytest.fixture
def clone(tmp_path: Path) -> Project:
    """An operator's: it would publish, mail and tag."""
    project = Project(tmp_path)
    (tmp_path / "web").mkdir()
    project.deploy(project.land("[no-qa] One")[0])
    project.land("[bug=1] Two")
    project.tag(1, "qa-ok")
    with (tmp_path / "shepherd.toml").open("a") as file:
        file.write(
            f'{HOSTS}[report]\npublish = ["{tmp_path}/web"]\n[mail]\nsmtp = "127.0.0.1:1"\n'
            'sender = "qa@example.org"\nlist = "team@example.org"\n'
        )
    return project


@pytest.mark.parametrize(
    "task",
    ["run", "tag", "publish", "promote", "notify", "remind", "escalate", "cron.install", "timer.install"],
)
def test_what_acts_is_refused_and_its_dry_run_is_not(clone: Project, task: str) -> None:
    for warm_up in ("find", "judge", "report"):
        assert inv_here(clone.folder, warm_up).code == 0
    before = sorted(clone.folder.rglob("*"))
    done = inv_here(clone.folder, task)
    assert done.code == 2, done
    assert f"inv {task} was not started" in done.err
    assert "as lpqateam@qa1.example.org in shepherd/current" in done.err
    assert sorted(clone.folder.rglob("*")) == before
    assert "was not started" not in inv_here(clone.folder, task, "--dry-run").err


def test_the_account_to_start_it_as_has_the_address_of_an_ipv6_host(clone: Project) -> None:
    file = clone.folder / "shepherd.toml"
    file.write_text(file.read_text().replace('"qa1.example.org"', '"[2001:db8::7]:2222"'))
    assert "as lpqateam@2001:db8::7 in shepherd/current" in inv_here(clone.folder, "run").err


def test_looking_is_allowed_and_publishes_nothing_even_where_it_fails(clone: Project) -> None:
    assert inv_here(clone.folder, "find", "judge", "report").code == 0
    assert "deploy r2" in inv_here(clone.folder, "status").out
    clone.repo.git("update-ref", "-d", "refs/heads/production")
    assert inv_here(clone.folder, "find").code != 0
    assert list((clone.folder / "web").iterdir()) == []


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2), ("", 2)])
def test_on_a_terminal_it_asks(clone: Project, answer: str, code: int) -> None:
    leader, follower = pty.openpty()
    environment = {
        **os.environ,
        "SHEPHERD_CONFIG": str(clone.folder / "shepherd.toml"),
        "SHEPHERD_WHO": "ann",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "invoke", "--search-root", str(ROOT), "publish"],
        cwd=clone.folder,
        env=environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    os.write(leader, f"{answer}\n".encode())
    shown = b""
    try:
        while piece := os.read(leader, 4096):
            shown += piece
    except OSError:
        pass  # it has ended, and with it the terminal
    os.close(leader)
    assert b"Go on? [y/N]" in shown
    # there is nothing to publish yet, which is another sentence
    assert (process.wait(30) == 2, b"was not started" in shown) == (code == 2, code == 2), shown


@pytest.mark.parametrize(
    ("host", "here"),
    [
        *((NAME, True), (f"ann@{NAME.upper()}:22", True), ("localhost", True), ("127.0.0.1:2222", True)),
        *((f"{NAME}.example.org", "." not in NAME), ("qa1.example.org", False), ("192.0.2.7", False)),
        *((f"{NAME}x", False), ("10", False), ("[::1]:2222", True), ("ann@[::1]", True)),
        *(("[2001:db8::7]:2222", False), ("[2001:db8::7]", False)),
    ],
)
def test_this_machine_is_known_by_name_and_address(tmp_path: Path, host: str, here: bool) -> None:
    project = Project(tmp_path)
    with (tmp_path / "shepherd.toml").open("a") as file:
        file.write(f'[deploy]\nhosts = ["qa1.example.org", "{host}"]\n')
    assert (elsewhere.hosts_elsewhere(project.settings) == ()) is here


def test_a_release_on_a_host_is_never_refused(clone: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "ROOT", Path("/home/lpqateam/shepherd/releases/0007-3f9c2ab41d07"))
    elsewhere.confirm(clone.settings, "run")


def test_without_hosts_nothing_is_asked(tmp_path: Path) -> None:
    Project(tmp_path).deploy(Project(tmp_path).land("[no-qa] One")[0])
    assert inv(tmp_path, "run").code == 0
