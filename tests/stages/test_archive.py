"""The archive says of every landing what a walk through git says, and says it wherever it was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.fixture
def archived(tmp_path: Path) -> Archived:
    return Archived(tmp_path)


@pytest.fixture
def no_git(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """From `forbid` on, whoever walks the history fails."""
    return monkeypatch


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    def walked(*_: object, **__: object) -> None:
        raise AssertionError("the history was walked")

    monkeypatch.setattr("shepherd.git.lookup.WholeMainline.__init__", walked)


NAMES = [
    *(f"r{revno}" for revno in range(1, 12)),
    *("#12", "#13", "bug:7", "bug:8", "ann/topic-x", "fix-y", "topic/side"),
]


def test_it_says_what_git_says_and_does_not_ask_git(
    archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas = archived.history()
    archived.go_live(shas[10])
    names = [*NAMES, *shas[:11], *(sha[:9] for sha in shas[:11])]
    from_git = {name: archived.stories(name) for name in names}
    assert all(from_git.values())
    assert archived.archive() == "stable: archived 11 landings; it holds r1 to r11"
    forbid(monkeypatch)
    assert {name: archived.stories(name) for name in names} == from_git


def test_what_undid_them(archived: Archived) -> None:
    shas = archived.history()
    archived.go_live(shas[10])
    archived.archive()
    undone_by = {revno: archived.stories(f"r{revno}")[0].undone_by for revno in range(1, 12)}
    # r6 rolls the rollback r5 of r3 back; r8 reverts the revert r7 of r2
    assert {r: by for r, by in undone_by.items() if by} == {4: 9, 5: 6, 7: 8}
