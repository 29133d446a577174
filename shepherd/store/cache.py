"""What was read from the change sources and can be read again: `find` hands it to the later stages here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, delete, insert, select

from shepherd.landing import Landing
from shepherd.store.tables import facts, landings

_T = TypeVar("_T")
_ROWS = 2000


class Cache:
    """The cache of one branch, within one transaction."""

    def __init__(self, connection: Connection, branch: str) -> None:
        self._connection = connection
        self._branch = branch

    def landings(self, ids: Collection[str] | None = None) -> list[Landing]:
        """All landings there are, or those of some SHAs, ascending by revno."""
        query = (
            select(landings.c.document).where(landings.c.branch == self._branch).order_by(landings.c.revno)
        )
        statements = [query]
        if ids is not None:
            wanted = sorted(ids)
            chunks = [wanted[start : start + 800] for start in range(0, len(wanted), 800)]
            statements = [query.where(landings.c.id.in_(chunk)) for chunk in chunks]
        decode = msgspec.json.Decoder(Landing).decode
        rows = (row for statement in statements for row in self._connection.execute(statement))
        decoded = [decode(document) for (document,) in rows]
        return decoded if len(statements) < 2 else sorted(decoded, key=lambda landing: landing.revno)

    def numbered(self, revnos: Collection[int]) -> list[Landing]:
        """The landings with these revnos, as far as they were read."""
        query = select(landings.c.document).where(landings.c.branch == self._branch)
        wanted = sorted(revnos)
        rows = [
            row
            for start in range(0, len(wanted), 800)
            for row in self._connection.execute(
                query.where(landings.c.revno.in_(wanted[start : start + 800]))
            )
        ]
        return [msgspec.json.decode(document, type=Landing) for (document,) in rows]

    def put_landings(self, present: Iterable[Landing], known: dict[str, Landing]) -> None:
        """Make the table hold exactly `present`; `known` is what it holds now, by SHA."""
        wanted = {landing.id: landing for landing in present}
        gone = [sha for sha, landing in known.items() if wanted.get(sha) != landing]
        table = landings
        for start in range(0, len(gone), 800):
            self._connection.execute(
                delete(table).where(table.c.branch == self._branch, table.c.id.in_(gone[start : start + 800]))
            )
        encode = msgspec.json.Encoder().encode
        rows = [
            {
                "branch": self._branch,
                "id": landing.id,
                "revno": landing.revno,
                "bugs": encode(landing.bugs).decode(),
                "document": encode(landing),
            }
            for sha, landing in wanted.items()
            if known.get(sha) != landing
        ]
        for start in range(0, len(rows), _ROWS):
            self._connection.execute(insert(table), rows[start : start + _ROWS])

    def fact(self, name: str, type: type[_T]) -> _T | None:
        """A single document by name, None if there is none or it is of another shape."""
        statement = select(facts.c.document).where(facts.c.branch == self._branch, facts.c.name == name)
        document = self._connection.scalar(statement)
        if document is None:
            return None
        try:
            return msgspec.msgpack.decode(document, type=type)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def put_fact(self, name: str, value: object) -> None:
        """Keep a document by name. As MessagePack: smaller than JSON, and it has bytes."""
        self._connection.execute(delete(facts).where(facts.c.branch == self._branch, facts.c.name == name))
        self._connection.execute(
            insert(facts).values(branch=self._branch, name=name, document=msgspec.msgpack.encode(value))
        )


def facts_of_all(connection: Connection, name: str, type: type[_T]) -> dict[str, _T]:
    """Branch -> its document with this name, where it is of that shape."""
    rows = connection.execute(select(facts.c.branch, facts.c.document).where(facts.c.name == name))
    found: dict[str, _T] = {}
    for branch, document in rows:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            found[branch] = msgspec.msgpack.decode(document, type=type)
    return found
