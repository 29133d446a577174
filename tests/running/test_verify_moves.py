"""The chain goes on wherever a journal is moved to, and what a person gave up is known
(docs/audit.md#what-keeps-it-whole-and-what-breaks-it)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.inv import Done, inv_here
from tests.postgres import PostgresServer
from tests.project import Project
from tests.running.test_verify import as_json, begun, verify
from tests.store import keeping


def inv(project: Project, *args: str, code: int = 0) -> Done:
    done = inv_here(project.folder, *args)
    assert done.code == code, done
    return done


def test_what_a_restored_backup_lacks_is_a_finding_until_a_person_accepts_it(tmp_path: Path) -> None:
    project = begun(tmp_path)
    backup = str(tmp_path / "backup.zip")
    inv(project, "backup", "--to", backup)
    end = as_json(project)["last"]
    inv(project, "verdict", "r2", "bad", "--reason", "x")
    inv(project, "run")
    last = as_json(project)["last"]
    inv(project, "restore", backup, "--despite", "the disk was damaged")
    (finding,) = as_json(project)["findings"]
    assert (finding["what"], finding["first"], finding["last"]) == ("cut", end + 1, last)

    inv(project, "find", "--accept-new-journal", "--reason", "it is lost")
    inv(project, "run")
    read = as_json(project)
    assert read["findings"] == []
    (loss,) = read["given_up"]
    assert loss.startswith(f"entries up to {last}, as ")
    assert "tester accepted that on" in loss
    assert "\nknown loss: " in verify(project).out
    # and nothing but that loss is accepted
    keeping.change(project, "DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)")
    assert [each["what"] for each in as_json(project)["findings"]] == ["cut"]


def test_a_journal_that_is_copied_to_a_server_and_back_goes_on(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    project = begun(tmp_path)
    head, url = as_json(project)["head"], postgres.new_database()
    inv(project, "db.copy", str(project.state / "shepherd.db"), url)
    project.write_settings(top=f'database = "{url}"')
    assert as_json(project, "--head", head)["head"] == head
    inv(project, "run")
    inv(project, "verdict", "r2", "bad", "--reason", "x")
    there = as_json(project, "--head", head)
    assert (there["holds"], there["last"] > int(head.partition(":")[0])) == (True, True)

    project.state.joinpath("shepherd.db").rename(tmp_path / "before.db")
    inv(project, "db.copy", url, str(project.state / "shepherd.db"))
    project.write_settings()
    assert as_json(project)["head"] == there["head"]
    inv(project, "run")
    inv(project, "verdict", "r2", "ok", "--reason", "x")
    assert as_json(project, "--head", there["head"])["holds"]


def test_a_branch_that_is_called_otherwise_carries_the_chain_on(tmp_path: Path) -> None:
    project = begun(tmp_path)
    head = as_json(project)["head"]
    text = project.folder.joinpath("shepherd.toml").read_text()
    project.folder.joinpath("shepherd.toml").write_text(text.replace("stable", "main"))
    for former in ("snapshots", "report"):
        assert list((project.state / former).glob("stable*"))
    inv_here(project.folder, "run")
    read = as_json(project, "--head", head)
    assert (read["holds"], read["last"] > int(head.partition(":")[0])) == (True, True)


@pytest.mark.parametrize("number", [0, 1])
def test_an_entry_of_an_older_release_at_the_end_gives_the_answer_no_head(
    tmp_path: Path, number: int
) -> None:
    project = begun(tmp_path)
    for _ in range(number):
        keeping.change(
            project,
            "INSERT INTO journal (at, run_id, branch, kind, subject, who, why, data) VALUES"
            " ('2026-11-29T09:00:00Z', 'r', 'stable', 'of old', '', '', '', '{}')",
        )
    inv(project, "run")
    answer = json.loads(project.settings.report_path.joinpath("stable.answer.json").read_text())
    assert bool(answer["journal_head"]) == (not number)
    assert as_json(project)["holds"]
