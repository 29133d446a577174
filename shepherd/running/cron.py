"""The managed block in the user's crontab: what cron calls, how often, and whom it mails
(docs/interfaces.md#commands, docs/operator-every-day.md#what-a-deploy-does).

cron's assignments hold for every line after them. So PATH, LANG and SHEPHERD_CONFIG are given to the
command by `env`; MAILTO, which only cron itself reads, is set back after our line to what held before.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from difflib import unified_diff
from pathlib import Path

from msgspec import Struct

from shepherd.errors import SettingsError
from shepherd.login import user_name
from shepherd.running import crontab, elsewhere
from shepherd.running.calling import refuse_others, shepherd_id, words
from shepherd.running.log import line, now, run_id
from shepherd.running.runner import log_of, prepare_state
from shepherd.running.tasking import ROOT, say
from shepherd.running.timer_units import installed
from shepherd.settings import Settings
from shepherd.views.clean import clean


class CrontabChange(Struct, frozen=True):
    """A crontab before and after, with the block in both; empty: none."""

    content: bytes
    new_content: bytes
    block: bytes
    new_block: bytes

    @property
    def diff(self) -> str:
        """What changes in the block; foreign lines never do, so they are not shown."""
        old, new = (_text(block).splitlines() for block in (self.block, self.new_block))
        lines = [
            clean(each)
            for each in unified_diff(old, new, lineterm="", n=0)
            if not each.startswith(("---", "+++", "@@"))
        ]
        return "\n".join(lines or ["(the same block, behind the other lines)"])


def block(settings: Settings, foreign: bytes, root: Path = ROOT) -> bytes:
    """The block as it belongs behind the `foreign` lines.

    Raises:
        SettingsError: a path cannot be written in a crontab.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from shepherd.views.templates import folder

    environment = Environment(
        loader=FileSystemLoader(folder()),
        autoescape=False,  # noqa: S701  # no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    login = f"MAILTO={user_name()}"
    text = environment.get_template("crontab.j2").render(
        id=shepherd_id(settings),
        state_dir=_one_line(os.path.realpath(settings.state_path)),
        mailto=next(iter(settings.mail.operators), "") if settings.mail else "",
        mailto_before=crontab.mailto_line(foreign).decode("utf-8", "surrogateescape") or login,
        times=times(settings.cron.every),
        command=command(settings, root),
    )
    return text.encode("utf-8", "surrogateescape")


def times(seconds: int) -> str:
    """The five fields of a crontab for every so many seconds (`cron.every` is checked with the settings)."""
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 60:
        return f"*/{minutes} * * * *" if minutes > 1 else "* * * * *"
    return {1: "0 * * * *", 24: "0 0 * * *"}.get(hours, f"0 */{hours} * * *")


def command(settings: Settings, root: Path) -> str:
    """The command of the block, for cron: quoted for any shell, `%` escaped."""
    return " ".join(shlex.quote(_one_line(word)) for word in words(settings, root, "run", "--cron")).replace(
        "%", r"\%"
    )


def _one_line(text: str) -> str:
    if "\\" in text or any(ord(char) < 32 for char in text):
        raise SettingsError(
            f"{text!r} cannot be written in a crontab: move it to a path without such characters"
        )
    return text


def planned(settings: Settings, content: bytes, *, remove: bool = False) -> CrontabChange:
    """What installing or removing does to a crontab. A block that is right stays where it is; any other goes
    last, where its assignments meet no line of somebody else's.

    Raises:
        SettingsError: the markers are damaged, or a path cannot be written in a crontab.
    """
    parts = crontab.split(content, shepherd_id(settings))
    if remove:
        return CrontabChange(content, parts.foreign, parts.block, b"")
    if parts.block and parts.block == block(settings, parts.before):
        return CrontabChange(content, content, parts.block, parts.block)
    new = block(settings, parts.foreign)
    return CrontabChange(content, crontab.appended(parts.foreign, new), parts.block, new)


def show(settings: Settings) -> int:
    """`inv cron.show`: the block that `cron.install` would put there."""
    say(_text(planned(settings, crontab.read()).new_block).rstrip("\n"))
    return 0


def install(settings: Settings, who: str, *, dry: bool = False) -> int:
    """`inv cron.install`. Raises SettingsError: the shepherd of these settings is elsewhere."""
    if not dry:
        elsewhere.confirm(settings, "cron.install")
    return _change(settings, who, "cron.install", dry=dry)


def remove(settings: Settings, who: str, *, dry: bool = False) -> int:
    """`inv cron.remove`."""
    return _change(settings, who, "cron.remove", dry=dry)


def _change(settings: Settings, who: str, what: str, *, dry: bool) -> int:
    refuse_others(settings, "whose crontab it is")
    if what == "cron.install" and settings.log.to == "stderr":
        raise SettingsError(
            f'{settings.file}: log.to: cron mails all that stands on standard error: set log.to = "file" or'
            ' "syslog" first'
        )
    change = planned(settings, crontab.read(), remove=what == "cron.remove")
    user = user_name()
    if what == "cron.install":
        _warn_of_a_timer(settings)
    if change.content == change.new_content:
        state = "has this block already" if change.block else "has no such block"
        say(f"the crontab of {user} {state}: nothing to do")
        return 0
    say(change.diff)
    if dry:
        say(f"would change the crontab of {user} so")
        return 0
    prepare_state(settings.state_path)
    crontab.write(change.new_content)
    at = now()
    log_of(settings).write(
        line(
            at,
            run=run_id(at),
            event="act",
            branch="all",
            what=what,
            on=f"crontab of {user}",
            **{"from": _digest(change.block), "to": _digest(change.new_block)},
            by=who,
        )
    )
    say(f"changed the crontab of {user} so")
    return 0


def _warn_of_a_timer(settings: Settings) -> None:
    for system in installed(settings):
        say(
            "a systemd timer calls the shepherd too. That does no harm, since only one copy works at a time;"
            f" to remove it: inv timer.remove{' --system, as root' if system else ''}"
        )


def _digest(block: bytes) -> str:
    return hashlib.sha256(block).hexdigest()[:10] if block else "none"


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
