"""A host's folder with real releases: the code of this clone, and an environment for each whose packages are
links to the ones that this process has. `inv` runs there as the guide says, with a bare PATH."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import psutil

from shepherd.running import maintenance, releases, upgrade_record
from shepherd.running.releases import Release, Site
from shepherd.running.runner import prepare_state
from tests.inv import ROOT
from tests.project import Project

CODE = ("tasks.py", "invoke.yaml", "shepherd", "templates", "pyproject.toml")
NOTHING: Mapping[str, str] = MappingProxyType({})
BARE = "/usr/bin:/bin"
MARKER = "release_of_this_environment"
"""A package of which each environment has a version of its own."""


class RealSite:
    """`releases/`, `current`, `shared/` with a project; `inv` is a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.site = Site(folder / "site")
        self.site.releases.mkdir(parents=True)
        self.project = Project(self.site.shared)
        first, _ = self.project.land("[no-qa] One", "[no-qa] Two")
        self.project.deploy(first)
        self.state = self.project.state
        prepare_state(self.state)

    def release(self, *, good: bool = False, live: bool = False) -> Release:
        """One more, prepared. Its upgrade works only with the packages of its own environment."""
        number = max((each.number for each in self.site.all()), default=0) + 1
        path = self.site.releases / f"{number:04}-{number:012x}"
        path.mkdir()
        for name in CODE:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, path / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, path / name)
        (path / "shepherd.toml").symlink_to("../../shared/shepherd.toml")
        self._environment(path)
        with (path / "shepherd" / "running" / "upgrade" / "perform.py").open("a") as code:
            code.write(f"\nimport {MARKER}\nassert {MARKER}.ID == {path.name!r}, {MARKER}.ID\n")
        command: list[str | Path] = [
            path / ".venv" / "bin" / "python3",
            "-m",
            "compileall",
            "-q",
            "shepherd",
            "tasks.py",
        ]
        subprocess.run(command, cwd=path, check=True)
        releases.write(path / releases.MADE, {"commit": f"{number:040x}", "ref": "HEAD"})
        if good:
            releases.mark_good(self.site, releases.read(path))
        if live:
            self.point(path.name)
        return releases.read(path)

    def _environment(self, path: Path) -> None:
        venv.create(path / ".venv", symlinks=True)
        (packages,) = (path / ".venv" / "lib").glob("*/site-packages")
        for each in Path(sysconfig.get_path("purelib")).iterdir():
            # what is compiled is each environment's own: two markers of one second look alike
            if each.name != "__pycache__":
                (packages / each.name).symlink_to(each)
        (packages / f"{MARKER}.py").write_text(f"ID = {path.name!r}\n")
        program = path / ".venv" / "bin" / "inv"
        program.write_text(
            f"#!{path}/.venv/bin/python3\nimport sys\nfrom invoke.main import program\n"
            "sys.exit(program.run())\n"
        )
        program.chmod(0o755)

    def back_to_the_first(self) -> None:
        """As after the first release: the others are prepared, and were never live."""
        first, *others = self.site.all()
        self.point(first.id)
        for each in others:
            (each.path / releases.GOOD).unlink(missing_ok=True)
            (each.path / releases.BAD).unlink(missing_ok=True)
        self.site.history.unlink(missing_ok=True)
        maintenance.switch_off(self.state)
        upgrade_record.forget(self.state)

    def point(self, name: str) -> None:
        self.site.current.unlink(missing_ok=True)
        self.site.current.symlink_to(f"releases/{name}")

    @property
    def live(self) -> str:
        live = self.site.live()
        return live.release.id if live.release else ""

    def start(self, *words: str, environment: Mapping[str, str] = NOTHING) -> subprocess.Popen[str]:
        """`.venv/bin/inv …` in `current`, as the guide has it: no variable of ours is set."""
        return subprocess.Popen(
            [".venv/bin/inv", *words],
            cwd=self.site.current,
            env={"PATH": BARE, "HOME": os.environ["HOME"], "LANG": "C.UTF-8", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def inv(self, *words: str, environment: Mapping[str, str] = NOTHING) -> tuple[int, str]:
        """Exit code, and all that it printed."""
        process = self.start(*words, environment=environment)
        out, _ = process.communicate(timeout=120)
        return process.returncode, out

    def at_work(self) -> list[int]:
        """The processes that stand in one of the releases."""
        places = {str(each.path) for each in self.site.all()}
        return [each.pid for each in psutil.process_iter(["cwd"]) if each.info["cwd"] in places]

    def whole(self) -> list[str]:
        """What is not as after a good upgrade: a live release that works, no switch, nothing left."""
        code, out = self.inv("status")
        doctor = json.loads(self.inv("doctor", "--offline", "--json", "--only", "upgrade")[1])
        files = [self.state / "maintenance.txt", self.state / "run" / "upgrade.json"]
        return [
            *([out] if code not in (0, 5) else []),
            *(
                each["what"]
                for each in doctor["checks"]
                if each["name"] == "upgrade" and each["level"] != "ok"
            ),
            *(str(each) for each in files if each.exists()),
            *(each.name for each in self.site.root.glob(".current.*")),
        ]


def seconds_of(out: str) -> dict[str, float]:
    """Step -> seconds, of what an upgrade printed."""
    return {step: float(seconds) for step, seconds in re.findall(r"^(\w+) +([0-9.]+) s$", out, re.M)}
