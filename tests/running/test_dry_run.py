"""`--dry-run` and `inv --dry` write nothing at all, whatever the task (docs/interfaces.md#commands)."""

from __future__ import annotations

import hashlib
import os
import pwd
from pathlib import Path

import pytest

import tasks
from tests.running.crontab import Crontab
from tests.running.host import Host
from tests.running.systemctl import Systemctl

ARGUMENTS = {
    "find": [],
    "tag": ["--yes"],
    "judge": [],
    "report": ["--fresh"],
    "archive": [],
    "backup": ["copy.zip"],
    "db.copy": ["var/shepherd.db", "copy.db"],
    "lock.free": ["--reason", "x"],
    "restore": ["var/backups", "--despite", "x"],
    "publish": [],
    "promote": [],
    "run": [],
    "verdict": ["r2", "bad", "--reason", "x"],
    "cover": ["r2", "--by", "r3", "--anyway", "--reason", "x"],
    "uncover": ["r2", "--reason", "x"],
    "notify": [],
    "remind": [],
    "escalate": [],
    "snooze": ["r2", "--until", "2099-01-01", "--reason", "x"],
    "deployed": ["r2", "--reason", "x"],
    "maintenance.on": ["--reason", "x", "--wait", "5"],
    "maintenance.off": [],
    "freeze.on": ["--reason", "x"],
    "freeze.off": [],
    "init": ["--repository", "project.git"],
    "cron.install": [],
    "cron.remove": [],
    "timer.install": [],
    "timer.remove": [],
    "timer.failed": [],
    "upgrade": [],
}
"""What makes the task do something, were it not dry."""

REFUSED_HERE = {"init", "deployed", "upgrade", "lock.free"}
"""There are settings already, a ref tells what production runs, this is a checkout, and there is one host."""

READERS = {
    "audit",
    "replay",
    "waits",
    "trends",
    *("status", "landings", "explain", "whatif", "history", "notes", "doctor"),
    *("freeze.status", "maintenance.status", "lock.status", "cron.show", "timer.show", "version", "man"),
}
ELSEWHERE = {"demo", "test"}
"""Not about a project that is there."""


def test_every_task_is_a_reader_or_can_be_dry() -> None:
    names = {name for name in tasks.namespace.task_names if name not in READERS | ELSEWHERE}
    assert names == ARGUMENTS.keys()
    for name in names:
        assert "dry_run" in {each.name for each in tasks.namespace[name].get_arguments()}, name


def _all(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Everything below, and when it was changed."""
    found = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (status.st_mode, status.st_mtime_ns, digest)
    return found


@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
def test_dry_runs_write_nothing(
    host: Host, used: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Crontab(tmp_path)
    monkeypatch.setenv("PATH", f"{table.bin}:{os.environ['PATH']}")
    systemctl = Systemctl(tmp_path, monkeypatch)
    (systemctl.lingers / pwd.getpwuid(os.geteuid()).pw_name).touch()
    if used:
        host.project.land("[bug=2] three")
        assert host.inv("run")[0] == 0
        host.project.land("[bug=3] four")
        host.project.tag(2, "qa-bad")
    home = host.project.folder
    monkeypatch.chdir(home)
    before = _all(home)
    for number, (name, arguments) in enumerate(ARGUMENTS.items()):
        how = [name, *arguments, "--dry-run"] if number % 2 else ["--dry", name, *arguments]
        code, out, err = host.inv(*how)
        assert not used or (code, bool(out)) == (0, True) or name in REFUSED_HERE, (name, code, err)
        assert "Traceback" not in err, name
        assert _all(home) == before, name
    assert table.writes == 0
    assert systemctl.calls == []
