"""What a reader must know in addition to the answer, and only when it is true (docs/interfaces.md#snapshot,
docs/running.md#one-copy-at-a-time, docs/running.md#maintenance)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from shepherd import cautions
from shepherd.cautions import Caution
from shepherd.sentence import Sentence, time_and_age
from shepherd.situation import Hang, Situation
from shepherd.snapshot import Snapshot
from shepherd.values import first_few
from shepherd.views.clean import clean

CALLED: dict[cautions.CautionKind, str] = {
    "no-data": "no data",
    "unread": "no data",
    "stale": "stale",
    "hotfix": "hotfix",
    "frozen": "frozen",
    "alarm": "alarm",
    "promoted-bad": "promoted but may not go",
    "undone-later": "undone later",
    "maintenance": "maintenance",
}
"""What each caution is called in front of its sentence, on badge and tab; see `called`."""


def called(caution: Caution) -> str:
    """The caution's name; maintenance that should have ended has one of its own."""
    return f"overdue {CALLED[caution.kind]}" if caution.overdue else CALLED[caution.kind]


ALL = "all in: inv status --json"
"""Where all problems and warnings are."""


class Banner(Struct, frozen=True):
    """One line to be shown behind its kind. Not escaped, and cleaned only where other words follow."""

    kind: str
    """As `called` says, or: aborted, suspected hang, failing, problem, warning."""
    text: str


def branch_banners(snapshot: Snapshot, situation: Situation, known: Sequence[Caution]) -> list[Banner]:
    """All banners of one branch, the most urgent first. What the headline says already is in none of them."""
    first = cautions.stopping(known)
    said = said_first(snapshot, situation)
    return [
        *(caution_banner(caution) for caution in known if caution is not first),
        *situation_banners(situation, snapshot.generated_at, said),
        *(Banner("problem", problem) for problem in first_few(problems_of(snapshot, said), ALL)),
        *(Banner("warning", warning) for warning in first_few(snapshot.warnings, ALL)),
    ]


def caution_banner(caution: Caution) -> Banner:
    """A caution with what to do about it."""
    text = Sentence(caution.sentence, "; ", caution.remedy) if caution.remedy else caution.sentence
    return Banner(called(caution), text)


def said_first(snapshot: Snapshot, situation: Situation) -> str:
    """Why there is no data, which the headline says, so that it is said nowhere else; empty: there is."""
    if not snapshot.complete:
        return snapshot.problems[0] if snapshot.problems else ""
    unread = situation.unread.get(snapshot.branch)
    return unread.why if unread is not None else ""


def unsaid(text: str, said: str) -> str:
    """What a text has to say besides a sentence that was said; empty if that is all."""
    if not said or said not in text:
        return text
    rest = [part.strip(" ;") for part in text.split(said)]
    # the branch in front of the sentence, where there are several
    return "; ".join(part for part in rest if part and not part.endswith(":"))


def problems_of(snapshot: Snapshot, said: str) -> list[str]:
    """The problems that are still to be told, each once."""
    return list(dict.fromkeys(each for each in snapshot.problems if each != said))


def situation_banners(situation: Situation, answered: datetime | None, said: str = "") -> list[Banner]:
    """What holds for every branch and is not a caution.

    Args:
        answered: when the newest answer was given.
        said: a sentence that is shown already.
    """
    banners = []
    now, switch, aborted = situation.now, situation.maintenance, situation.last_aborted
    if aborted is not None and (switch is not None or answered is None or aborted > answered):
        banners.append(Banner("aborted", _aborted(situation, aborted)))
    if situation.hang is not None:
        banners.append(Banner("suspected hang", _hang(situation.hang, now)))
    for stage, runs in sorted(situation.stages.items()):
        failure = unsaid(runs.failure, said)
        if runs.failing and runs.last_failed is not None and (failure or not runs.failure):
            why = f": {failure}" if failure else ""
            at = time_and_age(runs.last_failed, now)
            banners.append(Banner("failing", Sentence(f"{clean(stage)} failed at ", at, why)))
    return banners


def _aborted(situation: Situation, aborted: datetime) -> Sentence:
    now, switch = situation.now, situation.maintenance
    why = clean(situation.aborted_because) or "a reason not recorded"
    created: tuple[str, ...] = ()
    if switch is not None and switch.since is not None:
        created = (", created ", time_and_age(switch.since, now))
    last = time_and_age(aborted, now)
    return Sentence(f"updates were aborted because of {why}", *created, ", last aborted run at ", last)


def _hang(hang: Hang, now: datetime | None) -> Sentence:
    since = (" since ", time_and_age(hang.since, now)) if hang.since is not None else ()
    process = f", process {hang.pid}" if hang.pid is not None else ""
    host = f" on {clean(hang.host)}" if hang.host else ""
    return Sentence(f"{clean(hang.stage) or 'a run'} has been going", *since, f"{process}{host}")
