"""The managed block in the user's crontab: what cron calls, how often, and whom it mails
(docs/interfaces.md#commands, docs/operator.md#what-a-deploy-does).

cron's assignments hold for every line after them. So PATH, LANG and SHEPHERD_CONFIG are given to the
command by `env`; MAILTO, which only cron itself reads, is set back after our line to what held before.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shlex
import sys
from difflib import unified_diff
from pathlib import Path

from msgspec import Struct

from shepherd.errors import SettingsError
from shepherd.running import crontab, elsewhere
from shepherd.running.log import line, now, run_id
from shepherd.running.runner import log_of, prepare_state
from shepherd.running.tasking import CLONE, ROOT, say
from shepherd.settings import Settings
from shepherd.views.clean import clean

PATH = "/usr/local/bin:/usr/bin:/bin"
"""Where a command of cron's finds git, rsync and ssh."""


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


def block_id(settings: Settings) -> str:
    """The id of our block among those of several shepherds: ten digits of the hash of state_dir."""
    return hashlib.sha256(os.fsencode(os.path.realpath(settings.state_path))).hexdigest()[:10]


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
    login = f"MAILTO={pwd.getpwuid(os.geteuid()).pw_name}"
    text = environment.get_template("crontab.j2").render(
        id=block_id(settings),
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
    """The command of the block, for cron: quoted for any shell, `%` escaped.

    `env -C` enters the release: the kernel follows `current` once, and all that is imported later comes from
    the same release, however often the link is moved.
    """
    prefix = Path(os.path.realpath(sys.prefix))
    # not sys.executable: it has several names, and the block shall not depend on who wrote it
    python = (prefix.relative_to(root) if prefix.is_relative_to(root) else prefix) / "bin" / "python3"
    folder, module = (entrance(root), "invoke") if CLONE else (settings.file.parent, "shepherd")
    words = [
        *("/usr/bin/env", "-C", str(folder)),
        *(f"PATH={PATH}", "LANG=C.UTF-8", f"SHEPHERD_CONFIG={settings.file}"),
        *(str(python), "-m", module, "run", "--cron"),
    ]
    return " ".join(shlex.quote(_one_line(word)) for word in words).replace("%", r"\%")


def entrance(root: Path) -> Path:
    """`current` where the release `root` lies among those that it chooses from
    (docs/operator.md#what-a-deploy-does), else `root` itself."""
    link = root.parent.parent / "current"
    if root.parent.name == "releases" and link.is_symlink() and link.resolve().parent == root.parent:
        return link
    return root


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
    parts = crontab.split(content, block_id(settings))
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
    _refuse_others(settings)
    change = planned(settings, crontab.read(), remove=what == "cron.remove")
    user = pwd.getpwuid(os.geteuid()).pw_name
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


def _refuse_others(settings: Settings) -> None:
    """The block belongs into the crontab of the owner of state_dir, who alone may write there
    (docs/interfaces.md#files)."""
    state = settings.state_path
    if state.exists() and (owner := state.stat().st_uid) != os.geteuid():
        raise SettingsError(
            f"{state} belongs to user id {owner}: run this as that user (sudo -u …), whose crontab it is"
        )


def _digest(block: bytes) -> str:
    return hashlib.sha256(block).hexdigest()[:10] if block else "none"


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
