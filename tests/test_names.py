"""The name of a type stands once in the whole package, so that readers know which one is meant."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.inv import ROOT


def test_the_name_of_a_type_stands_once() -> None:
    places = defaultdict(set)
    for path in [*ROOT.glob("shepherd/**/*.py"), *ROOT.glob("ops/**/*.py")]:
        for name in names_of_types(ast.parse(path.read_text(encoding="utf-8"))):
            places[name].add(str(path.relative_to(ROOT)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def names_of_types(module: ast.Module) -> Iterator[str]:
    """Classes, and what a module calls `Name = Literal[…]`."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Literal["):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
