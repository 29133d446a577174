"""The archive says of every landing what a walk through git says, and says it wherever it was cut off."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shepherd.errors import SourceError
from shepherd.git.lookup import WholeMainline
from shepherd.stages import archive
from shepherd.stages.find import Acceptance
from shepherd.stages.history import landing_events
from shepherd.values import parse_rev
from tests.stages.archived import KEEP_NOTHING, Archived, Killed, files, page, plan


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    def walked(*_: object, **__: object) -> None:
        raise AssertionError("the history was walked")

    monkeypatch.setattr("shepherd.git.lookup.WholeMainline.__init__", walked)


NAMES = [
    *(f"r{revno}" for revno in range(1, 12)),
    *("#12", "#13", "bug:7", "bug:8", "ann/topic-x", "fix-y", "topic/side"),
]


def test_it_says_what_git_says_and_does_not_ask_git(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas = archived.history()
    archived.go_live(shas[10])
    names = [*NAMES, *shas[:11], *(sha[:9] for sha in shas[:11])]
    from_git = {name: archived.stories(name) for name in names}
    assert all(from_git.values())
    assert archived.archive().startswith("stable: archived 11 landings; it holds r1 to r11")
    forbid(monkeypatch)
    assert {name: archived.stories(name) for name in names} == from_git


def test_what_undid_them(archived: Archived) -> None:
    shas = archived.history()
    archived.go_live(shas[10])
    archived.archive()
    undone_by = {revno: archived.stories(f"r{revno}")[0].undone_by for revno in range(1, 12)}
    # r6 rolls the rollback r5 of r3 back; r8 reverts the revert r7 of r2
    assert {r: by for r, by in undone_by.items() if by} == {4: 9, 5: 6, 7: 8}


def test_what_people_said_of_old_landings_counts(archived: Archived, monkeypatch: pytest.MonkeyPatch) -> None:
    shas = archived.history()
    archived.go_live(shas[1])
    archived.archive()
    # while they are still in QA, people say what undid what
    archived.project.cover("r3", "r11")
    archived.project.cover("r4", None, undone=False)
    archived.go_live(shas[10])
    from_git = {f"r{revno}": archived.stories(f"r{revno}") for revno in range(1, 12)}
    archived.archive()
    forbid(monkeypatch)
    assert {rev: archived.stories(rev) for rev in from_git} == from_git
    assert from_git["r3"][0].undone_by == 11
    assert from_git["r4"][0].undone_by is None


def test_a_deployment_brings_more_and_what_it_rolls_back_shows(archived: Archived) -> None:
    shas = archived.history()
    archived.go_live(shas[3])
    assert archived.archive().startswith("stable: archived 4 landings; it holds r1 to r4; wrote ")
    assert archived.stories("r4")[0].undone_by is None
    assert ">rolled back" not in page(archived)
    archived.go_live(shas[9])
    assert archived.archive().startswith("stable: archived 6 landings; it holds r1 to r10")
    assert archived.stories("r4")[0].undone_by == 9
    assert "<tr id=r4><th><a href=#r4>r4</a><td class=rolled-back>" in page(archived)


def test_where_production_went_back_the_archive_does(archived: Archived) -> None:
    shas = archived.history()
    archived.go_live(shas[9])
    archived.archive()
    archived.go_live(shas[3])
    assert archived.archive().startswith("stable: archived 0 landings; it holds r1 to r4")
    assert "id=r5" not in page(archived)
    assert archived.stories("r4")[0].undone_by is None


@pytest.mark.parametrize("batches", range(1, 6))
def test_killed_at_any_batch_it_goes_on_from_there(
    archived: Archived, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    monkeypatch.setattr(archive, "BATCH", 2)
    shas = archived.history()
    archived.go_live(shas[10])
    from_git = {name: archived.stories(name) for name in NAMES}
    read, left = WholeMainline.undone, [batches]

    def reading(self: object, landed: object) -> object:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return read(self, landed)  # type: ignore[arg-type]  # what it is given it hands on

    monkeypatch.setattr(WholeMainline, "undone", reading)
    with pytest.raises(Killed):
        archived.archive()
    span = archived.span()
    assert span is not None and (span.bottom, span.top.revno) == (12 - 2 * batches, 11)
    left[0] = 1_000
    assert {name: archived.stories(name) for name in NAMES} == from_git
    assert f"archived {11 - 2 * batches} landing" in archived.archive()
    forbid(monkeypatch)
    assert {name: archived.stories(name) for name in NAMES} == from_git


def test_time_that_is_up_leaves_the_rest_for_the_next_run(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "BATCH", 4)
    shas = archived.history()
    archived.go_live(shas[10])
    said = archived.archive(seconds=0)
    assert said == "stable: archived 4 landings; it holds r8 to r11, older ones follow with the next run"
    archived.archive(seconds=0)
    assert archived.archive(seconds=0).startswith("stable: archived 3 landings; it holds r1 to r11; wrote")


def test_after_a_rewrite_it_begins_again(archived: Archived) -> None:
    shas = archived.history()
    project = archived.project
    archived.go_live(shas[10])
    archived.archive()
    project.repo.set_ref("refs/heads/stable", shas[3])
    new = project.land("another five", "another six")
    project.deploy(new[-1])
    with pytest.raises(SourceError):
        project.find()
    # nothing is read while nobody has accepted that
    assert archived.archive() == "stable: nothing is archived while there is no data"
    project.find(Acceptance(rewrite=True), "cleaned up")
    archived.snapshot = project.judge()
    # before the archive is made again, git is asked
    assert archived.stories("r5")[0].title == "another five"
    assert archived.stories(shas[8]) == []
    archived.archive()
    assert archived.stories("r5")[0].title == "another five"
    assert "another five" in page(archived) and "eleven" not in page(archived)


@pytest.mark.parametrize("change", ["mailmap", "marks", "robots"])
def test_settings_by_which_landings_are_read_make_it_begin_again(archived: Archived, change: str) -> None:
    shas, project = archived.history(), archived.project
    archived.go_live(shas[10])
    archived.archive()
    wanted: tuple[str, object]
    if change == "mailmap":
        project.repo.commit("names", {".mailmap": "Anna Lee <ann@example.org>\n"})
        wanted = ("person", "Anna Lee")
    elif change == "marks":
        project.write_settings('marks = ["forge"]', top=KEEP_NOTHING)
        wanted = ("bugs", ())
    else:
        project.write_settings('robots = ["Ann*"]', top=KEEP_NOTHING)
        wanted = ("person", "")
    archived.snapshot = project.look()
    assert archived.archive().startswith("stable: archived 11 landings; it holds r1 to r11")
    assert getattr(archived.stories("r3")[0], wanted[0]) == wanted[1]


def test_settings_that_do_not_matter_here_leave_it_alone(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas, project = archived.history(), archived.project
    archived.go_live(shas[10])
    archived.archive()
    project.write_settings('orphans = "pass"', top=KEEP_NOTHING)
    archived.snapshot = project.look()
    read = WholeMainline.read
    monkeypatch.setattr(WholeMainline, "read", lambda *_: pytest.fail("it was read again"))
    archived.archive()
    monkeypatch.setattr(WholeMainline, "read", read)
    forbid(monkeypatch)
    assert archived.stories("r3")[0].title == "three"


def test_a_database_of_an_earlier_release_gets_the_tables(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas, project = archived.history(), archived.project
    archived.go_live(shas[10])
    with closing(sqlite3.connect(project.state / "shepherd.db")) as database:
        for table in ("archives", "older", "older_names"):
            database.execute(f"DROP TABLE {table}")
        kept = database.execute("SELECT count(*) FROM landings").fetchone()
    assert archived.stories("r3")[0].title == "three"
    archived.archive()
    with closing(sqlite3.connect(project.state / "shepherd.db")) as database:
        assert database.execute("SELECT count(*) FROM landings").fetchone() == kept
    forbid(monkeypatch)
    assert archived.stories("r3")[0].title == "three"


def test_a_date_that_no_calendar_has(archived: Archived) -> None:
    project = archived.project
    project.land("one")
    odd = project.repo.commit("two", date=99_999_999_999_999)
    archived.go_live(odd)
    archived.archive()
    assert "id=r2" in page(archived)
    assert archived.stories("r2")[0].landed_at == archived.snapshot.generated_at.replace(microsecond=0)
    assert landing_events(project.settings, archived.snapshot, parse_rev("r2"))


def test_where_nothing_is_live_there_is_no_page(tmp_path: Path) -> None:
    archived = Archived(tmp_path, "deployed = { recorded = true }\n")
    archived.history()
    archived.project.deployed("r0")
    archived.project.look()
    archived.project.deployed("r4")
    archived.project.look()
    archived.archive()
    assert "id=r4" in page(archived)
    archived.project.deployed("r0")
    archived.project.look()
    said = plan(archived)
    assert "would take 4 landings out" in said and "remove branch-t.html, index.html, number-" in said
    assert "took out 4 landings" in archived.archive()
    assert files(archived) == set() and archived.span() is None


OTHER = """
deployed = { ref = "production" }
[branches.devel]
repository = "project.git"
ref = "devel"
deployed = { ref = "production" }
"""


def test_another_branch_that_is_not_there_keeps_nothing_from_being_archived(tmp_path: Path) -> None:
    archived = Archived(tmp_path, OTHER)
    repo, project = archived.project.repo, archived.project
    [root] = project.land("begin")
    side = repo.commit("[bug=7] on devel", parents=[root], branch="side")
    merge = repo.merge("Merge branch 'devel'", side)
    archived.go_live(merge)
    assert archived.archive().startswith("stable: archived 2 landings; it holds r1 to r2")
    assert archived.stories("r2")[0].bugs == (7,)
    repo.set_ref("refs/heads/devel", side)
    archived.go_live(merge)
    assert archived.archive().startswith("stable: archived 2 landings")
    assert archived.stories("r2")[0].bugs == ()
    assert "bug 7" not in page(archived)
    repo.git("update-ref", "-d", "refs/heads/devel")
    archived.go_live(merge)
    # what was read while it was there stays right
    assert archived.archive().startswith("stable: archived 0 landings")


def test_what_is_not_live_any_more_goes_though_git_cannot_be_read(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas = archived.history()
    archived.go_live(shas[9])
    archived.archive()
    archived.go_live(shas[3])

    def missing(*_: object) -> None:
        raise SourceError("no git")

    monkeypatch.setattr(archive, "mainline_of", missing)
    with pytest.raises(SourceError):
        archived.archive()
    assert "id=r4" in page(archived) and "id=r5" not in page(archived)


@pytest.mark.usefixtures("by_twos")
def test_a_dry_run_says_what_the_run_does(archived: Archived) -> None:
    shas = archived.history()
    archived.go_live(shas[9])
    archived.archive(seconds=0)
    archived.archive(seconds=0)
    archived.go_live(shas[7])
    said = plan(archived)
    assert "would take 2 landings out" in said and "archive 6 landings" in said
    assert "remove r9-10.html" in said
    done = archived.archive()
    assert done.startswith("stable: archived 6 landings") and "took out 2 landings" in done
    assert plan(archived) == "stable: would archive nothing: it holds r1 to r8"
