"""`inv trends` over ten years of journal, beside `inv history`: `python -m bench.trends [REPOSITORY]`.

16,000 landings, made up or those of a bare repository with a ref `stable` and a ref `production`; the journal
of a made-up team that tests, promotes and deploys them. Then the same trends by the plain second statement.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import delete, insert

from bench import history
from bench.project import Project
from bench.timing import children, claim, medians
from shepherd.landing import Landing
from shepherd.settings import Settings, read
from shepherd.stages.older import OlderHistory
from shepherd.stages.trends import KINDS, trends_of
from shepherd.store import Database, JournalEntry
from shepherd.store.tables import journal
from tests.trends.made_up import Team
from tests.trends.plain import Plain

SIZE, YEARS = 16_000, 10
TRIES = 4_200
"""Of a deployment: of some there is nothing new to deploy."""
AIM = 2.0
"""Seconds of wall time."""


def main() -> None:
    history.BETWEEN = YEARS * 365 * 86_400 // SIZE
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project", SIZE, SIZE - 200)
        if sys.argv[1:]:
            shutil.rmtree(project.repository)
            project.repository.symlink_to(Path(sys.argv[1]).resolve())
        project.inv("find", "archive")()
        settings = read(project.folder / "shepherd.toml")
        landings = _landings(settings)
        entries = _live_for_years(settings, landings)
        print(f"{len(landings)} landings, {len(entries)} entries, {_moves(entries)} moves of production")
        for by in ("week", "month"):
            _measure(project, by)
        _compare(settings, landings, entries)


def _landings(settings: Settings) -> list[Landing]:
    with Database.of(settings) as database, database.branch("stable") as store:
        kept = store.cache.landings()
        return [*OlderHistory(settings, "stable", store, kept).archived(), *kept]


def _live_for_years(settings: Settings, landings: list[Landing]) -> list[JournalEntry]:
    """Put the journal of a team in the place of what `find` wrote."""
    days = (landings[-1].committed_at - landings[0].committed_at) / 86_400
    entries = Team(landings, every=days / TRIES).entries()
    rows = [
        {
            "at": entry.at,
            "run_id": entry.run_id,
            "branch": "stable",
            "kind": entry.kind,
            "subject": entry.subject,
            "who": entry.who,
            "why": "as it was told",
            "data": msgspec.json.encode(entry.data).decode(),
        }
        for entry in entries
    ]
    with Database.of(settings) as database, database.begin() as connection:
        connection.execute(delete(journal))
        for start in range(0, len(rows), 10_000):
            connection.execute(insert(journal), rows[start : start + 10_000])
    return entries


def _moves(entries: list[JournalEntry]) -> int:
    return sum(entry.kind == "deployed" for entry in entries)


def _measure(project: Project, by: str) -> None:
    bodies = {
        "trends": project.inv("trends", "--by", by, "--since", "2001-01-01"),
        "history": project.inv("history"),
    }
    wall = medians(bodies, time.perf_counter)
    claim(f"inv trends --by {by}, wall, against inv history", wall["trends"], wall["history"])
    print(f"  aim: at most {AIM:g} s: {'met' if wall['trends'] <= AIM else 'MISSED'}")
    used = medians(bodies, children)
    claim("  processor", used["trends"], used["history"])


def _compare(settings: Settings, landings: list[Landing], entries: list[JournalEntry]) -> None:
    """All of it by both statements, for the last time that the journal knows."""
    now, since = entries[-1].time + timedelta(hours=1), date(2001, 1, 1)
    found = msgspec.to_builtins(trends_of(settings, "stable", now, "month", since))
    with Database.of(settings) as database, database.branch("stable") as store:
        rows = store.journal.entries(*KINDS, "cover")
    started = time.perf_counter()
    # the sources were read after the last entry, by the clock of this machine
    periods, whole = Plain(rows, landings, None, now).told("month", since, "UTC")
    same = [*found["periods"]] == periods and found["whole"] == whole
    taken = time.perf_counter() - started
    print(f"the plain second statement ({taken:.0f} s): {'equal' if same else 'DIFFERS'}")
    print(f"{len(periods)} months: {whole}")
    if not same:
        sys.exit(1)


if __name__ == "__main__":
    main()
