"""Times in sentences made into elements, so that a reader's browser can tell how long ago they are now."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape

from markupsafe import Markup

from shepherd.views.clean import LONGEST_SENTENCE, clean
from shepherd.views.words import utc

_TOLD = re.compile(
    r"(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC"
    r"( \((?:in )?\d{1,9} (?:second|minute|hour|day|year)s?(?: ago)?\))?"
)
"""A time as `words.utc` writes it, and the age that `words.ago` may have put behind it."""


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
    return Markup(_TOLD.sub(_element, escape(clean(text, LONGEST_SENTENCE))))  # noqa: S704  # escaped


def ageless(text: str) -> str:
    """Without the ages that stand behind times: for what nobody keeps up to date, such as a title."""
    return _TOLD.sub(r"\1 \2 UTC", text)


def _element(found: re.Match[str]) -> str:
    age = f"<i class=ago>{found[3]}</i>" if found[3] else ""
    return f'<time datetime="{found[1]}T{found[2]}Z">{found[1]} {found[2]} UTC</time>{age}'
