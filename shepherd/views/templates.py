"""Where the templates are, and the Jinja2 environment that the pages are rendered with."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shepherd.views.clean import LONGEST_SENTENCE, clean


def folder() -> Path:
    """The templates: inside the package where it was installed from a wheel, else beside it."""
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
    style = (folder() / "page.css").read_text("utf-8")
    # A hash allows this one style sheet and no other, not even one that slipped through escaping.
    digest = b64encode(sha256(style.encode()).digest()).decode()
    environment.globals["style"] = Markup(style)  # noqa: S704  # our own file
    environment.globals["policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    return environment


def _finalize(value: object) -> object:
    return clean(value, LONGEST_SENTENCE) if type(value) is str else value
