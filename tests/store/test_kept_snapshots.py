"""Kept snapshots are compressed, and older releases do not take what they see for all that was said
(docs/interfaces.md#files)."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from shepherd.plainfile import UnreadableFileError
from shepherd.snapshot import Snapshot
from shepherd.store.snapshot_files import stored
from shepherd.store.snapshots import LATEST, Snapshots
from shepherd.store.wholeness import named_by
from tests.views.factory import NOW, snapshot


def saying(warning: str, minute: int) -> Snapshot:
    at = NOW + timedelta(minutes=minute)
    return replace(snapshot(), warnings=(warning,), run_id=f"20110824T10{minute:02}00Z-0000", generated_at=at)


FIRST, SECOND = saying("one", 1), saying("two", 2)


@pytest.fixture
def there(tmp_path: Path) -> Snapshots:
    snapshots = Snapshots(tmp_path, "stable")
    for each in (FIRST, SECOND):
        snapshots.write(each)
    return snapshots


def of_an_older_release(snapshots: Snapshots) -> list[str]:
    """The warnings of what 0.2 reads, newest first: it ends at what it cannot read."""
    seen: list[str] = []
    kept = sorted((p for p in snapshots.folder.glob("*.json") if p.name != LATEST), reverse=True)
    for path in (snapshots.folder / LATEST, *kept):
        try:
            seen += msgspec.json.decode(path.read_bytes(), type=Snapshot).warnings
        except msgspec.DecodeError:
            break
    return seen


def test_the_latest_is_plain_and_what_is_kept_is_gzip(there: Snapshots) -> None:
    assert json.loads((there.folder / LATEST).read_bytes())["run_id"] == SECOND.run_id
    for each in (FIRST, SECOND):
        kept = (there.folder / f"{each.run_id}.json.gz").read_bytes()
        assert json.loads(gzip.decompress(kept))["run_id"] == each.run_id
    assert [each.run_id for each in there.newest_first()] == [SECOND.run_id, SECOND.run_id, FIRST.run_id]


def test_what_says_the_same_is_kept_once(there: Snapshots) -> None:
    before = sorted(there.folder.iterdir())
    there.write(replace(SECOND, run_id="20110824T100300Z-0000"))
    assert sorted(there.folder.iterdir()) == before
    latest = there.latest()
    assert latest is not None and latest.run_id == "20110824T100300Z-0000"


def test_what_an_older_release_kept_is_read(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, "stable")
    snapshots.folder.mkdir()
    for name, each in ((LATEST, SECOND), (f"{FIRST.run_id}.json", FIRST)):
        (snapshots.folder / name).write_bytes(msgspec.json.encode(each))
    assert [each.run_id for each in snapshots.newest_first()] == [SECOND.run_id, FIRST.run_id]


def test_an_older_release_ends_at_what_it_cannot_read(there: Snapshots) -> None:
    """After a roll-back it must not take the plain one from before the upgrade for the one before its own."""
    (there.folder / "20110824T090000Z-0000.json").write_bytes(msgspec.json.encode(saying("long ago", 0)))
    (there.folder / "20110824T103000Z-0000.json").write_bytes(msgspec.json.encode(saying("its own", 30)))
    assert of_an_older_release(there) == ["two", "its own"]


def test_the_file_that_ends_it_is_no_snapshot_and_the_only_one(there: Snapshots) -> None:
    assert [path.name for path in there.folder.glob("*.json") if path.name != LATEST] == [
        f"{SECOND.run_id}.json"
    ]
    assert {path.name for path in there.files()} == {
        LATEST,
        f"{FIRST.run_id}.json.gz",
        f"{SECOND.run_id}.json.gz",
    }


def test_a_run_killed_before_it_left_that_file_leaves_it_to_the_next(there: Snapshots) -> None:
    (there.folder / f"{SECOND.run_id}.json").unlink()
    there.write(SECOND)
    assert (there.folder / f"{SECOND.run_id}.json").exists()


@pytest.mark.parametrize("harm", [lambda kept: kept[:-10], lambda kept: b"{}", lambda _: b""])
def test_a_damaged_one_is_said_to_be_and_ends_the_list(there: Snapshots, harm: object) -> None:
    path = there.folder / f"{FIRST.run_id}.json.gz"
    assert callable(harm)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(UnreadableFileError, match="is damaged"):
        stored(path)
    assert [each.run_id for each in there.newest_first()] == [SECOND.run_id, SECOND.run_id]


@pytest.mark.parametrize(
    "harm", [lambda kept: kept[:-10], lambda kept: kept[:40] + b"x" * 500, lambda _: b""]
)
def test_where_the_newest_is_damaged_the_same_is_kept_again(there: Snapshots, harm: object) -> None:
    path = there.folder / f"{SECOND.run_id}.json.gz"
    assert callable(harm)
    path.write_bytes(harm(path.read_bytes()))
    (there.folder / LATEST).write_text("{")
    there.write(replace(SECOND, run_id="20110824T100300Z-0000"))
    assert (there.folder / "20110824T100300Z-0000.json.gz").exists()


def test_a_compressed_one_names_the_journal_where_the_latest_cannot_be_read(there: Snapshots) -> None:
    (there.folder / LATEST).write_text("{")
    assert [each.run_id for each in named_by(there, None, "stable")] == [SECOND.run_id]


def test_the_last_answer_without_its_landings(there: Snapshots) -> None:
    outline = there.outline()
    assert outline == replace(SECOND, landings=())


def test_but_with_the_one_that_waits_for_a_condition(there: Snapshots) -> None:
    waits = replace(SECOND, waits=snapshot().tip)
    there.write(waits)
    outline = there.outline()
    assert outline is not None
    assert outline.landings == tuple(each for each in waits.landings if each.revno == 106)


@pytest.mark.parametrize("content", ["{", "{}", "[]"])
def test_one_that_cannot_be_read_says_nothing_to_the_writer(there: Snapshots, content: str) -> None:
    (there.folder / LATEST).write_text(content)
    assert there.outline() is None
