"""The readers: from the last snapshot, without lock or network (docs/interfaces.md#commands)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from shepherd.errors import NO_DATA, REFUSED, NoAnswerError, SettingsError
from shepherd.running.situation import situation
from shepherd.running.tasking import complain, snapshot_of
from shepherd.values import parse_rev

if TYPE_CHECKING:
    from shepherd.settings import Settings
    from shepherd.situation import Situation
    from shepherd.snapshot import Snapshot
    from shepherd.story import Story
    from shepherd.values import RevName

Say = Callable[[str], None]


def status(settings: Settings, names: Sequence[str], *, json: bool, sha: bool, say: Say) -> int:
    """`inv status`. With `--json` and one branch an object, with several an array."""
    if sha and json:
        raise SettingsError("--sha prints the SHA and nothing else: leave out --json, or --sha")
    snapshots = [snapshot_of(settings, name) for name in names]
    present = situation(settings)
    if sha:
        if len(snapshots) > 1:
            raise SettingsError("several branches are set up: say which one's SHA, with --branch")
        return sha_for_scripts(snapshots[0], present, say)
    if json:
        from shepherd.views.feeds import snapshot_json

        texts = [_json(snapshot_json(snapshot, present)) for snapshot in snapshots]
        say(texts[0] if len(texts) == 1 else "[" + ",\n".join(texts) + "]")
    else:
        from shepherd.views import text

        say("\n\n".join(text.status(snapshot, present) for snapshot in snapshots))
    return _code(snapshots, present)


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
    from shepherd.views import feeds, text

    words = sorted({*get_args(shape.State), *get_args(shape.Progress)})
    if state is not None and state not in words:
        raise SettingsError(f"{state!r} is no state of a landing: one of {', '.join(words)}")
    wanted = parse_rev(of, wide=True) if of is not None else None
    snapshots = [snapshot_of(settings, name) for name in names]
    present = situation(settings)
    for snapshot in snapshots:
        only = _meant(settings, snapshot, wanted) if wanted is not None else None
        if json:
            chosen = text.chosen(snapshot, person, state, only)
            say(_json(feeds.plain_json([feeds.named(snapshot, entry) for entry in chosen])))
        else:
            say(text.landings(snapshot, present, person, state, only))
    return _code(snapshots, present)


def explain(settings: Settings, names: Sequence[str], rev: str, *, json: bool, say: Say) -> int:
    """`inv explain`: from the snapshot, else from journal and git, so that any landing gets an answer."""
    from shepherd.views import feeds, stories, text

    wanted = parse_rev(rev, wide=True)
    snapshots = [snapshot_of(settings, name) for name in names]
    present = situation(settings)
    told = 0
    for snapshot in snapshots:
        entries = {entry.revno: entry for entry in snapshot.landings}
        listed = [revno for revno in _meant(settings, snapshot, wanted) if revno in entries]
        for revno in listed:
            said = text.explain(entries[revno], snapshot)
            say(_json(feeds.plain_json(feeds.named(snapshot, entries[revno]))) if json else said)
        older = [] if listed else _past(settings, snapshot, wanted)
        for story in older:
            said = text.of_branch(snapshot, stories.past(story))
            say(_json(feeds.plain_json(feeds.named(snapshot, story))) if json else said)
        told += len(listed) + len(older)
    if not told:
        what = f"{wanted.said if wanted.kind == 'revno' else rev} is no landing of"
        if wanted.kind == "branch":
            what = f"{rev} has not landed, or there is no such branch, on"
        raise SettingsError(f"{what} {', '.join(names)} (inv landings lists what it knows)")
    return _code(snapshots, present)


def _meant(settings: Settings, snapshot: Snapshot, rev: RevName) -> list[int]:
    """The revnos that are meant: by the snapshot alone, or by the repository, where only that can tell."""
    from shepherd.stages.lookup import chosen_by

    found = chosen_by(rev, snapshot)
    if found or rev.kind not in ("branch", "sha"):
        return found
    from shepherd.stages.history import revnos_of

    return revnos_of(settings, snapshot, rev)


def _past(settings: Settings, snapshot: Snapshot, rev: RevName) -> list[Story]:
    """What journal and repository know of a landing. Only who asks for that waits for SQLAlchemy."""
    from shepherd.stages.history import past_of

    return past_of(settings, snapshot, rev)


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
    say(_json(feeds.plain_json(supposition)) if json else stories.whatif(supposition, snapshot))
    return 0


def history(settings: Settings, branch: str, rev: str | None, *, json: bool, say: Say) -> int:
    """`inv history`."""
    from shepherd.stages.history import branch_events, landing_events
    from shepherd.views import feeds, stories

    if rev is None:
        events = branch_events(settings, branch)
    else:
        events = landing_events(settings, snapshot_of(settings, branch), parse_rev(rev))
    say(_json(feeds.plain_json(events)) if json else stories.events(events))
    return 0


def sha_for_scripts(snapshot: Snapshot, present: Situation, say: Say) -> int:
    """The SHA for a script, which reads no banners: so where a caution stops there is none."""
    from shepherd.cautions import cautions, code_of, released, stopping
    from shepherd.views.answer import headline

    found = cautions(snapshot, present)
    to, stop = released(snapshot, found), stopping(found)
    if to is not None:
        say(to.id)
        return 0
    remedy = f"; {stop.remedy}" if stop is not None and stop.remedy else ""
    complain(f"{snapshot.branch}: {headline(snapshot, found)}{remedy}")
    return code_of(stop) if stop is not None else REFUSED


def _json(document: bytes) -> str:
    """JSON that a terminal can show: what it might take for a command or a change of direction is escaped."""
    return _TELLING.sub(lambda found: f"\\u{ord(found[0]):04x}", document.decode())


_TELLING = re.compile("[\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff]")


def _code(snapshots: Sequence[Snapshot], present: Situation) -> int:
    """No data is shown, and so is an answer that a failed reading came after; both end with 5
    (docs/interfaces.md#commands)."""
    no_data = [not snapshot.complete or snapshot.branch in present.unread for snapshot in snapshots]
    return NO_DATA if any(no_data) else 0
