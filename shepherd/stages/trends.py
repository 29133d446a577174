"""What journal, cache and archive know for trends (docs/trends.md): read in one transaction, without git."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from shepherd.errors import NoAnswerError
from shepherd.landing import Landing
from shepherd.settings import Settings
from shepherd.stages.older import OlderHistory
from shepherd.stages.recorded import covers
from shepherd.stages.state import BranchSource
from shepherd.store import BranchStore, JournalEntry, open_branch
from shepherd.trends.happened import AlarmChange, Happened, SeenPlace
from shepherd.trends.model import By, Trends
from shepherd.trends.tally import trends
from shepherd.words import Cover, State

KINDS = ("began", "rewrite", "tip", "deployed", "promoted", "on-qa", "answer", "state", "alarm")
"""The kinds of entries that trends are made of."""


def trends_of(
    settings: Settings, branch: str, now: datetime, by: By = "week", since: date | None = None
) -> Trends:
    """The trends of a branch.

    Args:
        since: a day in the first period; None: the last ones (`trends.calendar.SHOWN`).

    Raises:
        NoAnswerError: nothing was read yet. StoreError: the database cannot be read.
    """
    with open_branch(settings, branch, read_only=True) as store:
        happened = what_happened(settings, branch, store)
    if not happened.written:
        raise NoAnswerError(f"{branch}: nothing was read yet: inv find")
    return trends(branch, happened, now, by, since, settings.timezone)


def what_happened(settings: Settings, branch: str, store: BranchStore) -> Happened:
    """All that the database knows of a branch."""
    source, kept = store.cache.fact("source", BranchSource), store.cache.landings()
    return happened_by(
        store.journal.entries(*KINDS),
        [*OlderHistory(settings, branch, store, kept).archived(), *kept],
        covers(store.journal),
        source.read_at if source is not None else None,
    )


def happened_by(
    entries: Sequence[JournalEntry],
    landings: Sequence[Landing],
    words: Sequence[Cover],
    looked: datetime | None,
) -> Happened:
    """What these entries tell.

    Args:
        entries: of KINDS, oldest first.
        looked: when the sources were last read.
    """
    told = _ToldEntries(entries)
    return Happened(
        landings=landings,
        covers=words,
        production=told.production,
        promoted=told.promoted,
        on_qa=told.on_qa,
        answers=told.answers,
        states=told.states,
        alarms=told.alarms,
        written=told.written,
        era=told.era,
        looked=max(looked, told.production[-1].at) if looked and told.production else looked,
        lost=told.lost,
    )


class _ToldEntries:
    """The journal's entries, sorted by what they tell."""

    def __init__(self, entries: Sequence[JournalEntry]) -> None:
        self.production: list[SeenPlace] = []
        self.promoted: list[SeenPlace] = []
        self.on_qa: list[SeenPlace] = []
        self.answers: list[SeenPlace] = []
        self.states: dict[str, list[tuple[datetime, State]]] = {}
        self.alarms: list[AlarmChange] = []
        self.written: list[datetime] = []
        self.era = 0
        self.lost: list[tuple[datetime | None, datetime]] = []
        rewrites = {entry.run_id for entry in entries if entry.kind == "rewrite"}
        run_id = text = ""
        for entry in entries:
            if entry.at != text:
                text, at = entry.at, entry.time
                self.written.append(at)
            if entry.run_id != run_id:
                run_id = entry.run_id
                self.era += run_id in rewrites
            self._take(entry, at, run_id in rewrites)
        self.written.sort()

    def _take(self, entry: JournalEntry, at: datetime, rewriting: bool) -> None:
        data = entry.data
        match entry.kind:
            case "began" if "accepts" in data:
                # the journal may be as young as this second
                self.lost.append((self.written[-2:][0] if self.production else None, at))
            case "state":
                self.states.setdefault(entry.subject, []).append((at, data["to"]))
            case "deployed":
                moved = bool(self.production) and not rewriting and "kept" not in data
                self.production.append(self._place(data["revno"], data["id"], at, moved))
            case "promoted":
                self.promoted.append(self._place(data["revno"], data["id"], at, "from" in data))
            case "on-qa":
                self.on_qa.append(self._place(data["revno"], data["id"], at, bool(self.on_qa)))
            case "alarm":
                self.alarms.append(AlarmChange(entry.subject, at, data["on"]))
            case "answer" if data["answer"] != "no-data":
                self._answer(data, at)

    def _answer(self, data: Mapping[str, Any], at: datetime) -> None:
        """What may be deployed by it; if nothing may, that is what production runs."""
        allowed = data.get("deployable") is not None and not data.get("stopped")
        revno = data["deployable"] if allowed else data.get("deployed")
        if revno is not None:
            sha = (data.get("id") or "") if allowed else ""
            self.answers.append(SeenPlace(revno, sha, at, self.era, answered=allowed))

    def _place(self, revno: int, sha: str, at: datetime, moved: bool) -> SeenPlace:
        return SeenPlace(revno, sha, at, self.era, moved)
