"""Where settings point to: URLs that hold no secret, places of repositories, names of refs
(docs/settings.md).

A value that may hold a password is never repeated in a message.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shepherd.values import quoted

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_LOGIN_NEEDED = ("ssh", "git+ssh", "ssh+git")
_PLACES = (*_LOGIN_NEEDED, "https", "http", "git", "file", "rsync")
_NOT_IN_A_REF = re.compile(r"\.\.|@\{|[ :?*\[\\^~]")


class WrongValueError(Exception):
    """A value that cannot be meant: the dotted key, and what was expected."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(f"{key}: {what}")


def http(key: str, url: str, one_of: tuple[str, ...] = ()) -> None:
    """`url` is empty, or of the web and without user or password; with `one_of`, it holds one of those."""
    if not url:
        return
    _no_control(key, url)
    scheme = URL.match(url)
    if not scheme or scheme[1].lower() not in ("http", "https"):
        raise WrongValueError(key, "a URL that begins with http:// or https:// expected")
    _no_secret(key, url, login=False)
    holders = re.findall(r"\{[^{}]*\}", url)
    for holder in holders:
        if holder not in one_of:
            allowed = f"only {' and '.join(one_of)}" if one_of else "nothing in braces"
            raise WrongValueError(key, f"{allowed} expected, not {quoted(holder)}")
    if one_of and not holders:
        raise WrongValueError(key, f"a URL with {' or '.join(one_of)} in it expected")


def location(key: str, place: str) -> None:
    """`place` is a path, a URL that git or rsync knows, or `user@host:path`; a login name only for ssh."""
    if not place:
        raise WrongValueError(key, "a path or URL expected, not an empty text")
    _no_control(key, place)
    if place.startswith(("-", "~")):
        raise WrongValueError(
            key, f"a path written out or a URL expected, not one that begins with {place[0]}"
        )
    if scheme := URL.match(place):
        if scheme[1].lower() not in _PLACES:
            raise WrongValueError(
                key, f"a path or a URL of {', '.join(_PLACES)} expected, not of {quoted(scheme[1])}"
            )
        _no_secret(key, place, login=scheme[1].lower() in _LOGIN_NEEDED)
    elif re.match(r"[A-Za-z0-9]+::", place):
        raise WrongValueError(key, "a path or a URL expected, not a transport of its own (name::)")
    elif re.match(r"[^/:]+:[^/]*@", place):
        raise WrongValueError(key, "a place without password expected")


class Remote(NamedTuple):
    """Where rsync publishes to, in its own words."""

    place: str
    host: str = ""
    """Empty: a path of this machine."""
    port: int = 0
    """0: the usual one."""
    daemon: bool = False
    """An rsync daemon, not ssh."""


def remote_of(target: str) -> Remote:
    """A target of `report.publish`, which `publish_target` found to be one."""
    from urllib.parse import urlsplit

    if scheme := URL.match(target):
        parts = urlsplit(target)
        if scheme[1].lower() == "rsync":
            return Remote(target, parts.hostname or "", daemon=True)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        login = f"{parts.username}@" if parts.username else ""
        return Remote(f"{login}{host}:{parts.path}", parts.hostname or "", parts.port or 0)
    if match := re.match(r"(?:[^/@:]+@)?(\[[0-9A-Fa-f:.]+\]|[^/:\[\]]+):", target):
        return Remote(target, match[1].strip("[]"))
    return Remote(target)


def publish_target(key: str, target: str) -> None:
    """`target` is a path, `[user@]host:path`, or a URL that begins with ssh:// or rsync://."""
    location(key, target)
    scheme = URL.match(target)
    if scheme and scheme[1].lower() not in ("ssh", "rsync"):
        raise WrongValueError(
            key, f"a path, host:path, ssh:// or rsync:// expected, not {quoted(scheme[1])}://"
        )
    remote = remote_of(target)
    if remote.host.startswith("-"):
        raise WrongValueError(key, "a host that is no option (-) expected")
    if remote.host and not remote.daemon and not remote.place.partition(":")[2]:
        raise WrongValueError(key, "a directory behind the host expected")


def check_ref(key: str, ref: str) -> None:
    """`ref` can be a ref's name and nothing else: no option, no range, no place in history."""
    if not ref or ref.startswith("-") or not ref.isprintable() or _NOT_IN_A_REF.search(ref):
        raise WrongValueError(key, f"the name of a ref expected, not {quoted(ref)}")


def _no_control(key: str, text: str) -> None:
    if not text.isprintable() or text != text.strip():
        raise WrongValueError(key, "a text without control characters or white space at its ends expected")


def _no_secret(key: str, url: str, login: bool) -> None:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # asking raises ValueError for a port that is none
    except ValueError:
        raise WrongValueError(key, "a URL expected; host and port are not right") from None
    if parts.password is not None or (parts.username is not None and not login):
        allowed = "without password" if login else "without user and password"
        raise WrongValueError(key, f"a URL {allowed} expected")
    if not parts.hostname and parts.scheme != "file":
        raise WrongValueError(key, "a URL with a host expected")
    if (parts.username or parts.hostname or "").startswith("-"):
        raise WrongValueError(key, "a URL whose host is no option (-) expected")
