"""The tagger's plan: what is to be said on the bugs of landings in QA that were not handled yet.

Its law: a tag never says more than is known of *every* landing on that bug. A good word is written only where
no other landing in QA needs QA; what a good word said of earlier landings is sealed before it is taken away;
qa-bad and bad-commit-N are never removed. The rules do their part: they hear the tagger's own good words as
nobody's (shepherd.rules.speaking).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from msgspec import Struct

from shepherd.landing import Landing
from shepherd.plans import tag_comments
from shepherd.plans.tag_comments import Wording
from shepherd.plans.tag_events import Event, Known, Ledger, Role
from shepherd.rules import Judgement
from shepherd.rules.speaking import Speech, name, qa_items
from shepherd.words import WORST_FIRST, Item, Kept, Memory, Options, Seen, Spoken, TrackerReading, Word

GOOD_WORDS: tuple[Word, ...] = ("untestable", "ok")


class Tagging(Struct, frozen=True):
    """One act: what one landing means for one bug or request."""

    revno: int
    id: str
    item: Item
    role: Role
    add: Word | None = None
    remove: tuple[Word, ...] = ()
    status: str = ""
    """Empty: unchanged."""
    comment: str = ""
    asks: bool = False
    """QA of this landing is asked for, so whatever is said on the item now is not said of it."""
    unseals: bool = False
    """It was sealed for the item, by a word that came together with it and was not said of it."""
    seals: tuple[tuple[str, Word], ...] = ()
    """(SHA, word): what the word that goes away said of earlier landings."""
    before: Spoken = Spoken()
    after: Spoken = Spoken()
    """What the item says afterwards, if nobody else changes it meanwhile."""

    @property
    def own(self) -> Word | None:
        """The good word that it writes, which is no person's."""
        return self.add if self.add in GOOD_WORDS else None


class Untold(Struct, frozen=True):
    """A bug that something should be said on, and that cannot even be read."""

    revno: int
    id: str
    item: Item
    why: str


class Plan(Struct, frozen=True):
    """Everything that is to be done, in the order of the landings."""

    acts: tuple[Tagging, ...] = ()
    untold: tuple[Untold, ...] = ()

    @property
    def items(self) -> set[Item]:
        """The bugs and requests that it touches."""
        return {act.item for act in self.acts}


def plan(
    judgement: Judgement,
    tracker: TrackerReading,
    memory: Memory,
    options: Options,
    known: Known,
    wording: Wording,
) -> Plan:
    """What is to be said, where, of which landing."""
    return _Planner(judgement, tracker, memory, options, known, wording).plan()


class _Planner:
    def __init__(
        self,
        judgement: Judgement,
        tracker: TrackerReading,
        memory: Memory,
        options: Options,
        known: Known,
        wording: Wording,
    ) -> None:
        self._judgement = judgement
        self._tracker = tracker
        self._known = known
        self._wording = wording
        ledger = Ledger(judgement.reading, judgement.undoing, tracker, options)
        self._landings = ledger.landings
        self._events = list(ledger.events(known))
        self._seen = dict(memory.seen)
        for item, seen in judgement.seen:
            self._seen[item] = (*self._seen.get(item, ()), seen)
        self._kept: dict[tuple[str, Item], Kept] = {**memory.kept, **dict(judgement.kept)}
        self._speeches: dict[tuple[int, Item], Speech] = {
            (revno, speech.item): speech for revno in judgement.judged for speech in judgement.speeches(revno)
        }
        self._ever: dict[Item, list[Landing]] = {event.item: [] for event in self._events}
        """Item -> every landing that names it, in scope or not."""
        for landing in judgement.reading.landings:
            for item in qa_items(landing, tracker):
                if item in self._ever:
                    self._ever[item].append(landing)
        self._naming: dict[Item, list[int]] = {}
        """Item -> the landings in scope that are judged by it."""
        for revno in judgement.judged:
            for item in ledger.named(self._landings[revno]):
                self._naming.setdefault(item, []).append(revno)
        self._asking = {
            (event.landing.revno, event.item)
            for event in self._events
            if event.role == "landed" and self._asks(event.landing, event.item)
        }
        self._words: dict[Item, tuple[Word, ...]] = {}
        """What each item says after the acts planned so far."""

    def plan(self) -> Plan:
        acts: list[Tagging] = []
        untold: list[Untold] = []
        for event in self._events:
            landing, item = event.landing, event.item
            spoken = self._tracker.items.get(item)
            if spoken is not None and not spoken.unreadable:
                self._words.setdefault(item, spoken.words)
                acts.append(self._act(event, spoken))
            elif event.role != "landed" or not self._settled(landing):
                why = spoken.unreadable if spoken else "it was not read"
                untold.append(Untold(landing.revno, landing.id, item, why))
        return Plan(tuple(acts), tuple(untold))

    # what is known of each

    def _settled(self, landing: Landing) -> bool:
        judged = self._judgement.judged[landing.revno]
        return judged.good and judged.rule == "verdict"

    def _is_good_by(self, revno: int, item: Item) -> bool:
        judged, speech = self._judgement.judged[revno], self._speeches.get((revno, item))
        return judged.good or (speech is not None and speech.word in GOOD_WORDS)

    def _asks(self, landing: Landing, item: Item) -> bool:
        """Whether nobody has said of this landing, on this item, that it works."""
        if _mark(landing) or self._settled(landing):
            return False
        speech = self._speeches.get((landing.revno, item))
        if speech is None or speech.word not in GOOD_WORDS:
            return True
        return speech.how == "tag" and self._said_of_earlier_ones(landing, item)

    def _said_of_earlier_ones(self, landing: Landing, item: Item) -> bool:
        """Whether the word came between two runs, together with the landing, and earlier landings name the
        item too: then it speaks of those (a person QAs what is there), and perhaps not of this one."""
        changed = _last_change(self._seen[item])
        since = self._known.judged_since.get(landing.id)
        if since is not None and changed > since:
            return False
        batch = self._known.found_in.get(landing.id)
        return any(
            self._known.found_in.get(earlier.id) != batch
            for earlier in self._ever[item]
            if earlier.revno < landing.revno
        )

    def _needed(self, item: Item, but: Collection[int]) -> list[int]:
        """Landings in QA and in effect, but for these, that still need QA on the item."""
        judgement = self._judgement
        return [
            revno
            for revno in self._naming.get(item, ())
            if revno not in but
            and revno not in judgement.live
            and revno not in judgement.undone_by
            and ((revno, item) in self._asking or not self._is_good_by(revno, item))
        ]

    # what is to be done

    def _act(self, event: Event, spoken: Spoken) -> Tagging:
        landing, item, role, about = event.landing, event.item, event.role, event.about
        words, others = self._words[item], self._needed(item, about)
        asks = role == "landed" and (landing.revno, item) in self._asking
        alone = not others and item not in self._known.elsewhere
        add: Word | None = None
        remove: tuple[Word, ...] = ()
        status = self._wording.landed
        if role == "rolled-back":
            if "needstesting" in words and alone:
                remove = ("needstesting",)
            status = self._wording.rolled_back
        elif role == "back" and all(self._is_good_by(p, item) for p in about):
            pass
        elif role == "back" or asks:
            add = "needstesting"
            remove = tuple(word for word in words if word in GOOD_WORDS)
        elif (mark := _mark(landing)) and alone and words in ((), ("needstesting",)):
            add, remove = mark, words
        if role != "rolled-back" and all("incr" in self._landings[p].labels for p in about):
            status = ""
        if isinstance(item, str):
            status = ""  # a request has none
        after = tuple(w for w in WORST_FIRST if w == add or (w in words and w not in remove))
        self._words[item] = after
        kept = self._kept.get((landing.id, item))
        return Tagging(
            landing.revno,
            landing.id,
            item,
            role,
            add if add and add not in words else None,
            remove,
            status,
            tag_comments.comment(landing, item, role, about, asks, after, bool(others), self._wording),
            asks,
            asks and kept is not None and kept.seal is not None,
            self._seals(item, remove),
            Spoken(words, spoken.bad_commits),
            Spoken(after, spoken.bad_commits),
        )

    def _seals(self, item: Item, removed: Collection[Word]) -> tuple[tuple[str, Word], ...]:
        """What the good word that goes away says of the landings that it was said of."""
        sealed: list[tuple[str, Word]] = []
        for revno in self._naming.get(item, ()):
            speech = self._speeches.get((revno, item))
            if speech is None or speech.how != "tag" or (revno, item) in self._asking:
                continue
            sha = self._landings[revno].id
            kept = self._kept.get((sha, item))
            if speech.word in GOOD_WORDS and speech.word in removed and not (kept and kept.seal):
                sealed.append((sha, speech.word))
        return tuple(sealed)


def summary(act: Tagging) -> str:
    """An act in a few words, for people: "bug 7: qa-needstesting instead of qa-ok, Fix Committed"."""
    tags = [f"qa-{act.add}"] if act.add else []
    if act.remove:
        gone = " and ".join(f"qa-{word}" for word in act.remove)
        tags.append(f"instead of {gone}" if act.add else f"without {gone}")
    parts = [" ".join(tags) or "tags as they are", *([act.status] if act.status else []), "a comment"]
    return f"{name(act.item)}: {', '.join(parts)} ({because(act)})"


def because(act: Tagging) -> str:
    """Why something is said on the bug at all."""
    why = {"landed": "names it", "rolled-back": "rolls back what named it", "back": "brings it back"}
    return f"r{act.revno} {why[act.role]}"


def _mark(landing: Landing) -> Word | None:
    """What a mark says of the landing (3.3, 6)."""
    if "qa-ok" in landing.labels:
        return "ok"
    return "untestable" if "no-qa" in landing.labels else None


def _last_change(history: Sequence[Seen]) -> int:
    since = history[0].seq
    for before, after in pairwise(history):
        if before.spoken.word != after.spoken.word:
            since = after.seq
    return since
