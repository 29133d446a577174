"""Whose a landing is, who merged it, and who else wrote a part of it (docs/rules.md#person). Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

from shepherd.marks.forge import same_project
from shepherd.people import is_known, person_of, signs
from shepherd.settings.branch import PersonRule

Identity = tuple[str, str]
"""Name and address through `.mailmap`, as git prints them."""

FORGES = ("GitHub", "GitLab", "Gitea", "Forgejo", "Gerrit Code Review")
"""The names that forges give themselves where they commit or merge: nobody's."""
MOST_CO_AUTHORS = 20
"""Of one landing."""
_MERGED_BRANCH = re.compile(
    r"Merge (?:remote(?:-tracking)? )?branch '(?:origin/|upstream/)?([^']+)'"
    r"(?: of (\S+))?(?: into '?([^\s']+))?"
)


class Hands(NamedTuple):
    """Whom the commits of one landing name."""

    author: Identity
    committer: Identity
    second: tuple[Identity, ...] = ()
    """The author of the second parent's newest commit, if it has a second parent."""
    merged: tuple[Identity, ...] = ()
    """The authors of what it brought in, oldest first, without merges."""
    trailers: tuple[Identity, ...] = ()
    """Whom the messages name as co-authors."""


class Credit(NamedTuple):
    """Names that are fit to be shown; empty where there is nobody."""

    person: str = ""
    address: str = ""
    """Of the person; never published."""
    merged_by: str = ""
    co_authors: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def credit(hands: Hands, rule: PersonRule, robots: tuple[str, ...]) -> Credit:
    """Whose the landing is by the setting `person`, who merged it, and who else wrote a part of it.

    Remembered, because the same few people merge for each other again and again.
    """
    author = person_of([hands.author] if not hands.second else _not_forges([hands.author]), robots)
    alone = _alone(hands.merged, robots) if rule == "merged-author" else None
    merged_by = ""
    if alone:
        person, known = alone
        merger = person_of(_not_forges([hands.author]), robots)
        if merger != person and not signs(*merger) & known:
            merged_by = merger[0]
    else:
        committer = person_of(_not_forges([hands.committer]), robots) if rule == "committer" else ("", "")
        person = next(filter(any, (committer, author)), None) or person_of(hands.second, robots)
        known = signs(*person)
    writers = hands.merged if hands.second else (hands.author,)
    others = () if alone and not hands.trailers else _others(writers, hands.trailers, robots, known)
    return Credit(*person, merged_by, others)


def _not_forges(identities: Sequence[Identity]) -> list[Identity]:
    """Those that are not a forge by their name: a person's address may be `github@…`."""
    return [each for each in identities if each[0].strip() not in FORGES]


def merges_own_line(title: str, ref: str, project: str = "") -> bool:
    """Whether a merge says that it merged the mainline itself into something else, and not the other way
    round: what it brought in had landed before (a foxtrot merge).

    Args:
        project: the mainline's, if it is known: a branch `of URL` may be a fork's branch of the same name.
    """
    if not (title.startswith("Merge ") and (match := _MERGED_BRANCH.match(title))):
        return False
    name = ref.removeprefix("refs/heads/").removeprefix("refs/remotes/").removeprefix("origin/")
    branch, url, into = match.groups()
    if url and project:
        place = url.partition("://")[2].partition("/")[2] or url.partition(":")[2] or url
        if not same_project("/".join(place.strip("/").removesuffix(".git").split("/")[-2:]), project):
            return False
    return branch == name != into


def _alone(authors: Sequence[Identity], robots: Sequence[str]) -> tuple[Identity, frozenset[str]] | None:
    """The one person who wrote all that is not a robot's, as their newest commit names them, and the signs by
    which they are known; None if these are several people, or nobody, or one of them cannot be read."""
    people: list[Identity] = []
    for author in dict.fromkeys(authors[::-1]):
        person = person_of([author], robots)
        if any(person):
            people.append(person)
        elif not is_known(*author):
            return None
    if len(people) < 2:
        return (people[0], signs(*people[0])) if people else None
    known = _signs_of_first(people)
    return (people[0], known) if all(signs(*person) & known for person in people) else None


def _signs_of_first(people: Sequence[Identity]) -> frozenset[str]:
    """The signs of the first, and of all who share one with them, directly or through others."""
    bearers: defaultdict[str, list[Identity]] = defaultdict(list)
    for person in people:
        for sign in signs(*person):
            bearers[sign].append(person)
    known: set[str] = set()
    todo = list(signs(*people[0]))
    while todo:
        sign = todo.pop()
        known.add(sign)
        for person in bearers.pop(sign, ()):
            todo.extend(signs(*person))
    return frozenset(known)


def _others(
    writers: Sequence[Identity], trailers: Sequence[Identity], robots: Sequence[str], known: Collection[str]
) -> tuple[str, ...]:
    """The names of all but the one who is known by these signs, each person once, those with most commits
    first, then those whom only messages name."""
    names: list[str] = []
    known = set(known)
    ranked = [writer for writer, _ in Counter(writers).most_common()] if len(writers) > 1 else writers
    for identity in dict.fromkeys(_not_forges([*ranked, *trailers])):
        person = person_of([identity], robots)
        if person[0] and not signs(*person) & known and len(names) < MOST_CO_AUTHORS:
            names.append(person[0])
        known |= signs(*person)
    return tuple(names)
