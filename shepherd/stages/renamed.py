"""A branch that has another name in the settings now: its journal is carried on under the new name
(docs/rules.md#what-people-say).

Words follow the SHA. A table renamed with its branch begins a journal of its own, so the one of a name that
is no longer in the settings, and whose mainline this is, is read as its own from then on.
"""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from shepherd.act import EVERYWHERE
from shepherd.git.first_parents import read_first_parents
from shepherd.git.mirror import open_source
from shepherd.landing import Revision
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.stages.kept_inputs import inputs_go_along
from shepherd.store import Database, Journal, JournalEntry
from shepherd.store.journal import KINDS

COUNTED = {
    "verdict": "verdict",
    "cover": "cover or uncover word",
    "snooze": "snooze",
    "seal": "seal",
    "promoted": "promotion",
}
"""Kind of entry -> what it is called where a journal is counted."""


class UnfollowedJournal(Struct, frozen=True):
    """The journal of a name that no table of the settings has."""

    name: str
    tip: Revision | None
    """Where it saw the mainline last."""
    written: str
    """When it was written last: ISO 8601, UTC."""
    holds: str
    """What it has, counted."""
    carried_by: str = ""
    """The branch, or another such name, that reads it as its own; empty: none does."""


def left_journals(database: Database, settings: Settings) -> list[UnfollowedJournal]:
    """Every journal whose name is no longer a branch of the settings, sorted by name. Raises StoreError."""
    with database.begin() as connection:
        # what is about all branches (mails) is the journal of none
        every = (name for name in Journal.every_name(connection) if name != EVERYWHERE)
        names = [name for name in every if name not in settings.branches]
        # of several that carry one on, one after the other, the branch is named
        carried = {
            name: by for by in (*names, *settings.branches) for name in Journal(connection, by).names[1:]
        }
        return [_left(Journal(connection, name), name, carried.get(name, "")) for name in names]


def _left(journal: Journal, name: str, carried_by: str) -> UnfollowedJournal:
    tip, last = journal.last("tip"), journal.newest(1, *KINDS)
    return UnfollowedJournal(
        name,
        Revision(tip.data["revno"], tip.data["id"]) if tip else None,
        last[0].at if last else "",
        _counted(journal),
        carried_by,
    )


def _counted(journal: Journal) -> str:
    """ "2 verdicts, 1 snooze"; "no word of a person" where it has none."""
    counts = Counter(entry.kind for entry in journal.entries(*COUNTED) if not entry.data.get("base"))
    counted = [
        f"{counts[kind]} {name}{'s' if counts[kind] > 1 else ''}"
        for kind, name in COUNTED.items()
        if counts[kind]
    ]
    return ", ".join(counted) or "no word of a person"


def carry_on(settings: Settings, branch: str, database: Database, run: Run, *, dry: bool = False) -> str:
    """Let a branch that has no journal yet carry on the one that has seen its mainline under another name.

    Returns a sentence about the journals that no branch of the settings has, empty if there are none. Raises
    SourceError, StoreError.
    """
    with database.branch(branch) as store:
        if store.journal.last("began") is not None:
            # another host may have carried it on: what was kept here has the old name still
            for was in store.journal.names[1:]:
                if not dry and was not in settings.branches:
                    inputs_go_along(settings, was, branch)
            return ""
    left = [each for each in left_journals(database, settings) if not each.carried_by]
    if not left:
        return ""
    config = settings.branches[branch]
    repository = settings.place(config.repository)
    git = open_source(repository, settings.state_path / "mirrors", [config.ref], fetch=not dry)
    tip = git.resolve_many([config.ref])[config.ref]
    if tip is None:
        raise git.no_such_ref(config.ref)
    mainline = read_first_parents(git, tip)
    ours = [each for each in left if each.tip is not None and mainline.revno(each.tip.id) is not None]
    if len(ours) != 1:
        why = "more than one saw this mainline" if ours else f"{branch} has no landing that was its tip"
        named = "; ".join(f"{each.name} ({each.holds})" for each in ours or left)
        return (
            f"journals of branches that the settings no longer name are not carried on, since {why}: {named};"
            f" to go on with one, call this table [branches.NAME] as before"
        )
    if not dry:
        entry = JournalEntry(
            "renamed", data={"from": ours[0].name}, who=run.who, why="it saw this mainline last"
        )
        database.append(branch, [entry], run)
        inputs_go_along(settings, ours[0].name, branch)
        run.tell("source", branch=branch, result="renamed", was=ours[0].name, holds=ours[0].holds)
    return (
        f"{'would carry' if dry else 'carries'} on the journal of {ours[0].name}, which the settings no"
        f" longer name: {ours[0].holds}"
    )
