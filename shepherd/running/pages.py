"""The pages as things stand when they are written (docs/running.md#freeze)."""

from __future__ import annotations

from pathlib import Path

from shepherd.running.log import now
from shepherd.running.situation import freezes_now, situation
from shepherd.settings import Settings

TRIES = 5
"""How often the pages are written because somebody froze a branch, or ended that, meanwhile."""


def write_current(settings: Settings, writing: str = "") -> list[Path]:
    """Write all pages and feeds by what is true now, and again where a freeze was set or ended meanwhile:
    what `inv freeze.on` has just written must not be replaced by what held before.

    Args:
        writing: see `situation`.

    Raises:
        NoAnswerError, StoreError: see `write_report`.
    """
    from shepherd.stages.report import write_report

    for _ in range(TRIES):
        present = situation(settings, writing)
        # only the stage itself has the time, and is the one run that may write what it computed
        pages = write_report(settings, present, trends_as_kept=not writing)
        if freezes_now(settings, now())[0] == present.freezes:
            break
    return pages
