"""Which tests belong to the daily minute: those that start no server and, but for the demo, not the program.

Tests that start the program, or servers of their own making, and samples of campaigns have the mark `real`
themselves.
"""

from __future__ import annotations

import logging
import os
import signal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, Dialect, Engine, event

from shepherd.trackers import http
from tests.postgres import database_url as database_url  # fixtures
from tests.postgres import engine as engine
from tests.postgres import postgres as postgres
from tests.trackers.redmine_site import redmine as redmine
from tests.trackers.redmine_site import redmine_server as redmine_server

SERVERS = {"server", "lp", "hub", "kit", "forge", "it", "postgres", "redmine_server"}
"""Fixtures that start a server of their own."""

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("shepherd", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shepherd")

# The pause between writes is tested where it is the matter, and hundreds of tests write.
http.WRITE_EVERY = 0.0

# A shell starts what runs in its background without Ctrl-C, and that would be inherited by what tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_DIALECTS: dict[str, Dialect] = {}
_COMPILED: dict[Any, Any] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before the marks choose."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        if SERVERS & set(getattr(item, "fixturenames", ())) or (
            callspec is not None and callspec.params.get("engine") == "postgresql"
        ):
            item.add_marker(pytest.mark.real)
        if "redmine_server" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("timeout"):
            # the first of them waits until the server is set up, which takes long on a busy machine
            item.add_marker(pytest.mark.timeout(1200))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Before the fixtures of a test: a task run in this process has set the umask for what came after it, and
    a machine that is booted with it has folders that its users cannot enter.

    And a signal that comes just when a test has forked can keep Python from giving back the lock of
    `logging`, for which the threads of a later test would wait for ever.
    """
    os.umask(0o022)
    lock = vars(logging)["_lock"]
    while lock._is_owned():
        lock.release()


# A program compiles each of its SQL statements once; tests open thousands of databases, and without this
# they spend a quarter of their time on compiling the same statements for each of them.
@event.listens_for(Engine, "engine_connect")
def _share_compiled_statements(connection: Connection) -> None:
    connection.dialect = _DIALECTS.setdefault(connection.dialect.name, connection.dialect)
    connection.execution_options(compiled_cache=_COMPILED)
