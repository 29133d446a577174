"""The readers: from the last snapshot, without lock or network (docs/interfaces.md#commands)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from shepherd.errors import NO_DATA, REFUSED, NoAnswerError, SettingsError
from shepherd.running import told
from shepherd.running.log import now
from shepherd.running.output import json_for_terminals, write
from shepherd.running.situation import situation
from shepherd.running.switch import mention
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.values import number, parse_rev, written_as_key

if TYPE_CHECKING:
    from shepherd.settings import Settings
    from shepherd.situation import Situation
    from shepherd.snapshot import Snapshot
    from shepherd.story import Story
    from shepherd.values import RevName

T = TypeVar("T")

MANY = 10
"""With more branches than this, `inv status` has a line for each (docs/settings.md#many-branches)."""
IN_FULL = 5
"""Landings whose whole story `explain` tells where a name means more of them, the newest."""


def status(options: TaskOptions, *, json: bool = False, sha: bool = False) -> int:
    """`inv status`. With `--json` and one branch an object, with several an array."""
    if sha and json:
        raise SettingsError("--sha prints the SHA and nothing else: leave out --json, or --sha")
    settings = options.settings
    if not sha and not json and len(options.branches) > MANY:
        return _status_of_many(options)
    snapshots = last_answers(options)
    present = situation(settings)
    if sha:
        if len(options.branches) > 1:
            raise SettingsError("several branches are set up: say which one's SHA, with --branch")
        return sha_for_scripts(snapshots[0], present)
    if json:
        from shepherd.views.feeds import snapshot_pieces

        several = len(options.branches) > 1
        for number, snapshot in enumerate(snapshots):
            write(sys.stdout, (",\n" if number else "[") if several else "")
            for piece in snapshot_pieces(snapshot, present):
                write(sys.stdout, _json(piece))
        say("]" if several else "")
    else:
        from shepherd.views import text

        say("\n\n".join(text.status(snapshot, present) for snapshot in snapshots))
    return code_of_answers(options, snapshots, present)


def _status_of_many(options: TaskOptions) -> int:
    """A line for each branch; one that has no answer yet is one of them."""
    from shepherd.views import many

    snapshots, missing = _of_branches(options, partial(snapshot_of, options.settings))
    present = situation(options.settings)
    say(many.status(snapshots, [str(why) for why in missing], present))
    return code_of_answers(options, snapshots, present)


def landings(
    options: TaskOptions,
    *,
    person: str | None = None,
    state: str | None = None,
    of: str | None = None,
    limit: str | None = None,
    json: bool = False,
) -> int:
    """`inv landings`."""
    from typing import get_args

    from shepherd import snapshot as shape
    from shepherd.views import feeds, text

    settings = options.settings
    mention(settings)
    states = sorted({*get_args(shape.State), *get_args(shape.Progress)})
    if state is not None and state not in states:
        raise SettingsError(f"{state!r} is not a state of a landing: one of {', '.join(states)}")
    wanted = parse_rev(of, wide=True) if of is not None else None
    most = number(limit, "number of landings") if limit is not None else None
    snapshots = last_answers(options)
    present = situation(settings)
    for snapshot in snapshots:
        only = _revnos(settings, snapshot, wanted) if wanted is not None else None
        if not only and wanted is not None and (issue := _as_issue(wanted)) is not None:
            only = _revnos(settings, snapshot, issue)
        if json:
            chosen = text.chosen(snapshot, person, state, only)[:most]
            for piece in feeds.landings_pieces(snapshot, chosen):
                write(sys.stdout, _json(piece))
            say("")
        else:
            say(text.landings(snapshot, present, person, state, only, most))
    return code_of_answers(options, snapshots, present)


def explain(options: TaskOptions, rev: str, *, json: bool = False) -> int:
    """`inv explain`: from the snapshot, else from journal and git, so that any landing gets an answer."""
    settings = options.settings
    mention(settings)
    wanted = parse_rev(rev, wide=True)
    snapshots = last_answers(options)
    present = situation(settings)
    _say_silence(settings)
    explained = _explain(settings, snapshots, present, wanted, rev, json=json)
    if not explained and (issue := _as_issue(wanted)) is not None:
        rev, wanted = f"bug:{issue.text}", issue
        explained = _explain(settings, snapshots, present, wanted, rev, json=json)
    if not explained:
        branches = ", ".join(options.branches)
        what = f"{wanted.shown if wanted.kind == 'revno' else rev} is not a landing of {branches}"
        if wanted.kind == "branch":
            what = f"{rev} has not landed, or there is no such branch, on {branches}"
        if wanted.kind in ("bug", "request"):
            what = f"no landing of {branches} names {rev}"
        raise SettingsError(f"{what} (inv landings lists what it knows)")
    return code_of_answers(options, snapshots, present)


def _as_issue(wanted: RevName) -> RevName | None:
    """What `ABC-123` means where no branch of that name landed; None: it cannot be the key of an issue."""
    if wanted.kind != "branch" or not written_as_key(wanted.text):
        return None
    return parse_rev(f"bug:{wanted.text}", wide=True)


def _explain(
    settings: Settings,
    snapshots: Sequence[Snapshot],
    present: Situation,
    wanted: RevName,
    rev: str,
    *,
    json: bool,
) -> int:
    """Returns how many landings were found. Args: rev: what a person wrote for `wanted`."""
    from shepherd.views import feeds, stories, text

    explained = 0
    for snapshot in snapshots:
        entries = {entry.revno: entry for entry in snapshot.landings}
        listed = [entries[revno] for revno in _revnos(settings, snapshot, wanted) if revno in entries]
        listed.sort(key=lambda entry: -entry.revno)
        for entry in listed if json else listed[:IN_FULL]:
            sentences = text.explain(entry, snapshot, present.now)
            say(_json(feeds.plain_json(feeds.named(snapshot, entry))) if json else sentences)
        older = [] if listed else _past(settings, snapshot, wanted, None if json else IN_FULL)
        for story in older if json else older[:IN_FULL]:
            sentences = text.of_branch(snapshot, stories.past(story, present.now))
            say(_json(feeds.plain_json(feeds.named(snapshot, story))) if json else sentences)
        if not json and (more := listed[IN_FULL:] or older[IN_FULL:]):
            say(text.further(more, snapshot, _listing(rev, snapshot, bool(listed))))
        explained += len(listed) + len(older)
    return explained


def _say_silence(settings: Settings) -> None:
    """Where the other hosts could not be asked, what is shown is what this one knew."""
    if problem := told.ask(settings):
        complain(f"asking the other hosts failed: {problem}; what is shown was known here before")


def _listing(rev: str, snapshot: Snapshot, listed: bool) -> str:
    """The command that shows all the landings that `rev` names."""
    from shlex import quote

    of = f" --branch {snapshot.branch}" if snapshot.several else ""
    return f"inv landings --of {quote(rev)}{of}" if listed else f"inv explain {quote(rev)} --json{of}"


def snapshot_of(settings: Settings, branch: str) -> Snapshot:
    """The last answer of a branch.

    Raises:
        NoAnswerError: there is none yet.
    """
    from shepherd.store.snapshots import Snapshots

    problem = told.ask(settings)
    snapshot = Snapshots(settings.state_path / "snapshots", branch).latest()
    if snapshot is None:
        raise NoAnswerError(
            f"{branch}: no answer {f'is known here: {problem}' if problem else 'yet: inv run'}"
        )
    return snapshot


def last_answers(options: TaskOptions) -> list[Snapshot]:
    """The last answers; a branch that has none is said, and hides none of the others.

    Raises:
        NoAnswerError: no branch has one.
    """
    return known_of_branches(options, partial(snapshot_of, options.settings))


def known_of_branches(options: TaskOptions, read: Callable[[str], T]) -> list[T]:
    """What is read of each branch; one of which nothing is known is said, and hides none of the others.

    Raises:
        NoAnswerError: nothing is known of any.
    """
    known, missing = _of_branches(options, read)
    if not known:
        raise missing[0]
    for why in missing:
        complain(str(why))
    return known


def _of_branches(options: TaskOptions, read: Callable[[str], T]) -> tuple[list[T], list[NoAnswerError]]:
    """What is read of each branch, and why nothing is known of others."""
    known: list[T] = []
    missing: list[NoAnswerError] = []
    for branch in options.branches:
        try:
            known.append(read(branch))
        except NoAnswerError as why:
            missing.append(why)
    return known, missing


def _revnos(settings: Settings, snapshot: Snapshot, rev: RevName) -> list[int]:
    """The revnos that a REV names: by the snapshot alone, or by database and repository, where only they can
    tell: an older landing may be called exactly so, and one of the snapshot only nearly."""
    from shepherd.git.revisions import EXACT, revnos_in

    if revnos := revnos_in(snapshot, rev, ranks=EXACT):
        return revnos
    if not revnos_in(snapshot, rev) and rev.kind not in ("branch", "sha"):
        return []
    from shepherd.stages.history import revnos_of

    return revnos_of(settings, snapshot, rev)


def _past(settings: Settings, snapshot: Snapshot, rev: RevName, in_full: int | None) -> list[Story]:
    """What journal and repository know of a landing. Only commands that need it load SQLAlchemy."""
    from shepherd.stages.history import past_of

    return past_of(settings, snapshot, rev, in_full=in_full)


def whatif(
    options: TaskOptions,
    ok: Sequence[str],
    rollback: Sequence[str],
    deploy: str | None = None,
    *,
    json: bool = False,
) -> int:
    """`inv whatif`: each text names landings, one or several with commas between them; `deploy` one alone."""
    from shepherd.cautions import cautions
    from shepherd.git.revisions import revnos_in
    from shepherd.views import feeds, stories
    from shepherd.whatif import suppose

    mention(options.settings)
    branch = options.branch
    snapshot = snapshot_of(options.settings, branch)
    if not snapshot.complete:
        raise NoAnswerError(f"{branch}: no data, so nothing can be supposed: {snapshot.problems[0]}")

    def revnos(texts: Sequence[str]) -> list[int]:
        numbers: list[int] = []
        for word in " ".join(texts).replace(",", " ").split():
            named = revnos_in(snapshot, parse_rev(word))
            if not named:
                raise SettingsError(f"{word} is not a landing that the last answer lists (inv landings)")
            numbers += named
        # one that is named twice is supposed once
        return list(dict.fromkeys(numbers))

    to = revnos([deploy]) if deploy is not None else []
    if deploy is not None and len(to) != 1:
        raise SettingsError("--deploy takes one revision: r123, a SHA, tip, promoted")
    supposition = suppose(snapshot, revnos(ok), revnos(rollback), to[0] if to else None)
    known = cautions(snapshot, situation(options.settings))
    say(_json(feeds.plain_json(supposition)) if json else stories.whatif(supposition, snapshot, known))
    return 0


def history(options: TaskOptions, rev: str | None, *, json: bool = False) -> int:
    """`inv history`."""
    from shepherd.stages.history import branch_events, landing_events
    from shepherd.views import feeds, stories
    from shepherd.views.history import promoted_before

    settings, branch = options.settings, options.branch
    mention(settings)
    if rev is None:
        events = branch_events(settings, branch)
        if not json:
            # what happened is known without an answer, too
            with suppress(NoAnswerError):
                if lines := promoted_before(snapshot_of(settings, branch)):
                    say(f"{lines}\n")
    else:
        events = landing_events(settings, snapshot_of(settings, branch), parse_rev(rev))
    say(_json(feeds.plain_json(events)) if json else stories.events(events, now()))
    return 0


def sha_for_scripts(snapshot: Snapshot, present: Situation) -> int:
    """Print the SHA for a script, which reads no banners: where a caution stops, there is none."""
    from shepherd.cautions import cautions, code_of, released, stopping
    from shepherd.views.answer import headline

    known = cautions(snapshot, present)
    to, stop = released(snapshot, known), stopping(known)
    if to is not None:
        say(to.id)
        return 0
    remedy = f"; {stop.remedy}" if stop is not None and stop.remedy else ""
    complain(f"{snapshot.branch}: {headline(snapshot, known)}{remedy}")
    return code_of(stop) if stop is not None else REFUSED


def _json(document: bytes) -> str:
    """JSON that a terminal can show: what it might take for a command or a change of direction is escaped."""
    return json_for_terminals(document)


def code_of_answers(options: TaskOptions, snapshots: Sequence[Snapshot], present: Situation) -> int:
    """The exit code: 5 where an answer is no data, or a later reading failed; it is shown all the same
    (docs/interfaces.md#commands)."""
    no_data = [not snapshot.complete or snapshot.branch in present.unread for snapshot in snapshots]
    return NO_DATA if any(no_data) or len(snapshots) < len(options.branches) else 0
