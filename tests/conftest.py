"""Which tests belong to the daily minute: those that start no server and, but for the demo, not the program.

Tests that start the program, or servers of their own making, and samples of campaigns bear the mark `real`
themselves.
"""

from __future__ import annotations

import pytest

SERVERS = {"server", "lp", "hub", "kit"}
"""Fixtures that start a server of their own."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before the marks choose."""
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.real)
