"""One root for every failure a person should read as one sentence: what is wrong, where, what to do.

The exit codes are those of docs/interfaces.md#exit-codes; a traceback is left for bugs.
"""

from __future__ import annotations

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
    """The exit code that counts for several stages, branches or tasks (docs/interfaces.md#commands); 0 for
    none at all.

    A code that is none of ours, as pytest has, is the worst.
    """
    return min(codes, key=lambda code: _WORST_FIRST.index(code) if code in _WORST_FIRST else -1, default=0)


class ShepherdError(Exception):
    """Root of all errors that are meant for people; `code` is the exit code of the command."""

    code = UNEXPECTED


class SettingsError(ShepherdError):
    """Settings or a value given on the command line are wrong, or the caller is not the owner."""

    code = WRONG_VALUE


class SourceError(ShepherdError):
    """A change source (git repository, production's revision) could not be read."""

    code = NO_DATA


class TrackerError(ShepherdError):
    """The tracker as a whole could not be read. One unreadable bug is no error but a word: unknown."""

    code = NO_DATA
    requests = 0
    """How many requests over the network it took to find out; for the log."""


class StoreError(ShepherdError):
    """The tagger's database could not be opened, read or written."""


class NoAnswerError(ShepherdError):
    """There is nothing to answer from yet, or what there is may not be used."""

    code = NO_DATA


class UnsureError(ShepherdError):
    """Whether an act took effect is not known; the next run finds out by looking."""


class PartlyError(ShepherdError):
    """Some of it was done; what is left, the next run tries again."""

    code = PARTLY


class RefusedError(ShepherdError):
    """The revision is not deployable, or the step would go backwards."""

    code = REFUSED
