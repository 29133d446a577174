"""What a run that may not work, or could not read, still does: the log, the page, one mail about a hang, and
one message to each chat.

All under `run/page.lock`: of several such runs one does it, and the others leave it to that one
(docs/running.md#one-copy-at-a-time).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from msgspec.structs import replace

from shepherd.errors import BUSY, MAINTENANCE, ShepherdError, StoreError, UnsureError
from shepherd.limits import DeadlineError, limited
from shepherd.run import Tell
from shepherd.running import gate, maintenance, told
from shepherd.running.elsewhere import hosts_elsewhere
from shepherd.running.log import now
from shepherd.running.news import memory_of
from shepherd.running.pages import write_current
from shepherd.running.situation import Aborts, aborts_of, keep_aborts, switch_of
from shepherd.settings import Settings
from shepherd.situation import Hang
from shepherd.store.shared_files import OF_BRANCH
from shepherd.values import clean, iso

PAGE_LIMIT = 20.0
"""Seconds that writing the pages again may take."""
RENDERING = 4.0
"""How many of them are not for publishing, which its targets share."""
MAIL_LIMIT = 10.0
"""Seconds that the mails about one hang may take together."""
PAGE_EVERY = timedelta(minutes=1)


class MaintenanceError(ShepherdError):
    """The switch is on."""

    code = MAINTENANCE

    def __init__(self, text: str, switch: maintenance.Switch) -> None:
        super().__init__(text)
        self.switch = switch


class BusyError(ShepherdError):
    """Another copy is at work, or the release was switched meanwhile."""

    code = BUSY

    def __init__(self, text: str, hang: Hang | None = None) -> None:
        super().__init__(text)
        self.hang = hang


def in_maintenance(settings: Settings) -> MaintenanceError | None:
    """The refusal that the switch is just now, None if it is off."""
    switch = switch_of(settings)
    if switch is None:
        return None
    place = maintenance.path_of(settings.state_path)
    return MaintenanceError(f"in maintenance ({place}) {maintenance.words(switch, now())}", switch)


def attend(settings: Settings, refusal: ShepherdError, tell: Tell) -> None:
    """Note the refusal, and show it on the page. Nothing that goes wrong here hides the refusal itself."""
    with suppress(gate.TakenError, StoreError), gate.page(settings.state_path):
        aborts = aborts_of(settings)
        if isinstance(refusal, MaintenanceError):
            aborts = replace(aborts, last=now(), because="maintenance.txt")
            maintenance.remember_first_abort(settings.state_path, now())
        elif isinstance(refusal, BusyError):
            if refusal.hang is None:
                if _others_know_more(settings):
                    _refresh(settings, tell, folders_alone=True)
                return
            aborts = replace(
                aborts, last=now(), because=f"a suspected hang of {clean(refusal.hang.stage, 40)}"
            )
        keep_aborts(settings, aborts)
        if not _lately(aborts.page, now()) or _written_since(settings, aborts.page):
            aborts = replace(aborts, page=now())
            keep_aborts(settings, aborts)
            _refresh(settings, tell)
            aborts = replace(aborts_of(settings), page=now())
            keep_aborts(settings, aborts)
        if isinstance(refusal, BusyError) and refusal.hang is not None:
            with told.one_host(settings) as alone:
                if alone:
                    _mail(settings, refusal.hang, str(refusal), aborts, tell)
                    _notify(settings, refusal.hang, str(refusal), tell)


def show_failure(settings: Settings, tell: Tell, publish: bool = True, wait: float = 0.0) -> None:
    """Let page, badge and SHA say at once that something could not be read, or that a branch is frozen.

    Best effort: what goes wrong here hides nothing.

    Args:
        wait: seconds for a refused run that writes them just now; 0: what it knows is enough.
    """
    try:
        with suppress(gate.TakenError, StoreError), gate.page(settings.state_path, wait=wait):
            _refresh(settings, tell, publish)
    except Exception as error:
        tell("act", what="report", on=settings.report_path, result="failed", why=repr(error))


def once(settings: Settings, refusal: ShepherdError) -> bool:
    """Whether cron has to say this now: an overdue switch once a day, a suspected hang once
    (docs/interfaces.md#commands)."""
    if isinstance(refusal, MaintenanceError) and refusal.switch.overdue:
        about = ("overdue", f"{now():%Y-%m-%d} {refusal.switch.since or refusal.switch.until}")
    elif isinstance(refusal, BusyError) and refusal.hang is not None:
        about = ("hang", _which(refusal.hang))
    else:
        return False
    return is_first(settings, *about)


def is_first(settings: Settings, kind: str, which: str) -> bool:
    """Whether this was not said of its kind last; from now on it was."""
    try:
        with gate.page(settings.state_path):
            return _first(settings, kind, which)
    except gate.TakenError:
        # another run is at it; the next one says it
        return False
    except StoreError:
        # on a full disk
        news = memory_of(settings.state_path, settings.file).is_news(f"{kind} {which}")
        return news and told.first_of_all(settings, kind, which)


def switch_is_off(settings: Settings) -> None:
    """A run found the switch off: the next one has an age of its own, and is loud again."""
    maintenance.forget_first_abort(settings.state_path)
    if "overdue" not in aborts_of(settings).said:
        return
    with suppress(gate.TakenError, StoreError), gate.page(settings.state_path):
        aborts = aborts_of(settings)
        keep_aborts(settings, replace(aborts, said={k: v for k, v in aborts.said.items() if k != "overdue"}))
        told.say_again(settings, "overdue")


def _first(settings: Settings, kind: str, which: str) -> bool:
    aborts = aborts_of(settings)
    if aborts.said.get(kind, "") == which:
        return False
    keep_aborts(settings, replace(aborts, said=aborts.said | {kind: which}))
    return told.first_of_all(settings, kind, which)


def _refresh(settings: Settings, tell: Tell, publish: bool = True, *, folders_alone: bool = False) -> None:
    """Render and publish the last snapshot with the present situation."""
    from shepherd.stages.publish import publish_report

    each = (PAGE_LIMIT - RENDERING) / max(1, len(settings.report.publish))
    limit = DeadlineError(f"the pages could not be written within {PAGE_LIMIT:g} seconds")
    try:
        with limited(PAGE_LIMIT, limit):
            pages = write_current(settings)
            tell("act", what="report", on=settings.report_path, files=len(pages), because="the situation")
            if publish and not hosts_elsewhere(settings):
                publish_report(settings, tell, "a refused run", limit=each, folders_alone=folders_alone)
    except ShepherdError as error:
        tell("act", what="report", on=settings.report_path, result="failed", why=str(error))


def _mail(settings: Settings, hang: Hang, text: str, aborts: Aborts, tell: Tell) -> None:
    limit = DeadlineError(f"the mails took longer than {MAIL_LIMIT:g} seconds")
    if settings.mail is None or hosts_elsewhere(settings):
        return
    for address in settings.mail.operators:
        kind = f"mail to {address}"
        if _which(hang) in (aborts_of(settings).said.get(kind), told.said(settings, kind)):
            continue
        from shepherd.plans.mails import Mail
        from shepherd.stages.mail_messages import send_unnoted

        try:
            with limited(MAIL_LIMIT, limit):
                # noted in aborts.json and not in the journal: the run that hangs may hold the database
                send_unnoted(Mail("hang", address, hang=hang, text=text), settings, now())
            _first(settings, kind, _which(hang))
            tell("act", what="mail", to=address, because=f"a suspected hang, {_which(hang)}")
        except UnsureError as error:
            # it may have gone, and is said once
            _first(settings, kind, _which(hang))
            tell("act", what="mail", to=address, result="unsure", why=str(error))
        except ShepherdError as error:
            tell("act", what="mail", to=address, result="failed", why=str(error))


def _notify(settings: Settings, hang: Hang, text: str, tell: Tell) -> None:
    if not settings.notify or hosts_elsewhere(settings):
        return
    from shepherd.running.hang_notices import tell_of_hang

    def said(kind: str) -> str:
        return aborts_of(settings).said.get(kind, "")

    def note(kind: str, what: str) -> None:
        _first(settings, kind, what)

    tell_of_hang(settings, _which(hang), text, said, note, tell)


def _which(hang: Hang) -> str:
    return f"process {hang.pid} since {iso(hang.since) if hang.since else '?'}"


def _others_know_more(settings: Settings) -> bool:
    """Whether what another host wrote came after the pages here, while that host works and not one of us."""
    state = settings.state_path
    if not settings.on_server or gate.held(*gate.work_locks(state)):
        return False
    try:
        written = (settings.report_path / "index.html").stat().st_mtime
    except OSError:
        return True
    files = (state / "snapshots" / branch / name for branch in settings.branches for name in OF_BRANCH)
    for file in files:
        # not when it was written there, but when it came here
        with suppress(OSError):
            if file.stat().st_ctime > written:
                return True
    return False


def _written_since(settings: Settings, page: datetime | None) -> bool:
    """Whether a run that worked wrote pages after those of the last refused one."""
    try:
        written = (settings.report_path / "index.html").stat().st_mtime
    except OSError:
        return False
    return page is not None and written > page.timestamp()


def _lately(before: datetime | None, at: datetime) -> bool:
    """Less than a minute ago. A time in the future says nothing: the clock was set back."""
    return before is not None and timedelta(0) <= at - before < PAGE_EVERY
