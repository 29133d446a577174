"""What commit messages show: which grammars they use, and which forge or review tool wrote into them
(docs/rules.md#marks)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Literal, NamedTuple, TypeVar

from msgspec import Struct

from shepherd import marks
from shepherd.landing import Marks
from shepherd.running.init.sample import SampledLanding
from shepherd.settings import ALL_GRAMMARS, Grammar
from shepherd.settings.checks import is_forge_project, is_launchpad_project

LOOKED_AT = 200
"""Landings that show which conventions a team has today."""
BROUGHT = 20
"""Commits that are looked at of what one landing brought in."""
FEW = 2
"""Landings of the sample that are enough for a grammar; in a small sample 2 % of it are."""

Convention = Literal["", "github", "numbered", "gitlab", "launchpad", "gerrit", "phabricator", "gitea"]
"""Who wrote into a message; "numbered": a title with `(#12)`, as GitHub and others write it."""


class MessageEvidence(Struct, frozen=True):
    """What the newest messages have in common."""

    looked_at: int
    """Landings."""
    used: dict[Grammar, int]
    """How many of them say something in each grammar."""
    linked: int = 0
    """How many name the branch that they merged, or an issue that they close; read where nothing else is."""
    convention: Convention = ""
    """Empty: nothing that most of those agree about which show something."""
    count: int = 0
    """Landings that show it."""
    host: str = ""
    """The forge's, where most messages that name one name the same."""
    project: str = ""
    """The project on it, likewise."""

    @property
    def grammars(self) -> tuple[Grammar, ...]:
        """Those that more than a stray landing uses."""
        enough = max(1, min(FEW, round(self.looked_at * 0.02)))
        used = tuple(grammar for grammar in ALL_GRAMMARS if self.used[grammar] >= enough)
        return used or (("forge",) if self.linked >= enough else ())


_Text = TypeVar("_Text", bound=str)


class Sighting(NamedTuple):
    """What one message shows."""

    convention: Convention
    host: str = ""
    project: str = ""


_PATH = r"[A-Za-z0-9_.][A-Za-z0-9_./+-]{0,200}?"
_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]{0,100}(?::[0-9]{1,5})?"
_SIGHTS: tuple[tuple[str, Convention, str], ...] = (
    # the word that a message must have in small letters, what is seen, and how; the first that fits counts
    (
        "github.com/",
        "github",
        r"^(?:PR-URL|Pull[ -]Request(?:[ -]resolved)?|PR|GitHub-PR): <?https://(?P<host>github\.com)/"
        rf"(?P<project>{_PATH})/pull/[0-9]+",
    ),
    (
        "merge_requests/",
        "gitlab",
        rf"^(?:See merge request|Part-of:|MR:|Merge-Request:) <?https://(?P<host>{_HOST})/"
        rf"(?P<project>{_PATH})(?:/-)?/merge_requests/[0-9]+",
    ),
    ("see merge request", "gitlab", rf"^See merge request (?P<project>{_PATH})?![0-9]+[^\S\n]*$"),
    (
        "launchpad.net/~",
        "launchpad",
        r"^Merged from https://code\.(?P<host>launchpad\.net)/~[^/\s]{1,100}/(?:(?P<project>[a-z0-9][a-z0-9.+-]{0,100})/)?"
        r"[^\s]{0,200}\+merge/[0-9]+",
    ),
    (
        "reviewed-on:",
        "gitea",
        rf"^Reviewed-on: https?://(?P<host>{_HOST})/(?P<project>{_PATH})/pulls/[0-9]+",
    ),
    ("merge pull request '", "gitea", r"\AMerge pull request '[^\n]+' \([#!][0-9]+\) from \S"),
    ("reviewed-on:", "gerrit", rf"^Reviewed-on: https?://(?P<host>{_HOST})/"),
    (
        "differential revision:",
        "phabricator",
        rf"^Differential Revision: (?:\[?D[0-9]+|https?://(?P<host>{_HOST})/)",
    ),
    ("lp:", "launchpad", r"^[^\S\n]*LP: #[0-9]"),
    ("pull request #", "github", r"\AMerge pull request #[0-9]+ from \S"),
    ("merge", "github", r"\A(?:Auto merge of #[0-9]+ - |Merge #[0-9]+(?: #[0-9]+)*(?:\n|:|\Z))"),
    ("(#", "numbered", r"\A[^\n]*\(#[0-9]+\)\s*?(?:\n|\Z)"),
    ("change-id:", "gerrit", r"^Change-Id: I[0-9a-f]{40}\s*$"),
)
_COMPILED = tuple(
    (word, convention, re.compile(pattern, re.IGNORECASE | re.MULTILINE))
    for word, convention, pattern in _SIGHTS
)


def evidence(sample: Sequence[SampledLanding]) -> MessageEvidence:
    """Return what the newest landings of the sample show."""
    newest = sample[:LOOKED_AT]
    used = {grammar: sum(_uses(landing, grammar) for landing in newest) for grammar in ALL_GRAMMARS}
    linked = sum(_links(landing) for landing in newest)
    sightings = [seen for landing in newest if (seen := _sighting_of(landing))]
    counted = Counter(seen.convention for seen in sightings)
    convention = _majority(counted)
    count = counted[convention] if convention else 0
    if convention is None or count < max(min(FEW, len(newest)), len(newest) // 10):
        return MessageEvidence(len(newest), used, linked)
    alike = [seen for seen in sightings if seen.convention == convention]
    host = _majority(Counter(seen.host for seen in alike if seen.host))
    named = [seen.project for seen in alike if seen.project and seen.host in ("", host)]
    project = _majority(Counter(named), FEW) or ""
    return MessageEvidence(
        len(newest), used, linked, convention, count, host or "", _checked(convention, project)
    )


def _uses(landing: SampledLanding, grammar: Grammar) -> bool:
    """Whether the landing says something in the grammar, or what it brought in names a bug: more is not read
    of that."""
    if _says_something(marks.parse(landing.commit.message, (grammar,))):
        return True
    inside = (each.message for each in landing.brought[:BROUGHT])
    return grammar != "forge" and any(
        marks.parse(message, (grammar,)).bugs for message in inside if _may_name_a_bug(message)
    )


def _links(landing: SampledLanding) -> bool:
    said = marks.parse(landing.commit.message, ("forge",))
    return bool(said.branch or said.closes)


def _may_name_a_bug(message: str) -> bool:
    lower = message.lower()
    return "bug" in lower or "lp:" in lower


def _says_something(message: Marks) -> bool:
    return bool(
        message.bugs
        or message.requests
        or message.labels
        or message.rollback
        or message.rollback_ids
        or message.url
    )


def _sighting_of(landing: SampledLanding) -> Sighting | None:
    """What its own message shows, else what most of those show that it brought in."""
    if own := sighting(landing.commit.message):
        return own
    inside = map(sighting, (each.message for each in landing.brought[:BROUGHT]))
    counted = Counter(seen for seen in inside if seen)
    return counted.most_common(1)[0][0] if counted else None


def sighting(message: str) -> Sighting | None:
    """Return who wrote into a message, None if nothing shows it. Nothing of it is checked yet."""
    message = message.lstrip()
    lower = message.lower()
    for word, convention, pattern in _COMPILED:
        if word in lower and (match := pattern.search(message)):
            named = match.groupdict()
            return Sighting(convention, (named.get("host") or "").lower(), named.get("project") or "")
    return None


def _majority(counted: Counter[_Text], least: int = 1) -> _Text | None:
    """What more than half of them say, and at least so many; None if there is no such thing."""
    for value, count in islice(counted.most_common(), 1):
        if count >= least and 2 * count > sum(counted.values()):
            return value
    return None


def _checked(convention: Convention, project: str) -> str:
    """The project, if it can be one: anybody may write a message."""
    if convention == "launchpad":
        return project if is_launchpad_project(project) else ""
    kind = "github" if convention == "github" else "gitlab"
    return project if is_forge_project(kind, project) else ""


def alternatives(grammars: Iterable[Grammar]) -> str:
    """Return how the grammars that are not among these look, for people who might want one."""
    off = [f'"{name}": {_LOOKS[name]}' for name in ALL_GRAMMARS if name not in set(grammars)]
    return "; ".join(off)


_LOOKS: dict[Grammar, str] = {
    "brackets": "[bug=12][no-qa] Title",
    "footers": "LP: #12",
    "forge": "Title (#12), Merge pull request #12 from …, See merge request group/project!12",
    "trailers": "Bug: 12 and QA: ok, as trailers",
    "references": "Fixes #12, refs #12, Title (#12)",
}
