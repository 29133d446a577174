"""Compiled templates lie next to their sources; whatever is wrong with them, the source decides."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shepherd.views import templates


@pytest.fixture
def render(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Renders a template as a new process would, which may keep what it compiled."""
    copy = shutil.copytree(
        templates.folder(), tmp_path / "templates", ignore=shutil.ignore_patterns("__pycache__")
    )
    (copy / "page.html.j2").write_text("{% if true %}\none {{ '<' }}\n{% endif %}\n")
    monkeypatch.setattr(templates, "folder", lambda: copy)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return lambda: templates.pages.__wrapped__().get_template("page.html.j2").render()


def kept(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "templates" / "__pycache__").glob("*"))


def test_what_was_compiled_is_kept_and_used(render: Callable[[], str], tmp_path: Path) -> None:
    assert render() == "one &lt;\n"
    (file,) = kept(tmp_path)
    written = file.stat().st_mtime_ns, file.stat().st_ino
    assert render() == "one &lt;\n"
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == written


def test_a_changed_template_is_compiled_again(render: Callable[[], str], tmp_path: Path) -> None:
    render()
    (tmp_path / "templates" / "page.html.j2").write_text("two\n")
    assert render() == "two\n"


@pytest.mark.parametrize("damage", [b"", b"\0", b"j2\5\0\0\0\0\0garbage"])
def test_what_is_damaged_is_compiled_again(render: Callable[[], str], tmp_path: Path, damage: bytes) -> None:
    render()
    (file,) = kept(tmp_path)
    whole = file.read_bytes()
    for content in (damage, whole[:30], whole[:-5]):
        file.write_bytes(content)
        assert render() == "one &lt;\n"


def test_a_folder_that_cannot_be_written_costs_only_time(render: Callable[[], str], tmp_path: Path) -> None:
    (tmp_path / "templates" / "__pycache__").write_text("in its place")
    assert render() == "one &lt;\n"
