"""A history played over the wire: landings come ten at a time, find, tag and judge run, and people mark bugs.

It is played against Launchpad's own server framework, once undisturbed and once with the process killed after
each of its requests. Made up and seeded are the people alone, where a recorded history is given:

    python -m tests.tagging.launchpad_play REPOSITORY --first 13400 --last 13600
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.history import changes
from shepherd.marks import parse
from shepherd.trackers import http
from tests.campaigns.at_requests import Victim
from tests.campaigns.killing import forked, undisturbed
from tests.campaigns.outcome import kept_snapshots
from tests.gitrepo import Repo
from tests.project import Project
from tests.trackers.launchpad_server import Bug, Server, credentials, serving

AT_ONCE = 10
"""Landings between two runs."""
QA = {"qa-ok", "qa-untestable", "qa-bad", "qa-needstesting"}
NEVER_FILED = 17
"""One in so many bugs does not exist."""


class LaunchpadPlay(Victim):
    """The landings after `first`, up to `last`, of the branch stable of a repository.

    Attributes:
        kills: how many there were.
        marked: what people did, and how often.
    """

    def __init__(self, folder: Path, lp: Server, repository: Path, first: int, last: int, seed: int = 1):
        self.lp = self.server = lp
        self.first, self.last, self.seed = first, last, seed
        self.kills = 0
        self.marked: Counter[str] = Counter()
        self._repository, self._ref = repository, folder.name
        self.ids = self._git("log", "--first-parent", "--reverse", "--format=%H", "stable").split()[:last]
        texts = self._git("log", "--first-parent", "--reverse", "-z", "--format=%B", "stable").split("\0")
        self._bugs = [[int(bug) for bug in parse(text, ("brackets",)).bugs] for text in texts[:last]]
        for bugs in self._bugs[first:]:
            for bug in bugs:
                if bug % NEVER_FILED and bug not in lp.bugs:
                    lp.bugs[bug] = Bug(["ui"], comments=["Me too."])
        self._move("played", first)
        self._move("production", first)
        self.project = Project(folder, *self._lines(folder, lp))
        file = folder / "shepherd.toml"
        text = file.read_text().replace('ref = "stable"', f'ref = "{self._ref}/played"')
        file.write_text(text.replace('repository = "project.git"', f'repository = "{repository}"'))
        undisturbed(self.run)

    def _lines(self, folder: Path, lp: Server) -> tuple[str, str]:
        folder.mkdir(parents=True)
        (folder / "credentials").write_text(credentials())
        (folder / "credentials").chmod(0o600)
        lp.token = "its-token"
        deployed = f'deployed = {{ ref = "refs/heads/{self._ref}/production" }}'
        place = f'project = "{lp.project}"\nservice_root = "{lp.root}"\ncredentials_file = "credentials"'
        return f'orphans = "pass"\nmarks = ["brackets"]\n{deployed}', f'type = "launchpad"\n{place}\n'

    def play(self, step: int = 0) -> list[dict[str, Any]]:
        """All of it; what it came to after each run.

        Args:
            step: not 0: a run is killed after its first request, the next one `step` requests later than
                that, and so on until one comes to its end.
        """
        seen = []
        for there in range(self.first + AT_ONCE, self.last + AT_ONCE, AT_ONCE):
            self._move("played", min(there, self.last))
            if step:
                self._killed_again_and_again(step)
            else:
                undisturbed(self.run)
            seen.append(self.outcome())
            self._people(there)
        return seen

    def _killed_again_and_again(self, step: int) -> None:
        count = 1
        while self._killed_after(count):
            count += step
            self.kills += 1

    def _killed_after(self, count: int) -> bool:
        """Run it, dead before it hears of its request `count`, which Launchpad carries out all the same.

        Returns False if it made fewer.
        """
        seen = [0]
        ready: list[int] = []

        def tell(_request: str) -> None:
            while not ready:
                time.sleep(0.001)
            seen[0] += 1
            if seen[0] == count:
                os.kill(ready[0], signal.SIGKILL)

        self.lp.tell = tell
        ready.append(forked(self.run))
        _, status = os.waitpid(ready[0], 0)
        self.lp.tell = lambda _request: None
        assert os.WIFSIGNALED(status) or status == 0
        return os.WIFSIGNALED(status)

    def _people(self, there: int) -> None:
        """Somebody looks at the bugs of what landed before the newest ten, and the answer is deployed."""
        for revno in range(self.first + 1, there - AT_ONCE + 1):
            for bug in self._bugs[revno - 1]:
                if bug in self.lp.bugs and not {"qa-ok", "qa-untestable"} & set(self.lp.bugs[bug].tags):
                    self._mark(bug, revno, random.Random(f"{self.seed} {there} {bug}").random())
        deployable = kept_snapshots(self.project.settings)[-1]["deployable"]
        if deployable is not None and there % (3 * AT_ONCE) == 0:
            self._move("production", deployable["revno"])

    def _mark(self, bug: int, revno: int, draw: float) -> None:
        kept = [tag for tag in self.lp.bugs[bug].tags if tag not in QA and not tag.startswith("bad-commit-")]
        for odds, what, new in (
            (0.35, "closed", {"tags": [*kept, "qa-ok"], "status": "Fix Released"}),
            (0.60, "ok", {"tags": [*kept, "qa-ok"]}),
            (0.68, "untestable", {"tags": [*kept, "qa-untestable"]}),
            (0.76, "bad", {"tags": [*kept, "qa-bad", f"bad-commit-{revno}"]}),
            (0.80, "private", {"private": True}),
            (0.84, "duplicate", {"duplicate_of": min(self.lp.bugs)}),
        ):
            if draw < odds:
                self.lp.change(bug, **new)
                self.marked[what] += 1
                return

    def things(self) -> list[dict[Any, Any]]:
        return [self.lp.bugs]

    def asked(self) -> list[str]:
        return self.lp.requests

    def said(self) -> dict[str, Any]:
        """Every bug, and no comment of the tagger's twice on one of them."""
        for number, bug in self.lp.bugs.items():
            assert len(set(bug.comments)) == len(bug.comments), number
        return {
            "bugs": {
                number: (bug.tags, dict(bug.status), sorted(bug.comments), bug.private, bug.duplicate_of)
                for number, bug in sorted(self.lp.bugs.items())
            }
        }

    def _move(self, ref: str, revno: int) -> None:
        self._git("update-ref", f"refs/heads/{self._ref}/{ref}", self.ids[revno - 1])

    def _git(self, *args: str) -> str:
        command = ["git", "--git-dir", str(self._repository), *args]
        return subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout


def made_up(folder: Path, size: int) -> Path:
    """A repository of landings like Launchpad's."""
    repo = Repo(folder)
    for change in changes(size):
        author = f"{change.person} <{change.person.replace(' ', '.').lower()}@example.org>"
        repo.commit(change.message, author=author, date=change.at)
    return folder


def compared(folder: Path, repository: Path, first: int, last: int, step: int = 1) -> str:
    """Play it twice, and say what was done. Raises AssertionError: the two came to something else."""
    with serving() as calm, serving() as wild:
        undisturbed_one = LaunchpadPlay(folder / "calm", calm, repository, first, last)
        killed_one = LaunchpadPlay(folder / "wild", wild, repository, first, last)
        expected, seen = undisturbed_one.play(), killed_one.play(step)
        for place, (one, other) in enumerate(zip(expected, seen, strict=True)):
            assert one == other, place
        assert killed_one.marked == undisturbed_one.marked
        writes = sum(not request.startswith("GET") for request in calm.requests)
        good = sum(state in ("ok", "untestable") for state, _why in expected[-1]["states"].values())
        return (
            f"r{first + 1} to r{last}: {len(calm.requests)} requests, {writes} of them writes,"
            f" {len(calm.bugs)} bugs,"
            f" people: {dict(sorted(undisturbed_one.marked.items()))}, {good} landings good in the end;"
            f" killed {killed_one.kills} times: the same after each of {len(expected)} runs"
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("repository", type=Path)
    options.add_argument("--first", type=int, default=13_400)
    options.add_argument("--last", type=int, default=13_600)
    options.add_argument("--step", type=int, default=1)
    given = options.parse_args()
    http.WRITE_EVERY = 0.0
    with tempfile.TemporaryDirectory(prefix="launchpad-") as folder:
        began = time.monotonic()
        told = compared(Path(folder), given.repository.absolute(), given.first, given.last, given.step)
        print(f"{told} ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main()
