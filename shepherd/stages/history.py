"""What the snapshot no longer lists: from journal and git, so that any landing gets an answer
(docs/interfaces.md#commands)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shepherd.errors import SettingsError
from shepherd.git.revisions import EXACT, POSITIONS, revnos_in, revnos_named
from shepherd.landing import Landing, commits_of
from shepherd.rules.reasons import brief
from shepherd.rules.undoing import Undoing
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.stages.older import OlderHistory
from shepherd.stages.recorded import covers, items_of, ref_moves
from shepherd.stages.timeline import RefMove, brought, landed_at, reached
from shepherd.store import Journal, JournalEntry, open_branch
from shepherd.story import Story, StoryEvent
from shepherd.values import RevName, iso, utc
from shepherd.words import Cover, bug_names, item_name

LANDING_KINDS = ("landing", "state", "verdict", "cover", "snooze", "alarm")
BRANCH_KINDS = (
    "began",
    "restored",
    "renamed",
    "deployed",
    "promoted",
    "rewrite",
    "answer",
    "alarm",
    "freeze",
)


def past_of(
    settings: Settings, snapshot: Snapshot, rev: RevName, *, in_full: int | None = None
) -> list[Story]:
    """The stories of the landings that `rev` names, newest first; empty if none is on this mainline.

    Args:
        in_full: so many have all their events, the others none; None: all have them.
    """
    with open_branch(settings, snapshot.branch, read_only=True) as store:
        journal, known = store.journal, store.cache.landings()
        older = OlderHistory(settings, snapshot.branch, store, known)
        landings = _landings_named(snapshot, rev, known, older)
        undone_by = _undone_in_production(snapshot, landings, older, covers(journal))
        moves = RevisionMoves(journal, snapshot.deployed.revno if snapshot.deployed else 0)
        return [
            story_of(
                landing,
                moves,
                now=snapshot.generated_at,
                in_production=landing.revno <= moves.deployed if snapshot.deployed else None,
                undone_by=undone_by.get(landing.revno),
                events=tuple(
                    _story_event(entry)
                    for entry in journal.entries(*LANDING_KINDS, subjects=commits_of([landing]))
                )
                if in_full is None or place < in_full
                else (),
            )
            for place, landing in enumerate(landings)
        ]


def story_of(
    landing: Landing,
    moves: RevisionMoves,
    *,
    now: datetime,
    in_production: bool | None,
    undone_by: int | None,
    events: tuple[StoryEvent, ...] = (),
) -> Story:
    """What terminal, page and JSON tell of a landing that the last answer does not list."""
    promotion = moves.promotion(landing.revno)
    return Story(
        revno=landing.revno,
        id=landing.id,
        title=landing.shown_title,
        person=landing.person,
        bugs=bug_names(landing.bugs),
        landed_at=landed_at(landing, now),
        in_production=in_production,
        undone_by=undone_by,
        live_since=moves.live_since(landing.revno),
        promoted_at=promotion.at if promotion else None,
        promoted_by=promotion.who if promotion else "",
        merged_by=landing.merged_by,
        co_authors=landing.co_authors,
        events=events,
        requests=landing.requests,
        branch=landing.branch,
        url=landing.url,
    )


class RevisionMoves:
    """Where production is, and since when it and the promoted ref include what."""

    def __init__(self, journal: Journal, deployed: int) -> None:
        self.deployed = deployed
        self._live_since = reached(ref_moves(journal.entries("deployed")))
        self._promotion = brought(ref_moves(journal.entries("promoted")))

    def live_since(self, revno: int) -> datetime | None:
        return self._live_since(revno) if revno <= self.deployed else None

    def promotion(self, revno: int) -> RefMove | None:
        return self._promotion(revno)


def _undone_in_production(
    snapshot: Snapshot, landings: list[Landing], older: OlderHistory, words: Sequence[Cover]
) -> dict[int, int]:
    """Of these landings, those that production contains but a later one there has undone, and by which."""
    if not landings:
        return {}
    deployed = snapshot.deployed.revno if snapshot.deployed else 0
    line = older.undoing(min(landing.revno for landing in landings), words)
    return Undoing([landing for landing in line if landing.revno <= deployed], words).undone_by()


def revnos_of(settings: Settings, snapshot: Snapshot, rev: RevName) -> list[int]:
    """The revnos of the landings that database and repository know under this name, newest first."""
    with open_branch(settings, snapshot.branch, read_only=True) as store:
        known = store.cache.landings()
        older = OlderHistory(settings, snapshot.branch, store, known)
        return [landing.revno for landing in _landings_named(snapshot, rev, known, older)]


def branch_events(settings: Settings, branch: str) -> list[StoryEvent]:
    """What happened to the branch, oldest first: positions, answers, what people accepted."""
    with open_branch(settings, branch, read_only=True) as store:
        entries = store.journal.entries(*BRANCH_KINDS)
    return [_story_event(entry) for entry in entries if not entry.data.get("base")]


def landing_events(settings: Settings, snapshot: Snapshot, rev: RevName) -> list[StoryEvent]:
    """What happened to a landing, oldest first: states, verdicts, tags seen, when it was promoted, went live.

    Raises:
        SettingsError: it is not a landing of this mainline.
    """
    with open_branch(settings, snapshot.branch, read_only=True) as store:
        journal = store.journal
        known = store.cache.landings()
        older = OlderHistory(settings, snapshot.branch, store, known)
        landings = _landings_named(snapshot, rev, known, older)
        if not landings:
            raise SettingsError(f"{rev.shown} is not a landing of {snapshot.branch}")
        landing = landings[0]
        entries = journal.entries(*LANDING_KINDS, subjects=commits_of([landing]))
        entries += journal.entries("item", subjects={str(item) for item in items_of(landing)})
        events = [_story_event(entry) for entry in sorted(entries, key=lambda entry: entry.seq)]
        moves = RevisionMoves(journal, snapshot.deployed.revno if snapshot.deployed else 0)
        if live := moves.live_since(landing.revno):
            events.append(StoryEvent(iso(live), "production came to include it"))
        if promotion := moves.promotion(landing.revno):
            what = f"was promoted, with r{promotion.revno}"
            events.append(StoryEvent(iso(promotion.at), what, promotion.who))
        landed = f"r{landing.revno} landed, by {landing.person or 'nobody known'}"
        if not events and landing.revno <= moves.deployed:
            landed += "; production had it before the shepherd looked for the first time"
        at = iso(landed_at(landing, snapshot.generated_at))
        return [StoryEvent(at, landed), *sorted(events, key=lambda event: event.at)]


def _landings_named(
    snapshot: Snapshot, rev: RevName, known: list[Landing], older: OlderHistory
) -> list[Landing]:
    """The landings that `rev` names: those that `find` keeps, else those of the whole mainline."""
    if rev.kind in POSITIONS:
        rev = RevName("revno", number=revnos_in(snapshot, rev)[0])
    kept = set(revnos_named(rev, known, snapshot, ranks=EXACT))
    if not kept and (exact := older.exactly(rev)):
        return exact[::-1]
    if kept := kept or set(revnos_named(rev, known, snapshot)):
        return [landing for landing in reversed(known) if landing.revno in kept]
    return older.named(rev)[::-1]


def _called(entry: JournalEntry) -> str:
    """What a verdict is about: a landing, or a commit that one brought in."""
    revision = f"r{entry.data['revno']}"
    return f"{brief(entry.subject)}, brought in by {revision}" if entry.data.get("brought") else revision


def _promotion(data: Mapping[str, Any]) -> str:
    since = f"from r{data['from']} to " if data.get("from") else ""
    if data.get("foreign"):
        return f"{data['ref']} was moved {since}r{data['revno']} by somebody else"
    if "from" not in data:
        return f"r{data['revno']} is promoted, as the shepherd found it"
    despite = ""
    if data.get("despite"):
        despite = ", despite what kept it back" if data.get("passed") else ", despite missing data"
    dropped = ", and commits of production were dropped" if data.get("drop_hotfix") else ""
    return f"promoted {since}r{data['revno']}{despite}{dropped}"


def _story_event(entry: JournalEntry) -> StoryEvent:
    data = entry.data
    match entry.kind:
        case "landing":
            what = f"found as r{data['revno']}"
        case "state" if data["from"] == data["to"]:
            what = f"r{data['revno']}: still {data['to']}, by another rule"
        case "state":
            what = f"r{data['revno']}: {data['from'] or 'new'} → {data['to']}"
        case "verdict":
            source = "" if data["source"] == "journal" else " (git note)"
            what = f"verdict on {_called(entry)}: {data['word']}{source}"
        case "cover":
            by = f"r{data['by_revno']}" if data["by_revno"] else "nothing"
            did = "undid it" if data["undone"] or not data["by"] else "did not undo it"
            what = f"r{data['revno']}: {by} {did}"
        case "snooze":
            what = f"r{data['revno']}: no mail before {data['until']}"
        case "item":
            words = ", ".join(f"qa-{w}" for w in data.get("words", ())) or "no QA tag"
            if data.get("of_newest"):
                words += " (bad by its status: its newest landing)"
            if data.get("unreadable"):
                words = f"could not be read ({data['unreadable']})"
            bad = ", ".join(f"bad-commit-{n}" for n in data.get("bad_commits", ()))
            what = f"{item_name(entry.subject)}: {words}{', ' + bad if bad else ''}"
        case "deployed":
            what = f"production runs r{data['revno']}"
        case "alarm":
            what = (
                f"alarm about r{data['revno']}" if data["on"] else f"the alarm about r{data['revno']} is over"
            )
        case "promoted":
            what = _promotion(data)
        case "answer":
            revno = data["deployable"]
            what = f"answer: {data['answer']}" + (f" r{revno}" if revno else "")
            what += f", stopped: {data['stopped']}" if data.get("stopped") else ""
        case "began":
            what = "the journal began"
            if data.get("accepts") or data.get("anew"):
                what = "the loss of a journal was accepted"
        case "restored":
            what = f"the journal was restored from the backup of {utc(datetime.fromisoformat(data['made']))}"
        case "renamed":
            what = f"carried on the journal of {data['from']}, as the branch was called before"
        case "rewrite":
            what = f"a rewrite of the mainline was accepted at r{data['revno']}"
        case "freeze" if not data["on"]:
            what = f"the freeze of {data['of']} was ended" if data.get("of") else "a freeze was ended"
        case "freeze":
            end = f" until {utc(datetime.fromisoformat(data['until']))}" if data.get("until") else ""
            what = f"deployments were frozen{end}"
        case _:
            what = entry.kind
    return StoryEvent(entry.at, what, entry.who, entry.why)
