"""What servers answer to apprise, which looks at little more than the status: whether a page for people came
in place of an answer, and how long a server asks to be left alone (docs/notices.md#when-it-fails)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from shepherd.act.notice_failures import BEGINNING, is_page, wait_of

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session


class ChatAnswer(Struct, frozen=True):
    """An answer, as far as it matters; nothing in it can hold a secret."""

    status: int
    wait: float = 0.0
    """Seconds that the server asks to be left alone."""
    page: bool = False
    """It says that all is well, and is a page for people."""


@contextmanager
def looking_at_answers() -> Iterator[list[ChatAnswer]]:
    """Look at each answer that requests gets meanwhile, in order: all that apprise sends by HTTP goes through
    it, each time in a session of its own."""
    import requests

    seen: list[ChatAnswer] = []
    send = requests.Session.send

    def looking(session: Session, request: PreparedRequest, **options: Any) -> Response:
        response = send(session, request, **options)
        seen.append(_of(response))
        return response

    requests.Session.send = looking  # type: ignore[assignment,method-assign]  # for one message
    try:
        yield seen
    finally:
        requests.Session.send = send  # type: ignore[method-assign]  # as it was


def _of(response: Response) -> ChatAnswer:
    """requests has read the whole answer by now."""
    well = 200 <= response.status_code < 300
    is_html = "html" in response.headers.get("content-type", "").lower()
    return ChatAnswer(
        response.status_code,
        wait_of(response.headers.get("retry-after", "")),
        well and is_html and is_page(response.content[:BEGINNING]),
    )
