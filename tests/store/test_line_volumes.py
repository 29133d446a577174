"""Volumes of lines: what was added is read again, whatever happens to who adds or to the files."""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import stat
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd import plainfile
from shepherd.errors import StoreError
from shepherd.store import line_volumes, packed_lines
from shepherd.store.last_lines import LineGroup
from shepherd.store.line_changes import key_of
from shepherd.store.line_volumes import LAST, LineVolumes, times
from shepherd.store.pruning import WEEK
from tests.campaigns.killing import killed_at, points, undisturbed

Content = dict[tuple[str, int], str]
"""(First word of the key, number) -> value."""
KEYS = st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 12))
CONTENTS = st.dictionaries(KEYS, st.text(max_size=3), max_size=12)


def groups(content: Content, unsaid: Iterable[str] = ()) -> Iterator[LineGroup]:
    """One of each first word."""
    for word in ("a", "b", "c"):
        lines = [
            json.dumps(key).encode() + b"\t" + json.dumps(content[key]).encode()
            for key in sorted(content)
            if key[0] == word
        ]
        if word not in unsaid:
            yield LineGroup(word, sha256(b"".join(lines)).hexdigest(), partial(iter, lines))


def add(folder: Path, content: Content, unsaid: Collection[str] = (), period: int = 0) -> bool:
    volumes = LineVolumes(folder, 1)
    return volumes.add(lambda: groups(content, unsaid), lambda group: group in unsaid, period)


def read(volume: Path) -> Iterator[Content]:
    known: Content = {}
    for member in times(volume):
        for line in member:
            word, number = key_of(line)
            _, tab, value = line.partition(b"\t")
            if tab:
                known[str(word), int(number)] = json.loads(value)
            else:
                del known[str(word), int(number)]
        yield dict(known)


def read_all(folder: Path) -> list[Content | str]:
    """What each time was; in place of what cannot be read, why."""
    found: list[Content | str] = []
    for volume in LineVolumes(folder, 1).volumes():
        try:
            found += read(volume)
        except plainfile.UnreadableFileError as why:
            found.append(why.problem)
    return found


def some(count: int, size: int = 5) -> list[Content]:
    """Times that differ a little, one after the other."""
    return [
        {("a", each): "x" * (3 if each != number % size else number + 4) for each in range(size)}
        | {("b", number): "new"}
        for number in range(count)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "stable" / "inputs"


@given(st.lists(st.tuples(CONTENTS, st.sets(st.sampled_from(["b", "c"])), st.integers(0, 1)), max_size=8))
def test_any_times_are_read_again(
    tmp_path_factory: pytest.TempPathFactory, given: list[tuple[Content, set[str], int]]
) -> None:
    folder = tmp_path_factory.mktemp("any") / "inputs"
    expected: list[Content] = []
    for content, unsaid, period in given:
        said = {key: value for key, value in content.items() if key[0] not in unsaid}
        begun = add(folder, said, unsaid, period)
        before = {} if begun or not expected else expected[-1]
        expected.append(said | {key: value for key, value in before.items() if key[0] in unsaid})
    assert read_all(folder) == expected


def test_only_what_differs_is_kept(folder: Path) -> None:
    content: Content = {("a", number): str(zlib.crc32(b"%d" % number)) for number in range(5_000)}
    assert add(folder, content)
    (volume,) = LineVolumes(folder, 1).volumes()
    first = volume.stat().st_size
    for number in range(10):
        assert not add(folder, content | {("a", number): "other"})
    assert volume.stat().st_size - first < 1_500 < first / 10


def test_a_volume_ends_where_what_follows_outweighs_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_volumes, "SMALLEST", 1_000)
    given = some(100)
    begun = [add(folder, content) for content in given]
    assert begun[0] is True
    assert 3 < sum(begun) < 15
    assert read_all(folder) == given


def test_each_period_has_volumes_of_its_own(folder: Path) -> None:
    begun = [add(folder, content, period=each) for content, each in zip(some(4), (7, 7, 8, 7), strict=True)]
    assert begun == [True, False, True, True]
    assert [path.name for path in LineVolumes(folder, 1).volumes()] == [
        "00000001.gz",
        "00000002.gz",
        "00000003.gz",
    ]
    assert read_all(folder) == some(4), "in the order in which they were added, whatever the clock says"


def test_lines_of_another_layout_begin_a_volume(folder: Path) -> None:
    add(folder, some(1)[0])
    assert LineVolumes(folder, 2).add(lambda: groups(some(2)[1]), lambda _group: False, 0)
    assert read_all(folder) == some(2)


def test_only_the_owner_may_read_them(folder: Path) -> None:
    mask = os.umask(0)
    try:
        add(folder, some(1)[0])
        add(folder, some(2)[1])
    finally:
        os.umask(mask)
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o755, "who reads what lies beside it passes here"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_kill_at_any_write(tmp_path: Path) -> None:
    """Those before are readable, the one that was added is or is said to be cut off, and the next is kept."""
    before, killed, after = some(3)
    for begins in (True, False):
        saved, folder = tmp_path / "saved", tmp_path / "stable" / "inputs"
        shutil.rmtree(saved, ignore_errors=True)
        add(saved, before)

        def again(saved: Path = saved, folder: Path = folder) -> None:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(saved, folder)

        again()
        body = partial(add, folder, killed, (), 1 if begins else 0)
        writes = points(body)
        assert len(writes) > 4
        torn = 0
        for number, what in enumerate(writes):
            again()
            assert killed_at(body, number)
            undisturbed(partial(add, folder, after, (), 1))
            found = read_all(folder)
            said = [each for each in found if isinstance(each, str)]
            torn += len(said)
            assert [each for each in found if not isinstance(each, str)] in (
                [before, after],
                [before, killed, after],
            ), what
            assert all("is cut off after byte" in each for each in said)
            assert sorted(path.name for path in folder.iterdir() if "." not in path.name) == [LAST]
            assert not list(folder.glob(".*")), "leftovers are swept"
        assert (torn > 0) is not begins, "half of what was to be added was written"


@pytest.mark.parametrize("begins", [True, False])
def test_a_full_disk(folder: Path, begins: bool) -> None:
    """The kernel refuses to write beyond some byte: one sentence, and nothing is left half."""
    content: Content = {("a", number): str(zlib.crc32(b"%d" % number)) for number in range(400)}
    add(folder, content)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other: Content = {key: value[::-1] for key, value in content.items()}
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    largest = max(map(len, before.values()))

    def confined(room: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        with pytest.raises(StoreError, match=r"cannot be written \(File too large\)") as caught:
            add(folder, other, (), 1 if begins else 0)
        assert "\n" not in str(caught.value)

    size = len(before["00000001.gz"])
    for room in (0, 10, *((size // 2,) if begins else (size + 5, largest + 20))):
        undisturbed(partial(confined, room))
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before, room
    add(folder, other)
    assert read_all(folder) == [content, other]


def test_any_byte_that_is_changed_is_found(folder: Path) -> None:
    given = some(6)
    for content in given:
        add(folder, content)
    (volume,) = LineVolumes(folder, 1).volumes()
    whole = volume.read_bytes()
    seen = {0}
    for place in range(len(whole)):
        volume.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        found = read_all(folder)
        kept = [each for each in found if not isinstance(each, str)]
        # the time, name and flags in the head of a member say nothing of its lines
        assert kept == given[: len(kept)]
        assert len(kept) == len(given) or "after byte" in str(found[-1]), place
        seen.add(len(kept))
    assert seen == set(range(7))


def test_a_damaged_volume_is_left_and_what_follows_is_kept(folder: Path) -> None:
    first, second, third = some(3)
    add(folder, first)
    add(folder, second)
    (volume,) = LineVolumes(folder, 1).volumes()
    volume.write_bytes(volume.read_bytes()[:-3])
    assert add(folder, third), "it does not end where it ended"
    assert read_all(folder)[0] == first
    assert "is cut off" in str(read_all(folder)[1])
    assert read_all(folder)[2:] == [third]


def damaged(last: Path) -> None:
    content = bytearray(last.read_bytes())
    content[len(content) // 2 - 30] ^= 0xFF
    last.write_bytes(content)


def removed(last: Path) -> None:
    last.unlink()


def linked(last: Path) -> None:
    last.rename(last.with_name("elsewhere"))
    last.symlink_to("elsewhere")


def a_pipe(last: Path) -> None:
    last.unlink()
    os.mkfifo(last)


@pytest.mark.parametrize("harm", [damaged, removed, linked, a_pipe])
def test_a_last_time_that_cannot_be_read(folder: Path, harm: Callable[[Path], None]) -> None:
    given = some(3)
    add(folder, given[0])
    harm(folder / LAST)
    assert [add(folder, content) for content in given[1:]] == [True, False]
    assert read_all(folder) == given


def test_a_volume_that_is_no_file(folder: Path) -> None:
    given = some(2)
    add(folder, given[0])
    (volume,) = LineVolumes(folder, 1).volumes()
    volume.rename(folder.parent / "away.gz")
    volume.symlink_to(folder.parent / "away.gz")
    away = (folder.parent / "away.gz").read_bytes()
    assert add(folder, given[1])
    assert (folder.parent / "away.gz").read_bytes() == away, "a link is not written through"
    assert read_all(folder) == ["is a link, which is not followed", given[1]]


def test_something_else_in_the_place_of_the_folder(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file")
    with pytest.raises(StoreError, match=r"inputs: cannot be made a folder .*; move away what is there"):
        add(folder, some(1)[0])
    with pytest.raises(StoreError, match=r"inputs: cannot be read \(Not a directory\)"):
        read_all(folder)
    assert folder.read_text() == "a file"


def test_a_folder_in_the_place_of_the_last_time(folder: Path) -> None:
    """Nothing can be kept then, and no volume that belongs to nothing stays behind."""
    (folder / LAST).mkdir(parents=True)
    with pytest.raises(StoreError, match=r"last: cannot be written"):
        add(folder, some(1)[0])
    assert read_all(folder) == []


def test_far_too_many_lines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_lines, "LARGEST", 1_000_000)
    add(folder, some(1)[0])
    (volume,) = LineVolumes(folder, 1).volumes()
    with volume.open("ab") as file:
        file.write(gzip.compress(b"x" * 50_000_000))
    assert volume.stat().st_size < 60_000
    found = read_all(folder)
    assert found[0] == some(1)[0]
    assert "far larger" in str(found[1])


def test_a_name_is_never_given_twice(folder: Path) -> None:
    for content in some(2):
        add(folder, content, period=len(content))
    *_, newest = LineVolumes(folder, 1).volumes()
    newest.unlink()
    add(folder, some(3)[2], period=9)
    assert LineVolumes(folder, 1).volumes()[-1].name > newest.name


def test_what_is_old_goes_a_volume_at_a_time(folder: Path) -> None:
    week, given = WEEK, some(12)
    begin = 1_300_000_000
    for number, content in enumerate(given):
        add(folder, content, period=number)
        written = begin + number * week
        os.utime(LineVolumes(folder, 1).volumes()[-1], (written, written))
    volumes = LineVolumes(folder, 1)
    volumes.prune(begin + 1_000 * week, 20 * week)
    assert len(volumes.volumes()) == 12, "no single clock decides: there are not as many later weeks"
    volumes.prune(begin + 11 * week, 4 * week)
    assert read_all(folder) == given[-5:]


def test_a_clock_that_was_ahead_leaves_no_gap(folder: Path) -> None:
    """What follows a volume that seems to be new stays with it: one between others that is gone is a loss."""
    volumes, week = LineVolumes(folder, 1), float(WEEK)
    for number, content in enumerate(some(12)):
        add(folder, content, period=number)
        at = (number + 100 * (number == 2)) * week
        os.utime(volumes.volumes()[-1], (at, at))
    volumes.prune(12 * week, 2 * week)
    assert [path.name for path in volumes.volumes()] == [f"{number:08}.gz" for number in range(3, 13)]


def test_who_may_not_read_the_folder_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(StoreError, match=r"only the owner of state_dir may read it: run this as that user"):
        LineVolumes(tmp_path, 1).volumes()
