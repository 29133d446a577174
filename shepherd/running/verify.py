"""`inv audit --verify`: is the journal as it was written? (docs/audit.md#the-chain)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from shepherd.errors import REFUSED, NoAnswerError, SettingsError
from shepherd.running.known_heads import known_heads, split
from shepherd.running.output import json_for_terminals, say
from shepherd.running.tasking import TaskOptions
from shepherd.sentence import Part, Sentence
from shepherd.settings import Settings
from shepherd.store import Database
from shepherd.store.chain_findings import ChainFinding, findings_of
from shepherd.store.chain_heads import HeadsCompared, KnownHead, compared
from shepherd.store.chain_reading import MOST, ChainReading, entries_of, read_chain
from shepherd.store.database import WrittenMeanwhileError
from shepherd.values import count, utc
from shepherd.views.terminal import wrap

_TRIES = 3


class ChainReport(Struct, frozen=True):
    """What one verification showed; `inv audit --verify --json`."""

    holds: bool
    entries: int
    last: int
    head: str
    """NUMBER:HASH of the last entry."""
    chained_since: int
    """The number of the first entry that names a hash; 0: none does yet."""
    unchained: int
    """How many after that name none: an older release wrote them."""
    known_heads: int
    """How many different heads lie around, or were given."""
    newest_known: str
    """NUMBER:HASH of the one that reaches furthest and is on the chain; empty: none."""
    findings: tuple[ChainFinding, ...]
    more_breaks: int
    """Breaks that were not looked at, since there are so many."""
    given_up: tuple[str, ...]
    """What is missing, and a person accepted that."""


def verify_journal(options: TaskOptions, *, head: str | None = None, json: bool = False) -> int:
    """Read the whole journal; exit code 8 where its chain does not hold.

    Args:
        head: one that was once seen, in log, page or mail.

    Raises:
        SettingsError: `head` is none. NoAnswerError: there is no journal. StoreError: it cannot be read.
    """
    asked: KnownHead | None = None
    if head is not None:
        try:
            number, text = split(head)
        except ValueError as error:
            raise SettingsError(f"--head: {error}") from None
        asked = KnownHead(text, number, None, "the --head given")
    settings = options.settings
    # before the journal is read: a run that goes on meanwhile names what is not there yet
    heads = known_heads(settings)
    if asked is not None:
        heads = [_as_recorded(asked, heads), *heads]
    reading = _read(settings, [each.hash for each in heads])
    if not reading.entries and not heads:
        raise NoAnswerError("the journal is empty, so nothing was read yet: inv find")
    findings = findings_of(reading, {each.hash: each.number for each in heads if each.number})
    outcome = compared(reading, heads, findings)
    report = _report(reading, heads, outcome, (*findings, *outcome.findings))
    if json:
        say(json_for_terminals(msgspec.json.format(msgspec.json.encode(report))))
    else:
        say("\n".join(_lines(report, reading, asked, outcome)))
    return 0 if report.holds else REFUSED


def _as_recorded(asked: KnownHead, heads: Sequence[KnownHead]) -> KnownHead:
    """With number and time from whatever else names the same hash."""
    same = next((each for each in heads if each.hash == asked.hash), None)
    if same is None or asked.number not in (0, same.number):
        return asked
    return KnownHead(asked.hash, same.number, same.at, asked.where)


def _read(settings: Settings, heads: Sequence[str]) -> ChainReading:
    """Read the journal in one transaction: a run that writes meanwhile is not in the way."""
    for left in reversed(range(_TRIES)):
        try:
            with Database.of(settings, read_only=True) as database, _one_state(database) as connection:
                return read_chain(partial(entries_of, connection), heads)
        except WrittenMeanwhileError:
            # SQLite, and nobody was at work when it began; by now somebody is, who keeps what is read apart
            if not left:
                raise
    raise AssertionError


@contextmanager
def _one_state(database: Database) -> Iterator[Connection]:
    """A connection that sees one state of the journal, whatever bytes are in it."""
    with database.begin() as connection:
        if database.engine_name == "sqlite":
            # the driver begins none to read, and refuses what is no UTF-8
            connection.exec_driver_sql("BEGIN")
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.text_factory = lambda content: content.decode(errors="surrogateescape")
        yield connection


def _report(
    reading: ChainReading,
    heads: Sequence[KnownHead],
    outcome: HeadsCompared,
    findings: Sequence[ChainFinding],
) -> ChainReport:
    newest = outcome.newest
    return ChainReport(
        holds=not findings,
        entries=reading.entries,
        last=reading.last,
        head=f"{reading.last}:{reading.head}",
        chained_since=reading.chained_since,
        unchained=reading.unchained,
        known_heads=len({each.hash for each in heads}),
        newest_known=f"{reading.places[newest.hash]}:{newest.hash}" if newest else "",
        findings=tuple(findings),
        more_breaks=reading.more_breaks,
        given_up=outcome.given_up,
    )


def _lines(
    report: ChainReport, reading: ChainReading, asked: KnownHead | None, outcome: HeadsCompared
) -> Iterator[str]:
    last = f", the last of {utc(reading.last_at)}" if reading.last_at else ""
    yield f"journal: {_entries(report.entries)}{last}"
    yield f"head: {report.head}"
    yield wrap(f"chain: {_since(reading)}", rest="  ")
    if report.unchained:
        behind = _entries(report.unchained)
        text = f"an older release wrote {behind} since, without a hash; the next that has one binds them"
        yield wrap(text, rest="  ")
    if outcome.newest is not None:
        place = reading.places[outcome.newest.hash]
        yield wrap(
            f"known heads: {outcome.holding}, in snapshots, report and log, are on the chain; the furthest is"
            f" that after entry {place}: all up to there is as it was then",
            rest="  ",
        )
    elif not report.findings:
        yield "known heads: none lies around, so nothing shows whether the end is all there"
    if asked is not None and asked.hash in reading.places:
        place = reading.places[asked.hash]
        yield wrap(
            f"the head given is that after entry {place}: all up to there is as it was then", rest="  "
        )
    for sentence in report.given_up:
        yield wrap(f"known loss: {sentence}", rest="  ")
    yield ""
    if report.holds:
        yield "The chain holds."
    else:
        places = count(len(report.findings), "place")
        yield f"THE CHAIN DOES NOT HOLD: {places}"
        for each in report.findings:
            yield wrap(each.text, "- ")
        if report.more_breaks:
            yield f"- and {report.more_breaks} breaks behind the first {MOST}, which were not told apart"
    yield ""
    yield from _unproved(reading, outcome)


def _since(reading: ChainReading) -> str:
    if not reading.chained_since:
        return "no entry names a hash yet; the next one that is written begins the chain"
    at = f" of {utc(reading.chained_at)}" if reading.chained_at else ""
    if reading.chained_since == 1:
        return f"from entry 1{at} on"
    return f"from entry {reading.chained_since}{at} on, which bound all before it as it was then"


def _unproved(reading: ChainReading, outcome: HeadsCompared) -> Iterator[str]:
    """What nobody should take this for."""
    yield "Not proved by this:"
    yield wrap(
        Sentence(
            "who can write to the database can write all of it again, with hashes that fit. Only a head that"
            " is kept where they cannot write shows that (a mail, a log on another host, an archived page): ",
            Part("command", "inv audit --verify --head NUMBER:HASH"),
        ),
        "- ",
    )
    if reading.chained_since > 1:
        yield wrap(
            f"what was done to the entries before {reading.chained_since} before that one was written", "- "
        )
    end = reading.places[outcome.newest.hash] if outcome.newest else 0
    if end < reading.last:
        yield wrap(f"that nothing is cut off behind entry {reading.last}: no known head says so", "- ")
    yield wrap("that what was written was true when it was written", "- ")


def _entries(number: int) -> str:
    return f"{number} entry" if number == 1 else f"{number} entries"
