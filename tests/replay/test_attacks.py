"""Inputs that nobody kept so: made by hand, damaged, another branch's, a later release's. Each is said in a
sentence, and nothing is hidden by it (docs/replay.md#kept)."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec import Struct

from shepherd.printable import STEERING
from shepherd.store.line_volumes import times
from shepherd.store.packed_lines import packed
from tests.campaigns import times as times_of
from tests.inv import inv_here
from tests.replay.record import TEAM

ANSWERS = 36
"""Those of `next` that were recorded."""
DEEP = b"[" * 100_000
VALUES = (
    *(b"null", b"-1", b"1" + b"0" * 30, b"1000000000000", b'"x"', b"[]", b"{}", b"true", b"1e400", b"NaN"),
    *(b'"\\u0000\\u202e\\u001b[31m"', DEEP, b'"' + b"y" * 300_000 + b'"', b"", b"\xff\xfe"),
    *(b"[[1,1000000000000]]", b'"9999-12-31T23:59:59Z"', b'"0001-01-01T00:00:00+14:00"', b'"25:99"'),
    *(b'"Mars/Olympus"', b'"../../etc/passwd"', b'{"revno":1000000000,"id":"x"}', b'{"revno":-5,"id":""}'),
)
KEYS = (
    *(b"", b"7", b"{}", b"[]", b'["reading"]', b'["reading","landings","x"]', b"[null,null]", DEEP),
    *(b'["reading","landings",1000000000000]', b'["reading","landings",-1]', b'["recorded","kept","a"]'),
    *(b'["context","now",1]', b'["tracker","about","1"]', b'["why","of a later release"]', b'["new","x"]'),
)


class Replayed(Struct):
    """What `inv replay` said of the branch whose inputs were touched."""

    code: int
    text: str
    complaints: list[str]
    answers: int
    same: int


@pytest.fixture
def place(tmp_path: Path) -> Path:
    shutil.copytree(TEAM, tmp_path / "team")
    return tmp_path / "team"


def volume_of(place: Path, number: int = 1, branch: str = "next") -> Path:
    return place / "snapshots" / branch / "inputs" / f"{number:08}.gz"


def write(volume: Path, kept: Iterable[Iterable[bytes]]) -> None:
    volume.write_bytes(b"".join(b"".join(packed(lines, 1)) for lines in kept))


def put(place: Path, key: str, value: str | bytes) -> None:
    """Give a line of the first time another value."""
    volume = volume_of(place)
    first, *others = times(volume)
    value = value.encode() if isinstance(value, str) else value
    assert any(line.startswith(f"{key}\t".encode()) for line in first)
    changed = [
        f"{key}\t".encode() + value if line.startswith(f"{key}\t".encode()) else line for line in first
    ]
    write(volume, [changed, *others])


def replayed(place: Path) -> Replayed:
    """Text and JSON agree, nothing steers the terminal, and each complaint is one line."""
    done = inv_here(place, "replay", "--branch", "next")
    as_json = inv_here(place, "replay", "--branch", "next", "--json")
    assert as_json.code == done.code
    shown = done.out + done.err + as_json.out
    assert "Traceback" not in shown
    assert not re.search(f"[\x00-\x09\x0b-\x1f{STEERING}]", shown)
    (report,) = json.loads(as_json.out)["branches"]
    assert all(len(each) < 600 for each in report["problems"])
    assert (done.code == 0) == (report["same"] == report["answers"] and not done.err)
    return Replayed(done.code, done.out, done.err.splitlines(), report["answers"], report["same"])


def test_all_is_well_before(place: Path) -> None:
    assert (replayed(place).code, replayed(place).same) == (0, ANSWERS)


@pytest.mark.parametrize("byte", [0, 1, 9, 200, -1])
def test_a_file_that_is_cut_off(place: Path, byte: int) -> None:
    volume = volume_of(place)
    volume.write_bytes(volume.read_bytes()[:byte])
    said = replayed(place)
    if byte:
        assert said.code == 5 and len(said.complaints) == 1 and volume.name in said.complaints[0]
    assert said.answers == said.same < ANSWERS


def test_inputs_of_another_branch(place: Path) -> None:
    shutil.copy(volume_of(place, branch="stable"), volume_of(place, 3))
    others = len(list(times(volume_of(place, 3))))
    said = replayed(place)
    assert said.code == 5 and said.same == ANSWERS
    assert said.complaints == [
        f"next: {others} answers, the first of run-0003, are not judged again: by what was kept they are"
        " answers of stable"
    ]


def test_one_input_says_that_it_is_of_another_branch(place: Path) -> None:
    put(place, '["context","branch"]', '"stable"')
    said = replayed(place)
    assert said.code == 5 and "they are answers of stable" in said.complaints[0]


def test_a_key_of_a_later_release(place: Path) -> None:
    volume = volume_of(place)
    first, *others = times(volume)
    write(volume, [[*first, b'["why","weather"]\t"fine"'], *others])
    said = replayed(place)
    assert said.code == 5
    assert "names why weather, which this release does not know: a later one kept it" in said.complaints[0]


def test_a_landing_of_a_later_release(place: Path) -> None:
    """What it knows of a landing in addition is left out; the answer then either follows or differs."""
    volume = volume_of(place)
    kept = [[line.replace(b'{"revno":', b'{"weather":1,"revno":') for line in each] for each in times(volume)]
    write(volume, kept)
    assert replayed(place).same == ANSWERS


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ('["rules","scope"]', "[[1,1000000000000]]", 5),
        ('["rules","scope"]', "[[-1000000000,2]]", 5),
        ('["reading","tip"]', '{"revno":1000000000,"id":"x"}', 5),
        ('["reading","deployed"]', '{"revno":1000000000,"id":"x","extra":[]}', 8),
        ('["announcement","at"]', '"25:99"', 5),
        ('["announcement","timezone"]', '"Mars/Olympus"', 5),
        ('["announcement","timezone"]', '"../../../etc/passwd"', 5),
        ('["context","now"]', '"0001-01-01T00:00:00Z"', 5),
        ('["context","now"]', '"2011-08-02T11:04:00"', 5),
        ('["context","now"]', '"9999-12-31T23:59:59Z"', 8),
        ('["context","run_id"]', '"\\u001b[31mrun\\u202e\\n--x"', 8),
        ('["why","problem"]', '"\\u001b[31mrun\\u202e\\n--x"', 8),
        ('["why","parts"]', '["weather"]', 5),
        ('["why","parts"]', "[]", 5),
        ('["outcome","sum"]', '"\\u001b[31m"', 8),
        ('["outcome","answer"]', '"perhaps"', 5),
    ],
)
def test_a_value_that_makes_no_sense(place: Path, key: str, value: str, code: int) -> None:
    put(place, key, value)
    said = replayed(place)
    assert said.code == code
    assert said.same < ANSWERS


def test_the_code_that_judged_is_shown_as_it_is_and_steers_nothing(place: Path) -> None:
    put(place, '["why","code"]', '"\\u001b[31mrun\\u202e\\n--x"')
    put(place, '["outcome","sum"]', '"other"')
    assert replayed(place).code == 8


@pytest.mark.parametrize("seed", range(10))
def test_any_line_may_say_anything(place: Path, seed: int) -> None:
    says_anything(place, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1000 + times_of(300)))
def test_any_line_may_say_anything_often(place: Path, seed: int) -> None:
    says_anything(place, seed)


def says_anything(place: Path, seed: int) -> None:
    """One line of one time is another one: what is not judged is said, and what is judged is compared."""
    chance = random.Random(seed)
    volume = volume_of(place, chance.choice((1, 2)))
    kept = [list(each) for each in times(volume)]
    lines = chance.choice(kept)
    place_of = chance.randrange(len(lines))
    key, _, value = lines[place_of].partition(b"\t")
    match chance.randrange(4):
        case 0:
            lines[place_of] = chance.choice(KEYS) + b"\t" + value
        case 1:
            del lines[place_of]
        case _:
            lines[place_of] = key + b"\t" + chance.choice(VALUES)
    write(volume, kept)
    replayed(place)
