"""The journal is whole, or it is said: every combination of journal, snapshot and report
(docs/rules.md#what-people-say)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from shepherd.errors import SourceError
from shepherd.stages.find import Acceptance, find_branch
from shepherd.stages.judge import judge_branch
from shepherd.store import JournalEntry
from shepherd.store.wholeness import LostJournalError
from tests.project import deployable, states
from tests.store.lives import Team

ACCEPTED = Acceptance(new_journal=True)


@pytest.fixture(scope="module")
def past(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A team's folder with copies of its state: after a failed first run, an older, the last, another one."""
    team = Team(tmp_path_factory.mktemp("past") / "team")
    team.land("[no-qa] Begin")
    with pytest.raises(SourceError):  # production's ref is not there yet
        team.find()
    team.judge()
    team.report()
    team.save("failed")
    team.lose("journal", "snapshots", "www")
    team.deploy(team.repo.tip())
    team.land("[bug=1] One", "[no-qa] Two")
    team.tag(1, "qa-ok")
    team.whole_run()
    team.save("older")
    team.now += timedelta(hours=1)
    team.verdict("r2", "bad", "it burns")
    team.report()
    team.save("last")
    team.put_back("older")
    for _ in range(9):
        team.write(
            JournalEntry("verdict", "f" * 40, {"source": "journal", "word": "ok", "when": 0, "revno": 9})
        )
    team.save("other")
    return team.folder


@pytest.fixture
def team(past: Path, tmp_path: Path) -> Team:
    """The same, a day after the last of these."""
    shutil.copytree(past, tmp_path / "team")
    team = Team(tmp_path / "team")
    team.tag(1, "qa-ok")
    team.now += timedelta(days=1)
    team.put_back("last")
    return team


JOURNALS = ("gone", "empty", "began", "older", "last", "longer", "other")
"""Not there; without an entry; with words but no first run; of three times; with another history."""
SNAPSHOTS = ("none", "failed", "older", "last")
REPORTS = ("none", "failed", "older", "last")
HAS = {"last": {"older", "last"}, "longer": {"older", "last"}, "older": {"older"}, "other": {"older"}}
"""Journal -> the answers whose entries it has."""


def set_up(team: Team, journal: str, snapshot: str, report: str) -> None:
    team.lose("journal", "snapshots", "www")
    if journal in ("older", "last", "other", "longer"):
        team.put_back({"longer": "last"}.get(journal, journal), "journal")
    if journal in ("empty", "began"):
        team.put_back("failed", "journal")
        team.change("DELETE FROM journal")
    if journal in ("longer", "began"):
        team.write(JournalEntry("snooze", "f" * 40, {"until": "2011-09-01", "revno": 9}))
    if snapshot != "none":
        team.put_back(snapshot, "snapshots")
    if report != "none":
        team.put_back(report, "www")


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("snapshot", SNAPSHOTS)
@pytest.mark.parametrize("journal", JOURNALS)
def test_every_combination(team: Team, journal: str, snapshot: str, report: str) -> None:
    set_up(team, journal, snapshot, report)
    named = {snapshot, report} - {"none", "failed"}
    loud: list[str] = []
    if named <= HAS.get(journal, set()):
        find_branch(team.settings, "stable", replace(team.run("find"), loudly=loud.append))
        assert bool(loud) == (journal not in HAS), "a first run is said, and nothing else is"
        expected = "bad" if journal in ("last", "longer") else "ok"
        assert states(team.judge())[2] == expected
        return
    before = team.entries() if journal != "gone" else []
    for _ in range(2):
        with pytest.raises(LostJournalError, match="--accept-new-journal"):
            find_branch(team.settings, "stable", replace(team.run("find"), loudly=loud.append))
        said = team.judge()
        assert (said.answer, said.deployable, said.complete) == ("no-data", None, False)
        team.report()
    assert team.entries() == before, "nothing is written into it"
    assert not loud
    assert said.last_good is not None
    # the answers that were written meanwhile have not made it look whole, and the right one is one
    team.put_back("last", "journal")
    assert states(team.look())[2] == "bad"


@pytest.mark.parametrize("journal", ["gone", "empty", "older", "other"])
def test_accepted_it_is_whole_from_there(team: Team, journal: str) -> None:
    set_up(team, journal, "last", "last")
    with pytest.raises(LostJournalError):
        team.find()
    line = team.find(ACCEPTED, "the disk died")
    assert "r2 (tester said bad on" in line, "what people said last is named"
    for _ in range(2):
        team.find()  # before any judgement: the files still name what was lost
    assert deployable(team.judge()) == 3
    team.find()  # before any report
    team.report()
    team.verdict("r2", "bad")
    assert states(team.whole_run())[2] == "bad"
    team.save("accepted")
    team.lose("journal")
    with pytest.raises(LostJournalError):
        team.find()


def test_what_lacks_nothing_cannot_be_accepted(team: Team) -> None:
    assert "nothing to accept" in team.find(ACCEPTED, "just in case")
    assert len([entry for entry in team.entries() if "began" in entry]) == 1


def test_entries_missing_in_the_midst(team: Team) -> None:
    team.change("DELETE FROM journal WHERE kind = 'verdict' OR seq = 4")
    team.put_back("last", "snapshots")
    with pytest.raises(LostJournalError, match=r"has \d+ of the \d+ entries|ends at entry"):
        team.find()


def test_judge_notices_without_find(team: Team) -> None:
    """A backup is restored, and the next thing is a judgement, by a command or by a person's word."""
    team.put_back("older", "journal")
    assert team.judge().answer == "no-data"
    before = team.entries()
    words: list[Callable[[], str]] = [lambda: team.verdict("r3", "ok"), lambda: team.cover("r2", "r3")]
    for say in words:
        with pytest.raises(LostJournalError):
            say()
    assert team.entries() == before
    assert not any("act" in line for line in team.lines[-2:])


def test_what_a_killed_run_left(team: Team) -> None:
    """The journal took a judgement whose snapshot was never written: it is newer, and that is well."""
    team.put_back("older", "snapshots", "www")
    assert states(team.look())[2] == "bad"


def test_a_dry_run_names_nothing_and_writes_nothing(team: Team) -> None:
    set_up(team, "last", "older", "older")
    before = {path: path.read_bytes() for path in team.state.rglob("*") if path.is_file()}
    find_branch(team.settings, "stable", team.run("find"), dry=True)
    judge_branch(team.settings, "stable", team.run("judge"), dry=True)
    team.lose("journal")
    with pytest.raises(LostJournalError):
        find_branch(team.settings, "stable", team.run("find"), dry=True)
    after = {path: path.read_bytes() for path in team.state.rglob("*") if path.is_file()}
    assert {path: before[path] for path in after} == after


class TestOfAnEarlierRelease:
    """0.1.0 wrote answers that name no entry; the answer itself has to be in the journal."""

    def strip(self, team: Team) -> None:
        for path in (*team.snapshots.rglob("*.json"), *team.folder.glob("www/*.json")):
            document = json.loads(path.read_text())
            document.pop("journal", None)
            path.write_text(json.dumps(document))

    @pytest.mark.parametrize("snapshot", ["older", "last"])
    def test_its_journal_is_whole(self, team: Team, snapshot: str) -> None:
        set_up(team, "last", snapshot, snapshot)
        self.strip(team)
        assert states(team.look())[2] == "bad"
        assert "journal" in json.loads((team.snapshots / "stable" / "latest.json").read_text())

    @pytest.mark.parametrize(
        ("journal", "snapshot"), [("gone", "last"), ("empty", "older"), ("older", "last")]
    )
    @pytest.mark.parametrize("where", ["snapshots", "www"])
    def test_its_journal_is_lost(self, team: Team, journal: str, snapshot: str, where: str) -> None:
        set_up(team, journal, snapshot, snapshot)
        self.strip(team)
        team.lose({"www": "snapshots", "snapshots": "www"}[where])
        for _ in range(3):
            with pytest.raises(LostJournalError):
                team.find()
            assert team.judge().answer == "no-data"
            team.report()
        team.find(ACCEPTED, "the disk died")
        team.find()
        assert deployable(team.whole_run()) == 3

    @pytest.mark.parametrize("journal", ["gone", "empty", "began"])
    def test_its_first_run_failed(self, team: Team, journal: str) -> None:
        set_up(team, journal, "failed", "failed")
        self.strip(team)
        assert deployable(team.look()) == 3

    def test_it_may_come_back(self, team: Team) -> None:
        """A roll-back of the release: what it writes names nothing again."""
        self.strip(team)
        team.verdict("r2", "ok")
        self.strip(team)
        assert deployable(team.look()) == 3


def test_a_snapshot_that_cannot_be_read_lets_the_one_before_it_speak(team: Team) -> None:
    (team.snapshots / "stable" / "latest.json").write_text("{")
    team.lose("journal", "www")
    with pytest.raises(LostJournalError):
        team.find()
    for path in team.snapshots.rglob("*.json*"):
        path.write_text("{")
    with pytest.raises(LostJournalError, match="none can be read"):
        team.find()


@pytest.mark.parametrize("harm", ["garbage", "a folder", "a pipe", "of another branch"])
def test_a_report_that_says_nothing(team: Team, harm: str) -> None:
    team.lose("journal", "snapshots")
    document = team.page.read_text()
    team.page.unlink()
    if harm == "a folder":
        team.page.mkdir()
    elif harm == "a pipe":
        os.mkfifo(team.page)
    else:
        team.page.write_text("[" * 10_000 if harm == "garbage" else document.replace('"stable"', '"devel"'))
    team.find()
    assert deployable(team.judge()) == 3


def test_each_branch_has_a_journal_of_its_own(tmp_path: Path) -> None:
    team = Team(tmp_path / "team")
    team.begin()
    text = (team.folder / "shepherd.toml").read_text()
    branch = text[text.index("[branches.stable]") : text.index("[tracker]")]
    second = branch.replace("[branches.stable]", "[branches.devel]")
    (team.folder / "shepherd.toml").write_text(text.replace("[tracker]", f"{second}\n[tracker]"))
    settings = team.settings
    for name in ("stable", "devel"):
        find_branch(settings, name, team.run("find"))
        judge_branch(settings, name, team.run("judge"))
    team.change("DELETE FROM journal WHERE branch = 'devel'")
    find_branch(settings, "stable", team.run("find"))
    with pytest.raises(LostJournalError, match="inv find --branch devel --accept-new-journal"):
        find_branch(settings, "devel", team.run("find"))
    assert judge_branch(settings, "stable", team.run("judge")).answer == "deploy"
    assert judge_branch(settings, "devel", team.run("judge")).answer == "no-data"
