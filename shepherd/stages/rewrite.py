"""A mainline that is not where it was: what happened, and how words follow what was accepted
(docs/rules.md#answer)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import to_builtins

from shepherd.git.containment import merge_that_moved
from shepherd.git.first_parents import read_first_parents
from shepherd.git.mirror import open_source
from shepherd.git.repository import Git
from shepherd.git.rewrites import Patch, patches_of, successors
from shepherd.landing import Landing, Reading, Revision, commits_of
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.stages.brought import successors_of_named, undone_on_the_way
from shepherd.stages.recorded import verdicts
from shepherd.store import Database, Journal, JournalEntry


class KnownMainline(Protocol):
    """What database and journal knew of the mainline before."""

    @property
    def landings(self) -> Sequence[Landing]: ...
    @property
    def judged(self) -> Sequence[str]:
        """SHAs of all commits with a verdict, or that a tag names."""

    @property
    def patched(self) -> dict[str, Patch]:
        """What they change, as the journal keeps it."""


def what_happened(settings: Settings, branch: str, tip: Revision | None, reading: Reading) -> str:
    """Why the mainline's old tip is no landing any more, and how to accept it. Raises SourceError."""
    accept = "if that is right: inv find --accept-rewrite --reason …"
    if tip is None:
        return f"{branch}: the mainline was rewritten; {accept}"
    git = _git(settings, branch)
    mainline = read_first_parents(git, reading.tip.id)
    moved_by = merge_that_moved(git, mainline, tip.id)
    if moved_by is None:
        return (
            f"{branch}: the mainline was rewritten: r{tip.revno}, its tip when it was last read, is not where"
            f" it was; {accept}"
        )
    title = next((f", “{each.title}”" for each in reading.landings if each.revno == moved_by), "")
    return (
        f"{branch}: nothing was rewritten, but r{moved_by} ({mainline.id(moved_by)[:12]}{title}) is a merge"
        f" the wrong way round: what landed before, up to r{tip.revno}, lies behind its second parent now, so"
        f" that revision numbers stand for other commits; {accept}"
    )


def accepted_rewrite(
    settings: Settings, branch: str, database: Database, before: KnownMainline, reading: Reading, run: Run
) -> list[JournalEntry]:
    """That a person accepted the rewrite, and each word that found its landing again.

    A commit that is still there, as a landing or brought in by one, keeps its words.
    """
    accepted = JournalEntry("rewrite", "", {"revno": reading.tip.revno}, who=run.who, why=run.why)
    here = {landing.id: landing for landing in reading.landings}
    there = set(commits_of(reading.landings))
    git = _git(settings, branch)
    if undone := undone_on_the_way(database, branch, git, before.landings, reading):
        accepted.data["undone"] = undone
    gone = [sha for sha in before.judged if sha not in there]
    if not gone:
        return [accepted]
    present = patches_of(git, [sha for sha in here if sha not in before.judged])
    found = successors(git, {**before.patched, **patches_of(git, gone)}, present)
    with database.begin() as connection:
        words = verdicts(Journal(connection, branch), gone)
    followed, lost = successors_of_named(
        database, branch, {sha: list(meant) for sha, (meant, _) in found.items()}
    )
    for sha, word in words.items():
        meant, proved = found.get(sha, ([], True))
        # of twins, or where nothing is proved, any may be meant: what is not good is said of all, what is
        # good of none
        if (len(meant) > 1 or not proved) and word.word not in ("bad", "needstesting"):
            meant = []
        if not meant:
            lost.append(f"{word.word} on {sha[:12]} by {word.who}")
        for successor in meant:
            data = {
                "source": "journal",
                "word": word.word,
                "when": word.when,
                "revno": here[successor].revno,
                "followed": sha,
                **({"note": True} if word.note else {}),
            }
            followed.append(JournalEntry("verdict", successor, data, who=word.who, why=word.why))
    if lost:
        accepted.data["lost"] = lost
    return [accepted, *followed]


def keep_patches(
    settings: Settings, branch: str, database: Database, unpatched: Sequence[str], run: Run
) -> None:
    """Remember the patch of every commit with words, while the repository still has it."""
    patches = patches_of(_git(settings, branch), unpatched)
    entries = [JournalEntry("patch", sha, to_builtins(patch)) for sha, patch in patches.items()]
    if entries:
        with database.begin() as connection:
            Journal(connection, branch).append(entries, run_id=run.id, at=run.now)


def _git(settings: Settings, branch: str) -> Git:
    repository = settings.place(settings.branches[branch].repository)
    return open_source(repository, settings.state_path / "mirrors", fetch=False)
