"""Stories of a branch in the language of tests/rules/story.py: few bugs, many rollbacks, one to four runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

from shepherd.words import Options, is_request
from tests.rules.needs import Needs
from tests.rules.story import Tracker

LANDINGS = 12
BUGS = ("1", "2", "3")
ORPHANS: tuple[Literal["pass", "needs-qa"], ...] = ("pass", "needs-qa")
STATUSES = ("bad", "bad", "bad", "ok", "ok", "needstesting", "untestable", "none")
FOREIGN = "8"
"""A bug that no landing names by itself: it has a bad-commit at most."""


@dataclass(frozen=True)
class Tale:
    lines: tuple[str, ...]
    tracker: Tracker
    options: Options
    needs: Needs = Needs()  # noqa: RUF009 - frozen

    def __repr__(self) -> str:
        """As it can be pasted into tests/cases/rules.toml."""
        return "\n".join(["", f"# {self.tracker} {self.options} {self.needs}", *self.lines, ""])


def one_in(n: int) -> st.SearchStrategy[bool]:
    return st.integers(1, n).map(lambda drawn: drawn == n)


def bug_marks() -> st.SearchStrategy[str]:
    bugs = st.lists(st.sampled_from(BUGS), max_size=2, unique=True)
    return bugs.map(lambda drawn: f"[bug={','.join(map(str, drawn))}]" if drawn else "")


@st.composite
def rollback_mark(draw: st.DrawFn, number: int) -> str:
    """None, one, several or a range; a few name landings that are not there, yet or ever."""
    if number == 1 or not draw(st.booleans()):
        return ""
    first = draw(st.integers(1, number if draw(one_in(6)) else number - 1))
    last = draw(st.integers(first, max(first, number - 1))) if draw(one_in(3)) else first
    more = f",{draw(st.integers(1, number - 1))}" if draw(one_in(5)) else ""
    return f"[rollback={first}{f'-{last}' if last > first else ''}{more}]"


@st.composite
def landing(draw: st.DrawFn, number: int) -> str:
    parts = [draw(bug_marks()), draw(rollback_mark(number))]
    if draw(one_in(4)):
        labels = st.sampled_from(["[no-qa]", "[testfix]", "[qa-ok]", "[incr]"])
        parts += draw(st.lists(labels, min_size=1, max_size=2, unique=True))
    if number > 1 and draw(one_in(6)):
        more = "+" if draw(one_in(3)) else ""
        parts.insert(0, f"~r{draw(st.integers(1, number - 1))}{more} ")
    parts.append(" Exempt change" if draw(one_in(12)) else " Change")
    if draw(one_in(5)):
        parts.append(f" (#{draw(st.integers(1, 2))})")
    if draw(one_in(6)):
        parts.append(f" | [bug={draw(st.sampled_from(BUGS))}] Brought in")
    return f"r{number} {''.join(parts)}"


@st.composite
def tags(draw: st.DrawFn) -> str:
    item = draw(st.sampled_from([*BUGS, *BUGS, FOREIGN, "#1", "#2"]))
    if not is_request(item) and draw(one_in(3)):
        return draw(status_of(item))
    if draw(one_in(8)):
        return f"tags {item} {draw(st.sampled_from(['unreadable', 'gone']))}"
    words = ["qa-ok", "qa-ok", "qa-bad", "qa-untestable", "qa-needstesting"]
    drawn = draw(st.lists(st.sampled_from(words), max_size=2, unique=True))
    if not is_request(item) and draw(one_in(3)):
        numbers = st.lists(st.integers(1, LANDINGS + 1), min_size=1, max_size=2, unique=True)
        drawn += [f"bad-commit-{n}" for n in draw(numbers)]
    return f"tags {item} {' '.join(drawn)}".rstrip()


def status_of(bug: str) -> st.SearchStrategy[str]:
    """What its status says, or its field."""
    by = st.sampled_from(["status", "status", "field"])
    return st.tuples(by, st.sampled_from(STATUSES)).map(lambda drawn: f"{drawn[0]} {bug} {drawn[1]}")


@st.composite
def message_of_a_foxtrot(draw: st.DrawFn) -> str:
    """Of its merge, or of what landed on the other side of it."""
    mark = draw(st.sampled_from(["[no-qa]", "[qa-ok]", "", ""]))
    title = "Exempt merge" if draw(one_in(3)) else "Merge"
    return f"{draw(bug_marks())}{mark} {title}{' (#1)' if draw(one_in(5)) else ''}"


@st.composite
def word_of_a_person(draw: st.DrawFn, landed: int, gone: Sequence[str] = ()) -> str:
    """`gone`: what was a landing before a foxtrot."""
    if len(gone) > 0 and draw(one_in(3)):
        spoken = st.sampled_from(["ok", "bad", "untestable", "needstesting", "withdraw"])
        return f"verdict {draw(st.sampled_from(gone))} {draw(spoken)}"
    p = draw(st.integers(1, landed))
    if draw(one_in(6)):
        return f"asking r{p} {draw(st.sampled_from(['fails', 'fails', 'works']))}"
    if p < landed and draw(st.booleans()):
        by = f"by r{draw(st.integers(p + 1, landed))}"
        return draw(st.sampled_from([f"cover r{p} {by}", f"uncover r{p} {by}", f"uncover r{p}"]))
    words = ["ok", "ok", "bad", "untestable", "needstesting", "withdraw"]
    return f"verdict r{p} {draw(st.sampled_from(words))}"


@st.composite
def tales(draw: st.DrawFn) -> Tale:
    """What lands between two runs comes in any order with tags, verdicts, covers and moves of production."""
    lines: list[str] = []
    gone: list[str] = []
    landed, foxtrots = 0, 0
    runs = draw(st.integers(1, 4))
    for run in range(runs):
        for _ in range(draw(st.integers(1 if landed == 0 else 0, max(1, LANDINGS // runs)))):
            landed += 1
            lines.append(draw(landing(landed)))
        if landed > 1 and draw(one_in(4)):
            kept = draw(st.integers(1, landed - 1))
            messages = draw(st.lists(message_of_a_foxtrot(), min_size=1, max_size=3))
            lines.append(f"foxtrot r{kept} | {' | '.join(messages)}")
            gone += [f"r{n}@{foxtrots}" for n in range(kept + 1, landed + 1)]
            foxtrots, landed = foxtrots + 1, kept + len(messages)
        lines += draw(st.lists(st.one_of(tags(), tags(), word_of_a_person(landed, gone)), max_size=5))
        if draw(one_in(3)):
            lines.append(f"deploy r{draw(st.integers(0, landed))}")
        if run < runs - 1:
            lines.append("run")
    kinds = [Tracker(), Tracker(), Tracker(requests=True), Tracker(bugs=False)]
    options = Options(
        orphans=draw(st.sampled_from(["block", "block", "pass", "needs-qa"])), exempt_subjects=("exempt*",)
    )
    return Tale(tuple(lines), draw(st.sampled_from(kinds)), options)


@st.composite
def conversations(draw: st.DrawFn) -> Tale:
    """One bug or request, few landings and many runs: tags come and go, verdicts between them."""
    about = draw(st.sampled_from(["bug", "bug", "request"]))
    marks = ["[bug=1]", "[bug=1]", "[bug=1][no-qa]", ""] if about == "bug" else ["(#1)", "(#1)", ""]
    item = "1" if about == "bug" else "#1"
    lines: list[str] = []
    landed = 0
    for _ in range(draw(st.integers(2, 7))):
        if landed == 0 or (landed < 4 and draw(one_in(3))):
            landed += 1
            lines.append(f"r{landed} Change {landed} {draw(st.sampled_from(marks))}".strip())
        step = draw(st.integers(0, 5))
        if step == 0:
            lines.append(f"verdict r{draw(st.integers(1, landed))} {draw(st.sampled_from(['ok', 'bad']))}")
        elif step == 1:
            lines.append(f"deploy r{draw(st.integers(0, landed))}")
        elif step == 2 and about == "request":
            lines.append(
                f"asking r{draw(st.integers(1, landed))} {draw(st.sampled_from(['fails', 'works']))}"
            )
        elif about == "bug" and draw(st.booleans()):
            lines.append(draw(status_of(item)))
        else:
            words = ["qa-ok", "qa-ok", "qa-bad", "qa-untestable", "unreadable", "gone"]
            if about == "bug":
                words += [f"qa-bad bad-commit-{n}" for n in (1, 2)]
            drawn = draw(st.lists(st.sampled_from(words), max_size=2, unique=True))
            alone = [word for word in drawn if word in ("unreadable", "gone")][:1]
            lines.append(f"tags {item} {' '.join(alone or drawn)}".rstrip())
        lines.append("run")
    tracker = Tracker(requests=about == "request")
    return Tale(tuple(lines), tracker, Options(orphans="needs-qa"))


@st.composite
def foxtrots(draw: st.DrawFn) -> Tale:
    """One bug or request with words on it, and a mainline whose landings end up behind a second parent."""
    about = draw(st.sampled_from(["bug", "bug", "request"]))
    mark, item = ("[bug=1]", "1") if about == "bug" else ("(#1)", "#1")
    landed = draw(st.integers(2, 4))
    lines = [
        f"r{n} Change {n} {draw(st.sampled_from([mark, mark, '[no-qa]']))}" for n in range(1, landed + 1)
    ]
    gone: list[str] = []

    def speak() -> None:
        for _ in range(draw(st.integers(0, 3))):
            if draw(st.booleans()):
                lines.append(draw(word_of_a_person(landed, gone)))
            elif about == "bug" and draw(st.booleans()):
                lines.append(draw(status_of(item)))
            else:
                words = ["qa-bad", "qa-bad", "qa-ok", "unreadable", ""]
                if about == "bug":
                    words += [f"qa-bad bad-commit-{n}" for n in (2, 3)] + ["bad-commit-2", "bad-commit-2"]
                lines.append(f"tags {item} {draw(st.sampled_from(words))}".rstrip())
            if about == "bug" and draw(one_in(6)):
                lines.append(f"elsewhere r{draw(st.integers(2, 3))} names 1")
            if draw(st.booleans()):
                lines.append("run")

    for number in range(draw(st.integers(1, 2))):
        speak()
        if draw(one_in(3)):
            lines.append(f"deploy r{draw(st.integers(0, landed))}")
        lines.append("run")
        kept = draw(st.integers(1, landed - 1))
        messages = draw(
            st.lists(st.sampled_from([f"Merge {mark}", "Merge", "Exempt"]), min_size=1, max_size=2)
        )
        lines.append(f"foxtrot r{kept} | {' | '.join(messages)}")
        gone += [f"r{n}@{number}" for n in range(kept + 1, landed + 1)]
        landed = kept + len(messages)
        speak()
    tracker = Tracker(requests=about == "request")
    orphans = draw(st.sampled_from(ORPHANS))
    return Tale(tuple(lines), tracker, Options(orphans=orphans, exempt_subjects=("exempt*",)))


@st.composite
def status_stories(draw: st.DrawFn) -> Tale:
    """One bug with a status and few labels, whose landings are undone and go live while it moves on."""
    marks = ["[bug=1]", "[bug=1]", "[bug=1]", "[bug=1][no-qa]", "[no-qa]"]
    lines: list[str] = []
    landed = 0
    for _ in range(draw(st.integers(3, 9))):
        while landed == 0 or (landed < 6 and draw(one_in(3))):
            landed += 1
            undoing = draw(rollback_mark(landed)) if draw(st.booleans()) else ""
            lines.append(f"r{landed} {draw(st.sampled_from(marks))}{undoing} Change {landed}")
        step = draw(st.integers(0, 9))
        if step == 0:
            lines.append(draw(word_of_a_person(landed)))
        elif step == 1:
            lines.append(f"deploy r{draw(st.integers(0, landed))}")
        elif step == 2:
            words = ["qa-ok", "qa-ok", "qa-bad", "unreadable", "gone", "", "qa-bad bad-commit-2"]
            lines.append(f"tags 1 {draw(st.sampled_from(words))}".rstrip())
        else:
            lines.append(draw(status_of("1")))
        if draw(one_in(4)):
            continue
        lines.append("run")
    return Tale(tuple(lines), Tracker(), Options(orphans="needs-qa"))
