"""`inv doctor`: one line a check, with the remedy. It takes no lock, writes and sends nothing
(docs/interfaces.md#commands).

A module holds one group of checks; a check looks at one thing and says what it found. Which there are, and in
which order they run, stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial

from shepherd.errors import PARTLY, WRONG_VALUE, SettingsError
from shepherd.running import told
from shepherd.running.doctor import (
    backups,
    candidate_checks,
    clock,
    data,
    files,
    host,
    hosts,
    journals,
    limits_set,
    log,
    mail,
    places,
    publishing,
    running,
    schedule,
    sources,
    trackers,
    unwritten,
    upgrades,
)
from shepherd.running.doctor.checking import Check, CheckContext, Finding, contained, fail, ok
from shepherd.settings import Settings

HOST: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
    ("python", host.python),
    ("dependencies", host.dependencies),
    ("git", host.git),
)
MANY = 10
"""With more branches than this, what is well of each is counted only."""
CHECKS: tuple[tuple[str, Check], ...] = (
    ("state_dir", files.state_dir),
    ("rights", files.rights),
    ("report", files.report),
    ("secrets", files.secrets),
    ("disk", files.disk),
    ("database", data.database),
    ("journals", journals.journals),
    ("hosts", hosts.hosts),
    ("backup", backups.backup),
    ("repository", sources.repository),
    ("deployed", sources.deployed),
    ("notes", sources.notes),
    ("tracker", trackers.trackers),
    (unwritten.NAME, unwritten.unwritten),
    ("checks", candidate_checks.candidate_checks),
    ("limits", limits_set.limits_set),
    ("components", limits_set.components_set),
    ("publish", publishing.publish),
    ("smtp", mail.smtp),
    ("notify", places.places),
    ("told", places.told),
    ("log", log.log),
    ("clock", clock.clock),
    ("cron", schedule.cron),
    ("stages", schedule.stages),
    ("answer", schedule.answers),
    ("system", running.system),
    ("records", running.records),
    ("maintenance", running.maintenance),
    ("upgrade", upgrades.upgrade),
)

_CHECK_OF = {
    "projects": "tracker",
    "words": "tracker",
    "tagger": "tracker",
    "qa": "deployed",
    "promoted": "deployed",
    "timer": "cron",
    "stage": "stages",
}
"""The name in front of a line -> the check that says it, where that is called otherwise."""


def examine(
    load: Callable[[], Settings], now: datetime, *, offline: bool = False, only: Collection[str] = ()
) -> Iterator[Finding]:
    """All findings, each as soon as it is known. A check that breaks is one more finding, and stops no other.

    Args:
        load: gives the settings, or raises SettingsError: then only what needs none of them is looked at.
        offline: no network connection is made; what would need one says so.
        only: the names of the checks to make; empty: all. The settings are looked at in any case.
    """
    context: CheckContext | None = None
    try:
        settings = load()
    except SettingsError as error:
        yield Finding("fail", "settings", str(error), wrong=True)
    else:
        context = CheckContext(settings, now, offline)
        yield from files.settings_files(settings)
    for name, look in HOST:
        if only and name not in only:
            continue
        yield from contained(name, look)
    if context is None:
        yield fail("other checks", "not made, since they need the settings", "fix the settings first")
        return
    for name, check in CHECKS:
        if only and name not in only:
            continue
        yield from contained(name, partial(check, context))


def exit_code(findings: list[Finding]) -> int:
    """0: all is well; 2: settings are wrong, or state_dir is not ours; 7: something else is not well."""
    if any(finding.wrong for finding in findings):
        return WRONG_VALUE
    return PARTLY if any(finding.level != "ok" for finding in findings) else 0


class _Well:
    """What is well of single branches, which would hide the rest where there are many."""

    def __init__(self) -> None:
        self._names: Collection[str] = ()
        self._held: dict[str, int] = {}

    def of(self, settings: Settings) -> Settings:
        if len(settings.branches) > MANY:
            self._names = {*settings.branches, *settings.trackers}
        return settings

    def holds(self, finding: Finding) -> bool:
        """Whether it is kept for `told`."""
        check, _, name = finding.name.partition(" ")
        if finding.level != "ok" or name not in self._names:
            return False
        self._held[check] = self._held.get(check, 0) + 1
        return True

    def told(self) -> Iterator[Finding]:
        """One line for each check."""
        for check, number in self._held.items():
            yield ok(check, f"{number} of them are well; inv doctor --json names each")


def doctor(
    load: Callable[[], Settings],
    now: datetime,
    *,
    offline: bool,
    json: bool,
    say: Callable[[str], None],
    only: str | None = None,
) -> int:
    """`inv doctor`. Raises SettingsError for a check in `only` that there is not."""
    from shepherd.running.doctor.checking import as_json, as_line

    words = [each.split() for each in (only or "").split(",") if each.strip()]
    # "stage find" stands in front of a line, too
    names = [_CHECK_OF.get(first, first) for first, *_ in words]
    known = ["settings", *(name for name, _ in (*HOST, *CHECKS))]
    if unknown := [each for each in names if each not in known]:
        raise SettingsError(f"there is no check {unknown[0][:60]!r}: one of {', '.join(known)}")
    findings, well = [], _Well()
    with told.only_looking(offline=offline):
        for finding in examine(lambda: well.of(load()), now, offline=offline, only=names):
            findings.append(finding)
            if not json and not well.holds(finding):
                say(as_line(finding))
    for each in well.told() if not json else ():
        say(as_line(each))
    code = exit_code(findings)
    if json:
        say(as_json(findings, now, offline, code))
    return code
