"""Writing a freeze: what has to hold around that, so that a promotion is either over by then or stopped
(docs/running.md#freeze).

It takes no work lock, since a run may be long and a promotion in it must be stoppable; `run/freeze.lock` is
what a promotion holds from its last look to the end of the move.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from time import monotonic, sleep
from typing import Any, NamedTuple

from shepherd.errors import PartlyError, StoreError
from shepherd.limits import stoppable
from shepherd.run import Run
from shepherd.running import gate
from shepherd.running.journal_head import tell_of_journal
from shepherd.running.log import line, now, run_id
from shepherd.running.refusals import BusyError, in_maintenance
from shepherd.running.runner import log_of, prepare_state
from shepherd.running.tasking import ROOT
from shepherd.settings import Settings
from shepherd.stages import freezes
from shepherd.stages.freezes import FreezeWord
from shepherd.store import Database, Journal, JournalEntry
from shepherd.store.wholeness import LostJournalError, loss

DATABASE_BUSY = 60.0
"""Seconds for which a run that writes into the database is waited for."""


class FreezeWriting(NamedTuple):
    """One process that writes freezes, and what it needs for that."""

    settings: Settings
    run: Run
    alone: bool
    """It holds the freeze lock: no promotion is between its last look and its move."""
    database: Database

    def words(self, branch: str) -> tuple[FreezeWord, ...]:
        """What persons said of a branch, and is not over."""
        with self.database.branch(branch) as store:
            return tuple(freezes.in_effect(freezes.words_in(store.journal), self.run.now))

    def record(self, branch: str, entries: Sequence[JournalEntry]) -> None:
        """Write into the journal, and the copy for readers with it: at no moment, and by no kill, are they
        told of less than the journal says.

        Raises:
            LostJournalError: nothing is written into it. StoreError. PartlyError: the copy is missing.
        """
        adds = any(entry.data.get("on") for entry in entries)
        problem = ""
        with self.database.branch(branch) as store:
            if lost := loss(store.journal, self.settings, branch):
                raise LostJournalError(self.settings, branch, lost)
            store.append(entries, self.run)
            if adds:
                problem = self._copy(branch, store.journal)
        if not adds:
            with self.database.branch(branch) as store:
                problem = self._copy(branch, store.journal)
        if problem:
            raise PartlyError(
                f"{branch}: this is recorded, and promotions go by it, but page and status cannot know of it"
                f" yet ({problem}); the next run tells them"
            )

    def _copy(self, branch: str, journal: Journal) -> str:
        """What went wrong; empty: nothing."""
        try:
            freezes.make_copy(self.settings, branch, journal, self.run.now)
        except StoreError as error:
            return str(error)
        return ""

    def tell(self, branch: str, before: str, after: str, why: str, **more: str) -> None:
        fields = {"what": "freeze", "on": branch, "from": before, "to": after}
        fields |= {name: value for name, value in more.items() if value}
        self.run.tell("act", branch=branch, **fields, because=why, by=self.run.who)


@contextmanager
def writing_freezes(settings: Settings, task: str, who: str) -> Iterator[FreezeWriting]:
    """Under gate and freeze lock, with the switch off.

    Raises:
        MaintenanceError, BusyError: the switch is on, or an upgrade is under way. StoreError.
    """
    prepare_state(settings.state_path)
    os.umask(0o077)
    log = log_of(settings)
    own = run_id(now())

    def tell(event: str, **fields: Any) -> None:
        log.write(line(now(), run=own, stage=task, event=event, **fields))

    with ExitStack() as held:
        held.enter_context(stoppable())
        try:
            held.enter_context(gate.gate(settings.state_path))
        except gate.TakenError:
            raise BusyError("an upgrade is under way; try again when it is done (inv lock.status)") from None
        if gate.upgraded(ROOT):
            raise BusyError("the shepherd was upgraded meanwhile: start it again")
        lock = held.enter_context(freezes.freeze_lock(settings, freezes.PATIENCE))
        if refusal := in_maintenance(settings):
            tell("refused", branch="all", exit=refusal.code, because=str(refusal))
            raise refusal
        database = held.enter_context(_database(settings))
        run = Run(own, now(), who, tell)
        yield FreezeWriting(settings, run, lock >= 0, database)
        tell_of_journal(settings, own, run.now, partial(tell, branch="all"))


def _database(settings: Settings) -> Database:
    """The database; a run that holds it for long is waited for."""
    give_up = monotonic() + DATABASE_BUSY
    while True:
        try:
            return Database.of(settings)
        except StoreError as error:
            if "locked" not in str(error) or monotonic() > give_up:
                raise
            sleep(0.1)
