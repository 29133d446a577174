"""The tagger's plan: what is to be said on the bugs of landings in QA that were not handled yet.

Its law: a tag never says more than is known of *every* landing on that bug. A good word is written only where
no other landing in QA needs QA; what a good word said of earlier landings is sealed before it is taken away;
qa-bad and bad-commit-N are never removed, and no word is written beside qa-bad: where labels are scoped it
would take that away. The rules do their part: they hear the tagger's own good words as nobody's
(shepherd.rules.speaking). What several landings mean for one item is written at once, by one comment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from shepherd.landing import Landing
from shepherd.plans import tag_comments
from shepherd.plans.tag_comments import CommentLine, CommentWording, revs
from shepherd.plans.tag_events import Role, TagEvent, TaggerMemory, TagLedger
from shepherd.rules import Judgement
from shepherd.rules.evidence import ItemEvidence, qa_items
from shepherd.words import (
    WORST_FIRST,
    Item,
    ItemTags,
    JournalMemory,
    KeptWord,
    Options,
    SeenTags,
    TrackerReading,
    Word,
    is_request,
    item_name,
)

GOOD_WORDS: tuple[Word, ...] = ("untestable", "ok")
_SHOWN = 5
"""Landings of one comment that are told one by one when the plan is shown."""


class Tagging(Struct, frozen=True):
    """One act: what one landing means for one bug or request, and does to its words after those before it."""

    revno: int
    id: str
    item: Item
    role: Role
    add: Word | None = None
    remove: tuple[Word, ...] = ()
    status: str = ""
    """Empty: unchanged."""
    asks: bool = False
    """QA of this landing is asked for, so whatever is said on the item now is not said of it."""
    unseals: bool = False
    """It was sealed for the item, by a word that came together with it and was not said of it."""
    seals: tuple[tuple[str, Word], ...] = ()
    """(SHA, word): what the word that goes away said of earlier landings."""
    before: ItemTags = ItemTags()
    after: ItemTags = ItemTags()
    """What the item says afterwards, if nobody else changes it meanwhile."""


class UnreadableItem(Struct, frozen=True):
    """A bug that something should be said on, and that cannot even be read."""

    revno: int
    id: str
    item: Item
    why: str


class Writing(Struct, frozen=True):
    """What is written on one item at once: the acts of one or several landings."""

    item: Item
    acts: tuple[Tagging, ...]
    sign: str
    """What its comment is known by (see tag_comments.sign_of)."""
    comment: str
    add: tuple[Word, ...] = ()
    remove: tuple[Word, ...] = ()
    status: str = ""
    """Empty: unchanged."""
    after: ItemTags = ItemTags()
    """What the item says afterwards, if nobody else changes it meanwhile."""

    @property
    def own(self) -> Word | None:
        """The good word that it writes, which is no person's."""
        return next((word for word in self.add if word in GOOD_WORDS), None)

    @property
    def revs(self) -> str:
        """Its landings, for people: "r7 and r9"."""
        return revs([act.revno for act in self.acts])


class TagPlan(Struct, frozen=True):
    """Everything that is to be done, in the order of the landings."""

    writings: tuple[Writing, ...] = ()
    untold: tuple[UnreadableItem, ...] = ()


def plan(
    judgement: Judgement,
    tracker: TrackerReading,
    memory: JournalMemory,
    options: Options,
    known: TaggerMemory,
    wording: CommentWording,
) -> TagPlan:
    """What is to be said, where, of which landing."""
    return _Planner(judgement, tracker, memory, options, known, wording).plan()


class _Planned(NamedTuple):
    act: Tagging
    news: CommentLine


class _Planner:
    def __init__(
        self,
        judgement: Judgement,
        tracker: TrackerReading,
        memory: JournalMemory,
        options: Options,
        known: TaggerMemory,
        wording: CommentWording,
    ) -> None:
        self._judgement = judgement
        self._tracker = tracker
        self._known = known
        self._wording = wording
        ledger = TagLedger(judgement.reading, judgement.undoing, tracker, options)
        self._landings = ledger.landings
        self._events = list(ledger.events(known))
        self._seen = dict(memory.seen)
        for item, seen in judgement.seen:
            self._seen[item] = (*self._seen.get(item, ()), seen)
        self._kept: dict[tuple[str, Item], KeptWord] = {**memory.kept, **dict(judgement.kept)}
        self._speeches: dict[tuple[int, Item], ItemEvidence] = {
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

    def plan(self) -> TagPlan:
        planned: dict[Item, list[_Planned]] = {}
        untold: list[UnreadableItem] = []
        for event in self._events:
            landing, item = event.landing, event.item
            spoken = self._tracker.items.get(item)
            if spoken is not None and not spoken.unreadable:
                self._words.setdefault(item, spoken.words)
                planned.setdefault(item, []).append(self._act(event, spoken))
            elif event.role != "landed" or not self._settled(landing):
                why = spoken.unreadable if spoken else "it was not read"
                untold.append(UnreadableItem(landing.revno, landing.id, item, why))
        writings = (each for item, acts in planned.items() for each in self._writings(item, acts))
        return TagPlan(tuple(writings), tuple(untold))

    def _writings(self, item: Item, planned: Sequence[_Planned]) -> Iterator[Writing]:
        """One, after one for each comment that an earlier run began and may have written, which is looked for
        by its own sign. The last of them changes the words."""
        groups: dict[str, list[_Planned]] = {}
        for each in planned:
            groups.setdefault(self._known.begun.get((each.act.id, item), ""), []).append(each)
        spoken, words = self._tracker.items[item], self._words[item]
        ordered = sorted(groups.items(), key=lambda group: not group[0])
        for place, (begun, some) in enumerate(ordered, 1):
            news = [each.news for each in some]
            sign = begun or tag_comments.sign_of(news[-1].landing)
            text = tag_comments.comment(news, item, words, sign, self._wording)
            writing = Writing(item, tuple(each.act for each in some), sign, text)
            if place == len(ordered):
                statuses = [each.act.status for each in planned if each.act.status]
                writing = replace(
                    writing,
                    add=tuple(word for word in words if word not in spoken.words),
                    remove=tuple(word for word in spoken.words if word not in words),
                    status=statuses[-1] if statuses else "",
                    after=replace(spoken, words=words),
                )
            yield writing

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

    def _act(self, event: TagEvent, spoken: ItemTags) -> _Planned:
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
        elif "bad" in words or (role == "back" and all(self._is_good_by(p, item) for p in about)):
            pass
        elif role == "back" or asks:
            add = "needstesting"
            remove = tuple(word for word in words if word in GOOD_WORDS)
        elif (mark := _mark(landing)) and alone and words in ((), ("needstesting",)):
            add, remove = mark, words
        if role != "rolled-back" and all("incr" in self._landings[p].labels for p in about):
            status = ""
        if is_request(item):
            status = ""  # a request has none
        after = tuple(w for w in WORST_FIRST if w == add or (w in words and w not in remove))
        self._words[item] = after
        kept = self._kept.get((landing.id, item))
        act = Tagging(
            landing.revno,
            landing.id,
            item,
            role,
            add if add and add not in words else None,
            remove,
            status,
            asks,
            asks and kept is not None and kept.seal is not None,
            self._seals(item, remove),
            ItemTags(words, spoken.bad_commits),
            ItemTags(after, spoken.bad_commits),
        )
        return _Planned(act, CommentLine(landing, role, about, asks, bool(others)))

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


def summary(writing: Writing) -> str:
    """In a few words: "bug 7: qa-needstesting instead of qa-ok, Fix Committed, a comment (r2 names it)"."""
    tags = [" and ".join(f"qa-{word}" for word in writing.add)] if writing.add else []
    if writing.remove:
        gone = " and ".join(f"qa-{word}" for word in writing.remove)
        tags.append(f"instead of {gone}" if writing.add else f"without {gone}")
    parts = [" ".join(tags) or "tags as they are", *([writing.status] if writing.status else []), "a comment"]
    why = "; ".join(because(act) for act in writing.acts[:_SHOWN])
    more = f"; and {len(writing.acts) - _SHOWN} more" if len(writing.acts) > _SHOWN else ""
    return f"{item_name(writing.item)}: {', '.join(parts)} ({why}{more})"


def because(act: Tagging) -> str:
    """Why something is said on the bug at all."""
    why = {"landed": "names it", "rolled-back": "rolls back what named it", "back": "brings it back"}
    return f"r{act.revno} {why[act.role]}"


def _mark(landing: Landing) -> Word | None:
    """What a mark says of the landing (docs/rules.md#state)."""
    if "qa-ok" in landing.labels:
        return "ok"
    return "untestable" if "no-qa" in landing.labels else None


def _last_change(history: Sequence[SeenTags]) -> int:
    since = history[0].seq
    for before, after in pairwise(history):
        if before.tags.word != after.tags.word:
            since = after.seq
    return since
