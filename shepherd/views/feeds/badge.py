"""`BRANCH.svg`: the answer as a badge, with its time: a picture cannot say how old it is."""

from __future__ import annotations

from datetime import UTC
from html import escape

from shepherd.cautions import cautions, drawn_as
from shepherd.situation import Situation
from shepherd.snapshot import Answer, Snapshot
from shepherd.views.answer import brief
from shepherd.views.clean import clean

_COLOURS: dict[Answer, str] = {
    "deploy": "#116329",
    "blocked": "#7d4e00",
    "nothing-new": "#424a53",
    "no-data": "#b3121d",
}
_LETTER = 7
"""Width of a letter, about; `textLength` makes it so."""
_MARGIN = 7
_LONGEST = 40


def badge(snapshot: Snapshot, situation: Situation) -> bytes:
    """SVG, UTF-8: branch, answer, and when that was given."""
    known = cautions(snapshot, situation)
    generated = f"{snapshot.generated_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    parts = (
        (clean(snapshot.branch, _LONGEST), "#1b1f24"),
        (brief(snapshot, known), _COLOURS[drawn_as(snapshot, known)]),
        (generated, "#1b1f24"),
    )
    title = escape(": ".join(text for text, _ in parts[:2]) + f", as of {generated}")
    boxes, left = [], 0
    for text, colour in parts:
        length = _LETTER * len(text)
        boxes.append(
            f'<rect x="{left}" width="{length + 2 * _MARGIN}" height="20" fill="{colour}"/>'
            f'<text x="{left + _MARGIN}" y="14" textLength="{length}">{escape(text)}</text>'
        )
        left += length + 2 * _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{''.join(boxes)}</g></svg>\n"
    ).encode("utf-8", "replace")
