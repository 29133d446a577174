"""A journal that was accepted as an older copy in the very second in which it began."""

from __future__ import annotations

from datetime import UTC, datetime

from shepherd.stages.trends import happened_by
from shepherd.store import JournalEntry

AT = "2026-11-29T12:00:00Z"


def test_a_journal_as_young_as_its_loss() -> None:
    entries = [
        JournalEntry("deployed", data={"revno": 1, "id": "a" * 40}, at=AT, run_id="r1", seq=1),
        JournalEntry("began", data={"accepts": ["x"]}, at=AT, run_id="r2", seq=2),
    ]
    now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    assert happened_by(entries, [], [], None).lost == [(now, now)]
