"""Checks in the file of the tracker `file` (docs/tracker-file.md#checks).

{"bugs": {…}, "checks": {"SHA": {"ci/build": "success"}}}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from shepherd import plainfile
from shepherd.conditions import CheckResult, CommitChecks
from shepherd.trackers.file import LARGEST, parse


class FileChecks:
    """Reads the whole file each time it is asked."""

    requests = 0

    def __init__(self, path: Path) -> None:
        self._path = path

    def checks_of(self, commits: Sequence[str]) -> Iterator[tuple[str, CommitChecks]]:
        """See CheckSource.checks_of."""
        checks = parse(plainfile.read(self._path, LARGEST)).get("checks", {})
        for sha in commits:
            results = checks.get(sha, {})
            yield sha, CommitChecks(tuple(CheckResult(name, word) for name, word in results.items()))
