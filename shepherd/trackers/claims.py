"""What the messages of landings say of the requests that brought them: claims, which a forge confirms or not
(docs/rules.md#marks)."""

from __future__ import annotations

from msgspec import Struct


class Claim(Struct, frozen=True):
    """One landing, and the requests that its message names."""

    id: str
    """Its SHA."""
    requests: tuple[str, ...] = ()
    """Empty: a merge by rebase or fast-forward, or a message that somebody wrote by hand."""
    brought: tuple[str, ...] = ()
    """SHAs of the commits that it brought in; only where its message names a request."""


class Claims(Struct, frozen=True):
    """The landings of one mainline that a forge is asked about."""

    landings: tuple[Claim, ...] = ()
    base: str = ""
    """The branch that they landed on, by its plain name."""


NO_CLAIMS = Claims()
