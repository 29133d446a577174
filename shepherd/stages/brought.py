"""Words that follow commits (docs/rules.md#what-people-say): what the journal knows of them, for `find`
and `judge`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from shepherd.git.containment import is_contained
from shepherd.git.repository import Git
from shepherd.landing import Landing, Reading
from shepherd.rules.undoing import Undoing
from shepherd.settings import Settings
from shepherd.stages.recorded import covers, named_commits
from shepherd.store import BranchStore, Database, Journal, JournalEntry
from shepherd.words import Item, TrackerData, is_request, item_name


def requests_of_brought(journal: Journal, landings: Iterable[Landing]) -> set[Item]:
    """The requests that ever had qa-bad for what is only brought in now: no landing names them any more."""
    brought = {commit.id for landing in landings for commit in landing.brought}
    if not brought:
        return set()
    return {item for (item, _), named in named_commits(journal).items() if not brought.isdisjoint(named.ids)}


def named_entries(
    named: Iterable[tuple[tuple[Item, int], tuple[str, ...]]], reading: Reading
) -> list[JournalEntry]:
    """What a judgement learned of whom tags name, to be appended after the readings of the items."""
    bugs = {landing.id: landing.bugs for landing in reading.landings}
    return [
        JournalEntry(
            "named",
            item,
            {"n": n, "ids": list(ids), "names": any(item in bugs.get(sha, ()) for sha in ids)},
        )
        for (item, n), ids in named
    ]


def named_elsewhere(
    store: BranchStore, settings: Settings, branch: str, tracker: TrackerData
) -> frozenset[tuple[Item, int]]:
    """(bug, N) of each bad-commit-N that speaks of another mainline with the same bugs: its landing N names
    the bug. Where it was seen before, the landing that was N then (docs/rules.md#what-people-say)."""
    asked = {
        (item, n) for item, tags in tracker.items.items() if not is_request(item) for n in tags.bad_commits
    }
    elsewhere: set[tuple[Item, int]] = set()
    for other in settings.sharing_bugs_with(branch) if asked else ():
        known = {
            (entry.subject, entry.data["n"]): entry.data["names"]
            for entry in store.of(other).journal.entries("named")
        }
        elsewhere.update(pair for pair in asked if known.get(pair))
        new = {pair for pair in asked if pair not in known}
        bugs = {each.revno: each.bugs for each in store.of(other).cache.numbered({n for _, n in new})}
        elsewhere.update((bug, n) for bug, n in new if bug in bugs.get(n, ()))
    return frozenset(elsewhere)


def commits_with_words(journal: Journal) -> list[str]:
    """The SHAs of all commits that a verdict was given on, or that a tag names."""
    judged = dict.fromkeys(entry.subject for entry in journal.entries("verdict"))
    return list(judged | dict.fromkeys(sha for named in named_commits(journal).values() for sha in named.ids))


def landings_before(journal: Journal) -> list[str]:
    """The SHAs of all that ever was a landing, where that changed: a person may still speak of them."""
    if journal.last("rewrite") is None:
        return []
    return [entry.subject for entry in journal.entries("landing")]


def with_undone(reading: Reading, undone: Mapping[str, str]) -> Reading:
    """The reading, which knows of brought-in commits that were undone before they were brought in.

    Args:
        undone: SHA of such a commit -> SHA of the landing that brought in it and its undoing.
    """
    if not undone:
        return reading
    landings = tuple(
        replace(
            each,
            brought=tuple(
                replace(commit, undone=undone.get(commit.id) == each.id) for commit in each.brought
            ),
        )
        if each.brought
        else each
        for each in reading.landings
    )
    return replace(reading, landings=landings)


def undone_before(journal: Journal) -> dict[str, str]:
    """What `undone_on_the_way` found whenever a rewrite was accepted."""
    undone: dict[str, str] = {}
    for entry in journal.entries("rewrite"):
        undone.update(entry.data.get("undone", {}))
    return undone


def undone_on_the_way(
    database: Database, branch: str, git: Git, before: Sequence[Landing], reading: Reading
) -> dict[str, str]:
    """Of the commits with words that are only brought in now, those that the old mainline had undone again,
    and the landing that brought in both: nothing of them is in effect there.

    Args:
        before: the landings of the old mainline.
    Raises SourceError.
    """
    moved = {commit.id: each.id for each in reading.landings for commit in each.brought}
    if not moved:
        return {}
    with database.branch(branch) as store:
        words = covers(store.journal)
    ids = {landing.revno: landing.id for landing in before}
    undoers = Undoing(before, words).undone_by()
    return {
        ids[target]: moved[ids[target]]
        for target, by in undoers.items()
        if ids.get(target) in moved and by in ids and is_contained(git, ids[by], moved[ids[target]])
    }


def successors_of_named(
    database: Database, branch: str, successors: Mapping[str, Sequence[str]]
) -> tuple[list[JournalEntry], list[str]]:
    """How the tags that name commits which are gone follow them through a rewrite, and what found nobody.

    Args:
        successors: SHA of a commit that is neither landing nor brought in any more -> the landings that have
            its patch now.
    """
    with database.branch(branch) as store:
        entries = store.journal.entries("named")
    last = {(entry.subject, entry.data["n"]): entry for entry in entries}
    followed: list[JournalEntry] = []
    lost: list[str] = []
    for entry in last.values():
        ids = entry.data["ids"]
        now = [new for sha in ids for new in successors.get(sha, [sha])]
        if now == ids:
            continue
        followed.append(JournalEntry("named", entry.subject, {**entry.data, "ids": list(dict.fromkeys(now))}))
        if not now:
            item, n = entry.subject, entry.data["n"]
            tag = f"bad-commit-{n}" if n else "qa-bad"
            lost.append(f"{tag} on {item_name(item)}, which named {', '.join(sha[:12] for sha in ids)}")
    return followed, lost
