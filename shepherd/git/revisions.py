"""What a REV means (docs/interfaces.md#revisions) among landings that are known: those of a snapshot or of
the database. `values.parse_rev` reads how it is written; `lookup` asks git about the whole mainline.

Light to import: readers that need no git start up with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from shepherd.errors import NoAnswerError, SettingsError
from shepherd.snapshot import Snapshot
from shepherd.values import RevName
from shepherd.words import Item

EXACT, WHOLE, RANKS = 1, 2, 3
"""Ways in which a REV may name a landing, the best first: see `named`."""
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
    @property
    def url(self) -> str: ...


_L = TypeVar("_L", bound=NamedLanding)


class Positions(Protocol):
    """Where the refs are: `landing.Reading`, or a snapshot."""

    @property
    def tip(self) -> HasRevno | None: ...
    @property
    def deployed(self) -> HasRevno | None: ...
    @property
    def promoted(self) -> HasRevno | None: ...


def named(rev: RevName, landings: Iterable[_L], *, ranks: int = RANKS) -> list[_L]:
    """The landings that `rev`, which is no position, names best, in their order.

    A branch is called by its whole name, else by what follows a slash in it (`fix` is `ann/fix`), else by any
    part of it; a request by `#12`, which also finds `!12` where no landing is #12, and else the landing whose
    link leads to the review 12.

    Args:
        ranks: how many of these ways count: EXACT is the first alone, WHOLE all but a part of a branch's
            name.
    """
    best: list[_L] = []
    rank = ranks
    for landing in landings:
        if (found := _rank(rev, landing)) <= rank:
            if found < rank:
                best.clear()
                rank = found
            best.append(landing)
    return best if rank < ranks else []


_REVIEW = re.compile(
    r"(?://[^/?#]+|/\+|/c|/pulls?|/merge_requests|/\+merge)/([0-9]{1,10})/?\Z|/D([0-9]{1,10})\Z"
)
"""Links to reviews: Gerrit's of any age, merge proposals, requests; Phabricator's."""


def _rank(rev: RevName, landing: NamedLanding) -> int:
    """How well it names the landing, 0 is best; RANKS: not at all."""
    match rev.kind:
        case "revno":
            ways = [landing.revno == rev.number]
        case "sha":
            ways = [landing.id.startswith(rev.text)]
        case "bug":
            # a snapshot has numbers of bugs as numbers, as its JSON does
            ways = [rev.item in map(str, landing.bugs)]
        case "request":
            ways = _request(rev.text, landing)
        case "branch":
            ways = [
                rev.text == landing.branch,
                landing.branch.endswith(f"/{rev.text}"),
                rev.text.casefold() in landing.branch.casefold(),
            ]
        case _:
            ways = []
    return next((rank for rank, names in enumerate(ways) if names), RANKS)


def _request(text: str, landing: NamedLanding) -> list[bool]:
    bare = list(map(bare_request, landing.requests))
    if text.startswith("!"):
        return [text in bare]
    number = text[1:]
    return [text in bare, f"!{number}" in bare, number == review_of(landing.url)]


def bare_request(request: Item) -> str:
    """A request without the name of its project, which one that may be another project's keeps:
    `group/shop!12` is `!12`."""
    return request[max(request.rfind("#"), request.rfind("!")) :]


def review_of(url: str) -> str:
    """The number of the review that a landing's link leads to; empty if it leads to none."""
    review = _REVIEW.search(url)
    return (review[1] or review[2]) if review else ""


def revnos_named(
    rev: RevName, landings: Iterable[NamedLanding], positions: Positions, *, ranks: int = RANKS
) -> list[int]:
    """The revnos that `rev` names: a position, whether or not its landing is among these, or landings; a bug,
    a request or a branch may name several. `ranks` is that of `named`.

    Raises:
        SettingsError: several of them begin with that SHA.
    """
    if rev.kind in POSITIONS:
        places = {"tip": positions.tip, "deployed": positions.deployed, "promoted": positions.promoted}
        place = places[rev.kind]
        return [place.revno] if place is not None else []
    revnos = [landing.revno for landing in named(rev, landings, ranks=ranks)]
    if rev.kind == "sha" and len(revnos) > 1:
        raise SettingsError(f"{rev.text} is the beginning of {len(revnos)} landings: give more digits")
    return revnos


def revnos_in(snapshot: Snapshot, rev: RevName, *, ranks: int = RANKS) -> list[int]:
    """The revnos that `rev` names in the last answer. `ranks` is that of `named`.

    Raises:
        NoAnswerError: there is no such position now (no tip read, nothing promoted).
        SettingsError: several landings begin with that SHA.
    """
    revnos = revnos_named(rev, snapshot.landings, snapshot, ranks=ranks)
    if not revnos and rev.kind in POSITIONS:
        raise NoAnswerError(
            f"{snapshot.branch}: there is no {rev.kind} revision to be seen in the last answer"
        )
    return revnos
