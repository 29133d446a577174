"""Act -> effect: what touches the world. The journal says "meant" before and "done" after.

A kill in between leaves a question: an act that was meant and never done. The next plan answers it by looking
(did the ref move? is the comment there?), or, for mails, by not asking twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from shepherd.errors import ShepherdError, UnsureError
from shepherd.run import Run
from shepherd.store import Database, Journal, JournalEntry

EVERYWHERE = ""
"""The journal of what belongs to no one branch: digests, publishing."""


class Act(Struct, frozen=True):
    """One thing that will be done to the world."""

    kind: str
    """ "promote", "mail", "tag", …"""
    key: str
    """What makes it this act and no other, whatever its wording; `unfinished` finds it by that again."""
    on: str
    """What it is done to, for the log: "ref production", "mail to ann@…", "bug 824435"."""
    data: dict[str, Any] = {}
    """What one has to know later to see whether it happened."""
    why: str = ""


def perform(
    database: Database,
    branch: str,
    acts: Sequence[Act],
    run: Run,
    effect: Callable[[], dict[str, Any] | None],
    entries: Sequence[JournalEntry] = (),
) -> None:
    """Write that the acts are meant, let them happen, write how that went: "done" or "failed".

    Args:
        acts: one, or several that come about by one effect, or not at all.
        effect: what happens; what it returns goes into journal and log with the result.
        entries: what else the journal has to know once it is done.

    Raises:
        UnsureError: the effect could not tell whether it happened; the acts stay unfinished.
        ShepherdError: whatever the effect raised, which says by it that nothing happened.
    """
    meant = [JournalEntry("meant", act.key, {"act": act.kind, **act.data}, run.who, act.why) for act in acts]
    database.append(branch, meant, run)
    try:
        learned = effect()
    except UnsureError as error:
        for act in acts:
            run.tell("act", **_log_fields(act, branch, run), result="unsure", why=str(error))
        raise
    except ShepherdError as error:
        settle(database, branch, acts, run, "failed", str(error), error.learned)
        raise
    settle(database, branch, acts, run, "done", learned=learned, entries=entries)


def settle(
    database: Database,
    branch: str,
    acts: Sequence[Act],
    run: Run,
    result: str,
    why: str = "",
    learned: dict[str, Any] | None = None,
    entries: Sequence[JournalEntry] = (),
) -> None:
    """Write how acts went: also those of an earlier run, found out by looking."""
    outcome = {**(learned or {}), "result": result, **({"why": why} if why else {})}
    for act in acts:
        run.tell("act", **_log_fields(act, branch, run), **outcome)
    done = [
        JournalEntry("done", act.key, {"act": act.kind, "result": result, **(learned or {})}, run.who, why)
        for act in acts
    ]
    database.append(branch, [*done, *entries], run)


def unfinished(journal: Journal, kind: str) -> list[JournalEntry]:
    """The acts of this kind that were meant and of which nobody knows how they went, oldest first."""
    open_acts: dict[str, JournalEntry] = {}
    for entry in journal.entries("meant", "done", holding=f'"act":"{kind}"'):
        if entry.kind == "meant":
            open_acts[entry.subject] = entry
        else:
            open_acts.pop(entry.subject, None)
    return list(open_acts.values())


def _log_fields(act: Act, branch: str, run: Run) -> dict[str, Any]:
    fields = {"branch": branch} if branch else {}
    about = {"because": act.why} if act.why else {}
    data = {
        name: value
        for name, value in act.data.items()
        # what an audit asks is in the journal alone
        if value not in ("", None, False) and not isinstance(value, dict)
    }
    return {**fields, "what": act.kind, "on": act.on, **data, **about, "by": run.who}
