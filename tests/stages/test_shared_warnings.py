"""A warning that many landings share is said once (docs/interfaces.md#landings)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.marks.trailer_items import ELSEWHERE
from shepherd.stages.shared_warnings import MANY, PROBLEMS_SHOWN, STATUSES_SHOWN, folded, kind_of, shared
from shepherd.words import NOT_KNOWN
from tests.project import Project
from tests.views.factory import entry

OLD = "its commit date lies before its parent's: taken as the parent's"


def warned(having: int, of: int, warning: str = OLD) -> tuple[list[tuple[str, ...]], list[str]]:
    """The warnings of so many landings, newest first, of which the oldest have one."""
    entries = [entry(revno, warnings=(warning,) if revno <= having else ()) for revno in range(of, 0, -1)]
    quiet, said = shared(entries)
    assert [each.revno for each in quiet] == list(range(of, 0, -1))
    return [each.warnings for each in quiet if each.warnings], said


@pytest.mark.parametrize(("having", "of"), [(MANY, MANY), (MANY + 1, 10 * MANY + 10)])
def test_few_landings_or_a_small_share_keep_their_warning(having: int, of: int) -> None:
    assert warned(having, of) == ([(OLD,)] * having, [])


def test_what_many_and_more_than_a_tenth_have_is_said_once_with_an_example() -> None:
    assert warned(MANY + 1, 10 * MANY + 9) == ([], [f"r21 and {MANY} other landings: {OLD}"])
    assert warned(1_300, 1_300) == ([], [f"r1300 and 1,299 other landings: {OLD}"])


def test_bugs_of_other_trackers_are_said_once_however_few() -> None:
    warning = f'"b/1" {ELSEWHERE} and counts as absent.'
    assert warned(1, 5, warning) == ([], [f"r1: {warning}"])
    assert warned(2, 5, warning) == ([], [f"r2 and r1: {warning}"])


def unknown(item: str, status: str) -> str:
    return f'{item} is "{status}", which [tracker.statuses] {NOT_KNOWN}: add it there'


def test_a_status_that_the_settings_do_not_know_is_told_of_the_branch_as_well() -> None:
    entries = [
        entry(3, progress="needs-qa", good=False, warnings=(unknown("ABC-3", "Done"),)),
        entry(2, progress="needs-qa", good=False, warnings=(unknown("ABC-2", "Parked"),)),
        entry(1, progress="bad", good=False, warnings=(unknown("ABC-1", "Done"),)),
    ]
    told = [f"r3 and r1: {unknown('ABC-3', 'Done')}", f"r2: {unknown('ABC-2', 'Parked')}"]
    assert shared(entries) == (entries, told)


def test_a_landing_that_waits_for_no_word_tells_no_status() -> None:
    warnings = (unknown("ABC-1", "Archived"),)
    entries = [
        entry(3, progress="deployable", good=True, warnings=warnings),
        entry(2, progress="rolled-back", good=False, warnings=warnings),
        entry(1, progress="live", good=False, warnings=warnings),
    ]
    assert shared(entries) == (entries, [])


def test_one_status_of_many_landings_is_told_once() -> None:
    many = MANY + 1
    entries = [
        entry(revno, progress="needs-qa", good=False, warnings=(unknown(f"ABC-{revno}", "Done"),))
        for revno in range(many, 0, -1)
    ]
    quiet, told = shared(entries)
    assert not any(each.warnings for each in quiet)
    assert told == [f"r{many} and {MANY} other landings: {unknown(f'ABC-{many}', 'Done')}"]


def test_statuses_without_end_are_counted() -> None:
    more = 3
    entries = [
        entry(revno, progress="bad", good=False, warnings=(unknown("ABC-1", f"odd {revno}"),))
        for revno in range(1, STATUSES_SHOWN + more + 1)
    ]
    _, told = shared(entries)
    assert len(told) == STATUSES_SHOWN + 1
    assert told[-1] == f"the settings do not know {more} other statuses or values, either"


def test_warnings_of_other_kinds_stay_where_they_are() -> None:
    own = '"x2" in a Bug trailer is not a bug number and counts as absent.'
    entries = [entry(revno, warnings=(OLD, own) if revno == 7 else (OLD,)) for revno in range(1, 41)]
    quiet, _ = shared(entries)
    assert {each.revno: each.warnings for each in quiet if each.warnings} == {7: (own,)}


def test_a_landing_with_several_of_a_kind_counts_once() -> None:
    both = ('"x2" is not right', '"x3" is not right')
    entries = [entry(revno, warnings=both) for revno in range(1, MANY + 1)]
    assert shared(entries) == (entries, [])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('"x" in a Bug trailer is not', '"y 7" in a Bug trailer is not'),
        (
            "its message names #12, which counts as absent: it was merged into x",
            "its message names #7, which counts as absent: it was merged into x",
        ),
        ("rollback of r12 counts as absent: no landing", "rollback of r7 counts as absent: no landing"),
        (f"git says {'ab' * 20} is missing", f"git says {'0c' * 20} is missing"),
    ],
)
def test_warnings_of_one_kind(one: str, other: str) -> None:
    assert kind_of(one) == kind_of(other)


def test_warnings_of_two_kinds() -> None:
    assert kind_of("its diff is empty") != kind_of("its diff is odd")


def test_items_that_cannot_be_read_for_one_reason_are_named_up_to_a_number() -> None:
    down = [f"bug {bug} could not be read: it timed out" for bug in range(1, PROBLEMS_SHOWN + 31)]
    lines = folded([*down, "bug 7 could not be read: it is private"])
    assert lines[: PROBLEMS_SHOWN - 1] == down[: PROBLEMS_SHOWN - 1]
    assert lines[PROBLEMS_SHOWN - 1 :] == [
        f"{down[PROBLEMS_SHOWN - 1]}; and so for 30 more (inv landings --state unknown)",
        "bug 7 could not be read: it is private",
    ]
    assert folded(down[: PROBLEMS_SHOWN + 1]) == down[: PROBLEMS_SHOWN + 1]


def test_warning_that_all_landings_share_is_one_of_the_branch(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("root")[0])
    project.land(*(f"Change {number}\n\nBug: what{number}" for number in range(MANY + 5)))
    snapshot = project.look()
    [warning] = [each for each in snapshot.warnings if "Bug trailer" in each]
    assert warning.startswith(f'r{MANY + 6} and {MANY + 4} other landings: "what{MANY + 4}" in a Bug trailer')
    assert not any(each.warnings for each in snapshot.landings)
