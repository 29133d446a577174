"""A project with landings of every kind that are live, and the archive of them."""

from __future__ import annotations

from pathlib import Path

from shepherd.snapshot import Snapshot
from shepherd.stages.archive import archive_branch
from shepherd.stages.history import past_of
from shepherd.store import open_branch
from shepherd.store.older import ArchiveSpan
from shepherd.story import Story
from shepherd.values import parse_rev
from tests.project import Project

KEEP_NOTHING = 'keep = "1s"'


class Archived:
    """A project whose database keeps no landing that is live, so that older ones are read elsewhere."""

    def __init__(self, folder: Path, branch: str = "") -> None:
        self.project = Project(folder, branch=branch, top=KEEP_NOTHING)
        self.snapshot: Snapshot

    def history(self) -> list[str]:
        """Landings of every kind: merges, reverts, rollbacks of rollbacks, requests, bugs."""
        project, repo = self.project, self.project.repo
        [root] = project.land("begin")
        side = repo.commit("[bug=7] on the side", parents=[root], branch="topic/side")
        merge = repo.merge("Merge pull request #12 from ann/topic-x", side)
        shas = [root, merge]
        shas += project.land("[bug=8] three", "four (#13)", "[rollback=3] five", "[rollback=5] six")
        shas.append(repo.revert(merge))
        shas.append(repo.revert(shas[-1]))
        shas += project.land("[rollback=4] nine", "Merge branch 'fix-y' into stable", "eleven", "twelve")
        return shas

    def go_live(self, sha: str) -> Snapshot:
        self.project.deploy(sha)
        self.snapshot = self.project.look()
        return self.snapshot

    def archive(self, seconds: float = float("inf")) -> str:
        return archive_branch(self.project.settings, "stable", self.project.run("archive"), seconds=seconds)

    def stories(self, rev: str) -> list[Story]:
        return past_of(self.project.settings, self.snapshot, parse_rev(rev, wide=True))

    def span(self) -> ArchiveSpan | None:
        with open_branch(self.project.settings, "stable", read_only=True) as store:
            return store.older.span()


class Killed(BaseException):
    """What ends a process at once."""


def page(archived: Archived) -> str:
    """The page of the oldest landings."""
    path = archived.project.settings.report_path / "stable-older" / "r1-1000.html"
    return path.read_text(encoding="utf-8")


def folder(archived: Archived) -> Path:
    return archived.project.settings.report_path / "stable-older"


def files(archived: Archived) -> set[str]:
    return {path.name for path in folder(archived).iterdir()} if folder(archived).is_dir() else set()


def ranges(archived: Archived) -> set[str]:
    """The pages of landings, apart from indexes."""
    return {name for name in files(archived) if name.startswith("r")}


def plan(archived: Archived) -> str:
    """What a dry run says."""
    return archive_branch(archived.project.settings, "stable", archived.project.run("archive"), dry=True)
