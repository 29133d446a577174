"""A project on a host of its own: real `inv` processes, with a git that takes its time and says when."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shepherd.running.log import parse
from shepherd.running.runner import StageResult, run_stage
from shepherd.running.tasking import TaskOptions
from tests.inv import ROOT, inv_here
from tests.project import Project
from tests.views.reader import Reader
from tests.waiting import until

SCALE = float(os.environ.get("SHEPHERD_CAMPAIGN", "1.0"))
"""How much of a campaign is run: 1 is what the issue names."""

_GIT = """#!/bin/sh
# the first thing that `find` asks of git; work is what happens between + and -
case " $* " in *" for-each-ref "*)
    printf '+ %s\\n' $$ >> '{log}'
    sleep {seconds}
    printf -- '- %s\\n' $$ >> '{log}'
esac
PATH='{path}' exec git "$@"
"""


class Host:
    """Two landings, r1 live and r2 deployable; `work_seconds` is how long `find` takes at least."""

    def __init__(self, folder: Path, top: str = "", tracker: str = "", branch: str = "") -> None:
        self.project = Project(folder / "project", branch, tracker, top)
        first, _ = self.project.land("[bug=1] one", "[bug=2] two")
        self.project.deploy(first)
        self.project.tag(1, "qa-ok")
        self.project.tag(2, "qa-ok")
        self.state = self.project.state
        self.work_log = folder / "work.log"
        self._folder = folder

    def start(
        self, *args: str, work_seconds: float = 0.0, inside: Sequence[str] = (), **popen: Any
    ) -> subprocess.Popen[str]:
        """A process of `inv`; `inside`: a command that runs it elsewhere."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("SHEPHERD", "SUDO"))}
        env |= {
            "SHEPHERD_CONFIG": str(self.project.folder / "shepherd.toml"),
            "SHEPHERD_WHO": "ann",
            "PYTHONPATH": str(ROOT),
        }
        if work_seconds:
            env["PATH"] = self.slow_git(work_seconds)
        return subprocess.Popen(
            [*inside, sys.executable, "-m", "invoke", *args],
            cwd=ROOT,
            env=env,
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **popen},
        )

    def slow_git(self, seconds: float) -> str:
        """The search path for programs, with a git that lets `find` take at least so long."""
        path = os.environ["PATH"]
        # no variable of ours reaches git, so that all stands in the script
        git = self._folder / f"bin-{seconds:g}" / "git"
        if not git.exists():
            git.parent.mkdir()
            git.write_text(_GIT.format(log=self.work_log, seconds=seconds, path=path))
            git.chmod(0o755)
        return f"{git.parent}:{path}"

    def inv(self, *args: str, apart: bool = False, **how: Any) -> tuple[int, str, str]:
        """Exit code, standard output, standard error; in this process, where nothing asks for another."""
        if apart or how:
            return ended(self.start(*args, **how))
        return inv_here(self.project.folder, *args, SHEPHERD_WHO="ann")

    def working(self, *args: str, seconds: float = 30.0, **how: Any) -> subprocess.Popen[str]:
        """A run that is in the middle of its work."""
        before = self.work_log.stat().st_size if self.work_log.exists() else 0
        process = self.start(*(args or ("run",)), work_seconds=seconds, **how)
        until(lambda: self.work_log.exists() and self.work_log.stat().st_size > before)
        return process

    def events(self, name: str) -> list[dict[str, str]]:
        text = (self.state / "log" / "shepherd.log").read_text()
        return [each for each in map(parse, text.splitlines()) if each.get("event") == name]

    def page(self) -> str:
        return (self.state / "report" / "stable.html").read_text()


def ended(process: subprocess.Popen[str], limit: float = 60.0) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=limit)
    return process.returncode, out, err


def work(host: Host, stage: str) -> None:
    """One stage that does nothing, as a task of its own."""
    options = TaskOptions(host.project.settings, "ann")
    run_stage(options, stage, lambda _options, _run: StageResult(), noted=False)


def end(process: subprocess.Popen[str]) -> None:
    """Whatever it is doing, stopped or not."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def banner_of(page: str) -> str:
    """What a reader sees of all that depends on the situation."""
    return Reader(page.partition('<header id="situation"')[2].partition("</header>")[0]).text


def after_the_first_run(err: str) -> str:
    """What stands on standard error behind the sentence that a first run says once
    (docs/rules.md#what-people-say)."""
    first, _, rest = err.partition("\n")
    assert ": this was the first run: " in first, err
    return rest


def outside_the_banner(page: str) -> str:
    """All of a page that does not depend on the situation: its title and icon do, as cautions
    (docs/rules.md#answer)."""
    before, found, rest = page.partition('<header id="situation"')
    assert found
    before = re.sub(r"<title>.*?</title>|<link rel=\"icon\"[^>]*>", "", before)
    return before + rest.partition("</header>")[2]
