from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _nothing_swallows_what_a_limit_raises() -> Iterator[None]:
    """Hypothesis, where a test before used it, leaves a callback of the collector behind: whatever a signal
    raises amid it is lost, and the limit's second try is later than these tests allow."""
    left, gc.callbacks[:] = gc.callbacks[:], []
    yield
    gc.callbacks[:] = left
