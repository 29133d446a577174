"""A team that says by statuses and a field what QA found, from the tracker to the snapshot, and what is kept
of it (docs/rules.md#bad-by-status)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shepherd.snapshot import Snapshot
from shepherd.stages.find import Acceptance, find_branch
from shepherd.stages.judge import judge_branch
from shepherd.stages.judge_input import snapshot_of
from shepherd.stages.kept_inputs import KeptInput, document_sum, kept_inputs
from shepherd.store import Database
from tests.project import Project, entry, states

TABLES = """\
keys = ["ABC"]
[tracker.statuses]
needstesting = ["In QA"]
ok = ["QA passed"]
bad = ["QA failed"]
silent = ["Open", "In Progress"]
[tracker.field]
name = "QA result"
ok = ["passed"]
bad = ["failed"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path, 'orphans = "block"', TABLES)
    project.deploy(*project.land("[no-qa] Begin"))
    return project


def say(project: Project, bug: str, status: str, **more: Any) -> None:
    project.bugs[bug] = {"status": status, **more}
    project.write_bugs()


def after(project: Project, bug: str, status: str, **more: Any) -> Snapshot:
    say(project, bug, status, **more)
    return project.look()


def test_the_status_is_said_as_the_team_has_it(project: Project) -> None:
    project.land("ABC-7: Login")
    landing = entry(after(project, "ABC-7", "In QA"), 2)
    assert landing.state == "needstesting"
    assert landing.reason == 'ABC-7 is "In QA"'
    assert (
        'then set ABC-7 to "QA passed" (or "QA failed") in bugs.json, or: inv verdict r2 ok' in landing.remedy
    )
    landing = entry(after(project, "ABC-7", "qa PASSED"), 2)
    assert (landing.state, landing.reason) == ("ok", 'ABC-7 is "qa PASSED"')


def test_bad_means_the_newest_landing_and_says_so(project: Project) -> None:
    project.land("ABC-7: Login", "ABC-7: Login again")
    landing = entry(after(project, "ABC-7", "QA failed"), 3)
    assert landing.reason == (
        'ABC-7 is "QA failed", which means its newest landing when that was first seen: r3'
    )
    assert "or another landing is meant (then call that one bad): inv verdict r3 ok" in landing.remedy
    assert states(project.look()) == {1: "untestable", 2: "needstesting", 3: "bad"}
    project.land("ABC-7: Login at last")
    assert states(project.look()) == {1: "untestable", 2: "needstesting", 3: "bad", 4: "needstesting"}
    assert states(after(project, "ABC-7", "In QA")) | {1: ""} == dict.fromkeys((2, 3, 4), "needstesting") | {
        1: ""
    }
    assert states(after(project, "ABC-7", "QA failed"))[4] == "bad"


def test_a_status_that_moves_on_makes_nothing_good(project: Project) -> None:
    project.land("ABC-7: Login")
    for status, state in (
        ("QA passed", "ok"),
        ("QA failed", "bad"),
        ("In Progress", "needstesting"),
        ("QA passed", "ok"),
    ):
        landing = entry(after(project, "ABC-7", status), 2)
        assert landing.state == state, status
    assert landing.good


def test_a_silent_status_and_an_unknown_one(project: Project) -> None:
    project.land("ABC-7: Login")
    landing = entry(after(project, "ABC-7", "In Progress"), 2)
    assert landing.reason == 'ABC-7 is "In Progress", which says nothing about QA'
    assert landing.warnings == ()
    landing = entry(after(project, "ABC-7", "Parked"), 2)
    assert landing.reason == 'ABC-7 is "Parked", which says nothing about QA'
    assert landing.warnings == (
        'ABC-7 is "Parked", which [tracker.statuses] does not know, so it says nothing:'
        " add it there to ok, bad, untestable, needstesting or silent",
    )


def test_what_several_issues_say_is_told_one_after_the_other(project: Project) -> None:
    project.land("ABC-7, ABC-8: Login")
    say(project, "ABC-7", "In Progress")
    landing = entry(after(project, "ABC-8", "QA passed"), 2)
    assert landing.reason == 'ABC-7 is "In Progress", which says nothing about QA; ABC-8 is "QA passed"'


def test_the_field_says_it_too_and_the_worse_counts(project: Project) -> None:
    project.land("ABC-7: Login")
    landing = entry(after(project, "ABC-7", "QA passed", fields={"qa RESULT": ["failed"]}), 2)
    assert landing.state == "bad"
    assert landing.reason.startswith('ABC-7 is "failed" in "QA result", which means its newest landing')
    assert landing.warnings == (
        'ABC-7 has "failed" in "QA result" and "QA passed": the worse counts, for its newest landing',
    )


def test_a_later_landing_is_told_what_stood_there(project: Project) -> None:
    project.land("ABC-7: Login")
    after(project, "ABC-7", "QA passed")
    project.land("ABC-7: Login again")
    landing = entry(project.look(), 3)
    assert landing.reason == 'ABC-7 was "QA passed" before r3 landed'
    assert 'set ABC-7 to "In QA", and after QA to "QA passed" again' in landing.remedy


def test_a_title_that_would_be_markup_is_only_text(project: Project) -> None:
    project.land("ABC-7: Login")
    after(project, "ABC-7", "<b>QA\x1b[31m</b>")
    project.report()
    page = (project.state / "report" / "stable.html").read_text()
    assert "<b>QA" not in page
    assert "\x1b" not in page


def test_what_is_kept_gives_every_answer_again(project: Project) -> None:
    project.land("ABC-7: Login")
    answers = [after(project, "ABC-7", status) for status in ("QA passed", "Parked", "QA failed")]
    project.land("ABC-7: Login again")
    answers.append(project.look())
    say(project, "ABC-7", "QA failed", private=True)
    answers.append(project.look())
    assert entry(answers[-1], 2).state == "unknown"
    kept = [each for each in kept_inputs(project.settings, "stable") if isinstance(each, KeptInput)]
    assert [each.sum for each in kept] == list(map(document_sum, answers))
    assert [document_sum(snapshot_of(each.given)) for each in kept] == [each.sum for each in kept]


def test_what_is_not_the_one_that_a_status_calls_bad_is_not_cleared_by_that_status(project: Project) -> None:
    """Another status would make good what is bad as well."""
    project.land("ABC-7: Login", "ABC-7: Login again")
    other = entry(after(project, "ABC-7", "QA failed"), 2)
    assert other.reason == 'ABC-7 is "QA failed", which means another of its landings'
    assert other.remedy == 'try it on the QA server, then: inv verdict r2 ok --reason "…"'


def test_the_status_that_the_tagger_set_is_no_word_of_qa_and_theirs_after_it_is(tmp_path: Path) -> None:
    statuses = TABLES.partition("[tracker.field]")[0]
    project = Project(tmp_path, 'orphans = "block"', statuses)
    project.deploy(*project.land("[no-qa] Begin"))
    project.land("ABC-7: Login")
    after(project, "ABC-7", "QA passed")
    project.land("ABC-7: Login again")
    project.find()
    project.tagger()
    assert project.bugs["ABC-7"]["status"] == "In QA"
    assert states(after(project, "ABC-7", "QA passed")) == {1: "untestable", 2: "ok", 3: "ok"}


def test_a_comment_says_which_status_it_has_already(tmp_path: Path) -> None:
    tables = TABLES.partition("[tracker.field]")[0].replace('"QA passed"', '"QA passed", "Done"')
    project = Project(tmp_path, 'orphans = "block"', tables)
    project.deploy(*project.land("[no-qa] Begin"))
    project.land("ABC-7: Login")
    say(project, "ABC-7", "Done")
    project.find()
    project.tagger()
    assert 'It already has "Done", which counts for it.' in project.bugs["ABC-7"]["comments"][0]


def test_a_field_that_was_filled_before_the_landing_says_nothing_of_it(project: Project) -> None:
    """Also when its status has been another one meanwhile."""
    project.land("ABC-7: Login")
    after(project, "ABC-7", "In QA", fields={"QA result": "passed"})
    after(project, "ABC-7", "In Progress", fields={"QA result": "passed"})
    project.land("ABC-7: Login again")
    after(project, "ABC-7", "In QA", fields={"QA result": "passed"})
    snapshot = after(project, "ABC-7", "In Progress", fields={"QA result": "passed"})
    assert states(snapshot) == {1: "untestable", 2: "ok", 3: "needstesting"}
    assert entry(snapshot, 3).reason == 'ABC-7 was "passed" in "QA result" before r3 landed'


def test_a_team_without_statuses_keeps_what_it_always_kept(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(*project.land("[no-qa] Begin"))
    project.land("[bug=7] Login")
    project.tag(7, "qa-bad")
    project.look()
    folder = project.state / "snapshots" / "stable" / "inputs"
    last = (folder / "last").read_bytes()
    for new in (b"said", b"of_newest", b"good_by", b"statuses", b"values"):
        assert new not in last, new
    with Database.of(project.settings) as database, database.branch("stable") as store:
        assert all("of_newest" not in each.data for each in store.journal.entries("item", "named", "kept"))


def test_the_bad_follows_its_commit_through_a_rewrite(project: Project) -> None:
    """Also if the message names another issue afterwards: the issue is read by name."""
    base = project.repo.git("rev-parse", "stable")
    project.repo.commit("ABC-7: Login", files={"login": "x"}, date=int(project.now.timestamp()) + 60)
    assert entry(after(project, "ABC-7", "QA failed"), 2).state == "bad"
    project.repo.commit(
        "ABC-8: Login", {"login": "x"}, date=int(project.now.timestamp()) + 120, parents=[base]
    )
    say(project, "ABC-8", "QA passed")
    project.find(Acceptance(rewrite=True), "renamed")
    assert states(project.judge())[2] == "bad"
    landing = entry(after(project, "ABC-7", "In Progress"), 2)
    assert landing.state == "ok", landing.reason


def test_the_taggers_comment_says_how(project: Project) -> None:
    project.land("ABC-7: Login")
    say(project, "ABC-7", "Open")
    project.find()
    project.tagger()
    bug = json.loads((project.folder / "bugs.json").read_text())["bugs"]["ABC-7"]
    assert bug["status"] == "In QA"
    assert (
        'If it works, set this to "QA passed"; if it does not, set this to "QA failed";'
        " if nobody can try it, put the tag qa-untestable on this."
    ) in bug["comments"][0]


def test_the_tagger_writes_the_field(tmp_path: Path) -> None:
    field = (
        '[tracker.field]\nname = "QA result"\nneedstesting = ["to try"]\nok = ["passed"]\nbad = ["failed"]\n'
    )
    project = Project(tmp_path, tracker=f'keys = ["ABC"]\n[tracker.status]\nlanded = ""\n{field}')
    project.deploy(*project.land("[no-qa] Begin"))
    project.land("ABC-7: Login")
    say(project, "ABC-7", "Open", fields={"qa  RESULT": "", "Area": ["web", "api"]})
    project.find()
    project.tagger()
    bug = project.bugs["ABC-7"]
    assert bug["fields"] == {"qa  RESULT": "to try", "Area": ["web", "api"]}
    assert bug["status"] == "Open"
    assert 'If it works, put "passed" into the field "QA result"' in bug["comments"][0]
    assert project.judge().landings[0].reason == 'ABC-7 is "to try" in "QA result"'


def test_each_mainline_has_its_own_newest_landing(tmp_path: Path) -> None:
    project = Project(tmp_path, 'orphans = "block"', TABLES)
    first = project.land("[no-qa] Begin")[0]
    for ref in ("production", "next", "live"):
        project.repo.set_ref(ref, first)
    text = (tmp_path / "shepherd.toml").read_text()
    other = '[branches.next]\nrepository = "project.git"\nref = "next"\ndeployed = { ref = "live" }\n'
    (tmp_path / "shepherd.toml").write_text(text.replace("[tracker]", f"{other}[tracker]", 1))

    def look(branch: str) -> dict[int, str]:
        run = project.run("run")
        find_branch(project.settings, branch, run)
        return states(judge_branch(project.settings, branch, run))

    project.land("ABC-7: Login", "ABC-7: Login again")
    say(project, "ABC-7", "QA failed")
    assert look("stable") == {1: "untestable", 2: "needstesting", 3: "bad"}
    for number in (1, 2):
        date = int(project.now.timestamp()) + number
        project.repo.commit(f"ABC-7: Login, part {number}", branch="next", date=date)
    assert look("next") == {1: "untestable", 2: "needstesting", 3: "bad"}, "read by the other one before"
    project.repo.commit("ABC-7: Repaired", branch="next", date=int(project.now.timestamp()) + 9)
    assert look("next") == {1: "untestable", 2: "needstesting", 3: "bad", 4: "needstesting"}
    assert look("stable") == {1: "untestable", 2: "needstesting", 3: "bad"}
    say(project, "ABC-7", "In QA")
    look("stable")
    say(project, "ABC-7", "QA failed")
    # what one of them saw in between counts for both
    assert look("next") == {1: "untestable", 2: "needstesting", 3: "needstesting", 4: "bad"}
