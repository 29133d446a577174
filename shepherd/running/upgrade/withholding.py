"""A first release that cannot read is live, but nothing calls it every five minutes yet
(docs/operator-first-day.md#the-first-time)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from shepherd.errors import StoreError
from shepherd.running import releases
from shepherd.running.releases import Release, Site
from shepherd.running.upgrade import probing
from shepherd.settings import Settings
from shepherd.values import clean

READING = frozenset(
    {
        *("settings", "python", "dependencies", "git", "state_dir", "secrets", "database"),
        *("repository", "deployed", "notes", "tracker"),
    }
)
"""First words of the checks whose failure means: no run can give an answer."""
_FILE = "not-started.json"


def withheld(site: Site) -> bool:
    """Whether an earlier deploy of this host left cron alone because its release could not read."""
    return (site.shared / _FILE).exists()


def remember(site: Site, why: str) -> None:
    """Write down that cron was left alone, for the next good upgrade. Raises StoreError."""
    releases.write(site.shared / _FILE, {"why": why})


def forget(site: Site) -> None:
    """Forget that, since somebody or something starts the runs now. Raises StoreError."""
    path = site.shared / _FILE
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be removed ({error.strerror}); remove it by hand") from None


def unreadable(live: Release, settings: Settings, say: Callable[[str], None]) -> str:
    """Say what doctor finds wrong, the network asked too; the names of what cannot be read, empty if all can.

    That doctor itself gives no answer counts as something that cannot be read.
    """
    code, out, err = probing.run(live, settings.file, "-m", "invoke", "doctor", "--json")
    try:
        checks = msgspec.json.decode(out, type=dict[str, Any])["checks"]
        failed = [each for each in checks if each["level"] == "fail"]
        for each in failed:
            remedy = f"; {each['remedy']}" if each.get("remedy") else ""
            say(f"doctor   fail  {each['name']}: {each['what']}{remedy}")
        return ", ".join(each["name"] for each in failed if each["name"].split()[0] in READING)
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError):
        lines = (err or out).strip().splitlines() or [f"it ended with {code}"]
        say(f"doctor   gave no answer: {clean(lines[-1], 400)}")
        return "doctor"
