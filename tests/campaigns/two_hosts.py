"""Two hosts in namespaces of their own on one server: runs of each, one of which may be struck amid its work.

Each run is a process that was forked from this one, which has imported everything, and has become that host.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Engine

from shepherd.errors import PARTLY
from shepherd.running.runner import LockedRun
from shepherd.settings import read
from shepherd.store import Database, Journal
from shepherd.store.journal import KINDS
from tests.act.receiver import Receiver
from tests.campaigns.network import SERVER, Network
from tests.campaigns.promoted import ref_log
from tests.inv import inv_here
from tests.mail.team import parsed
from tests.postgres import PostgresServer
from tests.project import Project
from tests.running.smtp import Server

HOSTS = ("qa1", "qa2")
_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "subprocess.Popen", "socket.connect"})
_CHANGING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_SETTINGS = """\
database = "postgresql://shepherd@{server}/{database}"
[mail]
smtp = "{smtp}"
sender = "QA Shepherd <qa-shepherd@example.org>"
list = "dev@example.org"
operators = ["ops@example.org"]
at = "00:00"
weekend = true
[promote]
auto = true
settle = "1s"
[report]
url = "https://qa.example.org/"
publish = ["{published}"]
[branches.stable]
repository = "file://{repository}"
ref = "stable"
deployed = {{ ref = "production" }}
promote = {{ ref = "released" }}
[tracker]
type = "file"
path = "{bugs}"
[[notify]]
name = "chat"
url_file = "{chat}"
quiet = "1s"
"""


class Ran(NamedTuple):
    """How a run ended."""

    code: int
    """Below 0: by this signal."""
    out: str
    err: str


class Point(NamedTuple):
    """A moment of a run: right before the write `number` of a stage."""

    stage: str
    number: int


class Struck(NamedTuple):
    """What one run is struck by."""

    point: Point
    blow: Callable[[], None]
    """In the test's process, while the run waits; False-like: the run is killed instead."""
    kills: bool = False


class HostWorld:
    """A repository, bugs, a mail server and a chat that two hosts work on; `begin` sets all back to the
    beginning."""

    def __init__(
        self, folder: Path, network: Network, server: PostgresServer, smtp: Server, chat: Receiver
    ) -> None:
        self.folder, self.network, self.server, self.smtp, self.chat = folder, network, server, smtp, chat
        self.number = 0
        self._base, self._saved = "template_of_all", folder / "saved"
        self.project = Project(folder / "shared")
        (folder / "chat.url").write_text(f"https://{chat.place}/")
        (folder / "chat.url").chmod(0o600)
        for host in HOSTS:
            (folder / host).mkdir()
        (folder / "published").mkdir()
        # that nothing is moved twice shows there
        self.project.repo.git("config", "core.logAllRefUpdates", "true")
        self._ask(f"CREATE DATABASE {self._base}")
        self._write_settings(self._base)
        project = self.project
        begin = project.land("[no-qa] Begin", "[bug=1] One", "[bug=2] Two")
        project.deploy(begin[0])
        project.repo.set_ref("released", begin[0])
        for bug in (1, 2):
            project.tag(bug)
        # nobody is mailed about what is there at the beginning
        smtp.door = "busy"
        for host in HOSTS:
            done = self.run(host)
            assert done.code in (0, PARTLY), done
        smtp.door = ""
        project.land("[bug=3] Three", "[bug=4] Four", "[no-qa] Five")
        project.tag(1, "qa-ok")
        for bug in (2, 3):
            project.tag(bug, "qa-ok")
        project.tag(4)
        # deployable for a while, when the first run comes to promote it
        done = self.run("qa1", "find", "judge")
        assert done.code == 0, done
        for each in (*HOSTS, "shared", "published"):
            shutil.copytree(folder / each, self._saved / each, symlinks=True)
        self._remembered = deepcopy(vars(self.project.repo))

    def begin(self) -> None:
        """Set everything back, with a database of its own."""
        for each in (*HOSTS, "shared", "published"):
            shutil.rmtree(self.folder / each)
            shutil.copytree(self._saved / each, self.folder / each, symlinks=True)
        before, self.number = self.database, self.number + 1
        if before != self._base:
            self._ask(f"DROP DATABASE {before} WITH (FORCE)")
        # copied through the log, a sequence would go back to an earlier number when the server crashes
        self._ask(f"CREATE DATABASE {self.database} TEMPLATE {self._base} STRATEGY file_copy")
        self._write_settings(self.database)
        self.smtp.messages.clear()
        self.chat.received.clear()
        self._reread_bugs()
        vars(self.project.repo).update(deepcopy(self._remembered))

    def remove_backups(self) -> None:
        """The next run of each host makes the day's, which takes it a second."""
        for host in HOSTS:
            shutil.rmtree(self.folder / host / "var" / "backups")

    @property
    def database(self) -> str:
        return f"round{self.number}" if self.number else self._base

    def _write_settings(self, database: str) -> None:
        shared = self.project.folder
        for host in HOSTS:
            text = _SETTINGS.format(
                server=f"{SERVER}:{self.server.port}",
                database=database,
                smtp=self.smtp.place,
                repository=self.project.repo.path,
                published=self.folder / "published",
                bugs=shared / "bugs.json",
                chat=self.folder / "chat.url",
            )
            (self.folder / host / "shepherd.toml").write_text(text)

    def _ask(self, statement: str) -> None:
        with (
            self.network.at("server"),
            psycopg.connect(self.server.url("postgres"), autocommit=True) as connection,
        ):
            connection.execute(statement)

    # runs

    def start(self, host: str, *words: str, struck: Struck | None = None, gate: int = -1) -> Running:
        return Running(self, host, words or ("run",), struck, gate)

    def run(self, host: str, *words: str, struck: Struck | None = None) -> Ran:
        return self.start(host, *words, struck=struck).end()

    def points(self) -> dict[str, int]:
        """Stage -> the number of its writes, in a run that nobody strikes."""
        running = self.start("qa1", struck=Struck(Point("none", 0), lambda: None))
        done = running.end()
        assert done.code == 0, done
        return running.counted

    # what became of it

    def land(self, bug: int) -> None:
        """A landing for a bug of its own, which the tagger has to comment on."""
        self._reread_bugs()
        self.project.land(f"[bug={bug}] One more")
        self.project.tag(bug)

    def _reread_bugs(self) -> None:
        self.project.bugs = json.loads((self.project.folder / "bugs.json").read_text())["bugs"]

    def comments(self, bug: int) -> list[str]:
        self._reread_bugs()
        return list(self.project.bugs[str(bug)].get("comments", []))

    def mails(self) -> list[tuple[str, str]]:
        return sorted((to, str(parsed(text)["X-QA-Shepherd-Kind"])) for to, text in self.smtp.messages)

    def notices(self) -> list[tuple[str, str, bool]]:
        """What the chat was told, in order: of which kind, the key that is the same each time it is told, and
        whether it was marked as perhaps told before."""
        bodies = [json.loads(each.body) for each in self.chat.received]
        return [(c["kind"], c["key"], c["again"]) for body in bodies for c in body["changes"]]

    def outcome(self) -> dict[str, Any]:
        """What may not differ, on whichever host and however often it was tried."""
        bugs = json.loads((self.project.folder / "bugs.json").read_text())["bugs"]
        return {
            "bugs": {n: (b["tags"], [_plain(c) for c in b.get("comments", [])]) for n, b in bugs.items()},
            "moves": [move[:2] for move in ref_log(self.project.repo.path, "released") if move[0].strip("0")],
            "journal": self._journal(),
            "sha": (self.folder / "published" / "stable.sha").read_text(),
        }

    def _journal(self) -> list[str]:
        return list(json.loads(self.run("qa2", "(journal)").out))

    def journal_here(self) -> str:
        """For a process that is a host: what the journal says, but how often acts were tried."""
        settings = read(self.folder / "qa2" / "shepherd.toml")
        with Database.of(settings) as database, database.begin() as connection:
            entries = Journal(connection, "stable").entries(*KINDS)
        told = (f"{e.kind} {e.subject} {_plain(e.why)}" for e in entries if e.kind not in ("meant", "done"))
        return json.dumps(sorted(told))


class Running:
    """A run in a process of its own."""

    def __init__(
        self, world: HostWorld, host: str, words: tuple[str, ...], struck: Struck | None, gate: int
    ) -> None:
        self.host = host
        self.counted: dict[str, int] = {}
        self.worked: list[tuple[float, float]] = []
        """When each stage began and ended, by the machine's clock, which all hosts here have."""
        self.reached = False
        """It came to the point at which it was to be struck."""
        self._struck = struck
        self._out, theirs = os.pipe()
        self._answers, self._answer = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            code = 99
            try:
                os.close(self._out)
                os.close(self._answer)
                os.setsid()
                world.network.become(host)
                counted: dict[str, int] = {}
                _note_stages(self.worked)
                if struck is not None:
                    _watch(counted, struck, partial(self._report, theirs))
                if gate >= 0:
                    os.read(gate, 1)
                if words == ("(journal)",):
                    done = Ran(0, world.journal_here(), "")
                else:
                    done = Ran(*inv_here(world.folder / host, *words))
                os.write(theirs, json.dumps([*done, counted, self.worked]).encode() + b"\n")
                code = 0
            except BaseException as error:  # whatever it was, this process ends here
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
            finally:
                os._exit(code)
        os.close(theirs)
        os.close(self._answers)

    def _report(self, pipe: int) -> None:
        """In the child: it has come to the point, and waits until it was struck."""
        if self._struck is not None and self._struck.kills:
            os.write(pipe, b"struck\n")
            os.killpg(0, signal.SIGKILL)
        os.write(pipe, b"struck\n")
        os.read(self._answers, 1)

    def end(self) -> Ran:
        """Strike it where that is wanted, and wait for its end."""
        text = b""
        while part := os.read(self._out, 65536):
            text += part
            if text == b"struck\n":
                self.reached = True
                text = b""
                if self._struck is not None and not self._struck.kills:
                    self._struck.blow()
                    os.write(self._answer, b"!")
        os.close(self._out)
        os.close(self._answer)
        status = os.waitpid(self.pid, 0)[1]
        code = os.waitstatus_to_exitcode(status)
        if code:
            return Ran(code, "", "")
        result = json.loads(text.removeprefix(b"struck\n"))
        self.counted, self.worked = result[3:]
        return Ran(*result[:3])


def _note_stages(worked: list[tuple[float, float]]) -> None:
    """In a child: when each stage begins and ends."""
    run_stage = LockedRun.run

    def noting(self: LockedRun, name: str, *args: Any, **kwargs: Any) -> Any:
        began = monotonic()
        try:
            return run_stage(self, name, *args, **kwargs)
        finally:
            worked.append((began, monotonic()))

    LockedRun.run = noting  # type: ignore[method-assign]  # a stand-in on purpose


def _watch(counted: dict[str, int], struck: Struck, reach: Callable[[], None]) -> None:
    """In a child: count the writes of each stage, and call `reach` right before the one that is meant."""
    stage = ["before"]
    run_stage = LockedRun.run

    def entering(self: LockedRun, name: str, *args: Any, **kwargs: Any) -> Any:
        stage[0] = name
        try:
            return run_stage(self, name, *args, **kwargs)
        finally:
            stage[0] = f"after {name}"

    def write() -> None:
        number = counted.get(stage[0], 0)
        counted[stage[0]] = number + 1
        if (stage[0], number) == struck.point:
            reach()

    def hook(what: str, args: tuple[Any, ...]) -> None:
        changing = what == "open" and isinstance(args[0], str | bytes) and (args[2] or 0) & _CHANGING
        if changing or what in _CHANGES:
            write()

    LockedRun.run = entering  # type: ignore[method-assign]  # a stand-in on purpose
    event.listen(Engine, "before_cursor_execute", lambda *_args: write())
    event.listen(Engine, "commit", lambda *_args: write())
    sys.addaudithook(hook)


def _plain(text: object) -> str:
    """Without what differs from run to run."""
    return re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.Z]*|\d{8}T\d{6}Z-[0-9a-f]{4}", "TIME", str(text))
