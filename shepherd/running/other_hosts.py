"""The hosts that share a database: which there are, when each last worked, and whether their settings say the
same (docs/running.md#two-hosts).

Each says so of itself when it takes the work lock; of its settings a digest for each part that answers, mails
and promotions depend on: of two hosts with different freezes the one that happens to work would decide.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from shepherd import __version__
from shepherd.running.log import now
from shepherd.settings import Settings
from shepherd.settings.model import is_url
from shepherd.store.postgresql import Session
from shepherd.values import clean, some, when

PREFIX = "host/"
FORGOTTEN = timedelta(days=30)
"""A host that has not worked for so long is no longer spoken of."""
COMPARED = ("branches", "timezone", "freeze", "tracker", "trackers", "mail", "people", "promote")
_OWN = (
    "credentials_file",
    "credentials_env",
    "password_file",
    "password_env",
    "path",
    "smtp",
    "login",
    "starttls",
)
"""Keys that may differ: where a host finds its secrets and its mail server."""


class HostWord(Struct, frozen=True):
    """What one host says of itself."""

    host: str
    at: datetime
    """When it last took the work lock, by its clock."""
    version: str = ""
    settings: dict[str, str] = {}
    """Part of the settings -> its digest."""


def present_host(settings: Settings, session: Session) -> None:
    """Let the others know of this host. Only for the holder of the work lock. Raises StoreError."""
    word = HostWord(socket.gethostname(), now(), __version__, digests(settings))
    session.tell(PREFIX + word.host, msgspec.json.encode(word))


def other_hosts(session: Session) -> list[HostWord]:
    """Those that worked lately, the one that did so last first; what cannot be read is left out, since a
    host says it again each time it works. Raises StoreError: the server cannot be asked."""
    words = []
    for document in session.told(PREFIX).values():
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            words.append(msgspec.json.decode(document, type=HostWord))
    known = [word for word in words if word.host != socket.gethostname() and now() - word.at < FORGOTTEN]
    return sorted(known, key=lambda word: word.at, reverse=True)


def differences(settings: Settings, word: HostWord) -> list[str]:
    """The parts of the settings in which another host's differ, as far as both releases know them."""
    own = digests(settings)
    return [part for part, digest in own.items() if word.settings.get(part, digest) != digest]


def difference_words(settings: Settings, word: HostWord) -> str:
    """What is said of them; empty where the settings say the same."""
    parts = differences(settings, word)
    if not parts:
        return ""
    host = clean(word.host, 60)
    what = some(parts, len(COMPARED))
    return (
        f"{host}, which uses the same database, has other settings than this host in {what}: what is"
        " answered, frozen and mailed depends on which of the two works; copy"
        f" {settings.file.name} from one to the other"
    )


def warn_of_differences(
    settings: Settings,
    session: Session,
    is_first: Callable[[str, str], bool],
    warn: Callable[[str, str], None],
) -> None:
    """Say which hosts have other settings, once a day.

    Args:
        is_first: see `refusals.is_first`; warn: is given the host and the sentence.
    """
    for word in other_hosts(session):
        sentence = difference_words(settings, word)
        if sentence and is_first(f"settings of {word.host}", f"{now():%Y-%m-%d} {sentence}"):
            warn(word.host, sentence)


def host_words(word: HostWord, at: datetime) -> str:
    """`qa2, last at work 2026-11-30 10:15 UTC (3 minutes ago), with QA Shepherd 0.7`."""
    version = f", with QA Shepherd {clean(word.version, 40)}" if word.version != __version__ else ""
    return f"{clean(word.host, 60)}, last at work {when(word.at, at)}{version}"


def digests(settings: Settings) -> dict[str, str]:
    """Part of the settings -> a digest of what it says."""
    parts = {name: _neutral(getattr(settings, name)) for name in COMPARED if hasattr(settings, name)}
    return {
        name: hashlib.sha256(msgspec.json.encode(part, order="sorted", enc_hook=str)).hexdigest()[:12]
        for name, part in parts.items()
    }


def _neutral(part: Any) -> Any:
    """Without what each host has of its own: its secrets, and where it has a repository or a file."""
    if isinstance(part, Struct):
        part = {name: getattr(part, name) for name in part.__struct_fields__}
    if isinstance(part, dict):
        return {
            str(key): _neutral(each)
            for key, each in part.items()
            if key not in _OWN and not (key == "repository" and not is_url(str(each)))
        }
    if isinstance(part, (list, tuple)):
        return [_neutral(each) for each in part]
    return part
