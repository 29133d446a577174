"""What stands in the way of a run: one that hangs or crashed, the maintenance switch."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from shepherd.health import troubles
from shepherd.plainfile import UnreadableFileError
from shepherd.running import hosts, told
from shepherd.running import records as run_records
from shepherd.running.doctor.checking import CheckContext, Finding, fail, ok, warn
from shepherd.running.maintenance import look, words
from shepherd.running.run import STAGES
from shepherd.running.situation import crashed, hang_of, situation
from shepherd.sentence import separated
from shepherd.views.system import schedule


def records(context: CheckContext) -> Iterator[Finding]:
    """The run record is of a run that goes on, and not for too long."""
    try:
        present = hosts.look(context.settings)
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
        there = run_records.where(record)
        remedy = f"look at it{there}, then: kill {record.pid}"
        yield fail("records", f"suspected hang: {record_words}", remedy)
    else:
        yield ok("records", f"at work: {record_words}")


def maintenance(context: CheckContext) -> Iterator[Finding]:
    """The switch is off; a switch that stays on is the commonest reason for an old answer."""
    settings = context.settings
    told.ask(settings)
    switch = look(settings.state_path, settings.maintenance.warn_after, context.now)
    if switch is None:
        yield ok("maintenance", "off")
    elif switch.overdue:
        yield fail("maintenance", f"on {words(switch, context.now)}")
    else:
        remedy = "" if switch.upgrade else "inv maintenance.off ends it"
        yield warn("maintenance", f"on {words(switch, context.now)}", remedy)


def system(context: CheckContext) -> Iterator[Finding]:
    """What the system line of page and `status` warns of, from the same function, as far as no other check
    here says it: `records` tells of a hang, `maintenance` of the switch, `stage S` of what fails."""
    present = replace(situation(context.settings), now=context.now)
    wanted = {part.name for part in STAGES if part.wanted(context.settings)}
    forgotten = [name for name, runs in present.stages.items() if runs.failing and name not in wanted]
    own = {"aborted", "overdue-run", *(["failing"] if forgotten else [])}
    found = [trouble.sentence for trouble in troubles(present) if trouble.kind in own]
    if found:
        yield warn("system", str(separated(found, "; ")), "see inv status, and the log")
    else:
        yield ok("system", str(schedule(present)) or "nothing ran yet")
