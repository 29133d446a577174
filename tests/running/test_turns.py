"""Several tasks in one call: each gets its turn, and the worst code ends the call
(docs/interfaces.md#commands)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from invoke.program import Program

from shepherd.errors import SourceError, worst
from shepherd.limits import StoppedError
from shepherd.running.tasking import TaskOptions, collection, task
from shepherd.running.turns import EachInTurn
from tests.inv import ROOT, inv
from tests.project import Project

Outcome = int | BaseException


def called(outcomes: dict[str, Outcome], *words: str) -> tuple[int, list[str]]:
    """The exit code of a call, and the tasks that had their turn."""
    turns: list[str] = []

    def named(name: str, outcome: Outcome) -> Callable[..., int]:
        def body(_options: TaskOptions, loud: bool = False) -> int:
            turns.append(name)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        return body

    namespace = collection(*(task(name=name)(named(name, each)) for name, each in outcomes.items()))
    program = Program(namespace=namespace, name="inv", binary="inv", executor_class=EachInTurn)
    with pytest.raises(SystemExit) as ended:
        program.run(["inv", *words])
        raise SystemExit(0)
    return int(str(ended.value.code)), turns


def test_what_follows_a_task_that_failed_has_its_turn() -> None:
    assert called({"find": 5, "judge": 0, "report": 0}, "find", "judge", "report") == (
        5,
        ["find", "judge", "report"],
    )
    assert called({"tag": 7, "judge": 0}, "tag", "judge") == (7, ["tag", "judge"])
    assert called({"find": 0, "judge": 0}, "find", "judge") == (0, ["find", "judge"])


@pytest.mark.parametrize("codes", [(0, 4), (4, 3), (3, 8), (8, 7), (7, 6), (6, 5), (5, 2), (2, 1), (1, 99)])
def test_the_worst_code_ends_the_call_in_whatever_order(codes: tuple[int, int]) -> None:
    better, worse = codes
    for one, two in (codes, (worse, better)):
        assert called({"one": one, "two": two}, "one", "two")[0] == worse
    assert worst([better, worse]) == worse


def test_an_error_for_people_is_its_sentence_and_a_bug_is_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcomes: dict[str, Outcome] = {"find": SourceError("no git"), "judge": ZeroDivisionError(), "report": 0}
    assert called(outcomes, "find", "judge", "report") == (1, ["find", "judge", "report"])
    err = capsys.readouterr().err
    assert err.startswith("no git\nTraceback")
    assert err.rstrip().endswith("ZeroDivisionError")


def test_the_same_sentence_is_told_once_in_one_call(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes: dict[str, Outcome] = {
        "find": SourceError("no git"),
        "judge": SourceError("no git"),
        "tag": SourceError("x"),
    }
    for _ in range(2):
        assert called(outcomes, "find", "judge", "tag")[0] == 5
        assert capsys.readouterr().err == "no git\nx\n"


@pytest.mark.parametrize("end", [KeyboardInterrupt(), StoppedError("stopped by SIGTERM")], ids=repr)
def test_a_person_who_stops_one_task_stops_all(end: BaseException) -> None:
    assert called({"find": end, "judge": 0}, "find", "judge") == (1, ["find"])


def test_one_alone_and_one_named_twice() -> None:
    assert called({"find": 5}, "find") == (5, ["find"])
    assert called({"find": 5, "judge": 0}, "find", "judge", "find") == (5, ["find", "judge"])
    assert called({"find": 5}, "find", "find", "--loud") == (5, ["find", "find"])


def test_a_word_that_is_no_task_ends_the_call_before_any_turn() -> None:
    assert called({"find": 0}, "find", "nosuch") == (1, [])
    assert called({"find": 0, "judge": 0}, "find", "--nosuch", "judge") == (1, [])


@pytest.mark.real
def test_the_program_itself_gives_each_its_turn(tmp_path: Path) -> None:
    """`inv find judge report` after a force push: nothing is deployable, and the page says so."""
    assert (ROOT / "invoke.yaml").exists()
    project = Project(tmp_path)
    project.tag(1, "qa-ok")
    project.deploy(project.land("[no-qa] One", "[bug=1] Two")[0])
    assert inv(tmp_path, "find", "judge", "report").code == 0
    assert inv(tmp_path, "status", "--sha").out.strip() == project.repo.tip()
    project.repo.set_ref("stable", project.repo.git("rev-parse", "stable~1").strip())
    project.land("[no-qa] Another")
    page = (project.state / "report" / "stable.html").read_text()
    done = inv(tmp_path, "find", "judge", "report")
    assert done.code == 5
    assert "rewritten" in done.err
    sha = inv(tmp_path, "status", "--sha")
    assert (sha.code, sha.out) == (5, "")
    assert (project.state / "report" / "stable.html").read_text() != page
    assert (
        not (project.state / "report" / "stable.sha").exists()
        or not (project.state / "report" / "stable.sha").read_text().strip()
    )
