"""The journal's hash chain: what it costs to append, beside appending without it; the first append to a
journal of 300,000 entries that have none; and `inv audit --verify` of 1,000,000 entries
(docs/audit.md#what-it-costs).

`python -m bench.chain`; a part of its time goes into the disk, so processor seconds are measured.
"""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from time import process_time
from unittest.mock import patch

from sqlalchemy import insert

from bench.timing import CPU, claim, medians
from shepherd.run import Run, no_telling
from shepherd.store import Database, JournalEntry, chain
from shepherd.store.chain_reading import entries_of, read_chain
from shepherd.store.tables import journal

OLD, ALL, BATCH = 300_000, 1_000_000, 20_000
TRANSACTIONS = 200
RUN = Run("20261129T090000Z-0000", datetime(2026, 11, 29, 9, tzinfo=UTC), "Ann Example", no_telling)
WHY = "bug 829070 is qa-ok: said by Ann Example, and seen on the tracker by this run"


def entry(number: int) -> JournalEntry:
    data = {"revno": number, "from": "needstesting", "to": "ok", "rule": "items"}
    return JournalEntry("state", f"{number:040x}", data, "Ann Example", WHY)


def appending(database: Database) -> None:
    """Many at once, as a first run does."""
    database.append("stable", map(entry, range(BATCH)), RUN)


def one_by_one(database: Database) -> None:
    """A transaction for each, as acts and people's words are written."""
    for number in range(TRANSACTIONS):
        database.append("stable", [entry(number)], RUN)


def without(body: Callable[[], None]) -> Callable[[], None]:
    """The same, as it was before there was a chain."""

    def run() -> None:
        with ExitStack() as held:
            held.enter_context(patch.object(chain, "head", lambda _connection: chain.NOTHING))
            held.enter_context(patch.object(chain, "following", lambda before, _content: before))
            body()

    return run


def fill(database: Database, entries: int, *, chained: bool) -> None:
    """Write a long journal, quickly."""
    for start in range(0, entries, BATCH):
        if chained:
            appending(database)
            continue
        row = {"at": "2026-11-29T09:00:00Z", "run_id": RUN.id, "branch": "stable", "kind": "state"}
        rows = [
            {**row, "subject": f"{number:040x}", "who": "Ann Example", "why": WHY, "data": '{"revno":1}'}
            for number in range(start, start + BATCH)
        ]
        with database.begin() as connection:
            connection.execute(insert(journal), rows)


def verify(database: Database) -> None:
    with database.begin() as connection:
        reading = read_chain(partial(entries_of, connection))
    assert not reading.breaks


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'shepherd.db'}"
        with Database(url) as database:
            for name, body, each in (
                (f"append {BATCH:,} entries at once", partial(appending, database), BATCH),
                (f"append {TRANSACTIONS} entries one by one", partial(one_by_one, database), TRANSACTIONS),
            ):
                taken = medians({"with": body, "without": without(body)}, CPU)
                more = (taken["with"] - taken["without"]) / each * 1e6
                claim(name, taken["with"], taken["without"])
                print(f"    {more:.0f} µs more for each with the chain")
        old = f"sqlite:///{Path(folder) / 'old.db'}"
        with Database(old) as database:
            fill(database, OLD, chained=False)
            before = process_time()
            one = [entry(1)]
            database.append("stable", one, RUN)
            print(f"first append to {OLD:,} entries without a chain: {process_time() - before:.2f} s")
        long = f"sqlite:///{Path(folder) / 'long.db'}"
        with Database(long) as database:
            fill(database, ALL, chained=True)
        with Database(long, read_only=True) as database:
            before = process_time()
            verify(database)
            print(f"verify {ALL:,} entries: {process_time() - before:.2f} s")
            tracemalloc.start()
            with database.begin() as connection:
                # a tenth shows it: what is in memory does not grow with the journal
                read_chain(lambda: islice(entries_of(connection), ALL // 10))
            print(f"at most {tracemalloc.get_traced_memory()[1] / 1e6:.1f} MB in memory meanwhile")


if __name__ == "__main__":
    main()
