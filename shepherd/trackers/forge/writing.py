"""Writes to a forge for the tagger: labels, created if the project lacks them, and one comment.

Nothing is written that is there already, so that a repeat after a kill or a lost answer only does what is
missing. Labels are added and removed one by one: what other people add meanwhile stays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import Protocol

from msgspec import Struct

from shepherd.errors import TrackerError, UnsureError
from shepherd.label_text import folded
from shepherd.settings import Settings
from shepherd.trackers.forge.labels import LabelStyle, style_of
from shepherd.trackers.forge.reading import ForgeTracker, session_with, token_of
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.trackers.words import Vocabulary
from shepherd.trackers.writing import NO_COMMENT, NO_WORD, Edit, last_line
from shepherd.words import Item, item_name

_LOCKED = frozenset({403, 405, 423})
"""Statuses by which forges refuse a comment in a conversation that is locked."""


class CurrentLabels(Struct, frozen=True):
    """The labels of an item before it is changed."""

    labels: tuple[str, ...]
    commented: bool
    """Whether a comment ends with the line that was looked for."""
    locked: bool = False
    """Only some people may comment; labels may be changed as before."""


class LabelWriter(Protocol):
    """One session of writing. All raise RequestError if a request failed, TrackerError if it cannot work."""

    def current(self, item: Item, sign: str) -> CurrentLabels:
        """Return what is there now; `sign` is the last line of a comment, empty: none is looked for."""

    def has_comment(self, item: Item, sign: str) -> bool:
        """Return whether a comment ends with that line."""

    def labels(self) -> list[str]:
        """Return all labels of the project, as it spells them."""

    def make(self, label: str, style: LabelStyle) -> None:
        """Create a label; it is not a failure if there is one."""

    def add(self, item: Item, label: str) -> None: ...

    def remove(self, item: Item, label: str) -> None:
        """Take a label off; it is not a failure if it is gone."""

    def comment_on(self, item: Item, comment: str) -> None: ...


class ForgeWriter:
    """See Writer. The session begins with the first edit.

    Args:
        begin: opens a session.
    """

    def __init__(self, settings: Settings, begin: Callable[[], LabelWriter]) -> None:
        self._vocabulary = Vocabulary.of(settings)
        self._begin = begin
        self._writer: LabelWriter | None = None
        self._there: dict[str, list[str]] | None = None
        """Folded label -> how the project spells it, mostly in one way; None: not asked yet."""

    def edit(self, item: Item, edit: Edit) -> str:
        """See Writer.edit. A status is not written: on a forge an item is only open or closed."""
        try:
            writer = self._session()
            sign = last_line(edit.comment)
            present = writer.current(item, sign)
            allowed = edit.unless_bad(self._vocabulary, present.labels)
            done = self._mark(writer, item, allowed, present.labels)
            done += [NO_WORD] if allowed is not edit else []
            if sign and not present.commented:
                done.append(self._say(writer, item, _as_markdown(edit.comment), sign, present.locked))
        except RequestError as error:
            raise TrackerError(f"{item_name(item, 'issue')} cannot be written: {error}") from None
        return ", ".join(done)

    def missing(self, labels: Collection[str]) -> list[str]:
        """Return the labels that the tagger would have to create. Raises TrackerError."""
        there = self._labels(self._session())
        return [label for label in labels if folded(label) not in there]

    def _session(self) -> LabelWriter:
        if self._writer is None:
            self._writer = self._begin()
        return self._writer

    def _mark(self, writer: LabelWriter, item: Item, edit: Edit, present: Collection[str]) -> list[str]:
        """Change the labels, in an order in which a kill leaves fewer than are true, and never more."""
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

    def _say(self, writer: LabelWriter, item: Item, comment: str, sign: str, locked: bool) -> str:
        try:
            writer.comment_on(item, comment)
        except RequestError as error:
            if locked and error.status in _LOCKED:
                return NO_COMMENT
            # the answer may have got lost, not the request
            try:
                if writer.has_comment(item, sign):
                    return "comment"
            except RequestError:
                raise _unsure(item, error) from None
            if error.sure:
                raise
            raise _unsure(item, error) from None
        return "comment"


def open_label_writer(
    settings: Settings,
    forge: type[ForgeTracker],
    needed: str,
    begin: Callable[[HttpSession, str], LabelWriter],
) -> ForgeWriter:
    """The writer of a forge.

    Args:
        needed: why it does not work without a token.
        begin: opens a session with this token.

    Raises:
        SettingsError: there is no token, or it cannot be read.
    """
    token = token_of(settings, os.environ, needed=needed)
    return ForgeWriter(settings, lambda: begin(session_with(settings, forge), token))


def _as_markdown(comment: str) -> str:
    """Return the comment as Markdown: a branch's name is shown as it is, and an @ in it notifies nobody."""
    lines = (
        f"Branch: `{line.removeprefix('Branch: ').replace('`', '')}`" if line.startswith("Branch: ") else line
        for line in comment.split("\n")
    )
    return "\n".join(lines)


def _unsure(item: Item, error: RequestError) -> UnsureError:
    return UnsureError(f"{item_name(item, 'issue')}: whether the comment was written is not known: {error}")
