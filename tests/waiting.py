"""Waiting for a condition, and for nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psutil


def until(condition: Callable[[], Any], limit: float = 60.0, what: str = "it") -> None:
    """Return as soon as the condition holds; a test that waits in vain fails."""
    give_up = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < give_up, f"{what} did not come about in {limit:g} seconds"
        time.sleep(0.02)


def is_over(process: int) -> bool:
    """Whether it is gone, or dead and not yet collected by its parent."""
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
