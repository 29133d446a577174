"""What a judgement writes into the log, and the answer as the journal keeps it (docs/interfaces.md#log)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shepherd.cautions import cautions, stopping
from shepherd.run import Run
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.store import Journal, JournalEntry
from shepherd.views.conditions import kept_by, what_waits


def answer_of(snapshot: Snapshot) -> dict[str, object]:
    """The answer as the journal keeps it; "stopped" is there if it may not be acted on although it is one,
    "waits" if nothing can be deployed for want of a condition alone (docs/rules.md#conditions)."""
    stop = stopping(cautions(snapshot, Situation())) if snapshot.complete else None
    return {
        "answer": snapshot.answer,
        "deployable": snapshot.deployable.revno if snapshot.deployable else None,
        "deployed": snapshot.deployed.revno if snapshot.deployed else None,
        "id": snapshot.deployable.id if snapshot.deployable else None,
        **({"stopped": stop.kind} if stop is not None else {}),
        **({"waits": kept} if snapshot.answer == "blocked" and (kept := kept_by(snapshot)) else {}),
    }


def is_journaled(journal: Journal, snapshot: Snapshot) -> bool:
    """Whether the answer that the journal has last is that of this snapshot."""
    last, now = journal.last("answer"), answer_of(snapshot)
    # an older release noted no SHA with it
    return last is not None and {"id": now["id"], **last.data} == now


def because(snapshot: Snapshot) -> str:
    """What the answer rests on, in one line."""
    match snapshot.answer:
        case "no-data":
            return snapshot.problems[0]
        case "nothing-new":
            return "no landing after what production runs"
        case "deploy" if not snapshot.blockers:
            return "; ".join(["nothing blocks the tip", *_waits(snapshot)])
        case _:
            what = "newer landings are blocked by " if snapshot.deployable else "blocked by "
            blocked = what + ", ".join(f"r{b.revno}" for b in snapshot.blockers[:10])
            return "; ".join([*_waits(snapshot), *([blocked] if snapshot.blockers else [])])


def _waits(snapshot: Snapshot) -> list[str]:
    said = what_waits(snapshot)
    return [str(said)] if said is not None else []


def log_judgement(
    run: Run, branch: str, changes: Sequence[JournalEntry], snapshot: Snapshot, previous: Snapshot | None
) -> None:
    """Write the log before the journal: a run killed in between logs it twice, rather than not at all."""
    for entry in changes:
        if entry.kind == "state" and entry.data["from"] != entry.data["to"]:
            run.tell(
                "landing",
                branch=branch,
                rev=f"r{entry.data['revno']}",
                id=entry.subject,
                **{"from": entry.data["from"] or "new", "to": entry.data["to"]},
                evidence=entry.why,
            )
        if entry.kind == "alarm":
            how = "begins" if entry.data["on"] else "is over"
            run.tell("alarm", branch=branch, rev=f"r{entry.data['revno']}", result=how, because=entry.why)
        if entry.kind == "check-wait":
            how = "begins" if entry.data["on"] else "is over"
            run.tell("check-wait", branch=branch, check=entry.data["check"], result=how, because=entry.why)
    counts = Counter(landing.progress for landing in snapshot.landings)
    if previous is not None and _answer_fields(snapshot) == _answer_fields(previous):
        return
    run.tell(
        "answer",
        branch=branch,
        **_answer_fields(snapshot),
        because=because(snapshot),
        landings=" ".join(f"{progress}:{count}" for progress, count in sorted(counts.items())),
    )


def _answer_fields(snapshot: Snapshot) -> dict[str, str]:
    places = {"deployable": snapshot.deployable, "deployed": snapshot.deployed, "tip": snapshot.tip}
    revs = {name: f"r{place.revno}" if place else "none" for name, place in places.items()}
    return {"answer": snapshot.answer, **revs}
