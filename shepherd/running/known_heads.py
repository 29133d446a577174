"""What lies around and names the journal's hash: snapshots, the report's JSON, the log
(docs/audit.md#what-verify-finds).

All of it is on this host as a rule, where the owner of state_dir may write it: it shows accidents, and those
who did not think of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import UNSET, Struct, UnsetType

from shepherd import plainfile
from shepherd.running.log import LARGEST, parse
from shepherd.settings import Settings
from shepherd.snapshot import JournalPlace
from shepherd.store.chain_heads import KnownHead
from shepherd.store.snapshot_files import stored
from shepherd.store.snapshots import LATEST, Snapshots

_EVENT = "journal"
_HEAD = re.compile("([0-9]{1,18}):([0-9a-f]{64})")
_SNAPSHOTS = 100
"""Of each branch, the newest: what is older says less, and reading all of a year takes minutes."""
_SIGNS = (f" event={_EVENT} ".encode(), f'"event": "{_EVENT}"'.encode())


class _NamingFile(Struct, frozen=True):
    branch: str
    generated_at: datetime
    journal: JournalPlace | UnsetType | None = UNSET


def known_heads(settings: Settings) -> list[KnownHead]:
    """All heads that can be read; a file that cannot be read names none."""
    heads: dict[tuple[str, str], KnownHead] = {}
    for each in (*_of_answers(settings), *_of_log(settings.state_path / "log")):
        heads.setdefault((each.hash, each.where), each)
    return list(heads.values())


def split(text: str) -> tuple[int, str]:
    """Number and hash of a head as it was copied: `NUMBER:HASH`, or the hash alone, with number 0.

    Raises:
        ValueError: it is neither.
    """
    text = "".join(text.split()).lower()
    match = _HEAD.fullmatch(text if ":" in text else f"0:{text}")
    if match is None:
        raise ValueError("expected NUMBER:HASH, or the hash alone: 64 digits and letters from a to f")
    return int(match[1]), match[2]


def _of_answers(settings: Settings) -> Iterator[KnownHead]:
    for branch in settings.branches:
        folder = settings.state_path / "snapshots"
        with suppress(OSError):
            for path in islice(Snapshots(folder, branch).files(), _SNAPSHOTS):
                where = f"{branch}'s {LATEST}" if path.name == LATEST else f"{branch}'s snapshots"
                yield from _of_file(path, branch, where)
        yield from _of_file(settings.report_path / f"{branch}.json", branch, f"the report's {branch}.json")


def _of_file(path: Path, branch: str, where: str) -> Iterator[KnownHead]:
    try:
        known = msgspec.json.decode(stored(path), type=_NamingFile)
    except (plainfile.UnreadableFileError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    place = known.journal
    if known.branch == branch and isinstance(place, JournalPlace) and place.head:
        yield KnownHead(place.head, place.seq, known.generated_at, where)


def _of_log(folder: Path) -> Iterator[KnownHead]:
    for path in sorted(folder.glob("shepherd.log*")):
        try:
            content = plainfile.content(path, 2 * LARGEST)
        except plainfile.UnreadableFileError:
            continue
        for line in content.splitlines():
            if not any(sign in line for sign in _SIGNS):
                continue
            fields = parse(line.decode(errors="replace"))
            match = _HEAD.fullmatch(fields.get("head", ""))
            if fields.get("event") == _EVENT and match:
                with suppress(ValueError):
                    at = datetime.fromisoformat(fields["at"])
                    yield KnownHead(match[2], int(match[1]), at, "the log")
