"""Delivers one notice: as a webhook of ours, or through apprise (docs/notices.md)."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from shepherd.act.notice_failures import NoticeError, wrong
from shepherd.chat_addresses import is_webhook
from shepherd.plans.notices import Notice
from shepherd.settings.model import NotifySettings, Settings

__all__ = ["NoticeError", "deliver", "way_to"]


class NoticeWay(Struct, frozen=True):
    """How messages get to a place."""

    name: str
    """ "Mattermost", "a webhook, signed": for people."""
    send: Callable[[Notice], None]
    """Raises NoticeError, UnsureError."""
    open: bool = False
    """Everybody on the way can read and change them."""


def deliver(notice: Notice, place: NotifySettings, settings: Settings) -> None:
    """Deliver it.

    Raises:
        NoticeError: it was not delivered. UnsureError: whether it was is not known.
        SettingsError: see `way_to`.
    """
    way_to(place, settings).send(notice)


def way_to(place: NotifySettings, settings: Settings) -> NoticeWay:
    """How messages get there; none is sent.

    Raises:
        SettingsError: a file that the table names cannot be read, or does not hold what it should; or apprise
            is not installed.
    """
    url = settings.secret(f"notify.{place.name}.url", os.environ)
    file = settings.place(place.url_file)
    if not is_webhook(url):
        from shepherd.act import chat

        if place.secret_file:
            problem = f"signs a webhook, and {file} holds the address of a chat"
            raise wrong(settings, place, "secret_file", problem)
        service = chat.service_of(settings, place, url)
        send = partial(chat.send, place=place, service=service, file=file)
        return NoticeWay(str(service.service_name), send, chat.is_open(service))
    from shepherd.act import webhook

    try:
        parts = webhook.parts_of(url)
    except webhook.AddressError as why:
        raise wrong(settings, place, "url_file", f"{file} {why}") from None
    secret = settings.secret(f"notify.{place.name}.secret", os.environ)
    try:
        keys = webhook.keys_of(secret) if secret else []
    except ValueError:
        secret_file = settings.place(place.secret_file)
        make = f'(umask 077; echo "whsec_$(openssl rand -base64 32)" >{shlex.quote(secret_file)})'
        problem = f"{secret_file} does not hold a secret that messages can be signed by; make one with {make}"
        raise wrong(settings, place, "secret_file", problem) from None
    name = "a webhook, signed" if keys else "a webhook, not signed"
    return NoticeWay(name, partial(webhook.post, place=place, parts=parts, file=file, keys=keys))
