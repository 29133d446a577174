"""Landings whose messages do not say which request brought them: only the forge knows."""

from __future__ import annotations

from msgspec import Struct


class Nameless(Struct, frozen=True):
    commits: tuple[str, ...] = ()
    """SHAs of landings."""
    base: str = ""
    """The branch that they landed on, by its plain name."""


NOBODY = Nameless()
