"""Where `judge` tells people to say what QA found."""

from __future__ import annotations

from pathlib import Path

from tests.project import Project, entry


def test_the_settings_say_where_and_in_which_words(tmp_path: Path) -> None:
    project = Project(tmp_path, tracker='words = { ok = ["QA Pass", "fine"] }')
    project.tag(1)
    project.deploy(project.land("[no-qa] Begin", "[bug=1] Two")[0])
    remedy = entry(project.look(), 2).remedy
    assert "mark bug 1 QA Pass (or qa-bad) in bugs.json, or: inv verdict r2 ok" in remedy
