"""A mainline that is not where it was: what happened, and how words follow what was accepted
(docs/rules.md#answer)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import to_builtins

from shepherd.git.containment import merge_that_moved
from shepherd.git.first_parents import read_first_parents
from shepherd.git.mirror import open_source
from shepherd.git.repository import Git
from shepherd.git.rewrites import Patch, patches_of, successors
from shepherd.landing import Reading, Revision, commits_of
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.stages.brought import successors_of_named, undone_on_the_way
from shepherd.stages.recorded import verdicts
from shepherd.stages.state import BranchState
from shepherd.store import Database, Journal, JournalEntry


def what_happened(settings: Settings, branch: str, tip: Revision | None, reading: Reading) -> str:
    """Why the mainline's old tip is not a landing any more, and how to accept it. Raises SourceError."""
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
    settings: Settings,
    database: Database,
    state: BranchState,
    spoken_of: Collection[str],
    reading: Reading,
    run: Run,
) -> list[JournalEntry]:
    """That a person accepted the rewrite, and each word that found its landing again.

    A commit that is still there, as a landing or brought in by one, keeps its words.

    Args:
        state: the branch before. spoken_of: SHAs of all commits that have a verdict, or that a tag names.
    """
    branch = state.branch
    accepted = JournalEntry("rewrite", "", {"revno": reading.tip.revno}, who=run.who, why=run.why)
    landings = {landing.id: landing for landing in reading.landings}
    present_commits = set(commits_of(reading.landings))
    git = _git(settings, branch)
    if undone := undone_on_the_way(database, branch, git, state.landings, reading):
        accepted.data["undone"] = undone
    gone = [sha for sha in spoken_of if sha not in present_commits]
    if not gone:
        return [accepted]
    present = patches_of(git, [sha for sha in landings if sha not in spoken_of])
    patches_of_gone = patches_of(git, gone)
    with database.branch(branch) as store:
        patches = {**_patches(store.journal), **patches_of_gone}
        words = verdicts(store.journal, gone)
    successors_of = successors(git, patches, present)
    followed, lost = successors_of_named(
        database, branch, {sha: list(candidates) for sha, (candidates, _) in successors_of.items()}
    )
    for sha, word in words.items():
        candidates, proved = successors_of.get(sha, ([], True))
        # of twins, or where nothing is proved, any may be meant: what is not good is said of all, what is
        # good of none
        if (len(candidates) > 1 or not proved) and word.word not in ("bad", "needstesting"):
            candidates = []
        if not candidates:
            lost.append(f"{word.word} on {sha[:12]} by {word.who}")
        for successor in candidates:
            data = {
                "source": "journal",
                "word": word.word,
                "when": word.when,
                "revno": landings[successor].revno,
                "followed": sha,
                **({"note": True} if word.note else {}),
            }
            followed.append(JournalEntry("verdict", successor, data, who=word.who, why=word.why))
    if lost:
        accepted.data["lost"] = lost
    return [accepted, *followed]


def keep_patches(
    settings: Settings, branch: str, database: Database, spoken_of: Iterable[str], run: Run
) -> None:
    """Remember the patch of every commit with words, while the repository still has it."""
    with database.branch(branch) as store:
        kept = _patches(store.journal)
    unpatched = [sha for sha in spoken_of if sha not in kept or not kept[sha].change]
    if unpatched:
        patches = patches_of(_git(settings, branch), unpatched)
        entries = [JournalEntry("patch", sha, to_builtins(patch)) for sha, patch in patches.items()]
        database.append(branch, entries, run)


def _patches(journal: Journal) -> dict[str, Patch]:
    """What commits change, as the journal remembers it."""
    return {entry.subject: entry.as_a(Patch) for entry in journal.entries("patch")}


def _git(settings: Settings, branch: str) -> Git:
    repository = settings.place(settings.branches[branch].repository)
    return open_source(repository, settings.state_path / "mirrors", fetch=False)
