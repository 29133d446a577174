"""People as commits name them, and the patterns for robots and exempt subjects (docs/rules.md#person)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from shepherd.marks.text import clean

MALFORMED = ("%aN", "%aE")
"""What git prints as name and address of an author line that it cannot read: its own place holders."""


_OF_ONE = re.compile(r"(?!no-?reply@)[^@\s]+@[^@\s]+\.[^@\s]+", re.IGNORECASE)
"""An address that only one person can have; not `none@none` or `root@localhost`, which imports and machines
write for anybody."""


def matches(patterns: Iterable[str], text: str, *, case: bool = False) -> bool:
    """Whether one of the patterns matches the whole text, case ignored unless `case` is set.

    `*` stands for any characters, or none; `?` for exactly one; every other character for itself.
    """
    return any(_compiled(pattern, case).fullmatch(text) for pattern in patterns)


def person_of(candidates: Sequence[tuple[str, str]], robots: Sequence[str]) -> tuple[str, str]:
    """Name and address of the first candidate that is not a robot; two empty strings if there is none.

    `candidates` are names and addresses through `.mailmap`. `robots` are patterns on name, address, or what
    stands before its `@`: a forge gives its programs addresses such as
    "123+name[bot]@users.noreply.example", whatever their names. The name is fit to be shown; an address that
    was given as a name is cut to what stands before its `@`, because addresses are never published. An
    address that no mail can have is empty.
    """
    for name, address in candidates:
        if person := _person(name, address, tuple(robots)):
            return person
    return "", ""


def is_known(name: str, address: str) -> bool:
    """Whether git could read who that is."""
    return bool(clean(name) or address.strip()) and (name, address) != MALFORMED


@lru_cache(maxsize=4096)
def signs(name: str, address: str) -> frozenset[str]:
    """What tells that two are the same person: they have one of these in common (docs/rules.md#person)."""
    own = {name.casefold()} if name else set()
    return frozenset(own | {address.casefold()} if _OF_ONE.fullmatch(address) else own)


@lru_cache(maxsize=4096)
def _person(name: str, address: str, robots: tuple[str, ...]) -> tuple[str, str] | None:
    """None for a robot; remembered, because few people make many landings."""
    shown = clean(name)
    address = address.strip()
    if not is_known(name, address):
        return None
    named = _without_addresses(shown)
    if any(matches(robots, text) for text in (shown, named, address, address.rpartition("@")[0] or address)):
        return None
    return named, address if address == clean(address) else ""


def _without_addresses(name: str) -> str:
    return " ".join(map(_local_part, name.split())) if "@" in name else name


def _local_part(word: str) -> str:
    local, _, host = word.strip("<>()").lstrip("@").partition("@")
    return local if local and host else word


@lru_cache(maxsize=256)
def _compiled(pattern: str, case: bool) -> re.Pattern[str]:
    """A regular expression that never takes back what a star has matched, except for the last one.

    The first place where a part fits leaves most room for those that follow: nothing is to be tried again.
    """
    first, *parts = (re.escape(part).replace(r"\?", ".") for part in re.split(r"\*+", pattern))
    if parts:
        *middle, last = parts
        first += "".join(f"(?>.*?{part})" for part in middle) + f".*{last}"
    return re.compile(first, re.DOTALL if case else re.IGNORECASE | re.DOTALL)
