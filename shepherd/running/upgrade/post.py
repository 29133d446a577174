"""After a good upgrade: the crontab block, and the clean-up (docs/operator.md#what-a-deploy-does). Both
can be done again by hand."""

from __future__ import annotations

from collections.abc import Callable

from shepherd.errors import PARTLY, ShepherdError, StoreError
from shepherd.running import crontab, releases
from shepherd.running.cron import block_id
from shepherd.running.releases import Release, Site
from shepherd.running.upgrade import probing, withholding
from shepherd.settings import Settings

Say = Callable[[str], None]


def follow(
    settings: Settings, site: Site, live: Release, who: str, say: Say, *, start_cron: bool = False
) -> int:
    """Do both; the exit code is 7 if one of them failed, though the release is live all the same.

    Args:
        start_cron: the crontab block is put in whatever doctor says, and whoever took it out.
    """
    code = schedule(settings, site, live, who, say, start_cron=start_cron)
    try:
        gone = releases.superfluous(site)
        releases.remove(gone)
    except StoreError as error:
        say(f"tidy     {error}")
        return PARTLY
    if gone:
        say(f"removed  {', '.join(each.id for each in gone)}")
    return code


def schedule(
    settings: Settings, site: Site, live: Release, who: str, say: Say, *, start_cron: bool = False
) -> int:
    """The block comes with the first good release that can read, and is kept up to date by the later ones."""
    first = sum(1 for each in site.all() if each.turn) == 1
    try:
        installed = bool(crontab.split(crontab.read(), block_id(settings)).block)
        if not (first or installed or start_cron or withholding.withheld(site)):
            # somebody took it out, or a timer does it
            return 0
        if not installed:
            why = withholding.unreadable(live, settings, say)
            if why and not start_cron:
                withholding.remember(site, why)
                say(
                    f"crontab  not installed: no run could give an answer ({why}); put that right, then:"
                    " fab deploy; or have it installed all the same: fab deploy --start-cron"
                )
                return PARTLY
    except ShepherdError as error:
        say(f"crontab  {error}")
        return PARTLY
    code, out, err = probing.run(live, settings.file, "-m", "invoke", "cron.install", "--as", who)
    lines = (err if code else out).strip().splitlines() or [""]
    say(f"crontab  {lines[-1]}")
    if code:
        return PARTLY
    withholding.forget(site)
    return 0
