"""Why a notice did not arrive, in sentences (docs/notices.md#when-it-fails).

Nothing that a server sent gets into them, and no part of the address: either may hold a secret. Where to look
is said by the name of the table, and by the file that holds the address.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

from shepherd.errors import PARTLY, ShepherdError, UnsureError, WrongValueError
from shepherd.plans.telling import LATER
from shepherd.settings.model import NotifySettings, Settings
from shepherd.values import age

_NOT_DONE = frozenset({501, 503, 505})
"""Statuses of a server in trouble that say by themselves that nothing was done (RFC 9110, 15.6)."""

_ASKING_TO_WAIT = frozenset({429, 503})
"""Statuses whose Retry-After is obeyed (RFC 9110, 10.2.3; RFC 6585, 4)."""
_LATER = "; the next run tries again"
BEGINNING = 512
"""Bytes of an answer by which a page is known."""
_LONGEST_WAIT = 7 * 86_400.0


class NoticeError(ShepherdError):
    """It was certainly not delivered; the sentence says to which place, why, and what to do."""

    code = PARTLY


def not_delivered(place: NotifySettings, why: str, wait: float = 0.0) -> NoReturn:
    """Raises NoticeError.

    Args:
        wait: seconds that the place asks to be left alone.
    """
    error = NoticeError(f"notify {place.name}: {why}")
    if wait:
        error.learned = {"wait": round(wait)}
    raise error from None


def perhaps_delivered(place: NotifySettings, why: str) -> NoReturn:
    """Raises UnsureError."""
    raise UnsureError(
        f"notify {place.name}: {why}, so whether the message was taken is not known; the next run tells it"
        " again, marked"
    ) from None


def wrong(settings: Settings, place: NotifySettings, key: str, problem: str) -> WrongValueError:
    """An error about one of its keys."""
    return WrongValueError(problem, "notify", place.name, key, file=settings.file)


def answered(place: NotifySettings, file: str, status: int, wait: float = 0.0) -> NoReturn:
    """Raises NoticeError for a status outside of 2xx, or UnsureError where the message may have been taken
    all the same.

    Args:
        file: the one that holds the address.
        wait: seconds that the server asks to be left alone.
    """
    if status < 200 or (status >= 500 and status not in _NOT_DONE):
        perhaps_delivered(place, f"it answered {status}, which is trouble of its own")
    if status not in _ASKING_TO_WAIT:
        wait = 0.0
    not_delivered(place, f"it answered {status}: {_refusal(status, file, wait)}", wait)


def _refusal(status: int, file: str, wait: float) -> str:
    later = _LATER
    if wait:
        most = LATER.total_seconds()
        after = "that" if wait <= most else age(most)
        later = f", and asks to wait {age(wait)}; the next run after {after} tries again"
    match status:
        case 400 | 405 | 406 | 415 | 422:
            return f"it does not take such a message; is the address in {file} that of a place for messages?"
        case 401 | 403:
            return f"what {file} holds gives no right to write there; make a new address or token there"
        case 404 | 410:
            gone = "it is gone for good" if status == 410 else "there is no such place"
            return f"{gone}; make a new address there, and write it into {file}"
        case 407:
            return "the proxy wants other credentials (HTTPS_PROXY, HTTP_PROXY)" + _LATER
        case 408 | 425:
            return "it did not wait for the message" + _LATER
        case 413:
            return "it takes no message of this size" + _LATER
        case 429:
            return "too many messages" + later
        case _ if 300 <= status < 400:
            return f"it leads elsewhere, which is not followed; write its new address into {file}"
        case _ if status >= 500:
            return "it has trouble of its own" + later
        case _:
            return "it refuses the message" + _LATER


def wait_of(value: str) -> float:
    """Seconds that a Retry-After header asks to wait: a number, or a date; 0 where it says neither."""
    if match := re.match(r"\s*([0-9]{1,9})[0-9]*(?:\.[0-9]+)?\s*\Z", value, re.ASCII):
        return min(float(match[1]), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    return min(max(0.0, (until - datetime.now(UTC)).total_seconds()), _LONGEST_WAIT) if until.tzinfo else 0.0


def is_page(beginning: bytes) -> bool:
    """Whether an answer that calls itself HTML is a whole page, which no receiver of messages sends."""
    return beginning.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html"))


def page_came(place: NotifySettings, file: str) -> NoReturn:
    """Raises NoticeError: a page for people came in place of an answer.

    Args:
        file: the one that holds the address.
    """
    not_delivered(
        place,
        "it answered with a web page: a log-in page, or a proxy, stands before it; is the address in"
        f" {file} right?",
    )


def unreachable(error: Exception, file: str) -> str:
    """Why there was no connection."""
    match error:
        case TimeoutError():
            return f"no connection came about in time{_LATER}"
        case ssl.SSLCertVerificationError():
            return "it shows a certificate that cannot be verified (SSL_CERT_FILE names others)"
        case ssl.SSLError():
            return f"it does not speak TLS; is the address in {file} right?"
        case socket.gaierror() | UnicodeError():
            return f"it could not be found by that name; is the address in {file} right?"
        case ConnectionRefusedError():
            return f"it accepts no connection; does it run, and is the address in {file} right?"
        case _:
            return (
                f"it cannot be reached ({getattr(error, 'strerror', None) or type(error).__name__}){_LATER}"
            )


def unanswered(error: Exception) -> str:
    """Why no answer came to a message that was handed over."""
    match error:
        case TimeoutError():
            return "it did not answer in time"
        case http.client.IncompleteRead():
            return "it broke off in the middle of its answer"
        case http.client.RemoteDisconnected() | ConnectionError() | ssl.SSLError():
            return "it closed the connection without an answer"
        case http.client.HTTPException():
            return "its answer is not HTTP"
        case _:
            return f"the connection broke ({getattr(error, 'strerror', None) or type(error).__name__})"
