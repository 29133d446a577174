"""Delivers one notice: as a webhook of ours, or through apprise (docs/notices.md)."""

from __future__ import annotations

from shepherd.errors import ShepherdError
from shepherd.plans.notices import Notice
from shepherd.settings.model import NotifySettings, Settings


class NoticeError(ShepherdError):
    """It was certainly not delivered; the sentence says to which place, why, and what to do."""


def deliver(notice: Notice, place: NotifySettings, settings: Settings) -> None:
    """Deliver it.

    Raises:
        NoticeError: it was not delivered. UnsureError: whether it was is not known.
        SettingsError: a file that the table names cannot be read, or apprise is not installed.
    """
    raise NoticeError(f"{place.name}: nothing can be delivered yet")
