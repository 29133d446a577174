"""`python -m bench.audit`: the audit of a promotion of 300 landings, in a journal of ten years (300,000
entries), beside `inv history` over the same journal."""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.history import START, Change, changes
from bench.project import Project
from bench.timing import children, claim, medians
from shepherd.settings import read
from shepherd.store import JournalEntry, open_branch

LANDINGS = 16_000
LIVE = 15_900
STEP = 300
"""Landings of the promotion that is asked about; others bring six."""
ENTRIES = 300_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project", LANDINGS, LIVE)
        project.inv("run")()
        fill(project)
        rows = sqlite3.connect(project.folder / "var" / "shepherd.db").execute("select count(*) from journal")
        print(f"{next(rows)[0]:,} entries in the journal", flush=True)
        page = str(project.folder / "audit.html")
        taken = medians(
            {
                "text": project.inv("audit", f"r{LIVE}"),
                "json": project.inv("audit", f"r{LIVE}", "--json"),
                "page": project.inv("audit", f"r{LIVE}", "--page", page),
                "landing": project.inv("audit", "r9001"),
                "history": project.inv("history"),
            },
            children,
        )
        for name in ("text", "json", "page", "landing"):
            claim(f"inv audit of {STEP} landings, {name}, beside inv history", taken[name], taken["history"])


def fill(project: Project) -> None:
    """What ten years leave in a journal: of each landing what was seen, judged and written, and how it went
    out."""
    shas = subprocess.run(
        ["git", "rev-list", "--first-parent", "--reverse", "stable"],
        cwd=project.repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    settings = read(project.folder / "shepherd.toml")
    with open_branch(settings, "stable") as store:
        journal = store.journal
        for at, entries in _by_day(list(changes(LANDINGS)), shas):
            journal.append(entries, run_id=f"{at:%Y%m%dT%H%M%SZ}-b0b0", at=at)


def _by_day(history: list[Change], shas: list[str]) -> Iterator[tuple[datetime, list[JournalEntry]]]:
    before = 1
    day: list[JournalEntry] = []
    each_has = ENTRIES // LANDINGS - 1
    for change in history:
        sha = shas[change.revno - 1]
        at = datetime.fromtimestamp(change.at, UTC)
        day += list(_of(change, sha, each_has))
        last = change.revno == LIVE
        if last or (change.revno % 6 == 0 and change.revno < LIVE - STEP):
            yield at, day
            day = []
            place = {"revno": change.revno, "id": sha}
            data = {"act": "promote", "ref": "released", "from": shas[before - 1], "from_revno": before}
            data |= {"to": sha, "to_revno": change.revno}
            run = f"{sha} {at:%Y%m%dT%H%M%SZ}-b0b0"
            yield at, [JournalEntry("meant", run, data, "ann", "bench")]
            yield at, [JournalEntry("promoted", "", {**place, "from": before, "sha": sha}, "ann", "bench")]
            yield at, [JournalEntry("deployed", "", place)]
            before = change.revno
    yield datetime.fromtimestamp(START + LANDINGS * 3_600, UTC), day


def _of(change: Change, sha: str, number: int) -> Iterator[JournalEntry]:
    """So many entries about one landing."""
    revno = change.revno
    item = change.bugs[0] if change.bugs else str(revno)
    yield JournalEntry("landing", sha, {"revno": revno})
    yield JournalEntry("item", item, {"words": ["needstesting"]})
    yield JournalEntry("state", sha, {"revno": revno, "from": None, "to": "needstesting"}, why="to be tried")
    acts = {"act": "tag", "item": item, "revno": revno, "role": "landed"}
    yield JournalEntry("meant", f"{sha} {item}", acts, "tagger", f"r{revno} names it")
    yield JournalEntry("done", f"{sha} {item}", {"act": "tag", "result": "done", "changed": "a comment"})
    for _ in range(number - 8):
        yield JournalEntry("answer", "", {"answer": "blocked", "deployable": None, "deployed": revno})
    yield JournalEntry("item", item, {"words": ["ok"]})
    yield JournalEntry("kept", f"{sha} {item}", {"word": "ok", "seal": "ok"})
    ruled = {"revno": revno, "from": "needstesting", "to": "ok", "rule": "items"}
    yield JournalEntry("state", sha, ruled, why=f"bug {item} is qa-ok")


if __name__ == "__main__":
    main()
