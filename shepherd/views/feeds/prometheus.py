"""`shepherd.prom`: all branches and the shepherd itself, in Prometheus' text format (version 0.0.4).

What is not known is left out, never 0: `absent()` finds it. Ages are those at the moment of writing; the
times next to them let an alert notice that nobody writes any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import get_args

from msgspec import Struct

from shepherd.cautions import STOPPING, Caution, CautionKind, cautions, code_of, released, stopping
from shepherd.deployment import must_wait, proposed
from shepherd.errors import NO_DATA
from shepherd.situation import Situation
from shepherd.snapshot import Answer, Snapshot
from shepherd.views.clean import clean
from shepherd.views.words import revno_of

Sample = tuple[dict[str, str], float]


class _Metric(Struct, frozen=True):
    name: str
    kind: str
    help: str
    samples: list[Sample]


def prometheus(snapshots: Sequence[Snapshot], situation: Situation) -> bytes:
    """UTF-8; metrics in a fixed order, branches in the order given, stages by name."""
    lines: list[str] = []
    for metric in (*_of_branches(snapshots, situation), *_of_situation(situation)):
        if not metric.samples:
            continue
        name = f"qa_shepherd_{metric.name}"
        lines += [f"# HELP {name} {metric.help}", f"# TYPE {name} {metric.kind}"]
        lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _of_branches(snapshots: Sequence[Snapshot], situation: Situation) -> Iterator[_Metric]:
    now = situation.now
    cautions_of = {snapshot.branch: cautions(snapshot, situation) for snapshot in snapshots}

    def metric(name: str, help: str, values: Iterator[tuple[Snapshot, float | None]]) -> _Metric:
        samples = [({"branch": s.branch}, value) for s, value in values if value is not None]
        return _Metric(name, "gauge", help, samples)

    known = [snapshot for snapshot in snapshots if snapshot.complete]
    free = [snapshot for snapshot in known if stopping(cautions_of[snapshot.branch]) is None]
    yield _Metric(
        "answer",
        "gauge",
        "1 for what the answer is, 0 for what it is not; a caution that stops makes it no-data or blocked.",
        [
            ({"branch": s.branch, "answer": word}, float(_answer(s, cautions_of[s.branch]) == word))
            for s in snapshots
            for word in get_args(Answer)
        ],
    )
    yield _Metric(
        "cautions",
        "gauge",
        "How many things of each kind there are to know before the answer is acted on.",
        [
            (
                {"branch": s.branch, "kind": kind, "stops": str(kind in STOPPING).lower()},
                float(sum(caution.kind == kind for caution in cautions_of[s.branch])),
            )
            for s in snapshots
            for kind in get_args(CautionKind)
        ],
    )
    yield metric(
        "answer_timestamp_seconds",
        "When the answer was given.",
        ((s, s.generated_at.timestamp()) for s in snapshots),
    )
    yield metric(
        "answer_valid_until_timestamp_seconds",
        "When a newer answer is due.",
        ((s, s.valid_until.timestamp()) for s in snapshots),
    )
    if now is not None:
        yield metric(
            "answer_age_seconds",
            "How old the answer was when this was written.",
            ((s, (now - s.generated_at).total_seconds()) for s in snapshots),
        )
    yield metric(
        "deployable_revno",
        "The revision to deploy; absent where a caution stops.",
        ((s, revno_of(released(s, cautions_of[s.branch]))) for s in known),
    )
    yield metric("deployed_revno", "What production runs.", ((s, revno_of(s.deployed)) for s in snapshots))
    yield metric("tip_revno", "The newest landing.", ((s, revno_of(s.tip)) for s in snapshots))
    yield metric(
        "landings_to_deploy",
        "Landings that go live with the answer; absent where a caution stops.",
        ((s, float(len(following.landings)) if (following := proposed(s)) else 0.0) for s in free),
    )
    yield metric(
        "landings_waiting",
        "Landings after production that may not go live yet.",
        ((s, float(must_wait(s))) for s in known),
    )
    yield metric("blockers", "Landings that block the newest one.", ((s, len(s.blockers)) for s in known))
    yield metric("alarms", "Bad landings that production runs.", ((s, len(s.alarms)) for s in known))
    yield metric(
        "oldest_blocker_age_seconds",
        "How long ago the oldest blocker landed, when this was written; absent where nothing blocks.",
        ((s, _oldest(s, now)) for s in known),
    )


def _of_situation(situation: Situation) -> Iterator[_Metric]:
    switch, hang = situation.maintenance, situation.hang
    yield _Metric("maintenance", "gauge", "1 while the switch is on.", [({}, float(switch is not None))])
    began = [each.since for each in (switch, *switch.others) if each.since is not None] if switch else []
    if began:
        since: list[Sample] = [({}, min(began).timestamp())]
        yield _Metric("maintenance_since_timestamp_seconds", "gauge", "Since when the switch is on.", since)
    yield _Metric("suspected_hang", "gauge", "1 while a run seems to hang.", [({}, float(hang is not None))])
    if situation.now is not None:
        written: list[Sample] = [({}, situation.now.timestamp())]
        yield _Metric("written_timestamp_seconds", "gauge", "When this file was written.", written)
    stages = sorted(situation.stages.items())

    def metric(name: str, kind: str, help: str, values: list[float | None]) -> _Metric:
        pairs = zip(stages, values, strict=True)
        samples = [({"stage": stage}, value) for (stage, _), value in pairs if value is not None]
        return _Metric(name, kind, help, samples)

    runs = [each for _, each in stages]
    yield metric(
        "stage_last_good_timestamp_seconds",
        "gauge",
        "When the stage last ran well.",
        [each.last_good.timestamp() if each.last_good else None for each in runs],
    )
    yield metric(
        "stage_last_failed_timestamp_seconds",
        "gauge",
        "When the stage last failed.",
        [each.last_failed.timestamp() if each.last_failed else None for each in runs],
    )
    yield metric("stage_run_seconds", "gauge", "How long its newest run took.", [r.seconds for r in runs])
    yield metric("stage_failing", "gauge", "1 if its newest run failed.", [float(r.failing) for r in runs])
    yield metric("stage_failures_total", "counter", "Runs that failed.", [float(r.failures) for r in runs])


def _answer(snapshot: Snapshot, known: Sequence[Caution]) -> Answer:
    """The answer for those who act by it."""
    stop = stopping(known)
    if stop is None:
        return snapshot.answer
    return "no-data" if code_of(stop) == NO_DATA else "blocked"


def _oldest(snapshot: Snapshot, now: datetime | None) -> float | None:
    since = min((blocker.since for blocker in snapshot.blockers), default=None)
    return ((now or snapshot.generated_at) - since).total_seconds() if since is not None else None


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_quoted(value)}"' for name, value in labels.items()) + "}"


def _quoted(value: str) -> str:
    return clean(value).replace("\\", "\\\\").replace('"', '\\"')


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 3))
