"""`inv audit --verify` on a project with SQLite and with PostgreSQL (docs/audit.md#the-chain)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shepherd.running.known_heads import known_heads, split
from tests.inv import Done, inv_here
from tests.project import Project
from tests.store import keeping

LAST = "(SELECT max(seq) FROM journal)"


@pytest.fixture
def project(engine: str, tmp_path: Path) -> Project:
    return begun(tmp_path)


def begun(tmp_path: Path) -> Project:
    """r1 live, r2 and r3 judged by one run."""
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One", "[no-qa] Two")[0])
    project.tag(1, "qa-ok")
    assert inv_here(tmp_path, "run").code == 0
    return project


def verify(project: Project, *args: str) -> Done:
    return inv_here(project.folder, "audit", "--verify", *args)


def as_json(project: Project, *args: str) -> Any:
    done = verify(project, "--json", *args)
    read = json.loads(done.out)
    assert (done.code == 0) == read["holds"]
    return read


def test_a_journal_as_it_was_written_holds(project: Project) -> None:
    done = verify(project)
    assert (done.code, done.err) == (0, "")
    assert "\nThe chain holds.\n" in done.out
    assert "who can write to the database can write all of it again" in done.out
    assert any("inv audit --verify --head NUMBER:HASH" in line for line in done.out.splitlines())
    assert max(map(len, done.out.splitlines())) <= 80
    entries = len(keeping.entries(project))
    read = as_json(project)
    assert (read["entries"], read["chained_since"], read["findings"]) == (entries, 1, [])
    assert read["newest_known"] == read["head"]


def test_log_snapshot_page_and_answer_name_the_same_head(project: Project) -> None:
    head = as_json(project)["head"]
    log = (project.state / "log" / "shepherd.log").read_text()
    assert re.findall(r"event=journal branch=all entries=(\d+) head=(\S+)", log) == [
        (str(len(keeping.entries(project))), head)
    ]
    report = project.settings.report_path
    assert head in (report / "stable.html").read_text()
    assert json.loads((report / "stable.answer.json").read_text())["journal_head"] == head
    place = json.loads((report / "stable.json").read_text())["journal"]
    assert f"{place['seq']}:{place['head']}" == head
    assert {each.where for each in known_heads(project.settings)} == {
        *("stable's latest.json", "stable's snapshots", "the report's stable.json", "the log")
    }


def test_a_run_that_writes_nothing_names_none(project: Project) -> None:
    assert inv_here(project.folder, "run").code == 0
    assert (project.state / "log" / "shepherd.log").read_text().count("event=journal") == 1


def test_a_head_is_read_from_a_log_in_json_too(project: Project) -> None:
    project.write_settings(top='log.format = "json"')
    assert inv_here(project.folder, "verdict", "r2", "ok", "--reason", "x").code == 0
    last = (project.state / "log" / "shepherd.log").read_text().splitlines()[-1]
    assert json.loads(last)["head"] == as_json(project)["head"]
    numbers = {each.number for each in known_heads(project.settings) if each.where == "the log"}
    assert len(numbers) == 2


def test_a_changed_entry_ends_with_8_and_its_place(project: Project) -> None:
    keeping.change(project, "UPDATE journal SET why = 'because' WHERE seq = 2")
    done = verify(project)
    assert done.code == 8
    assert "THE CHAIN DOES NOT HOLD: 1 place\n" in done.out
    assert "- entry 3 does not follow from entry 2: entry 2 was changed" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_the_tail_cut_is_found_by_what_lies_around(project: Project) -> None:
    last = as_json(project)["last"]
    keeping.change(project, f"DELETE FROM journal WHERE seq = {LAST}")
    (finding,) = as_json(project)["findings"]
    assert (finding["what"], finding["first"], finding["last"]) == ("cut", last, last)


def test_and_where_all_that_is_gone_by_the_head_that_somebody_kept(project: Project) -> None:
    head = as_json(project)["head"]
    keeping.change(project, f"DELETE FROM journal WHERE seq = {LAST}")
    for folder in ("snapshots", "report", "log"):
        for path in (project.state / folder).rglob("*"):
            if path.is_file():
                path.unlink()
    assert as_json(project)["holds"]
    (finding,) = as_json(project, "--head", head)["findings"]
    assert finding["what"] == "cut"
    (finding,) = as_json(project, "--head", head.partition(":")[2])["findings"]
    assert finding["what"] == "unknown-head"
    assert "its end is" in verify(project, "--head", head).out


def test_the_last_entry_changed_is_found_by_its_head(project: Project) -> None:
    keeping.change(project, f"UPDATE journal SET who = 'eve' WHERE seq = {LAST}")
    read = as_json(project)
    assert [(each["what"], each["first"]) for each in read["findings"]] == [("changed", read["last"])]


def test_a_head_of_before_says_how_far_all_is_as_it_was(project: Project) -> None:
    head = as_json(project)["head"]
    assert inv_here(project.folder, "verdict", "r2", "ok", "--reason", "x").code == 0
    done = verify(project, "--head", head)
    number = head.partition(":")[0]
    assert done.code == 0
    assert f"the head given is that after entry {number}: all up to there is as it" in done.out


@pytest.mark.parametrize("head", ["", "7", "xyz", "5:" + "a" * 63, "a" * 65, "-1:" + "a" * 64])
def test_what_is_no_head_is_refused(project: Project, head: str) -> None:
    done = verify(project, f"--head={head}")
    assert (done.code, done.out) == (2, "")
    assert "expected NUMBER:HASH" in done.err


def test_a_head_is_taken_as_it_was_copied() -> None:
    assert split(f" 12:{'AB' * 16}\n{'cd' * 16} ") == (12, "ab" * 16 + "cd" * 16)
    assert split("f" * 64) == (0, "f" * 64)


def test_without_a_journal_there_is_nothing_to_verify(engine: str, tmp_path: Path) -> None:
    done = verify(Project(tmp_path))
    assert (done.code, done.out) == (5, "")
    assert "inv find" in done.err


def test_it_is_about_the_whole_journal(project: Project) -> None:
    done = verify(project, "r2")
    assert (done.code, done.out) == (2, "")


def test_words_of_others_stand_where_nothing_obeys_them(project: Project) -> None:
    keeping.change(
        project,
        "INSERT INTO journal (at, run_id, branch, kind, subject, who, why, data) VALUES"
        " ('2099-01-01T00:00:00Z', 'r', 'stable', 'restored', '', 'e\x1b[2Jve', '', '{}')",
    )
    keeping.change(project, f"DELETE FROM journal WHERE seq = {LAST} - 1")
    done = verify(project)
    assert "\x1b" not in done.out + verify(project, "--json").out


def test_a_freeze_names_the_head_as_well(project: Project) -> None:
    assert inv_here(project.folder, "freeze.on", "--reason", "x", "--until", "2d").code == 0
    log = (project.state / "log" / "shepherd.log").read_text()
    assert f"stage=freeze.on event=journal branch=all entries=1 head={as_json(project)['head']}" in log
