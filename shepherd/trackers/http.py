"""Sessions with a tracker over the network: one host; requests are counted, limited and tried again.

Every request goes through `HttpSession.send`, and fails in one sentence (failures.py).
"""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import Struct

from shepherd import holding, limits
from shepherd.errors import TrackerError
from shepherd.trackers import failures
from shepherd.values import age
from shepherd.words import Budget

_T = TypeVar("_T")

LIMIT = 30.0
"""Seconds that a server may keep silent."""
WHOLE = 120.0
"""Seconds that one request may take, from the connection to the last byte of the answer."""
PATIENCE = 90.0
"""Seconds that requests which failed, and the waits after them, may take together in one session."""
RESERVED = PATIENCE / 3
"""Of these, the seconds that requests which are one of many leave to the others."""
LARGEST = 64_000_000
"""Bytes of the largest answer that is taken, as it came and unpacked."""
TRIES = 6
"""Of one request: one poisonous item must not use up the patience of all."""
FIRST_WAIT = 0.5
"""Seconds; each further wait is twice as long."""
WRITE_EVERY = 1.0
"""Seconds from the start of one write to that of the next: GitHub asks for it ("Best practices for using the
REST API")."""
READS = ("GET", "HEAD")
"""Methods that change nothing."""
_RESTS: dict[tuple[str, str], tuple[float, str]] = {}
"""Scheme and host -> until when it asked for a rest that was too long to wait for, by the clock of a session,
and the sentence that says so: another session of this process would ask in vain, and make it worse."""
_WRITTEN: dict[tuple[str, str], float] = {}
"""Scheme and host -> when the last write to it started, by the clock of a session."""
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that another try may cure."""
_REFUSED_UNDONE = frozenset({425, 429})
"""Of those, the ones that say that nothing was done: tried again also where a repeat would do it twice."""


class Reply(Struct, frozen=True):
    """What the sentence about an answer needs of it; see client.Meant."""

    status: int
    headers: Mapping[str, str]
    """Names in small letters."""
    size: int = 0
    """Bytes of the body, as they came over the network."""
    why: str = ""
    """What a status from 400 on means here, in words that follow the tracker's name; see failures.refused."""


class RequestError(TrackerError):
    """One request came to nothing, after all tries."""

    def __init__(self, sentence: str, status: int = 0, *, sure: bool = True) -> None:
        super().__init__(sentence)
        self.status = status
        """0: there was no answer, or none that can be understood."""
        self.sure = sure
        """It certainly changed nothing; else it may have."""


class GarbledError(Exception):
    """An answer came, but is not what it should be; `str` says why.

    Args:
        passing: it broke on its way, and a second try within the minute may bring it whole. What leads
            elsewhere or shows a page for people says the same until somebody changes a setting, or logs in.
    """

    def __init__(self, why: str, *, passing: bool = False) -> None:
        super().__init__(why)
        self.passing = passing


class HttpSession:
    """One session with one tracker.

    Args:
        name: the tracker in sentences: "Launchpad".
        root: URL of its service; requests go to the same scheme, host and port, or nowhere.
    """

    def __init__(
        self,
        name: str,
        root: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.root = root
        self.requests = 0
        self.received = 0
        """Bytes."""
        self.now: datetime | None = None
        """The tracker's clock, by its first answer of this session."""
        self.budget: Budget | None = None
        """What its rate limit still had at the last answer that said so."""
        self._origin = _origin(root)
        self._left = PATIENCE
        self._left_of_many = PATIENCE - RESERVED
        """The same for requests that are one of many."""
        self._given_up = ""
        self._time = limits.share()
        """Seconds that all requests of the session may take together."""
        self._clock = clock
        self._sleep = sleep
        self._began = clock()

    @property
    def host(self) -> str:
        return self._origin[1]

    @property
    def over(self) -> bool:
        """Each further request would fail: patience or time is used up, or the tracker asked for a rest."""
        return bool(self._given_up)

    def check(self, url: str) -> None:
        """Raises RequestError if `url` leads elsewhere: a token is for one host only."""
        if _origin(url) != self._origin:
            raise RequestError(
                f"{self.name} at {self.host} refers to another host, which is not followed;"
                " is tracker.service_root right?"
            )

    def send(
        self,
        method: str,
        url: str,
        attempt: Callable[[], tuple[Reply, _T]],
        *,
        repeatable: bool | None = None,
        writes: bool | None = None,
        one_of_many: bool = False,
    ) -> _T:
        """What `attempt` answers, tried again while that may help and patience lasts.

        Args:
            attempt: sends the request once; raises GarbledError, OSError or HTTPException.
            repeatable: doing it twice is as good as once; by default what the method promises.
            writes: it changes something, so it waits its turn (WRITE_EVERY); by default what the method says.
            one_of_many: the reading goes on without it, so its failures leave some patience for the others.

        Raises:
            RequestError: it came to nothing.
        """
        self.check(url)
        self._check_rest()
        again = method in READS if repeatable is None else repeatable
        changes = method not in READS if writes is None else writes
        if changes:
            self._wait_to_write()
        what = f"{method} {urlsplit(url).path}"
        tries = 0
        while True:
            began, tries = self._clock(), tries + 1
            left = self._time - (began - self._began)
            if left <= 0:
                self._given_up = self._slow(began)
                raise RequestError(self._given_up)
            patience = min(self._left, self._left_of_many) if one_of_many else self._left
            if patience <= 0:
                raise RequestError(self._sentence(what, failures.not_asked(), 1))
            if changes:
                holding.confirm()
            self.requests += 1
            asked_wait = 0.0
            try:
                seconds = min(WHOLE, left, patience if one_of_many else WHOLE)
                seconds = holding.within(seconds) if changes else seconds
                with limits.limited(seconds, TimeoutError(), f"{self.name} at {self.host}"):
                    reply, answer = attempt()
            except GarbledError as why:
                failure = RequestError(self._sentence(what, str(why), tries), sure=again)
                passing = again and why.passing
            except (OSError, http.client.HTTPException) as error:
                unsent = failures.never_sent(error)
                sentence = self._sentence(what, failures.without_answer(error, LIMIT, WHOLE), tries)
                failure, passing = RequestError(sentence, sure=again or unsent), again or unsent
            else:
                self.received += reply.size
                self._note(reply.headers.get("date", ""))
                if reply.status < 400:
                    return answer
                asked_wait = _retry_after(reply.headers.get("retry-after", ""), self._clock_of_tracker())
                why_refused = reply.why or failures.refused(reply.status, asked_wait)
                undone = reply.status < 500
                failure = RequestError(
                    self._sentence(what, why_refused, tries), reply.status, sure=again or undone
                )
                passing = reply.status in (_PASSING if again else _REFUSED_UNDONE)
            # too many requests is no matter of the one that was told so
            for_all = not one_of_many or failure.status == 429
            self._spend(self._clock() - began, for_all)
            wait = max(asked_wait, _wait_after(tries))
            patience = self._left if for_all else min(self._left, self._left_of_many) - RESERVED
            in_vain = wait > min(patience, self._time - (self._clock() - self._began))
            if passing and in_vain and for_all:
                # a server in trouble is not helped by more requests
                self._given_up = str(failure)
                if asked_wait:
                    _RESTS[self._origin] = (self._clock() + asked_wait, self._given_up)
            if not passing or tries == TRIES or in_vain:
                raise failure from None
            self._spend(wait, for_all)
            self._sleep(wait)

    def _spend(self, seconds: float, for_all: bool) -> None:
        self._left -= seconds
        if not for_all:
            self._left_of_many -= seconds

    def _check_rest(self) -> None:
        """Raises RequestError if it is no use to ask now."""
        until, why = _RESTS.get(self._origin, (0.0, ""))
        if self._given_up or (why and self._clock() < until):
            raise RequestError(self._given_up or why)

    def _wait_to_write(self) -> None:
        now = self._clock()
        due = _WRITTEN.get(self._origin, now - WRITE_EVERY) + WRITE_EVERY
        wait = min(due - now, WRITE_EVERY)
        if wait > 0:
            self._sleep(wait)
        _WRITTEN[self._origin] = self._clock()

    def _note(self, date: str) -> None:
        now = _parsed(date) if self.now is None else None
        # further off there is perhaps no time before it or after it, which readings reckon with
        if now and 1970 <= now.year < 9000:
            self.now = now

    def _clock_of_tracker(self) -> datetime:
        return self.now or datetime.now(UTC)

    def _slow(self, now: float) -> str:
        took = f"{self.requests} requests took {age(now - self._began)}"
        return f"{self.name} at {self.host} is too slow: {took}; the next run tries again"

    def _sentence(self, what: str, why: str, tries: int) -> str:
        often = f", {tries} times" if tries > 1 else ""
        return f"{self.name} at {self.host} {why} ({what}{often})"


def _wait_after(tries: int) -> float:
    """Seconds; with jitter, so that many who failed at once do not come back at once."""
    jitter = random.uniform(0.5, 1.5)  # noqa: S311  # nobody has to be unable to guess it
    return FIRST_WAIT * 2.0 ** (tries - 1) * jitter


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return "", ""
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").lower()
    usual = {"http": 80, "https": 443}.get(scheme)
    return scheme, host if port in (None, usual) else f"{host}:{port}"


def _retry_after(value: str, now: datetime) -> float:
    """Seconds that a Retry-After header asks to wait: a number, or a date by the server's clock."""
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    until = _parsed(value)
    return max(0.0, (until - now).total_seconds()) if until else 0.0


def _parsed(date: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed if parsed.tzinfo else None
