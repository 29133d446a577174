"""What happened lately, for the Atom feeds: the journal's changes of answers and of landings' states,
alarms, promotions, what went live, and what people said of freezes (docs/feeds.md#atom)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from shepherd.errors import ShepherdError
from shepherd.settings import Settings
from shepherd.snapshot import LandingEntry as Landing
from shepherd.snapshot import Snapshot
from shepherd.store import JournalEntry, open_branch
from shepherd.views.feeds.atom import ENTRIES, FeedEntry
from shepherd.views.words import STATES, count, deploy_or_stay, utc

_TOLD = ("answer", "state", "alarm", "promoted", "deployed", "freeze")
_READ = 2 * ENTRIES
"""Some say nothing of their own, and are left out."""


def news_of(settings: Settings, snapshot: Snapshot) -> list[FeedEntry] | None:
    """The newest first; None if the journal cannot be read just now: the feed that is there stands then."""
    try:
        with open_branch(settings, snapshot.branch, read_only=True) as store:
            entries = store.journal.newest(_READ, *_TOLD)
            before = {
                later.seq: earlier
                for kind in ("answer", "deployed")
                for later, earlier in pairwise(store.journal.newest(_READ + 1, kind))
            }
            rewritten = {each.run_id for each in store.journal.newest(_READ, "rewrite")}
    except ShepherdError:
        return None
    frozen = {each.run_id for each in entries if each.kind == "freeze" and each.data.get("on")}
    # who says it again, with another end or reason, ends the word before: that alone is no news
    entries = [e for e in entries if e.kind != "freeze" or e.data.get("on") or e.run_id not in frozen]
    landings = {landing.id: landing for landing in snapshot.landings}
    identities = _identities(entries)
    told = [_news(entry, before.get(entry.seq), landings, identities, rewritten) for entry in entries]
    return [news for news in told if news is not None][:ENTRIES]


def _identities(entries: Sequence[JournalEntry]) -> Mapping[int, str]:
    """Place in the journal -> what makes an entry this change and no other. A run that promotes judges twice,
    and may change the answer twice."""
    seen: Counter[str] = Counter()
    identities = {}
    for entry in reversed(entries):
        identity = f"{entry.run_id} {entry.kind} {entry.subject}"
        seen[identity] += 1
        identities[entry.seq] = identity if seen[identity] == 1 else f"{identity} {seen[identity]}"
    return identities


def _news(
    entry: JournalEntry,
    before: JournalEntry | None,
    landings: Mapping[str, Landing],
    identities: Mapping[int, str],
    rewritten: Collection[str],
) -> FeedEntry | None:
    """None where it is no news.

    Args:
        before: the entry of this kind before it, for answers and for what production runs.
        rewritten: the runs in which a rewrite of the mainline was accepted.
    """
    data, identity = entry.data, identities[entry.seq]
    revno = data.get("revno")
    match entry.kind:
        case "answer":
            if before is not None and _same_answer(entry, before):
                return None
            sha = "" if data.get("stopped") else data.get("id") or ""
            return FeedEntry(entry.time, _answer(entry), entry.why, identity, sha=sha)
        case "promoted":
            if "from" not in data:
                # where it was when it was looked for the first time
                return None
            who = "by somebody else, not by the shepherd" if data.get("foreign") else ""
            place = f"before: r{data['from']}" if data["from"] is not None else "nothing was promoted before"
            text = "; ".join(filter(None, [place, who, entry.why]))
            title = f"promoted: r{revno}"
            return FeedEntry(entry.time, title, text, identity, revno or None, entry.who, data["id"])
        case "deployed":
            if before is None or data.get("kept") or data["id"] == before.data["id"]:
                return None
            ran_before = before.data["revno"]
            title = f"production went back to r{revno}"
            if revno > ran_before:
                title = f"went live: r{revno} · {count(revno - ran_before, 'landing')}"
            ran = f"production ran r{ran_before} before"
            if entry.run_id in rewritten:
                # the number before may be that of another landing
                title, ran = f"production runs r{revno}", f"{ran}; the mainline was rewritten meanwhile"
            text = "; ".join(filter(None, [ran, entry.why]))
            return FeedEntry(entry.time, title, text, identity, revno or None, entry.who, data["id"])
        case "freeze":
            return FeedEntry(entry.time, _freeze(entry), entry.why, identity, person=entry.who)
        case "alarm":
            change = f"alarm: r{revno}" if data["on"] else f"alarm over: r{revno}"
        case _ if data.get("from") == data["to"]:
            # the same state by another rule
            return None
        case _:
            to = STATES.get(data["to"], data["to"])
            was = data.get("from")
            change = f"r{revno}: {to}" if was is None else f"r{revno}: {to}, was: {STATES.get(was, was)}"
    landing = landings.get(entry.subject)
    about = [landing.title] if landing is not None and landing.title else []
    return FeedEntry(
        entry.time,
        " · ".join([change, *about]),
        entry.why,
        identity,
        revno,
        landing.person if landing is not None else "",
        entry.subject,
    )


def _freeze(entry: JournalEntry) -> str:
    """What a person said of deployments: `frozen until 2026-11-30 07:00 UTC`."""
    if not entry.data.get("on"):
        return f"the freeze of {entry.data['of']} was ended" if entry.data.get("of") else "a freeze was ended"
    until = entry.data.get("until")
    return f"frozen until {utc(datetime.fromisoformat(until))}" if until else "frozen until somebody ends it"


def _same_answer(entry: JournalEntry, before: JournalEntry) -> bool:
    """Whether both say the same: the journal has also where production was. Older releases noted no SHA."""
    one, other = entry.data.get("id"), before.data.get("id")
    return _answer(entry) == _answer(before) and (one == other or not (one and other))


def _answer(entry: JournalEntry) -> str:
    answer, deployable, deployed = (entry.data.get(key) for key in ("answer", "deployable", "deployed"))
    if answer == "no-data":
        return "no data"
    if answer == "deploy" and entry.data.get("stopped"):
        return f"do not deploy r{deployable}: production also runs what it lacks"
    if answer == "deploy":
        return deploy_or_stay(deployable)
    why = entry.data.get("waits") or {"nothing-new": "nothing new"}.get(str(answer), str(answer))
    return f"{deploy_or_stay(None, deployed)}: {why}" if deployed is not None else why
