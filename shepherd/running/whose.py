"""Whose part of the maintenance switch it is that `maintenance.off` takes away, or why it takes none
(docs/running.md#maintenance)."""

from __future__ import annotations

import shlex
from pathlib import Path

from shepherd.errors import RefusedError, SettingsError
from shepherd.running import upgrade_record
from shepherd.running.gate import held, upgrade_lock
from shepherd.running.log import now
from shepherd.running.maintenance import Entry, entry_words
from shepherd.situation import REPAIR
from shepherd.values import clean

UPGRADE = "upgrade"
"""What `--of` calls the switch of an upgrade that was killed."""


def leaving(present: tuple[Entry, ...], state: Path, who: str, of: str | None) -> int:
    """The place of the entry that `maintenance.off` takes away: the newest of one's own, else nobody's.

    Raises:
        RefusedError: there is none, or an upgrade will take its own away. SettingsError: none is of `of`.
    """
    upgrades = [place for place, each in enumerate(present) if each.upgrade]
    persons = [place for place, each in enumerate(present) if not each.upgrade]
    if upgrades and (of == UPGRADE or not (persons or of)):
        works, sentence = _upgrades(state, present[upgrades[0]].upgrade)
        if works or of is None:
            raise RefusedError(sentence)
        return upgrades[0]
    if of is not None:
        # what somebody touched is named by whose the file is
        wanted = [place for place in persons if (present[place].who or present[place].owner) == of]
    else:
        own = [place for place in persons if present[place].who == who]
        wanted = own or [place for place in persons if not present[place].who]
    if wanted:
        return wanted[-1]
    if of is not None:
        names = ", ".join(sorted({UPGRADE if each.upgrade else each.who or each.owner for each in present}))
        raise SettingsError(f"maintenance is on, but not by {clean(of, 80)}: by {clean(names, 300)}")
    details = "; and ".join(entry_words(present[place], now()) for place in persons)
    raise RefusedError(
        f"maintenance is on {details}; that is not yours ({who}), so it stays on: ask them, or take it away"
        f" all the same with: inv maintenance.off --of {shlex.quote(present[persons[-1]].who)}"
    )


def _upgrades(state: Path, token: str) -> tuple[bool, str]:
    """Whether the upgrade that set the switch is under way, and a sentence that says how the switch ends."""
    upgrade = upgrade_record.read(state)
    doing = f": {upgrade.words()}" if upgrade is not None and upgrade.token == token else ""
    if upgrade_record.at_work(state, token) or held(upgrade_lock(state)):
        return True, f"this is the switch of an upgrade that is under way{doing}; it ends by itself"
    return False, (
        f"this is the switch of an upgrade that was killed{doing}; {REPAIR}; if neither can be done,"
        f" this takes the switch away and leaves the releases as they are: inv maintenance.off --of {UPGRADE}"
    )
