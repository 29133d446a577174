"""The tagger's side of a forge: labels, made if they are not there yet, and one comment; each looked at.

Nothing is written that is there already, so that a repeat after a kill or a lost answer only does what is
missing. Labels are put on and taken off one by one: what other people put on meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from msgspec import Struct

from shepherd.errors import TrackerError, UnsureError
from shepherd.label_text import folded
from shepherd.settings import Settings
from shepherd.trackers.forge.labels import LabelStyle, style_of
from shepherd.trackers.http import RequestError
from shepherd.trackers.words import Vocabulary
from shepherd.trackers.writing import NO_WORD, Edit
from shepherd.words import Item, item_name


class CurrentLabels(Struct, frozen=True):
    """What stands on an item before it is changed."""

    labels: tuple[str, ...]
    said: bool
    """Whether a comment ends with the line that was looked for."""


class LabelWriter(Protocol):
    """One session of writing. All raise RequestError if it came to nothing, TrackerError if it cannot be."""

    def current(self, item: Item, sign: str) -> CurrentLabels:
        """What stands there now; `sign` is the last line of a comment, empty: none is looked for."""

    def has_comment(self, item: Item, sign: str) -> bool:
        """Whether a comment ends with that line."""

    def labels(self) -> list[str]:
        """All that the project has, as it spells them."""

    def make(self, label: str, style: LabelStyle) -> None:
        """Make a label; that it is there already is no failure."""

    def add(self, item: Item, label: str) -> None: ...

    def remove(self, item: Item, label: str) -> None:
        """That it is gone already is no failure."""

    def comment_on(self, item: Item, comment: str) -> None: ...


class ForgeWriter:
    """See Writer. The session begins with the first edit.

    Args:
        begin: opens a session.
    """

    def __init__(self, settings: Settings, begin: Callable[[], LabelWriter]) -> None:
        self._vocabulary = Vocabulary(settings.tracker.words)
        self._begin = begin
        self._writer: LabelWriter | None = None
        self._there: dict[str, list[str]] | None = None
        """How a label looks -> how the project spells it, mostly once; None: that was not asked yet."""

    def edit(self, item: Item, edit: Edit) -> str:
        """See Writer.edit. A status is not written: here an item is open or closed, which is not ours."""
        try:
            writer = self._session()
            sign = last_line(edit.comment)
            present = writer.current(item, sign)
            allowed = edit.unless_bad(self._vocabulary, present.labels)
            done = self._mark(writer, item, allowed, present.labels)
            done += [NO_WORD] if allowed is not edit else []
            if sign and not present.said:
                self._say(writer, item, _as_markdown(edit.comment), sign)
                done.append("comment")
        except RequestError as error:
            raise TrackerError(f"{item_name(item, 'issue')} cannot be written: {error}") from None
        return ", ".join(done)

    def missing(self, labels: Collection[str]) -> list[str]:
        """The labels that the tagger would have to make. Raises TrackerError."""
        there = self._labels(self._session())
        return [label for label in labels if folded(label) not in there]

    def _session(self) -> LabelWriter:
        if self._writer is None:
            self._writer = self._begin()
        return self._writer

    def _mark(self, writer: LabelWriter, item: Item, edit: Edit, present: Collection[str]) -> list[str]:
        """In this order a kill in between leaves less said than is true, and never more."""
        done = []
        gone = {folded(label) for label in edit.remove}
        for label in present:
            if folded(label) in gone:
                writer.remove(item, label)
                done.append(f"-{label}")
        present_folded = {folded(label) for label in present}
        for label in edit.add:
            if folded(label) in present_folded:
                continue
            spellings = self._labels(writer).setdefault(folded(label), [])
            if not spellings:
                writer.make(label, style_of(label, self._vocabulary))
                spellings.append(label)
                done.append(f"made the label {label}")
            spelt = label if label in spellings else spellings[0]
            writer.add(item, spelt)
            done.append(f"+{spelt}")
        return done

    def _labels(self, writer: LabelWriter) -> dict[str, list[str]]:
        if self._there is None:
            self._there = {}
            for label in writer.labels():
                self._there.setdefault(folded(label), []).append(label)
        return self._there

    def _say(self, writer: LabelWriter, item: Item, comment: str, sign: str) -> None:
        try:
            writer.comment_on(item, comment)
        except RequestError as error:
            # the answer may have got lost, not the request
            try:
                if writer.has_comment(item, sign):
                    return
            except RequestError:
                raise _unsure(item, error) from None
            if error.sure:
                raise
            raise _unsure(item, error) from None


def _as_markdown(comment: str) -> str:
    """The comment as Markdown: what somebody else named stands there as it is, and calls nobody by @."""
    lines = (
        f"Branch: `{line.removeprefix('Branch: ').replace('`', '')}`" if line.startswith("Branch: ") else line
        for line in comment.split("\n")
    )
    return "\n".join(lines)


def last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()


def _unsure(item: Item, error: RequestError) -> UnsureError:
    return UnsureError(f"{item_name(item, 'issue')}: whether the comment was written is not known: {error}")
