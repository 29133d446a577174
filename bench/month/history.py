"""What a team does in its repository and with its verdicts, and what the answer must be: the ground truth.

The truth is kept apart from all that the shepherd reads: one state a landing, and a rule of five lines.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

from bench.month.clock import Clock
from bench.month.hosts import Machine

Word = Literal["", "ok", "bad"]
_VERBS = ("Show", "Cache", "Speed up", "Fix", "Rename", "Explain")
_NOUNS = ("the cart", "the search", "the login", "the invoice", "the map", "the export")


@dataclass
class TeamLanding:
    """One landing as the team means it."""

    revno: int
    sha: str
    person: str
    item: int
    at: float
    verdict: Word = ""
    undoes: int = 0
    """The revision that it takes back; 0: none."""

    @property
    def good(self) -> bool:
        return self.verdict == "ok" or bool(self.undoes)


class Team:
    """One mainline on the git host, worked on in a clone."""

    def __init__(
        self,
        name: str,
        git_host: Machine,
        clone: Path,
        ssh_config: Path,
        clock: Clock,
        random: Random,
        tracker: Path | None,
    ) -> None:
        self.name, self.clock, self._clone, self._random = name, clock, clone, random
        self.tracker = tracker
        """The file with the bugs; None: verdicts are git notes."""
        self.people = [f"{each}@{name}.example.org" for each in ("ann", "bob", "cleo", "dan", "eve")]
        self.landings: list[TeamLanding] = []
        self.production = 0
        self.url = f"ssh://git@git.example.org:{git_host.port}/srv/git/{name}.git"
        self._bare = git_host.folder / "srv" / "git" / f"{name}.git"
        self._environment = {
            **os.environ,
            "GIT_SSH_COMMAND": f"ssh -F {ssh_config}",
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        subprocess.run(["git", "init", "-q", "--bare", "-b", "stable", self._bare], check=True)
        git_host.own(self._bare)
        self.git("init", "-q", "-b", "stable", str(clone), folder=Path("/"))
        self.git("remote", "add", "origin", self.url)
        for _ in range(3):
            self.land(push=False)
        self.git("push", "-q", "origin", "stable", "stable:production")
        self.production = 3

    def git(self, *words: str, person: str = "team@example.org", folder: Path | None = None) -> str:
        stamp = f"{self.clock.at:.0f} +0000"
        who = {"NAME": person.partition("@")[0].title(), "EMAIL": person, "DATE": stamp}
        own = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        done = subprocess.run(
            ["git", *words],
            cwd=folder or self._clone,
            env=self._environment | own,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
        return done.stdout.strip()

    def land(self, *, push: bool = True) -> TeamLanding:
        """Somebody lands something."""
        revno = len(self.landings) + 1
        person, item = self._random.choice(self.people), 1000 + revno
        title = f"{self._random.choice(_VERBS)} {self._random.choice(_NOUNS)}"
        message = f"[bug={item}] {title}" if self.tracker else f"{title}\n\nBug: {item}"
        (self._clone / f"part{revno}.txt").write_text(f"{title}\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, person=person)
        return self._landed(TeamLanding(revno, "", person, item, self.clock.at), push)

    def undo(self, landing: TeamLanding) -> TeamLanding:
        """Somebody takes a landing back."""
        self.git("revert", "--no-edit", landing.sha, person=landing.person)
        if self.tracker:
            message = f"[rollback={landing.revno}] Take it back"
            self.git("commit", "-q", "--amend", "-m", message, person=landing.person)
        revno = len(self.landings) + 1
        return self._landed(
            TeamLanding(revno, "", landing.person, 0, self.clock.at, undoes=landing.revno), True
        )

    def _landed(self, landing: TeamLanding, push: bool) -> TeamLanding:
        landing.sha = self.git("rev-parse", "HEAD")
        self.landings.append(landing)
        if self.tracker and landing.item:
            self._tag(landing.item, None)
        if push:
            self.git("push", "-q", "origin", "stable")
        return landing

    def say(self, landing: TeamLanding, word: Word) -> None:
        """QA gives a verdict, by the bug's tag or a note."""
        landing.verdict = word
        if self.tracker:
            self._tag(landing.item, word)
        else:
            note = f"QA: {word} tried it"
            self.git("notes", "--ref=qa", "add", "-f", "-m", note, landing.sha, person="qa@example.org")
            self.git("push", "-q", "origin", "refs/notes/qa")

    def _tag(self, item: int, word: Word | None) -> None:
        assert self.tracker is not None
        bugs = json.loads(self.tracker.read_text())["bugs"] if self.tracker.exists() else {}
        bug = bugs.setdefault(str(item), {"title": f"Bug {item}", "tags": []})
        if word is not None:
            bug["tags"] = [each for each in bug["tags"] if not each.startswith("qa-")] + [f"qa-{word}"]
        new = self.tracker.with_name("bugs.new")
        new.write_text(json.dumps({"bugs": bugs}))
        owner = self.tracker.parent.stat()
        os.chown(new, owner.st_uid, owner.st_gid)
        new.replace(self.tracker)

    def deploy(self, revno: int) -> None:
        """Production takes a revision: its branch is moved by the team."""
        self.production = revno
        self.git("push", "-q", "origin", f"{self.landings[revno - 1].sha}:refs/heads/production")

    def ref(self, name: str) -> int:
        """Which landing a branch on the git host names; 0: there is none."""
        command = ["git", "-c", "safe.directory=*", "-C", str(self._bare), "rev-parse", "-q", "--verify"]
        done = subprocess.run([*command, f"refs/heads/{name}"], capture_output=True, text=True)
        shas = {each.sha: each.revno for each in self.landings}
        return shas.get(done.stdout.strip(), 0)

    def deployable(self, production: int | None = None) -> int:
        """The truth: the newest landing up to which all since production are good or taken back; 0: none."""
        since = self.landings[self.production if production is None else production :]
        best = 0
        for candidate in since:
            below = since[: since.index(candidate) + 1]
            undone = {each.undoes for each in below}
            if all(each.good or each.revno in undone for each in below):
                best = candidate.revno
        return best

    def open(self) -> list[TeamLanding]:
        """Landings that wait for somebody."""
        undone = {each.undoes for each in self.landings}
        rest = self.landings[self.production :]
        return [each for each in rest if not each.good and each.revno not in undone]

    def work(self) -> None:
        """What happens in two hours: in the daytime of a working day people land, try, and take back."""
        at = self.clock.day
        if at.weekday() > 4 or not 8 <= at.hour <= 18:
            return
        for each in self.open():
            age = self.clock.at - each.at
            if each.verdict == "bad":
                if self._random.random() < 0.3:
                    self.undo(each)
            elif self._random.random() < (0.12 if each.revno % 11 else 0.01) and age > 3600:
                self.say(each, "bad" if self._random.random() < 0.15 else "ok")
        if self._random.random() < 0.45:
            self.land()
