"""Alarms: production runs a bad landing, or is about to. Each begins and ends once in the journal, and each
operator is told of it once (docs/rules.md#alarms)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shepherd.cautions import alarm_words
from shepherd.plans.mails import RaisedAlarm
from shepherd.snapshot import Snapshot
from shepherd.store import Journal, JournalEntry

ALARM_MAIL = "alarm-mail"
"""The kind of act in the journal that a mail about alarms is."""
AGAIN = timedelta(days=1)
"""After this a mail of which nobody knows whether it went out is sent once more: no alarm may be lost."""


def changes(journal: Journal, snapshot: Snapshot) -> list[JournalEntry]:
    """The alarms that began or ended with this answer. One that knows nothing changes nothing."""
    if not snapshot.complete:
        return []
    standing = {entry.subject: entry for entry in _standing(journal)}
    now = _of(snapshot)
    begun = [
        JournalEntry("alarm", sha, {"revno": revno, "on": True}, why=text)
        for sha, (revno, text) in now.items()
        if sha not in standing
    ]
    # that its bug cannot be read just now ends no alarm
    doubtful = {entry.id for entry in snapshot.landings if entry.state == "unknown"}
    ended = [
        JournalEntry("alarm", sha, {"revno": entry.data["revno"], "on": False})
        for sha, entry in standing.items()
        if sha not in now and sha not in doubtful
    ]
    return [*begun, *ended]


def _of(snapshot: Snapshot) -> dict[str, tuple[int, str]]:
    """The alarms of an answer: SHA -> revno and sentence."""
    entries = {entry.revno: entry for entry in snapshot.landings}
    by_sha = {}
    for alarm in snapshot.alarms:
        by_sha[entries[alarm.revno].id] = (alarm.revno, "; ".join(filter(None, alarm_words(alarm))))
    promoted = entries.get(snapshot.promoted.revno) if snapshot.promoted else None
    for revno in promoted.blocked_by if promoted else ():
        entry = entries[revno]
        if entry.state == "bad" and promoted:
            by_sha.setdefault(
                entry.id,
                (revno, f"{_holds(promoted.revno, revno)}, which is bad: {entry.reason}; do not deploy it"),
            )
    return by_sha


def _holds(promoted: int, revno: int) -> str:
    return f"r{revno} is promoted" if promoted == revno else f"r{promoted} is promoted and holds r{revno}"


def _standing(journal: Journal) -> list[JournalEntry]:
    """The alarms that are on, as the journal has it."""
    last = {entry.subject: entry for entry in journal.entries("alarm")}
    return [entry for entry in last.values() if entry.data["on"]]


def untold(journal: Journal, operators: Sequence[str], now: datetime) -> dict[str, list[RaisedAlarm]]:
    """Operator -> the alarms that are on and that no mail has told of."""
    alarms = [
        RaisedAlarm(entry.seq, entry.data["revno"], entry.why, entry.at) for entry in _standing(journal)
    ]
    mails = journal.entries("meant", "done", holding=f'"act":"{ALARM_MAIL}"')
    results = {entry.subject: entry.data["result"] for entry in mails if entry.kind == "done"}
    mailed: dict[str, set[int]] = {}
    for mail in mails:
        result = results.get(mail.subject)
        if mail.kind == "meant" and (result == "done" or (result is None and now - mail.time < AGAIN)):
            mailed.setdefault(mail.data["to"], set()).update(mail.data["alarms"])
    return {
        operator: [alarm for alarm in alarms if alarm.seq not in mailed.get(operator, ())]
        for operator in operators
    }
