"""`fab settings`: the operator's shepherd.toml next to the host's, tried there, and put in force
(docs/operator-every-day.md#changing-the-settings)."""

from __future__ import annotations

import hashlib
import re
import socket

from ops.deploy.configuring import LIMIT
from ops.deploy.host import ANSWER_LIMIT, Host
from shepherd.errors import SettingsError
from shepherd.running.tasking import complain, say
from shepherd.running.upgrade.withholding import READING
from shepherd.settings import Settings
from shepherd.settings.difference import difference
from shepherd.settings.one_text import one_text
from shepherd.values import clean

_LIMIT = 2 * LIMIT + ANSWER_LIMIT
"""Seconds: the agent asks doctor twice at most."""


def compare(host: Host, settings: Settings, who: str, reason: str, *, push: bool, dry: bool) -> None:
    """Show what differs, and what the host's releases make of it; with `push`, put it in force.

    Raises:
        SettingsError: the live release does not take the settings; nothing was changed.
        ShepherdError: see `Host.ask`.
    """
    text = one_text(settings.file)
    there = host.ask("settings")
    if hashlib.sha256(text.encode()).hexdigest() == there["sha256"]:
        say(f"  {there['place']} is the same: nothing to do")
        return
    for line in difference(there["lines"], text.splitlines(), ("the host's", "yours")):
        say(f"  {line}")
    _tried(host, there, text, push=push)
    if not push:
        say("  put in force with: fab settings --push")
    elif dry:
        say(f"  would replace {there['place']}, and keep a copy of it next to it")
    else:
        entry = {"who": f"{who} on {socket.gethostname()}", "why": clean(reason, 300)}
        answer = host.ask("replace", settings=text, was=there["sha256"], entry=entry, limit=_LIMIT)
        say(f"  in force from the next run on; those before are in {answer['kept']} next to it")
        for each in answer["then"]:
            say(f"  then on the host: {each}")


def _tried(host: Host, there: dict[str, str], text: str, *, push: bool) -> None:
    """Both that may have to live with it: the live release, and the one that a roll-back would go to."""
    live, good = there["live"], there["last_good"]
    if not live:
        say("  no release is live there yet, so nothing there has tried them")
        return
    answer = host.ask("try_settings", release=live, settings=text, limit=_LIMIT)
    if answer["why"]:
        raise SettingsError(f"{host.name}: {answer['why']}; nothing was changed")
    say(f"  {live}, which is live, takes them")
    for each in answer["fails"]:
        complain(f"{host.name}: doctor of {live}, with them: {each}")
    if vital := [each for each in answer["new"] if re.split(r"[ :]", each, maxsplit=1)[0] in READING]:
        why = f"with them no run of {live} could give an answer ({'; '.join(vital)})"
        if push:
            raise SettingsError(f"{host.name}: {why}; nothing was changed")
        complain(f"{host.name}: {why}, so that fab settings --push refuses them")
    if good and (why := host.ask("try_settings", release=good, settings=text, limit=_LIMIT)["why"]):
        complain(f"{host.name}: {why}; while they are in force, fab rollback to it is refused")
