"""After a good upgrade: the crontab block, and the clean-up (docs/operator.md#what-a-deploy-does). Both
can be done again by hand."""

from __future__ import annotations

from collections.abc import Callable

from shepherd.errors import PARTLY, ShepherdError, StoreError
from shepherd.running import crontab, releases
from shepherd.running.calling import shepherd_id
from shepherd.running.releases import Release, Site
from shepherd.running.upgrade import probing
from shepherd.settings import Settings

Say = Callable[[str], None]


def follow(settings: Settings, site: Site, live: Release, who: str, say: Say) -> int:
    """Do both; the exit code is 7 if one of them failed, though the release is live all the same."""
    code = _crontab(settings, site, live, who, say)
    try:
        gone = releases.superfluous(site)
        releases.remove(gone)
    except StoreError as error:
        say(f"tidy     {error}")
        return PARTLY
    if gone:
        say(f"removed  {', '.join(each.id for each in gone)}")
    return code


def _crontab(settings: Settings, site: Site, live: Release, who: str, say: Say) -> int:
    """The block comes with the first good release, and is kept up to date by the later ones."""
    first = sum(1 for each in site.all() if each.turn) == 1
    try:
        installed = bool(crontab.split(crontab.read(), shepherd_id(settings)).block)
    except ShepherdError as error:
        say(f"crontab  {error}")
        return PARTLY
    if not first and not installed:
        # somebody took it out, or a timer does it
        return 0
    code, out, err = probing.run(live, settings.file, "-m", "invoke", "cron.install", "--as", who)
    lines = (err if code else out).strip().splitlines() or [""]
    say(f"crontab  {lines[-1]}")
    return PARTLY if code else 0
