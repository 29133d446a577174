"""A snapshot as JSON and back (docs/interfaces.md#schema-2): small ones as ever, lists that repeat once."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from shepherd.snapshot import LandingEntry, Snapshot
from shepherd.snapshot_json import SHORT, WORTH, pieces, read_snapshot
from shepherd.snapshot_outline import same_but_for_times, says
from tests.test_snapshot import SCHEMA
from tests.views.factory import NOW, entry, every_progress, no_data, snapshot

HUNDRED = tuple(range(101, 201))
BLOCKED: dict[str, Any] = {
    "deployable_as_tip": False,
    "progress": "waiting",
    "blocked_by": HUNDRED,
    "blocked_by_count": 100,
}


def blocking(revno: int) -> LandingEntry:
    """One of the hundred, blocked by itself and those before it."""
    mine = HUNDRED[: revno - 100]
    said = {"state": "bad", "good": False, "progress": "bad", "blocked_by_count": len(mine)}
    return entry(revno, deployable_as_tip=False, blocked_by=mine, **said)


def window(newer: int) -> Snapshot:
    """So many landings that the same hundred block, then these."""
    landings = [entry(revno, **BLOCKED) for revno in range(200 + newer, 200, -1)]
    return snapshot(landings=(*landings, *map(blocking, range(200, 100, -1))), blockers=(), next=None)


LARGE = window(WORTH // 100)


class LandingOfAnOlderRelease(msgspec.Struct):
    """As 0.2 reads it: no key has a default."""

    revno: int
    blocked_by: tuple[int, ...]


class DocumentOfAnOlderRelease(msgspec.Struct):
    landings: tuple[LandingOfAnOlderRelease, ...]


def written(given: Snapshot) -> bytes:
    return b"".join(pieces(given))


@pytest.mark.parametrize("given", [snapshot(), every_progress(), no_data(), window(WORTH // 100 - 1)])
def test_a_document_without_much_that_repeats_has_every_key_of_every_landing(given: Snapshot) -> None:
    assert written(given) == msgspec.json.encode(given)
    assert json.loads(written(given))["schema"] == 1
    assert read_snapshot(written(given)) == given


class TestLarge:
    def test_a_list_stands_once_and_the_others_say_where(self) -> None:
        document = json.loads(written(LARGE))
        assert document["schema"] == 2
        first, *others = document["landings"][: WORTH // 100]
        assert first["blocked_by"] == list(HUNDRED)
        assert {each["blocked_by_of"] for each in others} == {first["revno"]}
        assert not any("blocked_by" in each for each in others)

    def test_it_fits_its_schema(self) -> None:
        Draft202012Validator(SCHEMA).validate(json.loads(written(LARGE)))

    @pytest.mark.parametrize("key", ["blocked_by", "bugs", "live_since"])
    def test_the_schema_wants_every_key_in_a_small_one(self, key: str) -> None:
        document = json.loads(written(snapshot()))
        del document["landings"][0][key]
        assert not Draft202012Validator(SCHEMA).is_valid(document)

    def test_the_schema_wants_to_know_what_blocks_each(self) -> None:
        document = json.loads(written(LARGE))
        del document["landings"][1]["blocked_by_of"]
        assert not Draft202012Validator(SCHEMA).is_valid(document)

    def test_what_is_read_is_what_was_written(self) -> None:
        assert read_snapshot(written(LARGE)) == LARGE

    def test_landings_share_a_list_in_memory(self) -> None:
        landings = read_snapshot(written(LARGE)).landings[: WORTH // 100]
        assert len({id(each.blocked_by) for each in landings}) == 1

    def test_so_they_do_if_an_older_release_wrote_it_at_each(self) -> None:
        landings = read_snapshot(msgspec.json.encode(LARGE)).landings[: WORTH // 100]
        assert len({id(each.blocked_by) for each in landings}) == 1

    def test_short_lists_stand_at_each(self) -> None:
        short = [entry(number, **{**BLOCKED, "blocked_by": HUNDRED[:SHORT]}) for number in (19, 18)]
        landings = json.loads(written(replace(LARGE, landings=(*LARGE.landings, *short))))["landings"]
        assert [each["blocked_by"] for each in landings[-2:]] == [list(HUNDRED[:SHORT])] * 2

    def test_a_key_that_says_nothing_is_left_out_and_no_other(self) -> None:
        landings = json.loads(written(LARGE))["landings"]
        in_full = json.loads(msgspec.json.encode(LARGE))["landings"]
        for lean, full in zip(landings, in_full, strict=True):
            said = {key: value for key, value in full.items() if value not in (None, "", [])}
            if "blocked_by_of" in lean:
                said |= {"blocked_by_of": 200 + WORTH // 100}
                del said["blocked_by"]
            assert lean == said

    def test_who_knows_the_first_schema_alone_does_not_take_it_for_not_blocked(self) -> None:
        with pytest.raises(msgspec.ValidationError, match="missing required field `blocked_by`"):
            msgspec.json.decode(written(LARGE), type=DocumentOfAnOlderRelease)


@pytest.mark.parametrize(
    "harm",
    [
        lambda landing: landing.pop("blocked_by_of"),
        lambda landing: landing.update(blocked_by_of=landing["revno"]),
        lambda landing: landing.update(blocked_by_of=landing["revno"] - 1),
        lambda landing: landing.update(blocked_by_of=None),
    ],
)
def test_a_landing_that_does_not_say_what_blocks_it_makes_no_answer(harm: Callable[[Any], object]) -> None:
    document = json.loads(written(LARGE))
    harm(document["landings"][1])
    with pytest.raises(msgspec.ValidationError):
        read_snapshot(json.dumps(document).encode())


def test_nor_does_one_of_the_first_schema() -> None:
    document = json.loads(written(snapshot()))
    del document["landings"][0]["blocked_by"]
    with pytest.raises(msgspec.ValidationError, match="does not say what blocks it"):
        read_snapshot(json.dumps(document).encode())


OTHER = replace(LARGE.landings[-1], title="Another one")


class TestSaysTheSame:
    @pytest.mark.parametrize("given", [snapshot(), every_progress(), no_data(), LARGE])
    def test_at_another_time(self, given: Snapshot) -> None:
        later = replace(given, run_id="later", generated_at=NOW, valid_until=NOW)
        assert same_but_for_times(later, given)
        assert says(BytesIO(written(given)), later)

    @pytest.mark.parametrize(
        "other",
        [
            replace(LARGE, answer="blocked"),
            replace(LARGE, warnings=("another",)),
            replace(LARGE, landings=LARGE.landings[:-1]),
            replace(LARGE, landings=(*LARGE.landings, entry(99))),
            replace(LARGE, landings=(*LARGE.landings[:-1], OTHER)),
        ],
    )
    def test_not_if_anything_else_differs(self, other: Snapshot) -> None:
        assert not says(BytesIO(written(LARGE)), other)
        assert not says(BytesIO(written(other)), LARGE)

    @pytest.mark.parametrize("cut", [0, 10, 2_000, 100_000])
    def test_not_if_it_was_cut_short(self, cut: int) -> None:
        assert not says(BytesIO(written(LARGE)[:cut]), LARGE)

    def test_what_is_cut_at_its_very_end_is_no_snapshot(self) -> None:
        with pytest.raises(msgspec.DecodeError):
            says(BytesIO(written(LARGE)[:-1]), LARGE)
