"""`inv upgrade`, the push button: nothing is ever half upgraded
(docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails).

The newer code of the two releases drives, started by its real path; nothing is migrated.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shepherd.errors import SettingsError
from shepherd.running.tasking import CLONE, ROOT, say
from shepherd.values import clean

if TYPE_CHECKING:
    from shepherd.running.releases import Release, Site
    from shepherd.running.upgrade.plan import Mode
    from shepherd.settings import Settings

_DRIVER = "SHEPHERD_DRIVER"
"""Names the release that was started as the driver, so that it starts no other."""
_AGAIN = "SHEPHERD_AGAIN"
"""The reason of `--again`, for the driver."""


def upgrade(
    load: Callable[[], Settings],
    who: str,
    *,
    to: str | None = None,
    deadline: str = "5m",
    resume: bool = False,
    undo: bool = False,
    reason: str | None = None,
    again: str | None = None,
    start_cron: bool = False,
    dry: bool = False,
) -> int:
    """`inv upgrade`.

    Args:
        start_cron: put the crontab block in also where doctor says that the release cannot read.
        load: gives the settings. The release that is to drive reads them: the live one may not know them all.

    Raises:
        ShepherdError: see docs/operator-every-day.md for what each means.
    """
    from shepherd.running import gate, upgrade_record
    from shepherd.running.releases import site_of
    from shepherd.running.runner import prepare_state
    from shepherd.running.situation import switch_of
    from shepherd.running.upgrade.links import Links
    from shepherd.running.upgrade.perform import Drive
    from shepherd.running.upgrade.plan import planned
    from shepherd.running.upgrade.signals import Signals
    from shepherd.values import Duration

    if (resume and undo) or (to and (resume or undo)):
        raise SettingsError("one of --to, --resume and --undo, not several")
    seconds = Duration(deadline)
    why_again = reason_to_try_again(again) or clean(os.environ.get(_AGAIN, ""), 300)
    site = site_of(ROOT)
    if site is None:
        raise SettingsError(
            f"{ROOT} is not a release that fab deployed, so it is upgraded with:"
            f" {'git pull' if CLONE else 'pip install --upgrade qa-shepherd'}"
        )
    words = ["--to", to] if to else []
    words += ["--deadline", deadline, "--as", who, *(["--reason", reason] if reason else [])]
    words += ["--start-cron"] if start_cron else []
    if not (resume or undo):
        # whichever release still starts repairs what was left
        _newest_drives([site.find(to) if to else site.newest(), site.live().release], words, dry, why_again)
    settings = load()
    mode: Mode = "resume" if resume else "undo" if undo else "upgrade"
    state = settings.state_path
    if dry:
        plan = planned(site, mode, to, upgrade_record.read(state), switch_of(settings), why_again)
        for each in plan.lines() if plan else [_nothing(mode, to)]:
            say(each)
        return 0
    prepare_state(state)
    os.umask(0o077)
    signals = Signals()
    with signals.caught():
        try:
            # also if there is nothing to do: not before the one at work has tidied up
            with gate.upgrading(state):
                left = upgrade_record.read(state)
                plan = planned(site, mode, to, left, switch_of(settings), why_again)
                if plan is None:
                    # of one that was killed before it changed anything
                    Links(site).drop()
                    say(_nothing(mode, to))
                    return _schedule(settings, site, who, start_cron)
                why = clean(reason or "", 300)
                drive = Drive(settings, site, plan, left, who, why, signals, start_cron=start_cron)
                return drive.run(seconds)
        except gate.TakenError:
            from shepherd.running.refusals import BusyError

            other = upgrade_record.read(state)
            doing = other.words() if other else "it prepares, or tidies up"
            raise BusyError(f"another upgrade is under way: {doing}; wait for it") from None


def reason_to_try_again(again: str | None) -> str:
    """The reason of `--again`, empty where it was not given. Raises SettingsError: it says nothing."""
    why = clean(again or "", 300)
    if again is not None and not why:
        raise SettingsError('say why it shall be tried once more: --again "it was the disk"')
    return why


def _schedule(settings: Settings, site: Site, who: str, start_cron: bool) -> int:
    """Start what an earlier deploy withheld, or a person wants now; nothing else is done."""
    from shepherd.running.upgrade import withholding
    from shepherd.running.upgrade.post import schedule

    live = site.live().release
    if live is None or not (start_cron or withholding.withheld(site)):
        return 0
    return schedule(settings, site, live, who, say, start_cron=start_cron)


def _nothing(mode: Mode, to: str | None) -> str:
    if mode != "upgrade":
        return "nothing to do: no upgrade was left unfinished"
    return f"nothing to do: {f'{to} is live' if to else 'no newer release is prepared'}"


def _newest_drives(releases: Sequence[Release | None], words: list[str], dry: bool, again: str) -> None:
    """Become the `inv upgrade` of the newest of them, if that is another than ours and has an interpreter.
    Newest is the code that knows more files of the report, else the one deployed last.

    Raises:
        StoreError: it does not start.
    """
    from shepherd.report_files import how_many
    from shepherd.running.starting import own_environment, start

    startable = [each for each in releases if each is not None and each.python.exists()]
    driver = max(startable, key=lambda each: (how_many(each.path), each.number), default=None)
    if driver is None or _DRIVER in os.environ or Path(os.path.realpath(driver.path)) == ROOT:
        return
    start(driver.path)
    # by its real path: `current` may point elsewhere soon
    place = os.path.realpath(driver.path)
    environment = own_environment()
    if named := environment.get("SHEPHERD_CONFIG"):
        environment["SHEPHERD_CONFIG"] = str(Path.cwd() / named)
    os.chdir(place)
    python = f"{place}/.venv/bin/python3"
    command = [python, "-m", "invoke", "upgrade", *words, *(["--dry-run"] if dry else [])]
    # as a variable `again` reaches a release that has no such option, too
    environment |= {_DRIVER: driver.id, "PWD": place, _AGAIN: again}
    os.execve(python, command, environment)  # noqa: S606  # a list, no shell
