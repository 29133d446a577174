"""A real cron daemon runs the installed block as user lpqateam; a failing run reaches a local mailbox.

One cron daemon a machine, so this wants root and a machine where none runs: that of CI. libfaketime makes its
minutes pass in a second.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

from shepherd.running.doctor.host import NEEDED
from shepherd.running.log import parse
from tests.gitrepo import Repo
from tests.inv import ROOT
from tests.real.site import cron_daemon
from tests.real.sshd import need
from tests.waiting import until

pytestmark = pytest.mark.real

USER = "lpqateam"
PARTS = ("tasks.py", "invoke.yaml", "shepherd", "templates")
PATIENCE = 90.0
"""Seconds to wait for cron's next tick and what comes of it."""


@pytest.fixture
def user() -> Iterator[pwd.struct_passwd]:
    need(os.geteuid() == 0, "the test of a real cron needs root: it makes a user and starts a daemon")
    made = USER not in {each.pw_name for each in pwd.getpwall()}
    if made:
        subprocess.run(["useradd", "--create-home", "--password", "*", USER], check=True)
    mailbox = Path("/var/mail", USER)
    mailbox.unlink(missing_ok=True)
    # a test that was killed leaves its block behind, and cron would run that as well and mail what it says
    subprocess.run(["crontab", "-u", USER, "-r"], check=False, capture_output=True)
    try:
        yield pwd.getpwnam(USER)
    finally:
        subprocess.run(["crontab", "-u", USER, "-r"], check=False, capture_output=True)
        mailbox.unlink(missing_ok=True)
        if made:
            subprocess.run(["userdel", "--remove", "--force", USER], check=False, capture_output=True)


@pytest.fixture
def site(user: pwd.struct_passwd) -> Iterator[Path]:
    """A host as `fab deploy` leaves it: releases/one, current, shared/shepherd.toml; all of it the user's."""
    site = Path(tempfile.mkdtemp(prefix="shepherd-cron-"))
    try:
        site.chmod(0o755)
        release = site / "releases" / "one"
        release.mkdir(parents=True)
        for name in PARTS:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, release / name)
        make_environment(release / ".venv")
        (site / "current").symlink_to("releases/one")
        (site / "shared").mkdir()
        repo = Repo(site / "project.git")
        repo.set_ref("production", repo.commit("[no-qa] One"))
        repo.commit("[no-qa] Two")
        (site / "shared" / "shepherd.toml").write_text(
            '[branches.stable]\nrepository = "../project.git"\nref = "stable"\n'
            'deployed = { ref = "production" }\n'
            '[report]\ndirectory = "../report"\n'
        )
        subprocess.run(["chown", "-R", f"{USER}:", site], check=True)
        yield site
    finally:
        shutil.rmtree(site)


def make_environment(place: Path, user: list[str] | None = None) -> None:
    """A virtual environment of a Python that the user can run, with our packages in it.

    Args:
        user: what stands before a command of that user's; None: lpqateam's.
    """
    version = "{}.{}".format(*sys.version_info)
    ask = "import sys; print('{}.{}'.format(*sys.version_info))"
    for python in (getattr(sys, "_base_executable", sys.executable), f"/usr/bin/python{version}"):
        told = subprocess.run(
            [*(user or as_user()), python, "-c", ask], check=False, capture_output=True, text=True
        )
        if told.stdout.strip() == version:
            break
    else:
        need(False, f"no Python {version} here that another user than root can run")
    subprocess.run([python, "-m", "venv", "--without-pip", place], check=True)
    packages = place / "lib" / f"python{version}" / "site-packages"
    wanted = [*NEEDED, "markupsafe", "typing_extensions", "greenlet"]
    for name in wanted:
        with contextlib.suppress(ModuleNotFoundError):
            for file in distribution(name).files or ():
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    target = packages / file
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(str(file.locate()), target)


def as_user() -> list[str]:
    # env, since setpriv itself still has root's eyes when it looks for the program
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "env"]


def inv(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`inv …` in the live release, as the user."""
    home = pwd.getpwnam(USER).pw_dir
    own = [f"HOME={home}", f"USER={USER}", f"LOGNAME={USER}", f"SHEPHERD_CONFIG={site}/shared/shepherd.toml"]
    command = [
        *as_user(),
        "env",
        "-C",
        site / "current",
        *own,
        ".venv/bin/python",
        "-m",
        "invoke",
        *arguments,
    ]
    return subprocess.run(list(map(str, command)), check=False, capture_output=True, text=True)


@pytest.fixture
def daemon(user: pwd.struct_passwd) -> Iterator[Callable[[], None]]:
    """Starts cron, whose minutes pass in a second; ended at the end, by its own pid."""
    for program in ("cron", "crontab", "sendmail"):
        need(shutil.which(program), f"there is no {program} here: .ci/run installs cron and dma")
    with cron_daemon() as start:
        yield start


def test_cron_runs_the_block_and_mails_what_a_failing_run_says(
    user: pwd.struct_passwd, site: Path, daemon: Callable[[], None]
) -> None:
    installed = inv(site, "cron.install")
    assert installed.returncode == 0, installed.stderr
    assert inv(site, "cron.install").stdout.endswith("nothing to do\n")
    log, page = site / "shared" / "var" / "log" / "shepherd.log", site / "report" / "stable.html"
    daemon()

    until(page.exists, PATIENCE, "a page")
    until(lambda: ("report", "0") in ended(log), PATIENCE, "the end of the run in the log")
    assert "deploy" in page.read_text() and "r2" in page.read_text()
    assert [owner for owner in (page.stat().st_uid, log.stat().st_uid) if owner != user.pw_uid] == []
    assert (site / "shared" / "var" / "run" / "stages.json").exists()
    until(lambda: "this was the first run" in mailbox(), PATIENCE, "mail about the first run")

    (site / "project.git").rename(site / "moved.git")
    until(lambda: "project.git is not there" in mailbox(), PATIENCE, "mail about the failure")
    assert f"env -C {site}/current" in mailbox(), "cron names the command in the subject"

    doctor = inv(site, "doctor", "--offline")
    assert "*/5 * * * * in the crontab" in doctor.stdout
    assert inv(site, "cron.remove").returncode == 0
    assert subprocess.run(["crontab", "-u", USER, "-l"], check=False, capture_output=True).returncode == 1


def ended(log: Path) -> set[tuple[str, str]]:
    """Stage and exit code of every END."""
    lines = log.read_text().splitlines() if log.exists() else []
    return {(each["stage"], each["exit"]) for each in map(parse, lines) if each.get("event") == "END"}


def mailbox() -> str:
    place = Path("/var/mail", USER)
    return place.read_text(errors="replace") if place.exists() else ""
