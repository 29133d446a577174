"""All that the month needs: git, web and mail host, two shepherd hosts, two teams, an operator."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from bench.month.clock import Clock
from bench.month.history import Team
from bench.month.hosts import Done, Machine, free_port
from bench.month.mail import MailHost
from bench.project import ROOT

OTHER_PYTHON = os.environ.get("MONTH_PYTHON", "")
"""The second host's Python: the folder of a whole installation; empty: that of the others."""
NOTHING: Mapping[str, str] = {}
HOSTS = ("qa1", "qa2")
_SETTINGS = """\
[branches.stable]
repository = "{url}"
ref = "stable"
deployed = {{ ref = "production" }}
{branch}
[report]
expected_every = "5h"
publish = ["ssh://qa@web.example.org:{web_port}{target}"]
[cron]
every = "2h"
[mail]
smtp = "127.0.0.1:{smtp}"
sender = "shepherd@{host}.example.org"
operators = ["ops@{host}.example.org"]
list = "list@{host}.example.org"
[run]
deadline = "60s"
stale_after = "90s"
"""
_BRANCH = {
    "qa1": 'promote = { ref = "release" }\n[tracker]\ntype = "file"\npath = "bugs.json"\n',
    "qa2": 'promote = { ref = "production" }\nverdict_notes = "refs/notes/qa"\n[promote]\nauto = true\n',
}


def first_monday() -> float:
    """Midnight of the next Monday: the month begins there."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=7 - today.weekday())).timestamp()


class Operator:
    """A clone of this repository, and `fab` in it."""

    def __init__(self, folder: Path, clock: Clock, hosts: dict[str, Machine], ssh_config: Path, key: Path):
        self.folder, self.clone, self._clock, self._key = folder, folder / "clone", clock, key
        self._ssh_config = ssh_config
        self._environment: dict[str, str] = {}
        subprocess.run(["git", "clone", "-q", ROOT, self.clone], check=True)
        self.git("config", "user.name", "Olga")
        self.git("config", "user.email", "olga@example.org")
        self.settings = folder / "qa1.toml"
        self._count = 0

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.clone, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, files: dict[str, str] | None = None) -> str:
        """One more commit of the shepherd; without `files` a tiny one."""
        self._count += 1
        files = files or {"shepherd/marker.py": f'"""Release {self._count}."""\n'}
        for name, text in files.items():
            (self.clone / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"Change {self._count}")
        return self.git("rev-parse", "HEAD")

    def start(
        self, *words: str, settings: Path | None = None, more: Mapping[str, str] = NOTHING
    ) -> subprocess.Popen[str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SHEPHERD", "SSH_"))}
        own = {"SHEPHERD_CONFIG": str(settings or self.settings), "SHEPHERD_WHO": "olga"}
        own |= {**self._clock.environment, **more}
        command = [sys.executable, "-m", "fabric", "-S", str(self._ssh_config), *words]
        pipes = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.clone, env=kept | own, text=True, stdout=pipes, stderr=pipes, stdin=-3
        )

    def fab(self, *words: str, settings: Path | None = None, more: Mapping[str, str] = NOTHING) -> Done:
        process = self.start(*words, settings=settings, more=more)
        out, err = process.communicate(timeout=600)
        return Done(process.returncode, out, err)


class World:
    """Everything, up and running; nothing is deployed yet."""

    def __init__(self, folder: Path, seed: int, rrsync: bool) -> None:
        self.folder, self._rrsync = folder, rrsync
        self.random = Random(seed)
        self.clock = Clock(folder, first_monday())
        python = Path(OTHER_PYTHON) if OTHER_PYTHON else None
        self.git_host = Machine(folder, "git.example.org", "git", 2101, self.clock)
        self.web = Machine(folder, "web.example.org", "qa", 2102, self.clock)
        self.hosts = {
            "qa1": Machine(folder, "qa1.example.org", "lpqateam", 2103, self.clock),
            "qa2": Machine(folder, "qa2.example.org", "lpqateam", 2104, self.clock, python=python),
        }
        self.spare = Machine(folder, "qa3.example.org", "lpqateam", 2105, self.clock)
        """Where qa1 moves to."""
        self.shepherds = [*self.hosts.values(), self.spare]
        self.machines = {each.name: each for each in (self.git_host, self.web, *self.shepherds)}
        self.mail = MailHost(folder, free_port())
        self.desk = folder / "operator"
        self.desk.mkdir()
        self.key = self.desk / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        self._keys()
        self.hosts["qa2"].small = "400m"
        state = self.hosts["qa2"].home / "shepherd" / "shared" / "var"
        state.mkdir(parents=True)
        self.hosts["qa2"].own(self.hosts["qa2"].home)

    def _keys(self) -> None:
        self.git_host.let_in(self.key)
        for name, host in (*self.hosts.items(), ("qa1", self.spare)):
            host.let_in(self.key)
            self.git_host.let_in(host.key)
            site = self.web.folder / "srv" / "www" / name
            site.mkdir(parents=True, exist_ok=True)
            only = f'command="rrsync -wo /srv/www/{name}",restrict'
            self.web.let_in(host.key, only if self._rrsync else "")
            self.web.own(site)

    def start(self) -> None:
        names = {name: each.port for name, each in self.machines.items()}
        for each in self.machines.values():
            each.start(names)
        self.mail.start()
        self.know_hosts()
        config = [
            f"Host {each.name}\n HostName 127.0.0.1\n Port {each.port}\n IdentityFile {self.key}\n"
            f" UserKnownHostsFile {self.desk / 'known_hosts'}\n IdentitiesOnly yes\n"
            for each in self.machines.values()
        ]
        ssh_config = self.desk / "ssh_config"
        ssh_config.write_text("".join(config))
        self.operator = Operator(self.desk, self.clock, self.hosts, ssh_config, self.key)
        self.ssh_config = ssh_config
        bugs = self.hosts["qa1"].home / "shepherd" / "shared" / "bugs.json"
        bugs.parent.mkdir(parents=True)
        self.hosts["qa1"].own(self.hosts["qa1"].home)
        self.teams = {
            name: Team(
                name,
                self.git_host,
                self.desk / name,
                ssh_config,
                self.clock,
                Random(self.random.random()),
                bugs if name == "qa1" else None,
            )
            for name in HOSTS
        }
        self.write_settings()

    def know_hosts(self) -> None:
        """The operator and the teams know each host's present key."""
        lines = []
        for each in self.machines.values():
            kind, key = each.host_key.with_suffix(".pub").read_text().split()[:2]
            lines += [f"[{name}]:{each.port} {kind} {key}\n" for name in ("127.0.0.1", each.name)]
        (self.desk / "known_hosts").write_text("".join(lines))

    def write_settings(self) -> None:
        """The operator's files: one for each host, of which the first serves for all deploys."""
        hosts = ", ".join(f'"{each.name}"' for each in self.hosts.values())
        for name in HOSTS:
            text = f'{self.settings(name)}[deploy]\nhosts = [{hosts}]\nuser = "lpqateam"\n'
            (self.desk / f"{name}.toml").write_text(text)

    def settings(self, host: str) -> str:
        """The settings of one shepherd host."""
        url = f"ssh://git@git.example.org:{self.git_host.port}/srv/git/{host}.git"
        return _SETTINGS.format(
            url=url,
            branch=_BRANCH[host],
            web_port=self.web.port,
            smtp=self.mail.port,
            host=host,
            target="/" if self._rrsync else f"/srv/www/{host}",
        )

    def under_the_switch(self) -> list[float]:
        """Seconds of every upgrade under its switch, as the hosts wrote them down."""
        seconds = []
        for host in self.shepherds:
            log = host.root / f"home/{host.account}/shepherd/shared/var/log/upgrade.log"
            text = log.read_text() if log.exists() else ""
            seconds += [float(each) for each in re.findall(r"([0-9.]+) s of them under the switch", text)]
        return seconds

    def stop(self) -> None:
        self.mail.stop()
        for each in self.machines.values():
            each.stop()


@contextmanager
def built(seed: int, *, keep: bool, rrsync: bool = True) -> Iterator[World]:
    """A world in a folder of its own, that is taken down at the end."""
    import tempfile

    # not below /tmp: each host has a /tmp of its own
    folder = Path(tempfile.mkdtemp(prefix="shepherd-month-", dir="/var/tmp"))
    folder.chmod(0o755)
    world = World(folder, seed, rrsync)
    try:
        world.start()
        yield world
    finally:
        world.stop()
        if keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
