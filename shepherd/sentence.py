"""Sentences that keep their parts: what is an item, a revision, a time or a command in them
(docs/interfaces.md#parts).

Page, terminal and mail each show a part in their own way; for everything else a sentence is its plain text.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, Self

from msgspec import Struct

from shepherd.commands import naming_branch
from shepherd.values import ago, utc

PartKind = Literal["item", "revision", "time", "age", "command", "typed"]
"""Typed is a command with a name from outside in it: it stays in one piece, and no button copies it. Neither
that nor an age is kept in a snapshot."""


class Part(Struct, frozen=True, gc=False):
    """A piece of a sentence that is more than text."""

    kind: PartKind
    text: str
    """As it stands in the sentence: "824435", "r12", "2011-08-24 10:15 UTC", " (3 hours ago)", "inv find"."""


Parts = tuple[str | Part, ...]


class Sentence(str):
    """A text that keeps its parts. Formatted into another text it is that text and nothing more."""

    __slots__ = ("_pieces",)
    _pieces: Parts

    def __new__(cls, *pieces: str | Part) -> Self:
        text = "".join([piece.text if isinstance(piece, Part) else piece for piece in pieces])
        sentence = str.__new__(cls, text)
        sentence._pieces = pieces
        return sentence

    @property
    def parts(self) -> Parts:
        """Its parts in order, without empty texts; sentences that were put into it are taken apart."""
        parts: list[str | Part] = []
        for piece in self._pieces:
            if isinstance(piece, Part):
                parts.append(piece)
            elif piece:
                parts += parts_of(piece)
        return tuple(parts)


def parts_of(text: str) -> Parts:
    """The parts of a sentence; a plain text is one."""
    return text.parts if isinstance(text, Sentence) else (text,)


def ageless(text: str) -> str:
    """Without the ages that stand behind times: for what nobody keeps up to date, as a title or a record."""
    return str(Sentence(*(part for part in parts_of(text) if isinstance(part, str) or part.kind != "age")))


def revision(revno: int) -> Part:
    """ "r12"."""
    return Part("revision", f"r{revno}")


def time(moment: datetime) -> Part:
    """ "2011-08-24 10:15 UTC"."""
    return Part("time", utc(moment))


def moment_of(part: Part) -> datetime:
    """The moment of a part that is a time, to the minute."""
    return datetime.strptime(part.text, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)


def time_and_age(moment: datetime, now: datetime | None) -> Sentence:
    """ "2011-08-24 10:15 UTC (3 hours ago)"; without the age if nobody knows what time it is."""
    return Sentence(time(moment), Part("age", ago(moment, now)) if now is not None else "")


def statement(words: str, branch: str = "") -> Part:
    """A person's word as a command that can be pasted: `inv verdict r4 ok --reason "…" --branch main`.

    Args:
        words: the command up to its reason, "verdict r4 ok".
        branch: the one to name, since such a task refuses to guess; empty where there is only one.
    """
    return Part("command", naming_branch(f'inv {words} --reason "…"', branch))


def joined(pieces: Iterable[str | Part]) -> Sentence:
    """ "a", "a and b", "a, b and c"."""
    *most, last = pieces
    return Sentence(separated(most, ", "), " and ", last) if most else Sentence(last)


def separated(pieces: Iterable[str | Part], separator: str) -> Sentence:
    """ "a; b; c"."""
    spaced: list[str | Part] = []
    for piece in pieces:
        spaced += (separator, piece)
    return Sentence(*spaced[1:])
