"""`inv tag`: its plan, its cap, its failures, and its place in `inv run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError, UnsureError
from shepherd.stages import tag as module
from shepherd.stages.failed_writings import TAG
from shepherd.stages.find import find_branch
from shepherd.store import Database, Journal
from shepherd.store.snapshots import Snapshots
from shepherd.trackers.file_writing import FileWriter
from shepherd.trackers.words import Vocabulary
from shepherd.trackers.writing import Edit
from shepherd.words import Item
from tests.project import Project, entry, states
from tests.running.host import Host
from tests.tagging.told import revs_of

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.deploy(made.land("[no-qa] Begin")[0])
    for number in range(1, 6):
        made.tag(number)
    return made


def entries(project: Project, *kinds: str) -> list[Any]:
    database = Database.of(project.settings)
    with database.begin() as connection:
        found = Journal(connection, "stable").entries(*kinds)
    database.close()
    return found


class Trouble:
    """A writer whose edits of some bugs fail, before or after they took effect."""

    def __init__(self, project: Project, items: dict[Item, BaseException], after: bool = False) -> None:
        self._real = FileWriter(project.settings.tracker_path, Vocabulary({}))
        self._items = items
        self._after = after
        self.tried: list[Item] = []

    def edit(self, item: Item, edit: Edit) -> str:
        self.tried.append(item)
        if item in self._items and not self._after:
            raise self._items[item]
        done = self._real.edit(item, edit)
        if item in self._items:
            raise self._items[item]
        return done


def test_a_bug_that_cannot_be_written_stops_no_other(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.land("[bug=1] One", "[bug=2] Two", "[bug=1] One more")
    project.find()
    writer = Trouble(project, {"1": TrackerError("bug 1 is locked")})
    monkeypatch.setattr(module, "open_writer", lambda _settings: writer)
    tagged = project.tagger()
    assert tagged.done == 1
    assert tagged.failures == ("bug 1 for r2 and r4, since 2011-08-01 09:42 UTC: bug 1 is locked",)
    assert writer.tried == ["1", "2"]
    assert project.bugs["2"]["tags"] == ["qa-needstesting"]
    snapshot = project.judge()
    assert entry(snapshot, 2).warnings == (
        "the tagger could not write bug 1 since 2011-08-01 09:42 UTC (bug 1 is locked); it tries again",
    )
    assert entry(snapshot, 3).warnings == ()
    monkeypatch.undo()
    assert [each.revs for each in project.tagger().written] == ["r2 and r4"]
    assert project.bugs["1"]["tags"] == ["qa-needstesting"]
    assert entry(project.judge(), 2).warnings == ()


def test_what_failed_before_is_tried_last(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.land("[bug=1] One")
    project.find()
    writer = Trouble(project, {"1": TrackerError("no")})
    monkeypatch.setattr(module, "open_writer", lambda _settings: writer)
    project.tagger()
    project.land("[bug=2] Two")
    project.find()
    project.tagger()
    assert writer.tried == ["1", "2", "1"]


def test_a_tracker_that_takes_nothing_is_not_asked_for_ever(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6, 20):
        project.tag(number)
    project.land(*(f"[bug={number}] Change" for number in range(1, 20)))
    project.find()
    writer = Trouble(project, {str(number): TrackerError("503") for number in range(1, 20)})
    monkeypatch.setattr(module, "open_writer", lambda _settings: writer)
    assert len(project.tagger().failures) == 19
    assert len(writer.tried) == module.PATIENCE


@pytest.mark.parametrize("after", [False, True], ids=["nothing was done", "all was done"])
def test_nobody_knows_whether_it_took_effect(
    project: Project, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    project.land("[bug=1][no-qa] One", "[bug=1] Two")
    project.find()
    writer = Trouble(project, {"1": UnsureError("the answer got lost")}, after)
    monkeypatch.setattr(module, "open_writer", lambda _settings: writer)
    assert project.tagger().failures == (
        "bug 1 for r2 and r3, since 2011-08-01 09:32 UTC: the answer got lost",
    )
    assert "the answer got lost" in entry(project.judge(), 2).warnings[0]
    monkeypatch.undo()
    project.full_run()
    assert project.bugs["1"]["tags"] == ["qa-needstesting"]
    assert [revs_of(comment) for comment in project.bugs["1"]["comments"]] == ["r2+r3"]
    assert entry(project.judge(), 2).warnings == ()


def killed(project: Project, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """A run of the tagger that dies right before or after it wrote bug 1."""
    project.find()
    kill: Any = KeyboardInterrupt()
    dying = Trouble(project, {"1": kill}, after)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "open_writer", lambda _settings: dying)
        project.tagger()
    project.bugs = json.loads((project.folder / "bugs.json").read_text())["bugs"]


def told(project: Project, number: int = 1) -> list[str]:
    return [revs_of(comment) for comment in project.bugs[str(number)].get("comments", ())]


@pytest.mark.parametrize("after", [False, True], ids=["before it wrote", "after it wrote"])
@pytest.mark.parametrize("more", ["[bug=1] Three", "[rollback=3] Out", "[bug=1][no-qa] Three"])
def test_a_comment_that_was_begun_is_not_told_again_with_what_landed_since(
    project: Project, monkeypatch: pytest.MonkeyPatch, after: bool, more: str
) -> None:
    project.land("[bug=1] One", "[bug=1] Two")
    killed(project, monkeypatch, after=after)
    project.land(more)
    project.full_run()
    first = "r2" if more.startswith("[rollback") and not after else "r2+r3"
    assert told(project) == [first, "r4"]
    assert project.bugs["1"]["tags"] == ["qa-needstesting"]
    project.full_run()
    assert told(project) == [first, "r4"]


def test_a_later_failure_does_not_make_an_earlier_doubt_go_away(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.land("[bug=1] One")
    killed(project, monkeypatch, after=True)
    for error, after in (
        (TrackerError("503"), False),
        (UnsureError("lost"), False),
        (TrackerError("503"), False),
    ):
        project.find()
        writer = Trouble(project, {"1": error}, after)
        with monkeypatch.context() as patch:
            patch.setattr(module, "open_writer", lambda _settings, writer=writer: writer)
            assert project.tagger().failures
    project.land("[bug=1] Two")
    project.full_run()
    assert told(project) == ["r2", "r3"]


def test_so_it_is_where_the_older_program_began_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one landing the journal has what it had before there were comments about several."""
    project.land("[bug=1] One")
    killed(project, monkeypatch, after=True)
    assert all("sign" not in entry.data for entry in entries(project, "meant"))
    project.land("[bug=1] Two")
    project.full_run()
    assert told(project) == ["r2", "r3"]


def test_its_own_word_is_its_own_after_a_kill_and_another_landing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.land("[bug=1][no-qa] One")
    killed(project, monkeypatch, after=False)
    project.land("[bug=1][no-qa] Two")
    project.full_run()
    assert (project.bugs["1"]["tags"], told(project)) == (["qa-untestable"], ["r2", "r3"])
    project.land("[bug=1] Three")
    assert states(project.look())[4] == "needstesting"


def test_a_person_who_marks_it_bad_meanwhile_is_not_overruled(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading and the writing."""
    project.land("[bug=1][no-qa] One")
    project.find()
    run = project.run("tag")
    planned = module.plan_branch(project.settings, "stable", run)
    project.tag(1, "qa-bad")
    module.carry_out(project.settings, "stable", planned, run)
    entry = json.loads((project.folder / "bugs.json").read_text())["bugs"]["1"]
    assert entry["tags"] == ["qa-bad"]
    assert len(entry["comments"]) == 1
    assert "no word, since it is marked bad" in entries(project, "done")[-1].data["changed"]
    assert all(each.data.get("words") != ["untestable"] for each in entries(project, "item"))
    assert states(project.judge())[2] == "bad"


def test_its_own_word_that_nobody_saw_makes_no_later_landing_good(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after it wrote qa-untestable; then a landing is found, and its bug cannot be written."""
    project.land("[bug=1][no-qa] One")
    project.find()
    lost = Trouble(project, {"1": KeyboardInterrupt()}, after=True)
    monkeypatch.setattr(module, "open_writer", lambda _settings: lost)
    with pytest.raises(KeyboardInterrupt):
        project.tagger()
    project.bugs = json.loads((project.folder / "bugs.json").read_text())["bugs"]
    assert project.bugs["1"]["tags"] == ["qa-untestable"]
    project.land("[bug=1] Two")
    project.find()
    refused = Trouble(project, {"1": TrackerError("403")})
    monkeypatch.setattr(module, "open_writer", lambda _settings: refused)
    project.tagger()
    snapshot = project.judge()
    assert states(snapshot)[3] == "needstesting"
    assert "by the shepherd itself" in entry(snapshot, 3).reason


def test_a_word_for_earlier_landings_is_not_for_one_that_could_not_be_asked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.land("[bug=1] One")
    project.full_run()
    project.bugs["1"]["tags"] = ["qa-ok"]
    project.write_bugs()
    project.land("[bug=1] Two")
    project.find()
    refused = Trouble(project, {"1": TrackerError("403")})
    monkeypatch.setattr(module, "open_writer", lambda _settings: refused)
    project.tagger()
    assert [states(project.judge())[revno] for revno in (2, 3)] == ["ok", "needstesting"]
    monkeypatch.undo()
    assert [states(project.full_run())[revno] for revno in (2, 3)] == ["ok", "needstesting"]
    project.bugs["1"]["tags"] = ["qa-ok"]
    project.write_bugs()
    assert [states(project.full_run())[revno] for revno in (2, 3)] == ["ok", "ok"]


def test_a_verdict_after_the_tagger_is_judged_by_the_tags_as_they_are(project: Project) -> None:
    """Not by those that were read before the tagger changed them: that would look like a person's change."""
    project.land("[bug=1] One")
    project.full_run()
    project.bugs["1"]["tags"] = ["qa-ok"]
    project.write_bugs()
    project.full_run()
    project.land("[bug=1] Two", "Orphan")
    project.find()
    project.tagger()
    project.verdict("r4", "ok")
    snapshot = Snapshots(project.state / "snapshots", "stable").latest()
    assert snapshot is not None
    assert [states(snapshot)[revno] for revno in (2, 3, 4)] == ["ok", "needstesting", "ok"]


def test_nothing_is_asked_of_the_tracker_where_nothing_waits(project: Project) -> None:
    project.land("[bug=1] One", "[testfix] Two", "Three")
    project.full_run()
    project.find()
    (project.folder / "bugs.json").unlink()
    run = project.run("tag")
    assert module.plan_branch(project.settings, "stable", run) == module.NOTHING


def test_no_data_no_tags(project: Project) -> None:
    project.land("[bug=1] One")
    project.find()
    (project.folder / "bugs.json").write_text("{")
    with pytest.raises(TrackerError):
        project.tagger()


def test_an_unreadable_bug_is_noted_once(project: Project) -> None:
    project.land("[bug=99] One", "[bug=1] Two")
    for _ in range(3):
        project.find()
        tagged = project.tagger()
    since = entries(project, "done")[-1].time
    why = "it could not be read: bug 99 is not in bugs.json"
    assert tagged.failures == (f"bug 99 for r2, since {since:%Y-%m-%d %H:%M} UTC: {why}",)
    assert [e.data["result"] for e in entries(project, "done")] == ["done", "failed"]
    assert "could not write bug 99" in entry(project.judge(), 2).warnings[0]
    project.verdict("r2", "ok")
    project.find()
    assert project.tagger() == module.TaggingResult()


def test_another_branch_needs_qa_on_the_bug(tmp_path: Path) -> None:
    other = '[branches.devel]\nrepository = "project.git"\nref = "devel"\ndeployed = { ref = "production" }\n'
    project = Project(tmp_path)
    text = (tmp_path / "shepherd.toml").read_text()
    (tmp_path / "shepherd.toml").write_text(text.replace("[tracker]", f"{other}[tracker]"))
    begin = project.land("[no-qa] Begin")[0]
    project.deploy(begin)
    project.tag(1)
    project.repo.set_ref("devel", begin)
    project.repo.commit("[bug=1] On devel", branch="devel", date=int(project.now.timestamp()))
    project.land("[bug=1][no-qa] On stable")
    find_branch(project.settings, "devel", project.run("find"))
    project.find()
    project.tagger()
    assert project.bugs["1"]["tags"] == []


# as a task


def test_the_plan_is_printed_and_nothing_written(host: Host) -> None:
    host.project.tag(3)
    host.project.land("[bug=3] three")
    assert host.inv("find")[0] == 0
    before = (host.project.folder / "bugs.json").read_bytes()
    code, out, _ = host.inv("tag", "--dry-run")
    assert code == 0
    assert "would write bug 3: qa-needstesting, Fix Committed, a comment (r3 names it)" in out
    assert (host.project.folder / "bugs.json").read_bytes() == before
    assert host.inv("tag")[0] == 0
    assert json.loads((host.project.folder / "bugs.json").read_text())["bugs"]["3"]["tags"] == [
        "qa-needstesting"
    ]


def test_more_than_the_cap(tmp_path: Path) -> None:
    host = Host(tmp_path, tracker="cap = 2")
    for number in (3, 4):
        host.project.tag(number)
    host.project.land("[bug=3] three", "[bug=4] four")
    assert host.inv("find")[0] == 0
    before = (host.project.folder / "bugs.json").read_bytes()
    code, _, err = host.inv("tag")
    assert code == 7
    assert "3 comments would be written, more than tracker.cap = 2: none was." in err
    assert "inv tag --yes" in err
    assert (host.project.folder / "bugs.json").read_bytes() == before
    assert host.inv("tag", "--yes")[0] == 0
    assert (host.project.folder / "bugs.json").read_bytes() != before


def test_a_run_that_could_not_write_a_bug_ends_with_7_and_goes_on(host: Host) -> None:
    host.project.land("[bug=99] three")
    code, out, err = host.inv("run")
    assert code == 7
    assert "tag failed (7)" in out
    assert "bug 99 is not in bugs.json" in err
    assert "could not write bug 99" in host.page()


def test_of_many_bugs_that_cannot_be_read_the_first_are_told_and_the_log_has_all(host: Host) -> None:
    host.project.land(*(f"[bug={number}] fix" for number in range(101, 126)))
    assert host.inv("find")[0] == 0
    plan = host.inv("tag", "--dry-run")[1]
    assert plan.count("cannot be tagged: bug 1") == 25, "a plan is shown whole"
    code, out, err = host.inv("tag")
    assert code == 7
    assert out.count("cannot be tagged") == err.count("could not be read") == 10
    assert "stable: and 15 more, all in the log" in out and "; and 15 more, all in the log" in err
    told = [each["on"] for each in host.events("act") if each.get("result") == "failed"]
    assert told == [f"bug {number}" for number in range(101, 126)]


def test_tagger_and_shepherd_are_one_process(host: Host) -> None:
    host.project.tag(3)
    host.project.land("[bug=3] three")
    assert host.inv("run", apart=True)[0] == 0
    starts = host.events("START")
    assert [each["stage"] for each in starts] == ["find", "tag", "judge", "report", "backup", "archive"]
    assert len({(each["pid"], each["run"]) for each in starts}) == 1
    acts = [each for each in host.events("act") if each["what"] == TAG]
    assert [(each["on"], each.get("from"), each.get("to"), each["by"]) for each in acts] == [
        ("bug 2", None, None, "ann"),
        ("bug 3", "none", "needstesting", "ann"),
    ]


@pytest.mark.parametrize("tracker", ["tag = false", 'type = "none"'])
def test_a_team_without_a_tagger(tmp_path: Path, tracker: str) -> None:
    host = Host(tmp_path, tracker=tracker)
    before = (host.project.folder / "bugs.json").read_bytes()
    assert host.inv("run")[0] == 0
    assert "tag" not in {each["stage"] for each in host.events("START")}
    assert host.inv("tag")[:2] == (
        0,
        "nothing is tagged: tracker.tag is off, or there is no tracker, or no credentials for it\n",
    )
    assert (host.project.folder / "bugs.json").read_bytes() == before


def test_statuses_and_tags_in_the_teams_own_words(tmp_path: Path) -> None:
    words = 'words = { needstesting = ["Try it"] }\nstatus = { landed = "Merged", rolled_back = "" }'
    project = Project(tmp_path, tracker=words)
    project.deploy(project.land("[no-qa] Begin")[0])
    project.tag(1)
    project.land("[bug=1] One")
    project.full_run()
    assert project.bugs["1"]["tags"] == ["Try it"]
    assert project.bugs["1"]["status"] == "Merged"
    assert "instead of Try it" in project.bugs["1"]["comments"][0]
    project.land("[rollback=2] Out")
    project.full_run()
    assert (project.bugs["1"]["tags"], project.bugs["1"]["status"]) == ([], "Merged")


def test_an_orphan_is_not_lost(project: Project) -> None:
    project.land("Nobody knows")
    orphan = entry(project.full_run(), 2)
    assert orphan.state == "orphan"
    assert orphan.remedy == 'say what it is: inv verdict r2 ok --reason "…"'
