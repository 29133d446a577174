"""An operator's machine and three hosts (qa1, git, web) on this one, as the guides name them.

All live in a mount namespace: /etc, /home, /srv, the operator's ~/.ssh and the crontabs are copies that go
with it, so that accounts, keys and crontabs can be made as a guide says. Each host is an sshd on a loopback
address of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.gitrepo import Repo
from tests.guides import PLACES
from tests.inv import ROOT, Done
from tests.real.site import PARTS
from tests.real.sshd import need
from tests.waiting import until

NAMES = ("qa1", "git", "web")
LIMIT = 300.0
"""Seconds that one block of commands may take."""
# The first line is where the copies go: nothing of this machine is changed from then on.
_MAKE = """
set -eu
mount -t tmpfs tmpfs /mnt
mkdir -p /mnt/etc /mnt/home /mnt/srv /mnt/ssh /mnt/cron /mnt/mail /mnt/tmp ~root/.ssh
cp -a /etc/. /mnt/etc
chmod 700 /mnt/ssh; chown root:crontab /mnt/cron; chmod 1730 /mnt/cron; chmod 1777 /mnt/tmp
mount --bind /mnt/etc /etc
mount --bind /mnt/home /home
mount --bind /mnt/srv /srv
mount --bind /mnt/ssh ~root/.ssh
mount --bind /mnt/cron /var/spool/cron/crontabs
mount --bind /mnt/mail /var/mail
# not where the clone that is tested lies in it
case "$2" in /tmp/*) ;; *) mount --bind /mnt/tmp /tmp;; esac
rm -f /etc/ssh/ssh_known_hosts
sed -i '/^lpqateam:/d' /etc/passwd /etc/shadow /etc/group /etc/gshadow
# of a number of its own: userdel looks for processes of it, wherever
useradd --uid "$1" --create-home --shell /bin/bash --password '*' lpqateam
useradd --create-home --shell /bin/sh --password '*' git
ssh-keygen -q -t ed25519 -N '' -f ~root/.ssh/id_ed25519
install -d -m 700 -o lpqateam -g lpqateam ~lpqateam/.ssh
install -m 600 -o lpqateam -g lpqateam ~root/.ssh/id_ed25519.pub ~lpqateam/.ssh/authorized_keys
mkdir /srv/git /srv/operator
"""
_SSHD = """
ListenAddress {address}:22
HostKey {key}
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
"""
_SETTINGS = """\
[branches.main]
repository = "git@git.example.org:/srv/git/shop.git"
ref = "main"
deployed = { ref = "production" }

[deploy]
hosts = ["qa1.example.org"]
user = "lpqateam"
python = "/usr/bin/python3"
"""


class Hosts:
    """The machines of the guides; what is run on one is run to its end."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sleep", "infinity"], start_new_session=True
        )
        self._daemons: list[subprocess.Popen[bytes]] = []
        try:
            self._make(folder)
        except BaseException:
            self.close()
            raise

    def _make(self, folder: Path) -> None:
        until(lambda: self._own_mounts(), 10, "a mount namespace")
        self.clone = Path("/srv/operator/qa-shepherd")
        number = os.getpid()
        self._sh(_MAKE, str(20_000 + number % 40_000), str((ROOT / ".venv").resolve()))
        self.addresses = {
            name: f"127.{number >> 8 & 255}.{number & 255}.{last}" for last, name in enumerate(NAMES, 2)
        }
        lines = "".join(f"{address} {name}.example.org\n" for name, address in self.addresses.items())
        self._sh(f"cat >> /etc/hosts <<'END'\n{lines}END\n")
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        for name in NAMES:
            self._listen(name, folder)
        self._project(folder)
        self._operator(folder)

    def run(self, place: str, text: str) -> Done:
        """Run a block of commands where the guide says; the first command that fails ends it."""
        if place == "operator":
            words = ["env", "-C", str(self.clone), f"PATH={self.clone}/.venv/bin:{os.environ['PATH']}"]
        elif place == "host":
            home = "/home/lpqateam"
            current = f"{home}/shepherd/current"
            at = current if self._sh(f"test -d {current}", check=False).code == 0 else home
            words = [
                "setpriv",
                "--reuid=lpqateam",
                "--regid=lpqateam",
                "--init-groups",
                "env",
                "-i",
                "-C",
                at,
            ]
            words += [f"HOME={home}", "USER=lpqateam", "LOGNAME=lpqateam", "SHELL=/bin/bash"]
            words += ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"]
        else:
            assert place in PLACES, f"{place!r} is none of {', '.join(PLACES)}"
            words = ["env", "-i", "-C", "/root", "HOME=/root", "USER=root", "LOGNAME=root", "LANG=C.UTF-8"]
            words += ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        return self._inside([*words, "bash", "-ec", text])

    def deployed(self) -> bool:
        """Whether the host has a live release."""
        return self._sh("test -e /home/lpqateam/shepherd/current/tasks.py", check=False).code == 0

    def close(self) -> None:
        for each in (*self._daemons, self._process):
            each.kill()
            each.wait()

    def _own_mounts(self) -> bool:
        ours, theirs = (Path(f"/proc/{pid}/ns/mnt").readlink() for pid in ("self", self._process.pid))
        return ours != theirs

    def _enter(self) -> list[str]:
        return ["nsenter", f"--target={self._process.pid}", "--mount", "--"]

    def _inside(self, words: Sequence[str]) -> Done:
        # no terminal: what asks a question is told so
        done = subprocess.run(
            [*self._enter(), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
            start_new_session=True,
            env={key: value for key, value in os.environ.items() if not key.startswith(("SHEPHERD", "SSH_"))},
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def _sh(self, text: str, *words: str, check: bool = True) -> Done:
        done = self._inside(["bash", "-c", text, "bash", *words])
        assert not check or done.code == 0, done
        return done

    def _listen(self, name: str, folder: Path) -> None:
        key, config = folder / f"{name}-key", folder / f"{name}-sshd"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        config.write_text(_SSHD.format(address=self.addresses[name], key=key))
        program = shutil.which("sshd") or "/usr/sbin/sshd"
        need(Path(program).exists(), "there is no sshd here: .ci/run installs openssh-server")
        with (folder / f"{name}-log").open("wb") as log:
            command = [*self._enter(), program, "-D", "-e", "-f", str(config)]
            self._daemons.append(subprocess.Popen(command, stderr=log))

        def answers() -> bool:
            with contextlib.suppress(OSError), socket.create_connection((self.addresses[name], 22), 1):
                return True
            return False

        until(answers, 20, f"the sshd of {name}")

    def _project(self, folder: Path) -> None:
        """Thirty landings, r20 live and r30 deployable, at the git server."""
        repo = Repo(folder / "shop.git", branch="main")
        at = int(time.time()) - 3600
        landings = [repo.commit(f"[no-qa] Change {number}", date=at + number) for number in range(1, 31)]
        repo.set_ref("production", landings[19])
        self._sh(f"cp -r {repo.path} /srv/git && chown -R git: /srv/git")

    def _operator(self, folder: Path) -> None:
        """A clone with a commit, an environment, and the settings that name the host."""
        made = folder / "clone"
        made.mkdir()
        for name in (*PARTS, ".gitignore", "docs"):
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, made / name)
        (made / "shepherd.toml").write_text(_SETTINGS)
        self._sh(
            f"cp -r {made} {self.clone}; cd {self.clone}; ln -s {(ROOT / '.venv').resolve()} .venv;"
            " echo .venv >> .gitignore; git init -q; git add -A;"
            " git -c user.name=Olga -c user.email=olga@example.org commit -qm One"
        )


@contextlib.contextmanager
def hosts(folder: Path) -> Iterator[Hosts]:
    """The machines, for as long as the block lasts."""
    need(os.geteuid() == 0, "accounts and mounts want root")
    if shutil.which("unshare") is None:
        pytest.fail("there is no unshare here: .ci/run installs util-linux", pytrace=False)
    made = Hosts(folder)
    try:
        yield made
    finally:
        made.close()
