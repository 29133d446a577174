"""Where the promoted revision is, and who put it there: the journal's side of promotions
(docs/rules.md#answer).

One entry "promoted" for each move: written with the act that made it, by the next `find` that looks after an
act whose run was killed, or by the `find` that sees that somebody else made it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shepherd.act import Act, settle, unfinished
from shepherd.landing import Reading, Revision
from shepherd.plans.despite import said_of
from shepherd.plans.promotion import Promotion
from shepherd.run import Run
from shepherd.sentence import ageless
from shepherd.settings import BranchSettings, is_url
from shepherd.snapshot import Snapshot
from shepherd.store import Database, Journal, JournalEntry

KIND = "promote"
SHOWN = timedelta(days=30)
"""How long a page shows a promotion that went without data, or past the shepherd."""
MOST_KEPT = 50
"""Checks, limits, cautions and commits of one promotion that the journal keeps."""


def entries_of(data: Mapping[str, Any], who: str, why: str) -> list[JournalEntry]:
    """What the journal has to know once a promotion took effect.

    Args:
        data: that of the act.
    """
    place = {"revno": data["to_revno"], "id": data["to"]}
    entries = []
    if data.get("first"):
        # where all that is older stands: it was not this promotion that brought it
        base = {"revno": data["first_revno"], "id": data["first"], "base": True}
        entries.append(JournalEntry("promoted", "", base))
    details = {key: data[key] for key in ("despite", "passed", "drop_hotfix", "ref", "code") if data.get(key)}
    details["sha"] = data["to"]
    entries.append(JournalEntry("promoted", "", {**place, "from": data["from_revno"], **details}, who, why))
    if data.get("records_deployed"):
        entries.append(JournalEntry("deployed", "", {**place, "recorded": True}, who, why))
    return entries


def rested_on(snapshot: Snapshot, plan: Promotion) -> dict[str, Any]:
    """What was true of the promoted revision when it was promoted, as the journal keeps it for an audit
    (docs/audit.md#what-the-journal-keeps): only what there was."""
    entry = next((each for each in snapshot.landings if each.revno == plan.to.revno), None)
    facts: dict[str, Any] = {"answer": snapshot.answer}
    if entry is not None and entry.checks:
        facts["checks"] = [[each.name, each.state, each.said] for each in entry.checks[:MOST_KEPT]]
    if entry is not None and snapshot.limits:
        facts["limits"] = [
            [each.max, list(each.paths), place not in entry.exceeds]
            for place, each in enumerate(snapshot.limits[:MOST_KEPT])
        ]
    if plan.cautions:
        facts["cautions"] = [ageless(each.sentence) for each in plan.cautions[:MOST_KEPT]]
    if plan.dropped:
        facts["dropped"] = list(plan.dropped[:MOST_KEPT])
    return facts


def settle_unfinished(
    database: Database, branch: str, config: BranchSettings, reading: Reading, run: Run
) -> None:
    """Find out by looking whether promotions took effect whose runs were killed, and say so."""
    with database.branch(branch) as store:
        open_acts = unfinished(store.journal, KIND)
    now = reading.standing.refs.get(config.promote.ref) if config.promote else None
    for entry in open_acts:
        data = {key: value for key, value in entry.data.items() if key != "act"}
        act = Act(KIND, entry.subject, f"ref {data['ref']}", data, entry.why)
        how = f"the run {entry.run_id} of {entry.who} was ended before it could say; found out by looking"
        if now is not None and now == data["to"]:
            settle(database, branch, [act], run, "done", how, entries=entries_of(data, entry.who, entry.why))
        elif now == (data["from"] or None):
            settle(database, branch, [act], run, "failed", f"it never happened: {how}")
        else:
            settle(database, branch, [act], run, "unknown", f"the ref is somewhere else by now: {how}")


def as_recorded(journal: Journal, reading: Reading) -> tuple[Revision | None, str]:
    """Without a `promote` ref: the promoted revision by the journal; and what is wrong with it, if it is."""
    last = journal.last("promoted")
    if last is None:
        return None, ""
    place = Revision(last.data["revno"], last.data["id"])
    first = reading.landings[0].revno
    index = place.revno - first
    if index >= 0 and (index >= len(reading.landings) or reading.landings[index].id != place.id):
        return None, f"r{place.revno}, promoted last, is not on the mainline any more"
    return place, ""


def moved_by_others(
    journal: Journal, config: BranchSettings, reading: Reading, run: Run, branch: str
) -> list[JournalEntry]:
    """An entry if the promoted ref is not where the journal has it; said in the log."""
    promoted = reading.promoted
    last = journal.last("promoted")
    if config.promote is None or promoted is None or (last is not None and last.data["id"] == promoted.id):
        return []
    ref = config.promote.ref
    sha = reading.standing.refs.get(ref)
    position = {"revno": promoted.revno, "id": promoted.id, "ref": ref, "sha": sha}
    if last is None or last.data.get("ref", ref) != ref or last.data.get("sha") == sha:
        # seen for the first time, or another ref by other settings, or the mainline moved and not the ref
        return [JournalEntry("promoted", "", position)]
    if is_url(config.repository) and (late := _given_up(journal, ref, promoted.id)) is not None:
        return entries_of(late.data, late.who, late.why)
    run.tell(
        "source",
        branch=branch,
        result="moved",
        promoted=f"r{promoted.revno} {promoted.id}",
        was=f"r{last.data['revno']} {last.data['id']}",
        by="somebody else",
    )
    return [JournalEntry("promoted", "", {**position, "from": last.data["revno"], "foreign": True})]


def _given_up(journal: Journal, ref: str, to: str) -> JournalEntry | None:
    """The promotion to there whose run was ended, and that a later one took for lost: its push may well have
    reached the server after that."""
    acts = journal.entries("meant", "done", holding=f'"act":"{KIND}"')
    ended = {entry.subject: entry.run_id for entry in acts if entry.kind == "done"}
    meant = [entry for entry in acts if entry.kind == "meant"]
    if not meant or meant[-1].data["to"] != to or meant[-1].data["ref"] != ref:
        return None
    return meant[-1] if ended.get(meant[-1].subject, meant[-1].run_id) != meant[-1].run_id else None


def moved_back(moves: Sequence[JournalEntry]) -> int | None:
    """The revno that somebody took the promoted ref back from, if that is what happened last: what lies up to
    there goes out again only by a person's hand. Raises ChangedEntryError."""
    if not moves or not moves[-1].data.get("foreign"):
        return None
    before = moves[-1].as_a(int, "from")
    return before if moves[-1].data["revno"] < before else None


def warnings_of(moves: Sequence[JournalEntry], now: datetime) -> tuple[str, ...]:
    """What page and status say of promotions for SHOWN: those that went despite something, and one by others.

    Args:
        moves: all entries "promoted", oldest first.
    """
    warnings = []
    for entry in moves:
        data, at = entry.data, entry.time
        if now - at > SHOWN:
            continue
        when = f"{at:%Y-%m-%d %H:%M} UTC"
        if data.get("despite"):
            warnings.append(
                f"r{data['revno']} was promoted by {entry.who} on {when} {said_of(data)}: {data['despite']}"
            )
        if data.get("foreign") and entry is moves[-1]:
            warnings.append(
                f"{data['ref']} was moved from r{data['from']} to r{data['revno']} by somebody else, not by"
                f" the shepherd (seen {when})"
            )
    return tuple(warnings)
