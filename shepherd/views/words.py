"""The words of states and times, the same on page and terminal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from shepherd.sentence import Sentence, parts_of
from shepherd.snapshot import DeployedRev, LandingEntry, Progress, PromotedRev, Rev, State
from shepherd.values import ago as ago
from shepherd.values import count as count
from shepherd.values import some as some
from shepherd.values import utc as utc
from shepherd.values import when as when
from shepherd.views.clean import clean

STATES: dict[State, str] = {
    "ok": "QA ok",
    "untestable": "needs no QA",
    "testfix": "test fix",
    "rollback": "a rollback",
    "exempt": "exempt",
    "orphan": "names no bug",
    "needstesting": "needs testing",
    "unknown": "unknown",
    "bad": "bad",
}
PROGRESS: dict[Progress, tuple[str, str]] = {
    "live": ("live", "runs in production"),
    "promoted": ("promoted", "is released for production, which does not run it yet"),
    "rolled-back": ("rolled back", "was undone by a later landing and blocks nothing"),
    "deployable": ("deployable", "goes out with the next deployment"),
    "not-on-qa-yet": ("not on QA yet", "does not run on the QA server yet"),
    "waiting": ("waiting", "is good, and kept back by an older landing, a check or a limit"),
    "needs-qa": ("needs QA", "waits for somebody to try it on the QA server and say whether it may go"),
    "bad": ("bad", "must not go to production: roll it back, or judge it again"),
    "orphan": ("names no bug", "names no bug, and nothing says whether it needs QA"),
    "unknown": ("unknown", "has a bug or request that could not be read"),
}
"""Progress -> what it is called, and what that means to a stranger (docs/interfaces.md#snapshot)."""

_SAID_ONCE = frozenset(
    {
        ("needs-qa", "needstesting"),
        ("bad", "bad"),
        ("orphan", "orphan"),
        ("unknown", "unknown"),
    }
)


class StateMark(NamedTuple):
    """Two facts about a landing, how far it is and how good; and the mark that is drawn for both."""

    far: str
    own: str
    """Its own QA state; empty where the first says it already."""
    mark: Progress
    """Its shape and colour: what is not good has the mark of that, however far it is."""
    progress: Progress

    @property
    def both(self) -> str:
        """Progress and state, as in `promoted, bad`."""
        return f"{self.far}, {self.own}" if self.own else self.far

    @property
    def group(self) -> str:
        """The same where many landings stand together: a good one needs no second word."""
        return self.both if self.mark != self.progress else self.far

    @property
    def classes(self) -> str:
        """CSS classes: how far it is, and the mark where that is another one."""
        return self.progress if self.mark == self.progress else f"{self.progress} {self.mark}"


@cache
def standing(progress: Progress, state: State) -> StateMark:
    """What every table, picture and sentence shows of where a landing stands."""
    own = "" if (progress, state) in _SAID_ONCE else STATES[state]
    return StateMark(PROGRESS[progress][0], own, _mark(progress, state), progress)


def _mark(progress: Progress, state: State) -> Progress:
    """A bad landing is drawn as bad unless it is undone; one that is promoted, as what it is."""
    if state == "bad" and progress != "rolled-back":
        return "bad"
    if progress != "promoted":
        return progress
    others: dict[State, Progress] = {"needstesting": "needs-qa", "orphan": "orphan", "unknown": "unknown"}
    return others.get(state, progress)


def deploy_or_stay(deployable: int | None, deployed: int | None = None) -> str:
    """The answer in a word: `deploy r13777`, `stay at r13700`, or `stay`."""
    if deployable is not None:
        return f"deploy r{deployable}"
    return f"stay at r{deployed}" if deployed is not None else "stay"


AnyRev = Rev | DeployedRev | PromotedRev | None


def revno_of(rev: AnyRev) -> int | None:
    """The revision number, None where there is no revision."""
    return rev.revno if rev is not None else None


def full_sentence(text: str) -> Sentence:
    """With a capital letter and a full stop; nothing else is changed."""
    first, *rest = parts_of(text) or ("",)
    if isinstance(first, str):
        first = f"{first[:1].upper()}{first[1:]}"
    return Sentence(first, *rest, ".")


def span(first: int, last: int) -> str:
    """ "r12", or "r12 to r14"."""
    return f"r{first}" if first == last else f"r{first} to r{last}"


def short(revision_id: str) -> str:
    """Enough of a SHA to recognise it by."""
    return clean(revision_id[:8])


def name(person: str) -> str:
    """A person by name; robots leave nobody behind (docs/rules.md#person)."""
    return clean(person).strip() or "nobody known"


def also_by(merged_by: str, co_authors: Sequence[str]) -> list[tuple[str, str]]:
    """Who had a hand in a landing besides the person whose it is: what they did, and their names."""
    named = [("merged by", name(merged_by))] if merged_by else []
    label = "co-author" if len(co_authors) == 1 else "co-authors"
    return [*named, (label, ", ".join(map(name, co_authors)))] if co_authors else named


def byline(entry: LandingEntry) -> str:
    """ "Ann, merged by Bob, co-authors Cy, Di"."""
    had_a_hand = (f"{what} {who}" for what, who in also_by(entry.merged_by, entry.co_authors))
    return ", ".join([name(entry.person), *had_a_hand])
