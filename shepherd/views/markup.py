"""Text made HTML: cleaned, escaped, times as elements, so that a reader's browser can tell how long ago they
are now."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from markupsafe import Markup

from shepherd.sentence import Part, Parts, parts_of
from shepherd.values import utc
from shepherd.views.clean import LONGEST_SENTENCE, clean


def element(moment: datetime) -> Markup:
    """`<time datetime="2011-08-24T10:15:00Z">2011-08-24 10:15 UTC</time>`."""
    return Markup(f'<time datetime="{stamp(moment)}">{utc(moment)}</time>')  # noqa: S704  # digits


def stamp(moment: datetime) -> str:
    """`2011-08-24T10:15:00Z`, for script and feed readers."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sentence(text: str) -> Markup:
    """Untrusted text, escaped, each time in it an element.

    The age that was true when the page was written stands behind it in `<i class=ago>`: without script that
    is not shown, since it grows older with the page.
    """
    return Markup("".join(map(_html, cut(parts_of(text), LONGEST_SENTENCE))))  # noqa: S704  # escaped


def cut(parts: Parts, longest: int) -> Parts:
    """The parts up to so many characters; the one that goes beyond is text from there on."""
    room = longest
    for place, part in enumerate(parts):
        text = part if isinstance(part, str) else part.text
        if len(text) > room:
            return (*parts[:place], clean(text, room) if room else "…")
        room -= len(text)
    return parts


def _html(part: str | Part) -> str:
    if isinstance(part, str):
        return escape(clean(part, LONGEST_SENTENCE))
    text = escape(clean(part.text, LONGEST_SENTENCE))
    match part.kind:
        case "time":
            # "2011-08-24 10:15 UTC", as `values.utc` writes it
            return f'<time datetime="{text[:10]}T{text[11:16]}Z">{text}</time>'
        case "age":
            return f"<i class=ago>{text}</i>"
        case _:
            return text
