"""A notice to a chat, through apprise, which knows how to speak to each (docs/notices.md#chats).

apprise says no more than yes or no; why not stands in its log, with addresses and what servers sent. We read
that log and keep it from everybody else: nothing of it is printed or written.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from shepherd import holding, limits
from shepherd.act.notice_failures import answered, not_delivered, perhaps_delivered, wrong
from shepherd.plans.notice_text import lines_of, title_of
from shepherd.plans.notices import Notice
from shepherd.settings.model import NotifySettings, Settings
from shepherd.urls import is_loopback

if TYPE_CHECKING:
    from apprise import NotifyBase

WHOLE = 45.0
"""Seconds for one message, however many requests it takes."""
CONNECTING = 10.0
"""Seconds until there is a connection, unless the address says otherwise (?cto=)."""
SILENCE = 15.0
"""Seconds that a server may keep silent, unless it says otherwise (?rto=)."""
MEMORY = 256_000_000
"""Bytes that answers may take: apprise reads them whole, however large they are."""
INSTALL = ".venv/bin/pip install --require-hashes -r requirements/notify.txt"

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


class _Kept(logging.Handler):
    """What apprise logs, for as long as one message goes."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.warnings: list[str] = []
        self.details: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        kept = self.warnings if record.levelno >= logging.WARNING else self.details
        kept.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[_Kept]:
    """Nothing that apprise and what it uses log or warn of gets any further than here."""
    kept = _Kept()
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


@contextmanager
def _bounded() -> Iterator[None]:
    """Let nobody fill the memory of this machine: what needs more than MEMORY ends in a MemoryError."""
    import resource

    import psutil

    before = resource.getrlimit(resource.RLIMIT_AS)
    most = psutil.Process().memory_info().vms + MEMORY
    if before[0] not in (resource.RLIM_INFINITY, -1):
        most = min(most, before[0])
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def service_of(settings: Settings, place: NotifySettings, url: str) -> NotifyBase:
    """The service that an address belongs to; nothing is sent.

    Raises:
        SettingsError: apprise is not installed, or does not know such an address.
    """
    if find_spec("apprise") is None:
        raise wrong(settings, place, "url_file", f"a chat needs apprise, which is not installed: {INSTALL}")
    with _listening():
        from apprise import Apprise, AppriseAsset

        # nothing is kept on the disk; a server may not send the message elsewhere; and no picture is loaded
        # from a third party by everybody who reads it
        asset = AppriseAsset(
            app_id="QA Shepherd",
            app_desc="QA Shepherd",
            app_url="",
            image_url_mask="",
            image_url_logo="",
            image_path_mask=False,
            http_redirects=False,
            storage_mode="memory",
        )
        try:
            service = Apprise.instantiate(url, asset=asset)
        except Exception:  # of any kind, and its text may hold the address
            service = None
    if service is None:
        raise wrong(
            settings,
            place,
            "url_file",
            f"{settings.place(place.url_file)} does not hold an address that apprise knows, or what that"
            " service needs is not installed: https://appriseit.com/services/",
        )
    if not re.search(r"[?&]cto=", url):
        service.socket_connect_timeout = CONNECTING
    if not re.search(r"[?&]rto=", url):
        service.socket_read_timeout = SILENCE
    # that is for the next run; and its length is now the number of its channels
    service.retry = 0
    return service


def is_open(service: NotifyBase) -> bool:
    """Whether messages to another machine go unencrypted, or to anybody who answers, and need not."""
    needless = service.secure_protocol and service.protocol and not service.secure
    elsewhere = service.host and not is_loopback(service.host)
    return bool(elsewhere and (needless or not service.verify_certificate))


def send(notice: Notice, place: NotifySettings, service: NotifyBase, file: str) -> None:
    """Hand it over.

    Args:
        file: the one that holds the address, for sentences.

    Raises:
        NoticeError: it was not taken. UnsureError: whether it was is not known.
    """
    from apprise import NotifyFormat

    title, body = title_of(notice), lines_of(notice, service.body_maxlen)
    if service.title_maxlen > 0:
        title = title[: service.title_maxlen]
    else:
        body = f"{title}\n\n{lines_of(notice, max(1, service.body_maxlen - len(title) - 2))}"
        title = ""
    holding.confirm()
    taken, broken = False, ""
    with _listening() as log:
        try:
            with limits.limited(holding.within(WHOLE), TimeoutError(), f"notify {place.name}"), _bounded():
                taken = service.notify(
                    body=body,
                    title=title,
                    source_format=NotifyFormat.TEXT,
                    body_format=service.resolve_format(NotifyFormat.TEXT),
                )
        except TimeoutError:
            broken = "it did not answer in time"
        except MemoryError:
            broken = "its answer is too large"
        except Exception as error:  # of any kind, and its text may hold the address
            broken = f"apprise broke off ({type(error).__name__})"
    if taken:
        return
    if len(service) > 1:
        perhaps_delivered(place, f"one at least of its {len(service)} channels did not take the message")
    if broken:
        perhaps_delivered(place, broken)
    _explain(log, place, file)


def _explain(log: _Kept, place: NotifySettings, file: str) -> None:
    """Raises what the log of apprise amounts to."""
    socket_errors = [line for line in log.details if _BROKEN.match(line)]
    if socket_errors:
        last = socket_errors[-1]
        if _CERTIFICATE.search(last):
            not_delivered(
                place,
                "it shows a certificate that cannot be verified (REQUESTS_CA_BUNDLE names others)",
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
        answered(place, file, statuses[-1])
    perhaps_delivered(place, "apprise says no more than that it failed")
