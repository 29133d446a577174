"""Cautions: what must be known before the answer is acted on, and whether it may be at all
(docs/rules.md#answer).

Everything that shows the answer or acts on it asks here and decides nothing itself: headline, colour, title,
icon, badge, `BRANCH.sha`, `status --sha`, the copy button, metrics, mails, promotions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from shepherd.errors import NO_DATA, REFUSED
from shepherd.freeze_words import FROZEN, frozen_words, how_it_ends
from shepherd.sentence import Sentence, ageless, time_and_age
from shepherd.situation import ASKING_OTHERS, Maintenance, Situation, is_overdue, switch_remedy
from shepherd.snapshot import Alarm, Answer, LandingEntry, Rev, Snapshot
from shepherd.values import NO_REASON, UNKNOWN_PERSON, some

CautionKind = Literal[
    "no-data", "unread", "stale", "hotfix", "frozen", "alarm", "promoted-bad", "undone-later", "maintenance"
]

STOPPING: dict[CautionKind, tuple[Answer, int]] = {
    "no-data": ("no-data", NO_DATA),
    "unread": ("no-data", NO_DATA),
    "stale": ("blocked", NO_DATA),
    "hotfix": ("blocked", REFUSED),
    "frozen": ("blocked", REFUSED),
}
"""The kinds that stop: what the answer is drawn as, and the exit code for scripts."""

AHEAD = timedelta(minutes=5)
"""How far two clocks may differ before an answer from the future is not believed."""
NAMED = 5
"""Landings and commits that one sentence names."""
_SHOWN = 300
"""Characters that are kept of a text from outside where other words follow it."""
_SHOWN_SENTENCE = 600
LIVE = "production runs"
"""How the sentence of an alarm begins."""
UNDOES, REPAIRS = " undoes it", " repairs it"
"""How its way out ends."""


class Caution(Struct, frozen=True):
    """One thing to know. What comes from outside is cut in it, and neither cleaned nor escaped."""

    kind: CautionKind
    sentence: str
    """Without a capital letter or a full stop, so that it may stand behind other words; with its parts
    (`sentence.py`) until it becomes JSON."""
    remedy: str
    """What to do about it; empty where the sentence says that, or nothing can be done."""
    stops: bool
    """The answer may not be acted on."""
    overdue: bool = False
    """Maintenance, or a freeze, that should have ended by now (docs/running.md)."""


def cautions(snapshot: Snapshot, situation: Situation) -> tuple[Caution, ...]:
    """All that must be known; what stops comes first. A pure function of the two."""
    if not snapshot.complete:
        of_branch = [_caution("no-data", _first_problem(snapshot)), *frozen(snapshot, situation)]
    else:
        of_branch = [
            *_unread(snapshot, situation),
            *_stale(snapshot, situation.now),
            *_hotfix(snapshot),
            *frozen(snapshot, situation),
            *_alarms(snapshot),
            *_promoted_bad(snapshot),
            *_undone_later(snapshot),
        ]
    return (*of_branch, *maintenance(situation))


def stopping(known: Sequence[Caution]) -> Caution | None:
    """The caution that stops, None if the answer may be acted on; of several the first says why."""
    return next((caution for caution in known if caution.stops), None)


def released(snapshot: Snapshot, known: Sequence[Caution]) -> Rev | None:
    """The revision that may be deployed now; None if there is none, or a caution stops."""
    return snapshot.deployable if snapshot.answer == "deploy" and stopping(known) is None else None


def code_of(caution: Caution) -> int:
    """The exit code for a script that asks what to deploy, where this caution stops
    (docs/interfaces.md#commands)."""
    return STOPPING[caution.kind][1]


def drawn_as(snapshot: Snapshot, known: Sequence[Caution]) -> Answer:
    """The answer whose colour and shape this one has: green only where nothing else is to be known."""
    stop = stopping(known)
    if stop is not None:
        return STOPPING[stop.kind][0]
    return "blocked" if known else snapshot.answer


def _caution(kind: CautionKind, sentence: str, remedy: str = "") -> Caution:
    return Caution(kind, sentence, remedy, kind in STOPPING)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _first_problem(snapshot: Snapshot) -> str:
    return _cut(snapshot.problems[0], _SHOWN_SENTENCE) if snapshot.problems else "the reason is not recorded"


def _unread(snapshot: Snapshot, situation: Situation) -> Iterator[Caution]:
    """The newest attempt to read the branch failed, so what the answer rests on may have changed unseen."""
    failed = situation.unread.get(snapshot.branch)
    if failed is not None:
        at = time_and_age(failed.at, situation.now)
        why = _cut(failed.why, _SHOWN_SENTENCE) or "the reason is not recorded"
        failure = Sentence(f"{_cut(failed.stage, 40)} failed at ", at, f": {why}")
        remedy = "once it can be read again: inv run"
        if failed.stage == ASKING_OTHERS:
            remedy = "they may have frozen it, or judged it again: inv doctor --only database,hosts"
        yield _caution("unread", failure, remedy)


def _stale(snapshot: Snapshot, now: datetime | None) -> Iterator[Caution]:
    """A newer answer should be there by now. Without a clock nothing is called stale."""
    if now is None:
        return
    if snapshot.generated_at > now + AHEAD:
        yield _caution("stale", "the answer is dated in the future: a clock is wrong, its age is not known")
    elif now > snapshot.valid_until:
        yield _caution(
            "stale",
            Sentence("the answer is stale: a newer one was due at ", time_and_age(snapshot.valid_until, now)),
            "it lacks what has landed or been said since then: inv run",
        )


def _hotfix(snapshot: Snapshot) -> Iterator[Caution]:
    """Deploying would take out of production what it has in addition to the mainline."""
    deployed, to = snapshot.deployed, snapshot.deployable
    if snapshot.answer != "deploy" or deployed is None or to is None or not deployed.extra_commits:
        return
    extra = deployed.extra_commits
    commits, them = ("a commit", "it") if len(extra) == 1 else (f"{len(extra)} commits", "them")
    names = some([sha[:12] for sha in extra], NAMED)
    branch = _cut(snapshot.branch, 60)
    yield _caution(
        "hotfix",
        f"production also runs {commits} that r{to.revno} lacks ({names})",
        f'land {them} on {branch}, or let {them} go with: inv promote --drop-hotfix "reason"',
    )


def frozen(snapshot: Snapshot, situation: Situation) -> Iterator[Caution]:
    """Nobody deploys now (docs/running.md#freeze): one caution for all that is on."""
    freezes = situation.freezes.get(snapshot.branch, ())
    if freezes:
        branch, to = snapshot.branch if snapshot.several else "", snapshot.deployable
        words = frozen_words(freezes, situation.now, snapshot.timezone)
        goes = went_despite(snapshot, words)
        ways = how_it_ends(freezes, branch, to.revno if to is not None and not goes else None)
        yield Caution(
            "frozen",
            words,
            Sentence(f"{goes}; ", ways) if goes else ways,
            stops=True,
            overdue=any(freeze.overdue for freeze in freezes),
        )


def went_despite(snapshot: Snapshot, words: str) -> str:
    """ "despite this, r9 was promoted by ann": of the latest deployable, and of all that is on; empty:
    nobody did that."""
    last = snapshot.promotions[0] if snapshot.promotions else None
    promoted, to = snapshot.promoted, snapshot.deployable
    if last is None or to is None or promoted is None or not promoted.id == to.id == last.to.id:
        return ""
    # of several that were passed, some may be over by now
    passed = "; and ".join(each for each in last.passed if each.startswith(FROZEN))
    if not all(each in passed for each in ageless(words).removeprefix(FROZEN).split("; and ")):
        return ""
    return f"despite this, r{to.revno} was promoted by {_cut(last.by, 60) or UNKNOWN_PERSON}"


def _alarms(snapshot: Snapshot) -> Iterator[Caution]:
    """Production runs what is bad."""
    for alarm in snapshot.alarms:
        yield _caution("alarm", *alarm_words(alarm, _SHOWN))


def alarm_words(alarm: Alarm, longest: int = 0) -> tuple[str, str]:
    """The sentence of an alarm, with so many characters of its reason (0: all); and the way out, empty if
    there is none."""
    way_out = f"deploying r{alarm.undone_by}{UNDOES}" if alarm.undone_by is not None else ""
    if not way_out and alarm.repaired_by:
        way_out = f"deploying r{alarm.repaired_by}{REPAIRS}"
    return f"{LIVE} r{alarm.revno}, which is bad: {_cut(alarm.reason, longest or len(alarm.reason))}", way_out


def _promoted_bad(snapshot: Snapshot) -> Iterator[Caution]:
    """What is promoted may not go to production any more: people deploy by that ref."""
    promoted = snapshot.promoted
    entry = next((e for e in snapshot.landings if promoted and e.revno == promoted.revno), None)
    if entry is None or entry.deployable_as_tip is not False:
        return
    last = snapshot.promotions[0] if snapshot.promotions else None
    passed = last.passed if last is not None and promoted is not None and last.to.id == promoted.id else ()
    conditions = [each for each in entry.conditions if each not in passed]
    if not entry.blocked_by_count and not conditions:
        # nobody asked for its checks, or somebody knew all this and promoted it: nothing new is against it
        return
    others, number = [f"r{revno}" for revno in entry.waits_for(NAMED)], entry.waits_for_count
    why = f"{some(others, NAMED, number)} {'blocks' if number == 1 else 'block'} it"
    if not entry.blocked_by_count:
        why = _cut("; ".join(conditions), _SHOWN)
    elif not number:
        why = _cut(entry.reason_sentence, _SHOWN)
    yield _caution(
        "promoted-bad",
        Sentence(f"r{entry.revno} is promoted, but may not go to production: ", why),
        "do not deploy it",
    )


def _undone_later(snapshot: Snapshot) -> Iterator[Caution]:
    """The deployment brings live what a landing that has to wait has undone."""
    following = snapshot.next
    if snapshot.answer != "deploy" or following is None or not following.undone_later:
        return
    to = following.to.revno
    entries = {entry.revno: entry for entry in snapshot.landings}
    by: dict[int | None, list[str]] = {}
    for revno in following.undone_later:
        by.setdefault(_undoer(revno, to, entries), []).append(f"r{revno}")
    undone = [
        f"{some(revs, NAMED)} (undone by {f'r{undoer}' if undoer is not None else 'a later landing'})"
        for undoer, revs in by.items()
    ]
    waits = [f"r{undoer}" for undoer in by if undoer is not None]
    which = some(waits, NAMED) if waits else "what undoes it"
    yield _caution(
        "undone-later",
        f"deploying r{to} brings live what a landing that must wait has undone: {some(undone, NAMED)}",
        f"check whether production may run that, or wait until {which} may go",
    )


def _undoer(revno: int, to: int, entries: dict[int, LandingEntry]) -> int | None:
    """The landing after `to` that undoes this one; None if that is not to be seen here."""
    by = entries[revno].undone_by if revno in entries else None
    while by is not None and by <= to:
        # that one is itself rolled back by something up to there, which a landing after it undoes again
        between = (
            e for e in entries.values() if by in e.targets and e.revno <= to and e.undone_by is not None
        )
        undone = next(between, None)
        by = undone.undone_by if undone is not None else None
    return by


def maintenance(situation: Situation) -> tuple[Caution, ...]:
    """The switch is on (docs/running.md#maintenance): one caution, the same for every branch; none if it
    is off."""
    switch, now = situation.maintenance, situation.now
    if switch is None:
        return ()
    # of the others only what they want: how loud it is concerns all together
    parts = [_wanted(each, now) for each in (switch, *switch.others)]
    text = parts[0]
    for part in parts[1:]:
        text = Sentence(text, "; and ", part)
    remedy = switch_remedy(switch.upgrade, overdue=switch.overdue)
    return (Caution("maintenance", text, remedy, stops=False, overdue=is_overdue(switch, now)),)


def _wanted(switch: Maintenance, now: datetime | None) -> Sentence:
    since = ("since ", time_and_age(switch.since, now), ", ") if switch.since is not None else ()
    who, why = _cut(switch.who, _SHOWN) or UNKNOWN_PERSON, _cut(switch.why, _SHOWN) or NO_REASON
    text = Sentence(*since, f"by {who}: {why}")
    if switch.until is None:
        return text
    late = now is not None and now > switch.until
    return Sentence(
        text, "; it should have ended at " if late else "; until ", time_and_age(switch.until, now)
    )
