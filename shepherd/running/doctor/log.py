"""Whether the log can be written to where the settings want it (docs/log.md#where-it-lies)."""

from __future__ import annotations

from collections.abc import Iterator

from shepherd.errors import ShepherdError
from shepherd.running import crontab
from shepherd.running.calling import shepherd_id
from shepherd.running.doctor.checking import CheckContext, Finding, ok, warn
from shepherd.running.log_targets import DEVICE, Syslog


def log(context: CheckContext, device: str = DEVICE) -> Iterator[Finding]:
    """Args: device: the socket of the syslog daemon."""
    wanted, state = context.settings.log, context.settings.state_path
    form: str = "JSON" if wanted.format == "json" else wanted.format
    if wanted.level != "info":
        form += f", {wanted.level} and worse only: it does not tell all that was done"
    if wanted.to == "file":
        yield ok("log", f"{state / 'log' / 'shepherd.log'} ({form})")
    elif wanted.to == "syslog":
        try:
            Syslog(device).connect().close()
        except OSError as error:
            what = f"no syslog daemon listens at {device} ({error.strerror or error})"
            yield warn("log", what, f'start one, or set log.to = "file"; until then {state}/log is written')
        else:
            yield ok("log", f"syslog, by {device} ({form})")
    elif _in_the_crontab(context):
        yield warn("log", "log.to is stderr, so cron mails the log at each run", 'set log.to = "file"')
    else:
        yield ok("log", f"standard error ({form})")


def _in_the_crontab(context: CheckContext) -> bool:
    try:
        return bool(crontab.split(crontab.read(), shepherd_id(context.settings)).block)
    except ShepherdError:
        # that of cron says it
        return False
