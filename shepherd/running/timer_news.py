"""What a timer's failed run is to the operators: one mail, once a day for each reason
(docs/timers.md#when-a-run-fails).

cron mails what a command prints; systemd mails nobody, and calls `inv timer.failed` by `OnFailure=`.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from shepherd.errors import BUSY, ShepherdError, StoreError, UnsureError, WrongValueError, worst
from shepherd.limits import DeadlineError, limited
from shepherd.running import refusals, systemd
from shepherd.running.elsewhere import hosts_elsewhere
from shepherd.running.log import line, now, run_id
from shepherd.running.runner import log_of
from shepherd.running.situation import stage_runs
from shepherd.running.tasking import CLONE, ROOT, TaskOptions, complain, say
from shepherd.running.timer_units import unit_name
from shepherd.settings import DeploySettings, MailSettings, Settings
from shepherd.statefile import StateFile
from shepherd.values import clean

MAIL_LIMIT = 30.0
"""Seconds that the mails to all operators may take together."""
JOURNAL_LINES = 12
"""Of the unit, in a mail that can name no reason of ours."""
LONGEST_REASON = 1000


def failed(options: TaskOptions) -> int:
    """`inv timer.failed`: why the last run failed, by mail to those operators who do not know it yet.

    Raises:
        SettingsError: the settings do not even say who is mailed.
    """
    try:
        settings, wrong = options.settings, ""
    except ShepherdError as error:
        settings, wrong = _mail_alone(error), str(error)
    reasons = {"settings": wrong} if wrong else _reasons(settings, os.environ)
    if not reasons:
        say("nothing to mail: the operators were mailed about the hang by the run itself")
        return 0
    return tell(settings, reasons, dry=options.dry, noted=not wrong)


def tell(settings: Settings, reasons: Mapping[str, str], *, dry: bool = False, noted: bool = True) -> int:
    """Mail each operator the reasons that were not mailed to them today; the exit code.

    Args:
        reasons: what makes two of them the same -> the sentence.
        noted: in the log, too; not where it is not known where that is.
    """
    if settings.mail is None or not settings.mail.operators:
        say("nobody is mailed: there is no mail.operators in the settings")
        for sentence in reasons.values():
            say(sentence)
        return 0
    if elsewhere := hosts_elsewhere(settings):
        say(f"nobody is mailed: the shepherd of these settings is deployed to {', '.join(elsewhere)}")
        for sentence in reasons.values():
            say(sentence)
        return 0
    mailed, today, codes = _mailed(settings), f"{now():%Y-%m-%d}", []
    for address in settings.mail.operators:
        before = mailed.read_or({})
        new = {key: text for key, text in reasons.items() if before.get(f"{address} {key}") != today}
        if not new:
            say(f"{address} was mailed today already")
            continue
        if dry:
            say("\n".join([f"would mail {address}:", *_lines(settings, new)]))
            continue
        code = _send(settings, address, new, noted)
        codes.append(code)
        if not code:
            with suppress(StoreError):
                mailed.write(before | {f"{address} {key}": today for key in new})
    return worst(codes)


def forget(settings: Settings) -> None:
    """A run was good: what fails after it is mailed although it was mailed today."""
    with suppress(StoreError):
        _mailed(settings).remove()


def _reasons(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Why the unit failed; empty: of a hang, which the refused run mails itself."""
    result = environ.get("MONITOR_SERVICE_RESULT", "")
    code, status = environ.get("MONITOR_EXIT_CODE", ""), environ.get("MONITOR_EXIT_STATUS", "")
    reasons = {}
    if result == "timeout":
        reasons["timeout"] = (
            f"a run was at work for longer than run.stale_after ({settings.run.stale_after}), and was ended"
        )
    refusal = refusals.in_maintenance(settings)
    if refusal is not None and refusal.switch.overdue:
        reasons[f"switch {refusal.switch.since}"] = str(refusal)
    for name, runs in stage_runs(settings).items():
        if runs.failing:
            # numbers and times differ from run to run
            reasons[f"stage {name} {re.sub('[0-9]+', '#', runs.failure)}"] = f"{name}: {runs.failure}"
    if reasons or (result == "exit-code" and status == str(BUSY)):
        return reasons
    how = (
        f"ended with {status}"
        if code == "exited"
        else f"was ended by signal {status}"
        if status
        else "failed"
    )
    unit, system = f"{unit_name(settings)}.service", "MANAGERPID" not in environ
    last = systemd.last_lines(unit, JOURNAL_LINES, system=system)
    journal = f"; the last lines of its journal are:\n{last}" if last else ""
    return {f"{result} {status}": f"a run {how}{journal}"}


def _send(settings: Settings, address: str, reasons: Mapping[str, str], noted: bool) -> int:
    from shepherd.act.mail import Message, message_of
    from shepherd.stages.mail_messages import open_session

    assert settings.mail is not None
    at, first = now(), next(iter(reasons.values())).partition("\n")[0]
    digest = hashlib.sha256(f"{at} {address} {sorted(reasons)}".encode("utf-8", "replace")).hexdigest()[:20]
    message = Message(
        to=address,
        subject=f"QA shepherd on {socket.gethostname()}: {first}",
        text="\n".join(_lines(settings, reasons)) + "\n",
        id=f"notice.{digest}",
        headers={"X-QA-Shepherd-Kind": "notice"},
    )
    outcome, code = {}, 0
    try:
        with (
            limited(MAIL_LIMIT, DeadlineError(f"the mail took longer than {MAIL_LIMIT:g} seconds")),
            open_session(settings) as session,
        ):
            session.deliver(message_of(message, settings.mail, at).as_bytes(), address)
        say(f"mailed {address}: {first}")
    except UnsureError as error:
        # it may have gone, and is not sent twice
        complain(str(error))
        outcome = {"result": "unsure", "why": str(error)}
    except ShepherdError as error:
        complain(str(error))
        outcome, code = {"result": "failed", "why": str(error)}, error.code
    if noted:
        because = "; ".join(clean(each, 200) for each in reasons.values())
        with suppress(StoreError):
            log_of(settings).write(
                line(
                    at,
                    run=run_id(at),
                    event="act",
                    branch="all",
                    what="mail",
                    to=address,
                    because=because,
                    **outcome,
                )
            )
    return code


def _lines(settings: Settings, reasons: Mapping[str, str]) -> list[str]:
    from shepherd.views.terminal import plain, wrap

    lines = [f"From the timer of the QA shepherd on {socket.gethostname()}:", ""]
    for text in reasons.values():
        first, *others = text.strip().splitlines()
        lines += [wrap(plain(first, LONGEST_REASON), "* ", columns=72), ""]
        lines += [f"    {plain(each, 200)}" for each in others] + ([""] if others else [])
    shell = f"cd {ROOT.parent.parent / 'current' if ROOT.parent.name == 'releases' else ROOT}"
    return [
        *lines,
        "More is said there by:",
        "",
        f"    {shell}",
        "    .venv/bin/inv doctor",
        f"    journalctl {'--user-unit' if 'MANAGERPID' in os.environ else '--unit'} {unit_name(settings)}",
        "",
        "The same reason is mailed once a day, and again after a good run.",
    ]


def _mailed(settings: Settings) -> StateFile[dict[str, str]]:
    """Address and reason -> the day on which it was mailed. In the folder that the unit has in memory."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return StateFile(Path(folder or settings.state_path / "run") / "mailed.json", dict[str, str])


def _mail_alone(error: ShepherdError) -> Settings:
    """Settings of which only `[mail]`, state_dir and the hosts of `[deploy]` count, out of a file that is
    wrong elsewhere.

    Raises:
        ShepherdError: `error`, if that table cannot be read either.
    """
    import msgspec

    from shepherd.places import places_of
    from shepherd.settings.kinds import decode

    places = places_of(os.environ, CLONE, Path.cwd())
    file = next((each for each in places if os.path.lexists(each)), places[0])
    try:
        document = tomllib.loads(file.read_text("utf-8"))
        mail = msgspec.convert(document["mail"], MailSettings, dec_hook=decode)
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        RecursionError,
        msgspec.ValidationError,
        WrongValueError,
    ):
        raise error from None
    # wrong ones count as those that are not there: the mail goes all the same
    state, deploy = document.get("state_dir"), DeploySettings()
    with suppress(ValueError, LookupError, TypeError, WrongValueError, msgspec.ValidationError):
        deploy = msgspec.convert(document["deploy"], DeploySettings, dec_hook=decode)
    settings = Settings(branches={}, mail=mail, deploy=deploy, file=Path(os.path.realpath(file)))
    return replace(settings, state_dir=state) if isinstance(state, str) else settings
