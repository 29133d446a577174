"""The archive: every landing that is live, by all the names that people have for it, so that the oldest one
is found without a walk through the history (docs/architecture.md#a-landing-that-is-live).

A cache like the other: all of it can be read again from git. It holds the landings of one range without gaps,
and says which range that is and under which settings they were read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, insert, inspect, select

from shepherd.git.revisions import bare_request, review_of
from shepherd.landing import Landing, Revision
from shepherd.store.many_rows import insert_rows
from shepherd.store.tables import archives, older, older_names
from shepherd.values import RevName

_CHUNK = 500
_UNASKED: dict[str, Any] = {
    "address": "",
    "own_bugs": (),
    "merged_ids": (),
    "change": "",
    "hints": (),
    "warnings": (),
}
"""What no story tells of a landing that is live."""
_LONGEST = 290


class ArchiveSpan(Struct, frozen=True):
    """Which landings the archive of a branch holds: all from `bottom` to `top`."""

    read_by: str
    """Sum of what they were read by: `.mailmap`, the rules of reading, and the settings that count here."""
    settings: str
    """`sum_of` all the settings of the branch, as they were when this was last looked at."""
    top: Revision
    bottom: int
    unrecognised: tuple[str, ...] = ()
    """Other branches that could not be read when some of it was."""

    @property
    def size(self) -> int:
        return self.top.revno - self.bottom + 1

    @property
    def complete(self) -> bool:
        """Whether it goes down to the first landing."""
        return self.bottom == 1


class ArchivedLanding(Struct, frozen=True):
    """A landing, with the commits that it brought in."""

    landing: Landing
    brought: tuple[str, ...] = ()


class OlderLandings:
    """The archive of one branch, within one transaction."""

    def __init__(self, connection: Connection, branch: str) -> None:
        self._connection = connection
        self._branch = branch

    def span(self) -> ArchiveSpan | None:
        """Which landings it holds; None: none."""
        if not inspect(self._connection).has_table(archives.name):
            # an earlier release made the database, and nothing was written since
            return None
        statement = select(archives.c.document).where(archives.c.branch == self._branch)
        document = self._connection.scalar(statement)
        return msgspec.json.decode(document, type=ArchiveSpan) if document is not None else None

    def clear(self) -> None:
        """Forget all of it."""
        for table in (archives, older, older_names):
            self._connection.execute(delete(table).where(table.c.branch == self._branch))

    def cut(self, top: Revision, span: ArchiveSpan) -> ArchiveSpan:
        """Forget what lies above `top`: production went back. Returns what it holds now."""
        for table in (older, older_names):
            self._connection.execute(
                delete(table).where(table.c.branch == self._branch, table.c.revno > top.revno)
            )
        return self._set_span(msgspec.structs.replace(span, top=top))

    def add(self, archived: Sequence[ArchivedLanding], span: ArchiveSpan) -> ArchiveSpan:
        """Take in the landings next to those that are there; `span` is what it holds with them."""
        rows = [
            {
                "branch": self._branch,
                "revno": each.landing.revno,
                "undoes": bool(each.landing.targets),
                "document": _document(each.landing),
            }
            for each in archived
        ]
        names = [
            {"branch": self._branch, "kind": kind, "name": name, "revno": each.landing.revno}
            for each in archived
            for kind, name in _names(each)
        ]
        insert_rows(self._connection, older, rows)
        insert_rows(self._connection, older_names, names)
        return self._set_span(span)

    def between(self, first: int, last: int) -> list[Landing]:
        """The landings of a range, as far as they are there, ascending."""
        return self._read(older.c.revno >= first, older.c.revno <= last)

    def numbered(self, revnos: Collection[int]) -> list[Landing]:
        """The landings with these revnos, as far as they are there, ascending."""
        wanted = sorted(revnos)
        return [
            landing
            for start in range(0, len(wanted), _CHUNK)
            for landing in self._read(older.c.revno.in_(wanted[start : start + _CHUNK]))
        ]

    def undoing(self, first: int) -> list[Landing]:
        """The landings from a revno on that undo others, ascending."""
        return self._read(older.c.undoes.is_(True), older.c.revno >= first)

    def with_commits(self, shas: Iterable[str]) -> dict[str, int]:
        """The landing that each of these commits is or came in with, by full SHA; those that are there."""
        names = sorted(set(shas))
        found: dict[str, int] = {}
        for start in range(0, len(names), _CHUNK):
            some = older_names.c.name.in_(names[start : start + _CHUNK])
            found.update(self._named("sha", some))
        return found

    def commits(self) -> list[tuple[str, int]]:
        """Every commit that a landing is or brought in, with that landing's revno, by SHA."""
        return sorted(self._named("sha"))

    def items(self) -> list[tuple[str, int]]:
        """Every bug and request, with the revno of each landing that names it."""
        return sorted([*self._named("request"), *self._named("bug")])

    def branches(self) -> list[tuple[str, int]]:
        """The name of every branch that was merged, with the revno of each landing that did it."""
        return sorted(self._named("branch"))

    def _named(self, kind: str, *conditions: Any) -> list[tuple[str, int]]:
        """The names of one kind, with the revnos, in no order: a database sorts text as its locale wants."""
        query = select(older_names.c.name, older_names.c.revno).where(
            older_names.c.branch == self._branch, older_names.c.kind == kind, *conditions
        )
        return [(name, revno) for name, revno in self._connection.execute(query)]

    def with_name(self, rev: RevName) -> list[Landing]:
        """The landings that have this bug, this request, or a branch of exactly this name, ascending; for #12
        also those that may be meant by it (`git.revisions.named`)."""
        names: set[tuple[str, str]] = {(rev.kind, rev.item)}
        if rev.kind == "request" and rev.text.startswith("#"):
            names |= {("request", f"!{rev.text[1:]}"), ("review", rev.text[1:])}
        return self.numbered(
            {
                revno
                for kind, name in names
                for _, revno in self._named(kind, older_names.c.name == name[:_LONGEST])
            }
        )

    def with_branch_like(self, text: str) -> list[Landing]:
        """The landings of merged branches whose name holds this, case ignored, ascending."""
        part = text.casefold()
        revnos = {revno for name, revno in self._named("branch") if part in name.casefold()}
        return self.numbered(revnos)

    def _read(self, *conditions: Any) -> list[Landing]:
        query = select(older.c.document).where(older.c.branch == self._branch, *conditions)
        decode = msgspec.json.Decoder(Landing).decode
        return [decode(document) for (document,) in self._connection.execute(query.order_by(older.c.revno))]

    def _set_span(self, span: ArchiveSpan) -> ArchiveSpan:
        self._connection.execute(delete(archives).where(archives.c.branch == self._branch))
        self._connection.execute(
            insert(archives).values(branch=self._branch, document=msgspec.json.encode(span))
        )
        return span


_DEFAULTS = msgspec.structs.asdict(Landing(0, "", 0))


def _document(landing: Landing) -> bytes:
    """The landing without what it does not have: most fields of most landings are empty."""
    fields = msgspec.structs.asdict(landing) | _UNASKED
    kept = {
        name: value
        for name, value in fields.items()
        if name in ("revno", "id", "committed_at") or value != _DEFAULTS[name]
    }
    return msgspec.json.encode(kept)


def _names(archived: ArchivedLanding) -> list[tuple[str, str]]:
    """What a landing is found by, each with its kind: the `sha` of it and of what it brought in, `bug`
    numbers, `request` (`#N` or `!N`), `review` numbers, and its `branch`."""
    landing = archived.landing
    names = [("sha", sha) for sha in (landing.id, *archived.brought)]
    names += [("bug", f"{bug}") for bug in landing.bugs]
    names += [("request", bare_request(request)) for request in landing.requests]
    if review := review_of(landing.url):
        names.append(("review", f"{review}"))
    if landing.branch:
        names.append(("branch", landing.branch))
    return list(dict.fromkeys((kind, name[:_LONGEST]) for kind, name in names))
