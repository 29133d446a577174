"""After a good upgrade: the crontab block or the timer, and the clean-up
(docs/operator-every-day.md#what-a-deploy-does). Both can be done again by hand."""

from __future__ import annotations

from collections.abc import Callable

from shepherd.errors import PARTLY, ShepherdError, StoreError, worst
from shepherd.running import crontab, releases, timer
from shepherd.running.calling import shepherd_id
from shepherd.running.releases import Release, Site
from shepherd.running.timer_units import installed
from shepherd.running.upgrade import probing, withholding
from shepherd.settings import Settings

Say = Callable[[str], None]


def follow(
    settings: Settings, site: Site, live: Release, who: str, say: Say, *, start_cron: bool = False
) -> int:
    """Do both; the exit code is 7 if one of them failed, though the release is live all the same.

    Args:
        start_cron: the crontab block is put in whatever doctor says, and whatever person took it out.
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
    """Bring up to date what calls the shepherd: the timer where there is one, else the crontab block."""
    timers = installed(settings)
    codes = [_timer(settings, live, who, say, system=each) for each in timers]
    served = bool(timers)
    return worst([*codes, _crontab(settings, site, live, who, say, served=served, start_cron=start_cron)])


def _timer(settings: Settings, live: Release, who: str, say: Say, *, system: bool) -> int:
    """The user's timer is brought up to date. That of the system is root's, and is only looked at."""
    if not (live.path / "shepherd" / "running" / "timer.py").exists():
        # older than timers, and called by ours all the same (docs/timers.md#what-is-called)
        return 0
    if not system:
        return _install("timer", settings, live, who, say)
    try:
        plan = timer.planned(settings, system=True)
    except ShepherdError as error:
        say(f"timer    {error}")
        return PARTLY
    if plan.changes:
        say(
            "timer    its units are older than this release, and go on as they are; as root:"
            " inv timer.install --system"
        )
    elif plan.after:
        say("timer    it is not enabled and active; as root: inv timer.install --system")
        return PARTLY
    return 0


def _crontab(
    settings: Settings, site: Site, live: Release, who: str, say: Say, *, served: bool, start_cron: bool
) -> int:
    """The block comes with the first good release that can read, and is kept up to date by the later ones.

    Args:
        served: a timer calls the shepherd, so that none is needed.
    """
    first = sum(1 for each in site.all() if each.turn) == 1
    try:
        block = bool(crontab.split(crontab.read(), shepherd_id(settings)).block)
        if not block and (served or not (first or start_cron or withholding.withheld(site))):
            # somebody took it out, or a timer does it
            return _forget_withheld(site, say) if served else 0
        if not block:
            why = withholding.unreadable(live, settings, say)
            if why and not start_cron:
                withholding.remember(site, why)
                say(
                    f"crontab  not installed: no run could give an answer ({why}); put that right, then:"
                    " fab deploy; or have it installed all the same: fab deploy --start-cron"
                )
                return PARTLY
    except ShepherdError as error:
        if served:
            return _forget_withheld(site, say)
        say(f"crontab  {error}")
        # without cron something else may call it, of which inv doctor knows more
        return 0 if isinstance(error, crontab.NoCrontabError) and not first else PARTLY
    return _install("cron", settings, live, who, say) or _forget_withheld(site, say)


def _forget_withheld(site: Site, say: Say) -> int:
    """Something calls the shepherd now. If that cannot be written down, the release is live all the same."""
    try:
        withholding.forget(site)
    except StoreError as error:
        say(f"crontab  {error}")
        return PARTLY
    return 0


def _install(what: str, settings: Settings, live: Release, who: str, say: Say) -> int:
    code, out, err = probing.run(live, settings.file, "-m", "invoke", f"{what}.install", "--as", who)
    # what is only partly done is said on standard output
    shown = (err.strip() or out) if code else out
    lines = shown.strip().splitlines() or [""]
    say(f"{'crontab' if what == 'cron' else what}".ljust(9) + lines[-1])
    return PARTLY if code else 0
