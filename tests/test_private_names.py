"""Nothing of a library is used that the library does not promise: no name of others that begins with "_"."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inv import ROOT

OURS = ("shepherd", "ops")
PUBLIC = {"_asdict", "_exit", "_replace"}
"""Methods of named tuples, whose underscore only keeps them apart from fields."""
ALLOWED = {"_exit": "the documented end of a forked child; it is called so since it skips what exit does"}
"""Name -> why it is used all the same."""


def modules() -> list[Path]:
    return sorted(path for folder in OURS for path in (ROOT / folder).rglob("*.py"))


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def named_by_us(tree: ast.AST) -> Iterator[str]:
    """What a module itself calls by such a name: functions, classes, variables, attributes of its classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_own(node.value):
            yield node.attr


def is_own(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in ("self", "cls")


def private_names(tree: ast.AST, inherited: frozenset[str] = frozenset()) -> Iterator[str]:
    """Names of others that a module uses.

    Args:
        inherited: what `self` may have from our classes in other modules.
    """
    own = frozenset(named_by_us(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            parts = [part for each in node.names for part in each.name.split(".")]
            yield from filter(is_private, parts)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] not in OURS:
            names = [*(node.module or "").split("."), *(each.name for each in node.names)]
            yield from filter(is_private, names)
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            known = own | PUBLIC | (inherited if is_own(node.value) else frozenset())
            if node.attr not in known:
                yield node.attr


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.AST]:
    return {path: ast.parse(path.read_text()) for path in modules()}


def test_no_private_name_of_a_library_is_used(trees: dict[Path, ast.AST]) -> None:
    everywhere = frozenset(name for tree in trees.values() for name in named_by_us(tree))
    used = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, tree in trees.items()
        for name in private_names(tree, everywhere)
        if name not in ALLOWED
    }
    assert used == set()


@pytest.mark.parametrize(
    "text",
    [
        "import socket\nsocket.socket()._sock",
        "launchpad._browser.get('x')",
        "super()._conn_request()",
        "from lazr.restfulclient._browser import Cache",
        "from invoke.runners import _pty_size",
        "import concurrent.futures._base",
        "response._content = b''",
        "self._connection.pool._get_conn()",
    ],
)
def test_what_would_be_noticed(text: str) -> None:
    assert list(private_names(ast.parse(text), frozenset({"_connection"})))


def test_what_is_ours_is_not() -> None:
    tree = ast.parse(
        "class It:\n def __init__(self, other):\n  self._x = other._x\n  self.__class__\nrow._asdict()"
    )
    assert not list(private_names(tree))
