"""A real systemd runs the units, as a user with lingering and as root's; what fails reaches the operators."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gitrepo import Repo
from tests.inv import ROOT
from tests.real.booted import PLACE, UID, USER, Booted, booted
from tests.real.test_cron import PARTS, make_environment
from tests.running.smtp import Server, serving
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]  # it waits for a tick of a minute

HOME = Path("/home", USER)
SITE = HOME / "a 50% $HOME site"
OPERATOR = "ops@example.org"
TICK = 75.0
"""Seconds within which a timer of every minute has called a run."""
SLOW = 120.0
"""Seconds that a systemd in namespaces may take for what it does in one or two on an idle machine."""
_SETTINGS = """
[branches.stable]
repository = "../project.git"
ref = "stable"
deployed = {{ ref = "production" }}
[report]
directory = "../pages"
[cron]
every = "1m"
[mail]
sender = "qa@example.org"
smtp = "{smtp}"
operators = ["{operator}"]
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Booted]:
    with booted() as machine:
        yield machine


@pytest.fixture
def smtp() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def site(machine: Booted, smtp: Server) -> Iterator[Path]:
    """A host as `fab deploy` leaves it, in the home of the user; the path as it is seen inside."""
    site = machine.folder / "site"
    release = site / "releases" / "one"
    release.mkdir(parents=True)
    for name in PARTS:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, release / name)
    make_environment(
        release / ".venv", ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "env"]
    )
    (site / "current").symlink_to("releases/one")
    (site / "shared").mkdir()
    repo = Repo(site / "project.git")
    repo.set_ref("production", repo.commit("[no-qa] One"))
    repo.commit("[no-qa] Two")
    (site / "shared" / "shepherd.toml").write_text(_SETTINGS.format(smtp=smtp.place, operator=OPERATOR))
    subprocess.run(["chown", "-R", f"{UID}:{UID}", site], check=True)
    assert machine.user("cp", "-a", PLACE / "site", SITE).returncode == 0
    try:
        yield SITE
    finally:
        for system in (["--system"], []):
            inv(machine, "timer.remove", *system, root=bool(system))
        machine.user("rm", "-r", SITE)
        shutil.rmtree(site)


def inv(machine: Booted, *arguments: str, root: bool = False) -> subprocess.CompletedProcess[str]:
    call = machine.root if root else machine.user
    return call(
        "env", "-C", SITE / "current", ".venv/bin/python", "-m", "invoke", *arguments,
        SHEPHERD_CONFIG=f"{SITE}/shared/shepherd.toml",
    )  # fmt: skip


def systemctl(machine: Booted, *arguments: str, system: bool) -> str:
    call = machine.root if system else machine.user
    done = call("systemctl", *([] if system else ["--user"]), *arguments, XDG_RUNTIME_DIR=f"/run/user/{UID}")
    return done.stdout.strip()


def linger(machine: Booted) -> None:
    assert machine.root("loginctl", "enable-linger", USER).returncode == 0
    active = ("is-active", f"user@{UID}.service")
    try:
        until(lambda: systemctl(machine, *active, system=True) == "active", SLOW, "the user's systemd")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{machine.journal()}") from None


def seen(machine: Booted, path: Path) -> str:
    return machine.user("cat", path).stdout


def units(machine: Booted) -> str:
    """Which of ours there are."""
    folders = ("/etc/systemd/system", HOME)
    return machine.root("find", *folders, "-name", "qa-shepherd-*").stdout


def name_of(machine: Booted) -> str:
    shown = inv(machine, "timer.show")
    name = re.search(r"/(qa-shepherd-[0-9a-f]{10})\.timer$", shown.stdout, re.MULTILINE)
    assert name, shown
    return name[1]


def tick(machine: Booted, unit: str, *, system: bool) -> str:
    """Start the service as its timer does; how it ended, once the mails about it have gone."""
    systemctl(machine, "start", f"{unit}.service", system=system)
    other = ("show", f"{unit}-failed.service", "--property=ActiveState", "--value")
    until(lambda: systemctl(machine, *other, system=system) in ("inactive", "failed"))
    return systemctl(machine, "is-failed", f"{unit}.service", system=system)


@pytest.mark.parametrize("system", [False, True], ids=["user", "system"])
def test_systemd_calls_the_shepherd_and_tells_the_operators_of_a_failure(
    system: bool, machine: Booted, site: Path, smtp: Server
) -> None:
    options = ["--system"] if system else []
    if system:
        # somebody has to own state_dir, by which root knows the user
        assert inv(machine, "timer.install", "--system", root=True).returncode == 2
        assert inv(machine, "run").returncode == 0
    else:
        lonely = inv(machine, "timer.install")
        assert (lonely.returncode, f"loginctl enable-linger {USER}" in lonely.stderr) == (1, True), lonely
        linger(machine)
    planned = inv(machine, "timer.install", "--dry-run", *options, root=system)
    assert planned.returncode == 0, planned.stderr
    assert " enable " in planned.stdout
    assert not units(machine), "a dry run writes none"
    installed = inv(machine, "timer.install", *options, root=system)
    assert installed.returncode == 0, installed.stderr
    again = inv(machine, "timer.install", *options, root=system)
    assert again.stdout.endswith("nothing to do\n"), again

    unit = name_of(machine)
    assert unit in systemctl(machine, "list-timers", system=system)
    page = site / "pages" / "stable.html"
    machine.user("rm", "-f", page)
    until(lambda: "r2" in seen(machine, page), TICK, "a page")
    until(lambda: systemctl(machine, "is-active", f"{unit}.service", system=system) == "inactive", SLOW)
    until(lambda: "this was the first run" in "".join(smtp.mails_to(OPERATOR)) or system, SLOW)
    active = f"ok    timer: {unit}.timer is active"
    # systemctl has a few seconds to answer in, which a machine at work may take
    give_up = time.monotonic() + SLOW
    while active not in (doctor := inv(machine, "doctor", "--offline").stdout):
        assert time.monotonic() < give_up, f"{doctor}\n{machine.journal()}"
    machine.root("systemctl", "stop", f"{unit}.timer") if system else systemctl(
        machine, "stop", f"{unit}.timer", system=False
    )
    smtp.messages.clear()

    machine.user("mv", site / "project.git", site / "moved.git")
    assert [tick(machine, unit, system=system) for _ in range(2)] == ["failed", "failed"]
    (mail,) = smtp.mails_to(OPERATOR)
    assert "project.git is not there" in mail.replace("\r\n  ", " ")
    machine.user("mv", site / "moved.git", site / "project.git")
    assert tick(machine, unit, system=system) == "inactive"

    assert inv(machine, "maintenance.on", "--reason", "disk", "--until", "2h").returncode == 0
    assert tick(machine, unit, system=system) == "inactive", "a switch that is not overdue is no failure"
    machine.user("touch", "-d", "2 days ago", site / "shared" / "var" / "maintenance.txt")
    assert [tick(machine, unit, system=system) for _ in range(2)] == ["failed", "failed"]
    assert ["OVERDUE" in each for each in smtp.mails_to(OPERATOR)] == [False, True]
    assert inv(machine, "maintenance.off").returncode == 0

    # (a deploy compiles a release, this fixture does not, so that root's Python does)
    foreign = machine.user("find", site, "-not", "-user", USER, "-not", "-path", "*__pycache__*").stdout
    assert foreign == "", "all files are still the user's"
    removed = inv(machine, "timer.remove", *options, root=system)
    assert removed.returncode == 0, removed.stderr
    assert unit not in systemctl(machine, "list-timers", "--all", system=system)
    assert not units(machine)
