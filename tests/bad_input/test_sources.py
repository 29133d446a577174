"""Settings, repository and tracker that cannot be used."""

from __future__ import annotations

import json
import os

import pytest

from tests.bad_input.saying import (
    GARBAGE,
    Inv,
    good_run,
)
from tests.project import Project

# Settings

SETTINGS = [
    pytest.param(None, ["is not there"], id="missing"),
    pytest.param("[branches", ["is not valid TOML"], id="malformed"),
    pytest.param(b"\xff\xfe", ["is not UTF-8"], id="binary"),
    pytest.param('statedir = "var"', ["statedir", "state_dir"], id="unknown key"),
    pytest.param("keep = 90", ["keep", "expected a duration"], id="wrong type"),
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


@pytest.mark.parametrize("name", ["shepherd.toml", "bugs.json", "live"])
def test_a_byte_order_mark_is_stepped_over(project: Project, inv: Inv, name: str) -> None:
    project.write_settings('deployed = { file = "live", pattern = "^r([0-9]+)" }')
    file = project.folder / name
    (project.folder / "live").write_text("r1\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    good_run(inv)
    assert inv("status", "--sha").out.strip() == project.repo.git("rev-parse", "stable~1")


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
        ("{", "is not valid JSON"),
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
