"""Who of those who land and merge is a program, so that `inv init` can propose the key `robots`
(docs/settings.md, docs/rules.md#person).

A program is known by its name, by its share (it makes many of the landings, all of them merges, and nothing
that was brought in), by its titles (each rolls or bumps something; or many are the same, and its name ends in
"bot"), or by committing for others and writing
nothing. A person who merges most of a project writes something now and then, or merges with a button of the
forge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from shepherd.git.credit import FORGES
from shepherd.git.repository import Git
from shepherd.marks.text import clean
from shepherd.people import MALFORMED, matches, person_of
from shepherd.running.init.sample import Identity, SampledCommit, SampledLanding, read_sample
from shepherd.running.init.survey import Mainline

USUAL = ("*[bot]", "Launchpad Patch Queue Manager")
"""Patterns that are always proposed: the default of the key."""
MOST = 20
MANY = 10
"""Landings or commits that one must have made to be judged by what they are like."""
SHARE = 0.3
"""Of all merges, or of all commits: what one must have made to be taken for a program by that alone."""
_LONGEST = 100

_KNOWN = frozenset(
    """automerge autoroll bors buildbot cibot circleci commitbot commitqueue copybara dependabot
    gerritcodereview github githubactions githubmergequeue gitlabbot greenkeeper homu hostedweblate jenkins
    launchpadpqm lucicq margebot mergequeue mergify opendevproxy openstackproposalbot pqm precommitci pyupbot
    renovate renovatebot snykbot tarmac translatewiki travisci weblate zuul""".split()  # noqa: SIM905  # a long list
)
"""Names of well-known programs, small letters and digits alone."""
_PROGRAM_WORDS = frozenset(
    """auto automation build ci commit deploy docs github gitlab import jenkins merge proposal queue release
    roll security sync test tools translation update version""".split()  # noqa: SIM905  # likewise
)
"""Words that make a bot's name one of a program: Bot is a family name, too."""
_BY_PUSHING_A_BUTTON = frozenset({"noreply@github.com", "noreply@gitlab.com"})
"""Committers of what a person merges on the web page of a forge."""
_ROLLS = re.compile(
    r"(?:[a-z]+(?:\([^()]{0,40}\))?!?: )?(?:\[[^\[\]]{0,40}\] )*(?:"
    r"Roll(?:ing)? .{1,200}?(?: from .{1,200} to |\.\.|\([0-9]+ (?:commit|revision))"
    r"|Bump .{1,200} from .{1,200} to "
    r"|Update dependency |Update .{1,200} to v?[0-9]|Automatic(?:ally)? update|Auto-?roll|Manifest update)",
    re.IGNORECASE,
)


class Robot(Struct, frozen=True):
    """A program that is proposed for `robots`."""

    pattern: str
    why: str
    """What shows it, without any text of others: "author of 412 of the last 1,000 landings, all merges"."""


class _Work(Struct):
    """What one identity did in the sample."""

    landings: int = 0
    merges: int = 0
    """Of those landings."""
    buttons: int = 0
    """Of those merges, the ones that a forge committed."""
    brought: int = 0
    """Commits that landings brought in."""
    rolls: int = 0
    """Landings and commits whose title rolls or bumps something."""
    titles: dict[str, int] = {}
    """How often each title stands over what it wrote, merges aside."""
    committed: int = 0
    """Landings and commits of others that it committed."""

    @property
    def written(self) -> int:
        return self.landings + self.brought


def proposed(git: Git, line: Mainline) -> tuple[str, ...]:
    """Return patterns of the programs that landed something lately, without USUAL. Raises SourceError."""
    return tuple(robot.pattern for robot in robots_in(read_sample(git, line.tip.id)))


def robots_in(sample: Sequence[SampledLanding]) -> tuple[Robot, ...]:
    """Return the programs among the authors and committers of the sample, the busiest first, at most MOST."""
    works, served = _counted(sample)
    everybody = {identity for identity in works if person_of([identity], USUAL) != ("", "")}
    merges = sum(landing.commit.is_merge for landing in sample)
    commits = sum(1 + len(landing.brought) for landing in sample)
    found: dict[Identity, str] = {}
    for identity in everybody:
        work = works[identity]
        if why := _why(identity, work, len(sample), merges, commits, len(served.get(identity, ()))):
            found[identity] = why
    busiest = sorted(found, key=lambda each: (-works[each].written, -works[each].committed, each))
    people = everybody - found.keys()
    robots: dict[str, str] = {}
    for identity in busiest:
        if pattern := _pattern(identity, people):
            robots.setdefault(pattern, found[identity])
    return tuple(Robot(pattern, why) for pattern, why in list(robots.items())[:MOST])


def _counted(sample: Sequence[SampledLanding]) -> tuple[dict[Identity, _Work], dict[Identity, set[Identity]]]:
    """What everybody did, and for whom each committed."""
    works: dict[Identity, _Work] = {}
    served: dict[Identity, set[Identity]] = {}

    def of(identity: Identity) -> _Work:
        return works.setdefault(identity, _Work())

    def note(commit: SampledCommit) -> _Work:
        if commit.committer != commit.author:
            of(commit.committer).committed += 1
            served.setdefault(commit.committer, set()).add(commit.author)
        work = of(commit.author)
        if not commit.is_merge:
            title = commit.subject[:_LONGEST]
            work.titles[title] = work.titles.get(title, 0) + 1
        work.rolls += bool(not commit.is_merge and _ROLLS.match(commit.subject[: _LONGEST * 4]))
        return work

    for landing in sample:
        work = note(landing.commit)
        work.landings += 1
        work.merges += landing.commit.is_merge
        work.buttons += (
            landing.commit.is_merge and landing.commit.committer[1].lower() in _BY_PUSHING_A_BUTTON
        )
        for commit in landing.brought:
            note(commit).brought += 1
    return works, served


def _why(identity: Identity, work: _Work, landings: int, merges: int, commits: int, served: int) -> str:
    """What shows that this is a program; empty: nothing does."""
    of = f"the last {landings:,} landings"
    only_merges = work.landings == work.merges and not work.brought
    if _is_known(identity):
        if work.written:
            return f"the name of a program; author of {_count(work.landings)} of {of}" + (
                f", {work.brought:,} commits brought in" if work.brought else ""
            )
        # a forge that commits what people merge is nobody anyway (docs/rules.md#person)
        if work.committed < MANY or identity[0] in FORGES or identity[1].lower() in _BY_PUSHING_A_BUTTON:
            return ""
        return f"the name of a program; committer of {work.committed:,} commits in {of}, author of none"
    if only_merges and work.merges >= max(MANY, SHARE * merges) and not work.buttons:
        return f"author of {work.landings:,} of {of}, all of them merges, and of nothing that was merged"
    if work.rolls >= MANY and work.rolls == work.written:
        return f"author of {work.written:,} commits in {of}, each of which rolls or bumps something"
    same = max(work.titles.values(), default=0)
    if same >= MANY and clean(identity[0]).lower().endswith("bot"):
        return f"author of {work.written:,} commits in {of}, {same:,} of them with one title"
    if not work.written and served >= MANY // 2 and work.committed >= max(MANY, SHARE * commits):
        return f"committer of {work.committed:,} commits in {of} for {served:,} authors, author of none"
    return ""


def _count(number: int) -> str:
    return f"{number:,}" if number else "none"


def _is_known(identity: Identity) -> bool:
    """Whether the name is that of a program: a well-known one, `x-bot`, `CI Bot`, but not `Jan Bot`."""
    name, address = clean(identity[0])[:_LONGEST], identity[1][:_LONGEST].lower()
    words = re.findall(r"[a-z0-9]+", name.lower())
    if "".join(words) in _KNOWN or (not name and address.partition("@")[0] in _KNOWN):
        return True
    if not words:
        return False
    if "robot" in words or "autoroll" in words or "autoroller" in words:
        return True
    if "bot" not in words:
        return False
    one_word = len(name.split()) == 1 and len(words) > 1
    return one_word or any(word in _PROGRAM_WORDS for word in words)


def _pattern(identity: Identity, people: set[Identity]) -> str:
    """A pattern that matches this identity and none of the people; empty if there is no such thing."""
    for text in _texts(identity):
        # a `?` stands for one character, so that one in a name makes the pattern no wider than that
        pattern = text.replace("*", "?")
        if (
            len(text) <= _LONGEST
            and text.strip("?* ")
            and not any(
                matches((pattern,), other)
                for person in people
                for other in (*_texts(person), _local(person[1]))
            )
        ):
            return pattern
    return ""


def _texts(identity: Identity) -> Iterator[str]:
    """Name and address, as `people.person_of` compares them with patterns."""
    if identity == MALFORMED:
        return
    yield from filter(None, (clean(identity[0]), identity[1].strip()))


def _local(address: str) -> str:
    return address.strip().rpartition("@")[0] or address.strip()
