"""Reads a whole journal, entry by entry, and notes where its chain of hashes breaks
(docs/audit.md#the-chain).

Each entry that names the hash before it is a link of its own: the hash after it follows from what it says
itself, whatever became of those before it. So one place that was changed hides no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from shepherd.store import chain
from shepherd.store.tables import journal

MOST = 1_000
"""Breaks that are told apart; whatever there is beyond is only counted."""
_AT_ONCE = 5_000
_IN_ORDER = chain.ENTRIES.order_by(journal.c.seq)
_DATA = chain.COLUMNS.index("data")
_AT, _KIND, _WHO = (chain.COLUMNS.index(name) for name in ("at", "kind", "who"))

Numbered = tuple[int, Sequence[str]]
"""An entry's number, and its content (`chain.COLUMNS`)."""


class ChainBreak(Struct, frozen=True):
    """An entry that does not follow from the one before it."""

    number: int
    stated: str
    """The hash that it says is before it."""
    before: int
    """The number of the entry before it; `ChainReading.start`: it is the first."""
    since: int
    """The number of the first entry that may be to blame: the last one before it that names a hash, since all
    between are bound by this entry alone."""
    restated: str
    """The hash after it if it named the one before it rightly."""


class GivenUp(Struct, frozen=True):
    """An entry by which a person accepted that the journal is an older copy, or put a backup back."""

    number: int
    at: datetime
    who: str


class ChainReading(Struct, frozen=True):
    """What one reading of a journal showed."""

    entries: int = 0
    start: int = 0
    """The place before the first entry: 0, or less where a number is what the shepherd never gives."""
    last: int = 0
    """The number of the last entry."""
    head: str = chain.NOTHING
    chained_since: int = 0
    """The number of the first entry that names the hash before it; 0: none does."""
    chained_at: datetime | None = None
    """When that was written, by the clock of its host; None: none does, or it cannot be read."""
    last_at: datetime | None = None
    """The same of the last entry."""
    linked: int = 0
    """The number of the last entry that names it."""
    unchained: int = 0
    """How many entries after that name none."""
    unreadable: tuple[int, ...] = ()
    """Entries that hold what the shepherd never writes: no text, data that are no JSON object, a hash that is
    none, a number below 1 or that is there twice."""
    breaks: tuple[ChainBreak, ...] = ()
    """The first MOST."""
    more_breaks: int = 0
    given_up: tuple[GivenUp, ...] = ()
    """Where a person said that what the journal lacks from there on is lost."""
    places: Mapping[str, int] = {}
    """Of the hashes that were asked for, and of those that breaks state: the number of the entry after which
    the journal has this hash; `start`: before the first one."""
    behind: Mapping[int, int] = {}
    """The number of the entry behind each of these places: numbers may be missing."""


def read_chain(rows: Callable[[], Iterable[Numbered]], heads: Iterable[str] = ()) -> ChainReading:
    """Read a journal, twice where something does not hold: what an entry names may stand far before it.

    Args:
        rows: gives all entries in their order, each time the same.
        heads: hashes that were once said to be the journal's.
    """
    heads = set(heads)
    reading = follow(rows(), heads)
    stated = {each.stated for each in reading.breaks}
    return reading if stated <= reading.places.keys() else follow(rows(), heads | stated)


def follow(rows: Iterable[Numbered], heads: Iterable[str] = ()) -> ChainReading:
    """The same, of entries in their order; stated hashes are only found behind the break that states them."""
    entries = start = last = since = chained_since = unchained = more = 0
    chained_at, head, content = "", chain.NOTHING, cast(Sequence[str], ("",) * len(chain.COLUMNS))
    wanted, unreadable, breaks = set(heads), list[int](), list[ChainBreak]()
    given_up = list[GivenUp]()
    places, behind = dict[str, int](), dict[int, int]()
    for number, content in rows:
        entries += 1
        if not isinstance(number, int):
            number = last
        if entries == 1:
            start = last = since = min(0, number - 1)
            if head in wanted:
                places[head] = start
        if number < 1 or number <= last:
            unreadable.append(number)
        if head in wanted:
            behind[last] = number
        if (why_not := _unfit(content)) is not None:
            unreadable.append(number)
            content = why_not
        stated = chain.stated(content[_DATA])
        if stated:
            if stated != head:
                if len(breaks) < MOST:
                    restated = chain.following(
                        head, [*content[:_DATA], _renamed(content[_DATA], stated, head)]
                    )
                    breaks.append(ChainBreak(number, stated, last, since, restated))
                    wanted.add(stated)
                else:
                    more += 1
            if not chained_since:
                chained_since, chained_at = number, content[_AT]
            since = number
        elif chained_since and why_not is None:
            unchained += 1
        kind = content[_KIND]
        accepted = kind == "restored" or (kind == "began" and '"accepts":' in content[_DATA])
        if accepted and (at := _time(content[_AT])) is not None:
            given_up.append(GivenUp(number, at, content[_WHO]))
        head = chain.following(stated or head, content)
        if head in wanted:
            places[head] = number
        last = number
    return ChainReading(
        entries=entries,
        start=start,
        last=last,
        head=head,
        chained_since=chained_since,
        chained_at=_time(chained_at),
        last_at=_time(content[_AT]),
        linked=since,
        unchained=unchained,
        unreadable=tuple(unreadable),
        breaks=tuple(breaks),
        more_breaks=more,
        given_up=tuple(given_up),
        places=places,
        behind=behind,
    )


def entries_of(connection: Connection) -> Iterator[Numbered]:
    """All entries in their order, some thousands at a time in memory."""
    for row in connection.execute(_IN_ORDER, execution_options={"yield_per": _AT_ONCE}):
        yield row[0], row[1:]


def _unfit(content: Sequence[Any]) -> Sequence[str] | None:
    """None if an entry holds what the shepherd may have written; else what to hash in its place."""
    try:
        for each in content:
            if not isinstance(each, str):
                raise TypeError
            each.encode()
        if chain.KEY in _OBJECT.decode(content[_DATA]) and not chain.stated(content[_DATA]):
            raise TypeError
    except (TypeError, UnicodeEncodeError, msgspec.DecodeError, RecursionError):
        return [ascii(each) for each in content]
    return None


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _renamed(data: str, stated: str, head: str) -> str:
    """An entry's data with another hash before it."""
    start, found, end = data.rpartition(stated)
    return f"{start}{head}{end}" if found else data


_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
