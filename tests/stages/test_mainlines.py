"""Two mainlines in one settings file: their revision numbers overlap, so what is printed names the branch."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from shepherd.errors import SettingsError, SourceError
from shepherd.running import reading
from shepherd.running.tasking import TaskOptions
from shepherd.snapshot import Snapshot
from shepherd.stages.find import find_branch
from shepherd.stages.judge import judge_branch
from tests.inv import inv
from tests.project import Project, deployable, entry, states


class Two(Project):
    """`stable`, and beside it `next` with a root of its own."""

    def write_settings(self, branch: str = "", tracker: str = "", top: str = "") -> None:
        super().write_settings(branch, tracker, top)
        with (self.folder / "shepherd.toml").open("a") as file:
            file.write('[branches.next]\nrepository = "project.git"\nref = "next"\n')
            file.write('deployed = { ref = "live-next" }\n')

    def begin(self, *messages: str) -> None:
        """Land these on `next`; production runs the first of each branch."""
        for number, message in enumerate(messages):
            sha = self.repo.commit(
                message, branch="next", date=int(self.now.timestamp()), parents=None if number else []
            )
            if not number:
                self.repo.set_ref("live-next", sha)

    def both(self) -> tuple[Snapshot, Snapshot]:
        for name in ("stable", "next"):
            find_branch(self.settings, name, self.run("find"))
        stable, other = (judge_branch(self.settings, n, self.run("judge")) for n in ("stable", "next"))
        return stable, other


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def test_bad_commit_speaks_of_the_mainline_whose_landing_names_the_bug(two: Two) -> None:
    two.deploy(two.land("[no-qa] Base", "[bug=7] Fix login")[0])
    two.begin("[no-qa] Base", "[no-qa] Other")
    two.tag(7, "qa-bad", "bad-commit-2")
    stable, other = two.both()
    assert states(stable)[2] == "bad"
    assert states(other)[2] == "untestable"
    assert deployable(other) == 2
    assert not entry(other, 2).warnings


def test_it_still_does_after_a_merge_the_wrong_way_round_there(two: Two) -> None:
    """Then r2 of stable names no bug any more; the tag was said of what it was."""
    base, bad = two.land("[no-qa] Base", "[bug=7] Fix login")
    two.deploy(base)
    two.begin("[no-qa] Base", "[no-qa] Other")
    two.tag(7, "qa-bad", "bad-commit-2")
    two.both()
    two.repo.set_ref("local", base)
    two.repo.commit("[no-qa] Typo", branch="local", date=int(two.now.timestamp()))
    merge = two.repo.merge("[no-qa] Merge", bad, branch="local", date=int(two.now.timestamp()))
    two.repo.set_ref("stable", merge)
    with pytest.raises(SourceError):
        two.both()
    find_branch(two.settings, "next", two.run("find"))
    assert states(judge_branch(two.settings, "next", two.run("judge")))[2] == "untestable"


def test_where_no_landing_names_the_bug_all_are_meant(two: Two) -> None:
    two.deploy(two.land("[no-qa] Base", "[bug=7] Fix login", "[no-qa] Third")[0])
    two.begin("[no-qa] Base", "[no-qa] Other", "[no-qa] Third there")
    two.tag(7, "qa-ok", "bad-commit-3")
    stable, other = two.both()
    # only stable reads bug 7 because a landing names it; next hears of it by the tag alone
    assert (states(stable)[3], states(other)[3]) == ("bad", "bad")


def test_every_command_that_is_printed_can_be_pasted(two: Two) -> None:
    two.deploy(two.land("[no-qa] Base", "Fix login", "[no-qa] Revert r2", "[bug=7] More")[0])
    two.begin("[no-qa] Base", "Other")
    two.tag(7, "qa-bad")
    two.both()
    printed = "\n".join(
        inv(two.folder, *words).out
        for words in (("status",), ("explain", "r2"), ("explain", "r3"), ("status", "--json"))
    )
    flat = " ".join(printed.replace('\\"', '"').split())
    commands = set(re.findall(r'inv (?:verdict|cover) .*? --reason "…"(?: --branch \w+)?', flat))
    assert len(commands) == 3
    for command in commands:
        answer = inv(two.folder, *shlex.split(command.replace("REV", "r4"))[1:], "--dry-run")
        # what the contents do not show wants one word more, and is told which
        assert answer.code == 0 or "--anyway" in answer.err, (command, answer)


def test_one_branch_is_not_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Base", "Fix login")[0])
    snapshot = project.look()
    assert "--branch" not in entry(snapshot, 2).remedy
    reading.explain(TaskOptions(project.settings), "r2")
    assert capsys.readouterr().out.startswith("r2 ")
    reading.landings(TaskOptions(project.settings))
    assert not capsys.readouterr().out.startswith("stable: ")


def test_explain_and_landings_name_the_branch(
    two: Two, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    two.deploy(two.land("[no-qa] Base", "Fix login")[0])
    two.begin("[no-qa] Base", "Other")
    two.both()
    options, said = TaskOptions(two.settings), list[str]()
    monkeypatch.setattr(reading, "say", said.append)
    reading.explain(options, "r2")
    reading.landings(options)
    assert [text.split(" ")[0] for text in said] == ["stable:", "next:", "stable:", "next:"]
    said.clear()
    reading.explain(options, "r2", json=True)
    stable, other = map(json.loads, said)
    monkeypatch.undo()
    reading.landings(options, json=True)
    lists = map(json.loads, capsys.readouterr().out.splitlines())
    assert (stable["mainline"], stable["title"]) == ("stable", "Fix login")
    assert (other["mainline"], other["title"]) == ("next", "Other")
    assert [{each["mainline"] for each in part} for part in lists] == [{"stable"}, {"next"}]


def test_a_branch_without_an_answer_hides_no_other(two: Two, capsys: pytest.CaptureFixture[str]) -> None:
    two.deploy(two.land("[no-qa] Base", "[no-qa] Login")[0])
    two.look()
    options = TaskOptions(two.settings)
    assert reading.status(options) == reading.landings(options) == reading.explain(options, "r2") == 5
    out, err = capsys.readouterr()
    assert out.startswith("stable: ") and "Login" in out
    assert err.count("next: no answer yet: inv run") == 3
    assert reading.status(options, json=True) == 5
    (stable,) = json.loads(capsys.readouterr().out)
    assert stable["branch"] == "stable"
    with pytest.raises(SettingsError, match="which one's SHA"):
        reading.status(options, sha=True)


def test_what_a_person_has_to_accept_names_the_branch(two: Two) -> None:
    base, _ = two.land("[no-qa] Base", "Fix login")
    two.deploy(base)
    two.begin("[no-qa] Base", "Other")
    two.both()
    two.repo.set_ref("stable", base)
    two.land("Something else")
    with pytest.raises(SourceError) as refused:
        find_branch(two.settings, "stable", two.run("find"))
    assert str(refused.value).endswith("inv find --accept-rewrite --reason … --branch stable")
