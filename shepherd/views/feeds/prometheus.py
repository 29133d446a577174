"""`shepherd.prom`: all branches and the shepherd itself, in Prometheus' text format (version 0.0.4).

What is not known is left out, never 0: `absent()` finds it. Times are told as timestamps, from which an alert
makes ages that grow though nobody writes any more; the ages that were here before stay for one version more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import get_args

from shepherd import __version__
from shepherd.cautions import STOPPING, Caution, CautionKind, cautions, code_of, released, stopping
from shepherd.conditions import ConditionState
from shepherd.deployment import must_wait, proposed
from shepherd.errors import NO_DATA
from shepherd.health import TroubleKind, troubles
from shepherd.situation import Freeze, Situation
from shepherd.snapshot import Answer, Progress, Snapshot
from shepherd.trends.of_branch import BranchTrends
from shepherd.views.conditions import for_checks, waiting_for_checks
from shepherd.views.feeds.metric import Metric, Sample, lines_of
from shepherd.views.feeds.trend_metrics import trend_metrics
from shepherd.views.words import revno_of
from shepherd.words import Budget


def prometheus(
    snapshots: Sequence[Snapshot], situation: Situation, trends: Mapping[str, BranchTrends] | None = None
) -> bytes:
    """UTF-8; metrics in a fixed order, branches in the order given, stages by name.

    Args:
        trends: branch -> its trends, as far as they are known.
    """
    lines: list[str] = []
    metrics = (
        *_of_branches(snapshots, situation),
        *trend_metrics(trends or {}),
        *_of_situation(situation),
    )
    for metric in metrics:
        lines += lines_of(metric)
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _of_branches(snapshots: Sequence[Snapshot], situation: Situation) -> Iterator[Metric]:
    now = situation.now
    cautions_of = {snapshot.branch: cautions(snapshot, situation) for snapshot in snapshots}

    def metric(name: str, help: str, values: Iterator[tuple[Snapshot, float | None]]) -> Metric:
        samples = [({"branch": s.branch}, value) for s, value in values if value is not None]
        return Metric(name, "gauge", help, samples)

    known = [snapshot for snapshot in snapshots if snapshot.complete]
    free = [snapshot for snapshot in known if stopping(cautions_of[snapshot.branch]) is None]
    yield Metric(
        "answer",
        "gauge",
        "1 for what the answer is, 0 for what it is not; a caution that stops makes it no-data or blocked.",
        [
            ({"branch": s.branch, "answer": word}, float(_answer(s, cautions_of[s.branch]) == word))
            for s in snapshots
            for word in get_args(Answer)
        ],
    )
    yield Metric(
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
            "Deprecated, use answer_timestamp_seconds: how old the answer was when this was written.",
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
        "oldest_blocker_timestamp_seconds",
        "When the oldest blocker landed; absent where nothing blocks.",
        ((s, since.timestamp() if (since := _oldest(s)) else None) for s in known),
    )
    yield metric(
        "oldest_blocker_age_seconds",
        "Deprecated, use oldest_blocker_timestamp_seconds: how long ago that was when this was written.",
        ((s, _age(_oldest(s), now or s.generated_at)) for s in known),
    )
    yield from _of_conditions(known)
    yield from _of_freezes(snapshots, situation)
    yield metric(
        "last_promotion_timestamp_seconds",
        "When what is promoted now was promoted; absent where that is not known.",
        ((s, s.promoted.at.timestamp() if s.promoted and s.promoted.at else None) for s in snapshots),
    )
    yield Metric(
        "landings",
        "gauge",
        "Landings that the page lists, by how far they are; what went live stays for 30 days.",
        [
            ({"branch": s.branch, "progress": word}, float(sum(e.progress == word for e in s.landings)))
            for s in known
            for word in get_args(Progress)
        ],
    )


def _of_conditions(known: Sequence[Snapshot]) -> Iterator[Metric]:
    """What waits for checks, of branches that need any; no names of checks: there may be any number."""
    asked = [snapshot for snapshot in known if snapshot.checks]
    yield Metric(
        "waits_for_checks",
        "gauge",
        "Revisions after the latest deployable that nothing blocks and that wait for checks, of those asked.",
        [({"branch": s.branch}, float(len(waiting_for_checks(s)))) for s in asked],
    )
    yield Metric(
        "checks",
        "gauge",
        "Checks of the newest revision that waits for any, by what they say; absent where none waits.",
        [
            ({"branch": s.branch, "state": state}, float(sum(c.state == state for c in entry.checks)))
            for s in asked
            if (entry := for_checks(s)) is not None
            for state in get_args(ConditionState)
        ],
    )


def _of_freezes(snapshots: Sequence[Snapshot], situation: Situation) -> Iterator[Metric]:
    on = {s.branch: situation.freezes.get(s.branch, ()) for s in snapshots}
    ahead = situation.freezes_next

    def metric(name: str, help: str, values: Mapping[str, float | None]) -> Metric:
        samples = [({"branch": branch}, value) for branch, value in values.items() if value is not None]
        return Metric(name, "gauge", help, samples)

    yield metric(
        "frozen",
        "1 while nobody is to deploy.",
        {branch: float(bool(freezes)) for branch, freezes in on.items()},
    )
    yield metric(
        "freeze_until_timestamp_seconds",
        "When the branch is frozen no longer; absent where it is not, or until somebody ends it.",
        {branch: _end(freezes) for branch, freezes in on.items()},
    )
    yield metric(
        "freeze_next_timestamp_seconds",
        "When the next freeze begins that is known.",
        {
            branch: since.timestamp() if branch in ahead and (since := ahead[branch].since) else None
            for branch in on
        },
    )


def _end(freezes: Sequence[Freeze]) -> float | None:
    """When the last of them ends; None where there is none, or one has no end."""
    ends = [freeze.until for freeze in freezes]
    return max(end.timestamp() for end in ends if end) if ends and None not in ends else None


def _of_situation(situation: Situation) -> Iterator[Metric]:
    yield from _of_budgets(situation.budgets)
    switch, hang, call = situation.maintenance, situation.hang, situation.schedule
    yield Metric("build_info", "gauge", "Which version wrote this.", [({"version": __version__}, 1.0)])
    wrong = [trouble.kind for trouble in troubles(situation)]
    counted = [({"kind": kind}, float(kind in wrong)) for kind in get_args(TroubleKind)]
    yield Metric("trouble", "gauge", "1 for what is not well with the shepherd itself.", counted)
    if call is not None and call.began is not None:
        began: list[Sample] = [({"by": call.by}, call.began.timestamp())]
        yield Metric("last_call_timestamp_seconds", "gauge", "When cron or a timer last called.", began)
    if call is not None and call.due is not None:
        due: list[Sample] = [({}, call.due.timestamp())]
        yield Metric("next_run_timestamp_seconds", "gauge", "When the next run is due.", due)
    yield Metric("maintenance", "gauge", "1 while the switch is on.", [({}, float(switch is not None))])
    ons = [each.since for each in (switch, *switch.others) if each.since is not None] if switch else []
    if ons:
        since: list[Sample] = [({}, min(ons).timestamp())]
        yield Metric("maintenance_since_timestamp_seconds", "gauge", "Since when the switch is on.", since)
    yield Metric("suspected_hang", "gauge", "1 while a run seems to hang.", [({}, float(hang is not None))])
    if situation.now is not None:
        written: list[Sample] = [({}, situation.now.timestamp())]
        yield Metric("written_timestamp_seconds", "gauge", "When this file was written.", written)
    stages = sorted(situation.stages.items())

    def metric(name: str, kind: str, help: str, values: list[float | None]) -> Metric:
        pairs = zip(stages, values, strict=True)
        samples = [({"stage": stage}, value) for (stage, _), value in pairs if value is not None]
        return Metric(name, kind, help, samples)

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


def _of_budgets(budgets: Mapping[str, Budget]) -> Iterator[Metric]:
    """What the tracker's rate limit still had, at the last reading of each branch: they share one token."""
    known = [({"branch": branch, "limit": each.name}, each) for branch, each in budgets.items()]
    yield Metric(
        "tracker_requests_limit",
        "gauge",
        "Requests, or points, that the tracker allows from one reset of its rate limit to the next.",
        [(labels, float(each.limit)) for labels, each in known],
    )
    yield Metric(
        "tracker_requests_left",
        "gauge",
        "How many of them were left at the last reading.",
        [(labels, float(each.left)) for labels, each in known],
    )
    yield Metric(
        "tracker_limit_resets_timestamp_seconds",
        "gauge",
        "When the tracker's rate limit is reset; absent where it does not say.",
        [(labels, float(each.resets)) for labels, each in known if each.resets],
    )


def _answer(snapshot: Snapshot, known: Sequence[Caution]) -> Answer:
    """The answer for those who act by it."""
    stop = stopping(known)
    if stop is None:
        return snapshot.answer
    return "no-data" if code_of(stop) == NO_DATA else "blocked"


def _oldest(snapshot: Snapshot) -> datetime | None:
    return min((blocker.since for blocker in snapshot.blockers), default=None)


def _age(since: datetime | None, now: datetime) -> float | None:
    return (now - since).total_seconds() if since is not None else None
