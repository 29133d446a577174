"""A notice as a webhook: one POST of JSON over a connection of its own, signed as Standard Webhooks says
(docs/notices.md#webhook).

The standard library's client has all that one request needs, so that a webhook asks for no extra; and it says
when the connection is there, which parts what certainly was not sent from what may have arrived.
"""

from __future__ import annotations

import hmac
import http.client
import ssl
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from shepherd import holding, limits
from shepherd.act.notice_failures import (
    BEGINNING,
    answered,
    is_page,
    not_delivered,
    page_came,
    perhaps_delivered,
    unanswered,
    unreachable,
    wait_of,
)
from shepherd.plans.notice_layout import document_of
from shepherd.plans.notices import Notice
from shepherd.proxies import proxy_for
from shepherd.settings.model import NotifySettings
from shepherd.urls import is_loopback

CONNECTING = 10.0
"""Seconds until there is a connection, with TLS."""
ANSWERING = 15.0
"""Seconds from then on until the status is there: also of a server that sends a byte now and then."""
LOOKING = 2.0
"""Seconds to look whether a page for people came in place of an answer."""
PREFIX = "whsec_"
SECRET_BYTES = (24, 64)
"""At least and at most (Standard Webhooks, "Signature scheme")."""


class AddressError(ValueError):
    """What stands in a file is no address that a message can go to; `str` says what it should be."""


def keys_of(secret: str) -> list[bytes]:
    """The keys that a message is signed by: one, or for a while two, a blank between them.

    Raises:
        ValueError: it is not such a secret. What it is is not said.
    """
    keys = []
    for each in secret.split(" "):
        encoded = each.removeprefix(PREFIX)
        try:
            key = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except Base64Error:
            raise ValueError from None
        if encoded == each or not SECRET_BYTES[0] <= len(key) <= SECRET_BYTES[1]:
            raise ValueError
        keys.append(key)
    return keys


def signature(key: bytes, identity: str, timestamp: int, body: bytes) -> str:
    """One part of the header webhook-signature."""
    signed = f"{identity}.{timestamp}.".encode() + body
    return f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def parts_of(url: str) -> SplitResult:
    """The parts of the address of a webhook.

    Raises:
        AddressError: nothing may be sent there.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or " " in url or not url.isascii():
        raise AddressError("does not hold an address such as https://example.org/hooks/qa")
    if parts.scheme.lower() == "http" and not is_loopback(host):
        raise AddressError(
            "holds an address of http://, by which everybody on the way could read and change messages: write"
            " https:// (http:// is for this machine alone)"
        )
    return parts


def post(notice: Notice, place: NotifySettings, parts: SplitResult, file: str, keys: Sequence[bytes]) -> None:
    """Hand it over.

    Args:
        file: the one that holds the address, for sentences.
        keys: it is signed by each; none: it is not signed.

    Raises:
        NoticeError: it was not taken. UnsureError: whether it was is not known.
    """
    now = datetime.now(UTC)
    body = msgspec.json.encode(document_of(notice, now))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "qa-shepherd",
        "webhook-id": notice.id,
        "webhook-timestamp": str(int(now.timestamp())),
    }
    if keys:
        stamp = int(headers["webhook-timestamp"])
        headers["webhook-signature"] = " ".join(signature(key, notice.id, stamp, body) for key in keys)
    if parts.username is not None:
        headers["Authorization"] = _basic(parts)
    connection = _connection_to(parts, place)
    try:
        with limits.limited(CONNECTING, TimeoutError(), f"notify {place.name}"):
            connection.connect()
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        connection.close()
        if str(error).startswith("Tunnel connection failed"):
            not_delivered(place, "the proxy that HTTPS_PROXY names lets nothing through to it")
        not_delivered(place, unreachable(error, file))
    try:
        _hand_over(connection, parts, body, headers, place, file)
    finally:
        connection.close()


def _hand_over(
    connection: http.client.HTTPConnection,
    parts: SplitResult,
    body: bytes,
    headers: dict[str, str],
    place: NotifySettings,
    file: str,
) -> None:
    # only now: it may have taken long to get there, and another host may work by now
    holding.confirm()
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    seconds = holding.within(ANSWERING)
    try:
        with limits.limited(seconds, TimeoutError(), f"notify {place.name}"):
            if connection.sock is not None:
                connection.sock.settimeout(seconds)
            connection.request("POST", target, body, headers)
            response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        perhaps_delivered(place, unanswered(error))
    if not 200 <= response.status < 300:
        answered(place, file, response.status, wait_of(response.getheader("retry-after", "")))
    if _is_page(connection, response):
        page_came(place, file)


def _is_page(connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> bool:
    """Whether a whole page came. What cannot be read is none: the status has said already that the message
    was taken."""
    if "html" not in (response.getheader("content-type") or "").lower():
        return False
    try:
        with limits.limited(LOOKING, TimeoutError()):
            if connection.sock is not None:
                connection.sock.settimeout(LOOKING)
            beginning = response.read(BEGINNING)
    except (OSError, http.client.HTTPException):
        return False
    return is_page(beginning)


def _connection_to(parts: SplitResult, place: NotifySettings) -> http.client.HTTPConnection:
    """Not connected yet. Raises NoticeError: the environment names a proxy that is not supported."""
    host = parts.hostname or ""
    if parts.scheme.lower() == "http":
        # to this machine itself, where no proxy stands in between
        return http.client.HTTPConnection(host, parts.port, timeout=CONNECTING)
    context = ssl.create_default_context()
    proxy = proxy_for(f"https://{host}:{parts.port or 443}")
    if not proxy:
        return http.client.HTTPSConnection(host, parts.port, timeout=CONNECTING, context=context)
    through = urlsplit(proxy)
    if through.scheme != "http" or not through.hostname:
        not_delivered(place, "HTTPS_PROXY or ALL_PROXY names no proxy whose URL begins with http://")
    connection = http.client.HTTPSConnection(
        through.hostname, through.port or 80, timeout=CONNECTING, context=context
    )
    identity = {"Proxy-Authorization": _basic(through)} if through.username is not None else {}
    connection.set_tunnel(host, parts.port or 443, identity)
    return connection


def _basic(parts: SplitResult) -> str:
    account = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(account.encode()).decode()}"
