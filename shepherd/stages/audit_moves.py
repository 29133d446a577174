"""Which moves an audit is about, and which landings each of them brought (docs/audit.md#what-is-named)."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from shepherd.deployment import deployment
from shepherd.errors import SourceError
from shepherd.landing import Landing
from shepherd.snapshot import Rev
from shepherd.stages.notes import changed_below, undoing_from
from shepherd.stages.older import OlderHistory
from shepherd.stages.promoted import KIND
from shepherd.stages.recorded import covers
from shepherd.store import Journal, JournalEntry
from shepherd.trail import TrailKind, TrailRole


class JournalMove(Struct, frozen=True):
    """A step of the promoted ref or of production, as the journal has it."""

    kind: TrailKind
    entry: JournalEntry
    before: JournalEntry | None
    """Where it was; None: nothing was promoted."""
    meant: JournalEntry | None = None
    """Of a promotion: what the journal had before it was done."""

    @property
    def to(self) -> Rev:
        return Rev(self.entry.data["revno"], self.entry.data["id"])

    @property
    def base(self) -> Rev | None:
        return Rev(self.before.data["revno"], self.before.data["id"]) if self.before is not None else None

    @property
    def boundary(self) -> int:
        """What stands before this place in the journal was known when it was made."""
        return self.meant.seq if self.meant is not None else self.entry.seq

    def brings(self, revno: int) -> bool:
        base = self.base.revno if self.base is not None else 0
        return base < revno <= self.to.revno


def moves_in(promoted: Sequence[JournalEntry], deployed: Sequence[JournalEntry]) -> list[JournalMove]:
    """Every move that brought something live, or took it back, oldest first: promotions, and those steps of
    production that went beyond what was promoted.

    Args:
        promoted, deployed: the entries of both, oldest first.
    """
    moves = [
        JournalMove("foreign" if entry.data.get("foreign") else "promotion", entry, before)
        for before, entry in _steps(promoted)
        if "from" in entry.data
    ]
    places = [each.seq for each in promoted]
    for before, entry in _steps(deployed):
        at = bisect_left(places, entry.seq)
        released = promoted[at - 1].data["revno"] if at else 0
        if before is None or before.data["revno"] < entry.data["revno"] <= released:
            continue
        if before.data["revno"] < released < entry.data["revno"]:
            # up to there a promotion had brought it
            before = promoted[at - 1]
        moves.append(JournalMove("recorded" if entry.data.get("recorded") else "seen", entry, before))
    return sorted(moves, key=lambda move: move.entry.seq)


def with_plans(moves: Sequence[JournalMove], journal: Journal) -> list[JournalMove]:
    """The moves, promotions with what the journal had of them before they were done."""
    targets = {move.to.id for move in moves if move.kind == "promotion"}
    plans: dict[str, list[JournalEntry]] = defaultdict(list)
    for each in journal.of_commits(targets, "meant"):
        if each.data.get("act") == KIND:
            plans[each.data["to"]].append(each)

    def plan_of(move: JournalMove) -> JournalEntry | None:
        before = [each for each in plans[move.to.id] if each.seq < move.entry.seq]
        return before[-1] if before else None

    return [replace(move, meant=plan_of(move)) if move.kind == "promotion" else move for move in moves]


def _steps(entries: Sequence[JournalEntry]) -> Iterator[tuple[JournalEntry | None, JournalEntry]]:
    """From where to where it went each time. Where the mainline moved and it did not, that is no step."""
    before: JournalEntry | None = None
    for entry in entries:
        data = entry.data
        if (
            not data.get("kept")
            and not data.get("base")
            and (before is None or before.data["id"] != data["id"])
        ):
            yield before, entry
        before = entry


class BroughtLandings(Struct, frozen=True):
    """What a move brought live, and what it took out."""

    landings: tuple[tuple[Landing, TrailRole], ...]
    """Oldest first."""
    gaps: tuple[str, ...] = ()
    """What could not be found out, and why."""


def landings_of(move: JournalMove, journal: Journal, older: OlderHistory) -> BroughtLandings:
    """The landings of a move, by git where that still has them, else by the journal alone."""
    base, to = move.base or Rev(0, ""), move.to
    if base.revno >= to.revno:
        return BroughtLandings(())
    try:
        landings = older.between(base.revno + 1, to.revno)
    except SourceError as error:
        return _by_journal(move, journal, f"the repository could not be read ({error})")
    here = landings and landings[-1].id == to.id
    if not here:
        return _by_journal(move, journal, f"r{to.revno} ({to.id[:12]}) is not on the mainline any more")
    try:
        if base.revno and base.id and older.between(base.revno, base.revno)[0].id != base.id:
            return _by_journal(
                move, journal, f"r{base.revno} ({base.id[:12]}) is not on the mainline any more"
            )
        words = [word for word in covers(journal) if word.seq < move.boundary]
        undoing = undoing_from(landings, base.revno, older, words)
        changed = changed_below(undoing, base.revno, to.revno)
        lines = {
            each.revno: each for each in (*(each for p in changed for each in older.between(p, p)), *landings)
        }
    except (SourceError, IndexError) as error:
        why = f"what was rolled back within it, or brought back by it, could not be found out ({error})"
        return BroughtLandings(tuple((each, "live") for each in landings), (why,))
    whole = deployment(lines, base, to, to.revno, undoing.undone_at)
    roles: dict[int, TrailRole] = {
        revno: "back" if revno <= base.revno else "live" for revno in whole.landings
    }
    roles |= dict.fromkeys(whole.undone, "undone")
    roles |= dict.fromkeys(whole.taken_out, "taken-out")
    return BroughtLandings(tuple((lines[revno], roles[revno]) for revno in sorted(roles)))


def _by_journal(move: JournalMove, journal: Journal, why: str) -> BroughtLandings:
    """By the entries of what was found then: it tells no titles, and nothing of what undid what."""
    base = move.base.revno if move.base is not None else 0
    found = {
        entry.data["revno"]: entry.subject
        for entry in journal.entries("landing")
        if entry.seq < move.entry.seq and base < entry.data["revno"] <= move.to.revno
    }
    missing = move.to.revno - base - len(found)
    gaps = [f"{why}: which landings these were is told by the journal alone, without titles and persons"]
    if missing > 0:
        gaps.append(f"{missing} of the landings were never noted in the journal")
    return BroughtLandings(
        tuple((Landing(revno, sha, 0), "live") for revno, sha in sorted(found.items())), tuple(gaps)
    )
