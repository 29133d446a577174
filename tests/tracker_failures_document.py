"""docs/tracker-failures.md, made of tests/cases/tracker_faults.toml:
`python -m tests.tracker_failures_document` writes it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from msgspec.structs import replace

from tests.inv import ROOT
from tests.reading_order import linked
from tests.trackers.fault_rows import NAMES, Fault, faults, in_words_of

PAGE = ROOT / "docs" / "tracker-failures.md"
_HEAD = """\
# When the tracker fails

What the answer is, which exit code a run has and what people read, for each fault of a tracker. Each row is
played by a test: a server on the same machine speaks as the tracker does, goes wrong in this way, and
`inv find judge` (or the command that the row names) runs. The rows stand in
[tests/cases/tracker_faults.toml](../tests/cases/tracker_faults.toml);
`python -m tests.tracker_failures_document` makes this page of them, and a test keeps both equal.

In the project of the test r1 is live. The messages of r2 and r3 name their requests (or bugs) 2 and 3; that
of r4 names none, so a forge is asked for it by its SHA. All are `qa-ok`: without a fault the answer is
“deploy r4”, with exit code 0. In the rows about [checks](rules.md#checks) `ci/build` is asked for, and has
passed on each.

* **deploy r4**: as if nothing had happened. “After 60 s” means that the tracker asked to wait, and got it.
* **r3 unknown**: that landing has to wait, and those after it, until the tracker answers or a person gives a
  verdict. The others are judged as ever.
* **nothing new**: that no check is known to hold, so nothing after r1 may be deployed.
* **no data**, exit code 5: nothing may be deployed by this answer; the last good one stays on the page, with
  its age. What was learned before is kept, and the next run goes on from there.

A request that fails in a way that may pass is tried up to 6 times in all, after waits that grow from half a
second, for at most 90 s in one run. In the sentences NAME is the tracker, HOST its host, REQUEST the request
that failed (`POST /graphql`), TIME when it failed for the first time. Where a sentence says that the next run
tries again, nobody has to do anything unless it goes on for hours.
[At night](operator-night.md#no-data) says what to do about no data.
"""


def document() -> str:
    """Return the page as it has to be."""
    parts = [_HEAD]
    for section, rows in groupby(faults(), key=lambda fault: fault.section):
        some = [_one_of(list(same)) for _, same in groupby(rows, key=_shown)]
        several = len({fault.trackers for fault in some}) > 1
        heads = ["what happens", *(["tracker"] if several else []), "answer", "exit code", "what people read"]
        parts.append(f"\n## {section}\n\n{_line(heads)}{_line('---' for _ in heads)}")
        parts += [_row(fault, several) for fault in some]
    return linked(PAGE.name, "".join(parts))


def _shown(fault: Fault) -> tuple[object, ...]:
    """What people read of a row, but for the tracker."""
    return fault.says, fault.command, fault.answer, fault.code, fault.waits, fault.sentence


def _one_of(same: list[Fault]) -> Fault:
    """One row for several that differ in how the test plays them alone."""
    return replace(same[0], trackers=tuple(tracker for fault in same for tracker in fault.trackers))


def _row(fault: Fault, several: bool) -> str:
    every = len(fault.trackers) == len(NAMES)
    trackers = "all" if every else ", ".join(NAMES[tracker] for tracker in fault.trackers)
    says = fault.says if fault.command == "find judge" else f"{fault.says} (`inv {fault.command}`)"
    answer = fault.answer + (f", after {fault.waits} s" if fault.waits else "")
    cells = [says, *([trackers] if several else []), answer, str(fault.code), _sentence(fault)]
    return _line(cells)


def _sentence(fault: Fault) -> str:
    """In the words of the tracker, if it is one alone."""
    if not fault.sentence:
        return "–"
    alone = len(fault.trackers) == 1
    first, others, _ = fault.sentence.partition("; ITEM3 for r3")
    sentence = f"{first}; the same of r3 and r4" if others else fault.sentence
    return in_words_of(fault.trackers[0], sentence, "" if alone else "NAME")


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(document(), encoding="utf-8")
