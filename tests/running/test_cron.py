"""The block in the crontab: idempotent, alone in what it changes, and right for cron."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.errors import SettingsError
from shepherd.running import calling, cron, crontab
from shepherd.running.log import parse
from shepherd.settings import Settings, read
from tests.running.crontab import Crontab, entries, shell_command

pytestmark = pytest.mark.real  # each starts a program that stands in for crontab(1)

ID = "0123456789"
OURS = f"# BEGIN QA Shepherd {ID} (/srv)\n* * * * * ours\n# END QA Shepherd {ID}\n".encode()
OTHERS = OURS.replace(ID.encode(), b"aaaaaaaaaa")
FOREIGN = [
    b"",
    b"# only a comment\n",
    b"0 0 * * * a\n\n\n",
    b"MAILTO=root\nSHELL=/bin/bash\n0 0 * * * a %in\n",
    b"# no line end\n0 0 * * * a",
    b"# CRLF\r\n0 0 * * * a\r\n",
    b"# Latin-1 \xe9, no text \x01\x80\xff\n0 0 * * * a \\r\n",
    OTHERS + b"0 0 * * * a\n" + OTHERS.replace(b"aaaaaaaaaa", b"bbbbbbbbbb"),
]
DAMAGED = {
    "begins twice": OURS.split(b"# END")[0] + OURS,
    "ends twice": OURS + f"# END QA Shepherd {ID}\n".encode(),
    "never ends": OURS.split(b"# END")[0] + b"0 0 * * * a\n",
    "never begins": b"* * * * * ours\n# END QA Shepherd 0123456789\n",
    "another within": OURS.replace(b"* * * * * ours\n", OTHERS),
    "ends as another": OURS.replace(b"END QA Shepherd 0123456789", b"END QA Shepherd aaaaaaaaaa"),
    "two of ours": OURS + b"0 0 * * * a\n" + OURS,
    "without id": b"# BEGIN QA Shepherd\n# END QA Shepherd\n",
    "another's that never ends": OTHERS.split(b"# END")[0],
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return written(tmp_path / "site")


def written(folder: Path, more: str = "") -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    branch = '[branches.stable]\nrepository = "p.git"\nref = "stable"\ndeployed = { ref = "production" }\n'
    (folder / "shepherd.toml").write_text(branch + more)
    return read(folder / "shepherd.toml")


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    """A crontab program first on PATH."""
    table = Crontab(tmp_path)
    monkeypatch.setenv("PATH", f"{table.bin}:{os.environ['PATH']}")
    return table


@pytest.mark.parametrize("foreign", FOREIGN)
def test_installing_twice_is_installing_once_and_removing_gives_the_same_bytes(
    foreign: bytes, settings: Settings, table: Crontab
) -> None:
    table.content = foreign
    assert cron.install(settings, "ann") == 0
    once = table.content
    assert once is not None and once.startswith(foreign) and once != foreign
    assert cron.install(settings, "ann") == 0
    assert (table.content, table.writes) == (once, 1)
    assert cron.remove(settings, "ann") == 0
    # crontab takes no last line without its end, so the one that lacked it has got it
    assert (table.content or b"") == foreign + (b"\n" if foreign and not foreign.endswith(b"\n") else b"")


def test_a_crontab_that_held_nothing_else_is_gone_after_removing(settings: Settings, table: Crontab) -> None:
    cron.install(settings, "ann")
    assert table.content
    cron.remove(settings, "ann")
    assert table.content is None


def test_removing_what_is_not_there_changes_nothing(settings: Settings, table: Crontab) -> None:
    table.content = b"0 0 * * * a\n"
    assert cron.remove(settings, "ann") == 0
    assert table.writes == 0


def test_a_block_that_somebody_changed_is_put_right(settings: Settings, table: Crontab) -> None:
    cron.install(settings, "ann")
    right = table.content
    assert right is not None
    table.content = right.replace(b"*/5", b"*/7")
    cron.install(settings, "ann")
    assert table.content == right


def test_lines_added_below_stay_where_they_are_while_the_block_is_right(
    settings: Settings, table: Crontab
) -> None:
    cron.install(settings, "ann")
    table.content = longer = (table.content or b"") + b"0 0 * * * later\r\n"
    cron.install(settings, "ann")
    assert (table.content, table.writes) == (longer, 1)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_taking_a_crontab_apart_loses_no_byte(before: bytes, after: bytes) -> None:
    content = crontab.appended(before, OURS) + after
    parts = crontab.split(content, ID)
    assert parts.before + parts.block + parts.after == content
    assert parts.block == OURS and parts.after == after and parts.before in (before, before + b"\n")


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_markers_are_refused_in_one_sentence(content: bytes) -> None:
    with pytest.raises(SettingsError, match=r"crontab.*crontab -e") as caught:
        crontab.split(b"0 0 * * * a\n" + content, ID)
    assert "\n" not in str(caught.value)


def test_a_damaged_crontab_stays_as_it_is(settings: Settings, table: Crontab) -> None:
    table.content = DAMAGED["never ends"].replace(ID.encode(), calling.shepherd_id(settings).encode())
    for act in (cron.install, cron.remove):
        with pytest.raises(SettingsError):
            act(settings, "ann")
    assert table.writes == 0


def test_two_shepherds_keep_their_blocks_apart(tmp_path: Path, table: Crontab) -> None:
    one, other = written(tmp_path / "one"), written(tmp_path / "other")
    cron.install(one, "ann")
    first = table.content or b""
    cron.install(other, "ann")
    assert (table.content or b"").startswith(first)
    cron.remove(other, "ann")
    assert table.content == first


@pytest.mark.parametrize("above", [b"", b"MAILTO=boss\nPATH=/opt\nLANG=C\n", b'  MAILTO = ""\n', OTHERS])
@pytest.mark.parametrize(
    "mail", ["", '[mail]\nsender = "q@example.org"\noperators = ["ops@example.org", "b@c"]']
)
def test_no_line_of_anybody_else_gets_another_environment(
    above: bytes, mail: str, tmp_path: Path, table: Crontab
) -> None:
    below = b"0 1 * * * below\n"
    table.content = above + b"0 0 * * * above\n"
    cron.install(written(tmp_path / "site", mail), "ann")
    login = getpass.getuser()
    with_block = entries((table.content or b"") + below, login)
    without = entries(above + b"0 0 * * * above\n" + below, login)
    assert [entry for entry in with_block if entry in without] == without
    assert len(with_block) == len(without) + 1


def test_cron_mails_the_first_operator(tmp_path: Path, table: Crontab) -> None:
    table.content = b"MAILTO=boss\n"
    mail = '[mail]\nsender = "q@example.org"\noperators = ["ops@example.org", "b@c"]'
    cron.install(written(tmp_path / "site", mail), "ann")
    ((environment, _),) = entries(table.content or b"", "me")
    assert environment[b"MAILTO"] == b"ops@example.org"


def test_without_operators_mail_goes_where_it_went(settings: Settings, table: Crontab) -> None:
    table.content = b"MAILTO=boss\n"
    cron.install(settings, "ann")
    ((environment, _),) = entries(table.content or b"", "me")
    assert environment[b"MAILTO"] == b"boss"


TELL = """
import json, os, sys
from invoke import task

@task
def run(c, cron=False):
    keys = ("PATH", "LANG", "SHEPHERD_CONFIG")
    print(json.dumps([os.getcwd(), cron, {key: os.environ.get(key) for key in keys}]))
"""


@pytest.mark.parametrize("name", ["plain", "a b", "100%", "50%d 'x' \"$HOME\" `id`", "ä"])
def test_the_command_reaches_the_release_with_its_settings_from_anywhere(name: str, tmp_path: Path) -> None:
    settings = written(tmp_path / name / "site")
    root = tmp_path / name / "release"
    root.mkdir()
    (root / "tasks.py").write_text(TELL)
    ((_, line),) = entries(cron.block(settings, b"", root), "me")
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["/bin/sh", "-c", shell_command(line)], cwd="/", env=bare, capture_output=True, check=True
    )
    import json

    assert json.loads(done.stdout) == [
        str(root),
        True,
        {"PATH": calling.PATH, "LANG": "C.UTF-8", "SHEPHERD_CONFIG": str(settings.file)},
    ]


def test_a_path_that_cannot_stand_in_a_crontab_is_refused(tmp_path: Path) -> None:
    for name in ("line\nend", "back\\slash"):
        with pytest.raises(SettingsError, match="cannot be written in a crontab"):
            cron.block(written(tmp_path / name), b"")


EARLY = """
from invoke import task
import part.early

@task
def run(c, cron=False):
    import os
    from pathlib import Path

    current = Path(__file__).parent.parent.parent / "current"
    beside = current.with_name("beside")
    beside.symlink_to("releases/two")
    beside.replace(current)
    import part.late
    print(part.early.RELEASE, part.late.RELEASE, current.resolve().name)
"""


def test_a_release_switched_in_the_middle_of_a_run_gives_it_no_module(tmp_path: Path) -> None:
    settings = written(tmp_path / "shared")
    for name in ("one", "two"):
        package = tmp_path / "releases" / name / "part"
        package.mkdir(parents=True)
        (package.parent / "tasks.py").write_text(EARLY)
        for module in ("__init__", "early", "late"):
            (package / f"{module}.py").write_text(f"RELEASE = {name!r}\n")
    (tmp_path / "current").symlink_to("releases/one")
    block = cron.block(settings, b"", tmp_path / "releases" / "one")
    ((_, line),) = entries(block, "me")
    assert str(tmp_path / "current") in line.decode() and "releases" not in line.decode()
    done = subprocess.run(["/bin/sh", "-c", shell_command(line)], cwd="/", capture_output=True, check=True)
    assert done.stdout.split() == [b"one", b"one", b"two"]


def test_current_is_followed_only_where_it_chooses_among_these_releases(tmp_path: Path) -> None:
    release = tmp_path / "releases" / "one"
    release.mkdir(parents=True)
    assert calling.entrance(release) == release
    (tmp_path / "current").symlink_to(tmp_path)
    assert calling.entrance(release) == release
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to("releases/another")
    assert calling.entrance(release) == tmp_path / "current"


def test_the_interpreter_is_that_of_the_release(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = Path(os.path.realpath(tmp_path)) / "release"
    monkeypatch.setattr(sys, "prefix", str(release / ".venv"))
    assert cron.command(settings, release).endswith(" .venv/bin/python3 -m invoke run --cron")


@pytest.mark.parametrize(
    ("every", "fields"),
    [
        ("1m", "* * * * *"),
        ("5m", "*/5 * * * *"),
        ("30m", "*/30 * * * *"),
        ("60m", "0 * * * *"),
        ("6h", "0 */6 * * *"),
        ("1d", "0 0 * * *"),
    ],
)
def test_how_often(every: str, fields: str, tmp_path: Path) -> None:
    settings = written(tmp_path, f'[cron]\nevery = "{every}"\n')
    assert fields in cron.block(settings, b"").decode()


@pytest.mark.parametrize("every", ["30s", "7m", "90m", "5h", "2d", "5"])
def test_what_cron_cannot_say_is_a_wrong_setting(every: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cron\.every"):
        written(tmp_path, f'[cron]\nevery = "{every}"\n')


def test_a_dry_run_prints_the_change_and_makes_none(
    settings: Settings, table: Crontab, capsys: pytest.CaptureFixture[str]
) -> None:
    table.content = b"0 0 * * * secret\n"
    cron.install(settings, "ann", dry=True)
    told = capsys.readouterr().out
    assert "+*/5 * * * *" in told and "secret" not in told
    assert table.writes == 0 and not settings.state_path.exists()


def test_show_prints_the_block(
    settings: Settings, table: Crontab, capsys: pytest.CaptureFixture[str]
) -> None:
    cron.show(settings)
    shown = capsys.readouterr().out
    cron.install(settings, "ann")
    assert shown.encode() == table.content


def test_the_log_says_who_changed_the_crontab(settings: Settings, table: Crontab) -> None:
    cron.install(settings, "ann")
    cron.remove(settings, "ben")
    log = (settings.state_path / "log" / "shepherd.log").read_text().splitlines()
    acts = [parse(each) for each in log]
    assert [(act["event"], act["what"], act["by"]) for act in acts] == [
        ("act", "cron.install", "ann"),
        ("act", "cron.remove", "ben"),
    ]
    assert acts[0]["to"] == acts[1]["from"] != acts[0]["from"] == acts[1]["to"] == "none"


def test_only_the_owner_of_state_dir(
    settings: Settings, table: Crontab, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.state_path.mkdir()
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    with pytest.raises(SettingsError, match="belongs to user id"):
        cron.install(settings, "ann")
    assert table.content is None


def test_without_crontab_it_says_what_to_install(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(crontab.CrontabError, match="install cron"):
        cron.install(settings, "ann")


@pytest.mark.parametrize("when", ["-l", "-"])
def test_a_crontab_that_refuses_is_quoted_and_stays(when: str, settings: Settings, table: Crontab) -> None:
    table.content = b"0 0 * * * a\n"
    program = table.bin / "crontab"
    refusing = f"if what == {when!r}: sys.exit('not allowed to use this program')\ndef stored"
    program.write_text(program.read_text().replace("def stored", refusing, 1))
    with pytest.raises(crontab.CrontabError, match="not allowed to use this program"):
        cron.install(settings, "ann")
    assert table.content == b"0 0 * * * a\n"
