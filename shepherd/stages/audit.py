"""Why something went out: from the journal, which is still there when snapshots are gone; from git and the
archive only what a landing is called (docs/audit.md)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from shepherd.errors import SettingsError, SourceError
from shepherd.git.revisions import EXACT, POSITIONS, revnos_named
from shepherd.landing import Landing, commits_of
from shepherd.settings import Settings
from shepherd.stages.audit_landings import LandingFacts, audited
from shepherd.stages.audit_move import MoveFacts, audited_move
from shepherd.stages.audit_moves import BroughtLandings, JournalMove, landings_of, moves_in, with_plans
from shepherd.stages.audit_words import word_of
from shepherd.stages.older import OlderHistory
from shepherd.store import Journal, open_branch
from shepherd.trail import AuditedMove, AuditTrail, NeverLive
from shepherd.values import RevName, parse_rev, utc


class _Nowhere:
    """Positions are asked of the journal."""

    tip = deployed = promoted = None


def audit_of(settings: Settings, branch: str, asked: str, now: datetime, shepherd: str) -> AuditTrail:
    """All that is known of what `asked` names: a promotion, or a landing.

    Args:
        asked: `promoted`, the id of a promotion's run, or a REV.
        shepherd: which shepherd makes this audit.

    Raises:
        SettingsError: it names nothing. NoAnswerError, StoreError: the journal cannot be read.
    """
    with open_branch(settings, branch, read_only=True) as store:
        journal = store.journal
        known = store.cache.landings()
        older = OlderHistory(settings, branch, store, known)
        moves = moves_in(journal.entries("promoted"), journal.entries("deployed"))
        chosen, ids, never = _named(asked, branch, moves, journal, known, older)
        chosen = with_plans(chosen, journal)
        facts = MoveFacts(journal, settings, branch, now)
        every = journal.with_others(settings.sharing_bugs_with(branch))
        audits = []
        for move in reversed(chosen):
            brought = landings_of(move, journal, older)
            audits.append(_audited(move, brought, facts, (journal, every), ids, now))
        return AuditTrail(branch, asked, now, tuple(audits), tuple(never), shepherd)


def _audited(
    move: JournalMove,
    brought: BroughtLandings,
    facts: MoveFacts,
    journals: tuple[Journal, Journal],
    ids: Collection[str],
    now: datetime,
) -> AuditedMove:
    """Args: journals: that of the branch, and together with those that have the same bugs; ids: SHAs of what
    was asked about."""
    known = LandingFacts(*journals, [landing for landing, _ in brought.landings])
    landings = [
        audited(
            landing,
            role,
            known.of(landing),
            move,
            facts.live_since(move, landing.revno) if role in ("live", "back") else None,
            now,
            asked=landing.id in ids,
        )
        for landing, role in brought.landings
    ]
    return audited_move(move, landings, brought.gaps, facts)


def _named(
    asked: str,
    branch: str,
    moves: Sequence[JournalMove],
    journal: Journal,
    known: Sequence[Landing],
    older: OlderHistory,
) -> tuple[list[JournalMove], Collection[str], list[NeverLive]]:
    """The moves that a question is about, oldest first; the SHAs of the landings that it names; and those of
    them that no move brought."""
    promotions = [move for move in moves if move.kind in ("promotion", "foreign")]
    if asked == "promoted":
        if not promotions:
            raise SettingsError(f"{branch}: nothing was ever promoted; name a landing: inv audit r123")
        return promotions[-1:], (), []
    if by_run := [move for move in promotions if move.entry.run_id == asked]:
        return by_run, (), []
    rev = _position(parse_rev(asked, wide=True), branch, journal)
    if rev.kind == "branch" and (by_run := _of_ended_run(asked, promotions, journal)):
        return by_run, (), []
    try:
        landings, problem = _landings(rev, known, older), ""
    except SourceError as error:
        landings, problem = [], f" ({error})"
    ids = {landing.id for landing in landings}
    targets = [move for move in promotions if move.to.id in ids or (not ids and _is_target(move, rev))]
    if targets:
        return targets, ids, []
    if not landings:
        raise SettingsError(
            f"{asked} is neither a landing of {branch} nor a promotion or its run{problem}; what went out"
            " when is listed by: inv history"
        )
    seen = {entry.subject: entry.seq for entry in reversed(journal.entries("landing", subjects=ids))}
    chosen: dict[int, JournalMove] = {}
    never = []
    for landing in landings:
        bringing = [move for move in moves if move.brings(landing.revno) and _was_there(move, landing, seen)]
        chosen |= {move.entry.seq: move for move in bringing}
        if not bringing:
            never.append(_never_live(landing, moves, journal))
    return [chosen[seq] for seq in sorted(chosen)], ids, never


def _of_ended_run(asked: str, moves: Sequence[JournalMove], journal: Journal) -> list[JournalMove]:
    """Those that this run made, and another one found out, since it was ended before it could say so."""
    planned = with_plans(moves, journal)
    return [move for move in planned if move.meant is not None and move.meant.run_id == asked]


def _is_target(move: JournalMove, rev: RevName) -> bool:
    """Whether it went to a revision that git does not know any more."""
    return (
        move.to.revno == rev.number
        if rev.kind == "revno"
        else (rev.kind == "sha" and move.to.id.startswith(rev.text))
    )


def _was_there(move: JournalMove, landing: Landing, seen: dict[str, int]) -> bool:
    """Whether the landing had that number when the move was made: on a rewritten mainline it stands for
    another one. The run that saw production move may have seen the landing for the first time, too."""
    return seen.get(landing.id, 0) < move.entry.seq or move.kind in ("seen", "recorded")


def _position(rev: RevName, branch: str, journal: Journal) -> RevName:
    """The tip, and what production runs, as the journal saw them last."""
    if rev.kind not in POSITIONS:
        return rev
    last = journal.last(rev.kind)
    if last is None:
        raise SettingsError(
            f"{branch}: the journal knows of no {rev.kind} revision; name a landing: inv audit r123"
        )
    return RevName("revno", last.data["revno"])


def _landings(rev: RevName, known: Sequence[Landing], older: OlderHistory) -> list[Landing]:
    """The landings that a REV names, as `explain` takes it. Raises SourceError."""
    nowhere = _Nowhere()
    kept = set(revnos_named(rev, known, nowhere, ranks=EXACT))
    if not kept and (exact := older.exactly(rev)):
        return exact
    if kept := kept or set(revnos_named(rev, known, nowhere)):
        return [landing for landing in known if landing.revno in kept]
    return older.named(rev)


def _never_live(landing: Landing, moves: Sequence[JournalMove], journal: Journal) -> NeverLive:
    entries = journal.entries("landing", "state", "verdict", "cover", subjects=commits_of([landing]))
    first = journal.first("deployed")
    states = [entry for entry in entries if entry.kind == "state"]
    if first is not None and landing.revno <= first.data["revno"]:
        what = (
            f"production had it before the shepherd looked for the first time, on {utc(first.time)}: nothing"
            " is recorded of how it went out"
        )
    else:
        what = "nothing brought it live: no promotion, and production was not seen to run it"
        what += f"; its state is {states[-1].data['to']}, since {utc(states[-1].time)}" if states else ""
    words = tuple(word for entry in entries if (word := word_of(entry, landing.revno)) is not None)
    return NeverLive(landing.revno, landing.id, landing.shown_title, what, words)
