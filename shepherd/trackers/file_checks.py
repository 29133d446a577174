"""Checks in the file of the tracker `file` (docs/tracker-file.md#checks).

    {"bugs": {…}, "checks": {"SHA": {"ci/build": "success"}}}

Read as strictly as the bugs: a result that is misspelt would be a failure overlooked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from shepherd.check_results import Moment, check_name, check_word, is_check_url, known_words, seconds_of
from shepherd.conditions import CheckResult, CommitChecks
from shepherd.errors import WrongValueError
from shepherd.trackers.file import read_document, wrong_shape
from shepherd.values import SHA, clean, quoted

_SHA = re.compile(SHA)
_SHOWN = 300
"""Characters of a reason that are passed on."""


class _CheckInFile(Struct, forbid_unknown_fields=True):
    """A result that says more than its word."""

    state: str
    since: Moment | None = None
    url: str = ""


class FileChecks:
    """Reads the whole file each time it is asked: anybody may have changed it."""

    requests = 0

    def __init__(self, path: Path) -> None:
        self._path = path

    def checks_of(self, commits: Sequence[str]) -> Iterator[tuple[str, CommitChecks]]:
        """See CheckSource.checks_of. A malformed entry is a commit that cannot be read; a malformed file is
        a source that cannot be read."""
        checks = self._load()
        for sha in commits:
            yield sha, self._of_commit(checks[sha]) if sha in checks else CommitChecks()

    def _load(self) -> dict[str, Any]:
        document = read_document(self._path)
        checks = document.get("checks", {}) if isinstance(document, dict) else None
        if not isinstance(checks, dict):
            raise wrong_shape(self._path, 'expected {"bugs": {…}, "checks": {"SHA": {"NAME": "success"}}}')
        for sha in checks:
            # a short one, or one in capitals, would be a result that nobody finds
            if not _SHA.fullmatch(sha):
                raise wrong_shape(self._path, f"{quoted(sha)} in checks is not a whole SHA in small letters")
        return checks

    def _of_commit(self, entry: Any) -> CommitChecks:
        try:
            if not isinstance(entry, dict):
                raise WrongValueError('expected {"NAME": "success"}')
            results = [_result(name, said) for name, said in entry.items()]
            if len({each.name for each in results}) != len(results):
                raise WrongValueError("two checks have the same name")
        except (WrongValueError, msgspec.ValidationError) as error:
            why = clean(str(error), _SHOWN)
            return CommitChecks(unreadable=f"its checks are malformed in {self._path.name}: {why}")
        return CommitChecks(tuple(results))


def _result(name: str, said: Any) -> CheckResult:
    check = _CheckInFile(said) if isinstance(said, str) else msgspec.convert(said, _CheckInFile)
    shown = check_name(name)
    if not shown:
        raise WrongValueError("a check has no name")
    word = check_word(check.state)
    if word is None:
        raise WrongValueError(f"{quoted(shown)} is {quoted(check.state)}, expected one of {known_words()}")
    if check.url and not is_check_url(check.url):
        raise WrongValueError(
            f"the url of {quoted(shown)} is none of http:// or https:// that people can follow"
        )
    return CheckResult(shown, word, seconds_of(check.since), check.url)
