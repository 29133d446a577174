"""One root for every failure that a person should read as one sentence: what is wrong, where, what to do.

The exit codes are those of docs/interfaces.md#exit-codes; a traceback is left for bugs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shepherd.commands import naming_branch

if TYPE_CHECKING:
    from shepherd.words import Budget

UNEXPECTED = 1
WRONG_VALUE = 2
MAINTENANCE = 3
BUSY = 4
NO_DATA = 5
DEADLINE = 6
PARTLY = 7
REFUSED = 8

_WORST_FIRST = (UNEXPECTED, WRONG_VALUE, NO_DATA, DEADLINE, PARTLY, REFUSED, MAINTENANCE, BUSY, 0)


def worst(codes: list[int]) -> int:
    """Return the exit code that counts for several stages, branches or tasks (docs/interfaces.md#commands);
    0 if there are none.

    A code that is not one of ours (pytest has some) is the worst.
    """
    return min(codes, key=lambda code: _WORST_FIRST.index(code) if code in _WORST_FIRST else -1, default=0)


class ShepherdError(Exception):
    """Root of all errors that are meant for people."""

    code = UNEXPECTED
    """The exit code of the command."""
    branch = ""
    """What `--branch` has to say in the commands that the sentence names; empty where that is clear."""
    learned: dict[str, int] | None = None
    """What the journal keeps, besides the sentence, of an act that failed by it."""

    def __str__(self) -> str:
        return naming_branch(super().__str__(), self.branch)


class SettingsError(ShepherdError):
    """Settings or a value given on the command line are wrong, or the caller is not the owner."""

    code = WRONG_VALUE


class WrongValueError(SettingsError):
    """A value in the settings that is not allowed.

    What refuses it knows only what was expected. Key and file are added on the way up, by what knows them.
    """

    def __init__(self, problem: str, *key: str, file: Path | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.key: tuple[str, ...] = key
        """The names of its tables and its own; `[0]` is a place in a list."""
        self.file = file

    def __str__(self) -> str:
        file = [str(self.file)] if self.file else []
        key = [dotted(self.key)] if self.key else []
        return ": ".join([*file, *key, self.problem])


def dotted(key: Sequence[str]) -> str:
    """Return a key as TOML writes it, safe to print: `branches.stable.ref`, `people."ann@example.org"`."""
    import json
    import re

    dotted = ""
    for part in key:
        if re.fullmatch(r"\[[0-9]+\]", part):
            dotted += part
            continue
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
        quoted = json.dumps(part[:80], ensure_ascii=not part.isprintable())
        dotted += ("." if dotted else "") + (part if bare else quoted)
    return dotted


class SourceError(ShepherdError):
    """A change source (git repository, production's revision) could not be read."""

    code = NO_DATA


class TrackerError(ShepherdError):
    """The tracker as a whole could not be read. One unreadable item is not an error: it is unknown."""

    code = NO_DATA
    table = "tracker"
    """Where its settings stand: "trackers.NAME" where that is another table (Settings.tracker_key)."""
    requests = 0
    """How many requests over the network it took to find out; for the log."""
    budget: Budget | None = None
    """What its rate limit still had; for the log and the metrics."""
    memory: bytes = b""
    """What the reading learned before it broke off, for the next one; empty: no more than the one before."""

    def __str__(self) -> str:
        import re

        keys = "project|service_root|type|path|words|credentials|login|keys|statuses|field"
        return re.sub(rf"(?<![\w.])tracker\.(?=(?:{keys})\b)", f"{self.table}.", super().__str__())


class StoreError(ShepherdError):
    """The tagger's database could not be opened, read or written."""


class LostLockError(StoreError):
    """Another host may work by now: this run ends (docs/running.md#two-hosts)."""


class NoAnswerError(ShepherdError):
    """There is nothing to answer from yet, or what there is may not be used."""

    code = NO_DATA


class UnsureError(ShepherdError):
    """Whether an act took effect is not known; the next run finds out by looking."""


class PartlyError(ShepherdError):
    """Some of it was done; the next run tries the rest again."""

    code = PARTLY


class RefusedError(ShepherdError):
    """The revision is not deployable, or the step would go backwards."""

    code = REFUSED
