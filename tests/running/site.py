"""A host's folder with releases that answer `doctor` and `status` as a test wants, and the upgrade.

What a release is here: a marker, and an interpreter of a few lines of shell. Real ones, with real
environments, are under tests/real.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, Unpack
from unittest.mock import patch

from shepherd.errors import ShepherdError
from shepherd.running import maintenance, releases, upgrade, upgrade_record
from shepherd.running.log import now
from shepherd.running.releases import Release, Site
from shepherd.running.runner import prepare_state
from shepherd.settings import Settings
from tests.project import Project


class How(TypedDict, total=False):
    """What `inv upgrade` is told."""

    to: str
    deadline: str
    resume: bool
    undo: bool
    reason: str
    again: str
    dry: bool
    start_cron: bool


_PYTHON = f"""#!/bin/sh
cd "$(dirname "$0")/../.." || exit 1
# a test's full disk is a limit on files, which those in memory have no part in
ulimit -S -f unlimited
case "$2" in
*standby.py) exec {sys.executable} -S -E "$@" ;;
esac
case "$3" in
cron.install) echo crontab >> calls ;;
timer.install) echo timer >> calls ;;
doctor) cat doctor.json; exit "$(cat doctor.code)" ;;
*) exit "$(cat import.code)" ;;
esac
"""
_INVOKE = """
import pathlib, sys, time
class program:
    def run(words):
        live = pathlib.Path("../../current").resolve() == pathlib.Path.cwd()
        if words[1] == "doctor":
            print(pathlib.Path("doctor.json").read_text())
        elif live and pathlib.Path("slow").exists():
            time.sleep(float(pathlib.Path("slow").read_text()))
        place = pathlib.Path(f"{words[1]}.code")
        sys.exit(int(place.read_text()) if live or words[1] == "doctor" else 0)
"""
"""What stands for Invoke in a release on standby: status has trouble only once the release is live."""


class Place:
    """`releases/`, `current`, `shared/`; in `shared` a project with its state."""

    def __init__(self, folder: Path) -> None:
        self.site = Site(folder / "site")
        self.site.releases.mkdir(parents=True)
        self.project = Project(self.site.shared)
        first, _ = self.project.land("[no-qa] One", "[no-qa] Two")
        self.project.deploy(first)
        self.state = self.project.state
        prepare_state(self.state)

    @property
    def settings(self) -> Settings:
        return self.project.settings

    def release(self, good: bool = False, live: bool = False) -> Release:
        """One more, prepared."""
        number = max((each.number for each in self.site.all()), default=0) + 1
        path = self.site.releases / f"{number:04}-{number:012x}"
        (path / ".venv" / "bin").mkdir(parents=True)
        python = path / ".venv" / "bin" / "python3"
        python.write_text(_PYTHON)
        python.chmod(0o755)
        (path / "invoke").mkdir()
        (path / "invoke" / "main.py").write_text(_INVOKE)
        (path / "shepherd").mkdir()
        (path / "shepherd" / "__init__.py").touch()
        (path / "tasks.py").write_text(
            "import sys\nif code := int(open('import.code').read()): sys.exit(code)\n"
        )
        for name in ("doctor.code", "status.code", "import.code"):
            (path / name).write_text("0")
        self.says(path)
        releases.write(path / releases.MADE, {"commit": f"{number:040x}", "ref": "HEAD"})
        if good:
            releases.mark_good(self.site, releases.read(path))
        if live:
            self.point(path.name)
        return releases.read(path)

    def says(self, path: Path, code: int = 0, **fails: str) -> None:
        """What its doctor finds wrong."""
        checks = [{"level": "fail", "name": name, "what": what} for name, what in fails.items()]
        (path / "doctor.json").write_text(json.dumps({"checks": checks}))
        (path / "doctor.code").write_text(str(code or (7 if fails else 0)))

    def point(self, name: str) -> None:
        self.site.current.unlink(missing_ok=True)
        self.site.current.symlink_to(f"releases/{name}")

    @property
    def live(self) -> str:
        found = self.site.live()
        return found.release.id if found.release else ""

    def upgrade(self, **how: Unpack[How]) -> int:
        """`inv upgrade`, driven by the newest release. Raises ShepherdError."""
        with self.driving():
            return upgrade.upgrade(lambda: self.settings, "olga", **how)

    def refused(self, **how: Unpack[How]) -> tuple[int, str]:
        """The exit code and the sentence of an upgrade that does not go well."""
        try:
            self.upgrade(**how)
        except ShepherdError as error:
            return error.code, str(error)
        raise AssertionError("it went well")

    @contextmanager
    def driving(self) -> Iterator[None]:
        root = (self.site.all() or [self.release()])[-1].path.resolve()
        with patch.object(upgrade, "ROOT", root), patch.dict(os.environ, {"SHEPHERD_DRIVER": root.name}):
            yield

    def switch(self) -> maintenance.Switch | None:
        return maintenance.look(self.state, 14_400, now())

    def untouched(self) -> dict[str, str]:
        """All that an upgrade that did nothing leaves as it was."""
        switch = self.switch()
        return {
            "current": str(self.site.current.readlink()) if self.site.current.is_symlink() else "",
            "switch": switch.why if switch else "",
            "memory": str(upgrade_record.read(self.state)),
            "marks": str([(each.id, each.turn, each.bad) for each in self.site.all()]),
        }
