"""The text of mails: plain text of 72 columns from the templates in `templates/mail`.

What comes from outside is cleaned where it is put in. Commands and links stand on lines of their own,
whole: people copy them. Everything else is wrapped between words, and nothing is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shepherd.sentence import Sentence
from shepherd.views.clean import LONGEST_SENTENCE
from shepherd.views.mail_entries import COLUMNS, Linked, PartLinks
from shepherd.views.templates import folder
from shepherd.views.terminal import plain, width, wrap

LABEL = 11


class LaidOutText(str):
    """Text that is cleaned and laid out already."""

    __slots__ = ()


@cache
def text_environment() -> Environment:
    """The templates as text. `mail_html` has filters of the same names."""
    environment = Environment(
        loader=FileSystemLoader(folder() / "mail"),
        autoescape=False,  # noqa: S701  # plain text; what is put in is cleaned below
        undefined=StrictUndefined,
        finalize=lambda value: plain(value) if type(value) in (str, Sentence) else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter in (_head, _labelled, _para, _title, _item, _whole, _listed, _links):
        environment.filters[filter.__name__.strip("_")] = filter
    # what begins something new needs no more than the blank line before it
    environment.filters["rest"] = environment.filters["section"] = _para
    environment.globals["signature"] = LaidOutText("-- ")
    return environment


def _para(text: str, links: PartLinks | None = None) -> LaidOutText:
    # what is cut off an alarm would be its end: which landing undoes it
    return LaidOutText(wrap(text, columns=COLUMNS, longest=10 * LONGEST_SENTENCE))


def _head(text: str, title: str = "", links: PartLinks | None = None) -> LaidOutText:
    """A line of the beginning, with the title of its landing where that fits whole."""
    if title:
        with_title = f"{text}: {plain(title)}"
        text = with_title if width(with_title) <= COLUMNS else f"{text}."
    return LaidOutText(wrap(text, columns=COLUMNS))


def _title(text: str, revision: str, address: str = "") -> LaidOutText:
    """The title of a landing behind its revision."""
    return LaidOutText(wrap(text, f"{revision} ", "  ", columns=COLUMNS))


def _item(text: str, revision: str = "", address: str = "") -> LaidOutText:
    """One of a list, its address below it."""
    lines = wrap(text, f"* {revision} " if revision else "* ", "  ", columns=COLUMNS)
    return LaidOutText(f"{lines}\n  {plain(address, 2000)}" if address else lines)


def _labelled(text: str, label: str, links: PartLinks | None = None) -> LaidOutText:
    """`Label:  text`, the text in a column of its own."""
    return LaidOutText(wrap(text, f"  {label}".ljust(LABEL), columns=COLUMNS))


def _links(links: Sequence[Linked], label: str) -> LaidOutText:
    """A line for each, with its address; whole, since that is to be copied."""
    lines = []
    for place, each in enumerate(links):
        both = each.text if each.address in ("", each.text) else f"{each.text} {each.address}"
        lines.append(f"  {'' if place else label}".ljust(LABEL) + plain(both, 2000))
    return LaidOutText("\n".join(lines))


def _whole(text: str) -> LaidOutText:
    """A command, indented, never broken: it is to be copied."""
    return LaidOutText(" " * (LABEL + 2) + plain(text, 2000))


def _listed(text: str) -> LaidOutText:
    """One of a list of names, whole."""
    return _whole(text)
