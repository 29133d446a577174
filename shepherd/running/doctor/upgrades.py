"""What an upgrade left: one that was killed, a release that never worked, a link to nothing
(docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails)."""

from __future__ import annotations

from collections.abc import Iterator

from shepherd.running import upgrade_record
from shepherd.running.doctor.checking import CheckContext, Finding, fail, ok, warn
from shepherd.running.releases import Site, site_of
from shepherd.running.tasking import ROOT
from shepherd.situation import REPAIR


def upgrade(context: CheckContext) -> Iterator[Finding]:
    """No upgrade was killed; and `current` points to a release that was not found bad."""
    state = context.settings.state_path
    record = upgrade_record.read(state)
    if record is not None and upgrade_record.at_work(state):
        yield ok("upgrade", f"under way: {record.words()}")
        return
    if record is not None:
        yield fail("upgrade", f"was killed: {record.words()}", REPAIR)
    elif upgrade_record.path_of(state).exists():
        yield warn(
            "upgrade", f"{upgrade_record.path_of(state)} cannot be read", "the next upgrade replaces it"
        )
    site = site_of(ROOT)
    if site is None:
        yield ok("upgrade", "not a release that fab deployed")
        return
    problems = list(_releases(site))
    yield from problems
    if record is None and not problems:
        live = site.live()
        yield ok("upgrade", f"none was left; live: {live.release.id if live.release else live.link}")


def _releases(site: Site) -> Iterator[Finding]:
    live = site.live()
    if live.kind in ("dangling", "odd"):
        what = "points to nothing" if live.kind == "dangling" else "is not a link"
        yield fail("upgrade", f"{site.current} {what}", "fab deploy, or inv upgrade --to a release")
    if live.release is not None and live.release.bad:
        yield warn("upgrade", f"{live.release.id} is live and marked bad: {live.release.bad}", "fab rollback")
    half = [each.id for each in site.all() if not each.prepared]
    if half:
        yield warn("upgrade", f"half built: {', '.join(half)}", "the next fab deploy removes what was killed")
