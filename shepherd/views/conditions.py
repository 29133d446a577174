"""What a candidate waits for although nothing blocks it, in words, and the freezes of a branch
(docs/rules.md#conditions)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from shepherd.freeze_words import coming_words
from shepherd.sentence import Part, Sentence, joined, revision, time
from shepherd.situation import Situation
from shepherd.snapshot import Blocker, CheckEntry, LandingEntry, Snapshot, StairStep
from shepherd.values import count
from shepherd.views.clean import clean, is_web_address

NAMED = 3
"""Checks that one sentence names."""
CHECK_SHOWN = 80
"""Characters of a check's name; it comes from outside."""


class CheckLink(Struct, frozen=True):
    """Where a person can read more of a check."""

    name: str
    address: str


def waiting(snapshot: Snapshot) -> LandingEntry | None:
    """The newest candidate after the latest deployable that nothing blocks and that waits for a condition."""
    if snapshot.waits is None:
        return None
    return next((each for each in snapshot.landings if each.revno == snapshot.waits.revno), None)


def waiting_for_checks(snapshot: Snapshot) -> list[LandingEntry]:
    """The candidates after the latest deployable that their checks alone keep back, of those whose checks
    were asked; newest first."""
    after = snapshot.deployable or snapshot.deployed
    return [
        entry
        for entry in snapshot.landings
        if after is not None
        and entry.revno > after.revno
        and not entry.blocked_by_count
        and entry.missing
        and not entry.over_limits
    ]


def for_checks(snapshot: Snapshot) -> LandingEntry | None:
    """The newest of these."""
    return next(iter(waiting_for_checks(snapshot)), None)


def kept_by(snapshot: Snapshot) -> str:
    """ "waits for checks" or "over a limit", in as few words as a badge has room for; empty: nothing waits
    for a condition alone."""
    entry = waiting(snapshot)
    if entry is None:
        return ""
    return "over a limit" if entry.over_limits and for_checks(snapshot) is None else "waits for checks"


def what_waits(snapshot: Snapshot) -> Sentence | None:
    """What the newest candidate waits for that nothing blocks; where that is over a limit, also what the
    newest below it waits for. None where none waits."""
    entry = waiting(snapshot)
    if entry is None:
        return None
    below = for_checks(snapshot)
    if not entry.over_limits or below is None or below.revno == entry.revno:
        return waits(entry)
    return Sentence(waits(entry), "; ", waits(below))


def links_of(snapshot: Snapshot) -> list[CheckLink]:
    """The pages of the checks that these wait for."""
    entries = {each.revno: each for each in (waiting(snapshot), for_checks(snapshot)) if each is not None}
    return [link for entry in entries.values() for link in check_links(entry.missing)]


def waits(entry: LandingEntry) -> Sentence:
    """ "r31 waits for ci/build (running since 2026-11-29 10:12 UTC)"; for a limit "r31 has to wait: r30 and
    r31 touch …"."""
    limits = [clean(each, 4 * CHECK_SHOWN) for each in entry.over_limits]
    checks = entry.missing
    parts: list[str | Part] = [revision(entry.revno)]
    if checks:
        parts += [" waits for ", _checks(checks)]
        if limits:
            parts.append("; and ")
    else:
        parts.append(" has to wait" + (": " if limits else ""))
    return Sentence(*parts, "; ".join(limits))


def check_words(check: CheckEntry) -> Sentence:
    """ "running since 2026-11-29 10:12 UTC", "failed at …", "skipped at …, which is enough", "not reported
    yet"."""
    said = clean(check.said, 2 * CHECK_SHOWN)
    enough = ", which is enough" if check.state == "holds" and check.said != "success" else ""
    if check.since is None:
        return Sentence(said, enough)
    return Sentence(said, " since " if check.state == "not-yet" else " at ", time(check.since), enough)


def check_links(checks: Iterable[CheckEntry]) -> list[CheckLink]:
    """The pages of those checks that have one."""
    return [CheckLink(called(each), each.url) for each in checks if is_web_address(each.url)]


def called(check: CheckEntry) -> str:
    """The check by name, cut, for a sentence."""
    return clean(check.name, CHECK_SHOWN) or "a check without a name"


def tip_words(step: Blocker | StairStep) -> str:
    """What has to be said behind the revision that clearing blockers gives."""
    return ", if its checks pass" if step.if_checks_pass else ""


def next_freeze(snapshot: Snapshot, situation: Situation) -> Sentence | None:
    """ "next freeze: Fri 2026-12-04 16:00 (in 5 days) to Mon 2026-12-07 08:00, Europe/Berlin (weekend)".
    None: none is known."""
    freeze = situation.freezes_next.get(snapshot.branch)
    if freeze is None:
        return None
    return Sentence("next freeze: ", coming_words(freeze, situation.now, snapshot.timezone))


def _checks(checks: Sequence[CheckEntry]) -> Sentence:
    said: list[str | Part] = [
        Sentence(Part("item", called(each)), " (", _briefly(each), ")") for each in checks[:NAMED]
    ]
    if len(checks) > NAMED:
        said.append(count(len(checks) - NAMED, "more check"))
    return joined(said)


def _briefly(check: CheckEntry) -> str:
    """Why it could not be read is said once, as a problem, and of each check where it is listed."""
    return "could not be read" if check.state == "unknown" else check_words(check)


def counting_for(snapshot: Snapshot) -> Mapping[int, Sequence[int]]:
    """Place of a limit -> the landings not live yet that count for it, ascending."""
    counting: dict[int, list[int]] = {}
    for entry in snapshot.landings:
        if entry.touches and entry.undone_by is None:
            for touch in entry.touches:
                if touch.counts:
                    counting.setdefault(touch.limit, []).append(entry.revno)
    return {place: sorted(revnos) for place, revnos in counting.items()}


def counting(entry: LandingEntry, snapshot: Snapshot) -> Iterator[tuple[str, Sequence[int]]]:
    """The limits that a landing counts for, in words, and who else of the deployment counts for each."""
    others = counting_for(snapshot) if entry.touches else {}
    for touch in entry.touches:
        if touch.limit >= len(snapshot.limits):
            continue
        limit = snapshot.limits[touch.limit]
        most = "none" if limit.max == 0 else f"at most {limit.max}"
        why = f" ({clean(limit.reason, 2 * CHECK_SHOWN)})" if limit.reason else ""
        does = "" if touch.counts else " (it only takes such a change back)"
        paths = clean(", ".join(touch.paths), 2 * CHECK_SHOWN)
        patterns = clean(", ".join(limit.paths), 2 * CHECK_SHOWN)
        yield (
            f"{paths}: one deployment may bring {most} that touch {patterns}{why}{does}",
            [revno for revno in others.get(touch.limit, ()) if revno != entry.revno],
        )
