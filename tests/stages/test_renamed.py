"""A table renamed with its branch: the journal is carried on, and it is said
(docs/rules.md#what-people-say)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from shepherd.running.doctor.checking import CheckContext
from shepherd.running.doctor.journals import journals
from shepherd.settings import read
from shepherd.snapshot import Snapshot
from shepherd.stages.find import find_branch
from shepherd.stages.history import branch_events
from shepherd.stages.judge import judge_branch
from shepherd.stages.kept_inputs import KeptInput, kept_inputs
from shepherd.stages.statements import give_verdict, say_snooze
from shepherd.store import Database, Journal
from shepherd.values import parse_rev
from tests.project import Project, deployable, states

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


def renamed(project: Project, *names: str, ref: str = "stable") -> None:
    """The table is called otherwise now, with other tables beside it."""
    file = project.folder / "shepherd.toml"
    old = file.read_text()
    begin, table = old.split("[branches.", 1)
    table = table.split("]", 1)[1]
    body, rest = table.split("[tracker]", 1)
    body = body.split("[branches.", 1)[0]
    body = body.replace('ref = "stable"', f'ref = "{ref}"', 1)
    file.write_text(begin + "".join(f"[branches.{name}]{body}" for name in names) + "[tracker]" + rest)


def find(project: Project, branch: str, dry: bool = False) -> str:
    return find_branch(project.settings, branch, project.run("find"), dry=dry)


def judge(project: Project, branch: str) -> Snapshot:
    return judge_branch(project.settings, branch, project.run("judge"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Base", "[bug=7] Fix login", "Add export")[0])
    project.tag(7, "qa-ok")
    project.look()
    project.verdict("r3", "ok")
    return project


def test_what_was_judged_by_goes_along(project: Project) -> None:
    """Under the new name the earlier judgements are there, and the next ones follow them."""
    before = project.judge()
    renamed(project, "main")
    find(project, "main", dry=True)
    assert list(kept_inputs(project.settings, "main")) == []
    find(project, "main")
    after = judge(project, "main")
    kept = [each for each in kept_inputs(project.settings, "main") if isinstance(each, KeptInput)]
    assert [(each.run_id, each.given.context.branch) for each in kept][-2:] == [
        (before.run_id, "stable"),
        (after.run_id, "main"),
    ]
    assert list(kept_inputs(project.settings, "stable")) == []


def test_what_was_judged_by_goes_along_on_the_host_that_did_not_carry_the_journal_on(
    project: Project,
) -> None:
    before = project.judge()
    renamed(project, "main")
    find(project, "main")
    # on the other host it lies where it was
    snapshots = project.state / "snapshots"
    (snapshots / "main" / "inputs").rename(snapshots / "stable" / "inputs")
    find(project, "main", dry=True)
    assert list(kept_inputs(project.settings, "main")) == []
    find(project, "main")
    *_, kept = kept_inputs(project.settings, "main")
    assert isinstance(kept, KeptInput)
    assert kept.run_id == before.run_id


def test_verdicts_follow_the_sha(project: Project) -> None:
    renamed(project, "main")
    line = find(project, "main")
    assert "carries on the journal of stable, which the settings no longer name: 1 verdict" in line
    assert deployable(judge(project, "main")) == 3
    assert "journal of" not in find(project, "main")


def test_words_are_said_under_the_new_name_from_then_on(project: Project) -> None:
    renamed(project, "main")
    find(project, "main")
    give_verdict(project.settings, "main", parse_rev("r3"), "bad", "it fails", project.run("verdict"))
    assert states(judge(project, "main"))[3] == "bad"


def test_so_do_covers(project: Project) -> None:
    project.verdict("r3", "bad")
    project.land("[no-qa] Revert r3")
    project.look()
    project.cover("r3", "r4")
    renamed(project, "main")
    find(project, "main")
    assert deployable(judge(project, "main")) == 4


def test_and_what_a_tag_was_said_of(project: Project) -> None:
    """r4 lands on a bug that was qa-ok before: the first name saw that, so the second knows it."""
    project.land("[bug=7] More of it")
    renamed(project, "main")
    find(project, "main")
    last = judge(project, "main")
    assert (states(last)[2], states(last)[4]) == ("ok", "needstesting")


def test_and_snoozes_and_where_production_was(project: Project) -> None:
    until = (project.now + timedelta(days=3)).date().isoformat()
    say_snooze(project.settings, "stable", parse_rev("r3"), until, "later", project.run("snooze"))
    project.deploy(project.repo.tip())
    project.look()
    renamed(project, "main")
    find(project, "main")
    database = Database.of(project.settings)
    with database.begin() as connection:
        journal = Journal(connection, "main")
        assert [entry.data["until"] for entry in journal.entries("snooze")] == [until]
        assert [entry.data["revno"] for entry in journal.entries("deployed")] == [1, 3]
        assert journal.first("began") == Journal(connection, "stable").first("began")
    database.close()
    assert judge(project, "main").landings[0].live_since is not None
    events = [event.what for event in branch_events(project.settings, "main")]
    assert events.count("the journal began") == 1


def test_recorded_production_is_known_under_the_new_name(tmp_path: Path) -> None:
    project = Project(tmp_path, "deployed = { recorded = true }\n")
    project.land("[no-qa] Base", "[no-qa] More")
    project.deployed("r1")
    project.look()
    renamed(project, "main")
    find(project, "main")
    assert deployable(judge(project, "main")) == 2


def test_a_second_name_takes_along_what_the_first_carried_on(project: Project) -> None:
    for name in ("trunk", "main"):
        renamed(project, name)
        find(project, name)
    assert deployable(judge(project, "main")) == 3
    assert all(what.endswith("which main carries on") for _, what in told(project))
    events = [event.what for event in branch_events(project.settings, "main")]
    assert "carried on the journal of trunk, as the branch was called before" in events


def test_another_branch_begins_a_journal_of_its_own(project: Project) -> None:
    """Both are followed now: nothing is carried on, and a verdict is one branch's."""
    renamed(project, "stable", "next")
    assert "journal" not in find(project, "next")
    assert states(judge(project, "next"))[3] == "orphan"


def test_a_journal_of_another_mainline_is_left_alone(project: Project) -> None:
    project.repo.commit("[no-qa] Root", branch="other", parents=[], date=int(project.now.timestamp()))
    project.repo.set_ref("production", project.repo.tip("other"))
    renamed(project, "other", ref="other")
    line = find(project, "other")
    assert "not carried on, since other has no landing that was its tip: stable (1 verdict)" in line


def test_of_two_that_saw_it_none_is_chosen(project: Project) -> None:
    renamed(project, "stable", "next")
    find(project, "next")
    renamed(project, "main")
    line = find(project, "main")
    assert "more than one saw this mainline: next (no word of a person); stable (1 verdict)" in line
    assert states(judge(project, "main"))[3] == "orphan"


def test_a_dry_run_only_says_so(project: Project) -> None:
    renamed(project, "main")
    assert "would carry on the journal of stable" in find(project, "main", dry=True)
    database = Database.of(project.settings)
    with database.begin() as connection:
        assert Journal(connection, "main").names == ["main"]
    database.close()


def told(project: Project, days: int = 0) -> list[tuple[str, str]]:
    settings = read(project.folder / "shepherd.toml")
    return [
        (each.level, each.what)
        for each in journals(CheckContext(settings, project.now + timedelta(days=days)))
    ]


def test_doctor_says_what_is_not_followed_any_more(project: Project) -> None:
    assert told(project) == [("ok", "each is that of a branch that is followed")]
    renamed(project, "main")
    left = "stable is no longer followed; its journal has 1 verdict"
    assert told(project) == [("warn", left)]
    assert told(project, days=100) == [("ok", left)]
    find(project, "main")
    assert told(project) == [("ok", f"{left}, which main carries on")]


def test_no_database_is_no_matter_of_journals(tmp_path: Path) -> None:
    assert told(Project(tmp_path)) == [("ok", "there is none yet")]


def test_the_old_name_is_no_branch_any_more(project: Project) -> None:
    renamed(project, "main")
    find(project, "main")
    with pytest.raises((SettingsError, KeyError)):
        find(project, "stable")
