"""The archive says of every landing what a walk through git says, and says it wherever it was cut off."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shepherd.atomic import write_atomically
from shepherd.errors import SourceError, StoreError
from shepherd.git.lookup import WholeMainline
from shepherd.snapshot import Snapshot
from shepherd.stages import archive, older_pages
from shepherd.stages.archive import archive_branch
from shepherd.stages.find import Acceptance
from shepherd.stages.history import landing_events, past_of
from shepherd.stages.older_folder import pages_there, remove_pages
from shepherd.store import open_branch
from shepherd.store.older import ArchiveSpan
from shepherd.story import Story
from shepherd.values import parse_rev
from shepherd.views.older import initial_of
from tests.project import Project

KEEP_NOTHING = 'keep = "1s"'


class Archived:
    """A project whose database keeps no landing that is live, so that older ones are read elsewhere."""

    def __init__(self, folder: Path, branch: str = "") -> None:
        self.project = Project(folder, branch=branch, top=KEEP_NOTHING)
        self.snapshot: Snapshot

    def history(self) -> list[str]:
        """Landings of every kind: merges, reverts, rollbacks of rollbacks, requests, bugs."""
        project, repo = self.project, self.project.repo
        [root] = project.land("begin")
        side = repo.commit("[bug=7] on the side", parents=[root], branch="topic/side")
        merge = repo.merge("Merge pull request #12 from ann/topic-x", side)
        shas = [root, merge]
        shas += project.land("[bug=8] three", "four (#13)", "[rollback=3] five", "[rollback=5] six")
        shas.append(repo.revert(merge))
        shas.append(repo.revert(shas[-1]))
        shas += project.land("[rollback=4] nine", "Merge branch 'fix-y' into stable", "eleven", "twelve")
        return shas

    def go_live(self, sha: str) -> Snapshot:
        self.project.deploy(sha)
        self.snapshot = self.project.look()
        return self.snapshot

    def archive(self, seconds: float = float("inf")) -> str:
        return archive_branch(self.project.settings, "stable", self.project.run("archive"), seconds=seconds)

    def stories(self, rev: str) -> list[Story]:
        return past_of(self.project.settings, self.snapshot, parse_rev(rev, wide=True))

    def span(self) -> ArchiveSpan | None:
        with open_branch(self.project.settings, "stable", read_only=True) as store:
            return store.older.span()


@pytest.fixture
def archived(tmp_path: Path) -> Archived:
    return Archived(tmp_path)


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


def test_a_run_in_which_nothing_is_new_writes_nothing(archived: Archived) -> None:
    shas = archived.history()
    archived.go_live(shas[9])
    archived.archive()
    older_pages = archived.project.settings.report_path / "stable-older"
    before = {path: path.stat().st_mtime_ns for path in older_pages.iterdir()}
    archived.project.look()
    assert archived.archive() == "stable: archived 0 landings; it holds r1 to r10"
    assert {path: path.stat().st_mtime_ns for path in older_pages.iterdir()} == before


def test_a_deployment_leaves_pages_alone_on_which_nothing_happened(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shepherd.views.older.SIZE", 3)
    shas = archived.history()
    archived.go_live(shas[4])
    archived.archive()
    first = archived.project.settings.report_path / "stable-older" / "r1-3.html"
    before = first.stat().st_mtime_ns
    archived.go_live(shas[10])
    archived.archive()
    # r6 rolled the rollback r5 of r3 back
    assert first.stat().st_mtime_ns != before
    before = first.stat().st_mtime_ns
    archived.go_live(shas[11])
    archived.archive()
    assert first.stat().st_mtime_ns == before


class Killed(BaseException):
    """What ends a process at once."""


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


def page(archived: Archived) -> str:
    path = archived.project.settings.report_path / "stable-older" / "r1-1000.html"
    return path.read_text(encoding="utf-8")


def folder(archived: Archived) -> Path:
    return archived.project.settings.report_path / "stable-older"


def files(archived: Archived) -> set[str]:
    return {path.name for path in folder(archived).iterdir()} if folder(archived).is_dir() else set()


def ranges(archived: Archived) -> set[str]:
    return {name for name in files(archived) if name.startswith("r")}


def plan(archived: Archived) -> str:
    return archive_branch(archived.project.settings, "stable", archived.project.run("archive"), dry=True)


@pytest.fixture
def by_twos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shepherd.views.older.SIZE", 2)
    monkeypatch.setattr(archive, "BATCH", 2)


@pytest.mark.usefixtures("by_twos")
def test_where_production_goes_back_before_all_is_archived(archived: Archived) -> None:
    shas = archived.history()
    archived.go_live(shas[9])
    archived.archive(seconds=0)
    assert ranges(archived) == {"r9-10.html"}
    archived.go_live(shas[6])
    archived.archive(seconds=0)
    assert ranges(archived) == {"r7-8.html"}
    assert "id=r8" not in (folder(archived) / "r7-8.html").read_text()
    archived.archive()
    assert ranges(archived) == {"r1-2.html", "r3-4.html", "r5-6.html", "r7-8.html"}


@pytest.mark.usefixtures("by_twos")
def test_while_it_is_made_again_every_address_stays(archived: Archived) -> None:
    shas, project = archived.history(), archived.project
    archived.go_live(shas[9])
    archived.archive()
    before, there = files(archived), pages_there(project.settings, "stable")
    project.write_settings('robots = ["Ann*"]', top=KEEP_NOTHING)
    archived.snapshot = project.look()
    for _ in range(5):
        archived.archive(seconds=0)
        assert files(archived) == before
        assert pages_there(project.settings, "stable") == there
        index = (folder(archived) / "index.html").read_text()
        assert all(name in index for name in before if name.startswith(("r", "sha-", "number-", "branch-")))
    assert "Ann" not in (folder(archived) / "r1-2.html").read_text()


@pytest.mark.usefixtures("by_twos")
def test_where_the_database_was_lost_every_address_stays(archived: Archived) -> None:
    shas, project = archived.history(), archived.project
    archived.go_live(shas[9])
    archived.archive()
    before = files(archived)
    project.drop_cache()
    archived.go_live(shas[9])
    assert archived.archive(seconds=0).startswith("stable: archived 2 landings; it holds r9 to r10")
    assert files(archived) == before
    archived.archive()
    assert files(archived) == before


@pytest.mark.usefixtures("by_twos")
def test_a_page_that_waits_does_not_say_what_is_not_true_any_more(archived: Archived) -> None:
    shas, project = archived.history(), archived.project
    archived.go_live(shas[7])
    archived.archive()
    project.write_settings('robots = ["Ann*"]', top=KEEP_NOTHING)
    # r9 rolls r4 back, of which its page says that it is live
    archived.go_live(shas[9])
    archived.archive(seconds=0)
    assert ranges(archived) == {"r9-10.html"}
    newest = (folder(archived) / "r9-10.html").read_text()
    assert "r7-8.html" not in newest
    archived.archive()
    assert "r7-8.html" in (folder(archived) / "r9-10.html").read_text()
    assert "rolled-back" in (folder(archived) / "r3-4.html").read_text()


@pytest.mark.usefixtures("by_twos")
@pytest.mark.parametrize("notes", ["there", "gone", "broken"])
def test_pages_that_no_note_tells_of_are_removed(archived: Archived, notes: str) -> None:
    shas = archived.history()
    archived.go_live(shas[7])
    archived.archive()
    for name in ("r9-10.html", "sha-zz.html", "sha-00.html", "number-99990.html", "mine.html"):
        (folder(archived) / name).write_text("left by one that was killed")
    if notes == "gone":
        (folder(archived) / ".pages.json").unlink()
    elif notes == "broken":
        (folder(archived) / ".pages.json").write_text("{")
    archived.go_live(shas[6])
    archived.archive()
    assert ranges(archived) == {"r1-2.html", "r3-4.html", "r5-6.html", "r7-8.html"}
    assert {"mine.html", "sha-zz.html"} <= files(archived)
    assert not {"sha-00.html", "number-99990.html"} & files(archived)


def test_killed_before_it_noted_a_page_it_writes_that_again(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas = archived.history()
    archived.go_live(shas[9])
    archived.archive()
    noted = write_atomically

    def write(path: Path, content: bytes) -> None:
        noted(path, content)
        if path.name == "r1-1000.html":
            raise Killed

    archived.go_live(shas[10])
    monkeypatch.setattr(older_pages, "write_atomically", write)
    with pytest.raises(Killed):
        archived.archive()
    monkeypatch.setattr(older_pages, "write_atomically", noted)
    assert "id=r11" in page(archived)
    archived.go_live(shas[9])
    archived.archive()
    assert "id=r11" not in page(archived)


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


def test_only_what_is_ours_is_removed(archived: Archived) -> None:
    shas = archived.history()
    archived.go_live(shas[9])
    archived.archive()
    (folder(archived) / "notes").mkdir()
    (folder(archived) / "mine.txt").touch()
    (folder(archived) / ".r1-1000.html.abcdefgh.new").touch()
    remove_pages(archived.project.settings, "stable")
    assert files(archived) == {"notes", "mine.txt"}


def test_a_link_in_place_of_the_folder_is_not_followed(archived: Archived, tmp_path: Path) -> None:
    shas = archived.history()
    archived.go_live(shas[9])
    archived.archive()
    elsewhere = folder(archived).rename(tmp_path / "elsewhere")
    there = set(elsewhere.iterdir())
    folder(archived).symlink_to(elsewhere)
    with pytest.raises(StoreError, match="is a link, which is not followed: move it away"):
        remove_pages(archived.project.settings, "stable")
    with pytest.raises(StoreError, match="move it away"):
        archived.go_live(shas[10])
        archived.archive()
    assert set(elsewhere.iterdir()) == there
    folder(archived).unlink()
    folder(archived).touch()
    remove_pages(archived.project.settings, "stable")
    with pytest.raises(StoreError, match="cannot be made a folder"):
        archived.archive()


@pytest.mark.parametrize(
    ("branch", "initial"),
    [
        ("ann/topic-x", "t"),
        ("~ann/launchpad/Fix-login", "f"),
        ("bug-7/", "b"),
        ("_9lives", "9"),
        ("Ärger", "other"),
        ("---", "other"),
        ("topic/日本", "other"),
    ],
)
def test_a_branch_is_listed_under_its_initial(branch: str, initial: str) -> None:
    assert initial_of(branch) == initial


def test_branches_are_listed_with_all_their_landings(archived: Archived) -> None:
    shas = archived.history()
    archived.go_live(shas[10])
    archived.archive()
    listed = (folder(archived) / "branch-t.html").read_text()
    assert "ann/topic-x" in listed and "href=r1-1000.html#r2>" in listed
    assert "branch-t.html" in (folder(archived) / "index.html").read_text()
