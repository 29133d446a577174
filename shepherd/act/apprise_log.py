"""Why a message through apprise failed: it says no more than yes or no, and the rest stands in its log, with
addresses and what servers sent. We read that log and keep it from everybody else: nothing of it is printed or
written.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from shepherd.act.chat_answers import ChatAnswer
from shepherd.act.notice_failures import answered, not_delivered, perhaps_delivered
from shepherd.settings.model import NotifySettings

_NEVER_SENT = re.compile(
    "NewConnectionError|NameResolutionError|ConnectTimeoutError|SSLCertVerificationError"
    "|CERTIFICATE_VERIFY_FAILED|[Cc]onnection refused|Name or service not known"
    "|name resolution|No address associated"
)
"""In what requests, or a socket, says of a failure: no server can have seen the message."""
_NO_TLS = re.compile("WRONG_VERSION_NUMBER|RECORD_OVERFLOW|PACKET_LENGTH_TOO_LONG")
_CERTIFICATE = re.compile("CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError")
_NAME = re.compile("NameResolutionError|Name or service not known|name resolution|No address associated")
_BROKEN = re.compile(r"(?:Socket|SMTP|Connection)\S* Exception")
_SMTP = re.compile(r"\(([45][0-9]{2}), b")
"""A reply of a mail server, as Python shows it: it did not take the message (RFC 5321, 4.2.1)."""
_STATUS = re.compile(r"\berror[ =:]+([1-5][0-9]{2})\b")
_UNDERSTOOD = frozenset(range(200, 300))


class AppriseLog(logging.Handler):
    """What apprise logs, for as long as one message goes."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.warnings: list[str] = []
        self.details: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        kept = self.warnings if record.levelno >= logging.WARNING else self.details
        kept.append(record.getMessage())


@contextmanager
def listening() -> Iterator[AppriseLog]:
    """Nothing that apprise and what it uses log or warn of gets any further than here."""
    kept = AppriseLog()
    loggers = [logging.getLogger(name) for name in ("apprise", "urllib3", "requests", "charset_normalizer")]
    before = [(each.propagate, each.level, list(each.handlers)) for each in loggers]
    for each in loggers:
        each.propagate, each.handlers = False, [kept]
    loggers[0].setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield kept
    finally:
        for each, (each.propagate, level, each.handlers) in zip(loggers, before, strict=True):
            each.setLevel(level)


def explain(log: AppriseLog, place: NotifySettings, file: str, answers: Sequence[ChatAnswer]) -> NoReturn:
    """Raise what the log amounts to, where the message was not taken.

    Args:
        file: the one that holds the address, for sentences.
        answers: those that came by HTTP.

    Raises:
        NoticeError: it was certainly not taken. UnsureError: it may have been.
    """
    socket_errors = [line for line in log.details if _BROKEN.match(line)]
    if socket_errors:
        last = socket_errors[-1]
        if _CERTIFICATE.search(last):
            not_delivered(
                place, "it shows a certificate that cannot be verified (SSL_CERT_FILE names others)"
            )
        if _NO_TLS.search(last):
            not_delivered(place, f"it does not speak TLS; is the address in {file} right?")
        if _NAME.search(last):
            not_delivered(place, f"it could not be found by that name; is the address in {file} right?")
        if reply := _SMTP.search(last):
            again = "; the next run tries again" if reply[1][0] == "4" else f"; is what {file} holds right?"
            not_delivered(place, f"its mail server refuses the message with {reply[1]}{again}")
        if _NEVER_SENT.search(last):
            not_delivered(
                place, f"it accepts no connection; does it run, and is the address in {file} right?"
            )
        slow = "timed out" in last
        perhaps_delivered(
            place, "it did not answer in time" if slow else "it gave no answer that could be read"
        )
    statuses = [int(match[1]) for line in log.warnings if (match := _STATUS.search(line))]
    if statuses and statuses[-1] in _UNDERSTOOD:
        not_delivered(
            place,
            f"it answered, but not that it took the message; is what {file} holds right, with the name of the"
            " channel?",
        )
    if statuses:
        wait = answers[-1].wait if answers and answers[-1].status == statuses[-1] else 0.0
        answered(place, file, statuses[-1], wait)
    perhaps_delivered(place, "apprise says no more than that it failed")
