"""A made-up team with a tagger, seeded: it lands, rolls back and deploys, people QA bugs, runs come between.

What people really did is kept beside it: who QA'd what, when, with which landings on the mainline.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from shepherd.errors import TrackerError, UnsureError
from shepherd.landing import Landing
from shepherd.snapshot import Snapshot
from shepherd.stages import tag
from shepherd.store import Cache, Database
from shepherd.trackers.file_writing import FileWriter
from shepherd.trackers.words import Vocabulary
from shepherd.trackers.writing import Edit
from shepherd.words import Item
from tests.project import Project
from tests.tagging.told import revs_of

BUGS = range(1, 6)
GOOD = {"qa-ok", "qa-untestable"}
QA = {"qa-ok", "qa-untestable", "qa-bad", "qa-needstesting"}


@dataclass
class Team:
    """Runs of find, tag and judge take turns with what people do; nothing here looks at any rule."""

    folder: Path
    chance: random.Random
    troubled: bool = True
    """Whether bugs now and then cannot be written, or nobody knows whether they were."""
    project: Project = field(init=False)
    ids: list[str] = field(init=False)
    said: dict[int, list[int]] = field(default_factory=dict)
    """Bug -> how many landings there were, each time a person called it good."""
    verdicts: dict[int, list[str]] = field(default_factory=dict)
    met: int = 0
    """Landings that there were at the first run."""
    runs: list[int] = field(default_factory=list)
    """How many landings each run found."""
    marked_though_bad: list[int] = field(default_factory=list)
    """Bugs that the tagger gave a word beside qa-bad."""

    def __post_init__(self) -> None:
        self.project = Project(self.folder)
        self.ids = self.project.land("[no-qa] Begin")
        self.project.deploy(self.ids[0])
        for bug in BUGS:
            self.project.bugs[str(bug)] = {"tags": []}
        self.project.write_bugs()

    def land(self) -> None:
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            self.ids += self.project.land(self._message())

    def _message(self) -> str:
        chance, landed = self.chance, len(self.ids)
        bug, other = chance.choice(BUGS), chance.choice(BUGS)
        marks = [f"[bug={bug}]"] * 5
        marks += [f"[bug={bug},{other}]", f"[bug={bug}][incr]", f"[bug={bug}][no-qa]", f"[bug={bug}][no-qa]"]
        marks += [f"[bug={bug}][qa-ok]", "[testfix]", f"[bug={bug}][testfix]"]
        marks += [f"[rollback={chance.randint(1, landed)}]", f"[rollback={landed}]"]
        marks += [f"[bug={bug}][rollback={chance.randint(1, landed)}]"]
        return f"{chance.choice(marks)} Change {landed + 1}"

    def people(self) -> None:
        """They call bugs good or bad, take tags away, or leave notes; on bugs, or on none."""
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            bug = self.chance.choice(BUGS)
            entry = self.project.bugs[str(bug)]
            others = [tag for tag in entry["tags"] if tag not in QA and not tag.startswith("bad-commit")]
            word = self.chance.choice(
                ("qa-ok", "qa-ok", "qa-ok", "qa-untestable", "qa-bad", "qa-needstesting", "")
            )
            tags = [word] if word else []
            if word == "qa-bad" and self.chance.random() < 0.7:
                tags.append(f"bad-commit-{self.chance.randint(1, len(self.ids))}")
                if self.chance.random() < 0.3:
                    tags.append("qa-ok")
            entry["tags"] = [*others, *tags]
            if GOOD & set(tags):
                self.said.setdefault(bug, []).append(len(self.ids))
        self.project.write_bugs()
        if self.runs and self.chance.random() < 0.1:
            revno = self.chance.randint(max(1, self.runs[-1] - 3), self.runs[-1])
            word = self.chance.choice(("ok", "bad", "needstesting", "withdraw"))
            self.project.verdict(f"r{revno}", word)
            self.verdicts.setdefault(revno, []).append(word)

    def deploy(self) -> None:
        if self.chance.random() < 0.15:
            self.project.deploy(self.chance.choice(self.ids))

    def look(self, tagged: bool = True) -> Snapshot:
        """One run; with or without the tagger."""
        self.project.find()
        self.runs.append(len(self.ids))
        self.met = self.met or len(self.ids)
        if tagged:
            before = {bug: self.tags(bug) & QA for bug in BUGS}
            with patch.object(tag, "open_writer", lambda _settings: Flaky(self)):
                self.project.tagger()
            for bug, words in before.items():
                if "qa-bad" in words and self.tags(bug) & QA - words:
                    self.marked_though_bad.append(bug)
        return self.project.judge()

    def landings(self) -> dict[int, Landing]:
        database = Database.of(self.project.settings)
        try:
            with database.begin() as connection:
                return {landing.revno: landing for landing in Cache(connection, "stable").landings()}
        finally:
            database.close()

    def was_qad(self, landing: Landing, landings: dict[int, Landing]) -> bool:
        """Whether a person called every bug of it good with the landing there; or before it landed, where no
        landing that an earlier run found names the bug (it is a change of what nobody else had changed)."""
        found = next(run for run in self.runs if run >= landing.revno)
        before = max((run for run in self.runs if run < landing.revno), default=0)
        assert before < landing.revno <= found
        for bug in landing.bugs:
            earlier = any(bug in landings[r].bugs for r in range(1, before + 1) if r in landings)
            if not any(there >= landing.revno or not earlier for there in self.said.get(int(bug), ())):
                return False
        return True

    def told(self, bug: int) -> list[str]:
        """The landings of which a comment tells, each as often as it does."""
        entry = json.loads((self.project.folder / "bugs.json").read_text())["bugs"][str(bug)]
        return [rev for comment in entry.get("comments", ()) for rev in revs_of(comment).split("+")]

    def tags(self, bug: int) -> set[str]:
        document = json.loads((self.project.folder / "bugs.json").read_text())
        return set(document["bugs"][str(bug)]["tags"])


class Flaky:
    """Writes the file, more or less."""

    def __init__(self, team: Team) -> None:
        self._team = team
        self._real = FileWriter(team.project.settings.tracker_path, Vocabulary({}))

    def edit(self, item: Item, edit: Edit) -> str:
        trouble = self._team.chance.random() if self._team.troubled else 1.0
        if trouble < 0.1:
            raise TrackerError("503")
        done = self._real.edit(item, edit)
        if trouble < 0.2:
            raise UnsureError("the answer got lost")
        return done
