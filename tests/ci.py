"""A source of checks whose results a test sets, and that counts what it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from shepherd.conditions import CheckResult, CheckWord, CommitChecks
from shepherd.errors import TrackerError
from shepherd.stages import check_reader


class Ci:
    """A source whose results a test sets; it counts what it is asked for, a request for each hundred."""

    def __init__(self) -> None:
        self.words: dict[str, CheckWord | CheckResult] = {}
        """By SHA, of the check `build`; one that is not there has no results."""
        self.results: dict[str, tuple[CheckResult, ...]] = {}
        """By SHA, in place of its word."""
        self.unreadable: dict[str, str] = {}
        self.breaks_after: int | None = None
        """After how many commits it breaks off; None: it does not."""
        self.asked: list[str] = []
        self.requests = 0

    def checks_of(self, commits: Sequence[str]) -> Iterator[tuple[str, CommitChecks]]:
        self.requests += -(-len(commits) // 100)
        for sha in commits:
            if self.breaks_after is not None and len(self.asked) >= self.breaks_after:
                raise TrackerError("the forge does not answer")
            self.asked.append(sha)
            word = self.words.get(sha)
            results = self.results.get(sha, ())
            if word is not None:
                results = (word if isinstance(word, CheckResult) else CheckResult("build", word),)
            yield sha, CommitChecks(() if sha in self.unreadable else results, self.unreadable.get(sha, ""))

    def was_asked(self) -> list[str]:
        """What it was asked for since the last call."""
        asked, self.asked, self.requests = self.asked, [], 0
        return asked


def install(monkeypatch: pytest.MonkeyPatch) -> Ci:
    """Let every tracker be this source, as to checks."""
    source = Ci()
    monkeypatch.setattr(check_reader, "open_checks", lambda *_: source)
    return source
