"""What `find` found that the journal has not seen, as its entries: positions, and landings."""

from __future__ import annotations

from shepherd.landing import Reading
from shepherd.run import Run
from shepherd.stages.state import BranchState
from shepherd.store import Journal, JournalEntry
from shepherd.store.wholeness import acceptance_of


def began(state: BranchState, run: Run) -> list[JournalEntry]:
    """The journal's first entry, or the word of a person who accepts what it lacks."""
    if state.loss is not None:
        return [JournalEntry("began", data=acceptance_of(state.loss), who=run.who, why=run.why)]
    return [] if state.began else [JournalEntry("began", who=run.who, why="first run")]


def moved(state: BranchState, reading: Reading) -> list[JournalEntry]:
    """Positions that are not where the journal saw them last."""
    entries = []
    if state.tip is None or state.tip != reading.tip:
        entries.append(JournalEntry("tip", "", {"revno": reading.tip.revno, "id": reading.tip.id}))
    if not state.deployed or state.deployed[-1].id != reading.deployed.id:
        place = {"revno": reading.deployed.revno, "id": reading.deployed.id}
        if state.deployed and state.deployed[-1].id in {sha for sha, _ in reading.deployed.extra}:
            # it is still there: the mainline left it, by a merge the wrong way round
            place["kept"] = state.deployed[-1].id
        entries.append(JournalEntry("deployed", "", place))
    return entries


def new_landings(journal: Journal, state: BranchState, reading: Reading) -> list[JournalEntry]:
    """Landings that the journal has not seen; their place in it is when they were found
    (docs/rules.md#whom-a-tag-speaks-for)."""
    cached = {landing.id for landing in state.landings}
    new = [landing for landing in reading.landings if landing.id not in cached]
    seen = {entry.subject for entry in journal.entries("landing", subjects=[landing.id for landing in new])}
    return [JournalEntry("landing", each.id, {"revno": each.revno}) for each in new if each.id not in seen]


def qa_moved(journal: Journal, reading: Reading) -> list[JournalEntry]:
    """What the QA server runs, if the journal saw it elsewhere last: mails say since when it does."""
    place, last = reading.on_qa, journal.last("on-qa")
    if place is None or (last is not None and last.data["id"] == place.id):
        return []
    return [JournalEntry("on-qa", "", {"revno": place.revno, "id": place.id})]
