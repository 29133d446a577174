"""Items, and the evidence on them that the rules judge by: what the tracker says now, and what the journal
recorded (docs/rules.md#what-people-say)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

Word = Literal["bad", "needstesting", "untestable", "ok"]
WORST_FIRST: tuple[Word, ...] = ("bad", "needstesting", "untestable", "ok")
GoodWord = Literal["ok", "untestable"]
GOOD_WORDS: tuple[Word, ...] = ("untestable", "ok")
"""Those that let a landing go to production."""
VerdictWord = Literal["ok", "bad", "untestable", "needstesting", "withdraw"]
State = Literal[
    "ok", "untestable", "testfix", "rollback", "exempt", "orphan", "needstesting", "unknown", "bad"
]
"""The QA states of a landing (docs/rules.md#state)."""
Item = str
"""A bug or a request by its name: "824435", "ABC-123" (Jira), "#12" (GitHub, Gitea), "!12" (GitLab).
A request keeps its project ("group/project!12") where the settings do not say whether that is ours."""


def is_request(item: Item) -> bool:
    """Whether it is a pull or merge request; every other item is a bug."""
    return "#" in item or "!" in item


def is_key(item: Item) -> bool:
    """Whether it is a bug that has a key, "ABC-123", and no number."""
    return "-" in item and not is_request(item)


def item_kind(item: Item, bug: str = "bug") -> str:
    """What stands before the name of an item in a sentence: "bug ", "request "; nothing before a key, since
    that is how people call it.

    Args:
        bug: what the tracker calls its bugs.
    """
    if is_request(item):
        return "request "
    return "" if is_key(item) else f"{bug} "


def item_name(item: Item, bug: str = "bug") -> str:
    """The item as messages call it: "bug 824435", "ABC-123", "request #12". For `bug` see `item_kind`."""
    return f"{item_kind(item, bug)}{item}"


NOT_KNOWN = "does not know, so it says nothing"
"""How the warning goes on about a status or a value that the settings do not name."""
_IN_ADDRESS = re.compile("[0-9]+|[A-Z][A-Z0-9_]*-[0-9]+")


def item_in_address(item: Item) -> str:
    """What addresses have of it: "824435", "ABC-123", "12" for "#12"; empty if this is no item."""
    bare = item.lstrip("#!")
    return bare if _IN_ADDRESS.fullmatch(bare) else ""


def item_order(item: Item) -> tuple[bool, str, int]:
    """Return the key to sort items by: bugs by number, then by key, then requests."""
    prefix = item.rstrip("0123456789")
    return is_request(item), prefix, int(item[len(prefix) :] or 0)


BugName = int | str
"""A bug as JSON has it: 824435, "ABC-123" (docs/interfaces.md#snapshot)."""


def bug_names(bugs: Iterable[Item]) -> tuple[BugName, ...]:
    """The bugs as JSON has them: numbers as numbers, keys as texts."""
    return tuple(int(bug) if bug.isdecimal() else bug for bug in bugs)


class ItemTags(Struct, frozen=True, gc=False):
    """The QA tags of one bug or the QA labels of one request, at one reading."""

    words: tuple[Word, ...] = ()
    """Worst first, without duplicates; usually none or one."""
    bad_commits: tuple[int, ...] = ()
    """Ascending N of `bad-commit-N`; always empty for requests."""
    unreadable: str = ""
    """Why the item could not be read; the words are empty then."""
    of_newest: bool | UnsetType = UNSET
    """True: a status or a field says that it is bad, and no label: its newest landing is meant
    (docs/rules.md#bad-by-status). Never False, so that what is kept of others stays as it was."""
    good_by: tuple[str, ...] | UnsetType = UNSET
    """By what each good word is said, "label ok", "status ok", where a status or a field may say words; never
    empty, for the same reason."""

    def with_words(self, words: tuple[Word, ...]) -> ItemTags:
        """The same item with other words."""
        of_newest = self.of_newest if "bad" in words else UNSET
        good_by = tuple(way for way in self.good_by or () if way.rpartition(" ")[2] in words)
        return ItemTags(words, self.bad_commits, of_newest=of_newest, good_by=good_by or UNSET)

    @property
    def ways(self) -> Collection[str]:
        """`good_by`, also where labels alone say words."""
        return self.good_by or [f"label {word}" for word in self.words if word in GOOD_WORDS]

    @property
    def word(self) -> Word | None:
        """The worst of its tags; None where it has none."""
        return self.words[0] if self.words else None


class ItemSaid(Struct, frozen=True, gc=False):
    """How people say on an item what its words are, where they do it by a status or a field."""

    texts: dict[str, str] = {}
    """Word -> what says it, to follow "is": `"QA passed"`, `"passed" in "QA result"`; "" -> a status that
    says nothing."""
    warnings: tuple[str, ...] = ()
    """Statuses and values that the settings do not know, a sentence each."""


NOTHING_SAID = ItemSaid()


class ItemDetails(Struct, frozen=True):
    """What else the tracker says of an item; shown, never judged."""

    title: str = ""
    """Empty for private ones."""
    status: str = ""


class Budget(Struct, frozen=True):
    """What a tracker's rate limit still had at its last answer."""

    name: str
    """Which of its limits; empty where it has one."""
    limit: int
    """Requests, or points, from one reset to the next."""
    left: int
    resets: int
    """Seconds since 1970, by the tracker's clock; 0: it does not say."""


class TrackerData(Struct, frozen=True):
    """What the tracker says now of the items asked for, and of others that have a bad-commit asked for."""

    items: dict[Item, ItemTags]
    about: dict[Item, ItemDetails] = {}
    speaks_of_requests: bool = False
    """False: requests cannot have labels here; they are settled by verdicts."""
    speaks_of_bugs: bool = True
    """False (tracker "none"): bugs have no tags; they are settled by verdicts."""
    named: dict[str, tuple[str, ...]] = {}
    """SHA -> the requests that brought the landing, as the forge confirmed or named them; of every landing
    that it was asked about (docs/rules.md#marks)."""
    doubts: dict[str, tuple[str, ...]] = {}
    """SHA -> warnings about the requests that its message names and the forge does not confirm."""
    unasked: dict[str, str] = {}
    """SHA -> why the forge could not say which request brought the landing, where nothing else says it:
    nothing is known of that landing (docs/rules.md#number-is-a-claim)."""
    unseen: frozenset[Item] = frozenset()
    """Items without words that were not looked into: they may have some that only others can see."""
    requests: int = 0
    """How many requests over the network the reading took; for the log."""
    received: int = 0
    """Bytes; for the log."""
    budget: Budget | None = None
    """For the log and the metrics; None: the tracker does not say."""
    memory: bytes = b""
    """What the tracker wants to get back at its next reading; opaque to everybody else."""
    said: dict[Item, ItemSaid] | UnsetType = UNSET
    """Of items of which people speak by a status or a field. UNSET where the settings name none: what is kept
    of such a reading stays as it was."""

    def said_of(self, item: Item) -> ItemSaid:
        """How people say on the item what its words are; empty where they do it by tags or labels."""
        return self.said.get(item, NOTHING_SAID) if self.said else NOTHING_SAID

    def speaks_of(self, item: Item) -> bool:
        """Whether such items can have tags or labels here."""
        return self.speaks_of_requests if is_request(item) else self.speaks_of_bugs


class SeenTags(Struct, frozen=True, gc=False):
    """A reading of one item that differed from the one before, as the journal keeps it."""

    seq: int
    """Its place in the journal: everything with a smaller one was there before."""
    tags: ItemTags


class KeptEvidence(Struct, frozen=True, gc=False):
    """The last word of one item that spoke for one landing (docs/rules.md#what-people-say)."""

    word: Word | None
    seal: GoodWord | None = None
    """Set while the landing was good by the item and no later landing named it
    (docs/rules.md#whom-a-tag-speaks-for)."""
    failed: bool | UnsetType = UNSET
    """A status said bad and meant this landing, and nobody has said since that it works without what landed
    later for the item (docs/rules.md#repairs). Unset: no."""


class TaggerWord(Struct, frozen=True, gc=False):
    """A good word that the tagger wrote itself, or meant to: it is evidence for no landing."""

    word: Word
    seq: int
    """When it was meant."""


class NamedCommits(Struct, frozen=True, gc=False):
    """The commits that a bad-commit-N, or the qa-bad of a request, spoke of when it was first seen
    (docs/rules.md#what-people-say)."""

    seq: int
    ids: tuple[str, ...]
    """Full SHAs; several where a commit has several successors after a rewrite."""


class Verdict(Struct, frozen=True, gc=False):
    """A person's verdict on one landing: the newest in journal and git notes."""

    seq: int
    word: VerdictWord
    who: str
    when: int
    """Seconds since 1970, as its writer's clock had it: shown, never compared."""
    why: str = ""
    note: bool = False
    """It is a git note: anyone who may push can set its author."""


class Cover(Struct, frozen=True, gc=False):
    """`inv cover` or `inv uncover`: a person says what undid a landing (docs/rules.md#undone)."""

    target: str
    """SHA of the landing that was, or was not, undone."""
    by: str | None
    """SHA of the landing that did it; None (uncover only): nothing did."""
    undone: bool
    """True for cover, False for uncover."""
    tip: int
    """Revno of the tip at that moment: it decides among the landings up to there."""
    seq: int = 0


class RecordedEvidence(Struct, frozen=True):
    """What the journal recorded, as far as the rules need it."""

    now: int
    """The place in the journal that everything first seen in this run will get: larger than all."""
    first_seen: dict[str, int] = {}
    """SHA -> when `find` first saw the landing."""
    seen: dict[Item, tuple[SeenTags, ...]] = {}
    """Readings of each item, ascending by seq, each different from the one before."""
    kept: dict[tuple[str, Item], KeptEvidence] = {}
    verdicts: dict[str, Verdict] = {}
    """SHA -> the verdict that counts; none for a landing whose newest is `withdraw`."""
    covers: tuple[Cover, ...] = ()
    """Ascending by seq."""
    asked: dict[tuple[str, Item], int] = {}
    """When the tagger asked for QA of a landing on an item: an older word does not speak for that landing."""
    own: dict[Item, TaggerWord] = {}
    """The last good word that the tagger wrote on each item, for whatever branch."""
    named: dict[tuple[Item, int], NamedCommits] = {}
    """(bug, N) of each bad-commit-N, and (request, 0) of each request that had qa-bad."""
    elsewhere: frozenset[tuple[Item, int]] = frozenset()
    """(bug, N): landing N of another mainline names the bug, so its bad-commit-N speaks of that mainline."""


class Options(Struct, frozen=True):
    """The settings that the rules depend on."""

    orphans: Literal["block", "needs-qa", "pass"] = "block"
    exempt_subjects: tuple[str, ...] = ()
