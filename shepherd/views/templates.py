"""Where the templates are, and the Jinja2 environment that the pages are rendered with."""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from shepherd.sentence import Sentence
from shepherd.views.clean import LONGEST_SENTENCE, clean
from shepherd.views.markup import sentence

STYLES = (
    "base",
    "situation",
    "next",
    "blockers",
    "picture",
    "filter",
    "landings",
    "states",
    "index",
    "help",
    "narrow",
    "print",
    "trends",
)
"""The parts of the style sheet, in their order: later ones override earlier ones."""
AUDIT_STYLES = ("base", "audit", "print")
"""The same for the page of an audit, which is kept for years and has no script."""
SCRIPTS = ("clock", "copy", "notes", "commands", "lists", "filter")
"""The parts of the one script, in their order: each knows the names of those before it, and the last one may
return."""
INDEX_SCRIPTS = ("clock", "people")
"""The same for the page of all branches."""


def folder() -> Path:
    """The templates: inside the package where it was installed from a wheel, else next to it."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@cache
def pages() -> Environment:
    """HTML: what a template puts out is cleaned and escaped unless it is `Markup`; nothing may be missing."""
    environment = Environment(
        bytecode_cache=_CompiledTemplates(),
        loader=FileSystemLoader(folder()),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style = _parts("style", STYLES, ".css")
    environment.globals["style"] = Markup(style)  # noqa: S704  # our own file
    audit = _parts("style", AUDIT_STYLES, ".css")
    environment.globals["audit_style"] = Markup(audit)  # noqa: S704  # our own file
    environment.globals["audit_policy"] = f"default-src 'none'; style-src {_hash(audit)}; img-src data:"
    for prefix, parts in (("", SCRIPTS), ("index_", INDEX_SCRIPTS)):
        script = f'"use strict";(() => {{\n{_terse(_parts("script", parts, ".js"))}}})();\n'
        environment.globals[f"{prefix}script"] = Markup(script)  # noqa: S704  # our own file
        # Hashes allow this one style sheet and this one script, and nothing that slipped through escaping;
        # images are for the icon of the tab.
        environment.globals[f"{prefix}policy"] = (
            f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        )
    return environment


def compile_pages() -> None:
    """Compile every template of a page, for a release that cannot write next to them later
    (docs/operator-every-day.md#what-a-deploy-does).

    Raises:
        jinja2.TemplateError: one of them is not valid.
    """
    environment = pages()
    for name in environment.list_templates(filter_func=lambda name: name.endswith((".html.j2", ".svg.j2"))):
        environment.get_template(name)


class _CompiledTemplates(FileSystemBytecodeCache):
    """Templates as they were compiled, next to their sources as Python does it with its own: compiling them
    takes a tenth of a run. Where none can be read or written, they are compiled each time."""

    def __init__(self) -> None:
        super().__init__(str(folder() / "__pycache__"))

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except Exception:
            # a damaged file may raise anything
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)

    def get_source_checksum(self, source: str) -> str:
        # what it is compiled to depends on the options above, too
        return super().get_source_checksum(Path(__file__).read_text("utf-8") + source)


def _finalize(value: object) -> object:
    if isinstance(value, Sentence):
        return sentence(value)
    return clean(value, LONGEST_SENTENCE) if type(value) is str else value


def _parts(kind: str, names: Sequence[str], ending: str) -> str:
    return "".join((folder() / kind / f"{name}{ending}").read_text("utf-8") for name in names)


def _terse(script: str) -> str:
    """Without the indents and the lines that are comments: every page has it."""
    return re.sub(r"^ +|^ *//.*\n", "", script, flags=re.MULTILINE)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
