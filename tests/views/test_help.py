"""What somebody who lands code is told is what the program reads, and nothing that does not apply there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from shepherd.marks import parse
from shepherd.settings import Grammar
from shepherd.settings.branch import FreezeWindow, LimitSettings
from shepherd.views.help import help_page, markdown, sections
from shepherd.views.help_marks import written
from shepherd.views.help_parts import HelpFacts, HelpTable, facts_of, limit_text, window_text
from tests.project import Project
from tests.views.reader import Reader

LAUNCHPAD = HelpFacts(("brackets",), ("launchpad",), ("block",), mainline="stable")


def text(facts: HelpFacts, branch: str = "stable") -> str:
    return Reader(help_page(branch, facts)).text


def test_what_does_not_apply_is_not_there() -> None:
    page = text(LAUNCHPAD)
    assert (
        "nothing says whether it needs QA" in page
        and "[no-qa]" in page
        and "By a tag on the bug" in page
        and "[rollback=124]" in page
    )
    for other in (
        "trailer",
        "LP: #",
        "(#12)",
        "By a label",
        "By a git note",
        "needs QA like any other",
        "--branch",
        "What else must hold",
    ):
        assert other not in page


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (HelpFacts(("trailers",), ("none",), ("pass",)), "Rolls-back: r124"),
        (HelpFacts(("footers",), ("launchpad",), ("needs-qa",)), "LP: #824435"),
        (HelpFacts(("forge",), ("github",), ("needs-qa",)), "By a label on the request"),
        (HelpFacts((), ("none",), ("needs-qa",)), "No mark is read on this branch"),
        (HelpFacts((), ("none",), ("needs-qa",)), "needs QA like any other"),
        (HelpFacts((), ("none",), ("pass",)), "is let pass"),
        (
            HelpFacts((), ("none",), ("block",), notes="refs/notes/qa"),
            "git push origin refs/notes/origin/qa:refs/notes/qa",
        ),
        (HelpFacts((), ("none",), ("block",), branch="db"), "--branch db"),
        (
            HelpFacts((), ("none",), ("block",), checks=("ci/build", "ci/*")),
            "These checks must hold on the very commit that production takes: ci/build, ci/*.",
        ),
        (
            HelpFacts(
                (), ("none",), ("block",), limits=(limit_text(LimitSettings(("a/*.sql",), 1, "slow")),)
            ),
            "One deployment may bring at most 1 landing that touches a/*.sql (slow).",
        ),
        (
            HelpFacts(
                (), ("none",), ("block",), freezes=(window_text(FreezeWindow("Sat - Sun", "", "rest")),)
            ),
            "Nobody deploys at these times: Sat - Sun (rest).",
        ),
        (HelpFacts((), ("gitlab",), ("block",), words={"ok": ("QA Pass",)}), "set QA Pass there"),
    ],
)
def test_what_applies_is_said(facts: HelpFacts, said: str) -> None:
    assert said in text(facts)
    assert said not in text(LAUNCHPAD)


def test_settings_are_escaped() -> None:
    hostile = '<img src=x onerror="alert(1)">'
    facts = HelpFacts(
        (), ("gitlab",), ("block",), hostile, {"ok": (hostile,), "bad": (f"`{hostile}",)}, hostile
    )
    facts = replace(facts, checks=(hostile,), limits=(hostile,), freezes=(hostile,))
    page = help_page("stable", facts)
    assert "<img" not in page and "&lt;img" in page


MEANT = {
    "it is about bug 824435": "bugs",
    "there is nothing to try: a comment, a script of the build": "no-qa",
    "only tests are repaired": "testfix",
    "it was tried before it landed, and works": "qa-ok",
    "it is one part of a longer piece of work": "incr",
    "it undoes landing r120": "rollback",
}


@pytest.mark.parametrize("grammar", ["brackets", "footers", "trailers"])
def test_each_mark_is_read_as_the_page_says(grammar: Grammar) -> None:
    (section, _) = written(HelpFacts((grammar,), ("none",), ("block",)))
    (table,) = (block for block in section.blocks if isinstance(block, HelpTable))
    tried = 0
    for meaning, how in table.rows:
        for mark in re.findall("`([^`]+)`", how):
            if meaning in MEANT:
                tried += 1
                message = f"{mark} Title" if grammar == "brackets" else f"Title\n\n{mark}\n"
                read = parse(message, [grammar])
                found = {"bugs": "824435" in read.bugs, "rollback": 120 in read.rollback}
                assert found.get(MEANT[meaning], MEANT[meaning] in read.labels), (mark, read)
                assert not read.warnings, mark
    assert tried >= 2


def test_the_report_has_it_and_the_branch_page_leads_there(tmp_path: Path) -> None:
    project = Project(tmp_path / "p", branch='marks = ["brackets"]\nverdict_notes = "refs/notes/qa"\n')
    project.deploy(project.land("[no-qa] Begin")[0])
    project.land("[bug=1] Change")
    project.tag(1)
    project.look()
    project.report()
    report = project.settings.report_path
    assert facts_of(project.settings, "stable") == HelpFacts(
        ("brackets",), ("file",), ("block",), "refs/notes/qa", {}, "stable"
    )
    assert "refs/notes/qa" in Reader((report / "stable.help.html").read_text("utf-8")).text
    assert Reader((report / "stable.html").read_text("utf-8")).links.count("stable.help.html") == 3
    index = Reader((report / "index.html").read_text("utf-8"))
    assert "./stable.help.html" in index.links


def test_a_team_that_speaks_by_statuses_reads_its_own() -> None:
    facts = HelpFacts(
        ("keys",),
        ("jira",),
        ("needs-qa",),
        statuses={"ok": ("QA passed", "Done"), "bad": ("QA failed",)},
        values={"untestable": ("n/a",)},
        field="QA result",
    )
    text = "\n".join(markdown(sections(facts)))
    assert "Set the status of the issue to `QA passed`, or `QA failed`. Or put `n/a`" in " ".join(
        text.split()
    )
    assert "| `ok` | `qa-ok`, status `QA passed`, status `Done` |" in text
    assert "take away" not in text


def test_redmine_has_no_labels() -> None:
    facts = HelpFacts(("footers",), ("redmine",), ("needs-qa",), values={"ok": ("passed",)}, field="QA")
    text = "\n".join(markdown(sections(facts)))
    assert "| `ok` | `passed` in the field `QA` |" in text
    assert "| `bad` | by a verdict |" in text
    assert "qa-ok" not in text
