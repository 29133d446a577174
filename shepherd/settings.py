"""shepherd.toml, strict: what may stand in it, with defaults (design 4.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct, field

Grammar = Literal["brackets", "footers", "forge", "trailers"]
ALL_GRAMMARS: tuple[Grammar, ...] = ("brackets", "footers", "forge", "trailers")


class Pointer(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a revision is to be read: exactly one of ref, file, url, recorded."""

    ref: str = ""
    file: str = ""
    url: str = ""
    pattern: str = ""
    """For file and url: a regular expression whose first group is the revision."""
    recorded: bool = False


class Promote(Struct, frozen=True, forbid_unknown_fields=True):
    ref: str


class Branch(Struct, frozen=True, forbid_unknown_fields=True):
    repository: str
    ref: str
    deployed: Pointer
    promote: Promote | None = None
    qa: Pointer | None = None
    marks: tuple[Grammar, ...] = ALL_GRAMMARS
    orphans: Literal["", "block", "pass", "needs-qa"] = ""
    """Empty: "block" where brackets are read, else "needs-qa" (3.3, 8)."""
    exempt_subjects: tuple[str, ...] = ()
    robots: tuple[str, ...] = ("*[bot]", "Launchpad Patch Queue Manager")
    verdict_notes: str = ""
    landing_url: str = ""


class Tracker(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["none", "file", "launchpad", "github", "gitlab"] = "none"
    path: str = ""
    bug_url: str = ""
    request_url: str = ""
    words: dict[str, tuple[str, ...]] = {}
    tag: bool = True
    cap: int = 100


class Report(Struct, frozen=True, forbid_unknown_fields=True):
    directory: str = "var/report"
    url: str = ""
    expected_every: str = "15m"
    publish: tuple[str, ...] = ()


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    branches: dict[str, Branch]
    state_dir: str = "var"
    timezone: str = "UTC"
    keep: str = "90d"
    tracker: Tracker = field(default_factory=Tracker)
    report: Report = field(default_factory=Report)
    database: str = ""
    """SQLAlchemy URL of the tagger's database; empty: SQLite in state_dir."""
    file: Path = Path()
    """Where the settings were read from, links resolved; relative paths start there. Not a key of the file."""
