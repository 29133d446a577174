"""A real sshd on loopback, a bare account behind it, and an operator with a checkout and a key of his own."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from shepherd.running.releases import Site
from tests.gitrepo import Repo
from tests.inv import ROOT
from tests.real.sshd import Sshd, need

PARTS = (
    *("tasks.py", "fabfile.py", "invoke.yaml", "fabric.yaml", "pyproject.toml"),
    *("ops", "shepherd", "templates", "requirements"),
)


JOBS_END = 60.0
"""Seconds within which what cron started ends by itself."""


def faketime() -> Path:
    """The library that bends a process's clock."""
    libraries = list(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    need(libraries, "there is no libfaketime here: .ci/run installs it")
    return libraries[0]


@contextlib.contextmanager
def cron_daemon() -> Iterator[Callable[[], None]]:
    """Starts cron, whose minutes pass in a second. At the end it is killed, its jobs are waited for."""
    running = [each.pid for each in psutil.process_iter(["name"]) if each.info["name"] == "cron"]
    need(not running, f"a cron daemon runs already (process {running}): there is one a machine")
    library = str(faketime())
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        environment = {"PATH": "/usr/bin:/bin:/usr/sbin", "LD_PRELOAD": library, "FAKETIME": "+0 x60"}
        started.append(subprocess.Popen(["cron", "-f"], env=environment))

    yield start
    for process in started:
        # stopped first, so that it starts no more jobs; those at work still write into the test's folders
        process.send_signal(signal.SIGSTOP)
        jobs = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        _, at_work = psutil.wait_procs(jobs, timeout=JOBS_END)
        assert not at_work, f"cron's jobs do not end: {at_work}"


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Operator:
    """A checkout that is a repository of its own, settings that name the host, and `fab`."""

    def __init__(self, folder: Path, sshd: Sshd, project: Path, directory: str) -> None:
        self.folder, self.sshd = folder / "operator", sshd
        self.repo = self.folder / "checkout"
        self.repo.mkdir(parents=True)
        for name in PARTS:
            copy: Any = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            how = {"ignore": shutil.ignore_patterns("__pycache__")} if (ROOT / name).is_dir() else {}
            copy(ROOT / name, self.repo / name, **how)
        (self.repo / ".gitignore").write_text("__pycache__/\n")
        self.git("init", "-q")
        self.commit("One")
        self.known_hosts = self.folder / "known_hosts"
        self.known_hosts.write_text(sshd.known())
        self.settings = self.folder / "shepherd.toml"
        self.settings.write_text(
            f'[branches.stable]\nrepository = "{project}"\nref = "stable"\n'
            'deployed = { ref = "production" }\n[deploy]\n'
            f'hosts = ["127.0.0.1:{sshd.port}"]\nuser = "{sshd.user.pw_name}"\n'
            f'directory = "{directory}"\nknown_hosts = "known_hosts"\npython = "/usr/bin/python3"\n'
        )

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=Olga", "-c", "user.email=olga@example.org"]
        command = ["git", *who, *words]
        return subprocess.run(command, cwd=self.repo, check=True, capture_output=True, text=True).stdout

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("SHEPHERD", "SUDO", "SSH_"))
        }
        environment |= {"SHEPHERD_CONFIG": str(self.settings), "SHEPHERD_WHO": "olga", **env}
        command = [sys.executable, "-m", "fabric", "-i", str(self.sshd.key), *words]
        return subprocess.Popen(
            command, cwd=self.repo, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def fab(self, *words: str, **env: str) -> Done:
        process = self.start(*words, **env)
        out, err = process.communicate(timeout=300)
        return Done(process.returncode, out, err)


class Place:
    """What the account holds, seen from outside."""

    def __init__(self, user: pwd.struct_passwd, directory: str) -> None:
        self.user = user
        self.root = Path(user.pw_dir, directory)
        self.state = self.root / "shared" / "var"

    @property
    def live(self) -> str:
        return self.root.joinpath("current").readlink().name

    def releases(self) -> list[str]:
        return sorted(each.name for each in (self.root / "releases").iterdir())

    @property
    def site(self) -> Site:
        return Site(self.root)

    def start(self, *words: str, release: str = "", PATH: str = "/usr/bin:/bin") -> subprocess.Popen[str]:
        """`.venv/bin/inv …` in a release (the live one), as the user, with cron's PATH."""
        place = self.root / "releases" / release if release else self.root / "current"
        own = [f"HOME={self.user.pw_dir}", f"USER={self.user.pw_name}", f"LOGNAME={self.user.pw_name}"]
        own += [f"PATH={PATH}"]
        command = [*self.as_user(), "env", "-C", str(place), "-u", "SHEPHERD_CONFIG", *own]
        command += [".venv/bin/inv", *words]
        return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def inv(self, *words: str, release: str = "") -> Done:
        process = self.start(*words, release=release)
        out, err = process.communicate(timeout=120)
        return Done(process.returncode, out, err)

    def as_user(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        name = self.user.pw_name
        return ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups"]


def project(folder: Path, user: pwd.struct_passwd) -> Path:
    """Two landings, r1 live and r2 deployable, in a repository of the user's."""
    repo = Repo(folder / "project.git")
    at = int(time.time()) - 3600
    repo.set_ref("production", repo.commit("[no-qa] One", date=at))
    repo.commit("[no-qa] Two", date=at + 60)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{user.pw_name}:", folder / "project.git"], check=True)
    return folder / "project.git"


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="shepherd-site-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
