"""`inv notes`: release notes, from the last answer, else from journal and git; without lock or network
(docs/interfaces.md#notes)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shepherd.errors import NO_DATA, REFUSED, SettingsError
from shepherd.running.output import json_for_terminals
from shepherd.running.reading import snapshot_of
from shepherd.running.situation import situation
from shepherd.running.switch import mention
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.values import parse_rev

if TYPE_CHECKING:
    from shepherd.notes import ReleaseNotes

FORMATS = ("text", "markdown", "json")


def notes(options: TaskOptions, base: str | None, to: str | None, form: str) -> int:
    """`inv notes`. Without `to` those of the deployment that is proposed: where there is none, or a caution
    stops it, nothing is printed, and the exit code is that of `inv status --sha`."""
    from shepherd.cautions import cautions, code_of, released, stopping
    from shepherd.views.answer import headline
    from shepherd.views.notes import notes_of

    if form not in FORMATS:
        raise SettingsError(f"{form!r} is not a format of release notes: one of {', '.join(FORMATS)}")
    first = parse_rev(base) if base is not None else None
    last = parse_rev(to) if to is not None else None
    settings = options.settings
    mention(settings)
    snapshot = snapshot_of(settings, options.branch)
    present = situation(settings)
    if last is None:
        known = cautions(snapshot, present)
        proposal, stop = released(snapshot, known), stopping(known)
        if proposal is None:
            remedy = f"; {stop.remedy}" if stop is not None and stop.remedy else ""
            complain(f"{snapshot.branch}: {headline(snapshot, known)}{remedy}")
            return code_of(stop) if stop is not None else REFUSED
        if first is None:
            made = notes_of(snapshot)
            assert made is not None
            return _print(made, form)
        last = parse_rev(proposal.id)
    from shepherd.stages.notes import notes_between

    _print(notes_between(settings, snapshot, first, last), form)
    return NO_DATA if not snapshot.complete or snapshot.branch in present.unread else 0


def _print(made: ReleaseNotes, form: str) -> int:
    from shepherd.views.feeds import plain_json
    from shepherd.views.notes import as_markdown, as_text

    if form == "json":
        say(json_for_terminals(plain_json(made)))
    else:
        say(as_text(made) if form == "text" else as_markdown(made))
    return 0
