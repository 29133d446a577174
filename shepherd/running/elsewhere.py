"""No second shepherd by accident: settings that name other hosts are the operator's, not a host's
(docs/running.md#the-operators-own-settings)."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress

from shepherd.errors import SettingsError
from shepherd.running.output import say, write
from shepherd.running.releases import site_of
from shepherd.running.tasking import ROOT
from shepherd.settings import Settings
from shepherd.urls import host_and_port
from shepherd.values import clean

ACTING = frozenset(
    {"run", "tag", "promote", "publish", "notify", "remind", "escalate", "cron.install", "timer.install"}
)
"""What writes to trackers, refs, web hosts, mailboxes or chats, or starts what does."""


def hosts_elsewhere(settings: Settings) -> tuple[str, ...]:
    """The hosts of `[deploy]`, if this machine is none of them; empty for a release that `fab` made."""
    hosts = settings.deploy.hosts
    if site_of(ROOT) is not None or any(_is_here(each) for each in hosts):
        return ()
    return hosts


def confirm(settings: Settings, task: str) -> None:
    """Ask on a terminal whether this machine shall be a shepherd of its own as well.

    Args:
        task: as people type it.

    Raises:
        SettingsError: it shall not, or there is nobody to ask.
    """
    if task not in ACTING or not (hosts := hosts_elsewhere(settings)):
        return
    named, here = ", ".join(hosts), clean(socket.gethostname(), 60)
    if all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        say(
            f"The shepherd of these settings is deployed to {named}; this is {here}."
            f" inv {task} here makes a second one, which writes to tracker, branches and mailboxes too."
        )
        write(sys.stdout, "Go on? [y/N] ")
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
    account = f"{settings.deploy.user}@{_name(hosts[0])}"
    there = f"{account} in {settings.deploy.directory}/current"
    raise SettingsError(
        f"inv {task} was not started: {settings.file} says that the shepherd is deployed to {named}"
        f" ([deploy] hosts), and this is {here}; start it as {there}: .venv/bin/inv {task}; if {here} is to"
        " be the shepherd, take [deploy] hosts out of that file"
    )


def _is_here(host: str) -> bool:
    """Whether `[USER@]HOST[:PORT]` is this machine, by its name or address; no name server is asked."""
    name = _name(host).lower()
    own = socket.gethostname().lower()
    if name == "localhost" or name == own:
        return True
    if ("." in name) != ("." in own) and name.partition(".")[0] == own.partition(".")[0]:
        return not name.replace(".", "").isdigit()
    if ":" not in name and name.count(".") != 3:
        return False
    with suppress(OSError):
        # a number only: no name server is asked
        family, *_, address = socket.getaddrinfo(name, 0, flags=socket.AI_NUMERICHOST)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # only an address of this machine can be bound
            probe.bind(address)
            return True
    return False


def _name(host: str) -> str:
    """The name or address in `[USER@]HOST[:PORT]`, without the brackets of an IPv6 address."""
    return host_and_port(host.rpartition("@")[2])[0]
