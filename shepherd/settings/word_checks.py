"""What the words of a tracker's table must say together: its labels, its statuses and its field
(docs/settings.md#words-by-status)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from shepherd.errors import WrongValueError
from shepherd.values import quoted

if TYPE_CHECKING:
    from shepherd.settings.tracker import TrackerSettings, WordTexts

WITH_STATUSES = ("jira", "redmine", "file")
"""Types of trackers of which statuses and a field are read."""
_WORDS = ("ok", "bad", "untestable", "needstesting")
_SILENT = "silent"


def check_words(tracker: TrackerSettings) -> None:
    """Raise WrongValueError for the first text that has two meanings, or that nothing would ever read."""
    if tracker.words:
        from shepherd.label_text import folded

        if tracker.type == "redmine":
            problem = "Redmine has no labels: name the statuses in [tracker.statuses], or a field's values in"
            raise WrongValueError(f"{problem} [tracker.field]", "words")
        if tracker.type == "jira":
            _check_labels(tracker.words)
        _check_meanings(tracker.words, folded, "words")
    statuses, field = _texts(tracker.statuses), _texts(tracker.field)
    for table, texts in (("statuses", statuses), ("field", field)):
        if (texts or (table == "field" and tracker.field.name)) and tracker.type not in WITH_STATUSES:
            known = f"{', '.join(WITH_STATUSES[:-1])} and {WITH_STATUSES[-1]}"
            instead = "" if tracker.type == "none" else ": there [tracker.words] names tags or labels"
            problem = f"a tracker of type {quoted(tracker.type)} is not read for these, only {known} are"
            raise WrongValueError(f"{problem}{instead}", table)
    if field and not tracker.field.name:
        raise WrongValueError("expected the name of the field whose values these are", "field", "name")
    if tracker.field.name and not any(word in field for word in _WORDS):
        raise WrongValueError(f"expected values for one of {', '.join(_WORDS)}", "field")
    if statuses and not any(word in statuses for word in _WORDS):
        raise WrongValueError(f"expected statuses for one of {', '.join(_WORDS)}", "statuses")
    if statuses or field:
        from shepherd.label_text import folded_name

        _check_meanings(statuses, folded_name, "statuses")
        _check_meanings(field, folded_name, "field")
        _check_tag_status(tracker)


def _texts(words: WordTexts) -> dict[str, tuple[str, ...]]:
    """Word, or `silent` -> its texts, where there are any."""
    return {word: texts for word in (*_WORDS, _SILENT) if (texts := getattr(words, word))}


def _check_meanings(words: Mapping[str, Iterable[str]], form: Callable[[str], str], table: str) -> None:
    meaning: dict[str, str] = {}
    for word, texts in words.items():
        for text in texts:
            other = meaning.setdefault(form(text), word)
            if other != word:
                raise WrongValueError(f"{quoted(text)} stands for {other} already", table, word)


def _check_labels(words: Mapping[str, Iterable[str]]) -> None:
    """Jira has no label with a blank in it (support.atlassian.com, "What are labels in Jira?")."""
    for word, texts in words.items():
        for text in texts:
            if any(map(str.isspace, text)):
                problem = (
                    f"no label on Jira has a blank, as {quoted(text)} does; a status or a value of a field"
                )
                raise WrongValueError(f"{problem} may: [tracker.statuses], [tracker.field]", "words", word)


def _check_tag_status(tracker: TrackerSettings) -> None:
    """The tagger gives no status by which people say that something works, or does not."""
    from shepherd.label_text import folded_name

    said = {folded_name(text): word for word in _WORDS[:3] for text in getattr(tracker.statuses, word)}
    for key in ("landed", "rolled_back"):
        status = getattr(tracker.status, key)
        if status and (word := said.get(folded_name(status))):
            problem = f"{quoted(status)} says {word} (statuses.{word}), which is for people to say"
            raise WrongValueError(f"{problem}: expected another status, or ''", "status", key)
