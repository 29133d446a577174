"""What the words on bugs and requests say of each landing (docs/rules.md#whom-a-tag-speaks-for).

A tag speaks for the landings that were there when it was set. The journal keeps what spoke last for each
(landing, item); this module turns one more reading into the words of now, and what there is to remember.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, pairwise
from typing import Literal

from msgspec import Struct

from shepherd.landing import Landing
from shepherd.rules.brought import Holder, Holders
from shepherd.words import Item, ItemTags, JournalMemory, KeptWord, SeenTags, TrackerReading, Word

How = Literal[
    "tag",
    "none",
    "unseen",
    "late",
    "own",
    "sealed",
    "plain-bad",
    "kept",
    "unreadable",
    "was-bad",
    "no-tracker",
]
"""Why a word speaks: the tag itself · there is no QA tag · none that we can see · the tag was there before
the landing · the tagger wrote it itself · an earlier word is sealed · qa-bad names no landing · production
runs it, so its last word stays · the item could not be read · it could not, and it was qa-bad before ·
nothing can carry tags here."""

_NEEDS = KeptWord("needstesting")


class ItemEvidence(Struct, frozen=True, gc=False):
    """What one item says of one landing."""

    item: Item
    word: Word | Literal["unknown"]
    how: How
    detail: str = ""
    """late, own: the word that is there · unreadable, was-bad: why."""


class TagEvidence(Struct):
    """Everything the tracker says of the landings, and what the journal should remember of it."""

    pairs: dict[int, list[ItemEvidence]]
    """Revno -> what each of its QA items says, in the order of its items."""
    named_bad: dict[Holder, list[Item]]
    """Revno, or SHA of a brought-in commit -> items that name it by bad-commit-N, or requests of it with
    qa-bad."""
    stray: dict[int, list[str]]
    """Revno -> warnings about the tags on its items."""
    unread_bad: dict[Holder, list[Item]]
    """The same -> items that named it bad when they could last be read, and cannot be read now."""
    seen: dict[Item, SeenTags]
    kept: dict[tuple[str, Item], KeptWord]
    bad_since: dict[Item, int]
    """Item -> since when it is qa-bad without a bad-commit that counts."""
    named_since: dict[tuple[Holder, Item], int]
    """(whom, item) -> since when the item has borne bad-commit-N (or the request qa-bad)."""
    named_as: dict[tuple[Holder, Item], int]
    """(whom, bug) -> the N by which it is named."""
    named: dict[tuple[Item, int], tuple[str, ...]]
    """What the journal should remember of whom each bad-commit-N and each request's qa-bad names."""

    def say(self, landing: Landing, speech: ItemEvidence) -> None:
        """One more item speaks of a landing."""
        if landing.revno in self.pairs:
            self.pairs[landing.revno].append(speech)
        else:
            self.pairs[landing.revno] = [speech]


def qa_items(landing: Landing, tracker: TrackerReading) -> Sequence[Item]:
    """The bugs and requests that a landing is judged by: a request counts where the tracker can say something
    of it, or where there is nothing else."""
    if not landing.requests or (landing.bugs and not tracker.speaks_of_requests):
        return landing.bugs
    return (*landing.bugs, *landing.requests)


def listen(
    landings: Mapping[int, Landing],
    scope: Collection[int],
    live: Collection[int],
    deployed: int,
    tracker: TrackerReading,
    memory: JournalMemory,
) -> TagEvidence:
    """Hear what every item says of every landing in scope.

    Args:
        landings: by revno, ascending.
        scope: revnos of the landings whose items were read.
        live: revnos that production runs (<= D and in effect at D).
        deployed: D, as revno.
    """
    told = TagEvidence({}, {}, {}, {}, {}, {}, {}, {}, {}, {})
    ear = _TagReader(landings, live, deployed, memory, told)
    told.named = ear.holders.learned
    named: dict[Item, list[Landing]] = {}
    were_bad = {item for item, history in memory.seen.items() if _spoke_ill(history[-1].spoken)}
    for landing in landings.values():
        asked = qa_items(landing, tracker)
        if landing.requests and were_bad:
            asked = (*asked, *(r for r in landing.requests if r in were_bad and r not in asked))
        for item in asked:
            if item in named:
                named[item].append(landing)
            else:
                named[item] = [landing]
    unnamed = dict.fromkeys(item for item in chain(tracker.items, memory.seen) if item not in named)
    everything = len(scope) == len(landings)
    for item in chain(named, unnamed):
        naming: Sequence[Landing] = named.get(item, ())
        carriers = naming if everything else [each for each in naming if each.revno in scope]
        if naming and not carriers and item not in tracker.items:
            continue
        ear.newest = naming[-1].revno if naming else 0
        ear.unseen = item in tracker.unseen
        speaks = tracker.speaks_of_bugs if isinstance(item, int) else tracker.speaks_of_requests
        if not speaks and item in were_bad:
            ear.miss(item, "the tracker speaks of none any more", carriers)
            continue
        if not speaks:
            for landing in carriers:
                told.say(landing, ItemEvidence(item, "needstesting", "no-tracker"))
            continue
        spoken = tracker.items.get(item)
        if spoken is None and not naming:
            # read for its bad-commits alone: it bears none any more, and its other tags speak of nobody here
            spoken = ItemTags(words=memory.seen[item][-1].spoken.words)
        if spoken is None or spoken.unreadable:
            ear.miss(item, spoken.unreadable if spoken else "it was not read", carriers)
        else:
            ear.hear(item, spoken, carriers)
    return told


class _TagReader:
    """Hears item after item, and notes in `told` what each says."""

    def __init__(
        self,
        landings: Mapping[int, Landing],
        live: Collection[int],
        deployed: int,
        memory: JournalMemory,
        told: TagEvidence,
    ) -> None:
        self._landings = landings
        self._live = live
        self._deployed = deployed
        self._memory = memory
        self._told = told
        self.holders = Holders(landings, memory)
        self.newest = 0
        """The newest landing that names the item that is heard, read or not."""
        self.unseen = False
        """Whether the item may bear words that only others see."""

    def hear(self, item: Item, spoken: ItemTags, carriers: Sequence[Landing]) -> None:
        """`carriers`: the landings that name the item, ascending."""
        history = self._history(item, spoken)
        words = spoken.words
        counting = bool(spoken.bad_commits) and self._bad_commits(item, spoken, history, carriers)
        others = words
        if "bad" in words:
            others = tuple(word for word in words if word != "bad")
        if len(words) > 1 and isinstance(item, int) and not (counting and len(others) == 1):
            _warn(self._told, carriers, f"{name(item)} bears {listed(words)}: the worse counts")
        if counting or len(others) == len(words):
            self._not_bad(item, others[0] if others else None, carriers, history)
        elif isinstance(item, str):
            named = self.holders.of_request(item, carriers)
            self._note(self._told.named_bad, named, item, _streak(history, _is_bad))
            for landing in carriers:
                self._bad(item, landing, "tag")
        else:
            self._plain_bad(item, carriers, history)

    def miss(self, item: Item, why: str, carriers: Sequence[Landing]) -> None:
        """The item cannot be read. What it said of bad landings has not been seen to disappear."""
        told = self._told
        history = self._memory.seen.get(item, ())
        if not history:
            told.seen[item] = SeenTags(self._memory.now, ItemTags(unreadable=why))
        last = history[-1].spoken if history else ItemTags()
        holders = {n: self._named(item, n, history)[0] for n in last.bad_commits}
        was_bad = "bad" in last.words and not any(
            self.holders.names(holder, item) for those in holders.values() for holder in those
        )
        for landing in carriers:
            lingers = was_bad and not self._out_of_reach(landing)
            told.say(landing, ItemEvidence(item, "unknown", "was-bad" if lingers else "unreadable", why))
        for n, those in holders.items():
            self._note(told.unread_bad, those, item, _streak(history, partial(_bears, n)), n)
        if was_bad and isinstance(item, int):
            told.bad_since[item] = self._plain_since(item, history)
        elif was_bad and isinstance(item, str):
            named = self.holders.of_request(item, carriers)
            self._note(told.unread_bad, named, item, _streak(history, _is_bad))

    def _out_of_reach(self, landing: Landing) -> bool:
        """Whether a qa-bad speaks of a later landing, and not of this one that production runs
        (docs/rules.md#state)."""
        return landing.revno in self._live and self.newest > self._deployed

    def _history(self, item: Item, spoken: ItemTags) -> tuple[SeenTags, ...]:
        """All readings of the item with this one, which is to be remembered if it differs."""
        history = self._memory.seen.get(item, ())
        if not history or history[-1].spoken != spoken:
            now = SeenTags(self._memory.now, spoken)
            history = (*history, now)
            self._told.seen[item] = now
        return history

    def _not_bad(
        self, item: Item, present: Word | None, carriers: Sequence[Landing], history: Sequence[SeenTags]
    ) -> None:
        """3.2 (a), (b) and (d)."""
        memory, told = self._memory, self._told
        good = present if present == "ok" or present == "untestable" else None
        how: How = "late" if good else "tag" if present else "unseen" if self.unseen else "none"
        ours = good is not None and _is_own(good, item, history, memory)
        if ours:
            how = "own"
        for landing in carriers:
            key = (landing.id, item)
            kept = memory.kept.get(key, _NEEDS)
            is_newest = landing.revno == self.newest
            if good and not ours and _covers(good, landing, item, history, memory):
                speech = ItemEvidence(item, good, "tag")
                keep = KeptWord(good, good if is_newest else kept.seal)
            elif kept.seal and not is_newest:
                speech = ItemEvidence(item, kept.seal, "sealed")
                keep = KeptWord(kept.seal, kept.seal)
            else:
                speech = ItemEvidence(item, "needstesting", how, good or "")
                keep = _NEEDS
            told.say(landing, speech)
            if keep != kept:
                told.kept[key] = keep

    def _plain_bad(self, item: int, carriers: Sequence[Landing], history: Sequence[SeenTags]) -> None:
        """3.2 (c): it is every landing's, save those that production runs while a later one names the bug."""
        self._told.bad_since[item] = self._plain_since(item, history)
        for landing in carriers:
            if self._out_of_reach(landing):
                kept = self._memory.kept.get((landing.id, item), _NEEDS)
                self._told.say(landing, ItemEvidence(item, kept.word or "needstesting", "kept"))
            else:
                self._bad(item, landing, "plain-bad")

    def _plain_since(self, item: Item, history: Sequence[SeenTags]) -> int:
        """Since when the bug has been qa-bad without a bad-commit that counts."""
        ever = {n for seen in history for n in seen.spoken.bad_commits}
        counts = {
            n for n in ever if any(self.holders.names(h, item) for h in self._named(item, n, history)[0])
        }
        return _streak(
            history, lambda spoken: "bad" in spoken.words and not counts.intersection(spoken.bad_commits)
        )

    def _bad(self, item: Item, landing: Landing, how: How) -> None:
        key = (landing.id, item)
        kept = self._memory.kept.get(key, _NEEDS)
        self._told.say(landing, ItemEvidence(item, "bad", how))
        if kept.word != "bad":
            self._told.kept[key] = KeptWord("bad", kept.seal)

    def _bad_commits(
        self, item: Item, spoken: ItemTags, history: Sequence[SeenTags], carriers: Sequence[Landing]
    ) -> bool:
        """Note whom bad-commit-N names; True if one of them counts: N is a landing that names this bug."""
        told, counts = self._told, False
        for n in spoken.bad_commits:
            holders, since = self._named(item, n, history)
            self.holders.learn(item, n, since, holders)
            if not holders and not self.holders.is_elsewhere(item, n):
                gone = "that was said of a commit that is not here any more"
                why = gone if n in self._landings else f"r{n} is no landing that was read"
                _warn(told, carriers, f"bug {item} bears bad-commit-{n}, and {why}")
            self._note(told.named_bad, holders, item, since, n)
            for holder in holders:
                if self.holders.names(holder, item):
                    counts = True
                elif isinstance(holder, int):
                    _warn(
                        told,
                        [self._landings[holder], *carriers],
                        f"bug {item} bears bad-commit-{n}, but r{holder} does not name that bug",
                    )
        return counts

    def _named(self, item: Item, n: int, history: Sequence[SeenTags]) -> tuple[Sequence[Holder], int]:
        """Whom bad-commit-N on a bug names on this mainline, and since when; 0: it is not there now."""
        since = _streak(history, partial(_bears, n)) if _bears(n, history[-1].spoken) else 0
        return self.holders.of_tag(item, n, since), since

    def _note(
        self, where: dict[Holder, list[Item]], holders: Iterable[Holder], item: Item, since: int, n: int = 0
    ) -> None:
        """The item names these, or did so when it could last be read."""
        for holder in holders:
            items = where.setdefault(holder, [])
            if item not in items:
                items.append(item)
            before = self._told.named_since.get((holder, item), 0)
            if since >= before:
                self._told.named_since[holder, item] = since
                self._told.named_as[holder, item] = n


def _covers(
    word: Word, landing: Landing, item: Item, history: Sequence[SeenTags], memory: JournalMemory
) -> bool:
    """Whether the present word was said of this landing (docs/rules.md#whom-a-tag-speaks-for)."""
    first = history[0].seq
    if memory.asked and _changed(history) < memory.asked.get((landing.id, item), 0):
        return False
    if first == memory.now:
        return True
    found = memory.found.get(landing.id, memory.now)
    if first >= found or not any(s.seq < found and word in s.spoken.words for s in history):
        return True
    return _changed(history) >= found


def _changed(history: Sequence[SeenTags]) -> int:
    """When the item's QA word was seen to change last; when it was first read if it never was."""
    changed = history[0].seq
    for before, after in pairwise(history):
        if before.spoken.word != after.spoken.word:
            changed = after.seq
    return changed


def _is_own(word: Word, item: Item, history: Sequence[SeenTags], memory: JournalMemory) -> bool:
    """Whether the present word is the tagger's own: no reading since it was written lacked it."""
    own = memory.own.get(item)
    return (
        own is not None
        and own.word == word
        and all(word in s.spoken.words for s in history if s.seq > own.seq)
    )


def _streak(history: Sequence[SeenTags], holds: Callable[[ItemTags], bool]) -> int:
    """Since when, in unbroken readings up to the last one, the condition holds."""
    since = history[-1].seq
    for seen in reversed(history):
        if not holds(seen.spoken):
            break
        since = seen.seq
    return since


def _spoke_ill(spoken: ItemTags) -> bool:
    return "bad" in spoken.words or bool(spoken.bad_commits)


def _is_bad(spoken: ItemTags) -> bool:
    return "bad" in spoken.words


def _bears(n: int, spoken: ItemTags) -> bool:
    return n in spoken.bad_commits


def _warn(told: TagEvidence, landings: Iterable[Landing], warning: str) -> None:
    for landing in landings:
        warnings = told.stray.setdefault(landing.revno, [])
        if warning not in warnings:
            warnings.append(warning)


def listed(words: Sequence[Word]) -> str:
    return " and ".join(f"qa-{word}" for word in words)


def name(item: Item) -> str:
    """How people call an item: "bug 7", "request #12"."""
    return f"bug {item}" if isinstance(item, int) else f"request {item}"
