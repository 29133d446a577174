"""The kinds of values in shepherd.toml, each with its constraint (docs/settings.md).

Numbers are bounded by msgspec's `Meta`. For the rest rules stand in the annotation: `checks` calls them with
every value but a default, and they raise WrongValueError with what was expected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from msgspec import Meta

from shepherd.errors import SettingsError, WrongValueError
from shepherd.freeze import once, weekly
from shepherd.urls import (
    check_http,
    check_publish_target,
    check_ref,
    check_repository,
    check_tag_pattern,
)
from shepherd.values import Duration, quoted

BRANCH_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")

_ADDRESS = r"[^\s<>@,;:\"]+@[^\s<>@,;:\"]+"
_NAME = re.compile(
    r'(?!(?:\s|\([^()]*\))*\.)(?:[^<>()\[\]:;@\\,"]|"(?:[^"\\<>]|\\[^<>])*"|\([^()<>\\"]*\))*(?<!\.)'
)
"""Of a mailbox: words, quoted ones, comments in brackets; Python reads none with a dot at its very edge,
even behind a comment."""
_PASSWORDS = {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
"""What libpq reads behind the ? of a URL that is a secret itself; passfile only names one."""
_LOGIN = r"[A-Za-z_][A-Za-z0-9_.-]*"
_V6 = r"\[[0-9A-Fa-f:.]+\]"
_SSH_HOST = rf"(?:{_LOGIN}@)?(?:{_V6}|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?::(?P<port>[0-9]{{1,5}}))?"
_MAIL_SERVER = rf"(?:{_V6}|[A-Za-z0-9._-]+):(?P<port>[0-9]{{1,5}})"


def is_postgresql(url: str) -> bool:
    """Whether this is the URL of a database on a server of PostgreSQL."""
    return url.startswith(("postgresql:", "postgresql+psycopg:"))


def decode(kind: type, value: object) -> object:
    """Return `value` as the one type of ours that a key can have, for msgspec: a duration."""
    if kind is not Duration or not isinstance(value, str):
        raise TypeError
    try:
        return Duration(value)
    except SettingsError as error:
        # msgspec adds the key to errors of its own and to these
        raise ValueError(str(error)) from None


def _expect(what: str, fits: str | Callable[[Any], object], repeat: bool = True) -> Callable[[Any], None]:
    """Return the rule that a value matches a pattern or passes a test.

    Args:
        repeat: the value in the message; not where it may hold a password.
    """
    test = partial(re.fullmatch, fits) if isinstance(fits, str) else fits

    def rule(value: object) -> None:
        if not test(value):
            raise WrongValueError(f"expected {what}" + (f", not {quoted(str(value))}" if repeat else ""))

    return rule


def _has_port(pattern: str) -> Callable[[str], bool]:
    def fits(place: str) -> bool:
        match = re.fullmatch(pattern, place)
        return match is not None and 0 < int(match["port"] or 22) < 65_536

    return fits


def _is_tag_text(text: str) -> bool:
    from shepherd.label_text import folded

    return bool(folded(text))


def _is_time_zone(name: str) -> bool:
    import zoneinfo

    try:
        return bool(zoneinfo.ZoneInfo(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _check_full_name(ref: str) -> None:
    # git itself would take `qa` for refs/notes/qa, and a branch `qa` holds no notes
    if not ref.startswith("refs/"):
        full = f"refs/{ref}" if ref.startswith("notes/") else f"refs/notes/{ref}"
        raise WrongValueError(f"expected the full name of a ref, {quoted(full)}, not {quoted(ref)}")


def _check_pattern(pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except (re.error, RecursionError, OverflowError) as error:
        raise WrongValueError(f"expected a regular expression: {error}") from None
    if not groups:
        raise WrongValueError(r'expected a group around the revision, as in "r(\\d+)"')


def has_no_password(url: str) -> bool:
    """Return whether the URL of a database holds none, in any of the ways in which libpq reads one."""
    from urllib.parse import unquote

    place, _, query = url.partition("?")
    keys = {unquote(part.partition("=")[0]) for part in query.split("&")}
    # a password that holds / or @ is cut short by those who read the URL, and shown by some
    return not re.search(r"://[^/@]*:.*@", place) and not keys & _PASSWORDS


def check_sender(sender: str) -> None:
    """Refuse what is not a mailbox as mails have it: what would end a name, or begin an address, stands in
    quotes (RFC 5322)."""
    match = re.fullmatch(rf"{_ADDRESS}|([^<>]*)<({_ADDRESS})>", sender)
    if not match or not sender.isprintable():
        raise WrongValueError(f'expected "Name <address>", not {quoted(sender)}')
    name, address = match.groups()
    if name and not _NAME.fullmatch(name):
        bare = re.sub(r'["\\]', "", name).strip()
        right = f'"{bare}" <{address}>'
        # as TOML has it, to be copied
        right = json.dumps(right, ensure_ascii=False) if "'" in right else f"'{right}'"
        raise WrongValueError(f"a name with , : ; @ or the like needs quotes of its own: sender = {right}")


_printable = _expect("a text without control characters", str.isprintable, repeat=False)

Branches = _expect("at least one table [branches.NAME]", bool, repeat=False)
BranchName = Annotated[
    str,
    _expect("small letters, digits, '.', '_' and '-' as a name", BRANCH_NAME.fullmatch, repeat=False),
    _expect("another name, since that is the page of all branches", "index".__ne__, repeat=False),
]
NoticeName = Annotated[
    str,
    _expect("small letters, digits, '.', '_' and '-' as a name", BRANCH_NAME.fullmatch, repeat=False),
]
TrackerName = Annotated[
    str,
    _expect("small letters, digits, '.', '_' and '-' as a name", BRANCH_NAME.fullmatch, repeat=False),
]
Ref = Annotated[str, check_ref]
TagPattern = Annotated[str, check_tag_pattern]
NotesRef = Annotated[Ref, _check_full_name]
Repository = Annotated[str, check_repository]
RevisionPattern = Annotated[str, _check_pattern]

FilePath = Annotated[
    str,
    _printable,
    _expect("a path written out, not one from a home directory (~)", lambda path: path[:1] != "~"),
]
IncludePatterns = Annotated[tuple[Annotated[FilePath, _expect("a path", bool)], ...], Meta(max_length=100)]
"""`*` and `?` in a path, relative to the settings file."""
PathForSsh = Annotated[FilePath, _expect("a path without blanks and quotes", r"[^\s'\"]*", repeat=False)]
Directory = Annotated[FilePath, _expect("a directory", bool)]
PathOnHost = Annotated[
    str,
    _expect("a plain path without blanks", r"(?!-)(?!(?:.*/)?\.\.(?:/.*)?\Z)[A-Za-z0-9_./+-]+"),
]

WebUrl = Annotated[str, check_http]
LandingUrl = Annotated[str, partial(check_http, placeholders=("{id}", "{revno}"))]
CompareUrl = Annotated[
    str,
    partial(check_http, placeholders=("{from}", "{to}")),
    _expect(
        "a URL with both {from} and {to} in it", lambda url: "{from}" in url and "{to}" in url, repeat=False
    ),
]
BugUrl = Annotated[str, partial(check_http, placeholders=("{bug}",))]
RequestUrl = Annotated[str, partial(check_http, placeholders=("{request}",))]
ServiceRoot = Annotated[WebUrl, _expect("a URL without ? and #", r"[^?#]*", repeat=False)]
PublishTarget = Annotated[str, check_publish_target]
DatabaseUrl = Annotated[
    str,
    _expect(
        'a URL of SQLite or PostgreSQL, as in "postgresql://shepherd@db.example.com/shepherd"',
        r"(?:sqlite(?:\+\w+)?|postgresql(?:\+psycopg)?)://.*",
        repeat=False,
    ),
    _printable,
    _expect(
        "a URL without a password: write that into the file of database_password_file",
        has_no_password,
        repeat=False,
    ),
    _expect(
        'several hosts as PostgreSQL has them, "postgresql://shepherd@db1:5432,db2:5432/shepherd"',
        lambda url: len(re.findall(r"[?&]host=", url)) < 2,
        repeat=False,
    ),
]

TagWord = Annotated[
    str, _expect("one of ok, bad, untestable, needstesting", "ok|bad|untestable|needstesting")
]
TagText = Annotated[str, _expect("the text of a tag", _is_tag_text)]
ItemText = Annotated[
    str,
    _expect(
        "a text without blanks around it", lambda text: text == text.strip() != "" and text.isprintable()
    ),
]
"""Of a status or a value of a field, as people see it."""
KeyProject = Annotated[
    str, _expect('the key of a project in capitals, as "ABC" is of ABC-123', r"[A-Z][A-Z0-9_]{0,99}")
]
BugStatus = Annotated[
    str,
    _expect('a status such as "Fix Committed"', lambda text: text.isprintable() and text == text.strip()),
]

TimeZone = Annotated[str, _expect("a time zone such as Europe/Berlin or UTC", _is_time_zone)]
TimeOfDay = Annotated[str, _expect('a time of day, as in "09:00"', "(?:[01][0-9]|2[0-3]):[0-5][0-9]")]
CronInterval = Annotated[
    Duration,
    _expect(
        "minutes that divide an hour, or hours that divide a day (5m, 2h)",
        lambda every: not every % 60 and not (3600 % every and (every % 3600 or 86_400 % every)),
    ),
]
Cap = Annotated[int, Meta(ge=1, le=1_000_000)]
_Pattern = Annotated[
    str, _printable, _expect("a text without blanks around it", lambda text: text == text.strip() != "")
]
CheckPattern = _Pattern
"""Of names of checks."""
_PathPattern = Annotated[
    _Pattern,
    _expect(
        'a pattern of whole paths in the repository, as in "database/schema/*"',
        lambda text: not {"", ".", ".."}.intersection(text.split("/")),
    ),
]
PathPatterns = Annotated[tuple[_PathPattern, ...], Meta(min_length=1)]
ComponentName = Annotated[
    str,
    _expect(
        "a name of up to 40 characters, without blanks around it (elsewhere is taken)",
        lambda name: (
            name == name.strip() != "" and name.isprintable() and len(name) <= 40 and name != "elsewhere"
        ),
    ),
]
ComponentPath = Annotated[
    _Pattern,
    _expect(
        'a folder or a file in the repository, as in "src/web/", without * and ?',
        lambda text: (
            not ({"", ".", ".."}.intersection(text.removesuffix("/").split("/")) or set("*?") & {*text})
        ),
    ),
]
ComponentPaths = Annotated[tuple[ComponentPath, ...], Meta(min_length=1)]
LimitMax = Annotated[int, Meta(ge=0, le=1000)]
ShortText = Annotated[str, _printable]
FreezeDays = Annotated[str, weekly]
FreezeDates = Annotated[str, once]
BackupsKept = Annotated[int, Meta(ge=1, le=1000)]
AtOnce = Annotated[int, Meta(ge=0, le=64)]
GraceDays = Annotated[int, Meta(ge=0, le=365)]

SshHost = Annotated[str, _expect('[USER@]HOST[:PORT], as in "qa1:22"', _has_port(_SSH_HOST))]
Login = Annotated[str, _expect("a login name", _LOGIN)]
Extra = Annotated[str, _expect('the name of an extra, as in "launchpad"', "[a-z][a-z0-9-]*")]
MailServer = Annotated[
    str, _expect('host and port, as in "localhost:25"', _has_port(_MAIL_SERVER), repeat=False)
]
Address = Annotated[str, _printable, _expect("a mail address", _ADDRESS)]
AddressIfAny = Annotated[str, _printable, _expect("a mail address", f"(?:{_ADDRESS})?")]
Sender = Annotated[str, check_sender]
