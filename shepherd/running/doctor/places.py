"""Whether each chat and webhook can be told anything (docs/notices.md): the files that its table names, the
extra, the form of its address. Nothing is sent, and nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator

from shepherd.errors import SettingsError
from shepherd.running.doctor.checking import CheckContext, Finding, fail, ok, warn


def places(context: CheckContext) -> Iterator[Finding]:
    settings = context.settings
    if not settings.notify:
        yield ok("notify", "no [[notify]] in the settings: no chat is told anything")
        return
    from shepherd.act.notice import way_to

    for place in settings.notify:
        name = f"notify {place.name}"
        try:
            way = way_to(place, settings)
        except SettingsError as error:
            yield fail(name, str(error))
            continue
        if way.open:
            what = f"{way.name}: everybody on the way can read and change what it is told"
            file = settings.place(place.url_file)
            yield warn(name, what, f"write its address in {file} with TLS (mmosts://), without verify=no")
        else:
            yield ok(name, f"{way.name}; inv notify --test {place.name} sends a message")
