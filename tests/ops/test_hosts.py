"""Which hosts are meant; whatever is none is refused before anything is done
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fabric import Connection
from invoke.context import Context, MockContext

from ops import deploy
from ops.deploy.openssh import operator
from shepherd.errors import SettingsError
from shepherd.settings import Settings
from tests.inv import ROOT
from tests.project import Project


def settings(folder: Path, table: str) -> Settings:
    project = Project(folder)
    with (folder / "shepherd.toml").open("a") as file:
        file.write(f"[deploy]\n{table}\n")
    return project.settings


def test_the_settings_name_them_and_their_user(tmp_path: Path) -> None:
    given = settings(tmp_path, 'hosts = ["qa1", "ann@qa2:2222", "[::1]", "[fd00::2]:2222"]')
    one, two, three, four = deploy.hosts(Context(), given)
    assert (one.name, one.login) == ("qa1", "lpqateam@qa1")
    assert (two.name, two.login) == ("qa2:2222", "ann@qa2")
    assert (three.name, three.login) == ("::1", "lpqateam@::1")
    assert (four.name, four.login) == ("[fd00::2]:2222", "lpqateam@fd00::2")


@pytest.mark.parametrize(
    ("named", "name", "login"),
    [
        ("qa1", "qa1", "lpqateam@qa1"),
        ("qa1:2222", "qa1:2222", "lpqateam@qa1"),
        ("ann@qa1", "qa1", "ann@qa1"),
        ("::1", "::1", "lpqateam@::1"),
        ("ann@[::1]:2222", "[::1]:2222", "ann@::1"),
    ],
)
def test_a_host_that_is_named_is_taken_alone(tmp_path: Path, named: str, name: str, login: str) -> None:
    (one,) = deploy.hosts(Connection(named), settings(tmp_path, 'hosts = ["other"]'))
    assert (one.name, one.login) == (name, login)


def test_with_sudo_one_logs_in_as_oneself(tmp_path: Path) -> None:
    (one,) = deploy.hosts(Context(), settings(tmp_path, 'hosts = ["qa1"]\nsudo = true'))
    assert not one.login.startswith("lpqateam@")


@pytest.mark.parametrize("context", [Context(), MockContext(), None, "qa1"], ids=repr)
def test_without_a_host_nothing_is_done(tmp_path: Path, context: object) -> None:
    for task in (deploy.setup, deploy.deploy, deploy.rollback, deploy.releases):
        with pytest.raises(SettingsError, match=r"no host|not an ssh connection"):
            task(context, settings(tmp_path, ""), "olga")


@pytest.mark.parametrize(
    "named",
    [
        '["::1"]',
        '["[::1]:0"]',
        '["a b"]',
        '["-oProxyCommand=x"]',
        '["qa1:0"]',
        '["qa1:70000"]',
        '["a@b@c"]',
        '[""]',
        '["a;b"]',
    ],
)
def test_what_is_no_host_is_refused_with_the_settings(tmp_path: Path, named: str) -> None:
    with pytest.raises(SettingsError, match=r"deploy.hosts\[0\]"):
        settings(tmp_path, f"hosts = {named}")


def fab(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fabric", *words],
        cwd=ROOT,
        env={**os.environ, "SHEPHERD_CONFIG": str(project / "shepherd.toml"), "SHEPHERD_WHO": "olga"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_fab_itself_without_a_host_and_with_one_that_does_not_answer(tmp_path: Path) -> None:
    settings(tmp_path, "")
    done = fab(tmp_path, "setup")
    assert (done.returncode, "no host" in done.stderr) == (2, True)
    # a hosted task really runs: Fabric with Invoke 3 lists its tasks and then breaks on every one
    done = fab(tmp_path, "-H", "127.0.0.1:1", "setup")
    assert done.returncode == 1
    assert "no ssh connection as lpqateam" in done.stderr
    assert "Traceback" not in done.stderr


def test_fab_leaves_ssh_config_to_ssh(tmp_path: Path) -> None:
    """Fabric itself breaks on this file, whatever it is called for, and misreads `ProxyJump none`."""
    settings(tmp_path, "")
    config = tmp_path / "config"
    config.write_text("Match final all\n  ConnectTimeout 1\nHost *\n  ProxyJump none\n  HostName 127.0.0.1\n")
    for named, words in (
        ("qa1:1", "qa1:1: no ssh connection as lpqateam"),
        ("root@qa1:1", "qa1:1: no ssh connection as root"),
        (f"{operator().pw_name}@qa1:1", f"no ssh connection as {operator().pw_name}"),
    ):
        done = fab(tmp_path, "-S", str(config), "-H", named, "setup")
        assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (1, True, False), done
    config.write_text("Host *\n  HostName 127.0.0.1\n  Port 1\n  User ann\n")
    done = fab(tmp_path, "-S", str(config), "-H", "qa1", "setup")
    assert "qa1:1: no ssh connection as ann" in done.stderr
    # the port that is named by default is named, too
    assert fab(tmp_path, "-S", str(config), "-H", "qa1:22", "setup").stdout == "qa1:\n"
    config.write_text("Bogus yes\n")
    done = fab(tmp_path, "-S", str(config), "-H", "qa1", "setup")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done
    assert "Bad configuration option" in done.stderr
