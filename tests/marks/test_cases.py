"""Every sentence of docs/rules.md#marks about marks, by the cases of tests/cases/marks.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from shepherd.landing import Marks
from shepherd.marks import parse
from shepherd.settings import ALL_GRAMMARS

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "cases" / "marks.toml").read_text(encoding="utf-8")
)["case"]
EMPTY = {
    name: getattr(Marks(), name)
    for name in Marks.__struct_fields__
    if name not in ("subject", "summary", "warnings")
}


@pytest.mark.parametrize("case", CASES, ids=[f"{at}-{case['says']}" for at, case in enumerate(CASES)])
def test_case(case: dict[str, Any]) -> None:
    projects = tuple(case.get("key_projects", ("ABC", "WEB")))
    marks = parse(case["message"], case.get("grammars", ALL_GRAMMARS), case.get("project"), projects)
    expected = {
        name: tuple(case[name]) if name in case and isinstance(empty, tuple) else case.get(name, empty)
        for name, empty in EMPTY.items()
    }
    expected["bugs"] = tuple(map(str, expected["bugs"]))
    assert {name: getattr(marks, name) for name in EMPTY} == expected
    assert marks.subject == case.get("subject", marks.subject)
    assert marks.summary == case.get("summary", marks.summary)
    wanted = case.get("warnings", [])
    assert len(marks.warnings) == len(wanted), marks.warnings
    for warning, part in zip(marks.warnings, wanted, strict=True):
        assert part in warning


@pytest.mark.parametrize("case", CASES, ids=[str(at) for at in range(len(CASES))])
def test_cases_name_only_what_there_is(case: dict[str, Any]) -> None:
    known = {"says", "message", "grammars", "project", "key_projects", "subject", "summary", "warnings"}
    assert set(case) <= set(EMPTY) | known
