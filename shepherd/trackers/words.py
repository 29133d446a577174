"""Reads the tags of a bug and the labels of a request into QA words
(docs/rules.md#what-people-say)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from shepherd.label_text import folded
from shepherd.values import DIGITS
from shepherd.words import WORST_FIRST, ItemTags, Word

_BAD_COMMIT = re.compile(rf"bad-(?:commit|revision)-({DIGITS})", re.IGNORECASE | re.ASCII)


class Vocabulary:
    """Which texts stand for which word: `qa-WORD` always, and those of `[tracker.words]`, in any form."""

    def __init__(self, words: Mapping[str, Iterable[str]]) -> None:
        self._word: dict[str, Word] = {f"qa-{word}": word for word in WORST_FIRST}
        for word in WORST_FIRST:
            self._word |= {folded(text): word for text in words.get(word, ())}

    def texts(self, word: Word) -> tuple[str, ...]:
        """Everything that stands for `word`, as `folded` gives it."""
        return tuple(text for text, meaning in self._word.items() if meaning == word)

    def of_bug(self, tags: Iterable[str]) -> ItemTags:
        """The words of a bug's tags, and its `bad-commit-N`."""
        tags = tuple(tags)
        return ItemTags(words=self._words(tags), bad_commits=bad_commits(tags))

    def of_request(self, labels: Iterable[str]) -> ItemTags:
        """The words of a request's labels; it names no landing but its own."""
        return ItemTags(words=self._words(labels))

    def _words(self, texts: Iterable[str]) -> tuple[Word, ...]:
        present = {self._word.get(folded(text)) for text in texts}
        return tuple(word for word in WORST_FIRST if word in present)


@lru_cache(maxsize=1024)
def bad_commits(tags: tuple[str, ...]) -> tuple[int, ...]:
    """The N of `bad-commit-N` among the tags of a bug, ascending.

    A tracker's file may hold thousands of bugs, and most of them have the same few tags.
    """
    named = (_BAD_COMMIT.fullmatch(tag.strip()) for tag in tags)
    numbers = {int(match[1]) for match in named if match}
    return tuple(sorted(numbers - {0}))
