"""A whole project for tests: repository, settings, bugs, and the stages in this process at a given time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shepherd.run import Run
from shepherd.running.log import line
from shepherd.settings import Settings, read
from shepherd.situation import Situation
from shepherd.snapshot import LandingEntry, Snapshot
from shepherd.stages.find import NOTHING_ACCEPTED, Acceptance, find_branch
from shepherd.stages.judge import judge_branch
from shepherd.stages.report import write_report
from shepherd.stages.statements import NOTHING, give_verdict, say_cover, say_deployed
from shepherd.stages.tag import TaggingResult, carry_out, plan_branch
from shepherd.store import Database
from shepherd.values import parse_rev
from tests.gitrepo import Repo

START = datetime(2011, 8, 1, 9, 0, tzinfo=UTC)
new_database: Callable[[], str] | None = None
"""Gives the URL of an empty database for each project; None: SQLite in its state_dir (`tests.postgres`)."""


class Project:
    """One branch `stable` with D at the ref `production`, a file tracker, and a clock of its own.

    Every stage takes a minute of that clock; what the stages tell the log is kept in `lines`.
    """

    def __init__(
        self, folder: Path, branch: str = "", tracker: str = "", top: str = "", **files: str
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.repo = Repo(folder / "project.git")
        self.bugs: dict[str, Any] = {}
        self.checks: dict[str, Any] = {}
        self.now = START
        self.lines: list[str] = []
        self.runs = 0
        self.database = new_database() if new_database else ""
        self.state.mkdir(exist_ok=True)
        self.write_settings(branch, tracker, top)
        self.write_bugs()

    def write_settings(self, branch: str = "", tracker: str = "", top: str = "") -> None:
        """Extra lines go to the top, to [branches.stable] and to [tracker]."""
        deployed = "" if "deployed" in branch else 'deployed = { ref = "production" }\n'
        kind = "" if "type" in tracker else 'type = "file"\npath = "bugs.json"\n'
        top = f'database = "{self.database}"\n{top}' if self.database else top
        text = f'{top}\n[branches.stable]\nrepository = "project.git"\nref = "stable"\n{deployed}{branch}\n'
        (self.folder / "shepherd.toml").write_text(f"{text}[tracker]\n{kind}{tracker}\n")

    @property
    def settings(self) -> Settings:
        return read(self.folder / "shepherd.toml")

    @property
    def state(self) -> Path:
        return self.folder / "var"

    def land(self, *messages: str, author: str = "Ann <ann@example.org>") -> list[str]:
        """Land these messages on stable, ten minutes apart; their SHAs."""
        ids = []
        for message in messages:
            self.now += timedelta(minutes=10)
            ids.append(self.repo.commit(message, author=author, date=int(self.now.timestamp())))
        return ids

    def deploy(self, sha: str) -> None:
        self.repo.git("update-ref", "refs/heads/production", sha)

    def tag(self, bug: int | str, *tags: str, title: str = "") -> None:
        """Give a bug exactly these tags."""
        self.bugs[str(bug)] = {"tags": list(tags), "title": title}
        self.write_bugs()

    def check(self, sha: str, **said: Any) -> None:
        """What the checks say of a commit; `ci_build` is ci/build."""
        self.checks[sha] = {name.replace("_", "/"): word for name, word in said.items()}
        self.write_bugs()

    def write_bugs(self) -> None:
        checks = {"checks": self.checks} if self.checks else {}
        (self.folder / "bugs.json").write_text(json.dumps({"bugs": self.bugs, **checks}))

    def run(self, stage: str) -> Run:
        """What the runner would give a stage."""
        self.now += timedelta(minutes=1)
        self.runs += 1
        run_id = f"run-{self.runs:04}"

        def tell(event: str, **fields: Any) -> None:
            self.lines.append(line(self.now, run=run_id, stage=stage, event=event, **fields))

        return Run(run_id, self.now, "tester", tell)

    def find(self, acceptance: Acceptance = NOTHING_ACCEPTED, why: str = "") -> str:
        run = self.run("find")
        return find_branch(self.settings, "stable", Run(run.id, run.now, run.who, run.tell, why), acceptance)

    def judge(self) -> Snapshot:
        return judge_branch(self.settings, "stable", self.run("judge"))

    def tagger(self) -> TaggingResult:
        """Plan and act, as `inv tag` does; what it wrote is read into `bugs`."""
        run = self.run("tag")
        tagged = carry_out(self.settings, "stable", plan_branch(self.settings, "stable", run), run)
        if self.settings.tracker.type == "file":
            self.bugs = json.loads((self.folder / "bugs.json").read_text())["bugs"]
        return tagged

    def full_run(self) -> Snapshot:
        """Find, tag and judge, in this order."""
        self.find()
        self.tagger()
        return self.judge()

    def look(self) -> Snapshot:
        """Find and judge."""
        self.find()
        return self.judge()

    def report(self) -> list[Path]:
        return write_report(self.settings, Situation(now=self.now))

    def verdict(self, rev: str, word: str, reason: str = "tried it") -> str:
        return give_verdict(self.settings, "stable", parse_rev(rev), word, reason, self.run("verdict"))

    def cover(self, rev: str, by: str | None, undone: bool = True, anyway: bool = True) -> str:
        """What `land` makes has made-up contents, so nothing is compared unless it is wanted."""
        doer, run = (parse_rev(by) if by else None), self.run("cover")
        return say_cover(
            self.settings, "stable", parse_rev(rev), doer, undone, "looked", run, anyway=anyway and undone
        )

    def deployed(self, rev: str) -> str:
        meant = NOTHING if rev == "r0" else parse_rev(rev)
        return say_deployed(self.settings, "stable", meant, "told so", self.run("deployed"))

    def drop_cache(self) -> None:
        database = Database.of(self.settings)
        database.drop_cache()
        database.close()


def states(snapshot: Snapshot) -> dict[int, str]:
    return {entry.revno: entry.state for entry in snapshot.landings}


def progress(snapshot: Snapshot) -> dict[int, str]:
    return {entry.revno: entry.progress for entry in snapshot.landings}


def entry(snapshot: Snapshot, revno: int) -> LandingEntry:
    return next(each for each in snapshot.landings if each.revno == revno)


def deployable(snapshot: Snapshot) -> int | None:
    return snapshot.deployable.revno if snapshot.deployable else None


def lines_of(project: Project, event: str) -> Iterable[str]:
    return [each for each in project.lines if f" event={event} " in f"{each} "]
