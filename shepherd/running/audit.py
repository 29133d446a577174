"""`inv audit PROMOTION|REV`: why something went out (docs/audit.md)."""

from __future__ import annotations

from shepherd.errors import SettingsError
from shepherd.running.tasking import TaskOptions


def audit(options: TaskOptions, rev: str | None, *, json: bool = False, page: str | None = None) -> int:
    """All that is known of a promotion, or of the one that brought a landing live."""
    raise SettingsError("inv audit knows --verify alone as yet")
