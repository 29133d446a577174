"""A history played landing by landing: with each comes a run of find, tag and judge, and people QA a few
landings later. Made up and seeded are the people alone, where a recorded history is given:

    python -m tests.tagging.play REPOSITORY --first 9500 --last 13000
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from shepherd.marks import parse
from shepherd.snapshot import LandingEntry, Snapshot
from shepherd.words import BugName
from tests.project import Project

NEEDS_NOBODY = {"testfix", "rollback", "exempt", "orphan"}
GOOD = {"qa-ok", "qa-untestable"}
QA = {*GOOD, "qa-bad", "qa-needstesting"}


@dataclass
class Play:
    """Attributes:
    said: bug -> how many landings there were, each time a person called it good.
    good: landings that were seen good, and had to be QA'd for that.
    """

    folder: Path
    repository: Path
    chance: random.Random
    first: int
    last: int
    said: dict[BugName, list[int]] = field(default_factory=dict)
    good: set[BugName] = field(default_factory=set)
    tagged: set[BugName] = field(default_factory=set)
    rolled_back: set[BugName] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        log = self._git("log", "--first-parent", "--reverse", "--format=%H", "stable").split()
        self.ids = log[: self.last]
        self._move("played", self.first)
        self._move("production", self.first)
        branch = 'orphans = "pass"\nmarks = ["brackets"]\ndeployed = { ref = "refs/heads/production" }'
        self.project = Project(self.folder, branch, "cap = 1000000")
        file = self.folder / "shepherd.toml"
        text = file.read_text().replace('ref = "stable"', 'ref = "played"')
        file.write_text(text.replace('repository = "project.git"', f'repository = "{self.repository}"'))
        messages = self._git("log", "-z", "--format=%B", "stable").split("\0")
        bugs = {bug for message in messages for bug in parse(message, ("brackets",)).bugs}
        self.project.bugs = {str(bug): {"tags": []} for bug in sorted(bugs)}
        self.project.write_bugs()
        self.project.full_run()

    def play(self) -> None:
        started = time.monotonic()
        for revno in range(self.first + 1, self.last + 1):
            self._move("played", revno)
            snapshot = self.project.full_run()
            self._look(snapshot, revno)
            self._people(snapshot, revno)
            if revno % 10 == 0 and snapshot.deployable is not None:
                self._move("production", snapshot.deployable.revno)
        for _ in range(2):
            self._look(self.project.full_run(), self.last)
        self._every_bug_has_its_tag()
        self.counts["seconds"] = round(time.monotonic() - started)

    def _look(self, snapshot: Snapshot, there: int) -> None:
        """No landing is ever good that nobody QA'd."""
        for entry in snapshot.landings:
            if entry.revno <= self.first:
                continue
            if entry.undone_by or entry.state == "rollback" or entry.targets:
                self.rolled_back.update(entry.bugs)
            if entry.state not in NEEDS_NOBODY:
                self.tagged.update(entry.bugs)
            if entry.good and not self._needs_nobody(entry) and entry.revno not in self.good:
                for bug in entry.bugs:
                    said = self.said.get(bug, ())
                    assert any(when >= entry.revno for when in said), (there, entry.revno, entry.reason)
                self.good.add(entry.revno)

    def _needs_nobody(self, entry: LandingEntry) -> bool:
        return entry.state in NEEDS_NOBODY or bool({"no-qa", "qa-ok", "testfix"} & set(entry.labels))

    def _people(self, snapshot: Snapshot, there: int) -> None:
        """Somebody tries what landed three to eight landings ago; what was bad is fixed in place, later."""
        for entry in snapshot.landings:
            age = there - entry.revno
            if age < 3 or entry.good or self.chance.random() > 0.4 or entry.undone_by:
                continue
            for bug in entry.bugs:
                tags = self.project.bugs[str(bug)]["tags"]
                bad = age < 9 and self.chance.random() < 0.08
                new = ["qa-bad", f"bad-commit-{entry.revno}"] if bad else ["qa-ok"]
                kept = [tag for tag in tags if tag not in QA and not tag.startswith("bad-commit")]
                self.project.bugs[str(bug)]["tags"] = [*kept, *new]
                self.counts["bad" if bad else "ok"] += 1
                if not bad:
                    self.said.setdefault(bug, []).append(there)
        self.project.write_bugs()

    def _every_bug_has_its_tag(self) -> None:
        """Of the bugs that landings name which needed QA, and that nothing took back."""
        document = json.loads((self.folder / "bugs.json").read_text())["bugs"]
        for bug in self.tagged - self.rolled_back:
            assert QA & set(document[str(bug)]["tags"]), bug
            assert document[str(bug)]["comments"], bug
        self.counts["bugs"] = len(self.tagged)
        self.counts["good landings"] = len(self.good)
        said = Counter(c for each in document.values() for c in each.get("comments", ()))
        assert max(Counter((b, c) for b, e in document.items() for c in e.get("comments", ())).values()) == 1
        self.counts["comments"] = sum(said.values())

    def _move(self, ref: str, revno: int) -> None:
        self._git("update-ref", f"refs/heads/{ref}", self.ids[revno - 1])

    def _git(self, *args: str) -> str:
        command = ["git", "--git-dir", str(self.repository), *args]
        return subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("repository", type=Path)
    options.add_argument("--first", type=int, default=9500)
    options.add_argument("--last", type=int, default=13000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="tagger-") as folder:
        chance = random.Random(given.seed)
        play = Play(Path(folder), given.repository.absolute(), chance, given.first, given.last)
        play.play()
    print(f"r{given.first + 1} to r{given.last}: {dict(play.counts)}")


if __name__ == "__main__":
    main()
