"""What the log says of the journal's chain at the end of a run that wrote (docs/audit.md#the-chain)."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime, timedelta

from shepherd.errors import ShepherdError
from shepherd.run import Tell
from shepherd.settings import Settings

_CLOCKS = timedelta(hours=1)
"""What the clocks of two hosts may differ by: more than `inv doctor` lets pass."""


def tell_of_journal(settings: Settings, run_id: str, since: datetime, tell: Tell) -> None:
    """Say how many entries a run wrote, and the hash of the journal then; nothing if it wrote none.

    Args:
        since: when the run began.
    """
    if "sqlalchemy" not in sys.modules:
        # then nothing was written
        return
    from shepherd.store import Database, chain

    # what keeps the database from being read was said by whatever needs it
    with (
        suppress(ShepherdError),
        Database.of(settings, read_only=True) as database,
        database.begin() as connection,
    ):
        entries = chain.written_by(connection, run_id, since - _CLOCKS)
        if entries:
            tell("journal", entries=entries, head=chain.head_name(connection))
