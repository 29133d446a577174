"""The rows of tests/cases/tracker_faults.toml: what a tracker does wrong, and what must come of it. No server
is needed to read them."""

from __future__ import annotations

import tomllib

import msgspec
from msgspec import Struct

from tests.inv import ROOT

CASES = ROOT / "tests" / "cases" / "tracker_faults.toml"
NAMES = {
    "github": "GitHub",
    "gitlab": "GitLab",
    "gitea": "Gitea",
    "launchpad": "Launchpad",
    "jira": "Jira",
    "redmine": "Redmine",
}
_PROJECTS = {
    "github": "acme/shop",
    "gitlab": "acme/web/shop",
    "gitea": "acme/shop",
    "launchpad": "launchpad",
    "jira": "jira",
    "redmine": "redmine",
}
_ITEMS = {
    "github": "request #",
    "gitlab": "request !",
    "gitea": "request #",
    "launchpad": "bug ",
    "jira": "ABC-",
    "redmine": "bug ",
}


class Outcome(Struct, frozen=True):
    """What people get."""

    answer: str
    """"deploy r4", "deploy r2, r3 unknown", "no data"."""
    code: int
    """Of `inv find judge`, or what the case runs instead."""
    sentence: str
    """Of no data, or of the first landing that is not good, or the first problem about checks, or for what
    the newest candidate waits; after what the tagger says, if it runs too. HOST stands for the server,
    REQUEST for the request, TIME for when it began."""
    waits: int
    """Seconds that were waited because the tracker asked for it."""


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """One row; see the head of tests/cases/tracker_faults.toml."""

    section: str
    says: str
    trackers: tuple[str, ...]
    answer: str
    code: int = 0
    sentence: str = ""
    waits: int = 0
    what: int | str = ""
    on: str | dict[str, str] = ""
    times: int = 99
    headers: dict[str, str] = {}
    body: str | None = None
    world: str = ""
    tracker: str = ""
    branch: str = ""
    command: str = "find judge"
    note: str = ""

    def expected(self, tracker: str) -> Outcome:
        """What must come out, in the words of one tracker."""
        return Outcome(self.answer, self.code, in_words_of(tracker, self.sentence), self.waits)


def faults() -> list[Fault]:
    """The rows."""
    rows = tomllib.loads(CASES.read_text(encoding="utf-8"))["fault"]
    return msgspec.convert(rows, list[Fault])


def in_words_of(tracker: str, sentence: str, name: str = "") -> str:
    """A sentence with the project and the items of one tracker, and its name, or another one."""
    words = {"NAME": name or NAMES[tracker], "PROJECT": _PROJECTS[tracker], "ITEM": _ITEMS[tracker]}
    for word, ours in words.items():
        sentence = sentence.replace(word, ours)
    return sentence


def in_general(tracker: str, sentence: str) -> str:
    """The other way round: NAME, PROJECT and ITEM in place of what one tracker has."""
    words = {"NAME": NAMES[tracker], "PROJECT": _PROJECTS[tracker], "ITEM": _ITEMS[tracker]}
    if tracker in ("launchpad", "jira", "redmine"):
        # its project is called as it is, and a word of others
        del words["PROJECT"]
    for word, ours in words.items():
        sentence = sentence.replace(ours, word)
    return sentence
