"""`inv tag` where a bug cannot be written, or the run is killed: nothing is told twice, and no word of its
own is taken for a person's."""

from __future__ import annotations

import json

import pytest

from shepherd.errors import TrackerError, UnsureError
from shepherd.stages import tag as module
from tests.project import Project, entry, states
from tests.tagging.told import revs_of
from tests.tagging.trouble import Trouble, entries, killed, told

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


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
