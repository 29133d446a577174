"""Whatever is wrong outside the tool is said in one sentence, with the right exit code and no traceback."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from invoke.program import Program
from sqlalchemy import event
from sqlalchemy.engine import Engine

import shepherd.store.database
import tasks
from ops import stages
from ops.tasking import ROOT
from tests.project import Project

GARBAGE = bytes(range(256)) * 64


class Said(NamedTuple):
    code: int
    out: str
    err: str

    def sentence(self, code: int, *fragments: str) -> None:
        """It ended with `code`, and said these things in one line on standard error."""
        assert "Traceback" not in self.err
        assert self.code == code, self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, lines
        assert lines[0].isprintable()
        assert len(lines[0]) > 20
        for fragment in fragments:
            assert fragment in lines[0]


Inv = Callable[..., Said]


def small(folder: Path) -> Project:
    """Two landings in QA, one of them good; nothing was run yet."""
    project = Project(folder)
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One", "[bug=2] Two")[0])
    project.tag(1, "qa-ok")
    project.tag(2)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return small(tmp_path / "project")


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of such a project after its first run."""
    project = small(tmp_path_factory.mktemp("past") / "project")
    umask = os.umask(0o022)
    for stage in (stages.find, stages.judge):
        assert stages.quietly(stage, project.settings, ["stable"], "tester") == 0
    assert stages.quietly(stages.report, project.settings, "tester") == 0
    os.umask(umask)
    return project.state


@pytest.fixture
def ran(project: Project, past: Path) -> None:
    """The project had a good run."""
    shutil.copytree(past, project.state, dirs_exist_ok=True)


@pytest.fixture
def inv(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Inv]:
    """`inv ARGS` with the settings of the project, in this process."""
    monkeypatch.setenv("SHEPHERD_CONFIG", str(project.folder / "shepherd.toml"))
    monkeypatch.setenv("SHEPHERD_WHO", "tester")
    umask = os.umask(0o022)

    def run(*args: str) -> Said:
        capsys.readouterr()
        code = 0
        try:
            Program(name="inv", namespace=tasks.namespace).run(["inv", *args])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            os.umask(0o022)
        return Said(code, *capsys.readouterr())

    yield run
    os.umask(umask)


def program(project: Project, *args: str, **environment: str) -> Said:
    """`inv ARGS`, the program itself."""
    done = subprocess.run(
        [sys.executable, "-m", "invoke", *args],
        cwd=ROOT,
        env=os.environ | {"SHEPHERD_CONFIG": str(project.folder / "shepherd.toml")} | environment,
        capture_output=True,
        text=True,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def good_run(inv: Inv) -> None:
    for stage in ("find", "judge", "report"):
        said = inv(stage)
        assert (said.code, said.err) == (0, "")


def apart(body: Callable[[], Said]) -> Said:
    """What a body says in a process of its own: limits and user ids that it takes on are its own."""
    receiver, sender = os.pipe()
    child = os.fork()
    if not child:
        try:
            said = body()
        except BaseException:
            said = Said(99, "", traceback.format_exc())
        os.write(sender, json.dumps(said).encode())
        os._exit(0)
    os.close(sender)
    with os.fdopen(receiver) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return Said(*json.loads(text))


def be_nobody_special() -> None:
    """Give up the rights of root, for good, if this process has them."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(1)
        os.setuid(1)
        os.environ["HOME"] = "/"


# Settings

SETTINGS = [
    pytest.param(None, ["is not there"], id="missing"),
    pytest.param("[branches", ["is no TOML"], id="malformed"),
    pytest.param(b"\xff\xfe", ["is not UTF-8"], id="binary"),
    pytest.param('statedir = "var"', ["statedir", "state_dir"], id="unknown key"),
    pytest.param("keep = 90", ["keep", "text expected"], id="wrong type"),
    pytest.param(
        'keep = "90 days"\n[branches.stable]\nrepository = "x"\nref = "x"\ndeployed = { ref = "y" }',
        ["keep", "90d"],
        id="impossible value",
    ),
    pytest.param("", ["branches"], id="empty"),
    pytest.param(
        '[branches.stable]\nrepository = "--upload-pack=touch hacked"\nref = "x"\ndeployed = { ref = "y" }',
        ["repository"],
        id="an option as repository",
    ),
    *(
        pytest.param(
            f'[branches.stable]\nrepository = "project.git"\nref = "{ref}"\ndeployed = {{ ref = "{at}" }}',
            [key],
            id=f"{key} {ref} {at}",
        )
        for key, ref, at in (
            ("branches.stable.ref", "-x", "production"),
            ("branches.stable.ref", "--upload-pack=touch hacked", "production"),
            ("branches.stable.deployed.ref", "stable", "--upload-pack=x"),
        )
    ),
]


@pytest.mark.parametrize(("content", "fragments"), SETTINGS)
@pytest.mark.parametrize("command", ["find", "status", "verdict r2 ok --reason=x"])
def test_settings(
    project: Project, inv: Inv, content: str | bytes | None, fragments: list[str], command: str
) -> None:
    file = project.folder / "shepherd.toml"
    file.unlink()
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    inv(*command.split()).sentence(2, str(file), *fragments)
    assert not list(project.state.iterdir())


@pytest.mark.parametrize("how", ["a folder", "a link to nothing", "a pipe"])
def test_settings_that_are_no_file(project: Project, inv: Inv, how: str) -> None:
    file = project.folder / "shepherd.toml"
    file.unlink()
    {"a folder": file.mkdir, "a link to nothing": lambda: file.symlink_to("gone")}.get(
        how, lambda: os.mkfifo(file)
    )()
    inv("find").sentence(2, str(file))


# The repository


@pytest.mark.parametrize("what", ["nothing", "an empty folder", "a file", "garbage"])
def test_not_a_repository(project: Project, inv: Inv, what: str, ran: None) -> None:
    place = project.repo.path
    place.rename(project.folder / "away")
    if what == "an empty folder":
        place.mkdir()
    elif what == "a file":
        place.write_text("text")
    elif what == "garbage":
        for name in ("objects", "refs"):
            (place / name).mkdir(parents=True)
        (place / "HEAD").write_bytes(GARBAGE)
    inv("find").sentence(5, "project.git")
    said = inv("judge")
    assert (said.code, said.err) == (5, "")
    assert "No data" in said.out or "no data" in said.out


@pytest.mark.parametrize("ref", ["stable", "production"])
def test_a_ref_that_vanished(project: Project, inv: Inv, ref: str, ran: None) -> None:
    (project.repo.git_dir / "refs" / "heads" / ref).unlink()
    inv("find").sentence(5, ref)


@pytest.mark.parametrize("option", ["-x", "--upload-pack=touch hacked", "--help", "\x1b[2J"])
def test_init_takes_no_option_for_a_repository_or_revision(
    project: Project, inv: Inv, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    place = project.folder / "fresh"
    place.mkdir()
    monkeypatch.setenv("SHEPHERD_CONFIG", str(place / "shepherd.toml"))
    inv("init", f"--repository={option}").sentence(2)
    repository = f"--repository={project.repo.path}"
    inv("init", repository, f"--deployed={option}").sentence(2)
    inv("init", repository, f"--branch={option}").sentence(2)
    assert not list(place.iterdir())


# The tracker


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (None, "is not there"),
        ("{", "is no JSON"),
        ("[]", "wrong shape"),
        ('{"bugs": []}', "wrong shape"),
        ('{"bugs": {"one": {}}}', "wrong shape"),
        (GARBAGE, "is not UTF-8"),
    ],
)
def test_no_tracker_no_answer(
    project: Project, inv: Inv, content: str | bytes | None, fragment: str, ran: None
) -> None:
    good = json.loads(inv("status", "--json").out)
    file = project.folder / "bugs.json"
    file.unlink()
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    judged = inv("judge")
    assert (judged.code, judged.err) == (5, "")
    assert fragment in judged.out
    assert inv("report").code == 0
    page = (project.folder / "var" / "report" / "stable.html").read_text()
    assert "no data" in page.lower()
    assert fragment in page
    said = inv("status", "--json")
    now = json.loads(said.out)
    assert said.code == 5
    assert (now["answer"], now["deployable"]) == ("no-data", None)
    assert (
        now["last_good"]["deployable"] == good["deployable"] == {"revno": 2, "id": good["deployable"]["id"]}
    )
    inv("status", "--sha").sentence(5, fragment)


def test_a_malformed_bug_spoils_nothing_but_its_landings(project: Project, inv: Inv) -> None:
    (project.folder / "bugs.json").write_text('{"bugs": {"1": {"tags": ["qa-ok"]}, "2": {"tags": 7}}}')
    good_run(inv)
    now = json.loads(inv("status", "--json").out)
    assert {each["revno"]: each["state"] for each in now["landings"]} == {
        2: "ok",
        3: "unknown",
    }
    assert now["deployable"]["revno"] == 2


# The database


@pytest.mark.parametrize("stage", ["find", "judge", "verdict r2 ok --reason=x"])
def test_a_locked_database(
    project: Project, inv: Inv, monkeypatch: pytest.MonkeyPatch, stage: str, ran: None
) -> None:
    monkeypatch.setattr(shepherd.store.database, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(project.state / "shepherd.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        inv(*stage.split()).sentence(1, "shepherd.db", "locked", "try again")
    finally:
        other.close()
    assert inv(*stage.split()).code == 0


def garbage(file: Path) -> None:
    file.write_bytes(GARBAGE)


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: 4096 * 3 + 100])


def overwritten(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + GARBAGE[: len(content) - 4096])


def not_our_values(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("UPDATE journal SET data = '{'")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("harm", [garbage, truncated, overwritten, not_our_values])
@pytest.mark.parametrize("stage", ["find", "judge", "verdict r2 ok --reason=x", "history"])
def test_a_corrupt_database(
    project: Project, inv: Inv, harm: Callable[[Path], None], stage: str, ran: None
) -> None:
    harm(project.state / "shepherd.db")
    inv(*stage.split()).sentence(1, "shepherd.db", "damaged")


def test_a_cache_of_another_layout_is_read_again_and_the_journal_stays(
    project: Project, inv: Inv, ran: None
) -> None:
    assert inv("verdict", "r3", "ok", "--reason=tried").code == 0
    answer = json.loads(inv("status", "--json").out)["deployable"]
    connection = sqlite3.connect(project.state / "shepherd.db")
    connection.execute("UPDATE cache_layout SET layout = 'of another release'")
    connection.execute("DROP TABLE facts")
    connection.execute("ALTER TABLE landings RENAME COLUMN document TO content")
    connection.commit()
    before = connection.execute("SELECT * FROM journal").fetchall()
    connection.close()
    good_run(inv)
    connection = sqlite3.connect(project.state / "shepherd.db")
    assert connection.execute("SELECT * FROM journal").fetchall()[: len(before)] == before
    connection.close()
    assert (
        json.loads(inv("status", "--json").out)["deployable"]
        == answer
        == {
            "revno": 3,
            "id": project.repo.tip(),
        }
    )


def test_a_journal_of_another_layout_is_left_alone(project: Project, inv: Inv, ran: None) -> None:
    connection = sqlite3.connect(project.state / "shepherd.db")
    connection.execute("ALTER TABLE journal ADD COLUMN mood TEXT")
    connection.commit()
    connection.close()
    before = (project.state / "shepherd.db").read_bytes()
    for stage in ("find", "judge"):
        inv(stage).sentence(1, "shepherd.db", "columns that this release does not know")
    assert (project.state / "shepherd.db").read_bytes() == before


@pytest.mark.parametrize("what", ["a folder", "a pipe"])
def test_something_else_where_the_database_should_be(project: Project, inv: Inv, what: str) -> None:
    file = project.state / "shepherd.db"
    file.mkdir() if what == "a folder" else os.mkfifo(file)
    inv("find").sentence(1, "shepherd.db")


def test_a_database_url_that_nobody_serves(project: Project, inv: Inv) -> None:
    project.write_settings(top='database = "nosuch://db.example.org/x"')
    inv("find").sentence(1, "database")


# The disk


def test_a_database_that_may_not_grow(project: Project, inv: Inv, ran: None) -> None:
    """SQLite itself says that the disk is full, as it does where there is no room left."""
    before = project.repo.tip()
    project.land(*(f"[bug=1] More {number} {'x' * 500}" for number in range(40)))

    def no_room(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(Engine, "connect", no_room)
    try:
        inv("find").sentence(1, "shepherd.db", "full", "free some space")
    finally:
        event.remove(Engine, "connect", no_room)
    judged = inv("judge")
    assert judged.code == 0, "what was read before is still there, and whole"
    assert json.loads(inv("status", "--json").out)["tip"]["id"] == before
    good_run(inv)
    assert json.loads(inv("status", "--json").out)["tip"]["id"] == project.repo.tip()


@pytest.mark.parametrize(
    ("stage", "room"),
    [(stage, room) for stage in ("find", "judge", "report") for room in (0, 100, 3000)] + [("find", 20_000)],
)
def test_files_that_may_not_grow(project: Project, inv: Inv, stage: str, room: int, ran: None) -> None:
    """The kernel refuses to write beyond `room`: what was there stays, and nothing is left half."""
    project.land("[bug=1] One more")
    snapshot = (project.state / "snapshots" / "stable" / "latest.json").read_bytes()
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def confined() -> Said:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        return inv(stage)

    apart(confined).sentence(1)
    assert (project.state / "snapshots" / "stable" / "latest.json").read_bytes() == snapshot
    assert not list(project.state.rglob("*.new"))
    good_run(inv)
    assert json.loads(inv("status", "--json").out)["tip"]["id"] == project.repo.tip()


# state_dir


def test_a_file_where_state_dir_should_be(project: Project, inv: Inv) -> None:
    project.state.rmdir()
    project.state.write_text("a file")
    inv("find").sentence(2, str(project.state), "state_dir")


@pytest.fixture
def open_project(project: Project, inv: Inv, monkeypatch: pytest.MonkeyPatch, ran: None) -> Iterator[Project]:
    """The project where any user can reach it; pytest's own folders are closed to others."""
    inv("explain", "nobody").sentence(2)  # whatever is imported late is imported now
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        opened = Project(Path(folder) / "project")
        shutil.copytree(project.repo.path, opened.repo.path, dirs_exist_ok=True)
        shutil.copy(project.folder / "bugs.json", opened.folder)
        monkeypatch.setenv("SHEPHERD_CONFIG", str(opened.folder / "shepherd.toml"))
        yield opened


def test_a_state_dir_of_somebody_else(open_project: Project, inv: Inv) -> None:
    """Both ways where that can be: as root a folder of another user, as another user a folder of root."""
    if os.geteuid() == 0:
        os.chown(open_project.state, 1, 1)
        inv("find").sentence(2, str(open_project.state), "belongs to user id 1")
        assert not list(open_project.state.iterdir())
    open_project.write_settings(top='state_dir = "/"\n[report]\ndirectory = "report"')

    def somebody_else() -> Said:
        be_nobody_special()
        return inv("find")

    apart(somebody_else).sentence(2, "belongs to user id 0")


def test_a_state_dir_that_may_not_be_written(open_project: Project, inv: Inv) -> None:
    if os.geteuid() == 0:
        os.chown(open_project.state, 1, 1)
    open_project.state.chmod(0o555)

    def its_owner() -> Said:
        be_nobody_special()
        return inv("find")

    apart(its_owner).sentence(2, str(open_project.state), "Permission denied", "writable")
    open_project.state.chmod(0o755)


def test_readers_may_be_anybody(open_project: Project, inv: Inv) -> None:
    good_run(inv)

    def anybody() -> Said:
        be_nobody_special()
        return inv("status", "--sha")

    said = apart(anybody)
    assert (said.code, said.err) == (0, "")
    assert len(said.out.strip()) == 40


# Words

WORDS = [
    ["verdict", "r2", "maybe", "--reason=x"],
    ["verdict", "r2", "\x1b[2J", "--reason=x"],
    ["verdict", "r2", "ok"],
    ["verdict", "r2", "ok", "--reason= \n\t"],
    ["verdict", "r2", "ok", f"--reason={'long ' * 300}"],
    ["verdict", "r99", "ok", "--reason=x"],
    ["verdict", "promoted", "ok", "--reason=x"],
    *(
        ["verdict", rev, "ok", "--reason=x"]
        for rev in ("r0", "r99999999999", "HEAD~1", "stable", "r1..r2", "r\u0661", "abc", "", "\x1b[2J")
    ),
    ["cover", "r3", "--by=r2", "--reason=x"],
    ["cover", "r2", "--by=HEAD", "--reason=x"],
    ["uncover", "r2", "--by=r3"],
    ["deployed", "r2", "--reason=x"],
    ["explain", "\x1b[2J"],
    ["explain", "no-such-branch"],
    ["explain", "\U0001f411" * 1000],
    ["explain", "bug:99999999999"],
    ["landings", "--of=\x1b]0;title\x07"],
    ["landings", "--state=good\u202e"],
    ["whatif", "--ok=r99"],
    ["whatif", "--rollback=--upload-pack=x"],
    ["history", "--rev=..%2f"],
    ["find", "--branch=no\x9bsuch"],
    ["status", "--branch="],
    ["find", "--accept-rewrite"],
]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_hostile_words(inv: Inv, ran: None, words: list[str]) -> None:
    inv(*words).sentence(2)


# The program itself


def test_the_program_says_one_sentence(project: Project) -> None:
    program(project, "find", SHEPHERD_CONFIG="nowhere.toml").sentence(2, "SHEPHERD_CONFIG", "nowhere.toml")
    program(project, "status").sentence(5, "no answer yet")
    assert program(project, "find", "judge").code == 0
    program(project, "explain", "\x1b[2J").sentence(2, "\\x1b[2J")
    garbage(project.state / "shepherd.db")
    program(project, "find", "judge").sentence(1, "shepherd.db", "damaged")


@pytest.mark.parametrize("args", [["status", "--sha"], ["landings", "--json"]], ids=" ".join)
def test_whoever_read_it_has_gone(project: Project, inv: Inv, args: list[str]) -> None:
    project.land(*(f"[bug=1] More {number} {'x' * 900}" for number in range(150)))
    good_run(inv)
    receiver, sender = os.pipe()
    os.close(receiver)
    done = subprocess.run(
        [sys.executable, "-m", "invoke", *args],
        cwd=ROOT,
        env=os.environ | {"SHEPHERD_CONFIG": str(project.folder / "shepherd.toml")},
        stdout=sender,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(sender)
    assert done.stderr == ""
