"""What a judgement writes into the log, and the answer as the journal keeps it (docs/interfaces.md#log)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shepherd.run import Run
from shepherd.snapshot import Snapshot
from shepherd.store import JournalEntry


def answer_of(snapshot: Snapshot) -> dict[str, object]:
    """The answer as the journal keeps it."""
    return {
        "answer": snapshot.answer,
        "deployable": snapshot.deployable.revno if snapshot.deployable else None,
        "deployed": snapshot.deployed.revno if snapshot.deployed else None,
    }


def because(snapshot: Snapshot) -> str:
    """What the answer rests on, in one line."""
    match snapshot.answer:
        case "no-data":
            return snapshot.problems[0]
        case "nothing-new":
            return "no landing after what production runs"
        case "deploy" if not snapshot.blockers:
            return "nothing blocks the tip"
        case _:
            what = "newer landings are blocked by " if snapshot.deployable else "blocked by "
            return what + ", ".join(f"r{b.revno}" for b in snapshot.blockers[:10])


def log_judgement(
    run: Run, branch: str, changes: Sequence[JournalEntry], snapshot: Snapshot, previous: Snapshot | None
) -> None:
    """Write the log before the journal: a run killed in between tells it again, and never not at all."""
    for entry in changes:
        if entry.kind == "state":
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
    counts = Counter(landing.progress for landing in snapshot.landings)
    told = {
        "answer": snapshot.answer,
        "deployable": _rev(snapshot.deployable),
        "deployed": _rev(snapshot.deployed),
        "tip": _rev(snapshot.tip),
    }
    if previous is not None and told == {
        "answer": previous.answer,
        "deployable": _rev(previous.deployable),
        "deployed": _rev(previous.deployed),
        "tip": _rev(previous.tip),
    }:
        return
    run.tell(
        "answer",
        branch=branch,
        **told,
        because=because(snapshot),
        landings=" ".join(f"{progress}:{count}" for progress, count in sorted(counts.items())),
    )


def _rev(revision: object) -> str:
    revno = getattr(revision, "revno", None)
    return "none" if revno is None else f"r{revno}"
