"""What the hosts of one database tell each other, and when (docs/running.md#two-hosts).

Who answers, or writes pages, asks the server first; who holds the work lock also tells it what this host
wrote. With SQLite there are no others, and nothing of this is done. Light to import: `status` waits for
neither SQLAlchemy nor, with SQLite, psycopg.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from shepherd.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from shepherd.settings import Settings
    from shepherd.store.postgresql import Session

CONNECT_SECONDS = 3
"""How long a reader waits for a server that does not answer."""
_SILENCE = 10.0
"""Seconds for which a server that did not answer is not asked again, where that took long."""


class _Server:
    """How this process reaches the server."""

    def __init__(self) -> None:
        self.working: tuple[str, Session] | None = None
        """The session that holds the work lock, with its URL."""
        self.reading: tuple[str, Session] | None = None
        self.pid = 0
        """The process that began to work."""
        self.turn = Lock()
        """Of several threads one exchanges at a time."""
        self.looking = False
        self.offline = False
        """See `only_looking`."""
        self.silent: tuple[str, float, str] = ("", 0.0, "")
        """The URL that did not answer in time, until when that is believed, and what was said."""


_server = _Server()


@contextmanager
def only_looking(wanted: bool = True, *, offline: bool = False) -> Iterator[None]:
    """Write no file and tell nothing: for a dry run and `doctor`; offline: do not ask, either."""
    before = _server.looking, _server.offline
    _server.looking, _server.offline = wanted or _server.looking, offline or _server.offline
    try:
        yield
    finally:
        _server.looking, _server.offline = before


def ask(settings: Settings) -> str:
    """Learn what the other hosts said and wrote, and tell them of the switch here. Why that could not be
    done, in one sentence; empty where it was, or where there are no others.
    """
    if not settings.on_server or _server.offline:
        return ""
    if _helps():
        # what the one that it helps has learned, it knows
        return ""
    url = settings.database_url
    silent, until, why = _server.silent
    if silent == url and monotonic() < until and _server.working is None:
        return why
    began = monotonic()
    try:
        try:
            _exchange(settings)
        except StoreError:
            if _server.working is not None or _server.reading is None:
                raise
            # the server may have been started again since it was asked last
            _hang_up()
            _exchange(settings)
    except (StoreError, SettingsError, ImportError) as error:
        if _server.working is None:
            _hang_up()
        if monotonic() - began > 1:
            _server.silent = (url, monotonic() + _SILENCE, str(error))
        return str(error)
    return ""


@contextmanager
def working(settings: Settings, session: Session | None) -> Iterator[None]:
    """Begin with what the other hosts wrote, and let them have what this one wrote when the block ends.

    Args:
        session: the one that holds the work lock; None: there are no other hosts.

    Raises:
        StoreError: the server cannot be asked, or told.
    """
    if session is None:
        yield
        return
    from shepherd.running.other_hosts import present_host

    _server.working, _server.pid = (settings.database_url, session), os.getpid()
    try:
        _exchange(settings, send=True, kept=True)
        present_host(settings, session)
        try:
            yield
        finally:
            with suppress(StoreError):
                # the next holder of the lock sends what could not be sent now
                tell(settings)
    finally:
        _server.working = None


def tell(settings: Settings) -> None:
    """Let the others have what this host wrote: after each stage. Nothing where no work lock is held there.

    Raises:
        StoreError: the server cannot be told.
    """
    if not _helps() and _server.working is not None and _server.working[0] == settings.database_url:
        _exchange(settings, send=True)


def first_of_all(settings: Settings, kind: str, which: str) -> bool:
    """Whether no other host has said this of its kind last; from now on it was said. True also where nobody
    can tell: twice is better than never."""
    if not settings.on_server:
        return True
    try:
        return session(settings).tell_news(f"said/{kind}", which.encode())
    except (StoreError, SettingsError, ImportError):
        return True


def said(settings: Settings, kind: str) -> str:
    """What was said last of its kind, on any host; empty where there are no others, or nobody can tell."""
    if not settings.on_server:
        return ""
    try:
        name = f"said/{kind}"
        return session(settings).told(name).get(name, b"").decode()
    except (StoreError, SettingsError, ImportError):
        return ""


def say_again(settings: Settings, kind: str) -> None:
    """What was said of its kind is news again."""
    if settings.on_server:
        with suppress(StoreError, SettingsError, ImportError):
            session(settings).forget(f"said/{kind}")


@contextmanager
def one_host(settings: Settings) -> Iterator[bool]:
    """Whether no other host is in such a block just now, e.g. sends the same mails; freed by a kill, too."""
    if not settings.on_server:
        yield True
        return
    from shepherd.store.postgresql import SAYING

    try:
        open_one = session(settings)
        alone = open_one.take(SAYING)
    except (StoreError, SettingsError, ImportError):
        yield True
        return
    try:
        yield alone
    finally:
        if alone:
            with suppress(StoreError):
                open_one.free(SAYING)


def session(settings: Settings) -> Session:
    """The session that holds the work lock in this process, else one that only looks.

    Raises:
        StoreError, SettingsError: there is none to be had. ImportError: psycopg is not installed.
    """
    silent, until, why = _server.silent
    if _server.offline:
        raise StoreError("the server is not asked")
    if silent == settings.database_url and monotonic() < until and _server.working is None:
        raise StoreError(why)
    return _session(settings)


def _exchange(settings: Settings, *, send: bool = False, kept: bool = False) -> None:
    """Raises StoreError, SettingsError."""
    from shepherd.running.exchange import exchange

    with _server.turn:
        exchange(settings, _session(settings), write=not _server.looking, send=send, kept=kept)


def _session(settings: Settings) -> Session:
    """The session that holds the work lock, else one for reading, which stays open.

    Raises:
        StoreError, SettingsError: there is none to be had.
    """
    url = settings.database_url
    for known in (_server.working, _server.reading):
        if known is not None and known[0] == url:
            return known[1]
    _hang_up()
    from shepherd.store.postgresql import Session

    session = Session(url, settings.database_password, "reading", CONNECT_SECONDS)
    _server.reading = (url, session)
    return session


def _helps() -> bool:
    """Whether this process was forked by one that works, to read or judge a branch for it
    (docs/running.md#side-by-side)."""
    return _server.working is not None and _server.pid != os.getpid()


def _hang_up() -> None:
    if _server.reading is not None:
        _server.reading[1].close()
        _server.reading = None
