"""What the stages know of a branch: read from the database once, in one transaction, and handed on."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shepherd.conditions import Touched
from shepherd.errors import NoAnswerError
from shepherd.git.branch_reading import BranchFacts, KnownBranch
from shepherd.landing import Landing, Reading, Revision
from shepherd.rules import scope_of
from shepherd.run import Run
from shepherd.settings import Settings, keys_of, project_of
from shepherd.stages.brought import requests_of_brought
from shepherd.stages.recorded import covers, ref_moves, suspected
from shepherd.stages.requests import claims_of, named
from shepherd.stages.timeline import RefMove, landed_times, reached
from shepherd.stages.touched import WindowTouches, known_touches, touched_in
from shepherd.store import BranchStore, JournalEntry
from shepherd.store.wholeness import JournalLoss, LostJournalError, loss
from shepherd.trackers.claims import NO_CLAIMS, Claims
from shepherd.words import Cover, Item, TrackerData


class BranchSource(Struct, frozen=True):
    """What `find` handed over in addition to the landings: the positions, or why there are none."""

    reading: Reading | None
    """Without its landings, which have a table of their own."""
    read_at: datetime
    run_id: str
    settings: str
    """Sum of the settings that it was read by."""
    problem: str = ""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class StoredTags(Struct, frozen=True):
    """What the tracker said last, kept so that a verdict can be judged without network."""

    reading: TrackerData
    at: datetime
    problem: str = ""


class BranchState(Struct, frozen=True):
    """What is known of a branch when a stage begins. `find` starts from the first half; to judge and to tag,
    `state_to_judge` adds the second."""

    branch: str
    source: BranchSource | None
    """What `find` handed over last; None: it never ran."""
    landings: tuple[Landing, ...]
    """As `find` read them last."""
    facts: BranchFacts | None = None
    """What else that reading found, for the next."""
    began: bool = False
    """Whether the journal has a first entry."""
    tip: Revision | None = None
    """The tip that the journal saw last."""
    deployed: Sequence[RefMove] = ()
    covers: tuple[Cover, ...] = ()
    loss: JournalLoss | None = None
    """What the journal lacks: it must not be written to."""
    touches: WindowTouches = WindowTouches()

    problem: str = ""
    """Why nothing can be said; empty if something can."""
    reading: Reading | None = None
    """What is judged: with its landings, and with the requests that the tracker confirmed."""
    scope: Collection[int] = ()
    """Revnos of the landings whose items are read."""
    suspects: Collection[Item] = ()
    """Bugs that named a landing bad when they were read last."""
    touched: Mapping[str, Touched] = {}
    """SHA of a landing after D -> what it touches that a limit is about."""
    claims: Claims = NO_CLAIMS
    """Landings for which a forge is asked which requests brought them."""
    tags: StoredTags | None = None
    """None: the tracker was never read."""
    promotions: Sequence[JournalEntry] = ()

    @property
    def known(self) -> KnownBranch | None:
        """What the next reading can build on; None: nothing, since it does not fit together."""
        whole = self.facts is not None and self.landings and self.landings[-1].id == self.facts.tip.id
        return KnownBranch(self.facts, self.landings) if self.facts is not None and whole else None

    @property
    def recorded(self) -> str | None:
        """The revision that production runs, as a person recorded it last."""
        return next((move.id or "r0" for move in reversed(self.deployed) if move.recorded), None)


def read_landings(store: BranchStore, branch: str) -> BranchState:
    """What `find` handed over, and nothing of the journal."""
    return BranchState(branch, store.cache.fact("source", BranchSource), tuple(store.cache.landings()))


def read_state(store: BranchStore, settings: Settings, branch: str) -> BranchState:
    """What database and journal know before a reading or a judgement."""
    journal = store.journal
    tip = journal.last("tip")
    return replace(
        read_landings(store, branch),
        facts=store.cache.fact("facts", BranchFacts),
        began=journal.last("began") is not None,
        tip=Revision(tip.data["revno"], tip.data["id"]) if tip else None,
        deployed=ref_moves(journal.entries("deployed")),
        covers=covers(journal),
        loss=loss(journal, settings, branch),
        touches=known_touches(store, settings.branches[branch]),
    )


def state_to_judge(store: BranchStore, settings: Settings, branch: str, run: Run) -> BranchState:
    """What a judgement starts from.

    Raises:
        NoAnswerError: `find` never ran.
    """
    state = read_state(store, settings, branch)
    source = state.source
    if source is None:
        raise NoAnswerError(f"{branch}: nothing was read yet, so there is nothing to judge: inv find")
    state = replace(state, tags=store.cache.fact("tracker", StoredTags))
    if state.loss is not None:
        # what is left of the journal tells no history
        return replace(state, problem=str(LostJournalError(settings, branch, state.loss)), deployed=())
    state = replace(state, promotions=store.journal.entries("promoted"))
    problem = _problem_of(source, settings, branch, run)
    if problem or source.reading is None:
        return replace(state, problem=problem)
    reading = replace(source.reading, landings=state.landings)
    touched = touched_in(state.touches, reading)
    if touched is None:
        return replace(state, problem=f"{branch}: what its landings touch was not read yet: inv find")
    scope = scope_of(reading, state.covers, _lately_live(state, reading, settings, run.now))
    return replace(
        state,
        reading=named(reading, state.tags.reading) if state.tags else reading,
        scope=scope,
        touched=touched,
        suspects=suspected(store.journal) | requests_of_brought(store.journal, state.landings),
        claims=claims_of(settings, branch, reading, scope),
    )


def _problem_of(source: BranchSource, settings: Settings, branch: str, run: Run) -> str:
    """Why there is no answer to be had from what `find` handed over; empty if there is."""
    if source.problem:
        return source.problem
    if source.settings != sum_of(settings, branch):
        return f"{branch}: its settings have changed since it was read: inv find"
    if run.rereads and source.run_id != run.id:
        return f"{branch}: it could not be read again in this run: inv find says why"
    return "" if source.reading else f"{branch}: nothing was read"


def sum_of(settings: Settings, branch: str) -> str:
    """A sum of everything in the settings that `find` reads a branch by."""
    config = settings.branches[branch]
    read_by: list[object] = [config.read_by, project_of(settings, config)]
    # what was read without keys, also by a release that knew none, goes on to count
    read_by += filter(None, [keys_of(settings, config)])
    return hashlib.sha256(msgspec.json.encode(read_by)).hexdigest()


def _lately_live(state: BranchState, reading: Reading, settings: Settings, now: datetime) -> list[int]:
    """The revnos of what went live within `keep`."""
    live_since = reached(state.deployed)
    times, _ = landed_times(state.landings, now)
    kept_since = now - timedelta(seconds=settings.keep)
    return [
        landing.revno
        for landing, at in zip(state.landings, times, strict=True)
        if landing.revno <= reading.deployed.revno and (live_since(landing.revno) or at) >= kept_since
    ]
