"""`notify`: each chat and webhook is told what changed on the branches that it wants, each change once
(docs/notices.md#what-is-told)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from shepherd.errors import NO_DATA, NoAnswerError
from shepherd.plans.days import days_of
from shepherd.plans.place_knowledge import PlaceState
from shepherd.plans.telling import Decision, decide
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.settings.model import NotifySettings
from shepherd.snapshot import Snapshot
from shepherd.stages.notice_delivery import NoticeDelivery, PlannedNotice
from shepherd.stages.notice_facts import NoticeFacts, is_due, known_of, note_nothing_overdue
from shepherd.stages.place_states import (
    KILLED,
    ending,
    settling,
    state_of,
    switching,
)
from shepherd.stages.places_told import places_before, remember_places
from shepherd.stages.telling_result import TellingResult
from shepherd.store import BranchStore, Database
from shepherd.store.snapshots import Snapshots
from shepherd.store.wholeness import loss

if TYPE_CHECKING:  # most runs tell nothing, and do without words, mails and HTTP
    from shepherd.plans.mails import Waiting

States = dict[str, PlaceState | None]
"""By the name of the place."""


def notify(settings: Settings, run: Run, *, preview: bool = False, dry: bool = False) -> TellingResult:
    """Tell each place what is new to it, or say why not now. What fails is told by the next run.

    Args:
        preview: show the messages as they would go, also those that are held back. Writes nothing, as `dry`.

    Raises:
        NoAnswerError: nothing was ever read. StoreError: the database cannot be used.
    """
    writes = not (dry or preview)
    telling = _Telling(settings, run, writes)
    delivery = NoticeDelivery(settings, run, telling.result)
    wanted = {branch: telling.places(branch) for branch in settings.branches}
    with Database.of(settings, read_only=not writes) as database:
        if writes:
            telling.forget_removed(database, wanted)
        telling.look_at_places(database, wanted)
        for branch, places in wanted.items():
            for planned in telling.planned(database, branch, places) if places else ():
                if preview or dry:
                    delivery.show(planned, whole=preview)
                else:
                    delivery.tell(database, planned)
    result = telling.result
    if not result.lines and not result.failures:
        result.lines.append("nothing new to tell" if settings.notify else "nobody is told: no [[notify]]")
    return result


class _Telling:
    """What is told in one run, before it is delivered."""

    def __init__(self, settings: Settings, run: Run, writes: bool) -> None:
        self.result = TellingResult()
        self._settings = settings
        self._run = run
        self._writes = writes
        self._situation = replace(run.situation(), now=run.now)
        self._snapshots: dict[str, Snapshot | None] = {}
        self._states: dict[str, States] = {}
        """By branch."""
        self._alone: dict[str, datetime] = {}
        """Places that asked to be left alone, about whichever branch -> until when."""

    def places(self, branch: str) -> list[NotifySettings]:
        """Those that want to be told of a branch."""
        return [each for each in self._settings.notify if not each.branches or branch in each.branches]

    def forget_removed(self, database: Database, wanted: dict[str, list[NotifySettings]]) -> None:
        """A place that is told of a branch no more hears nothing of what happens until it is told again."""
        now = {branch: [each.name for each in places] for branch, places in wanted.items() if places}
        before = places_before(self._settings)
        for branch, names in before.items():
            gone = [name for name in names if name not in now.get(branch, ())]
            if not gone or branch not in self._settings.branches:
                continue
            with database.branch(branch) as store:
                told = [name for name in gone if state_of(store.journal, name) is not None]
                if told and loss(store.journal, self._settings, branch) is None:
                    store.append(map(ending, told), self._run)
        if now != before:
            remember_places(self._settings, now)

    def look_at_places(self, database: Database, wanted: dict[str, list[NotifySettings]]) -> None:
        """How it stands between each place and each branch; what a place asked for counts for all of them."""
        for branch, places in wanted.items():
            if not places:
                continue
            with database.branch(branch) as store:
                states: States = {each.name: state_of(store.journal, each.name) for each in places}
            self._states[branch] = states
            for name, state in states.items():
                if state is not None and state.alone is not None:
                    self._alone[name] = max(state.alone, self._alone.get(name, state.alone))

    def planned(
        self, database: Database, branch: str, places: Sequence[NotifySettings]
    ) -> list[PlannedNotice]:
        """What each place is told of a branch; where nothing is new, the journal alone is read for it."""
        settings, states = self._settings, self._states[branch]
        with database.branch(branch) as store:
            known = known_of(store, settings, branch, self._situation, _since(states.values()))
            if known is None:
                lost = loss(store.journal, settings, branch)
                why = f"the journal {lost.what}" if lost else "there is no answer yet: inv run"
                self._no_data(f"nothing is told of {branch}: {why}")
                return []
            waiting = self._overdue(store, branch, states, known)
            today = days_of(settings).of(self._run.now).isoformat()
            killed = [name for name, state in states.items() if state is not None and state.unsettled]
            entries = list(map(settling, killed))
            began: set[str] = set()
            for each in places:
                switch = switching(each, states[each.name], known.present, today)
                if switch is not None:
                    entries.append(switch)
                    began.add(each.name)
            decisions = {
                each.name: decide(state, known.present, each.quiet, self._alone.get(each.name))
                for each in places
                if (state := states[each.name]) is not None and each.name not in began
            }
            if not entries and not any(each.news for each in decisions.values()):
                return []
            if (lost := loss(store.journal, settings, branch)) is not None:
                self._no_data(f"nothing is told of {branch}: the journal {lost.what}")
                return []
            if self._writes:
                for name in killed:
                    # as every act: the log before the journal
                    known_not = {"result": "unsure", "why": KILLED}
                    self._run.tell("act", branch=branch, what="notice", on=name, **known_not)
                store.append(entries, self._run)
            told = "is told" if self._writes else "would be told"
            self.result.lines += [f"{name} {told} of {branch} from now on" for name in sorted(began)]
            return self._messages(store, branch, places, states, known, decisions, waiting)

    def _overdue(self, store: BranchStore, branch: str, states: States, known: NoticeFacts) -> list[Waiting]:
        """What has blocked for too long, where it is the hour to tell somebody; `known` has it then."""
        told = {state.told.escalation for state in states.values() if state is not None} - {None}
        day = is_due(store, self._settings, self._run.now) if told else ""
        if not day or told == {day}:
            return []
        from shepherd.stages.overdue import escalation_key, overdue_now

        snapshot = self._snapshot(branch)
        waiting = overdue_now(store, self._settings, snapshot, self._situation) if snapshot else None
        if waiting:
            known.present = replace(known.present, escalation=escalation_key(day, waiting))
        elif waiting is not None and self._writes:
            note_nothing_overdue(store, day)
        return waiting or []

    def _messages(
        self,
        store: BranchStore,
        branch: str,
        places: Sequence[NotifySettings],
        states: States,
        known: NoticeFacts,
        decisions: dict[str, Decision],
        waiting: Sequence[Waiting],
    ) -> list[PlannedNotice]:
        told = [each for each in places if each.name in decisions and decisions[each.name].news]
        snapshot = self._snapshot(branch) if told else None
        if snapshot is None:
            return []
        from shepherd.stages.answer_log import is_journaled
        from shepherd.stages.notice_messages import Teller

        if not is_journaled(store.journal, snapshot):
            # a judgement ended, or was killed, after the journal had its answer and before the snapshot was
            # written: its words would be those of the answer before
            self._no_data(f"nothing is told of {branch}: the last judgement was not finished: inv judge")
            return []
        teller = Teller(self._settings, store, snapshot, self._situation, known, waiting)
        planned = []
        for each in told:
            decision, state = decisions[each.name], states[each.name]
            assert state is not None
            notice = teller.notice(each.name, decision, state)
            planned.append(PlannedNotice(each, state, decision, notice, known.present))
        return planned

    def _snapshot(self, branch: str) -> Snapshot | None:
        """The last one, read once."""
        if branch not in self._snapshots:
            self._snapshots[branch] = self._read_snapshot(branch)
        return self._snapshots[branch]

    def _read_snapshot(self, branch: str) -> Snapshot | None:
        try:
            snapshot = Snapshots(self._settings.state_path / "snapshots", branch).latest()
        except NoAnswerError as error:
            self._no_data(f"nothing is told of {branch}: {error}")
            return None
        if snapshot is None:
            self._no_data(f"nothing is told of {branch}: there is no answer yet: inv run")
        return snapshot

    def _no_data(self, line: str) -> None:
        if line not in self.result.lines:
            self.result.lines.append(line)
        self.result.codes.append(NO_DATA)


def _since(states: Iterable[PlaceState | None]) -> int:
    """The place in the journal behind which something may be new to one of them."""
    known = (each for state in states if state is not None for each in state.possible)
    places = [place for each in known for place in (each.alarm, each.promotion) if place is not None]
    return min(places, default=0)
