"""What the operator installs is all that `fab` needs (docs/operator-first-day.md#the-first-time)."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions, requires

import pytest

from ops.deploy.pins import Pin, pins_for, wanted
from ops.deploy.target import Target
from tests.inv import ROOT

OURS = {"ops", "shepherd", "tests"}


def pinned(python: str) -> tuple[dict[str, Pin], set[str]]:
    """The pins of requirements/deploy.txt, and what the extra `deploy` asks for, from package to package."""
    environment = Target(python, "x86_64", "glibc", "2.36").environment
    pins = pins_for((ROOT / "requirements" / "deploy.txt").read_text(), environment)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [([*project["dependencies"], *project["optional-dependencies"]["deploy"]], frozenset[str]())]
    names: set[str] = set()
    while needed:
        new = {each for texts, extras in needed for each in wanted(texts, pins, environment, extras)}
        needed = [(requires(each.name) or [], each.extras) for each in new if each.name not in names]
        names |= {each.name for each in new}
    return pins, names


@pytest.mark.parametrize("python", [f"3.{sys.version_info.minor}.2"])
def test_it_pins_what_the_extra_asks_for_and_no_more(python: str) -> None:
    pins, names = pinned(python)
    assert set(pins) == names
    assert all(pin.hashes for pin in pins.values())
    assert "uv" not in names


def test_what_ops_imports_is_among_them() -> None:
    files = [ROOT / "fabfile.py", *(ROOT / "ops").rglob("*.py")]
    roots = set()
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text()))):
        if isinstance(node, ast.Import):
            roots |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add((node.module or "").partition(".")[0])
    foreign = {each for each in roots if each not in sys.stdlib_module_names | OURS}
    distributions = packages_distributions()
    _, names = pinned(f"3.{sys.version_info.minor}.2")
    assert foreign, "at least Fabric"
    assert {distributions[each][0].lower() for each in foreign} <= names


def test_no_registry_is_named() -> None:
    assert "://" not in (ROOT / "requirements" / "deploy.txt").read_text()
