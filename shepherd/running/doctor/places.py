"""Whether each chat and webhook can be told anything, and whether what it was to be told has arrived
(docs/notices.md). Nothing is sent, and nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shepherd.errors import NoAnswerError, SettingsError
from shepherd.running.doctor.checking import CheckContext, Finding, fail, ok, warn
from shepherd.settings.model import NotifySettings
from shepherd.values import utc, when

if TYPE_CHECKING:
    from shepherd.store import Database


def places(context: CheckContext) -> Iterator[Finding]:
    """The files that each table names, the extra, the form of the address."""
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


def told(context: CheckContext) -> Iterator[Finding]:
    """When each was told something last, by the journal, and whether something does not arrive."""
    settings = context.settings
    if not settings.notify:
        return
    from shepherd.store import Database

    try:
        with Database.of(settings, read_only=True) as database:
            for place in settings.notify:
                yield _of_place(context, place, database)
    except NoAnswerError:
        yield ok("told", "nothing was read yet, so nobody was told anything")


def _of_place(context: CheckContext, place: NotifySettings, database: Database) -> Finding:
    from shepherd.stages.place_states import state_of

    name, states = f"told {place.name}", []
    for branch in place.branches or context.settings.branches:
        with database.branch(branch) as store:
            state = state_of(store.journal, place.name)
        if state is not None:
            states.append((branch, state))
    if not states:
        return ok(name, "it is told from the next run on: inv notify")
    last = max((state.last for _, state in states if state.last is not None), default=None)
    failing = [(state.failing, branch) for branch, state in states if state.failing is not None]
    never = "nothing was told before" if failing else "nothing was to be told yet"
    lately = f"last told at {when(last, context.now)}" if last else never
    if failing:
        since, branch = min(failing)
        what = f"nothing of {branch} is known to arrive there since {when(since, context.now)}; {lately}"
        alone = max((state.alone for _, state in states if state.alone is not None), default=context.now)
        if alone > context.now:
            what += f"; it asks to be left alone until {utc(alone)}"
        return warn(name, what, "inv notify says why, inv notify --preview what it misses")
    if killed := [branch for branch, state in states if state.maybe]:
        what = f"whether the last message about {killed[0]} arrived is not known; {lately}"
        return warn(name, what, "the next run tells it again, marked: inv notify")
    return ok(name, lately)
