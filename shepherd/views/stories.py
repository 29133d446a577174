"""Plain text about what was and what would be: `explain` of old landings, `history`, `whatif`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shepherd.cautions import Caution, stopping
from shepherd.snapshot import Snapshot
from shepherd.story import Story, StoryEvent, Supposition
from shepherd.views.answer import headline
from shepherd.views.terminal import plain, wrap
from shepherd.views.words import also_by, count, deploy_or_stay, name, revno_of, some, utc, when


def past(story: Story, now: datetime | None = None) -> str:
    """A landing that the last answer does not list."""
    since = f" since {when(story.live_since, now)}" if story.live_since is not None else ""
    if story.in_production is None:
        first = "may be live or not: what production runs could not be read"
    elif not story.in_production:
        first = "is not judged yet: inv judge"
    elif story.undone_by is not None:
        first = f"is rolled back by r{story.undone_by}; production has both{since}"
    elif since:
        first = f"is live{since}"
    else:
        first = "is live; it was before the shepherd first looked"
    lines = [f"r{story.revno} {first}", wrap(f"“{plain(story.title) or '(no title)'}”", "  ")]
    lines.append(wrap(f"{name(story.person)}, landed {when(story.landed_at, now)}, {story.id[:12]}", "  "))
    lines += [wrap(f"{what} {who}", "  ") for what, who in also_by(story.merged_by, story.co_authors)]
    if story.bugs:
        lines.append(wrap("bugs " + ", ".join(map(str, story.bugs)), "  "))
    if story.requests:
        lines.append(wrap("requests " + ", ".join(map(plain, story.requests)), "  "))
    if story.branch:
        lines.append(wrap(f"branch {plain(story.branch)}", "  "))
    if story.promoted_at is not None:
        by = f" by {story.promoted_by}" if story.promoted_by else ""
        lines.append(wrap(f"promoted {when(story.promoted_at, now)}{by}", "  "))
    if story.events:
        lines += ["", *_lines(story.events, now)]
    return "\n".join(lines)


def events(happened: Sequence[StoryEvent], now: datetime | None = None) -> str:
    """What was said and done, oldest first."""
    return "\n".join(_lines(happened, now)) if happened else "nothing is recorded yet"


def whatif(supposed: Supposition, snapshot: Snapshot, known: Sequence[Caution] = ()) -> str:
    """The answer as it would be, in the first line.

    Args:
        known: the cautions of the snapshot. Where one stops, that comes first, and nothing is offered.
    """
    changes = []
    if supposed.ok:
        changes.append(f"{_revs(supposed.ok)} good")
    if supposed.rollback:
        changes.append(f"{_revs(supposed.rollback)} rolled back by a landing r{supposed.next_landing}")
    if supposed.deploy is not None:
        changes.insert(0, f"production at r{supposed.deploy}")
    deployed = revno_of(snapshot.deployed)
    answer = deploy_or_stay(supposed.deployable, supposed.deploy or deployed)
    now = deploy_or_stay(revno_of(snapshot.deployable), deployed)
    lines = []
    if stopping(known) is not None:
        lines.append(wrap(headline(snapshot, known), rest="  "))
        answer, now = (each.replace("deploy ", "up to ") for each in (answer, now))
        now = f"{now}; deploy neither until that is settled"
    if supposed.if_checks_pass:
        answer += " if its checks pass"
    lines.append(wrap(f"With {' and '.join(changes) or 'nothing changed'}: {answer} (now: {now})", rest="  "))
    if supposed.if_checks_pass and supposed.checks_hold is not None:
        lines.append(wrap(f"the newest whose checks are known to hold is r{supposed.checks_hold}", "  "))
    between = [entry for entry in snapshot.landings if entry.revno == supposed.deploy]
    if between and between[0].deployable_as_tip is False:
        lines.append(wrap(f"r{supposed.deploy} itself may not go to production now", "  "))
    if supposed.brings_back:
        lines.append(
            wrap(f"that rollback brings {_revs(supposed.brings_back)} back, so it would need QA itself", "  ")
        )
    if supposed.blocked_by_count:
        still = some([f"r{r}" for r in supposed.blocked_by], 10, supposed.blocked_by_count)
        lines.append(wrap(f"the newest landing would still be blocked by {still}", "  "))
    else:
        lines.append("  nothing would block the newest landing")
    lines += [wrap(f"with the newest landing, {plain(sentence)}", "  ") for sentence in supposed.over]
    if supposed.limits_unknown:
        lines.append(
            wrap("whether that rollback counts for a limit is not known: it undoes what is live", "  ")
        )
    others = count(len(snapshot.blockers), "landing")
    lines.append(wrap(f"based on the answer of {utc(snapshot.generated_at)}, with {others} blocking", "  "))
    return "\n".join(lines)


def _lines(happened: Sequence[StoryEvent], now: datetime | None) -> list[str]:
    return [
        wrap(
            f"{when(datetime.fromisoformat(event.at), now)}  {event.what}"
            + (f", by {event.who}" if event.who else "")
            + (f": {event.why}" if event.why else ""),
            rest="    ",
        )
        for event in happened
    ]


def _revs(revnos: Sequence[int]) -> str:
    return ", ".join(f"r{revno}" for revno in revnos)
