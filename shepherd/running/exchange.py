"""One exchange of a host with the server that all hosts share (docs/running.md#two-hosts).

Of the processes of one host one at a time does that, under `run/told.lock`; what both agreed on last is in
`run/told.json`. A user who does not own `state_dir` only looks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from msgspec import Struct

from shepherd.errors import StoreError
from shepherd.locks import locked
from shepherd.running.switch_told import SharedSwitch, exchange_switch
from shepherd.settings import Settings
from shepherd.statefile import StateFile
from shepherd.store.postgresql import Session
from shepherd.store.reaching import name_of
from shepherd.store.shared_files import AgreedFile, SharedFiles
from shepherd.store.snapshots import LATEST

PATIENCE = 10.0
"""Seconds to wait for another process of this host that asks just now."""
_LARGEST = 50_000_000
"""Bytes of what is remembered: a hundred for each snapshot that is kept."""


class Agreed(Struct, frozen=True):
    """What this host and the server agreed on last."""

    database: str
    files: dict[str, AgreedFile] = {}
    switch: SharedSwitch = SharedSwitch()


def exchange(settings: Settings, session: Session, *, write: bool, send: bool, kept: bool) -> None:
    """Take over what other hosts wrote, and exchange the maintenance switch.

    Args:
        write: False: write no file here, and tell nothing.
        send: tell them what this host wrote; only for the holder of the work lock.
        kept: the snapshots that are kept, too.

    Raises:
        StoreError: the server cannot be asked, or told.
    """
    if not session.ask("SELECT to_regclass('shared')")[0][0]:
        if not send:
            if any((settings.state_path / "snapshots").glob(f"*/{LATEST}")):
                raise StoreError(
                    f"{session.name}: what hosts tell each other is not there, or not for this user to see"
                )
            # nobody ever worked with this database
            return
        from shepherd.store import Database

        Database.of(settings).close()
    state, database = settings.state_path, name_of(settings.database_url)
    with _ours(settings, write) as ours:
        file = StateFile(state / "run" / "told.json", Agreed, largest=_LARGEST)
        before = file.read_or(Agreed(database))
        if before.database != database:
            before = Agreed(database)
        files = dict(before.files)
        shared = SharedFiles(state, settings.branches, session, files, writable=ours, works=send)
        switch = exchange_switch(state, session, before.switch, writable=ours)
        try:
            shared.receive(kept=kept)
            if send:
                shared.send()
        finally:
            after = Agreed(database, files, switch)
            if ours and after != before:
                with suppress(StoreError):
                    file.write(after)


@contextmanager
def _ours(settings: Settings, write: bool) -> Iterator[bool]:
    """Whether this process may write into state_dir; it is the only one that exchanges then."""
    folder = settings.state_path / "run"
    try:
        if not write or folder.stat().st_uid != os.geteuid():
            yield False
            return
        with locked(folder / "told.lock", wait=PATIENCE) as handle:
            yield handle >= 0
    except OSError:
        yield False
