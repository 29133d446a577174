"""What a REV means (docs/interfaces.md#revisions) among landings that are known: those of a snapshot or of
the database. `values.parse_rev` reads how it is written; `lookup` asks git about the whole mainline.

Light to import: readers that need no git start up with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from shepherd.errors import NoAnswerError, SettingsError
from shepherd.snapshot import Snapshot
from shepherd.values import RevName
from shepherd.words import Item

POSITIONS = ("tip", "deployed", "promoted")


class HasRevno(Protocol):
    """A place on the mainline."""

    @property
    def revno(self) -> int: ...


class NamedLanding(HasRevno, Protocol):
    """What a landing can be named by: `landing.Landing`, or an entry of a snapshot."""

    @property
    def id(self) -> str: ...
    @property
    def bugs(self) -> Sequence[Item | int]: ...
    @property
    def requests(self) -> Sequence[Item]: ...
    @property
    def branch(self) -> str: ...


class Positions(Protocol):
    """Where the refs are: `landing.Reading`, or a snapshot."""

    @property
    def tip(self) -> HasRevno | None: ...
    @property
    def deployed(self) -> HasRevno | None: ...
    @property
    def promoted(self) -> HasRevno | None: ...


def answers_to(rev: RevName, landing: NamedLanding, *, whole_name: bool = False) -> bool:
    """Whether it is a name of the landing, whatever other landings it may name as well.

    Args:
        whole_name: a branch is named by all of its name, not by a part of it.
    """
    match rev.kind:
        case "revno":
            return landing.revno == rev.number
        case "sha":
            return landing.id.startswith(rev.text)
        case "bug":
            # a snapshot has bugs as numbers, as its JSON does
            return str(rev.number) in map(str, landing.bugs)
        case "request":
            return rev.text in landing.requests
        case "branch" if whole_name:
            return rev.text == landing.branch
        case "branch":
            return rev.text.casefold() in landing.branch.casefold()
    return False


def revnos_named(rev: RevName, landings: Iterable[NamedLanding], positions: Positions) -> list[int]:
    """The revnos that `rev` names: a position, whether or not its landing is among these, or landings; a bug,
    a request or a branch may name several.

    Raises:
        SettingsError: several of them begin with that SHA.
    """
    if rev.kind in POSITIONS:
        places = {"tip": positions.tip, "deployed": positions.deployed, "promoted": positions.promoted}
        place = places[rev.kind]
        return [place.revno] if place is not None else []
    revnos = [landing.revno for landing in landings if answers_to(rev, landing)]
    if rev.kind == "sha" and len(revnos) > 1:
        raise SettingsError(f"{rev.text} is the beginning of {len(revnos)} landings: give more digits")
    return revnos


def revnos_in(snapshot: Snapshot, rev: RevName) -> list[int]:
    """The revnos that `rev` names in the last answer.

    Raises:
        NoAnswerError: there is no such position now (no tip read, nothing promoted).
        SettingsError: several landings begin with that SHA.
    """
    revnos = revnos_named(rev, snapshot.landings, snapshot)
    if not revnos and rev.kind in POSITIONS:
        raise NoAnswerError(
            f"{snapshot.branch}: there is no {rev.kind} revision to be seen in the last answer"
        )
    return revnos
