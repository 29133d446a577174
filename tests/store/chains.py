"""Journals for the tests of the hash chain: as rows, to be damaged in every way."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence

from shepherd.store import chain
from shepherd.store.chain_findings import ChainFinding, findings_of
from shepherd.store.chain_heads import HeadsCompared, KnownHead, compared
from shepherd.store.chain_reading import ChainReading, Numbered, read_chain

Rows = list[Numbered]
DATA = chain.COLUMNS.index("data")
AT = "2026-11-29T09:00:00Z"


def linked(contents: Sequence[Sequence[str]], unchained: Collection[int] = ()) -> Rows:
    """Entries 1, 2, … with these contents, each with the hash before it but for those of an older release."""
    rows: Rows = []
    before = chain.NOTHING
    for number, content in enumerate(contents, 1):
        data = json.loads(content[DATA])
        if number not in unchained:
            data[chain.KEY] = before
        content = (*content[:DATA], json.dumps(data))
        rows.append((number, content))
        before = chain.following(before, content)
    return rows


def plain(count: int, unchained: Collection[int] = ()) -> Rows:
    """So many entries that differ only in their subject."""
    return linked(
        [(AT, "r", "stable", "tip", f"s{number}", "", "", "{}") for number in range(1, count + 1)], unchained
    )


def renumbered(rows: Rows) -> Rows:
    return [(number, content) for number, (_, content) in enumerate(rows, 1)]


def changed(row: Numbered, column: str = "subject", value: str = "another") -> Numbered:
    number, content = row
    place = chain.COLUMNS.index(column)
    return number, (*content[:place], value, *content[place + 1 :])


def forged(row: Numbered, before: str) -> Numbered:
    """The same entry with another hash before it."""
    return changed(row, "data", json.dumps({**json.loads(row[1][DATA]), chain.KEY: before}))


def head_after(rows: Rows, number: int) -> KnownHead:
    """What somebody would have noted after this entry was written."""
    before = chain.NOTHING
    for each, content in rows:
        before = chain.following(before, content)
        if each == number:
            return KnownHead(before, number, None, "a mail")
    raise AssertionError(number)


def read(rows: Rows, *heads: KnownHead) -> ChainReading:
    return read_chain(lambda: iter(rows), [each.hash for each in heads])


def all_findings(rows: Rows, *heads: KnownHead) -> list[ChainFinding]:
    reading = read(rows, *heads)
    found = findings_of(reading, {each.hash: each.number for each in heads})
    return [*found, *compare(reading, heads, found).findings]


compare: Callable[[ChainReading, Sequence[KnownHead], Sequence[ChainFinding]], HeadsCompared] = compared


def in_short(findings: Sequence[ChainFinding]) -> list[tuple[str, int, int, bool]]:
    return [(each.what, each.first, each.last, each.proved) for each in findings]
