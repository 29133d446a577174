"""Warnings that many landings share are said once, of the branch (docs/interfaces.md#landings)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from shepherd.marks.trailer_items import ELSEWHERE
from shepherd.sentence import joined
from shepherd.snapshot import LandingEntry
from shepherd.words import NOT_KNOWN

MANY = 20
"""Landings that may have a warning of one kind each, whatever share of all they are."""
SHARE = 10
"""Said once is what more than one of so many has."""
STATUSES_SHOWN = 10
"""Statuses and values that the settings do not know and are named one by one."""
PROBLEMS_SHOWN = 20
"""Items that could not be read for one reason and are named one by one."""

_OVER = ("live", "promoted", "rolled-back")
"""Where a landing may be that does not wait for a word."""
_PARTICULAR = re.compile(r'"[^"]*+"|“[^”]*+”|[0-9a-f]{7,64}\b|\b[a-z]?[0-9]++(?:\.[0-9]++)*+')
"""What of a sentence is about one landing or item: quotations, SHAs, numbers."""


def kind_of(warning: str) -> str:
    """The warning without what it is about."""
    kind = _PARTICULAR.sub("…", warning)
    # not what it quotes: anybody may write that
    return ELSEWHERE if ELSEWHERE in kind else kind


def shared(entries: Sequence[LandingEntry]) -> tuple[list[LandingEntry], list[str]]:
    """The landings without the warnings that many of them share, and those as sentences about all.

    A status that the settings do not know is told of the branch as well: it holds landings up until an
    operator names it.
    """
    first: dict[str, str] = {}
    having: dict[str, list[int]] = {}
    for entry in entries:
        for kind, warning in {kind_of(warning): warning for warning in reversed(entry.warnings)}.items():
            first.setdefault(kind, warning)
            having.setdefault(kind, []).append(entry.revno)
    once = {
        kind
        for kind, revnos in having.items()
        if kind == ELSEWHERE or (len(revnos) > MANY and len(revnos) * SHARE > len(entries))
    }
    not_known = _not_known(entries)
    if not once:
        return list(entries), not_known
    quiet = [
        replace(entry, warnings=tuple(each for each in entry.warnings if kind_of(each) not in once))
        if entry.warnings
        else entry
        for entry in entries
    ]
    ranked = sorted(once, key=lambda kind: -len(having[kind]))
    told = [f"{_named(having[kind])}: {first[kind]}" for kind in ranked if NOT_KNOWN not in kind]
    return quiet, [*not_known, *told]


def _not_known(entries: Sequence[LandingEntry]) -> list[str]:
    """What is said of each status and value that the settings do not know, where landings wait for it."""
    first: dict[str, str] = {}
    having: dict[str, list[int]] = {}
    for entry in entries:
        if entry.good or entry.progress in _OVER:
            continue
        for warning in entry.warnings:
            if NOT_KNOWN in kind_of(warning):
                status = warning.partition(" is ")[2]
                first.setdefault(status, warning)
                having.setdefault(status, []).append(entry.revno)
    ranked = sorted(having, key=lambda status: -len(set(having[status])))
    told = [f"{_named(list(dict.fromkeys(having[each])))}: {first[each]}" for each in ranked[:STATUSES_SHOWN]]
    if more := ranked[STATUSES_SHOWN:]:
        told.append(f"the settings do not know {len(more):,} other statuses or values, either")
    return told


def _named(revnos: Sequence[int]) -> str:
    if len(revnos) > MANY:
        return f"r{revnos[0]} and {len(revnos) - 1:,} other landings"
    return str(joined(f"r{revno}" for revno in revnos))


def folded(unreadable: Iterable[str]) -> list[str]:
    """What is said of items that could not be read: of each cause the first few, and how many more."""
    by_kind: dict[str, list[str]] = {}
    for problem in unreadable:
        by_kind.setdefault(kind_of(problem), []).append(problem)
    lines: list[str] = []
    for same in by_kind.values():
        more = len(same) - PROBLEMS_SHOWN
        if more > 1:
            del same[PROBLEMS_SHOWN:]
            same[-1] += f"; and so for {more:,} more (inv landings --state unknown)"
        lines += same
    return lines
