"""What has blocked a branch for too long, for chats and webhooks, looked for once a day
(docs/notices.md#what-is-told)."""

from __future__ import annotations

from collections.abc import Sequence

from shepherd.cautions import cautions, code_of, stopping
from shepherd.errors import NO_DATA
from shepherd.plans.days import days_of
from shepherd.plans.mails import Waiting, overdue, sort_out
from shepherd.plans.place_knowledge import digest
from shepherd.settings import Settings
from shepherd.settings.model import GRACE_DAYS
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.stages.blockers import histories_of
from shepherd.store import BranchStore


def overdue_now(
    store: BranchStore, settings: Settings, snapshot: Snapshot, situation: Situation
) -> list[Waiting] | None:
    """The landings that the list would be told of today, the worst first: by the plan of the mail, and where
    there is no [mail], after as many days as it has by default (docs/notices.md#what-is-told). None: there is
    no data to say that by."""
    stop, now = stopping(cautions(snapshot, situation)), situation.now
    assert now is not None
    if not snapshot.complete or (stop is not None and code_of(stop) == NO_DATA):
        return None
    days = days_of(settings)
    grace = settings.mail.grace_days if settings.mail else GRACE_DAYS
    histories = histories_of(store.journal, snapshot, settings)
    return overdue(sort_out(snapshot, histories, days, grace, now)[0], days.of(now))


def escalation_key(day: str, waiting: Sequence[Waiting]) -> tuple[str, str]:
    """The day, and what names these landings."""
    return day, digest(sorted(each.entry.id for each in waiting))
