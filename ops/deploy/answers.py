"""What the agent may answer. A host may have fallen into the wrong hands: what it says is checked, and made
fit to be printed, before it is used (docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
from msgspec import Meta

from shepherd.printable import replaced

Version = Annotated[str, Meta(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){1,3}[0-9a-z+]{0,20}\Z")]
"""It becomes a part of our command lines."""
NoVersion = Annotated[str, Meta(pattern=r"^(?:[0-9]{1,3}(\.[0-9]{1,3}){1,3})?\Z")]
"""Empty where the host's C library does not say."""
LONGEST = 1200
"""Characters of one text."""


class Setup(TypedDict):
    made: list[str]


class LiveAnswer(TypedDict):
    kind: Literal["none", "release", "foreign", "dangling", "odd"]
    id: str
    link: str


class Released(TypedDict):
    """`shepherd.running.releases.Release`; what it was made of is only compared, or printed."""

    id: str
    standing: str
    bad: str
    bad_since: NotRequired[str]
    commit: NotRequired[Any]
    environment: NotRequired[Any]
    python: NotRequired[Any]
    machine: NotRequired[Any]
    ref: NotRequired[Any]
    by: NotRequired[Any]
    at: NotRequired[Any]


class Probe(TypedDict):
    python: tuple[Version, str]
    machine: str
    libc: tuple[str, NoVersion]
    system: str
    now: Annotated[float, Meta(ge=0, le=1e11)]
    free: Annotated[int, Meta(ge=0, le=2**60)]
    root: str
    set_up: bool
    settings: bool
    needs: NotRequired[dict[str, str]]
    live: LiveAnswer
    last_good: str
    releases: list[Released]
    wheels: dict[str, str]
    past: list[dict[str, Any]]
    bad_commit: NotRequired[str]


class HoldAnswer(TypedDict):
    held: bool


class WorksAnswer(TypedDict):
    works: bool
    why: str


class RollbackAnswer(TypedDict):
    target: str
    driver: str
    root: str


class ReleaseName(TypedDict):
    id: str


class SettingsThere(TypedDict):
    """Their text by lines: none may be longer than what is shown of it."""

    lines: list[str]
    sha256: str
    live: str
    last_good: str
    place: str


class Tried(TypedDict):
    why: str
    fails: list[str]
    new: list[str]


class Replaced(TypedDict):
    kept: str
    then: list[str]


class NoAnswerData(TypedDict):
    pass


ANSWERS: dict[str, Any] = {
    "setup": Setup,
    "probe": Probe,
    "hold": HoldAnswer,
    "take": NoAnswerData,
    "prepare": ReleaseName,
    "works": WorksAnswer,
    "back": RollbackAnswer,
    "mark": ReleaseName,
    "note": NoAnswerData,
    "settings": SettingsThere,
    "try_settings": Tried,
    "replace": Replaced,
}
"""By what is asked."""


def understood(do: str, text: str) -> dict[str, Any]:
    """The answer to a question, its texts made printable.

    Raises:
        ValueError: it is not a valid answer.
    """
    try:
        answer: dict[str, Any] = msgspec.json.decode(text, type=ANSWERS[do])
        return {key: _printable(value) for key, value in answer.items()}
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def printable(text: str) -> str:
    """Without anything that a terminal could take for a command; blanks stay where they are."""
    return replaced(text[:LONGEST], "?")


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, (list, tuple)):
        return [_printable(each) for each in value]
    if isinstance(value, dict):
        return {printable(str(key)): _printable(each) for key, each in value.items()}
    return value
