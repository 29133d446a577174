"""Hashes that were once said to be the journal's, against the journal as it is now: is its end cut off, was
it written again? (docs/audit.md#what-verify-finds). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from shepherd.store.chain_findings import ChainFinding, numbers
from shepherd.store.chain_reading import ChainReading, GivenUp
from shepherd.values import utc

_NAMED = 3
"""Places of a head that a sentence names."""


class KnownHead(Struct, frozen=True):
    """What something outside of the journal says of it."""

    hash: str
    number: int
    """Of the entry after which it was said; 0: not known."""
    at: datetime | None = None
    """When; None: not known."""
    where: str = ""
    """What says so, in words."""


class HeadsCompared(Struct, frozen=True):
    """What became of the heads that are known."""

    holding: int = 0
    """How many are on the chain."""
    newest: KnownHead | None = None
    """Of these the one that reaches furthest: all up to there is as it was."""
    findings: tuple[ChainFinding, ...] = ()
    given_up: tuple[str, ...] = ()
    """What is missing, and a person knows of: a sentence each."""


def compared(
    reading: ChainReading, heads: Sequence[KnownHead], findings: Sequence[ChainFinding]
) -> HeadsCompared:
    """What became of known heads.

    Args:
        findings: what was found already, and says why a head is missing.
    """
    stated = {each.stated for each in reading.breaks}
    on_chain = [each for each in heads if each.hash in reading.places]
    gone = [each for each in heads if each.hash not in reading.places and each.hash not in stated]
    accepted = [(each, by) for each in gone if (by := _given_up(each, reading.given_up))]
    known = {each for each, _ in accepted}
    gone = [each for each in gone if each not in known]

    found: list[ChainFinding] = []
    moved = [each for each in on_chain if each.number not in (0, reading.places[each.hash])]
    moved = [each for each in moved if not _explained(each.number, findings)]
    if moved:
        first = min(moved, key=lambda each: each.number)
        now = reading.places[first.hash]
        text = (
            f"entry {now} was number {first.number} when {_sources([first])}: numbers were changed, by"
            " hand or where entries before it were put in or lost"
        )
        found.append(ChainFinding("renumbered", now, now, text))
    if beyond := [each for each in gone if each.number > reading.last]:
        found.append(_cut(reading, beyond))
    within = [
        each for each in gone if 0 < each.number <= reading.last and not _explained(each.number, findings)
    ]
    newest = max(on_chain, key=lambda each: reading.places[each.hash], default=None)
    if within:
        found.append(_rewritten(reading, within, on_chain, findings))
    for each in gone:
        if not each.number:
            text = "no entry has this hash, nor names it: what was said then is not in the journal any more"
            found.append(ChainFinding("unknown-head", 0, 0, text))
    sentences = tuple(
        f"entries up to {each.number}, as {_sources([each], 'them')}, are not all here;"
        f" {by.who or 'somebody'} accepted that on {utc(by.at)} (entry {by.number})"
        for each, by in _furthest(accepted)
    )
    return HeadsCompared(len(on_chain), newest, tuple(found), sentences)


def _cut(reading: ChainReading, beyond: Sequence[KnownHead]) -> ChainFinding:
    furthest = max(each.number for each in beyond)
    of = [each for each in beyond if each.number == furthest]
    lost = furthest - reading.last
    text = (
        f"the journal ends at entry {reading.last}, and went to entry {furthest} when {_sources(of)}: its end"
        f" is cut off, {lost} {'entry is' if lost == 1 else 'entries are'} lost"
    )
    return ChainFinding("cut", reading.last + 1, furthest, text)


def _rewritten(
    reading: ChainReading,
    within: Sequence[KnownHead],
    on_chain: Iterable[KnownHead],
    findings: Sequence[ChainFinding],
) -> ChainFinding:
    number = min(each.number for each in within)
    of = [each for each in within if each.number == number]
    if any(each.first <= number + 1 for each in findings):
        text = (
            f"entry {number} is not the one that there was when {_sources(of)}: what is found around it"
            " may have given it another number, or it was changed and all behind it written again"
        )
        return ChainFinding("unclear", number, number, text, False)
    before = max((at for each in on_chain if (at := reading.places[each.hash]) < number), default=0)
    if number >= reading.linked:
        # nothing behind it names a hash
        first = max(before + 1, min(reading.linked, number), 1)
        if first == number:
            text = f"entry {number} is not what it was when {_sources(of)}: it was changed"
            return ChainFinding("changed", number, number, text)
        text = (
            f"entry {number} does not end what there was when {_sources(of)}: of"
            f" {numbers(first, number)} something was changed, lost, put in or moved"
        )
        return ChainFinding("unclear", first, number, text, False)
    good = f"up to entry {before} all is as it was" if before else "no head from before that is known"
    text = (
        f"entry {number} is not the one that there was when {_sources(of)}, although what follows fits it:"
        f" {numbers(before + 1, number)} or some of them were changed, lost or put in, and all behind them"
        f" written again; {good}"
    )
    return ChainFinding("rewritten", before + 1, reading.last, text)


def _explained(number: int, findings: Sequence[ChainFinding]) -> bool:
    return any(each.first <= number <= each.last for each in findings)


def _given_up(head: KnownHead, entries: Sequence[GivenUp]) -> GivenUp | None:
    """Where a person accepted that the journal is older than this: it went on from there."""
    if head.at is None:
        return None
    # the journal has whole seconds
    at = head.at.replace(microsecond=0)
    fits = [each for each in entries if each.number <= head.number and at <= each.at]
    return fits[0] if fits else None


def _furthest(accepted: Sequence[tuple[KnownHead, GivenUp]]) -> list[tuple[KnownHead, GivenUp]]:
    """For each acceptance the head that reached furthest."""
    best: dict[int, tuple[KnownHead, GivenUp]] = {}
    for head, by in accepted:
        if by.number not in best or best[by.number][0].number < head.number:
            best[by.number] = head, by
    return [best[number] for number in sorted(best)]


def _sources(heads: Sequence[KnownHead], what: str = "it") -> str:
    """`stable's latest.json named it on 2026-11-30 09:05 UTC`."""
    first, *more = sorted(heads, key=lambda each: (str(each.at or ""), each.where))
    where = list(dict.fromkeys(each.where or "somebody" for each in (first, *more)))
    others = f" and {len(where) - _NAMED} more" if len(where) > _NAMED else ""
    when = f" on {utc(first.at)}" if first.at else ""
    return f"{', '.join(where[:_NAMED])}{others} named {what}{when}"
