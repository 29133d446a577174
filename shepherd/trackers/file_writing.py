"""Writes the tracker `file` for the tagger: one item at a time, whole files only, others' changes kept.

Scripts that write the file too can keep the tagger out with an advisory lock on it (flock). Writers that do
not lock are noticed: the file is compared right before it is replaced, and read again if it has changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shepherd import plainfile
from shepherd.atomic import write_atomically
from shepherd.errors import StoreError, TrackerError
from shepherd.label_text import folded, folded_name
from shepherd.locks import flock
from shepherd.trackers.file import LARGEST, FileTracker, parse
from shepherd.trackers.words import Vocabulary
from shepherd.trackers.writing import Edit, last_line
from shepherd.words import Item, is_request, item_name

TRIES = 50
"""How often somebody else may change the file before we give up for this run."""
LOCKED_SECONDS = 5.0


class _ChangedError(Exception):
    """Somebody wrote the file since it was read."""


class FileWriter:
    """Writes the file that FileTracker reads; where that is a link, the file behind it."""

    def __init__(self, path: Path, vocabulary: Vocabulary) -> None:
        self._path = Path(os.path.realpath(path))
        self._reader = FileTracker(path, vocabulary)
        self._vocabulary = vocabulary

    def edit(self, item: Item, edit: Edit) -> str:
        """See Writer.edit. What the reader could not read, nobody writes."""
        for _ in range(TRIES):
            try:
                with self._locked() as text:
                    return self._edited(text, item, edit)
            except _ChangedError:
                continue
        raise TrackerError(
            f"{self._path} keeps being changed by others; {item_name(item)} was left as it was"
        )

    def _edited(self, text: str, item: Item, edit: Edit) -> str:
        why = self._reader.read([item], ()).items[item].unreadable
        if why:
            raise TrackerError(f"{why}, so it cannot be written")
        document = parse(text)
        kind, number = ("requests", item[1:]) if is_request(item) else ("bugs", item)
        entry = document.get(kind, {}).get(number)
        if not isinstance(entry, dict):
            raise _ChangedError
        present = [*entry.get("tags", ()), *entry.get("labels", ())]
        status, field = entry.get("status", ""), self._vocabulary.field
        values = self._reader.values_of(item)
        allowed = edit.unless_bad(
            self._vocabulary, present, status if isinstance(status, str) else "", values
        )
        changed = _change(entry, allowed, field)
        if changed:
            self._replace(text, document)
        return ", ".join([*changed, *edit.left_out(allowed)])

    def _replace(self, text: str, document: Any) -> None:
        def last_look() -> None:
            if self._text() != text:
                raise _ChangedError

        content = json.dumps(document, ensure_ascii=False, indent=1 if "\n" in text.strip() else None)
        try:
            mode = self._path.stat().st_mode & 0o777
            write_atomically(self._path, f"{content}\n".encode(), mode, last_look)
        except (OSError, StoreError) as error:
            raise TrackerError(str(error)) from None

    def _text(self) -> str:
        try:
            return plainfile.read(self._path, LARGEST)
        except plainfile.UnreadableFileError as why:
            raise TrackerError(f"the tracker's file {why}") from None

    @contextmanager
    def _locked(self) -> Iterator[str]:
        """The text of the file, which the caller has locked until the block ends."""
        self._text()  # says why it cannot be opened, and that it is not a FIFO
        with self._path.open("rb") as file:
            try:
                locked = flock(file.fileno(), wait=LOCKED_SECONDS)
            except OSError as error:
                raise TrackerError(f"{self._path} cannot be locked ({error.strerror})") from None
            if not locked:
                raise TrackerError(f"{self._path} is locked by somebody else")
            if not os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                # replaced while we waited: what we have locked is no longer the tracker's file
                raise _ChangedError
            yield self._text()


def _change(entry: dict[str, Any], edit: Edit, field: str) -> list[str]:
    """Change the entry as the edit wants, and return what was changed, in words. `field`: that of words."""
    changed: list[str] = []
    key = "labels" if "labels" in entry and "tags" not in entry else "tags"
    tags = list(entry.get(key, ()))
    wanted = [tag for tag in tags if not _among(tag, edit.remove)]
    wanted += [tag for tag in edit.add if not _among(tag, wanted)]
    if wanted != tags:
        changed += [f"{key} {' '.join(wanted) or 'none'}"]
        entry[key] = wanted
    if edit.status and entry.get("status") != edit.status:
        changed += [f"status {edit.status}"]
        entry["status"] = edit.status
    fields = entry.get("fields", {})
    name = next((each for each in fields if folded_name(each) == folded_name(field)), field)
    if edit.field and fields.get(name) != edit.field:
        changed += [f"{name} {edit.field}"]
        entry["fields"] = {**fields, name: edit.field}
    comments = list(entry.get("comments", ()))
    if edit.comment and not any(_last_line(each) == _last_line(edit.comment) for each in comments):
        changed += ["a comment"]
        entry["comments"] = [*comments, edit.comment]
    return changed


def _among(tag: str, tags: Collection[str] | Sequence[str]) -> bool:
    return folded(tag) in {folded(each) for each in tags}


def _last_line(comment: Any) -> str:
    """A comment is a text, or an object with a `text`."""
    text = comment.get("text") if isinstance(comment, dict) else comment
    return last_line(text) if isinstance(text, str) else ""
