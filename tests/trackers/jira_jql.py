"""The part of JQL that the shepherd and its tests speak, for the local Jira; anything else is refused with
400, as Jira refuses what it does not know (support.atlassian.com, "What is advanced search in Jira Cloud?").

An absolute date is one in the zone of the account that asks, to the minute; labels are compared in capitals
and small letters, statuses and keys without regard to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from tests.trackers.jira_issues import Issue

Test = Callable[["Issue"], bool]

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|>=|<=|!=|[=<>(),]|[^\s"\'=<>!(),]+)')
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_RESERVED = frozenset({"and", "or", "not", "in", "order", "by", "empty", "null", "is"})


class JqlError(Exception):
    """Refused with 400: one sentence, in Jira's words where they are known."""


class Site(Protocol):
    """What the query is put to."""

    def find(self, key: str) -> Issue | None:
        """The issue of that key, or of one that it had once, if the account may see it."""

    def has_project(self, key: str) -> bool: ...

    def has_status(self, name: str) -> bool: ...

    def field_of(self, name: str) -> str:
        """The id of a custom field; empty: there is none of that name."""


@dataclass
class Query:
    """One that was understood."""

    test: Test
    order: list[tuple[str, bool]]
    """Field, and whether the largest comes first."""
    bounded: bool
    warnings: list[str]
    """Of what does not exist, where that is no error."""


def query(jql: str, site: Site, now: datetime, zone: str, *, strict: bool = True) -> Query:
    """Raises JqlError.

    Args:
        strict: what names something that does not exist is an error.
    """
    return _Parser(_tokens(jql), site, now, ZoneInfo(zone), strict).whole()


def _tokens(jql: str) -> list[str]:
    found, at, text = [], 0, jql.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise JqlError(f"Error in the JQL Query: The character '{text[at]}' is not expected.")
        found.append(match[1])
        at = match.end()
    return found


class _Parser:
    def __init__(
        self, tokens: Sequence[str], site: Site, now: datetime, zone: ZoneInfo, strict: bool
    ) -> None:
        self._tokens = tokens
        self._at = 0
        self._site = site
        self._now = now
        self._zone = zone
        self._strict = strict
        self._warnings: list[str] = []

    def whole(self) -> Query:
        bounded = self._next() not in ("", "order")
        test = self._any() if bounded else lambda issue: True
        order: list[tuple[str, bool]] = []
        if self._next() == "order":
            self._take("order")
            self._take("by")
            order.append(self._ordered())
            while self._next() == ",":
                self._take(",")
                order.append(self._ordered())
        if self._next():
            raise JqlError(f"Error in the JQL Query: Expecting 'OR' or 'AND' but got '{self._next()}'.")
        return Query(test, order, bounded, self._warnings)

    def _next(self) -> str:
        """In small letters; empty: it is over."""
        return self._tokens[self._at].lower() if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        if not self._next() or (wanted and self._next() != wanted):
            raise JqlError(f"Error in the JQL Query: expecting {wanted or 'more'} but got '{self._next()}'.")
        self._at += 1
        return self._tokens[self._at - 1]

    def _any(self) -> Test:
        tests = [self._all()]
        while self._next() == "or":
            self._take()
            tests.append(self._all())
        return lambda issue: any(test(issue) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._next() == "and":
            self._take()
            tests.append(self._one())
        return lambda issue: all(test(issue) for test in tests)

    def _one(self) -> Test:
        if self._next() == "not":
            self._take()
            inner = self._one()
            return lambda issue: not inner(issue)
        if self._next() == "(":
            self._take()
            test = self._any()
            self._take(")")
            return test
        return self._clause()

    def _clause(self) -> Test:
        name = _unquoted(self._take()).lower()
        negated = self._next() in ("not", "!=")
        if self._next() == "not":
            self._take()
        sign = self._take().lower()
        if sign == "in":
            self._take("(")
            values = [self._value()]
            while self._next() == ",":
                self._take()
                values.append(self._value())
            self._take(")")
        elif sign in ("=", "!=", ">=", "<=", ">", "<"):
            values = [self._value()]
        else:
            raise JqlError(f"Error in the JQL Query: the operator '{sign}' is not known here.")
        test = self._meaning(name, sign, values)
        return (lambda issue: not test(issue)) if negated else test

    def _value(self) -> str:
        token = self._take()
        if token.lower() in _RESERVED:
            raise JqlError(f"Error in the JQL Query: '{token}' is a reserved JQL word.")
        if token in "(),=<>":
            raise JqlError(f"Error in the JQL Query: expecting a value but got '{token}'.")
        return _unquoted(token)

    def _ordered(self) -> tuple[str, bool]:
        name = _unquoted(self._take()).lower()
        if name not in ("key", "issuekey", "id", "updated", "created"):
            raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")
        descending = self._next() == "desc"
        if self._next() in ("asc", "desc"):
            self._take()
        return name, descending

    def _meaning(self, name: str, sign: str, values: list[str]) -> Test:
        if name in ("updated", "created"):
            if sign not in (">=", "<=", ">", "<"):
                raise JqlError(f"the operator '{sign}' is not known for '{name}' here")
            return self._compared(name, sign, self._date(name, values[0]))
        if sign in (">=", "<=", ">", "<"):
            raise JqlError(f"The operator '{sign}' is not supported by the '{name}' field.")
        match name:
            case "key" | "issuekey" | "issue" | "id":
                return self._keys(name, values)
            case "project":
                missing = [value for value in values if not self._site.has_project(value.upper())]
                self._missing("The value '%s' does not exist for the field 'project'.", missing)
                wanted = {value.upper() for value in values}
                return lambda issue: issue.project in wanted
            case "labels":
                labels = set(values)
                return lambda issue: bool(labels & set(issue.indexed_labels))
            case "status":
                missing = [value for value in values if not self._site.has_status(value)]
                self._missing("The value '%s' does not exist for the field 'status'.", missing)
                statuses = {value.lower() for value in values}
                return lambda issue: issue.indexed_status.lower() in statuses
            case _ if field := self._site.field_of(name):
                texts = {value.lower() for value in values}
                return lambda issue: bool(texts & set(_texts(issue.fields.get(field))))
        raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")

    def _keys(self, name: str, values: list[str]) -> Test:
        found = {value: self._site.find(value) for value in values}
        missing = [value for value, issue in found.items() if issue is None]
        for value in missing:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]+-\d+|\d+", value):
                raise JqlError(f"The issue key '{value}' for field '{name}' is invalid.")
        self._missing(f"An issue with key '%s' does not exist for field '{name}'.", missing)
        wanted = {issue.id for issue in found.values() if issue}
        return lambda issue: issue.id in wanted

    def _missing(self, sentence: str, values: list[str]) -> None:
        told = [sentence % value for value in values]
        if told and self._strict:
            raise JqlError("\n".join(told))
        self._warnings += told

    def _compared(self, name: str, sign: str, limit: datetime) -> Test:
        def test(issue: Issue) -> bool:
            moment = issue.indexed_at if name == "updated" else issue.created
            match sign:
                case ">=":
                    return moment >= limit
                case ">":
                    return moment > limit
                case "<=":
                    return moment <= limit
                case _:
                    return moment < limit

        return test

    def _date(self, name: str, text: str) -> datetime:
        if relative := re.fullmatch(r"([+-]?)(\d+)([mhdw])", text):
            step = timedelta(seconds=int(relative[2]) * _UNITS[relative[3]])
            return self._now - step if relative[1] == "-" else self._now + step
        for form in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
            try:
                return datetime.strptime(text, form).replace(tzinfo=self._zone)
            except ValueError:
                continue
        raise JqlError(
            f"Date value '{text}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm',"
            " 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token[:1] in "\"'" else token


def _texts(value: Any) -> list[str]:
    """Of a field's value, in small letters."""
    values = value if isinstance(value, list) else [value]
    return [str(each.get("value", "") if isinstance(each, dict) else each).lower() for each in values if each]
