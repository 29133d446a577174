"""Where settings point to: URLs that hold no secret, places of repositories, names of refs
(docs/settings.md).

A value that may hold a password is never repeated in a message.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shepherd.errors import WrongValueError
from shepherd.values import quoted

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_LOGIN_NEEDED = ("ssh", "git+ssh", "ssh+git")
_SCHEMES = (*_LOGIN_NEEDED, "https", "http", "git", "file", "rsync")
_NOT_IN_A_REF = re.compile(r"\.\.|@\{|[ :?*\[\\^~]")


def check_http(url: str, placeholders: tuple[str, ...] = ()) -> None:
    """Refuse what is not a URL of the web without user and password; with `placeholders` it has one of them.

    Raises:
        WrongValueError: it is not; so does each function here.
    """
    _check_printable(url)
    scheme = SCHEME.match(url)
    if not scheme or scheme[1].lower() not in ("http", "https"):
        raise WrongValueError("expected a URL that begins with http:// or https://")
    _check_address(url, login=False)
    present = re.findall(r"\{[^{}]*\}", url)
    for placeholder in present:
        if placeholder not in placeholders:
            allowed = f"only {' and '.join(placeholders)}" if placeholders else "nothing in braces"
            raise WrongValueError(f"expected {allowed}, not {quoted(placeholder)}")
    if placeholders and not present:
        raise WrongValueError(f"expected a URL with {' or '.join(placeholders)} in it")


def check_repository(place: str) -> None:
    """Refuse what is not a path, a URL that git or rsync knows, or `user@host:path`; a login name is for ssh
    only."""
    if not place:
        raise WrongValueError("expected a path or URL, not an empty text")
    _check_printable(place)
    if place.startswith(("-", "~")):
        raise WrongValueError(f"expected a path written out or a URL, not one that begins with {place[0]}")
    if scheme := SCHEME.match(place):
        if scheme[1].lower() not in _SCHEMES:
            raise WrongValueError(
                f"expected a path or a URL of {', '.join(_SCHEMES)}, not of {quoted(scheme[1])}"
            )
        _check_address(place, login=scheme[1].lower() in _LOGIN_NEEDED)
    elif re.match(r"[A-Za-z0-9]+::", place):
        raise WrongValueError("expected a path or a URL, not one of git's remote helpers (name::)")
    elif re.match(r"[^/:]+:[^/]*@", place):
        raise WrongValueError("expected user@host:path without a password")


def is_loopback(host: str) -> bool:
    """Return whether this names the machine itself; a V6 address has no brackets."""
    return bool(re.fullmatch(r"localhost|127(?:\.[0-9]{1,3}){3}|::1", host.lower()))


class Remote(NamedTuple):
    """Where rsync publishes to, as its command line takes it."""

    place: str
    host: str = ""
    """Empty: a path of this machine."""
    port: int = 0
    """0: the usual one."""
    daemon: bool = False
    """An rsync daemon, not ssh."""


def remote_of(target: str) -> Remote:
    """Return what a target of `report.publish`, which `check_publish_target` let pass, means to rsync."""
    from urllib.parse import urlsplit

    if scheme := SCHEME.match(target):
        parts = urlsplit(target)
        if scheme[1].lower() == "rsync":
            return Remote(target, parts.hostname or "", daemon=True)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        login = f"{parts.username}@" if parts.username else ""
        return Remote(f"{login}{host}:{parts.path}", parts.hostname or "", parts.port or 0)
    if match := re.match(r"(?:[^/@:]+@)?(\[[0-9A-Fa-f:.]+\]|[^/:\[\]]+):", target):
        return Remote(target, match[1].strip("[]"))
    return Remote(target)


def host_and_port(place: str) -> tuple[str, int]:
    """Return both of `HOST[:PORT]` or `[V6][:PORT]`, the address without brackets; 0: no port is named."""
    if match := re.fullmatch(r"(?:\[([^\]]*)\]|([^:]*))(?::([0-9]+))?", place):
        return match[1] or match[2] or "", int(match[3] or 0)
    # an IPv6 address without brackets: where it ends is where the text ends
    return place, 0


def check_publish_target(target: str) -> None:
    """Refuse what is not a path, `[user@]host:path`, or a URL that begins with ssh:// or rsync://."""
    check_repository(target)
    scheme = SCHEME.match(target)
    if scheme and scheme[1].lower() not in ("ssh", "rsync"):
        raise WrongValueError(f"expected a path, host:path, ssh:// or rsync://, not {quoted(scheme[1])}://")
    remote = remote_of(target)
    if remote.host.startswith("-"):
        raise WrongValueError("expected a host that does not begin with -")
    if remote.host and not remote.daemon and not remote.place.partition(":")[2]:
        raise WrongValueError("expected a directory after the host, as in web:/srv/www")


def check_ref(ref: str) -> None:
    """Refuse what is not a ref's name and nothing else: an option, a range, a place in history."""
    if not ref or ref.startswith("-") or not ref.isprintable() or _NOT_IN_A_REF.search(ref):
        raise WrongValueError(f'expected the name of a ref such as "main", not {quoted(ref)}')


def check_tag_pattern(pattern: str) -> None:
    """Refuse what cannot match the name of a tag, or names one alone (docs/settings.md#releases)."""
    if pattern.startswith("refs/"):
        raise WrongValueError(f"expected a pattern of what stands behind refs/tags/, not {quoted(pattern)}")
    try:
        check_ref("x" + re.sub(r"[*?]", "x", pattern))
    except WrongValueError:
        raise WrongValueError(f'expected a pattern of tags such as "v*", not {quoted(pattern)}') from None
    if not re.search(r"[*?]", pattern):
        problem = f'expected a pattern of tags such as "v*", not {quoted(pattern)}; one tag is a ref'
        raise WrongValueError(problem)


def _check_printable(text: str) -> None:
    if not text.isprintable() or text != text.strip():
        raise WrongValueError("expected a text without control characters and without blanks at its ends")


def _check_address(url: str, login: bool) -> None:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # asking raises ValueError for a port that is not a number
    except ValueError:
        raise WrongValueError("expected a URL; its host and port are not valid") from None
    if parts.password is not None or (parts.username is not None and not login):
        allowed = "without password" if login else "without user and password"
        raise WrongValueError(f"expected a URL {allowed}")
    if not parts.hostname and parts.scheme != "file":
        raise WrongValueError("expected a URL with a host")
    if (parts.username or parts.hostname or "").startswith("-"):
        raise WrongValueError("expected a URL whose host does not begin with -")
