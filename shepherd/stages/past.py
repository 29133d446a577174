"""What the snapshot no longer lists: from journal and git, so that any landing gets an answer (design 4.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shepherd.errors import NoAnswerError
from shepherd.landing import Landing
from shepherd.settings import Settings
from shepherd.snapshot import Snapshot
from shepherd.stages.compose import reached
from shepherd.stages.lookup import by_sha
from shepherd.stages.memory import passages
from shepherd.story import Event, Story
from shepherd.store import Cache, Database, Entry, Journal
from shepherd.values import Rev

LANDING_KINDS = ("landing", "state", "verdict", "cover", "kept")
BRANCH_KINDS = ("began", "deployed", "promoted", "rewrite", "answer")


def past_of(settings: Settings, snapshot: Snapshot, rev: Rev) -> list[Story]:
    """The stories of the landings that are meant, newest first; empty if they are none of this mainline's."""
    database = Database(settings.database_url, read_only=True)
    try:
        with database.begin() as connection:
            known = Cache(connection, snapshot.branch).landings()
            journal = Journal(connection, snapshot.branch)
            landings = _meant(settings, snapshot, rev, known)
            live_since = reached(passages(journal, "deployed"))
            promoted_at = reached(passages(journal, "promoted"))
            deployed = snapshot.deployed.revno if snapshot.deployed else 0
            return [
                Story(
                    revno=landing.revno,
                    id=landing.id,
                    title=landing.title,
                    person=landing.person,
                    bugs=landing.bugs,
                    landed_at=datetime.fromtimestamp(landing.committed_at, snapshot.generated_at.tzinfo),
                    live=landing.revno <= deployed,
                    live_since=live_since(landing.revno) if landing.revno <= deployed else None,
                    promoted_at=promoted_at(landing.revno),
                    events=tuple(
                        _told(e) for e in journal.entries(*LANDING_KINDS[:3], subjects=[landing.id])
                    ),
                )
                for landing in landings
            ]
    finally:
        database.close()


def events_of(settings: Settings, branch: str, rev: Rev | None) -> list[Event]:
    """What happened to the branch, or to one landing, oldest first.

    Raises:
        NoAnswerError: nothing was ever recorded, or the landing is not known to the journal.
    """
    database = Database(settings.database_url, read_only=True)
    try:
        with database.begin() as connection:
            journal = Journal(connection, branch)
            if rev is None:
                return [_told(entry) for entry in journal.entries(*BRANCH_KINDS)]
            landing = _known(journal, Cache(connection, branch).landings(), rev)
            entries = journal.entries("landing", "state", "verdict", "cover", subjects=[landing[1]])
            items = {str(item) for item in landing[2]}
            entries += journal.entries("item", subjects=items)
            events = [_told(entry) for entry in sorted(entries, key=lambda entry: entry.seq)]
            since = reached(passages(journal, "deployed"))(landing[0])
            if since is not None:
                events.append(Event(since.strftime("%Y-%m-%dT%H:%M:%SZ"), "went live"))
            return sorted(events, key=lambda event: event.at)
    finally:
        database.close()


def _known(journal: Journal, landings: list[Landing], rev: Rev) -> tuple[int, str, tuple[int | str, ...]]:
    for landing in landings:
        if landing.revno == rev.number or (rev.text and landing.id.startswith(rev.text)):
            return landing.revno, landing.id, (*landing.bugs, *landing.requests)
    for entry in journal.entries("landing"):
        if entry.data["revno"] == rev.number or (rev.text and entry.subject.startswith(rev.text)):
            return entry.data["revno"], entry.subject, ()
    raise NoAnswerError(f"the journal knows nothing of {rev.text or f'r{rev.number}'}: try inv explain")


def _meant(settings: Settings, snapshot: Snapshot, rev: Rev, known: list[Landing]) -> list[Landing]:
    match rev.kind:
        case "bug":
            return [landing for landing in reversed(known) if rev.number in landing.bugs]
        case "request":
            return [landing for landing in reversed(known) if rev.text in landing.requests]
        case "branch":
            wanted = rev.text.casefold()
            return [landing for landing in reversed(known) if wanted in landing.branch.casefold()]
        case "sha":
            revno = by_sha(rev.text, known)
        case "revno":
            revno = rev.number
        case "tip" | "deployed" | "promoted":
            place: Any = getattr(snapshot, rev.kind)
            revno = place.revno if place else None
    found = [landing for landing in known if landing.revno == revno]
    if found:
        return found
    from shepherd.sources.one import read_one

    branch = settings.branches[snapshot.branch]
    one = read_one(
        branch,
        settings.place(branch.repository),
        settings.state_path / "mirrors",
        revno=revno,
        sha=rev.text if rev.kind == "sha" else "",
    )
    return [one] if one is not None else []


def _told(entry: Entry) -> Event:
    data = entry.data
    match entry.kind:
        case "landing":
            what = f"found as r{data['revno']}"
        case "state":
            what = f"r{data['revno']}: {data['from'] or 'new'} → {data['to']}"
        case "verdict":
            source = "" if data["source"] == "journal" else " (git note)"
            what = f"verdict on r{data['revno']}: {data['word']}{source}"
        case "cover":
            by = f"r{data['by_revno']}" if data["by_revno"] else "nothing"
            what = f"r{data['revno']}: {by} {'undid it' if data['undone'] or not data['by'] else 'did not undo it'}"
        case "item":
            words = ", ".join(f"qa-{w}" for w in data["words"]) or "no QA tag"
            bad = ", ".join(f"bad-commit-{n}" for n in data["bad_commits"])
            what = f"{'bug ' if entry.subject.isdigit() else ''}{entry.subject}: {words}{', ' + bad if bad else ''}"
        case "deployed":
            what = f"production runs r{data['revno']}"
        case "promoted":
            what = f"promoted: r{data['revno']}"
        case "answer":
            revno = data["deployable"]
            what = f"answer: {data['answer']}" + (f" r{revno}" if revno else "")
        case "began":
            what = "the journal began"
        case "rewrite":
            what = f"a rewrite of the mainline was accepted at r{data['revno']}"
        case _:
            what = entry.kind
    return Event(entry.at, what, entry.who, entry.why)
