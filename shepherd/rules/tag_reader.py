"""Reads the tags of bugs and the labels of requests into evidence for each landing
(docs/rules.md#whom-a-tag-speaks-for).

A tag speaks for the landings that were there when it was set. The journal keeps what spoke last for each
(landing, item); this module turns one more reading into the evidence of now, and what there is to remember.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain

from msgspec.structs import replace

from shepherd.landing import Landing
from shepherd.rules.brought import TagTargets
from shepherd.rules.evidence import How, ItemEvidence, TagEvidence, qa_items
from shepherd.rules.item_history import (
    History,
    bad_since,
    is_by_tagger,
    is_ended,
    named_since,
    speaks_for,
    streak,
)
from shepherd.rules.newest import NewestLandings
from shepherd.rules.repairs import Repairs
from shepherd.words import (
    NOTHING_SAID,
    GoodWord,
    Item,
    ItemSaid,
    ItemTags,
    KeptEvidence,
    RecordedEvidence,
    SeenTags,
    TrackerData,
    Word,
    is_request,
    item_name,
    item_order,
)

_NEEDS = KeptEvidence("needstesting")
_NEEDS_AFTER_FAILING = KeptEvidence("needstesting", failed=True)


def read_tags(
    landings: Mapping[int, Landing],
    scope: Collection[int],
    live: Collection[int],
    deployed: int,
    tracker: TrackerData,
    recorded: RecordedEvidence,
    newest: NewestLandings,
    repairs: Repairs,
) -> TagEvidence:
    """What every item says of every landing in scope.

    Args:
        landings: by revno, ascending.
        scope: revnos of the landings whose items were read.
        live: revnos that production runs (<= D and in effect at D).
        deployed: D, as revno.
    """
    reader = _TagReader(landings, live, deployed, recorded, newest, repairs)
    evidence = reader.evidence
    were_bad = {item for item, history in recorded.seen.items() if _was_bad(history[-1].tags)}
    naming = _naming(landings, tracker, were_bad)
    # by their names: the same input must give the same words, in whatever order it was read
    unnamed = sorted({*tracker.items, *recorded.seen} - naming.keys(), key=item_order)
    everything = len(scope) == len(landings)
    for item in chain(naming, unnamed):
        by: Sequence[Landing] = naming.get(item, ())
        in_scope = by if everything else [each for each in by if each.revno in scope]
        if by and not in_scope and item not in tracker.items:
            continue
        reader.naming = by
        reader.newest = by[-1].revno if by else 0
        reader.unseen = item in tracker.unseen
        if not tracker.speaks_of(item):
            if item in were_bad:
                reader.read_nothing(item, "the tracker speaks of none any more", in_scope)
                continue
            for landing in in_scope:
                evidence.add(landing, ItemEvidence(item, "needstesting", "no-tracker"))
                reader.note_failed(item, [landing])
            continue
        tags = tracker.items.get(item)
        if tags is None and not by and not recorded.seen[item][-1].tags.of_newest:
            # read for its bad-commits alone: it has none any more, and its other tags speak of nobody here
            tags = ItemTags(words=recorded.seen[item][-1].tags.words)
        if tags is None or tags.unreadable:
            reader.read_nothing(item, tags.unreadable if tags else "it was not read", in_scope)
        else:
            said = tracker.said_of(item) if tracker.said else NOTHING_SAID
            reader.read(item, tags, in_scope, said)
    for sha in tracker.unasked:
        reader.remember_bad(sha)
    return evidence


def _naming(
    landings: Mapping[int, Landing], tracker: TrackerData, were_bad: Collection[Item]
) -> dict[Item, list[Landing]]:
    """Item -> the landings that name it, ascending."""
    naming: dict[Item, list[Landing]] = {}
    for landing in landings.values():
        items = qa_items(landing, tracker)
        if landing.requests and were_bad:
            items = (*items, *(r for r in landing.requests if r in were_bad and r not in items))
        for item in items:
            if item in naming:
                naming[item].append(landing)
            else:
                naming[item] = [landing]
    return naming


class _TagReader:
    """Reads item after item, and notes in `evidence` what each says of `landings`: those that name it."""

    def __init__(
        self,
        landings: Mapping[int, Landing],
        live: Collection[int],
        deployed: int,
        recorded: RecordedEvidence,
        newest: NewestLandings,
        repairs: Repairs,
    ) -> None:
        self._landings = landings
        self._live = live
        self._deployed = deployed
        self._recorded = recorded
        self._targets = TagTargets(landings, recorded)
        self.evidence = TagEvidence(named=self._targets.learned)
        self._meant = newest
        self._repairs = repairs
        self.naming: Sequence[Landing] = ()
        """All landings that name the item, ascending."""
        self.newest = 0
        """The newest landing that names the item, in scope or not."""
        self.unseen = False
        """Whether the item may have words that only others see."""

    def read(self, item: Item, tags: ItemTags, landings: Sequence[Landing], said: ItemSaid) -> None:
        """Note what an item says."""
        for warning in said.warnings:
            self.evidence.warn(landings, warning)
        history = self._history(item, tags)
        counting = bool(tags.bad_commits) and self._bad_commits(item, tags, history, landings)
        words = tags.words
        others = tuple(word for word in words if word != "bad") if "bad" in words else words
        if len(words) > 1 and not is_request(item) and not (counting and len(others) == 1):
            self.evidence.warn(landings, _several(item, tags, said))
        if counting or len(others) == len(words):
            self._not_bad(item, others[0] if others else None, landings, history)
        elif is_request(item):
            self.evidence.name_bad(self._targets.of_request(item, landings), item, bad_since(history))
            for landing in landings:
                self._bad(item, landing, "tag")
        elif tags.of_newest:
            self._bad_newest(item, others[0] if others else None, landings, history)
        else:
            self._plain_bad(item, landings, history)

    def read_nothing(self, item: Item, why: str, landings: Sequence[Landing]) -> None:
        """Note that an item cannot be read. What it said of bad landings has not been seen to disappear."""
        evidence = self.evidence
        history = self._recorded.seen.get(item, ())
        if not history:
            evidence.seen[item] = SeenTags(self._recorded.now, ItemTags(unreadable=why))
        last = history[-1].tags if history else ItemTags()
        named = {n: self._named(item, n, history)[0] for n in last.bad_commits}
        was_bad = "bad" in last.words and not any(self._counts(commits, item) for commits in named.values())
        if was_bad and last.of_newest:
            since = bad_since(history)
            evidence.name_bad(self._of_newest(item, since), item, since, unread=True)
            was_bad = False
        for landing in landings:
            how: How = "was-bad" if was_bad and not self._out_of_reach(landing) else "unreadable"
            evidence.add(landing, ItemEvidence(item, "unknown", how, why))
        self.note_failed(item, landings)
        for n, commits in named.items():
            evidence.name_bad(commits, item, named_since(history, n), n, unread=True)
        if was_bad and is_request(item):
            commits = self._targets.of_request(item, landings)
            evidence.name_bad(commits, item, bad_since(history), unread=True)
        elif was_bad:
            evidence.bad_since[item] = self._plain_since(item, history)

    def note_failed(self, item: Item, landings: Sequence[Landing]) -> None:
        """Note which landings have failed on an item of which nothing is known now."""
        for landing in landings:
            if self._recorded.kept.get((landing.id, item), _NEEDS).failed:
                self.evidence.failed.add(landing.revno)

    def remember_bad(self, sha: str) -> None:
        """Note the requests that named a landing bad and are still qa-bad, as far as is known, where the
        forge cannot say now which requests are its own."""
        requests = {item for (item, _), named in self._recorded.named.items() if sha in named.ids}
        for item in sorted(filter(is_request, requests), key=item_order):
            history = self._recorded.seen.get(item, ())
            if item in self.evidence.seen:
                history = (*history, self.evidence.seen[item])
            if history and "bad" in history[-1].tags.words:
                self.evidence.name_bad([sha], item, bad_since(history), unread=True)

    def _out_of_reach(self, landing: Landing) -> bool:
        """Whether a qa-bad speaks of a later landing, and not of this one that production runs
        (docs/rules.md#state)."""
        return landing.revno in self._live and self.newest > self._deployed

    def _is_last_live(self, landing: Landing) -> bool:
        """Whether production runs nothing later that names the item: nothing that could repair this one."""
        return not any(p.revno > landing.revno and p.revno in self._live for p in self.naming)

    def _history(self, item: Item, tags: ItemTags) -> History:
        """All readings of the item with this one, which is to be remembered if it differs."""
        history = self._recorded.seen.get(item, ())
        if not history or history[-1].tags != tags:
            now = SeenTags(self._recorded.now, tags)
            history = (*history, now)
            self.evidence.seen[item] = now
        return history

    def _not_bad(self, item: Item, word: Word | None, landings: Sequence[Landing], history: History) -> None:
        """Note the word of an item that is not bad."""
        recorded, evidence = self._recorded, self.evidence
        good: GoodWord | None = word if word == "ok" or word == "untestable" else None
        how: How = "late" if good else "tag" if word else "unseen" if self.unseen else "none"
        counts = good is not None
        if good and is_by_tagger(good, item, history, recorded):
            how, counts = "own", False
        elif good and (len(history) > 1 or history[0].tags.of_newest) and is_ended(history):
            how, counts = "ended", False
        for landing in landings:
            key = (landing.id, item)
            kept = recorded.kept.get(key, _NEEDS)
            is_newest = landing.revno == self.newest
            if good and counts and speaks_for(good, landing, item, history, recorded):
                keep = KeptEvidence(good, good if is_newest else kept.seal)
                repair = self._repair(landing, item, good, history) if kept.failed else 0
                evidence.add(landing, ItemEvidence(item, good, "tag", "", repair))
                if repair:
                    keep = replace(keep, failed=True)
                    evidence.failed.add(landing.revno)
            elif kept.seal and not is_newest:
                evidence.add(landing, ItemEvidence(item, kept.seal, "sealed"))
                keep = KeptEvidence(kept.seal, kept.seal)
            else:
                keep = _NEEDS_AFTER_FAILING if kept.failed else _NEEDS
                if kept.failed:
                    evidence.failed.add(landing.revno)
                if kept.failed and landing.revno in self._live and self._is_last_live(landing):
                    evidence.add(landing, ItemEvidence(item, "bad", "failed"))
                else:
                    evidence.add(landing, ItemEvidence(item, "needstesting", how, good or ""))
            if keep != kept:
                evidence.kept[key] = keep

    def _repair(self, landing: Landing, item: Item, word: GoodWord, history: History) -> int:
        """What landed later for the item and was there when the good word was said."""
        return self._repairs.of(
            landing,
            item,
            self.naming,
            lambda later: speaks_for(word, later, item, history, self._recorded),
        )

    def _plain_bad(self, item: Item, landings: Sequence[Landing], history: History) -> None:
        """Note a qa-bad that names no landing: it is every landing's, but for those that production
        runs while a later one names the bug."""
        self.evidence.bad_since[item] = self._plain_since(item, history)
        for landing in landings:
            kept = self._recorded.kept.get((landing.id, item), _NEEDS)
            if not self._out_of_reach(landing):
                self._bad(item, landing, "plain-bad")
                continue
            self.note_failed(item, [landing])
            if kept.failed and self._is_last_live(landing):
                self._bad(item, landing, "tag")
            else:
                self.evidence.add(landing, ItemEvidence(item, kept.word or "needstesting", "kept"))

    def _bad_newest(
        self, item: Item, word: Word | None, landings: Sequence[Landing], history: History
    ) -> None:
        """Note a bad that a status or a field says: it is the landing's that was the newest when that was
        first seen, and what made that one good before does so no longer."""
        since = bad_since(history)
        commits = self._of_newest(item, since)
        self.evidence.name_bad(commits, item, since)
        bad = KeptEvidence("bad", failed=True)
        for landing in landings:
            if landing.id in commits:
                self.evidence.add(landing, ItemEvidence(item, "bad", "tag"))
                if self._recorded.kept.get((landing.id, item), _NEEDS) != bad:
                    self.evidence.kept[landing.id, item] = bad
        self._not_bad(item, word, [each for each in landings if each.id not in commits], history)

    def _of_newest(self, item: Item, since: int) -> Sequence[str]:
        return self._targets.of_newest(item, since, lambda: self._meant.of(item, self.naming))

    def _plain_since(self, item: Item, history: History) -> int:
        """Since when the bug has been qa-bad without a bad-commit that counts."""
        ever = {n for seen in history for n in seen.tags.bad_commits}
        counting = {n for n in ever if self._counts(self._named(item, n, history)[0], item)}
        return streak(
            history,
            lambda tags: (
                "bad" in tags.words and not tags.of_newest and not counting.intersection(tags.bad_commits)
            ),
        )

    def _bad(self, item: Item, landing: Landing, how: How) -> None:
        key = (landing.id, item)
        kept = self._recorded.kept.get(key, _NEEDS)
        self.evidence.add(landing, ItemEvidence(item, "bad", how))
        if kept.word != "bad":
            self.evidence.kept[key] = KeptEvidence("bad", kept.seal, kept.failed)

    def _bad_commits(self, item: Item, tags: ItemTags, history: History, landings: Sequence[Landing]) -> bool:
        """Note what each bad-commit-N names; True if one of them counts: its landing names this bug."""
        targets, evidence, counts = self._targets, self.evidence, False
        for n in tags.bad_commits:
            tag = f"{item_name(item)} has bad-commit-{n}"
            commits, since = self._named(item, n, history)
            targets.learn(item, n, since, commits)
            if not commits and not targets.is_elsewhere(item, n):
                why = f"r{n} is not a landing that was read"
                if n in self._landings:
                    why = "that was said of a commit that is not here any more"
                evidence.warn(landings, f"{tag}, and {why}")
            evidence.name_bad(commits, item, since, n)
            counts = counts or self._counts(commits, item)
            for commit in commits:
                landing = targets.landing_of(commit)
                if item not in landing.bugs and landing.id == commit:
                    warning = f"{tag}, but r{landing.revno} does not name that bug"
                    evidence.warn([landing, *landings], warning)
        return counts

    def _named(self, item: Item, n: int, history: History) -> tuple[Sequence[str], int]:
        """The commits that bad-commit-N on a bug names, and since when; 0: the bug does not have it now."""
        since = named_since(history, n) if n in history[-1].tags.bad_commits else 0
        return self._targets.of_tag(item, n, since), since

    def _counts(self, commits: Iterable[str], bug: Item) -> bool:
        """Whether a tag that names these commits counts: one of their landings names the bug."""
        return any(bug in self._targets.landing_of(commit).bugs for commit in commits)


def _was_bad(tags: ItemTags) -> bool:
    return "bad" in tags.words or bool(tags.bad_commits)


def _several(item: Item, tags: ItemTags, said: ItemSaid) -> str:
    """The warning that an item has several words."""
    counts = "the worse counts, for its newest landing" if tags.of_newest else "the worse counts"
    return f"{item_name(item)} has {listed(tags.words, said.texts)}: {counts}"


def listed(words: Sequence[Word], texts: Mapping[str, str] = NOTHING_SAID.texts) -> str:
    """The tags of these words in a sentence: "qa-bad and qa-ok", and where something else says them, that."""
    return " and ".join(texts.get(word, f"qa-{word}") for word in words)
