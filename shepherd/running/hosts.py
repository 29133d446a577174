"""One work lock for all hosts that share a database (docs/running.md#two-hosts).

With SQLite there is one host, and its kernel's lock is all. With PostgreSQL whoever has that takes a lock of
the server as well, in a session that it keeps: the server frees it when the process, its host or the network
between them dies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from shepherd.running import gate
from shepherd.settings import Settings
from shepherd.store import postgresql


def shared(settings: Settings) -> bool:
    """Whether other hosts may use the same database."""
    return settings.database_url.startswith("postgresql")


def open_session(settings: Settings, purpose: str) -> postgresql.Session:
    """Raises StoreError, SettingsError."""
    return postgresql.Session(settings.database_url, settings.database_password, purpose)


@contextmanager
def work(settings: Settings, *, wait: float = 0.0) -> Iterator[tuple[int, postgresql.Session | None]]:
    """Hold the work lock, here and for all hosts. Yields its descriptor (see `gate.work`), and the session
    that holds it on the server.

    Raises:
        gate.TakenError: somebody else works, here or on another host, also after `wait` seconds.
        StoreError: a lock cannot be used, the server cannot be reached.
    """
    end = monotonic() + wait
    with gate.work(settings.state_path, wait=wait) as handle:
        if not shared(settings):
            yield handle, None
            return
        session = open_session(settings, "working")
        try:
            if not session.take(postgresql.WORK, end - monotonic()):
                raise gate.TakenError
            # what the one before left unfinished is over when this has been had
            session.take(postgresql.WRITING, postgresql.BUSY_SECONDS)
            session.free(postgresql.WRITING)
            with postgresql.working(session):
                yield handle, session
        finally:
            session.close()
