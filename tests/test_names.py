"""A class name stands once in the whole package, so that whoever reads it knows which one is meant."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.inv import ROOT


def test_a_class_name_stands_once() -> None:
    places = defaultdict(set)
    for path in [*ROOT.glob("shepherd/**/*.py"), *ROOT.glob("ops/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(str(path.relative_to(ROOT)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
