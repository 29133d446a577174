"""A class name stands once in the whole package, so that whoever reads it knows which one is meant."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.inv import ROOT

FREE = (
    "shepherd/trackers/github/",
    "shepherd/trackers/gitlab/",
    "shepherd/trackers/launchpad/",
    "shepherd/trackers/forge/",
)
"""What a forge's answer is made of: each tracker has its own `_Commit`."""


def test_a_class_name_stands_once() -> None:
    places = defaultdict(set)
    for path in [*ROOT.glob("shepherd/**/*.py"), *ROOT.glob("ops/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(str(path.relative_to(ROOT)))
    twice = {
        name: files
        for name, files in places.items()
        if len(files) > 1 and not (name.startswith("_") and all(file.startswith(FREE) for file in files))
    }
    assert twice == {}
