"""The keys of [tracker], and of a table [trackers.NAME] (docs/settings.md#tracker)."""

# without `from __future__ import annotations`: msgspec and `checks` would evaluate them at each start

from collections.abc import Mapping
from os.path import normpath
from typing import Literal

import msgspec
from msgspec import Struct

from shepherd.settings import kinds
from shepherd.settings.branch import ALL_GRAMMARS, Grammar
from shepherd.words import WORST_FIRST, Word

TrackerType = Literal["none", "file", "launchpad", "github", "gitlab", "gitea", "jira", "redmine"]
GRAMMARS_OF: Mapping[TrackerType, tuple[Grammar, ...]] = {
    "none": ALL_GRAMMARS,
    "file": ALL_GRAMMARS,
    "launchpad": ("brackets", "footers"),
    "github": ("forge",),
    "gitlab": ("forge",),
    "gitea": ("forge",),
    "jira": ("keys",),
    "redmine": ("references",),
}
"""Which grammars are read where a branch does not say so, by the tracker: a stranger may choose a title on a
forge, and `[no-qa]` in it must not pass QA unless the team chose that grammar (docs/rules.md#marks)."""
GRAMMARS_THAT_NAME: Mapping[TrackerType, tuple[Grammar, ...]] = {
    "jira": ("keys",),
    "redmine": ("references", "footers", "brackets", "trailers"),
}
"""The grammars of which a branch needs one, since no other names what its tracker has."""


class TagStatus(Struct, frozen=True, forbid_unknown_fields=True):
    """The statuses that the tagger gives a bug; "": it leaves them alone. See `tag_statuses`."""

    landed: kinds.BugStatus | None = None
    rolled_back: kinds.BugStatus | None = None


class WordTexts(Struct, frozen=True, forbid_unknown_fields=True):
    """Which statuses stand for which word (docs/rules.md#what-people-say)."""

    ok: tuple[kinds.ItemText, ...] = ()
    bad: tuple[kinds.ItemText, ...] = ()
    untestable: tuple[kinds.ItemText, ...] = ()
    needstesting: tuple[kinds.ItemText, ...] = ()
    silent: tuple[kinds.ItemText, ...] = ()
    """Those that say nothing about QA; any other is a warning."""


class FieldWords(WordTexts, frozen=True, forbid_unknown_fields=True):
    """The same of the values of one field."""

    name: kinds.ShortText = ""
    """As people see it, or its id ("customfield_10042"; Redmine: its number); empty: no field is read."""


def texts_of(words: WordTexts) -> dict[Word, tuple[str, ...]]:
    """Word -> the statuses or values that stand for it; the first is what the tagger writes and sentences
    name."""
    return {word: texts for word in WORST_FIRST if (texts := getattr(words, word))}


class TrackerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where people say what QA found, and what the tagger may write there."""

    type: TrackerType = "none"
    path: kinds.FilePath = ""
    project: str = ""
    """launchpad: the project, project group or distribution whose bugs are searched; github, gitea:
    "owner/name"; gitlab: "group/project", groups within groups too; file: the project on a forge whose
    requests it holds, where messages name one."""
    service_root: kinds.ServiceRoot = ""
    """URL of the tracker's web service; empty: the usual one of its type."""
    credentials_file: kinds.FilePath = ""
    credentials_env: str = ""
    bug_url: kinds.BugUrl = ""
    request_url: kinds.RequestUrl = ""
    words: dict[kinds.TagWord, tuple[kinds.TagText, ...]] = {}
    """Other texts of tags for `ok`, `bad`, `untestable`, `needstesting` (docs/rules.md#what-people-say)."""
    statuses: WordTexts = msgspec.field(default_factory=WordTexts)
    """jira, redmine: what an issue's status says."""
    field: FieldWords = msgspec.field(default_factory=FieldWords)
    """jira, redmine: what one field of an issue says."""
    keys: tuple[kinds.KeyProject, ...] = ()
    """The projects whose keys the grammar `keys` reads: "ABC" for ABC-123."""
    login: kinds.ShortText = ""
    """jira: the address of the account whose API token `credentials_file` holds; empty: a bearer token."""
    tag: bool = True
    """Whether the tagger writes."""
    cap: kinds.Cap = 100
    """Comments that it writes in one run at most."""
    status: TagStatus = msgspec.field(default_factory=TagStatus)

    @property
    def sign(self) -> str:
        """What request numbers begin with, `#` or `!`; empty: there are no requests, or either kind."""
        return {"github": "#", "gitlab": "!", "gitea": "#"}.get(self.type, "")

    @property
    def numbers(self) -> tuple[str, ...]:
        """What decides whether two numbers mean the same bug or request: Launchpad counts over all projects,
        a forge within one."""
        root = self.service_root.rstrip("/")
        match self.type:
            case "none":
                return (self.type,)
            case "file":
                return (self.type, normpath(self.path))
            case "launchpad" | "redmine":
                return (self.type, root)
        # forges take a name in capitals and small letters alike
        return (self.type, root, self.project.casefold())

    @property
    def tag_statuses(self) -> tuple[str, str]:
        """The status that the tagger gives a bug whose fix landed, and one whose fix was rolled back; "": it
        leaves it alone. Where the settings do not say: Launchpad's, and none on Jira and Redmine, where each
        team has statuses of its own. On a forge an item is open or closed, which has nothing to do with QA.
        """
        if self.sign:
            return "", ""
        usual = ("", "") if self.type in ("jira", "redmine") else ("Fix Committed", "In Progress")
        landed, rolled_back = self.status.landed, self.status.rolled_back
        return usual[0] if landed is None else landed, usual[1] if rolled_back is None else rolled_back

    @property
    def only_numbers(self) -> bool:
        """Whether its bugs have numbers, and never keys."""
        return self.type not in ("none", "file", "jira")

    @property
    def writes(self) -> bool:
        """Whether the tagger may write, and can: where reading needs no token, writing does."""
        known = bool(self.credentials_file or self.credentials_env)
        anonymous = self.type in ("launchpad", "gitlab", "gitea", "redmine") and not known
        return self.tag and self.type != "none" and not anonymous
