"""The readers: from the last snapshot, without lock or network (design 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ops.situation import situation
from ops.tasking import snapshot_of
from shepherd.errors import NO_DATA, REFUSED, NoAnswerError, SettingsError, worst
from shepherd.values import parse_rev

if TYPE_CHECKING:
    from shepherd.settings import Settings
    from shepherd.snapshot import Snapshot

Say = Callable[[str], None]


def status(settings: Settings, names: Sequence[str], *, json: bool, sha: bool, say: Say) -> int:
    """`inv status`. With `--json` and one branch an object, with several an array."""
    snapshots = [snapshot_of(settings, name) for name in names]
    if sha:
        if len(snapshots) > 1:
            raise SettingsError("several branches are set up: say which one's SHA, with --branch")
        return _sha(snapshots[0], say)
    now = situation(settings)
    if json:
        from shepherd.views.feeds import snapshot_json

        texts = [snapshot_json(snapshot, now).decode() for snapshot in snapshots]
        say(texts[0] if len(texts) == 1 else "[" + ",\n".join(texts) + "]")
    else:
        from shepherd.views import text

        say("\n\n".join(text.status(snapshot, now) for snapshot in snapshots))
    return _code(snapshots)


def landings(
    settings: Settings,
    names: Sequence[str],
    *,
    person: str | None,
    state: str | None,
    of: str | None,
    json: bool,
    say: Say,
) -> int:
    """`inv landings`."""
    from typing import get_args

    from shepherd import snapshot as shape
    from shepherd.stages.lookup import chosen_by
    from shepherd.views import feeds, text

    words = sorted({*get_args(shape.State), *get_args(shape.Progress)})
    if state is not None and state not in words:
        raise SettingsError(f"{state!r} is no state of a landing: one of {', '.join(words)}")
    wanted = parse_rev(of, wide=True) if of is not None else None
    snapshots = [snapshot_of(settings, name) for name in names]
    for snapshot in snapshots:
        only = chosen_by(wanted, snapshot) if wanted is not None else None
        if json:
            say(feeds.plain_json(text.chosen(snapshot, person, state, only)).decode())
        else:
            say(text.landings(snapshot, person, state, only))
    return _code(snapshots)


def explain(settings: Settings, names: Sequence[str], rev: str, *, json: bool, say: Say) -> int:
    """`inv explain`: from the snapshot, else from journal and git, so that any landing gets an answer."""
    from shepherd.stages.lookup import chosen_by
    from shepherd.views import feeds, stories, text

    wanted = parse_rev(rev, wide=True)
    snapshots = [snapshot_of(settings, name) for name in names]
    found = False
    for snapshot in snapshots:
        for revno in chosen_by(wanted, snapshot):
            entry = next((e for e in snapshot.landings if e.revno == revno), None)
            if entry is not None:
                found = True
                say(feeds.plain_json(entry).decode() if json else text.explain(entry, snapshot))
    if not found:
        from shepherd.stages.past import past_of

        past = [story for s in snapshots for story in past_of(settings, s, wanted)]
        if not past:
            raise SettingsError(f"{rev} is no landing of {', '.join(names)} (inv landings lists them)")
        for story in past:
            say(feeds.plain_json(story).decode() if json else stories.past(story))
    return _code(snapshots)


def whatif(settings: Settings, branch: str, ok: str, rollback: str, *, json: bool, say: Say) -> int:
    """`inv whatif`."""
    from shepherd.stages.lookup import revno_in
    from shepherd.views import feeds, stories
    from shepherd.whatif import suppose

    snapshot = snapshot_of(settings, branch)
    if not snapshot.complete:
        raise NoAnswerError(f"{branch}: no data, so nothing can be supposed: {snapshot.problems[0]}")

    def revnos(given: str) -> list[int]:
        found = []
        for word in given.replace(",", " ").split():
            revno = revno_in(parse_rev(word), snapshot)
            if revno is None:
                raise SettingsError(f"{word} is no landing that the last answer lists (inv landings)")
            found.append(revno)
        return found

    supposition = suppose(snapshot, revnos(ok), revnos(rollback))
    say(feeds.plain_json(supposition).decode() if json else stories.whatif(supposition, snapshot))
    return 0


def history(settings: Settings, branch: str, rev: str | None, *, json: bool, say: Say) -> int:
    """`inv history`."""
    from shepherd.stages.past import branch_events, landing_events
    from shepherd.views import feeds, stories

    if rev is None:
        events = branch_events(settings, branch)
    else:
        events = landing_events(settings, snapshot_of(settings, branch), parse_rev(rev))
    say(feeds.plain_json(events).decode() if json else stories.events(events))
    return 0


def _sha(snapshot: Snapshot, say: Say) -> int:
    if not snapshot.complete:
        raise NoAnswerError(f"{snapshot.branch}: no data: {snapshot.problems[0]}")
    if snapshot.deployable is None:
        return REFUSED
    say(snapshot.deployable.id)
    return 0


def _code(snapshots: Sequence[Snapshot]) -> int:
    return worst([0 if snapshot.complete else NO_DATA for snapshot in snapshots])
