"""What the page for those who land code is made of, and what of the settings decides what stands on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from shepherd.settings import BranchSettings, Settings
from shepherd.settings.branch import FreezeWindow, LimitSettings
from shepherd.settings.tracker import texts_of


class HelpTable(Struct, frozen=True):
    """Rows under a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class HelpCommands(Struct, frozen=True):
    """Lines that are typed, or stand in a message, as they are."""

    lines: tuple[str, ...]


HelpBlock = str | HelpTable | HelpCommands
"""A paragraph, a table, or lines."""


class HelpSection(Struct, frozen=True):
    """A part of the page with a title of its own."""

    key: str
    title: str
    blocks: tuple[HelpBlock, ...]
    more: str = ""
    """In docs/: the page that says it in full, as "rules.md#marks"."""


class HelpFacts(Struct, frozen=True):
    """What of the settings decides what applies. With several of a kind, the text says when each does."""

    grammars: tuple[str, ...]
    trackers: tuple[str, ...]
    unnamed: tuple[str, ...]
    """What is done with a landing that names nothing: block, needs-qa, pass."""
    notes: str = ""
    """The notes ref that verdicts are read from."""
    words: Mapping[str, tuple[str, ...]] = {}
    """QA word -> what the team calls it (docs/settings.md)."""
    mainline: str = ""
    branch: str = ""
    """The branch that commands name; empty where there is only one."""
    checks: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    """Each in words."""
    freezes: tuple[str, ...] = ()
    """The standing windows, each in words."""
    keys: tuple[str, ...] = ()
    """The projects whose keys the grammar `keys` reads."""
    statuses: Mapping[str, tuple[str, ...]] = {}
    """QA word -> the statuses that say it."""
    values: Mapping[str, tuple[str, ...]] = {}
    """QA word -> the values of the field that say it."""
    field: str = ""
    """The name of that field."""

    @property
    def of_branch(self) -> str:
        """The end of a command about one branch."""
        return f" --branch {self.branch}" if self.branch else ""

    def where(self, setting: str, text: str) -> str:
        """The text, behind "Where the settings have checks: " if it is not about one branch."""
        if len(self.trackers) > 1:
            return f"Where the settings have `{setting}`: {text}"
        return f"{text[:1].upper()}{text[1:]}"

    def when(self, keys: Sequence[str], text: str) -> str:
        """The text, behind "Where the tracker is github: " if there are several to tell apart."""
        if len(self.trackers) > 1:
            *most, last = keys
            which = f"{', '.join(most)} or {last}" if most else last
            return f"Where the tracker is {which}: {text}"
        return f"{text[:1].upper()}{text[1:]}"


def facts_of(settings: Settings, name: str) -> HelpFacts:
    """What applies to one branch of the settings."""
    branch: BranchSettings = settings.branches[name]
    tracker = settings.tracker_of(name)
    return HelpFacts(
        grammars=tuple(branch.marks),
        trackers=(tracker.type,),
        unnamed=(branch.orphans_rule,),
        notes=branch.verdict_notes,
        words={word: tuple(texts) for word, texts in tracker.words.items()},
        statuses={word: tuple(texts) for word, texts in texts_of(tracker.statuses).items()},
        values={word: tuple(texts) for word, texts in texts_of(tracker.field).items()},
        field=tracker.field.name,
        mainline=branch.ref,
        branch=name if len(settings.branches) > 1 else "",
        checks=branch.checks,
        limits=tuple(map(limit_text, branch.limits)),
        freezes=tuple(map(window_text, (*settings.freeze, *branch.freeze))),
        keys=tracker.keys,
    )


def limit_text(limit: LimitSettings) -> str:
    """ "at most 1 landing that touches `patch-*.sql` (one schema change a day)"."""
    most = f"at most {limit.max} landing{'' if limit.max == 1 else 's'}" if limit.max else "no landing"
    paths = " or ".join(f"`{path}`" for path in limit.paths)
    why = f" ({limit.reason})" if limit.reason else ""
    return f"{most} that touch{'' if limit.max > 1 else 'es'} {paths}{why}"


def window_text(window: FreezeWindow) -> str:
    """ "`Fri 16:00 - Mon 08:00` (weekend)"."""
    why = f" ({window.reason})" if window.reason else ""
    return f"`{window.days or window.dates}`{why}"
