"""The daily tests need what requirements/dev.txt installs, and no more: pytest imports each module of tests,
also those of which no test is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.inv import ROOT

ONLY_FOR_REAL = ("graphql", "lazr.restful", "zope")
"""What the group `trackers` of pyproject.toml installs; a function that a real test calls may import it."""


def test_no_module_of_tests_imports_what_only_the_real_ones_have() -> None:
    imports = {_name(path): set(_imported(path)) for path in (ROOT / "tests").rglob("*.py")}
    needs = {name for name, found in imports.items() if any(map(_is_only_for_real, found))}
    assert needs, "nothing imports it: the names are wrong"
    while more := {name for name, found in imports.items() if found & needs} - needs:
        needs |= more
    imported_always = {name for name in needs if name.rpartition(".")[2].startswith(("test_", "conftest"))}
    assert not imported_always


def _is_only_for_real(module: str) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in ONLY_FOR_REAL)


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path) -> Iterator[str]:
    """What is imported as soon as the module is, and is not only for the type checker."""
    waiting: list[ast.AST] = [ast.parse(path.read_bytes())]
    while waiting:
        match waiting.pop():
            case ast.Import(names=names):
                yield from (each.name for each in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (f"{module}.{each.name}" for each in names)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.If(test=ast.Name("TYPE_CHECKING")):
                pass
            case node:
                waiting += ast.iter_child_nodes(node)
