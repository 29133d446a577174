"""What became of each mail of a day, as the journal tells it (docs/mails.md).

The journal says "meant" before and "done" after a mail, under a key of day, kind and recipient. One that was
meant and never done may have been sent; nobody is asked to read a thing twice, so it waits for tomorrow.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from shepherd.act import EVERYWHERE, Act, settle
from shepherd.run import Run
from shepherd.store import Database, Journal, JournalEntry

TRIES = 3
"""A mail that failed so often in a day is tried once an hour from then on: a wrong address stays wrong."""
LATER = timedelta(hours=1)

State = Literal["sent", "unsure", "failed"]


class MailOutcome(Struct, frozen=True):
    """What became of one mail."""

    state: State
    tries: int = 0
    last: datetime | None = None
    settled: bool = True
    """False: it was meant, and nobody said yet how it went."""

    def goes(self, now: datetime) -> bool:
        """Whether it is tried now."""
        if self.state != "failed":
            return False
        return self.tries < TRIES or self.last is None or now - self.last >= LATER


NEW = MailOutcome("failed")
"""Nothing was tried yet."""


def fates(database: Database, day: date) -> dict[str, MailOutcome]:
    """What became of the mails of a day, by key."""
    with database.begin() as connection:
        entries = Journal(connection, EVERYWHERE).entries("meant", "done", beginning=f"{day} ")
    found: dict[str, MailOutcome] = {}
    for entry in entries:
        if entry.data.get("act") != "mail":
            continue
        tries = found.get(entry.subject, NEW).tries
        if entry.kind == "meant":
            found[entry.subject] = MailOutcome("unsure", tries + 1, _at(entry), settled=False)
        else:
            found[entry.subject] = MailOutcome(_STATES.get(entry.data["result"], "unsure"), tries, _at(entry))
    return found


def settle_open(database: Database, day: date, run: Run) -> dict[str, MailOutcome]:
    """The same, after what a killed run left open was settled as unsure, of the day before too: once, so that
    the log says it once."""
    today = fates(database, day)
    for found in (fates(database, day - timedelta(days=1)), today):
        for key in [key for key, fate in found.items() if not fate.settled]:
            act = Act("mail", key, key.split(" ", 2)[2])
            settle(
                database,
                EVERYWHERE,
                act,
                run,
                "unsure",
                "it was meant, and the run ended: it may have been sent",
            )
    return today


_STATES: dict[str, State] = {"done": "sent", "failed": "failed"}


def _at(entry: JournalEntry) -> datetime:
    return datetime.fromisoformat(entry.at.replace("Z", "+00:00"))
