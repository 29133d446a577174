"""The pages of older landings: they follow the archive, keep their addresses while it is made again, and
nothing that is not ours is removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.atomic import write_atomically
from shepherd.errors import StoreError
from shepherd.stages import older_pages
from shepherd.stages.older_folder import pages_there, remove_pages
from shepherd.views.older import initial_of
from tests.stages.archived import KEEP_NOTHING, Archived, Killed, files, folder, page, ranges


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
