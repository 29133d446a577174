"""What stands in the way of a run: one that hangs or crashed, the maintenance switch."""

from __future__ import annotations

from collections.abc import Iterator

from shepherd.plainfile import UnreadableFileError
from shepherd.running import records as run_records
from shepherd.running.doctor.checking import CheckContext, Finding, fail, ok, warn
from shepherd.running.maintenance import look, words
from shepherd.running.situation import crashed, hang_of


def records(context: CheckContext) -> Iterator[Finding]:
    """The run record is of a run that goes on, and not for too long."""
    state = context.settings.state_path
    try:
        present = run_records.look(state)
    except UnreadableFileError as why:
        yield warn("records", str(why), "the next run replaces it")
        return
    if present is None:
        yield ok("records", "nothing is at work")
        return
    record, life = present
    record_words = run_records.words(record, context.now)
    if life == "gone":
        yield warn("records", crashed(record), "the next run cleans up")
    elif hang_of(context.settings, record, life) is not None:
        yield fail("records", f"suspected hang: {record_words}", f"look at it, then: kill {record.pid}")
    else:
        yield ok("records", f"at work: {record_words}")


def maintenance(context: CheckContext) -> Iterator[Finding]:
    """The switch is off; a switch that stays on is the commonest reason for an old answer."""
    settings = context.settings
    switch = look(settings.state_path, settings.maintenance.warn_after, context.now)
    if switch is None:
        yield ok("maintenance", "off")
    elif switch.overdue:
        yield fail("maintenance", f"on {words(switch, context.now)}")
    else:
        remedy = "" if switch.upgrade else "inv maintenance.off ends it"
        yield warn("maintenance", f"on {words(switch, context.now)}", remedy)
