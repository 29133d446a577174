"""docs/conventions.md, made of tests/cases/conventions.toml: `python -m tests.conventions.table` writes it."""

from __future__ import annotations

import tomllib
from typing import Any

from tests.inv import ROOT

CASES = ROOT / "tests" / "cases" / "conventions.toml"
PAGE = ROOT / "docs" / "conventions.md"


def rows() -> list[dict[str, Any]]:
    return list(tomllib.loads(CASES.read_text(encoding="utf-8"))["convention"])
