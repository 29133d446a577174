"""What a check gets and returns, and how its findings are printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from shepherd.errors import ShepherdError
from shepherd.settings import Settings
from shepherd.values import iso
from shepherd.views.terminal import wrap

OFFLINE = "not asked (--offline)"


class CheckContext(Struct, frozen=True):
    """What every check may look at."""

    settings: Settings
    now: datetime
    offline: bool = False


class Finding(Struct, frozen=True):
    """What one check says."""

    level: Literal["ok", "warn", "fail"]
    name: str
    what: str
    """One sentence without its full stop."""
    remedy: str = ""
    """What to do; empty where nothing is to be done, or `what` says it."""
    wrong: bool = False
    """Settings are wrong, or we are not the owner: nothing else would work either."""


Check = Callable[[CheckContext], Iterable[Finding]]


def ok(name: str, what: str) -> Finding:
    return Finding("ok", name, what)


def warn(name: str, what: str, remedy: str = "") -> Finding:
    return Finding("warn", name, what, remedy)


def fail(name: str, what: str, remedy: str = "") -> Finding:
    return Finding("fail", name, what, remedy)


def contained(name: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of a check; if it breaks, one finding that says so."""
    try:
        yield from look()
    except ShepherdError as error:
        yield fail(name, str(error))
    except OSError as error:
        yield fail(name, f"{error.filename or name}: {error.strerror or error}", "can you read it?")
    except Exception as error:  # one broken check must not hide the others
        yield fail(name, f"the check itself broke ({error!r})", "a bug of the shepherd: report it")


def as_line(finding: Finding) -> str:
    """`ok|warn|fail  name: what; remedy`, at most 80 columns wide."""
    sentence = f"{finding.what}; {finding.remedy}" if finding.remedy else finding.what
    return wrap(f"{finding.name}: {sentence}", f"{finding.level:<4}  ")


def as_json(findings: list[Finding], now: datetime, offline: bool, code: int) -> str:
    """All findings as JSON, for programs."""
    document = {
        "at": iso(now),
        "offline": offline,
        "exit": code,
        "checks": [
            {"level": each.level, "name": each.name, "what": each.what, "remedy": each.remedy}
            for each in findings
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
