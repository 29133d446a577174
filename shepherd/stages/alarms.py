"""Alarms: production runs a bad landing, or is about to. Each begins and ends once in the journal
(docs/rules.md#answer)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from textwrap import fill

from msgspec import Struct

from shepherd.cautions import Caution
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.store import Database, Journal, JournalEntry

AGAIN = timedelta(days=1)
"""After this a mail of which nobody knows whether it went out is sent once more: no alarm may be lost."""


COLUMNS = 72
LIVE = "production runs"
"""How the text of an alarm begins that is about what runs now."""
UNDOES = " undoes it"
"""How it ends where a landing has undone it."""


class RaisedAlarm(Struct, frozen=True):
    """One that is on."""

    seq: int
    """Its place in the journal: the next alarm about the same landing is another one."""
    revno: int
    text: str


def changes(journal: Journal, snapshot: Snapshot) -> list[JournalEntry]:
    """The alarms that began or ended with this answer. One that knows nothing changes nothing."""
    if not snapshot.complete:
        return []
    on = {entry.subject: entry for entry in _standing(journal)}
    now = _of(snapshot)
    begun = [
        JournalEntry("alarm", sha, {"revno": revno, "on": True}, why=text)
        for sha, (revno, text) in now.items()
        if sha not in on
    ]
    # that its bug cannot be read just now ends no alarm
    doubtful = {entry.id for entry in snapshot.landings if entry.state == "unknown"}
    ended = [
        JournalEntry("alarm", sha, {"revno": entry.data["revno"], "on": False})
        for sha, entry in on.items()
        if sha not in now and sha not in doubtful
    ]
    return [*begun, *ended]


def _of(snapshot: Snapshot) -> dict[str, tuple[int, str]]:
    entries = {entry.revno: entry for entry in snapshot.landings}
    found = {}
    for alarm in snapshot.alarms:
        way_out = f"; deploying r{alarm.undone_by}{UNDOES}" if alarm.undone_by is not None else ""
        found[entries[alarm.revno].id] = (
            alarm.revno,
            f"{LIVE} r{alarm.revno}, which is bad: {alarm.reason}{way_out}",
        )
    promoted = entries.get(snapshot.promoted.revno) if snapshot.promoted else None
    for revno in promoted.blocked_by if promoted else ():
        entry = entries[revno]
        if entry.state == "bad" and promoted:
            found.setdefault(
                entry.id,
                (revno, f"{_holds(promoted.revno, revno)}, which is bad: {entry.reason}; do not deploy it"),
            )
    return found


def _holds(promoted: int, revno: int) -> str:
    return f"r{revno} is promoted" if promoted == revno else f"r{promoted} is promoted and holds r{revno}"


def _standing(journal: Journal) -> list[JournalEntry]:
    """The alarms that are on, as the journal has it."""
    last = {entry.subject: entry for entry in journal.entries("alarm")}
    return [entry for entry in last.values() if entry.data["on"]]


def untold(settings: Settings, branch: str, address: str, run: Run) -> list[RaisedAlarm]:
    """The alarms that are on and of which this operator was not told. Raises StoreError."""
    database = Database(settings.database_url)
    try:
        with database.begin() as connection:
            journal = Journal(connection, branch)
            standing = _standing(journal)
            told = _told(journal, address, run.now)
    finally:
        database.close()
    return [
        RaisedAlarm(entry.seq, entry.data["revno"], entry.why) for entry in standing if entry.seq not in told
    ]


def _told(journal: Journal, address: str, now: datetime) -> set[int]:
    """Places of alarms that a mail to this operator told of, or may have told of."""
    results: dict[str, str] = {}
    mails: list[JournalEntry] = []
    for entry in journal.entries("meant", "done", holding='"act":"alarm-mail"'):
        if entry.kind == "done":
            results[entry.subject] = entry.data["result"]
        elif entry.data["to"] == address:
            mails.append(entry)
    told: set[int] = set()
    for mail in mails:
        result = results.get(mail.subject)
        at = datetime.fromisoformat(mail.at.replace("Z", "+00:00"))
        if result == "done" or (result is None and now - at < AGAIN):
            told.update(mail.data["alarms"])
    return told


def _told_of(caution: Caution) -> str:
    remedy = f"; {caution.remedy}" if caution.remedy else ""
    return f"* {caution.sentence}{remedy}."


def letter(
    branch: str, alarms: Sequence[RaisedAlarm], known: Sequence[Caution], page: str
) -> tuple[str, str]:
    """Subject and text of the mail about these alarms.

    Args:
        known: what else must be known before anything is deployed: an alarm may name what undoes it.
    """
    revs = ", ".join(f"r{alarm.revno}" for alarm in alarms)
    live = any(alarm.text.startswith(LIVE) for alarm in alarms)
    subject = f"ALARM: {branch}: {revs} bad {'in production' if live else 'and promoted, not live yet'}"
    lines = [fill(f"{alarm.text}.", COLUMNS) + "\n" for alarm in alarms]
    undone = all(alarm.text.endswith(UNDOES) for alarm in alarms)
    way_out = "deploy what undoes it" if undone else "roll it back and deploy that"
    lines.append(f"What to do: {way_out}, or say that it is good after all:")
    lines += [f'  inv verdict r{alarm.revno} ok --branch {branch} --reason "…"' for alarm in alarms]
    others = [caution for caution in known if caution.kind not in ("alarm", "promoted-bad")]
    if others:
        lines.append("\nKnow before you deploy:")
        lines += [fill(_told_of(caution), COLUMNS, subsequent_indent="  ") for caution in others]
    if page:
        lines.append(f"\n{page.rstrip('/')}/{branch}.html")
    lines.append("\nThis is said once per alarm.")
    return subject, "\n".join(lines) + "\n"
