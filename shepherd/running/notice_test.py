"""`inv notify --test`: one message, now, that says it is a test, and counts for nothing
(docs/notices.md#try-it)."""

from __future__ import annotations

import secrets

from shepherd.errors import PARTLY, SettingsError, UnsureError
from shepherd.plans.notices import Notice
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.values import quoted


def send_test(options: TaskOptions, name: str) -> int:
    """Send it, and say what came of it; in a dry run say where it would go.

    It takes no lock, and neither journal nor log know of it.

    Raises:
        SettingsError: there is no such place, or a file that it names does not hold what it should.
    """
    from shepherd.act.notice import NoticeError, way_to

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
