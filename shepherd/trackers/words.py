"""Reads what a bug or a request says of its QA into words: its tags or labels, its status, and the values of
one of its fields (docs/rules.md#what-people-say)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec import UNSET, Struct, UnsetType

from shepherd.label_text import folded, folded_name
from shepherd.settings import Settings
from shepherd.settings.tracker import FieldWords, WordTexts
from shepherd.values import DIGITS, clean
from shepherd.words import GOOD_WORDS, NOT_KNOWN, WORST_FIRST, Item, ItemSaid, ItemTags, Word, item_name

_BAD_COMMIT = re.compile(rf"bad-(?:commit|revision)-({DIGITS})", re.IGNORECASE | re.ASCII)
_SILENT = "silent"
_SHOWN = 60
"""Characters of a status or a value in a sentence."""
_TO_BE_COPIED = 255
"""Characters where somebody is to write it into the settings."""
_MANY = 5
"""Unknown values of one item that are named."""


class ItemReading(Struct, frozen=True):
    """What one item says: for TrackerData.items, and for TrackerData.said."""

    tags: ItemTags
    said: ItemSaid


class Vocabulary:
    """Which texts stand for which word: `qa-WORD` always, those of `[tracker.words]`, in any form, and of
    statuses and values of a field those that the settings name."""

    def __init__(
        self,
        words: Mapping[str, Iterable[str]],
        statuses: WordTexts | None = None,
        field: FieldWords | None = None,
        table: str = "tracker",
    ) -> None:
        """Args: table: the key of the tracker's table in the settings, for warnings."""
        self._word: dict[str, Word] = {f"qa-{word}": word for word in WORST_FIRST}
        for word in WORST_FIRST:
            self._word |= {folded(text): word for text in words.get(word, ())}
        self._statuses = _by_text(statuses) if statuses else {}
        self._values = _by_text(field) if field and field.name else {}
        self.field = field.name if field else ""
        """The name or the id of the field that says words; empty: no field does."""
        self._table = table

    @classmethod
    def of(cls, settings: Settings) -> Vocabulary:
        """That of a tracker. Args: settings: as one branch has them (Settings.for_branch)."""
        tracker = settings.tracker
        return cls(tracker.words, tracker.statuses, tracker.field, settings.tracker_key)

    @property
    def by_status(self) -> bool:
        """Whether statuses say words."""
        return bool(self._statuses)

    @property
    def beyond_labels(self) -> bool:
        """Whether statuses or a field say words: only then is there anything for TrackerData.said."""
        return bool(self._statuses or self._values)

    def texts(self, word: Word) -> tuple[str, ...]:
        """Every label that stands for `word`, as `folded` gives it."""
        return tuple(text for text, meaning in self._word.items() if meaning == word)

    def of_bug(self, tags: Iterable[str]) -> ItemTags:
        """The words of a bug's tags, and its `bad-commit-N`."""
        tags = tuple(tags)
        return ItemTags(words=self._words(tags), bad_commits=bad_commits(tags))

    def of_request(self, labels: Iterable[str]) -> ItemTags:
        """The words of a request's labels; it names no landing but its own."""
        return ItemTags(words=self._words(labels))

    def read(
        self,
        item: Item,
        labels: Iterable[str] = (),
        status: str = "",
        values: Iterable[str] = (),
        field: str = "",
    ) -> ItemReading:
        """What a bug says by its labels, its status and the values of the field, together.

        Args:
            status: its name as people see it.
            values: of the field, each as people see it; none where it is empty.
            field: the name of the field as people see it, where the settings give its id.
        """
        tags = self.of_bug(labels)
        ways = {f"label {word}" for word in tags.words if word in GOOD_WORDS}
        present: dict[str, str] = {}
        unknown: list[str] = []
        name = field or self.field
        places: list[tuple[Mapping[str, str], Iterable[str], str, str, str]] = [
            (self._statuses, (status,), "", "status", f"[{self._table}.statuses]"),
            (self._values, values, f" in {shown(name)}", "field", f"[{self._table}.field]"),
        ]
        for meanings, texts, where, by, table in places:
            if not meanings:
                continue
            for text in dict.fromkeys(filter(str.strip, texts)):
                meaning = meanings.get(folded_name(text))
                if meaning is None:
                    named = f"{item_name(item)} is {shown(text, _TO_BE_COPIED)}{where}"
                    unknown.append(
                        f"{named}, which {table} {NOT_KNOWN}: add it there to ok, bad,"
                        " untestable, needstesting or silent"
                    )
                if meaning is None or meaning == _SILENT:
                    # the field of an issue that is nowhere yet is empty, so its status says more
                    if not where:
                        present.setdefault("", f"{shown(text)}{where}")
                else:
                    present.setdefault(meaning, f"{shown(text)}{where}")
                    if meaning in GOOD_WORDS:
                        ways.add(f"{by} {meaning}")
        words = tuple(word for word in WORST_FIRST if word in tags.words or word in present)
        of_newest: bool | UnsetType = True if "bad" in present and "bad" not in tags.words else UNSET
        warnings = unknown[:_MANY]
        if len(unknown) > _MANY:
            more = f"says {len(unknown) - _MANY} more values that [{self._table}.field] does not know"
            warnings.append(f"{item_name(item)} {more}")
        good_by = tuple(sorted(ways)) if self.beyond_labels and ways else UNSET
        return ItemReading(
            ItemTags(words, tags.bad_commits, of_newest=of_newest, good_by=good_by),
            ItemSaid(present, tuple(warnings)),
        )

    def _words(self, texts: Iterable[str]) -> tuple[Word, ...]:
        present = {self._word.get(folded(text)) for text in texts}
        return tuple(word for word in WORST_FIRST if word in present)


def shown(text: str, longest: int = _SHOWN) -> str:
    """A status, a value or the name of a field in a sentence: `"QA passed"`. What is cut ends with "…"."""
    # a cut at a blank would not show in the length
    whole = clean(text, 2 * longest)
    return f'"{whole if len(whole) <= longest else whole[: longest - 1].rstrip() + "…"}"'


def _by_text(words: WordTexts) -> dict[str, str]:
    """Text -> the word that it stands for, or `silent`."""
    named: Sequence[str] = (*WORST_FIRST, _SILENT)
    return {folded_name(text): word for word in named for text in getattr(words, word)}


@lru_cache(maxsize=1024)
def bad_commits(tags: tuple[str, ...]) -> tuple[int, ...]:
    """The N of `bad-commit-N` among the tags of a bug, ascending.

    A tracker's file may hold thousands of bugs, and most of them have the same few tags.
    """
    named = (_BAD_COMMIT.fullmatch(tag.strip()) for tag in tags)
    numbers = {int(match[1]) for match in named if match}
    return tuple(sorted(numbers - {0}))
