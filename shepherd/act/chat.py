"""A notice to a chat, through apprise, which knows how to speak to each (docs/notices.md#chats)."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from shepherd import holding, limits
from shepherd.act.apprise_log import explain, listening
from shepherd.act.chat_answers import looking_at_answers
from shepherd.act.notice_failures import page_came, perhaps_delivered, wrong
from shepherd.extras import how_to_install
from shepherd.plans.notice_layout import lines_of, title_of
from shepherd.plans.notices import Notice
from shepherd.settings.model import NotifySettings, Settings
from shepherd.urls import is_loopback

if TYPE_CHECKING:
    from apprise import NotifyBase

WHOLE = 45.0
"""Seconds for one message, however many requests it takes."""
CONNECTING = 10.0
"""Seconds until there is a connection, unless the address says otherwise (?cto=)."""
SILENCE = 15.0
"""Seconds that a server may keep silent, unless it says otherwise (?rto=)."""
MEMORY = 256_000_000
"""Bytes that answers may take: apprise reads them whole, however large they are."""

_BUNDLE, _NETRC = "REQUESTS_CA_BUNDLE", "NETRC"
"""Variables that requests obeys."""


@contextmanager
def _bounded() -> Iterator[None]:
    """Let nobody fill the memory of this machine: what needs more than MEMORY ends in a MemoryError."""
    import resource

    import psutil

    before = resource.getrlimit(resource.RLIMIT_AS)
    most = psutil.Process().memory_info().vms + MEMORY
    if before[0] not in (resource.RLIM_INFINITY, -1):
        most = min(most, before[0])
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextmanager
def _surroundings() -> Iterator[None]:
    """Let requests trust whom everything else here does: the system's store, or what SSL_CERT_FILE and
    SSL_CERT_DIR name; by itself it has a list of its own, unless a variable of its own names another. And let
    it read no `~/.netrc`: a password from there would replace the token of the address."""
    paths = ssl.get_default_verify_paths()
    store = paths.cafile or (paths.capath if paths.capath and any(Path(paths.capath).iterdir()) else None)
    ours = {_NETRC: os.devnull}
    if store and (not os.environ.get(_BUNDLE) or os.environ.get("SSL_CERT_FILE")):
        ours[_BUNDLE] = store
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def service_of(settings: Settings, place: NotifySettings, url: str) -> NotifyBase:
    """The service that an address belongs to; nothing is sent.

    Raises:
        SettingsError: apprise is not installed, or does not know such an address.
    """
    if find_spec("apprise") is None:
        install = how_to_install("notify")
        raise wrong(settings, place, "url_file", f"a chat needs apprise, which is not installed: {install}")
    with listening():
        from apprise import Apprise, AppriseAsset

        # nothing is kept on the disk; a server may not send the message elsewhere; and no picture is loaded
        # from a third party by everybody who reads it
        asset = AppriseAsset(
            app_id="QA Shepherd",
            app_desc="QA Shepherd",
            app_url="",
            image_url_mask="",
            image_url_logo="",
            image_path_mask=False,
            http_redirects=False,
            storage_mode="memory",
        )
        try:
            service = Apprise.instantiate(url, asset=asset)
        except Exception:  # of any kind, and its text may hold the address
            service = None
    if service is None:
        raise wrong(
            settings,
            place,
            "url_file",
            f"{settings.place(place.url_file)} does not hold an address that apprise knows, or what that"
            " service needs is not installed: https://appriseit.com/services/",
        )
    if not re.search(r"[?&]cto=", url):
        service.socket_connect_timeout = CONNECTING
    if not re.search(r"[?&]rto=", url):
        service.socket_read_timeout = SILENCE
    # that is for the next run; and its length is now the number of its channels
    service.retry = 0
    return service


def is_open(service: NotifyBase) -> bool:
    """Whether messages to another machine go unencrypted, or to anybody who answers, and need not."""
    needless = service.secure_protocol and service.protocol and not service.secure
    elsewhere = service.host and not is_loopback(service.host)
    return bool(elsewhere and (needless or not service.verify_certificate))


def send(notice: Notice, place: NotifySettings, service: NotifyBase, file: str) -> None:
    """Hand it over.

    Args:
        file: the one that holds the address, for sentences.

    Raises:
        NoticeError: it was not taken. UnsureError: whether it was is not known.
    """
    from apprise import NotifyFormat

    title, body = title_of(notice), lines_of(notice, service.body_maxlen)
    if service.title_maxlen > 0:
        title = title[: service.title_maxlen]
    else:
        body = f"{title}\n\n{lines_of(notice, max(1, service.body_maxlen - len(title) - 2))}"
        title = ""
    holding.confirm()
    taken, broken = False, ""
    with listening() as log, looking_at_answers() as answers:
        try:
            limit = limits.limited(holding.within(WHOLE), TimeoutError(), f"notify {place.name}")
            with limit, _bounded(), _surroundings():
                taken = service.notify(
                    body=body,
                    title=title,
                    source_format=NotifyFormat.TEXT,
                    body_format=service.resolve_format(NotifyFormat.TEXT),
                )
        except TimeoutError:
            broken = "it did not answer in time"
        except MemoryError:
            broken = "its answer is too large"
        except Exception as error:  # of any kind, and its text may hold the address
            broken = f"apprise broke off ({type(error).__name__})"
    several = len(service) > 1
    # of one channel the last request is the one that hands the message over
    page = any(each.page for each in (answers if several else answers[-1:]))
    if taken and not page:
        return
    if several:
        perhaps_delivered(place, f"one at least of its {len(service)} channels did not take the message")
    if broken:
        perhaps_delivered(place, broken)
    if page:
        page_came(place, file)
    explain(log, place, file, answers)
