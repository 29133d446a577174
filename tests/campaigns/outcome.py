"""What a project has come to, less run ids and times: two that lived the same are equal in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from shepherd.settings import Settings
from shepherd.store import Database, Journal
from shepherd.store.journal import KINDS
from shepherd.store.snapshot_files import stored

TIMES = frozenset(
    {
        *(
            "at",
            "run_id",
            "generated_at",
            "valid_until",
            "live_since",
            "promoted_at",
            "when",
            "first_run",
            "sum",
            # hashes of what has times
            *("head", "journal_head", "prev"),
        ),
        *("since", "deployed_since", "waited_median_s", "waited_longest_s"),
    }
)
_RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
_SAID_ON = re.compile(r"\bon \d{4}-\d\d-\d\d \d\d:\d\d \w+")
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?|(\d+ (second|minute|hour|day|year)s?|\b\d+ s\b|just now)"
)


def without_times(value: Any) -> Any:
    """A decoded document without its keys that tell run ids and times."""
    if isinstance(value, dict):
        return {key: without_times(each) for key, each in value.items() if key not in TIMES}
    return [without_times(each) for each in value] if isinstance(value, list) else value


def document(path: Path) -> Any:
    """A kept answer; a reason says to the minute when a verdict was given."""
    return without_times(json.loads(_SAID_ON.sub("on TIME", stored(path).decode())))


def kept_snapshots(settings: Settings) -> list[Any]:
    """Every answer that was kept, oldest first, then the latest."""
    folder = settings.state_path / "snapshots" / "stable"
    kept = folder.glob("*.json.gz")
    by_age = sorted(kept, key=lambda path: path.stat().st_mtime_ns)
    return [document(path) for path in (*by_age, folder / "latest.json")]


def journal_of(settings: Settings) -> list[tuple[Any, ...]]:
    """All that the journal holds, in its order."""
    database = Database.of(settings)
    try:
        with database.begin() as connection:
            entries = Journal(connection, "stable").entries(*KINDS)
    finally:
        database.close()
    return [(e.kind, e.subject, without_times(e.data), e.who, e.why) for e in entries]


_OF_RUNS = re.compile(
    r'<details id="system">.*?</details>'  # when each stage failed last, and who wrote the page
    r"|urn:uuid:[0-9a-f-]+"  # made of run ids
    r"|\d+:[0-9a-f]{64}"  # the journal's head, which is made of them and of times
    r"|^(# \w+ )?qa_shepherd_\w*(seconds|stage)[^\n]*\n",
    re.DOTALL | re.MULTILINE,
)


def pages(settings: Settings) -> dict[str, str]:
    """Pages and feeds by name, less what tells of the runs themselves: one that was killed shows there."""
    found = {}
    for path in sorted(settings.report_path.iterdir()):
        if path.name.endswith(".trends.html"):
            # all of it is made of how long things took, in seconds
            continue
        text = path.read_text()
        if path.suffix == ".json":
            found[path.name] = _TIME.sub("TIME", json.dumps(document(path)))
        else:
            found[path.name] = _TIME.sub("TIME", _RUN_ID.sub("RUN", _OF_RUNS.sub("", text)))
    return found


def _nameless(path: str) -> str:
    """Less the run's id; and after a kill what runs judged by goes on in another file."""
    return re.sub(r"inputs/\d{8}", "inputs/CHAIN", _RUN_ID.sub("RUN", path))


def outcome(settings: Settings) -> dict[str, Any]:
    """Answers, journal, pages, and the names of all files under `state_dir`."""
    state = settings.state_path
    return {
        "snapshots": kept_snapshots(settings),
        "journal": journal_of(settings),
        "pages": pages(settings),
        "files": sorted({_nameless(str(path.relative_to(state))) for path in state.rglob("*")}),
    }
