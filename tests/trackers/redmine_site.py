"""A real Redmine, Debian's: in a folder of its own, on a free port of 127.0.0.1, ended by its pid.

with running_redmine() as site:             # or the fixture `redmine`: one server, as new for each test
    ann = site.person("ann")                # asks with her own API key
    number = ann.report("Login fails")      # an issue in the project "shop"
    ann.change(number, status="QA passed", field={"QA result": "passed"}, notes="Tried it.")
    site.issue(number)                      # as an administrator sees it
    site.rows("SELECT count(*) FROM journals")
    site.root, site.key("shepherd")         # what settings are to name

People: ann, quinn (of the team, everywhere), shepherd (the least rights), looker (may only look), stranger (a
member of nothing), locked, admin. Projects: shop, other, vault (the shepherd is not in it), attic (closed;
issue 1), open (public). Fields: "QA result" (list), "QA marks" (list, several), "QA verdict" (key and value),
"QA remark" (text). The shepherd may set any status, but none where the tracker is Support.
`redmine_seed.rb` makes all that. Nothing of Debian's own instance is read or changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until

PROGRAM = Path("/usr/share/redmine")
"""Where Debian's package has it."""
SEED = Path(__file__).with_name("redmine_seed.rb")
ZONE = "Asia/Kolkata"
"""The server's own, so that a time that was taken for UTC is seen."""

_GEMFILE = f"""\
eval_gemfile '{PROGRAM}/Gemfile'
%w[sqlite3 puma].each {{ |name| gem name unless dependencies.any? {{ |each| each.name == name }} }}
"""
_DATABASE = """\
production:
  adapter: sqlite3
  database: {file}
  encoding: utf8
  timeout: 20000
"""


class RefusedByRedmine(Exception):
    """Redmine answered with another status than 2xx."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:300]}")
        self.status, self.body = status, body


@dataclass(frozen=True)
class RedminePerson:
    """Somebody with an API key, who uses REST as scripts would, but knows the numbers of statuses, trackers
    and fields."""

    site: RedmineSite
    root: str
    key: str

    def ask(self, method: str, path: str, document: object = None) -> Any:
        """The answer's document, None if it has none.

        Raises:
            RefusedByRedmine: by its status.
        """
        body = None if document is None else json.dumps(document).encode()
        headers = {"X-Redmine-API-Key": self.key, "Content-Type": "application/json"}
        request = urllib.request.Request(self.root + path, body, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise RefusedByRedmine(error.code, error.read().decode(errors="replace")) from None
        return json.loads(text) if text.strip() else None

    def report(self, subject: str, project: str = "shop", tracker: str = "Bug", **more: Any) -> int:
        """A new issue; its number."""
        issue = {"project_id": project, "tracker_id": self._id("trackers", tracker), "subject": subject}
        return int(self.ask("POST", "/issues.json", {"issue": {**issue, **more}})["issue"]["id"])

    def change(
        self,
        number: int,
        status: str = "",
        field: Mapping[str, Any] | None = None,
        notes: str = "",
        **more: Any,
    ) -> None:
        """In one request. `more` are keys of an issue (`is_private`, `private_notes`, `project_id`, …)."""
        if status:
            more["status_id"] = self._id("issue_statuses", status)
        if field:
            values = [
                {"id": self._id("custom_fields", name), "value": value} for name, value in field.items()
            ]
            more["custom_fields"] = values
        if notes:
            more["notes"] = notes
        self.ask("PUT", f"/issues/{number}.json", {"issue": more})

    def delete(self, number: int) -> None:
        self.ask("DELETE", f"/issues/{number}.json")

    def _id(self, table: str, name: str) -> int:
        ((number,),) = self.site.rows(f"SELECT id FROM {table} WHERE name = ?", name)
        return int(number)


class RedmineSite:
    """One instance with its own web server; not started yet.

    Args:
        folder: empty; the server's user may pass to it.
    """

    def __init__(self, folder: Path) -> None:
        assert PROGRAM.is_dir(), "Redmine is not installed: apt-get install redmine redmine-sqlite puma"
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._settings_changed = False
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        for name in ("config", "log", "tmp", "files", "public"):
            (self.instance / name).mkdir(parents=True)
        (folder / "Gemfile").write_text(_GEMFILE)
        (self.instance / "config" / "database.yml").write_text(_DATABASE.format(file=self.database))
        (self.instance / "config" / "secret_key.txt").write_text("4711" * 16)
        self._as_user: list[str] = ["setpriv", "--pdeathsig", "KILL"]
        if os.geteuid() == 0:
            # nothing of the system's can be written to by it
            account = pwd.getpwnam("www-data")
            for place in (folder, *folder.rglob("*")):
                os.chown(place, account.pw_uid, account.pw_gid)
            ids = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
            self._as_user += ids

    @property
    def instance(self) -> Path:
        return self.folder / "instance"

    @property
    def database(self) -> Path:
        return self.instance / "redmine.sqlite3"

    @property
    def root(self) -> str:
        """What `tracker.service_root` is to be."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def key(self, login: str) -> str:
        """The API key of a person."""
        return hashlib.sha1(f"key of {login}".encode()).hexdigest()

    def person(self, login: str, root: str = "") -> RedminePerson:
        """Args: root: another way to the same server."""
        return RedminePerson(self, root or self.root, self.key(login))

    def issue(self, number: int) -> dict[str, Any]:
        """With its journals, as an administrator sees it."""
        answer = self.person("admin").ask("GET", f"/issues/{number}.json?include=journals,allowed_statuses")
        return dict(answer["issue"])

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Of Redmine's own database."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query, values).fetchall()

    def setting(self, name: str, value: str) -> None:
        """As an administrator would set it ("rest_api_enabled", "0"), which no REST does."""
        with closing(sqlite3.connect(self.database, timeout=30)) as database, database:
            database.execute("DELETE FROM settings WHERE name = ?", (name,))
            # Redmine reads its settings again once one of them is newer than what it has read
            later = "datetime('now', '+2 days')"
            query = f"INSERT INTO settings (name, value, updated_on) VALUES (?, ?, {later})"
            database.execute(query, (name, value))
        self._settings_changed = True

    def set_up(self, seed: Path = SEED) -> None:
        """Make the database. Args: seed: Ruby that fills it."""
        self._run("bundle", "lock", "--local")
        self._run("bundle", "exec", "rake", "db:migrate")
        self._run("bundle", "exec", "rails", "runner", str(seed))
        self._saved.unlink(missing_ok=True)
        shutil.copyfile(self.database, self._saved)

    def reset(self) -> None:
        """All is as it was after `set_up`; the server runs on."""
        self.load(self._saved)
        if self._settings_changed:
            # it keeps settings that are newer than those in the database
            self._settings_changed = False
            self.stop()
            self.start()

    def save(self, file: Path) -> None:
        """Keep what is in the database, for `load`."""
        file.unlink(missing_ok=True)
        with (
            closing(sqlite3.connect(self.database, timeout=30)) as here,
            closing(sqlite3.connect(file)) as kept,
        ):
            here.backup(kept)

    def load(self, file: Path) -> None:
        """Put into the database what was kept; the server notices no more than of another change."""
        with (
            closing(sqlite3.connect(file)) as kept,
            closing(sqlite3.connect(self.database, timeout=30)) as here,
        ):
            kept.backup(here)

    def start(self) -> None:
        command = ("bundle", "exec", "puma", "-e", "production", "-b", f"tcp://127.0.0.1:{self.port}")
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as_user, *command, "-t", "1:4", "--dir", str(PROGRAM)],
                cwd=PROGRAM,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self._answers, what="Redmine")

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    @property
    def _saved(self) -> Path:
        return self.folder / "as-set-up.sqlite3"

    def _answers(self) -> bool:
        assert self._process is not None
        code = self._process.poll()
        assert code is None, f"puma ended with {code}: {(self.folder / 'server.log').read_text()[-3000:]}"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR")}
        return kept | {
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TZ": ZONE,
            "RAILS_ENV": "production",
            "BUNDLE_GEMFILE": str(self.folder / "Gemfile"),
            # Redmine looks for it below /usr/share/redmine/instances; more dots than folders end at the root
            "X_DEBIAN_SITEID": "../" * 8 + str(self.instance).lstrip("/"),
            "SCHEMA": "/dev/null",
        }

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [*self._as_user, *command],
            cwd=PROGRAM,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.stdout[-3000:]}{done.stderr[-3000:]}")


def _copy(source: Path, target: Path) -> None:
    """Of one database of SQLite over another, in one transaction."""
    with (
        closing(sqlite3.connect(source, timeout=30)) as one,
        closing(sqlite3.connect(target, timeout=30)) as two,
    ):
        one.backup(two)


@contextmanager
def running_redmine(seed: Path = SEED) -> Iterator[RedmineSite]:
    """A server for the block. Args: seed: see `set_up`."""
    folder = Path(tempfile.mkdtemp(prefix="shepherd-redmine-"))
    folder.chmod(0o755)
    try:
        site = RedmineSite(folder)
        site.set_up(seed)
        site.start()
        try:
            yield site
        finally:
            site.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def redmine_server() -> Iterator[RedmineSite]:
    """One server for all tests of a process."""
    with running_redmine() as site:
        yield site


@pytest.fixture
def redmine(redmine_server: RedmineSite) -> RedmineSite:
    """As new for each test."""
    redmine_server.reset()
    return redmine_server
