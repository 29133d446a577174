"""What the breaks of a chain amount to: told apart as far as the hashes prove it, else what is possible
(docs/audit.md#what-verify-finds). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from shepherd.store.chain_reading import ChainBreak, ChainReading

What = Literal["changed", "lost", "inserted", "swapped", "moved", "unclear", "unreadable"]


class ChainFinding(Struct, frozen=True):
    """One place where the journal is not as it was written."""

    what: What | Literal["cut", "rewritten", "renumbered", "unknown-head"]
    first: int
    last: int
    """The numbers of the entries that it is about, as they are now; of lost ones, as they were."""
    text: str
    """One sentence."""
    proved: bool = True
    """The hashes leave nothing else; else `text` says what is possible, too."""


def findings_of(reading: ChainReading, recorded: dict[str, int] | None = None) -> list[ChainFinding]:
    """What the breaks amount to, in the order of the entries.

    Args:
        recorded: hashes that were named elsewhere, and after which entry.
    """
    found = _Findings(reading, recorded or {})
    found.look()
    return sorted(found.all, key=lambda each: (each.first, each.last))


def numbers(first: int, last: int) -> str:
    """`entry 5`, `entries 5 to 7`."""
    return f"entry {first}" if first == last else f"entries {first} to {last}"


class _Findings:
    """What is found; a break that one finding explains is looked at no more."""

    def __init__(self, reading: ChainReading, recorded: dict[str, int]) -> None:
        self.all: list[ChainFinding] = []
        self._reading = reading
        self._recorded = recorded
        self._open = {each.number: each for each in reading.breaks}
        self._behind = {each.before: each for each in reading.breaks}
        """The break right after an entry."""

    def look(self) -> None:
        for number in self._reading.unreadable:
            text = "holds what the shepherd never writes, or has a number that it never gives: it was changed"
            self._add("unreadable", number, number, text)
        for each in self._left():
            self._swapped(each)
        self._foreign()
        for each in self._left():
            if (place := self._named(each)) is not None:
                after = self._entry(place)
                text = f"was written right after {after}, and stands elsewhere: the order was changed"
                self._add("moved", each.number, each.number, text)
                del self._open[each.number]
        self._unknown()

    def _left(self) -> list[ChainBreak]:
        return [self._open[number] for number in sorted(self._open)]

    def _named(self, each: ChainBreak) -> int | None:
        """The entry that was the last one when this one was written, as far as it is there."""
        return self._reading.places.get(each.stated)

    def _entry(self, number: int) -> str:
        return "the beginning" if number == self._reading.start else f"entry {number}"

    def _add(self, what: What, first: int, last: int, text: str, *, proved: bool = True) -> None:
        self.all.append(ChainFinding(what, first, last, f"{numbers(first, last)} {text}", proved))

    # what the hashes prove

    def _swapped(self, first: ChainBreak) -> None:
        """Two entries in each other's place: each of their neighbours names the one that is not there."""
        place = self._named(first)
        if first.number not in self._open or place is None or place <= first.number:
            return
        beside = self._open.get(place)
        # else an entry stands between the two
        adjacent = beside and beside.before == first.number and self._named(beside) == first.before
        second = beside if adjacent else self._behind.get(place)
        if second is None or second.number not in self._open or self._named(second) != first.before:
            return
        between = self._behind.get(first.number)
        behind = self._behind.get(second.number)
        if second is not beside and (between is None or self._named(between) != second.number):
            return
        if behind is not None and self._named(behind) != first.number:
            return
        text = f"entries {first.number} and {second.number} stand in each other's place: they were swapped"
        self.all.append(ChainFinding("swapped", first.number, second.number, text))
        for each in (first, between, second, behind):
            if each is not None:
                self._open.pop(each.number, None)

    def _foreign(self) -> None:
        """Entries that were not there when the one behind them was written."""
        blocks = [
            (each, place)
            for each in self._left()
            if (place := self._named(each)) is not None and place < each.before
        ]
        # the shortest first: a copy that was put in claims to stand right behind what its original does
        for each, place in sorted(blocks, key=lambda block: block[0].before - block[1]):
            if each.number not in self._open:
                continue
            first, last = self._reading.behind.get(place, place + 1), each.before
            del self._open[each.number]
            within = [number for number in self._open if first <= number <= last]
            origin = next(
                (b for b in self._left() if (at := self._named(b)) is not None and first <= at <= last), None
            )
            if origin is not None and first == last:
                text = f"was moved: it was written right before entry {origin.number}"
                self._add("moved", first, last, text)
                within.append(origin.number)
            else:
                were = "was" if first == last else "were"
                text = (
                    f"{were} not here when entry {each.number} was written, right after"
                    f" {self._entry(place)}: put in, or moved here"
                )
                self._add("inserted", first, last, text)
            for number in within:
                self._open.pop(number, None)

    # what they do not

    def _unknown(self) -> None:
        """Breaks that name a hash which the journal has nowhere."""
        for run in _runs(self._left()):
            rest = list(run)
            while rest:
                each, behind = rest[0], rest[1] if len(rest) > 1 else None
                if any(each.since <= number <= each.before for number in self._reading.unreadable):
                    rest = rest[1:]
                elif behind is not None and behind.stated == each.restated:
                    self._add("changed", each.number, each.number, "was changed: the hash that it names")
                    rest = rest[2:]
                elif self._by_record(each) or self._by_numbers(each):
                    rest = rest[1:]
                elif behind is not None:
                    self._add(
                        *("changed", each.number, each.number),
                        f"fits neither {self._entry(each.before)} before it nor entry {behind.number} behind"
                        " it: it was changed, or stands in the place of another, or both its neighbours were"
                        " changed",
                        proved=False,
                    )
                    # what follows may be right by itself, if that was all
                    rest = rest[2:]
                else:
                    self._unclear(each)
                    rest = []

    def _by_record(self, each: ChainBreak) -> bool:
        """Whether what was named elsewhere tells which entry the hash was that of."""
        number = self._recorded.get(each.stated, 0)
        if number and number == each.before == each.since:
            # where something is wrong before it, another entry may have got its number
            proved = all(found.first > number for found in self.all)
            text = "was changed: it had another hash when that was named"
            text += "" if proved else "; or another entry got this number"
            self._add("changed", number, number, text, proved=proved)
        elif each.before < number < each.number:
            text = f"of which the hash was named, {'is' if number - each.before == 1 else 'are'} lost"
            self._add("lost", each.before + 1, number, text)
        else:
            return False
        return True

    def _by_numbers(self, each: ChainBreak) -> bool:
        """Whether numbers are missing at the break."""
        first, last = each.before + 1, each.number - 1
        if first > last:
            return False
        missing = "is missing" if first == last else "are missing"
        never = "this number was" if first == last else "these numbers were"
        before = self._entry(each.before)
        unless = f", unless {never} never used and {before} was changed"
        self._add(
            *("lost", first, last),
            f"{missing}, and entry {each.number} does not follow from {before}: lost"
            f"{unless if each.before != self._reading.start else ''}",
            proved=False,
        )
        return True

    def _unclear(self, each: ChainBreak) -> None:
        start, itself = self._reading.start, each.number == self._reading.last
        first = max(each.since, min(start + 1, each.before))
        its = f", or entry {each.number} itself was changed" if itself else ""
        where = f"entry {each.number} does not follow from {self._entry(each.before)}"
        if first == each.before:
            was = f"{self._entry(each.before)} was changed, or " if each.before != start else ""
            text = f"{where}: {was}what stood between them is lost, and the rest was numbered again{its}"
        else:
            text = (
                f"{where}: of {numbers(first, each.before)} something was changed, lost, put in or moved;"
                f" which of them is not told, since those behind the first name no hash{its}"
            )
        own = each.number, each.number
        self.all.append(
            ChainFinding("unclear", *((first, each.before) if first > start else own), text, False)
        )


def _runs(breaks: Sequence[ChainBreak]) -> Iterator[list[ChainBreak]]:
    """Breaks at entries that stand next to each other."""
    run = list(breaks[:1])
    for before, each in pairwise(breaks):
        if each.before != before.number:
            yield run
            run = []
        run.append(each)
    if run:
        yield run
