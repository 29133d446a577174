"""What the journal has of one promotion, or of one step of production: who, when, why, what held then, and
what became of it (docs/audit.md)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any

from shepherd.settings import Settings
from shepherd.stages.audit_moves import JournalMove
from shepherd.stages.audit_words import alarm_word, answer_word, freeze_word, place_word
from shepherd.store import Journal, JournalEntry
from shepherd.trail import AuditedLanding, AuditedMove, TrailCheck, TrailLimit, TrailWord
from shepherd.values import some

_OF_THAT_TIME = "was not recorded by the release of that time"
_SHOWN = 5


class MoveFacts:
    """What else the journal of a branch has, read once for all moves that are asked about."""

    def __init__(self, journal: Journal, settings: Settings, branch: str, now: datetime) -> None:
        self._journal = journal
        self.settings = settings
        self._branch = branch
        self._now = now
        self._back: dict[int, list[JournalEntry]] = {}

    @cached_property
    def deployed(self) -> list[JournalEntry]:
        return self._journal.entries("deployed")

    @cached_property
    def promoted(self) -> list[JournalEntry]:
        return self._journal.entries("promoted")

    @cached_property
    def _freezes(self) -> list[JournalEntry]:
        return self._journal.entries("freeze")

    @cached_property
    def _alarms(self) -> list[JournalEntry]:
        return self._journal.entries("alarm")

    def answer(self, move: JournalMove) -> TrailWord | None:
        last = self._journal.last_before(move.boundary, "answer")
        return answer_word(last) if last is not None else None

    def replay_of(self, run_id: str, at: datetime) -> str:
        """The command that judges a run again; empty: its input is too old to be kept."""
        settings, branch = self.settings, self._branch
        if self._now - at > timedelta(seconds=settings.keep_inputs):
            return ""
        named = settings.branch_to_name(branch)
        return f"inv replay {run_id} --branch {named}" if named else f"inv replay {run_id}"

    def hash_of(self, move: JournalMove) -> str:
        return self._journal.head_at(move.entry.seq)

    def freezes(self, move: JournalMove) -> list[TrailWord]:
        """Persons' words that were in force."""
        standing = _standing(self._freezes, move.boundary)
        return [freeze_word(each) for each in standing if not _is_over(each, move.entry.time)]

    def alarms(self, move: JournalMove) -> list[TrailWord]:
        return [alarm_word(each) for each in _standing(self._alarms, move.boundary)]

    @cached_property
    def _places(self) -> list[int]:
        return [each.seq for each in self.deployed]

    def live_since(self, move: JournalMove, revno: int) -> datetime | None:
        """When production was first seen to run it from this move on, or had it by then."""
        if move.entry.kind == "deployed":
            return move.entry.time
        at = bisect_left(self._places, move.entry.seq)
        had: datetime | None = None
        for each in reversed(self.deployed[:at]):
            if each.data["revno"] < revno:
                break
            had = each.time
        if had is not None:
            return had
        end = next((back.seq for back in self._taken_back(move) if back.data["revno"] < revno), None)
        for each in islice(self.deployed, at, None):
            if end is not None and each.seq > end:
                break
            if each.data["revno"] >= revno:
                return each.time
        return None

    def _taken_back(self, move: JournalMove) -> list[JournalEntry]:
        """The moves of the promoted ref after this one that took it back behind it."""
        if move.entry.seq not in self._back:
            self._back[move.entry.seq] = [
                each
                for each in self.promoted
                if each.seq > move.entry.seq and each.data["revno"] < move.to.revno
            ]
        return self._back[move.entry.seq]

    def after(self, move: JournalMove) -> tuple[list[TrailWord], list[TrailWord]]:
        """Where production was seen until the next move; and what took back what this one had brought."""
        to, start = move.to.revno, move.entry.seq
        end = next((each.seq for each in self.promoted if each.seq > start and _is_move(each)), None)
        live, back = [], []
        for entries in (self.deployed, self.promoted):
            before: int | None = None
            for each in entries:
                word = place_word(each, before)
                if each.seq > start and before is not None and each.data["revno"] < min(before, to):
                    back.append(word)
                elif each.kind == "deployed" and each.seq > start and (end is None or each.seq < end):
                    live.append(word)
                before = each.data["revno"]
        return live, sorted(back, key=lambda word: word.entry)


def _is_move(entry: JournalEntry) -> bool:
    return "from" in entry.data


def _standing(entries: Iterable[JournalEntry], until: int) -> list[JournalEntry]:
    """What was on at a place in the journal, of entries that say of a subject that it is on or off."""
    on: dict[str, JournalEntry] = {}
    for entry in entries:
        if entry.seq >= until:
            break
        if entry.data.get("on"):
            on[entry.subject] = entry
        else:
            on.pop(entry.subject, None)
    return list(on.values())


def _is_over(freeze: JournalEntry, at: datetime) -> bool:
    until = freeze.data.get("until")
    return until is not None and datetime.fromisoformat(until) <= at


def audited_move(
    move: JournalMove, landings: Sequence[AuditedLanding], gaps: Sequence[str], facts: MoveFacts
) -> AuditedMove:
    """The whole of it, with its landings."""
    entry, meant = move.entry, move.meant
    held: dict[str, Any] | None = meant.data.get("rested_on") if meant is not None else None
    live, since = facts.after(move)
    run_id = meant.run_id if meant is not None else entry.run_id
    digest = facts.hash_of(move)
    return AuditedMove(
        kind=move.kind,
        to=move.to,
        base=move.base,
        at=entry.time,
        who=entry.who,
        why=entry.why,
        how=_how(move),
        ref=entry.data.get("ref", ""),
        run_id=run_id,
        code=(meant or entry).data.get("code", ""),
        entry=entry.seq,
        hash=digest,
        said_by=facts.answer(move),
        despite=entry.data.get("despite", ""),
        passed=tuple(entry.data.get("passed", ())),
        drop_hotfix=entry.data.get("drop_hotfix", ""),
        dropped=tuple(held.get("dropped", ())) if held is not None else None,
        checks=tuple(TrailCheck(*each) for each in held.get("checks", ())) if held is not None else None,
        limits=tuple(TrailLimit(most, tuple(paths), holds) for most, paths, holds in held.get("limits", ()))
        if held is not None
        else None,
        cautions=tuple(held.get("cautions", ())) if held is not None else None,
        freezes=tuple(facts.freezes(move)),
        alarms=tuple(facts.alarms(move)),
        landings=tuple(landings),
        live=tuple(live),
        since=tuple(since),
        replay=facts.replay_of(run_id, entry.time),
        gaps=(*gaps, *_gaps(move, landings, held, digest)),
    )


def _how(move: JournalMove) -> str:
    entry, meant = move.entry, move.meant
    match move.kind:
        case "foreign":
            ref = entry.data.get("ref", "the ref")
            return f"seen by run {entry.run_id}: {ref} had moved, and not by the shepherd"
        case "seen":
            return f"read from production by run {entry.run_id}; it went there after the run before"
        case "recorded":
            return f"said by inv deployed, run {entry.run_id}"
        case _ if meant is not None and meant.run_id != entry.run_id:
            return (
                f"done by run {meant.run_id}, which was ended before it could say so; found out by run"
                f" {entry.run_id}, which looked where the ref was"
            )
        case _:
            return f"done and noted by run {entry.run_id}"


def _gaps(
    move: JournalMove, landings: Sequence[AuditedLanding], held: dict[str, Any] | None, digest: str
) -> list[str]:
    """What an audit would like to say, and cannot."""
    gaps = []
    if move.kind in ("foreign", "seen"):
        gaps.append("who did it, when exactly, and why: the shepherd only saw that it was done")
        gaps.append("which freeze windows of the settings were on then: they leave nothing in the journal")
    if move.kind == "promotion" and held is None:
        gaps.append(f"which checks and limits held, and which cautions there were: that {_OF_THAT_TIME}")
    if move.kind == "promotion" and not (move.meant or move.entry).data.get("code"):
        gaps.append(f"which version of the shepherd did it: that {_OF_THAT_TIME}")
    if not digest:
        gaps.append("the hash of the journal at its entry: the release of that time knew no chain")
    unruled = [f"r{each.revno}" for each in landings if each.state and not each.rule]
    if unruled:
        gaps.append(f"by which rule {some(unruled, _SHOWN)} had their state: that {_OF_THAT_TIME}")
    unjudged = [f"r{each.revno}" for each in landings if not each.state]
    if unjudged:
        gaps.append(
            f"what {some(unjudged, _SHOWN)} was judged to be: the journal has no state of it from then"
        )
    if any(each.words and not each.title for each in landings):
        gaps.append("what the landings without a title are called")
    return gaps
