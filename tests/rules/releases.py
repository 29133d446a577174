"""Stories of a branch whose deployments need more than good landings: checks and limits
(docs/rules.md#conditions). Much lands that is good, much is rolled back, and few paths are touched often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from shepherd.conditions import Limit
from shepherd.words import Options
from tests.rules.needs import WORDS, Needs
from tests.rules.story import Tracker, revno
from tests.rules.strategies import Tale, one_in

LANDINGS = 10
CHECKS = ("ci/a", "ci/b", "docs")
PATTERNS = ("ci/*", "CI/A", "ci/b", "docs", "d?cs", "*", "never")
PATHS = ("db/1", "db/2", "db/x/3", "web/1")
LIMITED = (("db/*",), ("db/1",), ("*",), ("db/2", "web/*"), ("db/?", "db/*/3"))


@st.composite
def needs(draw: st.DrawFn) -> Needs:
    """One branch in eight has no checks, one in eight no limits."""
    checks = draw(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2, unique=True))
    limit = st.builds(Limit, st.sampled_from(LIMITED), st.sampled_from([0, 1, 1, 2]))
    limits = draw(st.lists(limit, min_size=1, max_size=3))
    return Needs(() if draw(one_in(8)) else tuple(checks), () if draw(one_in(8)) else tuple(limits))


@st.composite
def checks_line(draw: st.DrawFn, rev: str) -> str:
    """Half of them hold whatever is asked of them."""
    kind = draw(st.integers(1, 12))
    if kind == 1:
        return f"checks {rev} unreadable"
    if kind <= 7:
        return f"checks {rev} {' '.join(f'{name}=success' for name in CHECKS)} never=neutral"
    words = st.sampled_from(["success", "success", *WORDS])
    names = draw(st.lists(st.sampled_from([*CHECKS, "other"]), unique=True))
    return f"checks {rev} {' '.join(f'{name}={draw(words)}' for name in names)}".rstrip()


@st.composite
def known_of(draw: st.DrawFn, landed: Sequence[int]) -> list[str]:
    """What is known of these landings: results for most, and paths that two in three touch."""
    lines: list[str] = []
    for number in landed:
        if not draw(one_in(6)):
            lines.append(draw(checks_line(f"r{number}")))
        if not draw(one_in(3)):
            paths = draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=2, unique=True))
            lines.append(f"touches r{number} {' '.join(paths)}")
    return lines


@st.composite
def releasing(draw: st.DrawFn, number: int) -> str:
    """A landing: good, of a bug that may be anything, or a rollback (of a rollback) by mark or content."""
    if number > 1 and draw(one_in(3)):
        target = draw(st.integers(max(1, number - 4), number - 1))
        marks = [f"[rollback={target}]", f"[rollback={target}]", f"~r{target}", f"~r{target}+"]
        if target < number - 1:
            marks.append(f"[rollback={target}-{draw(st.integers(target + 1, number - 1))}]")
        return f"r{number} {draw(st.sampled_from(marks))} Undo"
    marks = ["[no-qa]"] * 4 + ["[bug=1]", "[bug=2]", ""]
    return f"r{number} {draw(st.sampled_from(marks))} Change"


@st.composite
def releases(draw: st.DrawFn) -> Tale:
    """One or two runs; production stands anywhere."""
    lines: list[str] = []
    landed = 0
    for run in range(draw(st.integers(1, 2))):
        lines += ["run"] if run else []
        for _ in range(draw(st.integers(1 if not landed else 0, LANDINGS // 2))):
            landed += 1
            lines.append(draw(releasing(landed)))
        for bug in draw(st.lists(st.sampled_from("12"), unique=True)):
            lines.append(f"tags {bug} {draw(st.sampled_from(['qa-ok', 'qa-ok', 'qa-bad', 'unreadable']))}")
        if landed > 1 and draw(one_in(4)):
            p = draw(st.integers(1, landed - 1))
            by = f"r{p} by r{draw(st.integers(p + 1, landed))}"
            lines.append(draw(st.sampled_from([f"cover {by}", f"uncover {by}", f"verdict r{p} bad"])))
        if draw(one_in(2)):
            lines.append(f"deploy r{draw(st.integers(0, landed))}")
        lines += draw(known_of(range(1, landed + 1)))
    options = draw(st.sampled_from([Options(orphans="pass"), Options(orphans="pass"), Options()]))
    return Tale(tuple(lines), Tracker(), options, draw(needs()))


@st.composite
def with_needs(draw: st.DrawFn, tales: st.SearchStrategy[Tale]) -> Tale:
    """Any other story, whose branch has conditions too."""
    tale = draw(tales)
    known = draw(known_of(range(1, landed_in(tale.lines) + 1)))
    return replace(tale, lines=(*tale.lines, *known), needs=draw(needs()))


def landed_in(lines: Sequence[str]) -> int:
    """How many landings the mainline has at the end."""
    landed = 0
    for line in lines:
        word, *rest = line.split()
        if word in ("foxtrot", "rewrite"):
            landed = revno(rest[0]) + line.count("|")
        elif word[0] == "r" and word[1:].isdecimal():
            landed = revno(word)
    return landed
