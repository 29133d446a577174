"""A mainline that was rewritten and accepted so: verdicts follow their landings by SHA, else by change."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import to_builtins

from shepherd.landing import Reading
from shepherd.settings import Settings
from shepherd.sources.git import Git
from shepherd.sources.mirror import open_source
from shepherd.sources.rewrites import Patch, patches_of, successors
from shepherd.stages import Run
from shepherd.stages.memory import verdicts
from shepherd.store import Database, Entry, Journal


def accepted_rewrite(
    settings: Settings,
    branch: str,
    database: Database,
    judged: Sequence[str],
    patched: dict[str, Patch],
    reading: Reading,
    run: Run,
) -> list[Entry]:
    """That a person accepted the rewrite, and each verdict that found its landing again.

    Args:
        judged: SHAs of all landings that bear a verdict.
        patched: what they change, as the journal keeps it.
    """
    accepted = Entry("rewrite", "", {"revno": reading.tip.revno}, who=run.who, why=run.why)
    here = {landing.id: landing for landing in reading.landings}
    gone = [sha for sha in judged if sha not in here]
    if not gone:
        return [accepted]
    git = _git(settings, branch)
    present = patches_of(git, [sha for sha in here if sha not in judged])
    found = successors(git, {**patched, **patches_of(git, gone)}, present)
    with database.begin() as connection:
        words = verdicts(Journal(connection, branch), gone)
    followed: list[Entry] = []
    lost: list[str] = []
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
            followed.append(Entry("verdict", successor, data, who=word.who, why=word.why))
    if lost:
        accepted.data["lost"] = lost
    return [accepted, *followed]


def keep_patches(
    settings: Settings, branch: str, database: Database, unpatched: Sequence[str], run: Run
) -> None:
    """Remember the patch of every landing with a verdict, while the repository still has it."""
    patches = patches_of(_git(settings, branch), unpatched)
    entries = [Entry("patch", sha, to_builtins(patch)) for sha, patch in patches.items()]
    if entries:
        with database.begin() as connection:
            Journal(connection, branch).append(entries, run_id=run.id, at=run.now)


def _git(settings: Settings, branch: str) -> Git:
    repository = settings.place(settings.branches[branch].repository)
    return open_source(repository, settings.state_path / "mirrors", fetch=False)
