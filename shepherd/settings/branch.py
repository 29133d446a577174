"""The keys of a table [branches.NAME] (docs/settings.md)."""

# without `from __future__ import annotations`: msgspec and `checks` would evaluate them at each start

from typing import Literal

from msgspec import Struct
from msgspec.structs import asdict

from shepherd.settings import kinds
from shepherd.values import Duration

Grammar = Literal["brackets", "footers", "forge", "trailers", "keys", "references"]
ALL_GRAMMARS: tuple[Grammar, ...] = ("brackets", "footers", "forge", "trailers")
"""Those that are read where no tracker says otherwise; `keys` and `references` only where asked for."""
PersonRule = Literal["author", "merged-author", "committer"]


class Pointer(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a revision is to be read: exactly one of ref, tags, file, url, recorded."""

    ref: kinds.Ref = ""
    file: kinds.FilePath = ""
    url: kinds.WebUrl = ""
    pattern: kinds.RevisionPattern = ""
    """For file and url: a regular expression whose first group is the revision; empty: the whole text."""
    recorded: bool = False
    tags: kinds.TagPattern = ""
    """`*` and `?`: the newest final version among the tags that match (docs/settings.md#releases)."""


class Promote(Struct, frozen=True, forbid_unknown_fields=True):
    """The ref of one branch that a promotion moves."""

    ref: kinds.Ref


class LimitSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How many landings that touch some paths one deployment may bring (docs/rules.md#limits)."""

    paths: kinds.PathPatterns
    max: kinds.LimitMax = 1
    reason: kinds.ShortText = ""


class FreezeWindow(Struct, frozen=True, forbid_unknown_fields=True):
    """When nobody deploys, each week or once: exactly one of days, dates (docs/running.md#freeze)."""

    days: kinds.FreezeDays = ""
    """"Fri 16:00 - Mon 08:00"."""
    dates: kinds.FreezeDates = ""
    """"2026-12-20 - 2027-01-02"."""
    reason: kinds.ShortText = ""


class BranchSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One mainline, and what production and the QA server run of it."""

    repository: kinds.Repository
    ref: kinds.Ref
    deployed: Pointer
    tracker: kinds.TrackerName = ""
    """Of `[trackers.NAME]`; empty: `[tracker]`."""
    promote: Promote | None = None
    qa: Pointer | None = None
    marks: tuple[Grammar, ...] = ALL_GRAMMARS
    """In a file without this key: GRAMMARS_OF its tracker."""
    orphans: Literal["", "block", "pass", "needs-qa"] = ""
    """Empty: see `orphans_rule`."""
    exempt_subjects: tuple[str, ...] = ()
    robots: tuple[str, ...] = ("*[bot]", "Launchpad Patch Queue Manager")
    person: PersonRule = "merged-author"
    """Whose a landing is (docs/rules.md#person)."""
    verdict_notes: kinds.NotesRef = ""
    landing_url: kinds.LandingUrl = ""
    compare_url: kinds.CompareUrl = ""
    """Empty: what `landing_url` leaves no doubt of."""
    checks: tuple[kinds.CheckPattern, ...] = ()
    """Names of checks that must hold on a candidate's own commit; `*` and `?` (docs/rules.md#checks)."""
    check_notes: kinds.NotesRef = ""
    """A git notes ref with lines such as `ci/build: success`, which count beside what the tracker says."""
    checks_grace: Duration = Duration("4h")
    """After so long that a check keeps candidates back, the list is told."""
    limits: tuple[LimitSettings, ...] = ()
    freeze: tuple[FreezeWindow, ...] = ()
    """In addition to those of all branches."""
    components: dict[kinds.ComponentName, kinds.ComponentPaths] = {}
    """Name -> folders and files: parts of the project, for those who ask where help is due
    (docs/trends.md#waits)."""

    @property
    def orphans_rule(self) -> Literal["block", "pass", "needs-qa"]:
        """What is done with a landing that names nothing; where that is not set, it depends on the grammars
        (docs/rules.md#state)."""
        return self.orphans or ("block" if "brackets" in self.marks else "needs-qa")

    @property
    def read_by(self) -> dict[str, object]:
        """What landings are read by: what was read with the same goes on to count."""
        config = asdict(self)
        # of the tracker it is the project that decides, which stands beside these keys where they are summed
        for name in (
            "tracker",
            "compare_url",
            "checks",
            "check_notes",
            "checks_grace",
            "freeze",
            "components",
        ):
            del config[name]
        # what a release without limits read goes on to count, too
        del config["limits"]
        if self.limits:
            config["limits"] = [each.paths for each in self.limits]
        return config
