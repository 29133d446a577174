"""Plans what the tagger writes on the bugs and requests of landings in QA that it has not handled yet.

A tag never says more than is known of *every* landing on that bug. A good word is written only where no
other landing in QA needs QA; what a good word said of earlier landings is sealed before it is taken away;
qa-bad and bad-commit-N are never removed, and no word is added to qa-bad: where labels are scoped it would
remove that.
The rules do their part: the tagger's own good words are evidence for no landing (shepherd.rules.tag_reader).
What several landings mean for one item is written at once, in one comment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from shepherd.landing import Landing
from shepherd.plans import tag_comments
from shepherd.plans.tag_comments import CommentLine, CommentWording
from shepherd.plans.tag_events import TagEvent, TaggerRecord, TagLedger
from shepherd.plans.tag_plan import TagAct, TagPlan, UnreadableItem, Writing
from shepherd.rules import Judgement
from shepherd.rules.evidence import ItemEvidence, qa_items
from shepherd.rules.item_history import last_change
from shepherd.words import (
    GOOD_WORDS,
    WORST_FIRST,
    Item,
    ItemTags,
    KeptEvidence,
    Options,
    RecordedEvidence,
    TrackerData,
    Word,
    is_request,
)


def plan(
    judgement: Judgement,
    tracker: TrackerData,
    recorded: RecordedEvidence,
    options: Options,
    known: TaggerRecord,
    wording: CommentWording,
) -> TagPlan:
    """Return what is to be written, on which items, about which landings."""
    return _Planner(judgement, tracker, recorded, options, known, wording).plan()


class _Planned(NamedTuple):
    """An act, and the line of the comment that says so."""

    act: TagAct
    line: CommentLine


class _Planner:
    def __init__(
        self,
        judgement: Judgement,
        tracker: TrackerData,
        recorded: RecordedEvidence,
        options: Options,
        known: TaggerRecord,
        wording: CommentWording,
    ) -> None:
        self._judgement = judgement
        self._tracker = tracker
        self._known = known
        self._wording = wording
        ledger = TagLedger(judgement.reading, judgement.undoing, tracker, options)
        self._landings = ledger.landings
        self._events = list(ledger.events(known))
        self._resting = ledger.resting(known)
        self._seen = dict(recorded.seen)
        for item, seen in judgement.seen:
            self._seen[item] = (*self._seen.get(item, ()), seen)
        self._kept: dict[tuple[str, Item], KeptEvidence] = {**recorded.kept, **dict(judgement.kept)}
        self._evidence: dict[tuple[int, Item], ItemEvidence] = {
            (revno, each.item): each for revno in judgement.judged for each in judgement.evidence(revno)
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
        unreadable: list[UnreadableItem] = []
        for event in self._events:
            landing, item = event.landing, event.item
            tags = self._tracker.items.get(item)
            if tags is not None and not tags.unreadable:
                self._words.setdefault(item, tags.words)
                planned.setdefault(item, []).append(self._act(event, tags))
            elif event.role != "landed" or not self._settled(landing):
                why = tags.unreadable if tags else "it was not read"
                unreadable.append(UnreadableItem(landing.revno, landing.id, item, why))
        writings = (each for item, acts in planned.items() for each in self._writings(item, acts))
        return TagPlan(tuple(writings), tuple(unreadable), self._resting)

    def _writings(self, item: Item, planned: Sequence[_Planned]) -> Iterator[Writing]:
        """Yield what is written on an item: one writing for each comment that an earlier run began and may
        have written, which is looked for by its own sign, and one for the rest. The last changes the tags."""
        groups: dict[str, list[_Planned]] = {}
        for each in planned:
            groups.setdefault(self._known.begun.get((each.act.id, item), ""), []).append(each)
        tags, words = self._tracker.items[item], self._words[item]
        wording = self._wording
        if said := self._tracker.said_of(item).texts:
            # what it has already is told as it is there, which may be the second of several statuses
            wording = replace(wording, texts={**wording.texts, **said})
        ordered = sorted(groups.items(), key=lambda group: not group[0])
        for place, (begun, some) in enumerate(ordered, 1):
            lines = [each.line for each in some]
            sign = begun or tag_comments.sign_of(lines[-1].landing)
            text = tag_comments.comment(lines, item, words, sign, wording)
            writing = Writing(item, tuple(each.act for each in some), sign, text, resumed=bool(begun))
            if place == len(ordered):
                statuses = [each.act.status for each in planned if each.act.status]
                writing = replace(
                    writing,
                    add=tuple(word for word in words if word not in tags.words),
                    remove=tuple(word for word in tags.words if word not in words),
                    status=statuses[-1] if statuses else "",
                    after=tags.with_words(words),
                )
            yield writing

    def _settled(self, landing: Landing) -> bool:
        """Whether a person's verdict made the landing good."""
        judged = self._judgement.judged[landing.revno]
        return judged.good and judged.rule == "verdict"

    def _is_good_by(self, revno: int, item: Item) -> bool:
        judged, evidence = self._judgement.judged[revno], self._evidence.get((revno, item))
        return judged.good or (evidence is not None and evidence.word in GOOD_WORDS)

    def _asks(self, landing: Landing, item: Item) -> bool:
        """Whether nobody has said of this landing, on this item, that it works."""
        if _mark(landing) or self._settled(landing):
            return False
        evidence = self._evidence.get((landing.revno, item))
        if evidence is None or evidence.word not in GOOD_WORDS:
            return True
        return evidence.how == "tag" and self._is_of_earlier_ones(landing, item)

    def _is_of_earlier_ones(self, landing: Landing, item: Item) -> bool:
        """Whether the word came between two runs, together with the landing, and earlier landings name the
        item too: then it speaks for those (a person tries what is there), and perhaps not for this one."""
        changed = last_change(self._seen[item])
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
        """The landings in QA and in effect, without those in `but`, that still need QA on the item."""
        judgement = self._judgement
        return [
            revno
            for revno in self._naming.get(item, ())
            if revno not in but
            and revno not in judgement.live
            and revno not in judgement.undone_by
            and ((revno, item) in self._asking or not self._is_good_by(revno, item))
        ]

    def _act(self, event: TagEvent, tags: ItemTags) -> _Planned:
        """Plan one act: it changes the words that the next one on this item finds."""
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
        act = TagAct(
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
            tags.with_words(words),
            tags.with_words(after),
        )
        return _Planned(act, CommentLine(landing, role, about, asks, bool(others)))

    def _seals(self, item: Item, removed: Collection[Word]) -> tuple[tuple[str, Word], ...]:
        """The landings that the good word which goes away spoke for, each with that word; not those that are
        good only with a repair, which a seal would let go alone."""
        sealed: list[tuple[str, Word]] = []
        for revno in self._naming.get(item, ()):
            evidence = self._evidence.get((revno, item))
            if evidence is None or evidence.how != "tag" or (revno, item) in self._asking:
                continue
            if evidence.repair:
                continue
            sha = self._landings[revno].id
            kept = self._kept.get((sha, item))
            if evidence.word in GOOD_WORDS and evidence.word in removed and not (kept and kept.seal):
                sealed.append((sha, evidence.word))
        return tuple(sealed)


def _mark(landing: Landing) -> Word | None:
    """The word that a mark gives the landing (docs/rules.md#state)."""
    if "qa-ok" in landing.labels:
        return "ok"
    return "untestable" if "no-qa" in landing.labels else None
