"""Text and addresses of strangers as the page and the feeds may show them; see `shepherd.printable`."""

from __future__ import annotations

from shepherd.printable import visible

LONGEST = 300
"""Characters of one text that are shown; a title may be 10 kB."""
LONGEST_SENTENCE = 4 * LONGEST
"""The same for what the shepherd says itself: a reason names every bug that is not good."""
LONGEST_ADDRESS = 2000


def clean(text: str, longest: int = LONGEST) -> str:
    """One line without control, bidi or invisible format characters, cut with an ellipsis at `longest`."""
    if len(text) > longest:
        text = text[: longest - 1].rstrip() + "…"
    return visible(text)


def is_web_address(address: str) -> bool:
    """Whether it may become a link: http or https, without blanks or characters that cannot be seen."""
    return (
        address.startswith(("https://", "http://"))
        and len(address) <= LONGEST_ADDRESS
        and address.isprintable()
        and " " not in address
    )


def fill_address(pattern: str, name: str, value: str) -> str:
    """The link that a pattern like `https://bugs.example/{bug}` gives; empty if it may not be followed.

    Only `{name}` is replaced: a pattern is not a format string.
    """
    address = pattern.replace("{" + name + "}", value)
    return address if is_web_address(address) else ""
