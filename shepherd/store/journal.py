"""What was said and done, and cannot be read again: append-only, in the order it became known."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cached_property
from time import time_ns
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Select, bindparam, func, select

from shepherd.store import chain
from shepherd.store.entry_shapes import ChangedEntryError, problem_of
from shepherd.store.many_rows import insert_rows
from shepherd.store.tables import journal, shared
from shepherd.values import iso

T = TypeVar("T")

_CHUNK = 800
"""Subjects asked for in one statement: SQLite takes at most 999 variables in old builds."""

_ROWS = 2_000
"""Entries that are written by one statement: a first run has hundreds of thousands."""

WHO = 200
"""Characters of `who` that are kept."""

KINDS = (
    "began",  # the journal's first entry, or a person's word that a new one is right
    "landing",  # find saw a landing for the first time: its place here is when
    "item",  # a reading of a bug or request that differed from the one before
    "kept",  # the last word that spoke for one (landing, item) (docs/rules.md#whom-a-tag-speaks-for)
    "state",  # a landing's state, or the rule that gives it, changed
    "verdict",  # a person's word on a landing, by command or git note
    "patch",  # the patch id of a landing with a verdict, to follow it through a rewrite
    "cover",  # what undid a landing, by a person
    "tip",  # the mainline's tip as find saw it
    "deployed",  # production's revision as find saw it, or as a person recorded it
    "promoted",  # the promoted revision as find saw it
    "on-qa",  # what the QA server runs as find saw it, where the settings say where to look
    "rewrite",  # a person accepted that the mainline was rewritten
    "answer",  # the answer changed
    "meant",  # an act that is about to be done (shepherd/act)
    "done",  # how that act went
    "alarm",  # production was seen to run a bad landing, or to run it no more
    "snooze",  # a person wants no mail about a landing until a date
    "named",  # the commits that a bad-commit-N, a request's qa-bad or a bug's status was first seen to name
    "renamed",  # the branch carries on the journal of one that was called otherwise
    "restored",  # a backup was put back, and what people said after it was made is not known
    "check-wait",  # a check began to keep candidates back, or does so no more
    "live-mails",  # from when on people are told that a landing of theirs went live, or are told no more
    "promotion-mails",  # from when on mail.promotions is told of promotions, or is told no more
    "notify",  # from when on a chat or webhook is told of the branch, or is told no more
    "freeze",  # a person wants no deployments, until a time or until the word is taken back
    "seal",  # the tagger saw that a landing was good by a bug before it changed that bug's tag
)


class JournalEntry(Struct, frozen=True):
    """One line of the journal."""

    kind: str
    subject: str = ""
    data: dict[str, Any] = {}
    who: str = ""
    why: str = ""
    at: str = ""
    run_id: str = ""
    seq: int = 0
    """0 for an entry that is yet to be appended."""
    prev: str = ""
    """The hash of the chain up to the entry before (`shepherd.store.chain`); empty where a release wrote it
    that knew no chain."""

    @property
    def time(self) -> datetime:
        """When it was written, by the clock of its host. Raises ChangedEntryError."""
        try:
            return datetime.fromisoformat(self.at)
        except ValueError:
            raise self.changed(f"{self.at!a} is no time") from None

    def as_a(self, holds: type[T], key: str = "") -> T:
        """Its data, or what stands there under a key, as a value of this type. Raises ChangedEntryError."""
        try:
            return msgspec.convert(self.data.get(key) if key else self.data, holds)
        except msgspec.ValidationError as error:
            raise self.changed(f"{key}: {error}" if key else str(error)) from None

    def changed(self, problem: str) -> ChangedEntryError:
        """That it cannot be read."""
        return ChangedEntryError(self.seq, self.kind, self.run_id, problem)


# Statements are made once, since SQLAlchemy takes longer to make one than SQLite to answer it.
_BRANCHES = journal.c.branch.in_(bindparam("branches", expanding=True))
_ENTRIES = select(
    *(journal.c.kind, journal.c.subject, journal.c.data, journal.c.who),
    *(journal.c.why, journal.c.at, journal.c.run_id, journal.c.seq),
)
_OF_KINDS = _ENTRIES.where(_BRANCHES, journal.c.kind.in_(bindparam("kinds", expanding=True)))
_IN_ORDER = _OF_KINDS.order_by(journal.c.seq)
_OF_SUBJECTS = _IN_ORDER.where(journal.c.subject.in_(bindparam("subjects", expanding=True)))
_NEWEST = _OF_KINDS.order_by(journal.c.seq.desc()).limit(bindparam("limit"))
# with the subject it is found by the index
_BEFORE = _OF_KINDS.where(journal.c.subject == "", journal.c.seq < bindparam("place"))
_BEFORE = _BEFORE.order_by(journal.c.seq.desc()).limit(1)
# by the index alone: the data is read of those that match
_OF_COMMITS = _IN_ORDER.where(
    func.substr(journal.c.subject, 1, bindparam("length")).in_(bindparam("commits", expanding=True))
)
_CONTENT = select(*(journal.c[name] for name in chain.COLUMNS)).where(journal.c.seq == bindparam("place"))
_NEWEST_ABOUT = select(func.max(journal.c.seq)).where(
    _BRANCHES, journal.c.kind == bindparam("kind"), journal.c.subject == bindparam("subject")
)
_OLDEST = select(func.min(journal.c.seq)).where(_BRANCHES, journal.c.kind == bindparam("kind"))
_AT = _ENTRIES.where(journal.c.seq == bindparam("place"))
_FORMER_NAMES = _ENTRIES.where(_BRANCHES, journal.c.kind == "renamed").order_by(journal.c.seq)


class Journal:
    """The journal of one branch, within one transaction.

    Args:
        others: further branches whose entries are read with it, as if all were one journal.
    """

    def __init__(self, connection: Connection, branch: str, *others: str) -> None:
        self._connection = connection
        self._branch = branch
        self._branches = (branch, *others)
        self._of_branch = journal.c.branch == branch

    @cached_property
    def names(self) -> list[str]:
        """The branch, and what it was called before: a journal that it carries on is read as its own."""
        names, new = list(self._branches), list(self._branches)
        while new:
            carried = self._fetch(_FORMER_NAMES, branches=new)
            before = dict.fromkeys(entry.data["from"] for entry in carried)
            new = [other for other in before if other not in names]
            names += new
        return names

    def with_others(self, branches: Iterable[str]) -> Journal:
        """This journal and those of other branches, to be read as one."""
        return Journal(self._connection, *dict.fromkeys((self._branch, *branches)))

    @staticmethod
    def every_name(connection: Connection) -> list[str]:
        """All branches that anything was ever written for, sorted."""
        return list(connection.scalars(select(journal.c.branch).distinct().order_by(journal.c.branch)))

    def append(self, entries: Iterable[JournalEntry], *, run_id: str, at: datetime) -> int:
        """Add entries in this order; how many."""
        entries = list(entries)
        assert all(entry.kind in KINDS for entry in entries)
        if not entries:
            return 0
        when, server = iso(at), self._connection.dialect.name == "postgresql"
        head = chain.head(self._connection)
        for start in range(0, len(entries), _ROWS):
            rows = []
            for entry in entries[start : start + _ROWS]:
                content = (
                    when,
                    run_id,
                    self._branch,
                    entry.kind,
                    entry.subject,
                    # an author's name may be of any length; the column is not
                    _kept(entry.who[:WHO], server),
                    _kept(entry.why, server),
                    msgspec.json.encode({**entry.data, chain.KEY: head}, enc_hook=str).decode(),
                )
                head = chain.following(head, content)
                rows.append(dict(zip(chain.COLUMNS, content, strict=True)))
            insert_rows(self._connection, journal, rows)
        return len(entries)

    def next_seq(self) -> int:
        """A place larger than every entry there is, of any branch."""
        return (self._connection.scalar(select(func.max(journal.c.seq))) or 0) + 1

    def entries(
        self, *kinds: str, subjects: Collection[str] | None = None, holding: str = "", beginning: str = ""
    ) -> list[JournalEntry]:
        """Entries of these kinds, oldest first; of some subjects only, with data that hold a text, or with
        subjects that begin with one."""
        narrowed = _IN_ORDER if subjects is None else _OF_SUBJECTS
        if beginning:
            narrowed = narrowed.where(journal.c.subject.startswith(beginning, autoescape=True))
        if holding:
            narrowed = narrowed.where(journal.c.data.contains(holding, autoescape=True))
        if subjects is None:
            return self._fetch(narrowed, kinds=kinds)
        wanted = sorted(subjects)
        # a first run asks about thousands of landings of which nothing was ever said
        if len(wanted) > _CHUNK and not self.newest(1, *kinds):
            return []
        entries: list[JournalEntry] = []
        for start in range(0, len(wanted), _CHUNK):
            entries += self._fetch(narrowed, kinds=kinds, subjects=wanted[start : start + _CHUNK])
        if len(wanted) > _CHUNK:
            entries.sort(key=lambda entry: entry.seq)
        return entries

    def first(self, kind: str) -> JournalEntry | None:
        """The oldest entry of a kind, if any."""
        oldest = self._connection.scalar(_OLDEST, {"branches": self.names, "kind": kind})
        return None if oldest is None else self._fetch(_AT, place=oldest)[0]

    def last_seq(self) -> int:
        """The place of the branch's last entry, of whatever kind; 0 if there is none."""
        return self._connection.scalar(select(func.max(journal.c.seq)).where(self._of_branch)) or 0

    def head_name(self) -> str:
        """The head of the whole journal, of all branches, as it is now: `NUMBER:HASH`, as people and programs
        copy it for `inv audit --verify --head`."""
        return chain.head_name(self._connection)

    def count(self, until: int) -> int:
        """How many entries of the branch there are up to a place."""
        where = [self._of_branch, journal.c.seq <= until]
        return self._connection.scalar(select(func.count()).select_from(journal).where(*where)) or 0

    def sum_at(self, seq: int) -> str | None:
        """SHA-256 (hex) of all that the entry at a place holds, None if the branch has none there."""
        row = self._connection.execute(
            select(journal).where(self._of_branch, journal.c.seq == seq)
        ).one_or_none()
        return None if row is None else hashlib.sha256(msgspec.json.encode(list(row))).hexdigest()

    def head_at(self, seq: int) -> str:
        """The chain's hash after the entry at a place (docs/audit.md#the-chain); empty: it was written by a
        release that knew no chain, or is not there."""
        row = self._connection.execute(_CONTENT, {"place": seq}).one_or_none()
        return "" if row is None else chain.after(row)

    def last(self, kind: str) -> JournalEntry | None:
        """The newest entry of a kind, if any."""
        return next(iter(self.newest(1, kind)), None)

    def last_about(self, kind: str, subject: str) -> JournalEntry | None:
        """The newest entry of a kind with this subject, if any; of many it reads no more than one."""
        place = self._connection.scalar(
            _NEWEST_ABOUT, {"branches": self.names, "kind": kind, "subject": subject}
        )
        return None if place is None else self._fetch(_AT, place=place)[0]

    def last_before(self, seq: int, kind: str) -> JournalEntry | None:
        """The newest entry of a kind without subject that stands before a place, if any."""
        return next(iter(self._fetch(_BEFORE, kinds=(kind,), place=seq)), None)

    def of_commits(self, ids: Collection[str], *kinds: str) -> list[JournalEntry]:
        """Entries whose subject is one of these SHAs and something else ("SHA ITEM"), oldest first."""
        wanted = sorted(ids)
        entries: list[JournalEntry] = []
        for start in range(0, len(wanted), _CHUNK):
            some = wanted[start : start + _CHUNK]
            entries += self._fetch(_OF_COMMITS, kinds=kinds, commits=some, length=len(some[0]))
        return sorted(entries, key=lambda entry: entry.seq)

    def newest(self, limit: int, *kinds: str) -> list[JournalEntry]:
        """The last so many entries of these kinds, newest first."""
        return self._fetch(_NEWEST, kinds=kinds, limit=limit)

    def share_file(self, name: str, content: bytes) -> None:
        """Let all hosts have a file of state_dir together with what this transaction writes. With SQLite
        there are no other hosts (docs/running.md#two-hosts)."""
        if self._connection.dialect.name != "postgresql":
            return
        from sqlalchemy.dialects import postgresql

        from shepherd.store.shared_files import PREFIX, is_packed, packed

        where = shared.c.name == PREFIX + name
        before = self._connection.scalar(select(shared.c.document).where(where))
        if before is not None and is_packed(bytes(before), content):
            return
        new = {"document": packed(content, time_ns())}
        added = postgresql.insert(shared).values(name=PREFIX + name, **new)
        self._connection.execute(added.on_conflict_do_update(index_elements=["name"], set_=new))

    def _fetch(self, statement: Select[Any], **values: Any) -> list[JournalEntry]:
        if "kinds" in values:
            values["branches"] = self.names
        rows = self._connection.execute(statement, values)
        try:
            entries = [
                JournalEntry(kind, subject, known, who, why, at, run_id, seq, known.pop(chain.KEY, ""))
                for kind, subject, data, who, why, at, run_id, seq in rows
                for known in (msgspec.json.decode(data),)
            ]
        except (RecursionError, AttributeError):
            # no JSON object, or one of a depth that nobody writes: the database says what else to do
            raise msgspec.DecodeError("an entry of the journal is none") from None
        for entry in entries:
            if problem := problem_of(entry.kind, entry.data):
                raise entry.changed(problem)
        return entries


def _kept(text: str, server: bool) -> str:
    """A text as the database can keep it: PostgreSQL takes no NUL, which a git note may hold."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if server else text
