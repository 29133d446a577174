"""The HTML of mails, from the same templates as their text: without images, script, or anything from
elsewhere; for a width of 330 px, and for light and dark.

Everything is escaped; only addresses of the web become links.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from html import escape

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shepherd.commands import as_called
from shepherd.sentence import Part, Sentence, parts_of
from shepherd.views.clean import LONGEST, LONGEST_SENTENCE, clean, is_web_address
from shepherd.views.mail_entries import Linked, PartLinks
from shepherd.views.markup import cut
from shepherd.views.templates import folder


@cache
def html_environment() -> Environment:
    """The templates as HTML. `mail_text` has filters of the same names."""
    environment = Environment(
        loader=FileSystemLoader(folder() / "mail"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: _sentence(value) if type(value) in (str, Sentence) else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter in (_head, _labelled, _para, _title, _item, _whole, _listed, _links, _rest, _section):
        environment.filters[filter.__name__.strip("_")] = filter
    environment.globals["signature"] = Markup("<hr>")
    environment.globals["style"] = Markup((folder() / "mail" / "style.css").read_text("utf-8"))  # noqa: S704
    return environment


def _para(text: str, links: PartLinks | None = None) -> Markup:
    return _element("p", _sentence(text, links))


def _rest(text: str) -> Markup:
    """What follows the landings."""
    return _element("p class=rest", _sentence(text))


def _section(text: str) -> Markup:
    return _element("h2", _sentence(text))


def _head(text: str, title: str = "", links: PartLinks | None = None) -> Markup:
    """A line of the beginning: the landing's title follows it in any case."""
    if not title:
        return _element("p class=head", _sentence(text, links))
    return _element("p class=head", _sentence(f"{text}: {clean(title, LONGEST)}"))


def _title(text: str, revision: str, address: str = "") -> Markup:
    return _element("h2", f"{_anchor(revision, address)} {escape(clean(text, LONGEST))}")


def _item(text: str, revision: str = "", address: str = "") -> Markup:
    first = f"{_anchor(revision, address)} " if revision else ""
    return _element("p class=item", f"• {first}{_sentence(text)}")


def _labelled(text: str, label: str, links: PartLinks | None = None) -> Markup:
    return _element("p class=fact", f"{_label(label)}{_sentence(text, links)}")


def _links(links: Sequence[Linked], label: str) -> Markup:
    return _element(
        "p class=fact", _label(label) + ", ".join(_anchor(each.text, each.address) for each in links)
    )


def _whole(text: str) -> Markup:
    return _element("pre", _code(text))


def _listed(text: str) -> Markup:
    return _element("p class=fact", escape(clean(text, LONGEST)))


def _element(tag: str, content: str) -> Markup:
    """Content that is HTML already."""
    return Markup(f"<{tag}>{content}</{tag.partition(' ')[0]}>\n")  # noqa: S704  # escaped by the caller


def _label(label: str) -> str:
    return f"<b>{escape(label)}</b> " if label else ""


def _anchor(text: str, address: str) -> str:
    shown = escape(clean(as_called(text), LONGEST))
    return f'<a href="{escape(address)}">{shown}</a>' if is_web_address(address) else shown


def _code(command: str) -> str:
    """A command, which is broken between its words only: not behind the hyphen of an option."""
    each = clean(as_called(command), LONGEST_SENTENCE).split(" ")
    return "<code>" + " ".join(f"<span>{escape(word)}</span>" for word in each) + "</code>"


def _sentence(text: str, links: PartLinks | None = None) -> Markup:
    parts = cut(parts_of(text), 10 * LONGEST_SENTENCE)
    return Markup("".join(_parts(parts, links)))  # noqa: S704  # escaped


def _parts(parts: tuple[str | Part, ...], links: PartLinks | None) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield escape(clean(as_called(part), 10 * LONGEST_SENTENCE))
        elif part.kind == "command":
            yield _code(part.text)
        else:
            yield _anchor(part.text, links.address(part) if links else "")
