"""The icon of a tab: the answer's colour and shape, as an address that needs no request."""

from __future__ import annotations

from urllib.parse import quote

from shepherd.snapshot import Answer

_SHAPES: dict[Answer, tuple[str, str]] = {
    "deploy": ("#1a7f37", "M8 17l6 6L25 9"),
    "blocked": ("#9a6700", "M16 7v12M16 23v2"),
    "nothing-new": ("#57606a", "M9 13h14M9 19h14"),
    "no-data": ("#b3121d", "M10 10l12 12M22 10L10 22"),
}


def icon(answer: Answer) -> str:
    """A `data:` address of an SVG."""
    colour, path = _SHAPES[answer]
    return "data:image/svg+xml," + quote(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>"
        f"<rect width='32' height='32' rx='7' fill='{colour}'/>"
        f"<path d='{path}' fill='none' stroke='#fff' stroke-width='4'/></svg>",
        safe=":/='",
    )
