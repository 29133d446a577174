"""What was read of the checks of candidates before, and what of it has to be asked for again
(docs/rules.md#checks)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

import msgspec
from msgspec import Struct

from shepherd.conditions import CommitChecks
from shepherd.rules.conditions import results_hold
from shepherd.settings import Settings

OLD = 86_400
"""Seconds after which nobody is likely to run a check again."""
SELDOM = 3_600
"""Seconds between two questions about what is so old."""
GROWING = 3_600
"""Seconds in which a pattern with signs may match one result more: a job that begins when another one has
ended reports only then."""
KEPT_AS = "checks"
"""The name under which the cache keeps them."""


class RememberedChecks(Struct, frozen=True, gc=False):
    """What was read of the checks on one commit. Times are seconds since 1970, by our clock."""

    checks: CommitChecks
    first: int
    """Since when they say just that."""
    asked: int
    """When they were read last."""


class ChecksMemory(Struct, frozen=True):
    """Of the candidates of one branch."""

    source: str
    """Sum of the settings that say where checks are read."""
    patterns: tuple[str, ...]
    """The names that were read: of others nothing is known."""
    commits: dict[str, RememberedChecks]
    """By SHA."""


def memory_that_fits(
    memory: ChecksMemory | None, settings: Settings, branch: str
) -> Mapping[str, RememberedChecks]:
    """What was read from where it is read now, of all names that count now."""
    if memory is None or memory.source != _source_of(settings, branch):
        return {}
    return memory.commits if set(settings.branches[branch].checks) <= set(memory.patterns) else {}


def memory_with(
    known: Mapping[str, RememberedChecks],
    read: Mapping[str, CommitChecks],
    window: Collection[str],
    settings: Settings,
    branch: str,
    now: int,
) -> ChecksMemory:
    """What to remember after some were read.

    Args:
        known: what `memory_that_fits` gave.
        window: the SHAs that may be candidates again.
    """
    commits = {sha: known[sha] for sha in known if sha in window}
    patterns = settings.branches[branch].checks
    for sha, checks in read.items():
        before = commits.get(sha)
        if checks.unreadable and before is not None and results_hold(patterns, before.checks):
            continue
        same = before is not None and before.checks == checks
        commits[sha] = RememberedChecks(checks, before.first if same and before else now, now)
    return ChecksMemory(_source_of(settings, branch), patterns, commits)


def is_due(patterns: tuple[str, ...], remembered: RememberedChecks, now: int) -> bool:
    """Whether it has to be asked for again. What is known to hold is not, unless more may come; what is
    neither running nor unreadable, and has not changed for long, only now and then."""
    checks = remembered.checks
    if checks.unreadable or any(each.word == "pending" for each in checks.results):
        return True
    ended = [each.since for each in checks.results if each.since is not None]
    changed = max(ended, default=remembered.first)
    if results_hold(patterns, checks):
        return now - changed < GROWING and any(sign in each for each in patterns for sign in "*?")
    # a clock that was set back is no reason to wait
    return now - changed < OLD or not 0 <= now - remembered.asked < SELDOM


def _source_of(settings: Settings, branch: str) -> str:
    tracker, config = settings.tracker_of(branch), settings.branches[branch]
    where = (
        (config.check_notes, config.repository)
        if config.check_notes
        else (tracker.type, tracker.path, tracker.project, tracker.service_root)
    )
    return hashlib.sha256(msgspec.json.encode(where)).hexdigest()
