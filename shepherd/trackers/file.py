"""The tracker `file`: bugs and requests in one JSON file that a script or a person writes (docs/settings.md).

    {"bugs": {"824435": {"title": "…", "status": "…", "tags": ["qa-ok"], "private": false, "comments": []},
              "ABC-123": {"tags": ["qa-ok"]}},
     "requests": {"12": {"labels": ["qa-ok"]}}}

`requests` may be absent: then requests have no labels here. `checks` are read by `file_checks`. The file is
read strictly, since a key that is misspelt or appears twice would be a tag overlooked.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from msgspec import UNSET, Struct

from shepherd import plainfile
from shepherd.errors import TrackerError
from shepherd.label_text import folded_name
from shepherd.trackers.words import Vocabulary, bad_commits
from shepherd.values import ITEM_KEY, ITEM_NUMBER, clean, quoted
from shepherd.words import (
    Item,
    ItemDetails,
    ItemSaid,
    ItemTags,
    TrackerData,
    is_request,
    item_name,
    item_order,
)

LARGEST = 64_000_000
"""Bytes of the largest file that is read: some 300,000 bugs with a few comments each."""
_NAMES = {"requests": re.compile(ITEM_NUMBER), "bugs": re.compile(f"{ITEM_NUMBER}|{ITEM_KEY}")}
_SHOWN = 500
"""Characters of a title or a status that are passed on."""


class _Entry(Struct, forbid_unknown_fields=True):
    """A bug, or a request, whose tags may be called labels."""

    title: str = ""
    status: str = ""
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    private: bool = False
    comments: tuple[Any, ...] = ()
    fields: dict[str, str | tuple[str, ...]] = {}
    """What else is known of it, by name: one of them may say words (`[tracker.field]`)."""

    def values(self, field: str) -> tuple[str, ...]:
        """Those of one field, whatever capitals its name has."""
        of_field = (value for name, value in self.fields.items() if folded_name(name) == folded_name(field))
        return tuple(chain.from_iterable([each] if isinstance(each, str) else each for each in of_field))

    @property
    def texts(self) -> tuple[str, ...]:
        return self.tags + self.labels


_Entries = dict[str, _Entry | str]
"""By number or key; a text says why the entry is malformed."""


class FileTracker:
    """Reads the whole file each time: it is small, and anybody may have changed it."""

    def __init__(self, path: Path, vocabulary: Vocabulary) -> None:
        self._path = path
        self._vocabulary = vocabulary

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        """See Tracker.read. An item that is not in the file, is private or malformed cannot be read.

        A malformed bug is returned even if it was not asked for: it may have a bad-commit that would be
        overlooked.
        """
        bugs, requests = self._load()
        tags: dict[Item, ItemTags] = {}
        about: dict[Item, ItemDetails] = {}
        said: dict[Item, ItemSaid] = {}
        for item in items:
            if not is_request(item):
                self._tell(item, bugs.get(item), tags, about, said)
            elif requests is not None and "/" in item:
                tags[item] = ItemTags(unreadable=self._of_some_project(item))
            elif requests is not None:
                self._tell(item, requests.get(item[1:]), tags, about, said)
        wanted = frozenset(revnos)
        others = (
            bug
            for bug in bugs.keys() - tags.keys()
            if isinstance(entry := bugs[bug], str)
            or (not entry.private and not wanted.isdisjoint(bad_commits(entry.texts)))
        )
        for bug in sorted(others, key=item_order):
            self._tell(bug, bugs[bug], tags, about, said)
        return TrackerData(
            items=tags, about=about, speaks_of_requests=requests is not None, said=said or UNSET
        )

    def values_of(self, item: Item) -> tuple[str, ...]:
        """What the field that says words holds of a bug. Raises TrackerError."""
        entry = None if is_request(item) else self._load()[0].get(item)
        field = self._vocabulary.field
        return entry.values(field) if field and isinstance(entry, _Entry) else ()

    def probe(self) -> str:
        """See Tracker.probe."""
        self._load()
        return str(self._path)

    def _tell(
        self,
        item: Item,
        entry: _Entry | str | None,
        tags: dict[Item, ItemTags],
        about: dict[Item, ItemDetails],
        said: dict[Item, ItemSaid],
    ) -> None:
        name = item_name(item)
        if entry is None:
            tags[item] = ItemTags(unreadable=f"{name} is not in {self._path.name}")
        elif isinstance(entry, str):
            tags[item] = ItemTags(unreadable=f"{name} is malformed in {self._path.name}: {entry}")
        elif entry.private:
            tags[item] = ItemTags(unreadable=f"{name} is private")
        else:
            vocabulary = self._vocabulary
            if is_request(item):
                tags[item] = vocabulary.of_request(entry.texts)
            elif vocabulary.beyond_labels:
                values = entry.values(vocabulary.field) if vocabulary.field else ()
                read = vocabulary.read(item, entry.texts, entry.status, values)
                tags[item], said[item] = read.tags, read.said
            else:
                tags[item] = vocabulary.of_bug(entry.texts)
            about[item] = ItemDetails(clean(entry.title, _SHOWN), clean(entry.status, _SHOWN))

    def _of_some_project(self, item: str) -> str:
        project = item.rstrip("0123456789")[:-1]
        return (
            f"the settings do not say whether the requests in {self._path.name} are those of {project};"
            f' if they are: tracker.project = "{project}"'
        )

    def _load(self) -> tuple[_Entries, _Entries | None]:
        document = read_document(self._path)
        if (
            not isinstance(document, dict)
            or "bugs" not in document
            or document.keys() - {"bugs", "requests", "checks"}
        ):
            raise wrong_shape(self._path, 'expected {"bugs": {…}} and, at most, "requests" and "checks"')
        requests = self._entries(document, "requests") if "requests" in document else None
        return self._entries(document, "bugs"), requests

    def _entries(self, document: dict[str, Any], key: str) -> _Entries:
        if not isinstance(document[key], dict):
            raise wrong_shape(self._path, f"{key} is not an object")
        entries: _Entries = {}
        for name, raw in document[key].items():
            # "0123" would be a second name of 123
            if not _NAMES[key].fullmatch(name):
                what = "a number or a key such as ABC-123" if key == "bugs" else "a number"
                raise wrong_shape(self._path, f"{quoted(name)} in {key} is not {what}")
            try:
                entries[name] = msgspec.convert(raw, _Entry)
            except msgspec.ValidationError as error:
                entries[name] = clean(str(error), _SHOWN)
        return entries


def read_document(path: Path) -> Any:
    """The whole of the tracker's file. Raises TrackerError: it cannot be read, or is no JSON."""
    try:
        return parse(plainfile.read(path, LARGEST))
    except plainfile.UnreadableFileError as why:
        raise TrackerError(f"the tracker's file {why}") from None
    except (ValueError, RecursionError) as error:
        cause = "nested too deeply" if isinstance(error, RecursionError) else error
        raise TrackerError(f"the tracker's file {path} is not valid JSON: {cause}") from None


def wrong_shape(path: Path, what: str) -> TrackerError:
    """The error that the tracker's file is not as its documentation has it."""
    return TrackerError(f"the tracker's file {path} has the wrong shape: {what}")


def parse(text: str) -> Any:
    """`text` as JSON; unlike a plain decoder it refuses NaN and two equal keys. Raises ValueError."""
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        counted = Counter(name for name, _ in pairs)
        raise ValueError(f"the key {quoted(counted.most_common(1)[0][0])} appears twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
