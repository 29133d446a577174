"""Release notes of any two revisions of a mainline: what the last answer does not list is looked up in
journal, archive and git (docs/guide.md#what-goes-live)."""

from __future__ import annotations

from collections.abc import Sequence

from shepherd.deployment import compare_url, deployment
from shepherd.errors import SettingsError
from shepherd.git.revisions import EXACT, POSITIONS, revnos_in, revnos_named
from shepherd.landing import Landing
from shepherd.notes import NoteLine, ReleaseNotes, rolled_back_by
from shepherd.rules.undoing import Undoing
from shepherd.settings import Settings
from shepherd.snapshot import Rev, Snapshot
from shepherd.stages.older import OlderHistory
from shepherd.stages.recorded import covers
from shepherd.store import Journal, JournalEntry, open_branch
from shepherd.values import RevName
from shepherd.words import Cover, bug_names


def notes_between(settings: Settings, snapshot: Snapshot, base: RevName | None, to: RevName) -> ReleaseNotes:
    """The notes of what lies between two revisions; nothing is fetched.

    Args:
        base: None: where the promoted ref was before, if `to` is what a promotion brought; else what
            production runs.

    Raises:
        SettingsError: one of them is not on the mainline, or `base` is not the older one.
        NoAnswerError: there is no such position. SourceError: git cannot be read.
    """
    with open_branch(settings, snapshot.branch, read_only=True) as store:
        known = store.cache.landings()
        older = OlderHistory(settings, snapshot.branch, store, known)
        asked = _Asked(snapshot, known, older)
        last = asked.place(to)
        promotion = _promotion(store.journal, last)
        before = _before(store.journal, promotion) if promotion is not None else None
        if base is not None:
            first = asked.place(base)
        elif before is not None:
            first = asked.numbered(before.revno)
            if before.id and first.id != before.id:
                raise SettingsError(
                    f"r{before.revno}, promoted before it, is not on the mainline any more: name the older"
                    " revision with --from"
                )
        else:
            first = _production(snapshot, last)
        if first.revno >= last.revno:
            raise SettingsError(
                f"r{first.revno} is not older than r{last.revno}: name the older one with --from"
            )
        words = covers(store.journal)
        landings = older.between(first.revno + 1, last.revno)
        undoing = undoing_from(landings, first.revno, older, words)
        changed = changed_below(undoing, first.revno, last.revno)
        lines = {
            each.revno: each for each in (*landings, *(each for p in changed for each in older.between(p, p)))
        }
        states = _states(snapshot, store.journal, list(lines.values()))
    config, tracker = settings.branches[snapshot.branch], settings.tracker_of(snapshot.branch)
    whole = deployment(lines, first, last, last.revno, undoing.undone_at)
    gone = undoing.undone_at(last.revno)
    by = rolled_back_by([*whole.undone, *whole.taken_out], last.revno, gone, undoing.counting)

    def line(revno: int) -> NoteLine:
        landing = lines[revno]
        return NoteLine(
            revno,
            landing.id,
            landing.shown_title,
            landing.person,
            bug_names(landing.bugs),
            landing.requests,
            landing.url,
            states.get(landing.id, ""),
            revno in gone,
            by.get(revno),
            revno <= first.revno and revno not in gone,
        )

    promoted = promotion if before is not None and before.revno == first.revno else None
    return ReleaseNotes(
        branch=snapshot.branch,
        base=first,
        to=last,
        landings=tuple(map(line, whole.landings)),
        taken_out=tuple(map(line, whole.taken_out)),
        compare_url=compare_url(config.compare_url, config.landing_url, first.id, last.id),
        bug_url=tracker.bug_url,
        request_url=tracker.request_url,
        promoted_at=promoted.time if promoted is not None else None,
        promoted_by=promoted.who if promoted is not None and not promoted.data.get("foreign") else "",
    )


class _Asked:
    """What people call a revision, as a place on the mainline."""

    def __init__(self, snapshot: Snapshot, known: Sequence[Landing], older: OlderHistory) -> None:
        self._snapshot = snapshot
        self._known = known
        self._older = older

    def place(self, rev: RevName) -> Rev:
        """Raises SettingsError, NoAnswerError, SourceError."""
        if rev.kind in POSITIONS:
            return self.numbered(revnos_in(self._snapshot, rev)[0])
        kept = set(revnos_named(rev, self._known, self._snapshot, ranks=EXACT))
        found = [each for each in self._known if each.revno in kept]
        found = found or self._older.exactly(rev) or self._older.named(rev)
        if not found:
            raise SettingsError(f"{rev.shown} is not a landing of {self._snapshot.branch}")
        return Rev(found[0].revno, found[0].id)

    def numbered(self, revno: int) -> Rev:
        """The place with this number; 0 is before the first landing."""
        found = self._older.between(revno, revno) if revno else []
        return Rev(revno, found[0].id if found else "")


def _promotion(journal: Journal, to: Rev) -> JournalEntry | None:
    """The last move of the promoted ref that brought it forward to there; None: there was none."""
    moves = [e for e in journal.entries("promoted") if "from" in e.data and e.data["id"] == to.id]
    forward = [e for e in moves if (e.data["from"] or 0) < to.revno]
    return forward[-1] if forward else None


def _before(journal: Journal, promotion: JournalEntry) -> Rev:
    """Where the ref was before; where that was nowhere, what production ran then."""
    earlier = [e for e in journal.entries("promoted") if e.seq < promotion.seq]
    if promotion.data["from"] is None:
        earlier = [e for e in earlier if e.data.get("base")]
    if earlier and promotion.data["from"] in (None, earlier[-1].data["revno"]):
        return Rev(earlier[-1].data["revno"], earlier[-1].data["id"])
    return Rev(promotion.data["from"] or 0, "")


def _production(snapshot: Snapshot, to: Rev) -> Rev:
    deployed = snapshot.deployed
    if deployed is None:
        raise SettingsError("it is not known what production runs: name the older revision with --from")
    if deployed.revno >= to.revno:
        raise SettingsError(
            f"production runs r{deployed.revno}, and no promotion brought exactly r{to.revno}: name the older"
            " revision with --from"
        )
    return Rev(deployed.revno, deployed.id)


def undoing_from(
    landings: Sequence[Landing], base: int, older: OlderHistory, words: Sequence[Cover]
) -> Undoing:
    """What is undone after `base`: read as far down as anything in it reaches."""
    line: Sequence[Landing] = older.undoing(base + 1, words)
    first = base + 1
    while (lowest := min((t for each in line for t in each.targets), default=first)) < first:
        first = lowest
        line = older.undoing(first, words)
    whole = {each.revno: each for each in (*line, *landings)}
    return Undoing([whole[revno] for revno in sorted(whole)], words)


def changed_below(undoing: Undoing, base: int, to: int) -> list[int]:
    """What lies before `base` and is undone at only one of the two."""
    return sorted(p for p in undoing.undone_at(base) ^ undoing.undone_at(to) if p <= base)


def _states(snapshot: Snapshot, journal: Journal, landings: Sequence[Landing]) -> dict[str, str]:
    """SHA -> the state that was last known."""
    recorded = journal.entries("state", subjects=[landing.id for landing in landings])
    states: dict[str, str] = {entry.subject: entry.data["to"] for entry in recorded}
    return states | {entry.id: str(entry.state) for entry in snapshot.landings}
