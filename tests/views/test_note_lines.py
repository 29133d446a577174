"""The line for a git note, pasted into a shell in clones as developers have them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from shepherd.sentence import Sentence, statement
from shepherd.situation import Situation
from shepherd.views.note_lines import note_for, note_line
from shepherd.views.text import status
from tests.gitrepo import ISOLATED, Repo
from tests.project import Project, states
from tests.views.factory import entry

QA = "refs/notes/qa"


class Team:
    """A server, and clones that never fetched a note."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = Repo(folder / "server.git")
        self.sha = self.server.commit("One")
        self.server.set_ref("stable", self.sha)

    def clone(self, name: str) -> Path:
        self.server.git("clone", "-q", "-b", "stable", ".", str(self.folder / name))
        return self.folder / name

    def paste(self, clone: Path, line: str) -> subprocess.CompletedProcess[str]:
        environ = os.environ | ISOLATED | {"GIT_AUTHOR_NAME": clone.name}
        return subprocess.run(["sh", "-c", line], cwd=clone, env=environ, capture_output=True, text=True)

    def note(self, ref: str = QA) -> list[str]:
        return self.server.git("notes", f"--ref={ref}", "show", self.sha).split("\n\n")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


@pytest.mark.parametrize("ref", [QA, "refs/notes/team/qa", "refs/qa/words", "refs/notes/it's;$(q)a&"])
def test_it_works_where_no_note_was_ever_fetched_or_made(team: Team, ref: str) -> None:
    done = team.paste(team.clone("ann"), note_line(ref, team.sha))
    assert done.returncode == 0, done.stderr
    noted = team.server.git("ls-tree", "-r", "--name-only", ref)
    assert noted.replace("/", "").strip() == team.sha


def test_what_others_noted_meanwhile_stays(team: Team) -> None:
    ann, bob = team.clone("ann"), team.clone("bob")
    for clone in (ann, bob, ann):
        assert team.paste(clone, note_line(QA, team.sha)).returncode == 0
    assert [line.strip() for line in team.note()] == ["QA: ok"] * 3


def test_a_push_that_comes_too_late_is_refused_and_the_same_line_works_again(team: Team) -> None:
    ann, bob = team.clone("ann"), team.clone("bob")
    line = note_line(QA, team.sha)
    # bob's note comes between ann's fetch and her push
    before, push = line.rsplit(" && ", 1)
    assert team.paste(ann, before).returncode == 0
    assert team.paste(bob, line).returncode == 0
    late = team.paste(ann, push)
    assert late.returncode != 0 and "rejected" in late.stderr
    assert team.paste(ann, line).returncode == 0
    assert len(team.note()) == 2


def test_notes_of_ones_own_that_are_not_pushed_are_left_alone(team: Team) -> None:
    ann = team.clone("ann")
    team.paste(ann, f'git notes --ref={QA} add -m "for me" {team.sha}')
    assert team.paste(ann, note_line(QA, team.sha)).returncode == 0
    assert team.paste(ann, f"git notes --ref={QA} show {team.sha}").stdout == "for me\n"
    assert team.note() == ["QA: ok"]


def test_it_works_for_a_landing_that_the_clone_has_not_fetched_yet(team: Team) -> None:
    ann = team.clone("ann")
    team.sha = team.server.commit("Two")
    assert team.paste(ann, note_line(QA, team.sha)).returncode == 0
    assert team.note() == ["QA: ok"]


def test_it_is_offered_where_an_ok_would_clear_the_landing() -> None:
    remedy = Sentence("try it", ", then: ", statement("verdict r7 ok"))
    needing = entry(7, state="needstesting", good=False, remedy=remedy)
    assert note_for(needing, QA) == note_line(QA, needing.id)
    assert note_for(needing, "") == ""
    assert note_for(needing, QA, "stable") == ""
    brought = Sentence("try that commit", ", then: ", statement("verdict 1a2b3c4d5e6f ok"))
    assert note_for(entry(7, state="bad", good=False, remedy=brought), QA) == ""
    assert note_for(entry(7, state="bad", good=False, remedy="revert it"), QA) == ""
    assert note_for(entry(7), QA) == ""


def test_what_status_prints_and_a_developer_pastes_makes_the_landing_good(tmp_path: Path) -> None:
    project = Project(tmp_path, branch=f'verdict_notes = "{QA}"')
    project.tag(1, "qa-needstesting")
    project.deploy(project.land("[no-qa] Begin", "[bug=1] Two")[0])
    answer = project.look()
    assert answer.verdict_notes == QA
    [line] = [each for each in status(answer, Situation()).splitlines() if "git notes" in each]
    work = tmp_path / "work"
    project.repo.git("clone", "-q", "-b", "stable", ".", str(work))
    subprocess.run(["sh", "-ec", line], cwd=work, env=os.environ | ISOLATED, check=True, capture_output=True)
    assert states(project.look())[2] == "ok"
