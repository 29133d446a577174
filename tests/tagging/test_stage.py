"""`inv tag`: its plan, its cap, and its place in `inv run`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shepherd.errors import TrackerError
from shepherd.stages import tag as module
from shepherd.stages.failed_writings import TAG
from shepherd.stages.find import find_branch
from shepherd.store.snapshots import Snapshots
from tests.project import Project, entry, states
from tests.running.host import Host
from tests.tagging.trouble import entries

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


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
