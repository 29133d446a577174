"""From what a person calls a revision to the landing that is meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from shepherd.errors import NoAnswerError, SettingsError
from shepherd.snapshot import Snapshot
from shepherd.values import RevName


class HasRevno(Protocol):
    """Whatever has a place on the mainline: a landing, an entry of a snapshot."""

    @property
    def revno(self) -> int: ...
    @property
    def id(self) -> str: ...


def revno_in(rev: RevName, snapshot: Snapshot) -> int | None:
    """The revno that is meant, as far as the snapshot tells; None for a SHA or revno that it does not list.

    Raises:
        NoAnswerError: the name stands for nothing now (no tip read, nothing promoted).
        SettingsError: several landings begin with that SHA.
    """
    if rev.kind in ("tip", "deployed", "promoted"):
        place = {"tip": snapshot.tip, "deployed": snapshot.deployed, "promoted": snapshot.promoted}[rev.kind]
        if place is None:
            raise NoAnswerError(
                f"{snapshot.branch}: there is no {rev.kind} revision to be seen in the last answer"
            )
        return place.revno
    if rev.kind == "revno":
        return rev.number if any(e.revno == rev.number for e in snapshot.landings) else None
    return by_sha(rev.text, snapshot.landings)


def by_sha(sha: str, landings: Iterable[HasRevno]) -> int | None:
    """The landing whose SHA begins so, if there is one.

    Raises:
        SettingsError: there are several.
    """
    found = [landing.revno for landing in landings if landing.id.startswith(sha)]
    if len(found) > 1:
        raise SettingsError(f"{sha} is the beginning of {len(found)} landings: give more digits")
    return found[0] if found else None


def chosen_by(rev: RevName, snapshot: Snapshot) -> list[int]:
    """All landings of the snapshot that a wide REV means: one, or those of a branch, bug or request."""
    match rev.kind:
        case "bug":
            return [e.revno for e in snapshot.landings if rev.number in e.bugs]
        case "request":
            return [e.revno for e in snapshot.landings if rev.text in e.requests]
        case "branch":
            return [
                e.revno for e in snapshot.landings if rev.text.casefold() in e.branch.casefold() and e.branch
            ]
        case _:
            revno = revno_in(rev, snapshot)
            return [] if revno is None else [revno]
