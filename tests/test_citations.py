"""What code and tests cite of the documentation is there, and so is what its pages link to."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.inv import ROOT

CITATION = re.compile(r"docs/([\w./-]+\.(?:md|json|png))(?:#([\w-]+))?")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
FILES = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout.split()
TEXTS = [name for name in FILES if name.endswith((".py", ".toml", ".j2", ".yaml", ".yml", ".md"))]


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors that GitHub and GitLab give the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings)


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "CHANGELOG.md"])
def test_what_is_cited_is_there(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    cited = [(ROOT / "docs" / page, anchor) for page, anchor in CITATION.findall(text)]
    if name.endswith(".md"):
        here = ROOT / name
        cited += [(here.parent / page if page else here, anchor) for page, anchor in LINK.findall(text)]
    missing = [
        f"{page.name}#{anchor}"
        for page, anchor in cited
        if not page.exists() or (anchor and anchor not in anchors(page))
    ]
    assert missing == []


def test_no_other_specification_is_cited() -> None:
    """Who clones the repository has no other: every rule is cited where it stands in docs/."""
    strange = re.compile(r"\bdesign [1-9]|\bissue [0-9]+, [0-9]|\([345]\.[1-6](?: [a-d])?\)")
    citing = {
        name: found
        for name in TEXTS
        if name not in ("CHANGELOG.md", "tests/test_citations.py")
        and (found := strange.findall((ROOT / name).read_text(encoding="utf-8")))
    }
    assert citing == {}
