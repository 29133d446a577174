"""Checks in git notes: lines `ci/build: success`, of which the last one of each name counts
(docs/rules.md#checks)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from shepherd.check_results import check_name, check_word, is_check_url, known_words
from shepherd.conditions import STATE_OF, CheckResult, CommitChecks
from shepherd.git.notes import note_blobs, note_texts
from shepherd.git.repository import Git
from shepherd.people import matches
from shepherd.printable import INVISIBLE
from shepherd.values import quoted

_EDGES = re.compile(rf"^[ \t\r{INVISIBLE}]+|[ \t\r{INVISIBLE}]+$")
_EXPECTED = f"expected NAME: and one of {known_words()}"
_COLON = re.compile(r"[ \t]*:[ \t]*")
_LONGEST = 2000
"""Characters of a line that are looked at."""


class CheckNotes:
    """The notes on commits, as they are in the repository when they are asked for."""

    requests = 0

    def __init__(self, git: Git, tip: str, patterns: Collection[str]) -> None:
        """Args: tip: the notes commit. patterns: the names that count; only with them a word that is none of
        ours matters."""
        self._git = git
        self._tip = tip
        self._patterns = patterns

    def checks_of(self, commits: Sequence[str]) -> Iterator[tuple[str, CommitChecks]]:
        """What the note of each commit says; none where there is no note. Raises SourceError."""
        present = note_blobs(self._git, self._tip, set(commits))
        texts = note_texts(self._git, {blob for blobs in present.values() for blob in blobs})
        for sha in commits:
            yield sha, self._of_note(present.get(sha, ()), texts)

    def _of_note(self, blobs: Sequence[str], texts: Mapping[str, str]) -> CommitChecks:
        if any(blob not in texts for blob in blobs):
            return CommitChecks(unreadable="its git note is missing in the repository")
        results: dict[str, CheckResult | str] = {}
        lines = (_EDGES.sub("", line[:_LONGEST]) for blob in blobs for line in texts[blob].split("\n"))
        for line in lines:
            name, result = _read_line(line, self._patterns)
            if name:
                # the newest line counts, and one that says nothing we know hides no failure behind it
                results[name] = result or line
        for said in results.values():
            if isinstance(said, str):
                return CommitChecks(unreadable=f"its git note says {quoted(said)}, {_EXPECTED}")
        return CommitChecks(tuple(each for each in results.values() if isinstance(each, CheckResult)))


def _read_line(line: str, patterns: Collection[str]) -> tuple[str, CheckResult | None]:
    """The name of a check that counts, and what the line says of it, None: nothing that we know; an empty
    name: it is about something else."""
    strange = ""
    # a name may have colons, as "test: unit (3.11)" has
    for colon in reversed(list(_COLON.finditer(line))):
        name = check_name(line[: colon.start()])
        if not name or not matches(patterns, name):
            continue
        said, *more = line[colon.end() :].split(None, 1) or [""]
        word, rest = check_word(said.rstrip(".,:;")), more[0] if more else ""
        url = rest if is_check_url(rest) else ""
        if word and (not rest or url or STATE_OF[word] != "holds"):
            return name, CheckResult(name, word, url=url)
        strange = name
    return strange, None
