"""`notify`, as a task and as `inv run` calls it, and the test of one place (docs/notices.md)."""

from __future__ import annotations

from functools import partial

from shepherd.errors import PARTLY, SettingsError, UnsureError
from shepherd.run import Run
from shepherd.running.runner import StageResult, run_stage
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.values import first_few, quoted


def notify(options: TaskOptions, *, preview: bool = False) -> int:
    """`inv notify`; a preview takes no lock and writes nothing, as a dry run."""
    options.dry |= preview
    return run_stage(options, "notify", partial(notify_all, preview=preview))


def notify_all(options: TaskOptions, run: Run, *, preview: bool = False) -> StageResult:
    """Tell every place of every branch. Raises NoAnswerError, StoreError."""
    from shepherd.stages.notify import notify as stage

    result = stage(options.settings, run, preview=preview, dry=options.dry)
    for line in result.lines if options.dry else first_few(result.lines, "inv notify --dry-run has all"):
        say(line)
    for failure in first_few(result.failures):
        complain(failure)
    return StageResult(result.code, "; ".join(first_few(result.failures)))


def send_test(options: TaskOptions, name: str, *, preview: bool = False) -> int:
    """`inv notify --test NAME`: send one message, now, that says it is a test, and say what came of it; in a
    dry run, and in a preview, say where it would go (docs/notices.md#try-it).

    It takes no lock, and neither journal nor log know of it.

    Raises:
        SettingsError: there is no such place, or a file that it names does not hold what it should.
    """
    import secrets

    from shepherd.act.notice import NoticeError, way_to
    from shepherd.plans.notices import Notice

    options.dry |= preview
    settings = options.settings
    place = next((each for each in settings.notify if each.name == name), None)
    if place is None:
        known = ", ".join(each.name for each in settings.notify)
        hint = f"there are: {known}" if known else f"{settings.file} has no table [[notify]]"
        raise SettingsError(f"there is no [[notify]] of the name {quoted(name)}; {hint}")
    way = way_to(place, settings)
    if options.dry:
        say(f"a test would go to {place.name} ({way.name})")
        return 0
    try:
        way.send(Notice(f"test-{secrets.token_hex(8)}", place.name, "", (), "", settings.report.url))
    except (NoticeError, UnsureError) as error:
        # no run knows of it, and none tries again
        complain(str(error).partition("; the next run ")[0])
        return PARTLY
    say(f"a test went to {place.name} ({way.name}): it was taken")
    return 0
