"""What happened lately, for the Atom feed: the journal's changes of answers and of landings' states."""

from __future__ import annotations

from shepherd.errors import ShepherdError
from shepherd.settings import Settings
from shepherd.snapshot import LandingEntry as Landing
from shepherd.snapshot import Snapshot
from shepherd.store import JournalEntry, open_branch
from shepherd.views.feeds.atom import ENTRIES, FeedEntry
from shepherd.views.words import STATES, deploy_or_stay


def news_of(settings: Settings, snapshot: Snapshot) -> list[FeedEntry] | None:
    """The newest first; None if the journal cannot be read just now: the feed that is there stands then."""
    try:
        with open_branch(settings, snapshot.branch, read_only=True) as store:
            entries = store.journal.newest(ENTRIES, "answer", "state")
    except ShepherdError:
        return None
    landings = {landing.id: landing for landing in snapshot.landings}
    return [_news(entry, landings.get(entry.subject)) for entry in entries]


def _news(entry: JournalEntry, landing: Landing | None) -> FeedEntry:
    at = entry.time
    identity = f"{entry.run_id} {entry.kind} {entry.subject}"
    if entry.kind == "answer":
        return FeedEntry(at, _answer(entry), entry.why, identity)
    revno = entry.data["revno"]
    to = STATES.get(entry.data["to"], entry.data["to"])
    before = entry.data.get("from")
    change = f"r{revno}: {to}" if before is None else f"r{revno}: {to}, was: {STATES.get(before, before)}"
    about = [landing.title] if landing is not None and landing.title else []
    return FeedEntry(
        at,
        " · ".join([change, *about]),
        entry.why,
        identity,
        revno,
        landing.person if landing is not None else "",
    )


def _answer(entry: JournalEntry) -> str:
    answer, deployable, deployed = (entry.data.get(key) for key in ("answer", "deployable", "deployed"))
    if answer == "no-data":
        return "no data"
    if answer == "deploy":
        return deploy_or_stay(deployable)
    why = {"nothing-new": "nothing new"}.get(str(answer), str(answer))
    return f"{deploy_or_stay(None, deployed)}: {why}" if deployed is not None else why
