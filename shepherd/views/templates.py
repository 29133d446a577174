"""Where the templates are, and the Jinja2 environment that the pages are rendered with."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shepherd.sentence import Sentence
from shepherd.views.clean import LONGEST_SENTENCE, clean
from shepherd.views.markup import sentence


def folder() -> Path:
    """The templates: inside the package where it was installed from a wheel, else next to it."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@cache
def pages() -> Environment:
    """HTML: what a template puts out is cleaned and escaped unless it is `Markup`; nothing may be missing."""
    environment = Environment(
        loader=FileSystemLoader(folder()),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style, script = ((folder() / name).read_text("utf-8") for name in ("page.css", "page.js"))
    environment.globals["style"] = Markup(style)  # noqa: S704  # our own file
    environment.globals["script"] = Markup(script)  # noqa: S704  # our own file
    # Hashes allow this one style sheet and this one script, and nothing that slipped through escaping; images
    # are for the icon of the tab.
    environment.globals["policy"] = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return environment


def _finalize(value: object) -> object:
    if isinstance(value, Sentence):
        return sentence(value)
    return clean(value, LONGEST_SENTENCE) if type(value) is str else value


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
