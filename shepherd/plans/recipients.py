"""To whom mails go: where somebody's mail is sent, which mails each person gets, and what no mail reaches.
Pure (docs/mails.md#who-gets-which)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from shepherd.settings import PersonalMail, PersonSettings

LONGEST_ADDRESS = 160
"""Characters; the journal's subjects have 200."""
_ADDRESS = r"[!-?A-~]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_FORBIDDEN = re.compile(r'[\s<>,;:"()\[\]\\]|=\?|@-|-$')
"""What stands in no address, or means something else in a header: "=?" begins an encoded word."""
_NOREPLY = re.compile(r"(?:.*\.)?users\.noreply\.[a-z0-9.-]+", re.IGNORECASE)
"""Where forges let people hide: such mail reaches nobody."""
_UNREAD = re.compile(r"no-?reply@", re.IGNORECASE)
"""How an address begins that belongs to a program: there is nobody to give a better one to."""
_EVERY_KIND: tuple[PersonalMail, ...] = get_args(PersonalMail)


class Recipients:
    """What `[people]` says of the addresses in commits."""

    def __init__(self, people: Mapping[str, str | PersonSettings]) -> None:
        self._people = {
            address.casefold(): PersonSettings(said) if isinstance(said, str) else said
            for address, said in people.items()
        }

    def place(self, address: str) -> str:
        """Where mail for that address of commits goes; empty: nowhere."""
        said = self._people.get(address.casefold())
        return address if said is None or said.mail is None else said.mail

    def wants(self, address: str, kind: PersonalMail) -> bool:
        """Whether that person gets such mails. Where an address only names another one, that one's table
        counts too."""
        for each in dict.fromkeys((address.casefold(), self.place(address).casefold())):
            said = self._people.get(each)
            if said is not None and kind not in said.kinds:
                return False
        return True

    def wants_none(self, address: str) -> bool:
        """Whether that person gets no mail at all."""
        return not self.place(address) or not any(self.wants(address, kind) for kind in _EVERY_KIND)


def unread(address: str) -> bool:
    """Whether it is an address of a program, that nobody reads."""
    return bool(_UNREAD.match(address))


def reachable(address: str) -> bool:
    """Whether a mail can go to that address, and somebody reads it there."""
    if len(address) > LONGEST_ADDRESS or not re.fullmatch(_ADDRESS, address) or _FORBIDDEN.search(address):
        return False
    return not (unread(address) or _NOREPLY.fullmatch(address.rpartition("@")[2]))
