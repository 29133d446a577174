"""What the journal knew of the landings of one move when it was made, and what it learned since
(docs/audit.md#at-that-moment)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from shepherd.landing import Landing, commits_of
from shepherd.rules.rule_words import words_of
from shepherd.rules.states import GOOD
from shepherd.stages.audit_moves import JournalMove
from shepherd.stages.audit_words import word_of
from shepherd.stages.recorded import items_of
from shepherd.stages.timeline import landed_at
from shepherd.store import Journal, JournalEntry
from shepherd.trail import AuditedLanding, TrailRole, TrailWord

_OWN = ("landing", "state", "verdict", "cover", "alarm")
_PAIRS = ("kept", "seal", "meant", "done")
_LATER = frozenset(("state", "verdict", "cover", "alarm", "item", "named"))
"""What an audit tells of the time after a move."""


class LandingFacts:
    """Everything that the journal has of some landings, by landing, in order.

    Args:
        every: the journal together with those of branches that have the same bugs.
    """

    def __init__(self, journal: Journal, every: Journal, landings: Sequence[Landing]) -> None:
        self._of: dict[str, list[JournalEntry]] = defaultdict(list)
        commits = {sha: each.id for each in landings for sha in commits_of([each])}
        ids = {each.id for each in landings}
        for entry in journal.entries(*_OWN, subjects=commits):
            self._of[commits[entry.subject]].append(entry)
        items = {each.id: set(items_of(each)) for each in landings}
        pairs = journal.of_commits(ids, *_PAIRS)
        done = {(each.subject, each.run_id) for each in pairs if each.kind == "done"}
        for entry in pairs:
            if entry.kind == "meant" and (entry.subject, entry.run_id) in done:
                # what was done says it
                continue
            sha, _, rest = entry.subject.partition(" ")
            self._of[sha].append(entry)
            if entry.kind == "kept":
                # a request that the forge alone knew, too
                items[sha].add(rest)
        for entry in journal.entries("named"):
            for sha in {commits[each] for each in entry.data["ids"] if each in commits}:
                self._of[sha].append(entry)
                items[sha].add(entry.subject)
        readings: dict[str, list[JournalEntry]] = defaultdict(list)
        for entry in every.entries("item", subjects={item for some in items.values() for item in some}):
            readings[entry.subject].append(entry)
        for sha, some in items.items():
            found = next((each.seq for each in self._of[sha] if each.kind == "landing"), 0)
            for item in some:
                self._of[sha] += _of_its_time(readings[item], found)
            self._of[sha].sort(key=lambda entry: entry.seq)

    def of(self, landing: Landing) -> list[JournalEntry]:
        return self._of.get(landing.id, [])


def _of_its_time(readings: list[JournalEntry], found: int) -> list[JournalEntry]:
    """Without what an item said before the landing was there, but for the last of it."""
    before = [each for each in readings if each.seq < found]
    return [*before[-1:], *readings[len(before) :]]


def audited(
    landing: Landing,
    role: TrailRole,
    entries: Sequence[JournalEntry],
    move: JournalMove,
    live_since: datetime | None,
    now: datetime,
    *,
    asked: bool,
) -> AuditedLanding:
    """One landing as it was known when the move was made.

    Args:
        entries: what the journal has of it, in order.
    """
    then = [entry for entry in entries if entry.seq < move.boundary]
    judged = next((entry for entry in reversed(then) if entry.kind == "state"), None)
    words = _told(landing, (entry for entry in then if entry is not judged))
    since = _told(landing, (entry for entry in entries if _is_news(entry, landing, move.entry.seq)))
    state = str(judged.data["to"]) if judged is not None else ""
    rule = str(judged.data.get("rule", "")) if judged is not None else ""
    explained = words_of(rule)
    return AuditedLanding(
        revno=landing.revno,
        id=landing.id,
        title=landing.shown_title,
        person=landing.person,
        merged_by=landing.merged_by,
        landed_at=landed_at(landing, now) if landing.committed_at > 0 else None,
        url=landing.url,
        role=role,
        state=state,
        reason=judged.why if judged is not None else "",
        rule=rule,
        rule_says=explained.says if explained is not None else "",
        rule_anchor=explained.place if explained is not None else "",
        judged_at=judged.time if judged is not None else None,
        judged_by=judged.run_id if judged is not None else "",
        judged_entry=judged.seq if judged is not None else None,
        words=words,
        since=since,
        live_since=live_since,
        asked=asked,
        plain=role == "live"
        and state in GOOD
        and explained is not None
        and not any(word.marks for word in words)
        and not since,
    )


def _told(landing: Landing, entries: Iterable[JournalEntry]) -> tuple[TrailWord, ...]:
    told = (word_of(entry, landing.revno) for entry in entries)
    return tuple(word for word in told if word is not None)


def _is_news(entry: JournalEntry, landing: Landing, seq: int) -> bool:
    """Whether it was learned after the move and is about this landing: what a bug says for one that landed
    later is not, unless it is bad."""
    if entry.seq < seq or entry.kind not in _LATER:
        return False
    if entry.kind == "state":
        return bool(entry.data.get("from") != entry.data["to"])
    if entry.kind != "item":
        return True
    named, bad = entry.data.get("bad_commits", ()), "bad" in entry.data.get("words", ())
    return landing.revno in named or (bad and not named and not entry.data.get("of_newest"))
