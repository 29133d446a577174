"""docs/cases.md, made of tests/cases/rules.toml: `python -m tests.rules.table` writes it again."""

from __future__ import annotations

import tomllib
from typing import Any

from tests.inv import ROOT
from tests.reading_order import linked

CASES = ROOT / "tests" / "cases" / "rules.toml"
PAGE = ROOT / "docs" / "cases.md"

_HEAD = """\
# The cases of the rules

Made of [tests/cases/rules.toml](../tests/cases/rules.toml) by `python -m tests.rules.table`; a test keeps
them equal. Each case is judged by the rules and by a second, independent statement, `tests/rules/oracle.py`.
A story is read line by line: `r3 [bug=1] Change` lands, `tags 1 qa-ok` is what bug 1 says from then on
by its tags, and `status 1 bad` what it says by its status,
`checks r3 ci/build=failed` are the results on its commit, `touches r3 db/1` the paths that it changes,
`deploy r2` is what production runs, `run` is a run of the shepherd; one is always at the end. The rules are
in [rules.md](rules.md).

| case | what it shows | story | expected |
|---|---|---|---|
"""
_SETTINGS = ("orphans", "exempt", "tracker", "checks", "limits")
_NOT_EXPECTED = ("row", "says", "story", *_SETTINGS)


def table() -> str:
    """Return the page as it has to be."""
    cases = tomllib.loads(CASES.read_text(encoding="utf-8"))["case"]
    return linked(PAGE.name, _HEAD + "".join(map(_line, cases)))


def _line(case: dict[str, Any]) -> str:
    settings = [f"`{key} = {_value(case[key])}`" for key in _SETTINGS if key in case]
    story = [f"`{line}`" for line in case["story"].strip().splitlines()]
    said = [f"{key}: {_value(value)}" for key, value in case.items() if key not in _NOT_EXPECTED]
    expected = [text.replace("*", "\\*") for text in said]
    cells = (case["row"], case["says"], "<br>".join([*settings, *story]), "<br>".join(expected))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(each)}" for key, each in value.items()) or "none"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]" if value else "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    PAGE.write_text(table(), encoding="utf-8")
