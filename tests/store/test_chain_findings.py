"""What is said of a journal that is not as it was written (docs/audit.md#what-verify-finds)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.store import chain
from shepherd.store.chain_heads import KnownHead
from tests.store import chains
from tests.store.chains import all_findings, changed, forged, head_after, in_short, plain, renumbered

ROWS = plain(9)


def test_a_journal_as_it_was_written_holds() -> None:
    reading = chains.read(ROWS)
    assert (reading.entries, reading.last, reading.chained_since, reading.breaks) == (9, 9, 1, ())
    assert reading.head == head_after(ROWS, 9).hash
    assert all_findings(ROWS, *(head_after(ROWS, number) for number in range(1, 10))) == []


def test_an_entry_that_was_changed_is_named_with_what_else_is_possible() -> None:
    rows = [*ROWS[:4], changed(ROWS[4]), *ROWS[5:]]
    (finding,) = all_findings(rows)
    assert in_short([finding]) == [("unclear", 5, 5, False)]
    assert finding.text == (
        "entry 6 does not follow from entry 5: entry 5 was changed, or what stood between them is lost, and"
        " the rest was numbered again"
    )


def test_a_head_that_was_kept_proves_that_the_entry_was_changed() -> None:
    rows = [*ROWS[:4], changed(ROWS[4]), *ROWS[5:]]
    assert in_short(all_findings(rows, head_after(ROWS, 5))) == [("changed", 5, 5, True)]


def test_an_entry_whose_hash_alone_was_changed_is_named() -> None:
    rows = [*ROWS[:4], forged(ROWS[4], "0" * 63 + "1"), *ROWS[5:]]
    assert in_short(all_findings(rows)) == [("changed", 5, 5, True)]


def test_an_entry_that_was_changed_with_its_hash_fits_neither_neighbour() -> None:
    rows = [*ROWS[:4], forged(changed(ROWS[4]), "0" * 63 + "1"), *ROWS[5:]]
    assert in_short(all_findings(rows)) == [("changed", 5, 5, False)]


def test_entries_that_were_removed_leave_their_numbers() -> None:
    assert in_short(all_findings([*ROWS[:4], *ROWS[6:]])) == [("lost", 5, 6, False)]
    assert in_short(all_findings(ROWS[2:])) == [("lost", 1, 2, False)]


def test_removed_and_numbered_again_it_may_have_been_changed_as_well() -> None:
    rows = renumbered([*ROWS[:4], *ROWS[5:]])
    assert in_short(all_findings(rows)) == [("unclear", 4, 4, False)]
    # the hash of entry 5, which entry 6 named, is known: so entry 5 is lost. Entry 7 was number 8
    heads = [head_after(ROWS, 5), head_after(ROWS, 8)]
    assert [each.what for each in all_findings(rows, *heads)] == ["unclear", "renumbered"]
    assert in_short(all_findings([*ROWS[:4], *ROWS[5:]], head_after(ROWS, 5))) == [("lost", 5, 5, True)]


@pytest.mark.parametrize("before", ["", "f" * 64], ids=["fitting", "made up"])
def test_an_entry_that_was_put_in_was_not_there_when_the_next_was_written(before: str) -> None:
    new = forged(changed(ROWS[3]), before or head_after(ROWS, 4).hash)
    rows = renumbered([*ROWS[:4], new, *ROWS[4:]])
    assert in_short(all_findings(rows)) == [("inserted", 5, 5, True)]


def test_an_entry_without_hash_that_was_put_in_is_found_as_well() -> None:
    rows = renumbered([*ROWS[:4], changed(ROWS[3], "data", "{}"), *ROWS[4:]])
    assert in_short(all_findings(rows)) == [("inserted", 5, 5, True)]


def test_a_copy_of_an_entry_is_put_in_where_it_stands() -> None:
    rows = renumbered([*ROWS[:7], ROWS[2], *ROWS[7:]])
    assert in_short(all_findings(rows)) == [("inserted", 8, 8, True)]


@pytest.mark.parametrize(("one", "other"), [(1, 2), (4, 5), (4, 6), (2, 8), (1, 9), (8, 9)])
def test_two_entries_that_were_swapped_are_named(one: int, other: int) -> None:
    rows = list(ROWS)
    rows[one - 1], rows[other - 1] = rows[other - 1], rows[one - 1]
    assert in_short(all_findings(renumbered(rows))) == [("swapped", one, other, True)]


@pytest.mark.parametrize(("from_", "to"), [(2, 7), (7, 2)])
def test_an_entry_that_was_moved_is_named(from_: int, to: int) -> None:
    rows = list(ROWS)
    rows.insert(to - 1, rows.pop(from_ - 1))
    (finding,) = all_findings(renumbered(rows))
    assert in_short([finding]) == [("moved", to, to, True)]


def test_the_tail_cut_is_found_by_a_head_that_was_kept() -> None:
    assert all_findings(ROWS[:6]) == []
    (finding,) = all_findings(ROWS[:6], head_after(ROWS, 4), head_after(ROWS, 9))
    assert in_short([finding]) == [("cut", 7, 9, True)]
    assert finding.text == (
        "the journal ends at entry 6, and went to entry 9 when a mail named it: its end is cut off, 3 entries"
        " are lost"
    )


def test_the_last_entry_changed_is_found_by_its_head() -> None:
    rows = [*ROWS[:8], changed(ROWS[8])]
    assert all_findings(rows) == []
    assert in_short(all_findings(rows, head_after(ROWS, 9))) == [("changed", 9, 9, True)]


def test_a_journal_that_was_written_again_from_some_place_on_is_found_by_its_heads() -> None:
    contents = [content for _, content in ROWS]
    contents[4] = changed(ROWS[4])[1]
    rows = chains.linked(contents)
    assert all_findings(rows) == []
    (finding,) = all_findings(rows, *(head_after(ROWS, number) for number in (3, 7, 8)))
    assert in_short([finding]) == [("rewritten", 4, 9, True)]
    assert "up to entry 3 all is as it was" in finding.text


def test_a_bare_hash_that_is_nowhere_is_said() -> None:
    assert [each.what for each in all_findings(ROWS, KnownHead("e" * 64, 0))] == ["unknown-head"]


def test_places_far_apart_are_found_each() -> None:
    rows = plain(40)
    damaged = [*rows[:3], changed(rows[3]), *rows[4:20], *rows[21:30], rows[31], rows[30], *rows[32:]]
    numbers = [number for number, _ in (*rows[:20], *rows[21:])]
    damaged = [(number, content) for number, (_, content) in zip(numbers, damaged, strict=True)]
    assert in_short(all_findings(damaged)) == [
        ("unclear", 4, 4, False),
        ("lost", 21, 21, False),
        ("swapped", 31, 32, True),
    ]


class TestOlderReleases:
    """Entries that name no hash: from before there was a chain, or written after a roll-back."""

    ROWS = plain(9, unchained={1, 2, 3, 6, 7})

    def test_they_are_bound_by_the_next_that_names_one(self) -> None:
        reading = chains.read(self.ROWS)
        assert (reading.chained_since, reading.unchained, reading.breaks) == (4, 2, ())

    @pytest.mark.parametrize("number", [1, 2, 3, 5, 6, 7])
    def test_a_change_is_found_between_two_that_name_one(self, number: int) -> None:
        rows = list(self.ROWS)
        rows[number - 1] = changed(rows[number - 1])
        (finding,) = all_findings(rows)
        assert finding.what == "unclear"
        assert (finding.first, finding.last) == ((1, 3) if number < 4 else (5, 7))

    def test_so_is_one_that_is_missing(self) -> None:
        assert in_short(all_findings([*self.ROWS[:5], *self.ROWS[6:]])) == [("unclear", 5, 7, False)]

    def test_a_journal_without_any_hash_holds_and_has_a_head(self) -> None:
        rows = plain(3, unchained={1, 2, 3})
        reading = chains.read(rows)
        assert (reading.chained_since, reading.breaks) == (0, ())
        assert reading.head == head_after(rows, 3).hash


@pytest.mark.parametrize("data", ["", "[]", "{", "null", '{"a": 1', "\udce9"])
def test_what_the_shepherd_never_writes_is_named(data: str) -> None:
    rows = [*ROWS[:4], changed(ROWS[4], "data", data), *ROWS[5:]]
    assert in_short(all_findings(rows)) == [("unreadable", 5, 5, True)]


class TestKnownLosses:
    """A backup was put back, and a person accepted what it lacks."""

    AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
    ROWS = chains.linked(
        [
            *(content for _, content in plain(4)),
            ("2026-11-29T12:00:00Z", "r", "stable", "began", "", "ann", "", '{"accepts":["x"]}'),
            *(content for _, content in plain(2)),
        ]
    )

    def told(self, hour: int, number: int) -> tuple[list[str], tuple[str, ...]]:
        # a snapshot knows when to the microsecond, the journal to the second
        head = KnownHead("d" * 64, number, self.AT.replace(hour=hour, microsecond=5), "the log")
        reading = chains.read(self.ROWS, head)
        outcome = chains.compare(reading, [head], [])
        return [each.what for each in outcome.findings], outcome.given_up

    def test_what_was_named_before_is_told_and_no_finding(self) -> None:
        findings, given_up = self.told(11, 30)
        assert findings == []
        assert given_up == (
            "entries up to 30, as the log named them on 2026-11-29 11:00 UTC, are not all here; ann accepted"
            " that on 2026-11-29 12:00 UTC (entry 5)",
        )
        assert self.told(12, 30)[0] == []

    @pytest.mark.parametrize(
        ("hour", "number", "what"), [(13, 30, "cut"), (11, 3, "rewritten")], ids=["later", "before it"]
    )
    def test_what_it_does_not_cover_is_one(self, hour: int, number: int, what: str) -> None:
        assert self.told(hour, number) == ([what], ())


SPOTS = st.integers(0, 10**6)


@given(st.integers(2, 25), st.sets(st.integers(1, 25)), SPOTS, st.sampled_from(chain.COLUMNS[:-1]))
def test_any_change_is_found_where_it_is(count: int, unchained: set[int], spot: int, column: str) -> None:
    rows = plain(count, unchained)
    place = spot % count
    rows[place] = changed(rows[place], column, "something else")
    head = head_after(plain(count, unchained), count)
    findings = all_findings(rows, head)
    assert findings
    assert any(each.first <= place + 1 <= each.last for each in findings)


@given(st.integers(2, 25), st.sets(st.integers(1, 25)), SPOTS, st.integers(1, 5), st.booleans())
def test_any_loss_is_found(count: int, unchained: set[int], spot: int, length: int, again: bool) -> None:
    rows = plain(count, unchained)
    head = head_after(rows, count)
    place = spot % count
    rest = [*rows[:place], *rows[place + length :]]
    findings = all_findings(renumbered(rest) if again else rest, head)
    assert findings
    near = {place, place + 1, min(place + length, count), len(rest)}
    assert any(each.first - 1 <= number <= each.last + 1 for each in findings for number in near)


@given(st.integers(2, 25), SPOTS, SPOTS)
def test_any_two_that_were_swapped_are_found(count: int, one: int, other: int) -> None:
    rows = plain(count)
    one, other = sorted((one % count, other % count))
    if one == other:
        return
    head = head_after(rows, count)
    rows[one], rows[other] = rows[other], rows[one]
    findings = all_findings(renumbered(rows), head)
    assert ("swapped", one + 1, other + 1, True) in in_short(findings)


@given(st.lists(st.text(max_size=5), min_size=1, max_size=8), st.permutations(range(8)))
def test_whatever_order_they_are_put_into_is_found(words: list[str], order: list[int]) -> None:
    rows = chains.linked([(chains.AT, "r", "b", "tip", word, "", "", "{}") for word in words])
    shuffled = renumbered([rows[place] for place in order if place < len(rows)])
    same = [content for _, content in shuffled] == [content for _, content in rows]
    assert (all_findings(shuffled, head_after(rows, len(rows))) == []) == same


def test_a_block_that_was_moved_is_not_said_to_be_new() -> None:
    rows = renumbered([*ROWS[:2], *ROWS[4:6], *ROWS[2:4], *ROWS[6:]])
    put_in = next(each for each in all_findings(rows) if each.what == "inserted")
    assert put_in.text.endswith("put in, or moved here")


@pytest.mark.parametrize("number", (0, -5))
def test_a_number_that_is_never_given_is_named_and_nothing_wrong_about_the_others(number: int) -> None:
    rows = [(number, ROWS[5][1]), *ROWS[:5], *ROWS[6:]]
    found = all_findings(rows)
    assert {(each.first, each.last) for each in found if each.what == "unreadable"} == {(number, number)}
    assert all("beginning" not in each.text for each in found if each.first > 1)


def test_behind_lost_entries_a_known_head_proves_no_rewriting() -> None:
    rows = renumbered([*ROWS[:2], *ROWS[5:]])
    found = all_findings(rows, head_after(ROWS, 4))
    assert [each.what for each in found if each.proved] == []
    # the one whose place another took
    rows = renumbered([ROWS[0], chains.plain(3)[2], *ROWS[1:4], *ROWS[5:]])
    assert ("changed", 5, 5, True) not in in_short(all_findings(rows, head_after(ROWS, 5)))


@pytest.mark.parametrize("prev", ("7", "null", '"x"'))
def test_a_hash_that_is_none_is_what_the_shepherd_never_writes(prev: str) -> None:
    rows = [*ROWS[:4], changed(ROWS[4], "data", f'{{"prev":{prev}}}'), *ROWS[5:]]
    assert in_short(all_findings(rows)) == [("unreadable", 5, 5, True)]


def test_data_nested_without_end_are_what_the_shepherd_never_writes() -> None:
    deep = f'{{"a":{"[" * 100_000}{"]" * 100_000}}}'
    rows = [*ROWS[:4], changed(ROWS[4], "data", deep), *ROWS[5:]]
    assert in_short(all_findings(rows)) == [("unreadable", 5, 5, True)]


def test_what_is_lost_at_the_beginning_is_lost() -> None:
    (finding,) = all_findings(ROWS[1:])
    assert finding.text == "entry 1 is missing, and entry 2 does not follow from the beginning: lost"


def test_a_number_that_is_there_twice_or_is_none_is_named() -> None:
    twice = [*ROWS[:4], (4, ROWS[4][1]), *ROWS[5:]]
    assert in_short(all_findings(twice)) == [("unreadable", 4, 4, True)]
    for odd in ("x", None):
        rows = [*ROWS[:4], (cast(int, odd), ROWS[4][1]), *ROWS[5:]]
        assert in_short(all_findings(rows)) == [("unreadable", 4, 4, True)]
