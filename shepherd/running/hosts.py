"""One work lock for all hosts that share a database, and who holds it (docs/running.md#two-hosts).

With SQLite there is one host, and its kernel's lock is all. With PostgreSQL its holder takes a lock of
the server as well, in a session that it keeps: the server frees it when the process, its host or the network
between them dies. The record of the run lies on the server, too; the lock decides whether its run goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING

import msgspec

from shepherd.errors import SettingsError, StoreError
from shepherd.running import gate, records, told
from shepherd.running.records import Life, Record
from shepherd.settings import Settings
from shepherd.values import clean

if TYPE_CHECKING:
    from shepherd.store.postgresql import Session

RECORD = "record"


@contextmanager
def work(settings: Settings, *, wait: float = 0.0) -> Iterator[tuple[int, Session | None]]:
    """Hold the work lock, here and for all hosts. Yields its descriptor (see `gate.work`), and the session
    that holds it on the server.

    Raises:
        gate.TakenError: somebody else works, here or on another host, also after `wait` seconds.
        StoreError: a lock cannot be used, the server cannot be reached.
    """
    end = monotonic() + wait
    with gate.work(settings.state_path, wait=wait) as handle:
        if not settings.on_server:
            yield handle, None
            return
        from shepherd.store import postgresql, reaching

        session = postgresql.Session(settings.database_url, settings.database_password, "working")
        try:
            if not session.take(postgresql.WORK, max(end - monotonic(), gate.GRACE)):
                raise gate.TakenError
            # what the one before left unfinished is over when this has been had
            if not session.take(postgresql.WRITING, reaching.BUSY_SECONDS):
                raise StoreError(
                    f"{session.name}: an earlier run lost the work lock, and its last transaction is not over"
                    " yet: try again"
                )
            session.free(postgresql.WRITING)
            with postgresql.working(session):
                yield handle, session
        finally:
            session.close()


@contextmanager
def recorded(session: Session | None) -> Iterator[None]:
    """Remove the record from the server at the end of the run. Only for the holder of the work lock."""
    try:
        yield
    finally:
        if session is not None:
            with suppress(StoreError):
                # where the session is lost, the next run finds it and says so
                session.forget(RECORD)


def publish(settings: Settings, session: Session | None, record: Record) -> None:
    """Write the record, for all hosts. Only for the holder of the work lock. Raises StoreError."""
    if session is not None:
        session.tell(RECORD, msgspec.json.encode(record))
    records.publish(settings.state_path, record)


def left_behind(settings: Settings, session: Session | None) -> Record | None:
    """The record of a run that crashed, on whichever host. Only for the holder of the work lock.

    Raises:
        UnreadableFileError: this host's own is no record. StoreError.
    """
    if session is None:
        return records.read(settings.state_path)
    return _decoded(session.told(RECORD).get(RECORD))


def look(settings: Settings) -> tuple[Record, Life] | None:
    """The record of the run that is at work, on whichever host, and whether that goes on; None if there is
    none. Where the server cannot be asked, what is known here.

    Raises:
        UnreadableFileError: see `records.read`.
    """
    if settings.on_server:
        with suppress(StoreError, SettingsError, ImportError):
            return _look(told.session(settings))
    return records.look(settings.state_path)


def holder(settings: Settings) -> str:
    """Who holds the work lock, in words: `process 12 on qa2`; empty: nobody, as far as can be seen."""
    if settings.on_server:
        with suppress(StoreError, SettingsError, ImportError):
            name = told.session(settings).holder()
            *_, host, pid = name.split(" ") if name.count(" ") >= 3 else ("", "", "")
            if pid:
                return f"process {clean(pid, 20)} on {clean(host, 60)}"
            if name:
                return "a session that is not one of ours"
    pids = gate.holders(gate.work_locks(settings.state_path)[0])
    return f"process {', '.join(map(str, pids))}" if pids else ""


def _look(session: Session) -> tuple[Record, Life] | None:
    record, name = _decoded(session.told(RECORD).get(RECORD)), session.holder()
    while record is not None:
        before = record
        if name == _session_of(record):
            # its process may be another host's, or be over while a child of it holds the lock
            return record, "lives" if records.life(record) == "lives" else "held"
        record, name = _decoded(session.told(RECORD).get(RECORD)), session.holder()
        # one that has come to its end meanwhile did not crash: it removed its record
        if record == before and name != _session_of(record):
            return record, "gone"
    return None


def _session_of(record: Record) -> str:
    from shepherd.store.reaching import session_name

    return session_name("working", record.host, record.pid)


def _decoded(document: bytes | None) -> Record | None:
    """None also for what a newer release wrote in another form: the lock alone decides."""
    if document is None:
        return None
    try:
        return msgspec.json.decode(document, type=Record)
    except msgspec.MsgspecError:
        return None
