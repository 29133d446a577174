"""A team whose report lies outside `state_dir`, and its state at several times of its life."""

from __future__ import annotations

import shutil
from pathlib import Path

from shepherd.snapshot import Snapshot
from shepherd.store import Database, Journal, JournalEntry
from tests.project import Project
from tests.store import keeping


class Team(Project):
    """r1 live, r2 good by its bug, r3 by a mark; whatever `var` loses, `www` keeps."""

    def __init__(self, folder: Path, more: str = "") -> None:
        super().__init__(folder, top=f'report.directory = "www"\n{more}')

    def begin(self) -> None:
        self.deploy(self.land("[no-qa] Begin", "[bug=1] One", "[no-qa] Two")[0])
        self.tag(1, "qa-ok")

    def whole_run(self) -> Snapshot:
        """Find, judge and report."""
        snapshot = self.look()
        self.report()
        return snapshot

    @property
    def page(self) -> Path:
        return self.folder / "www" / "stable.json"

    @property
    def snapshots(self) -> Path:
        return self.state / "snapshots"

    def save(self, name: str) -> None:
        """Keep a copy of `state_dir` and of the report."""
        for folder in ("var", "www"):
            if (self.folder / folder).exists():
                shutil.copytree(self.folder / folder, self.folder / name / folder)
        keeping.keep(self, self.folder / name / "var")

    def put_back(self, name: str, *parts: str) -> None:
        """Put back what was kept: "journal", "snapshots", "www"; all of it if nothing is named."""
        for part in parts or ("journal", "snapshots", "www"):
            self.lose(part)
            kept = self.folder / name
            if part == "journal":
                keeping.put_back(self, kept / "var")
            elif (source := kept / ("www" if part == "www" else "var/snapshots")).exists():
                shutil.copytree(source, self.folder / source.relative_to(kept))

    def lose(self, *parts: str) -> None:
        """Remove them."""
        for part in parts:
            if part == "journal":
                keeping.lose(self)
            else:
                shutil.rmtree(
                    self.snapshots if part == "snapshots" else self.folder / part, ignore_errors=True
                )

    def entries(self) -> list[tuple[object, ...]]:
        """All rows of the journal, of whatever branch."""
        return keeping.entries(self)

    def change(self, statement: str) -> None:
        """Do something to the database behind the shepherd's back."""
        keeping.change(self, statement)

    def write(self, *entries: JournalEntry) -> None:
        """Into the journal, as the program would."""
        database = Database.of(self.settings)
        with database.begin() as connection:
            Journal(connection, "stable").append(entries, run_id="by-hand", at=self.now)
        database.close()
