"""Hosts on one machine: each has mounts, a name and processes of its own; loopback is shared."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.month.clock import Clock
from tests.waiting import until

CRON_PATH = "/usr/bin:/bin"
"""What cron gives a command, and what a person's bare shell has."""
_SCRIPT = """
set -e
hostname "$NAME"
for each in etc home srv usr/local var/spool/cron/crontabs; do mount --bind "$FOLDER/$each" "/$each"; done
ldconfig
if [ -n "$SMALL" ]; then
    state="/home/$ACCOUNT/shepherd/shared/var"
    mount -t tmpfs -o "size=$SMALL,mode=0711,uid=$UID_OF,gid=$UID_OF" tmpfs "$state"
fi
for each in tmp dev/shm; do mount -t tmpfs -o mode=1777 tmpfs "/$each"; done
touch "$FOLDER/ready"
trap : TERM INT
while :; do sleep 3600 & wait $! || :; done
"""


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Machine:
    """One host with one account, and an sshd."""

    def __init__(
        self, folder: Path, name: str, account: str, uid: int, clock: Clock, *, python: Path | None = None
    ) -> None:
        self.folder, self.name, self.account, self.uid = folder / name.partition(".")[0], name, account, uid
        self.port, self._clock = free_port(), clock
        self.small = ""
        """The size of a small disk for `state_dir`; empty: none of its own."""
        self._unshare: subprocess.Popen[bytes] | None = None
        self._sshd: subprocess.Popen[bytes] | None = None
        self._init = 0
        for each in ("home", "srv", "usr", "var/spool/cron", "ssh"):
            (self.folder / each).mkdir(parents=True)
        # all of it: a file of /etc that is mounted alone is lost when the machine replaces its own
        subprocess.run(["cp", "-a", "/etc", self.folder], check=True)
        if python is None:
            (self.folder / "usr/local/bin").mkdir(parents=True)
        else:
            kept = shutil.ignore_patterns("test", "tests", "idlelib", "*.a")
            shutil.copytree(python, self.folder / "usr/local", symlinks=True, ignore=kept)
        self._accounts()
        self.home = self.folder / "home" / account
        (self.home / ".ssh").mkdir(mode=0o700, parents=True)
        tabs = self.folder / "var/spool/cron/crontabs"
        tabs.mkdir()
        shutil.chown(tabs, 0, "crontab")
        tabs.chmod(0o1730)
        self.key = self._key_pair(self.home / ".ssh" / "id_ed25519")
        self.host_key = self._key_pair(self.folder / "ssh" / "host_key")
        self.keys = self.folder / "ssh" / "authorized_keys"
        self.keys.touch()
        self.own(self.home)

    def _accounts(self) -> None:
        def lines_of(file: str) -> list[str]:
            lines = Path(file).read_text().splitlines()
            return [each for each in lines if each.split(":")[0] not in ("lpqateam", self.account)]

        entry = f"{self.account}:*:{self.uid}:{self.uid}::/home/{self.account}:/bin/sh"
        etc = self.folder / "etc"
        (etc / "passwd").write_text("\n".join([*lines_of("/etc/passwd"), entry, ""]))
        (etc / "group").write_text("\n".join([*lines_of("/etc/group"), f"{self.account}:x:{self.uid}:", ""]))

    def _key_pair(self, file: Path) -> Path:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.name, "-f", file], check=True
        )
        return file

    def own(self, place: Path) -> None:
        """Give a place to the account."""
        subprocess.run(["chown", "-R", f"{self.uid}:{self.uid}", place], check=True)

    def start(self, names: Mapping[str, int]) -> None:
        """Boot; `names`: the hosts that it can resolve."""
        lines = [f"127.0.0.1 localhost {self.name}", *(f"127.0.0.1 {name}" for name in names)]
        (self.folder / "etc" / "hosts").write_text("\n".join([*lines, ""]))
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        own = {"NAME": self.name, "FOLDER": str(self.folder), "ACCOUNT": self.account}
        own |= {"UID_OF": str(self.uid), "SMALL": self.small, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        log = (self.folder / "boot.log").open("ab")
        spaces = ["--mount", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child"]
        # it dies with us
        self._unshare = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", *spaces, "bash", "-c", _SCRIPT],
            env=own,
            cwd="/",
            stderr=log,
        )
        until(ready.exists, what=f"the boot of {self.name}")
        self._init = psutil.Process(self._unshare.pid).children()[0].pid
        self.start_sshd()

    @property
    def root(self) -> Path:
        """Its file system, seen from here."""
        return Path(f"/proc/{self._init}/root")

    def stop(self) -> None:
        """Switch it off: all its processes die with the first one."""
        if self._unshare is not None and self._unshare.poll() is None:
            os.kill(self._init, signal.SIGKILL)
            self._unshare.wait(20)
        if self._sshd is not None:
            self._sshd.wait(20)

    def start_sshd(self) -> None:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        bent = " ".join(f"{name}={value}" for name, value in self._clock.environment.items())
        config = self.folder / "ssh" / "sshd_config"
        config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.host_key}\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {self.keys}\nStrictModes no\nPasswordAuthentication no\n"
            f"MaxStartups 100\nSubsystem sftp internal-sftp\nAllowUsers {self.account}\nSetEnv {bent}\n"
        )
        log = (self.folder / "ssh" / "log").open("ab")
        command = self.inside("/usr/sbin/sshd", "-D", "-e", "-f", config)
        self._sshd = subprocess.Popen(command, stderr=log, cwd="/")

        def answers() -> bool:
            with socket.socket() as door:
                return door.connect_ex(("127.0.0.1", self.port)) == 0

        until(answers, what=f"sshd of {self.name}")

    def stop_sshd(self) -> None:
        assert self._sshd is not None
        for each in psutil.Process(self._sshd.pid).children(recursive=True):
            each.kill()
        self._sshd.wait(20)

    def change_host_key(self) -> None:
        """As if it were installed again."""
        for each in (self.host_key, self.host_key.with_suffix(".pub")):
            each.unlink()
        self._key_pair(self.host_key)
        self.stop_sshd()
        self.start_sshd()

    def let_in(self, key: Path, options: str = "") -> None:
        """Allow a key to log in."""
        public = key.with_suffix(".pub").read_text()
        with self.keys.open("a") as file:
            file.write(f"{options} {public}".lstrip())

    def inside(self, *words: str | Path) -> list[str]:
        """A command, as root on it."""
        return ["nsenter", "-t", str(self._init), "--mount", "--uts", "--pid", "--", *map(str, words)]

    def by_account(self, *words: str, folder: str = "") -> list[str]:
        """A command, as the account, with what cron gives it and nothing else."""
        home = f"/home/{self.account}"
        own = {"HOME": home, "LOGNAME": self.account, "USER": self.account, "SHELL": "/bin/sh"}
        own |= {"PATH": CRON_PATH, **self._clock.environment}
        who = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        place = ["env", "-i", "-C", f"{home}/{folder}", *(f"{name}={value}" for name, value in own.items())]
        return self.inside(*who, *place, *words)

    def run(self, *words: str, folder: str = "", input: str = "", limit: float = 120) -> Done:
        """Run a command as the account, to its end."""
        command = self.by_account(*words, folder=folder)
        done = subprocess.run(
            command, input=input, capture_output=True, text=True, errors="replace", timeout=limit, cwd="/"
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def shell(self, command: str) -> Done:
        """What a person types as the account."""
        return self.run("sh", "-c", command)

    def inv(self, *words: str) -> Done:
        """`.venv/bin/inv …` in ~/shepherd/current, as the guide writes it."""
        return self.run(".venv/bin/inv", *words, folder="shepherd/current")
