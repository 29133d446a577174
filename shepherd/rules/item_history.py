"""The readings of one item, oldest first: since when it says what it says
(docs/rules.md#whom-a-tag-speaks-for)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from shepherd.landing import Landing
from shepherd.words import Item, ItemTags, RecordedEvidence, SeenTags, Word

History = Sequence[SeenTags]


def last_change(history: History) -> int:
    """When the item's QA word was seen to change last; when it was first read if it never was."""
    changed = history[0].seq
    for before, after in pairwise(history):
        if _is_change(before.tags, after.tags):
            changed = after.seq
    return changed


def _is_change(before: ItemTags, after: ItemTags) -> bool:
    """Whether the word that counts was said in between. A status moves on without anybody having tested
    again: what stood beside it was not said once more, so there a good word has to come."""
    if before.good_by or after.good_by:
        return not set(after.ways).issubset(before.ways)
    return before.word != after.word


def is_ended(history: History) -> bool:
    """Whether the present word was there already when a status or a field was first seen to say bad, the last
    time that one did: then it speaks for no landing since."""
    bad = None
    for seen in reversed(history):
        if seen.tags.of_newest:
            bad = seen.seq
        elif bad is not None:
            break
    return bad is not None and last_change(history) <= bad


def streak(history: History, holds: Callable[[ItemTags], bool]) -> int:
    """Since when, in unbroken readings up to the last one, the condition holds."""
    since = history[-1].seq
    for seen in reversed(history):
        if not holds(seen.tags):
            break
        since = seen.seq
    return since


def bad_since(history: History) -> int:
    """Since when the item has been qa-bad."""
    return streak(history, lambda tags: "bad" in tags.words)


def named_since(history: History, n: int) -> int:
    """Since when the bug has had bad-commit-N, as far as it has it."""
    return streak(history, lambda tags: n in tags.bad_commits)


def speaks_for(
    word: Word, landing: Landing, item: Item, history: History, recorded: RecordedEvidence
) -> bool:
    """Whether the present word speaks for this landing: when it was set or changed, the landing was there."""
    first = history[0].seq
    if recorded.asked and last_change(history) < recorded.asked.get((landing.id, item), 0):
        return False
    if first == recorded.now:
        return True
    landed = recorded.first_seen.get(landing.id, recorded.now)
    if first >= landed or not any(seen.seq < landed and word in seen.tags.words for seen in history):
        return True
    return last_change(history) >= landed


def is_by_tagger(word: Word, item: Item, history: History, recorded: RecordedEvidence) -> bool:
    """Whether the tagger wrote the present word itself: no reading since then lacked it."""
    own = recorded.own.get(item)
    return (
        own is not None
        and own.word == word
        and all(word in seen.tags.words for seen in history if seen.seq > own.seq)
    )
