"""`inv replay`: what it judges again, what it says, and how it ends (docs/replay.md)."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shepherd.landing import Landing
from shepherd.rules import states
from shepherd.rules.reasons import Reason, reason_of
from shepherd.rules.states import Judged, StateRules
from shepherd.running import replay as running
from shepherd.sentence import Sentence
from shepherd.stages import landing_entries
from tests.inv import Done
from tests.project import Project
from tests.running.replayed import as_json, judge_by_another_rule, replay, snapshots, ten_runs


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return ten_runs(tmp_path)


@pytest.fixture
def other_rule(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    judge_by_another_rule(monkeypatch)


def test_same_answers_follow_and_nothing_else_is_said(project: Project) -> None:
    assert replay(project) == Done(
        0, "7 runs of stable since 2011-08-01 09:22 UTC judged again: all the same, byte for\n  byte\n", ""
    )


def test_each_answer_is_compared_with_the_snapshot_that_was_kept_or_that_it_repeated(
    project: Project,
) -> None:
    read = as_json(project)
    # of the seven, four said something new; the last one is in latest.json, too
    assert read["compared"] == {"file": 4, "repeated": 3, "sum": 0}


def test_where_snapshots_are_gone_the_hash_is_compared(project: Project) -> None:
    for path in snapshots(project).glob("*.json.gz"):
        path.unlink()
    read = as_json(project)
    assert read["compared"] == {"file": 1, "repeated": 0, "sum": 6}
    assert read["same"] == 7


def test_it_needs_no_database_and_no_repository(project: Project) -> None:
    (project.state / "shepherd.db").unlink()
    (project.folder / "project.git").rename(project.folder / "away")
    assert replay(project).code == 0


def test_one_run(project: Project) -> None:
    done = replay(project, "run-0004")
    assert done == Done(
        0, "run run-0004 of stable (2011-08-01 09:24 UTC) judged again: the same, byte for\n  byte\n", ""
    )


def test_run_that_is_not_known_is_a_wrong_value_with_the_nearest_and_the_newest(project: Project) -> None:
    done = replay(project, "run-0005")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "no run 'run-0005' is kept here; the nearest is run-0006, the newest run-0014, of 7\n"
    )


def test_a_landing_is_no_run_and_the_sentence_says_who_knows_its_runs(project: Project) -> None:
    done = replay(project, "r2")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("r2 is a landing, and runs have names such as run-0014: inv audit r2 says")


def test_since_a_day_of_the_time_zone(project: Project) -> None:
    assert as_json(project, "--since", "2011-08-03")["runs"] == 3
    # there that day begins ten hours later
    text = (project.folder / "shepherd.toml").read_text()
    (project.folder / "shepherd.toml").write_text(f'timezone = "Pacific/Honolulu"\n{text}')
    assert as_json(project, "--since", "2011-08-03")["first"]["run_id"] == "run-0010"


def test_since_is_refused_with_a_run_and_where_it_is_no_date(project: Project) -> None:
    both = replay(project, "run-0002", "--since", "2011-08-01")
    assert (both.code, both.out) == (2, "")
    assert both.err.startswith("--since is about many runs")
    assert replay(project, "--since", "yesterday").code == 2


def test_nothing_since_then_is_no_data(project: Project) -> None:
    done = replay(project, "--since", "2030-01-01")
    assert done.code == 5
    assert done.err == (
        "stable: no run could be judged again: none since then is kept (inv replay judges all that are)\n"
    )


def test_nothing_kept_yet_is_no_data(tmp_path: Path) -> None:
    done = replay(Project(tmp_path / "new"))
    assert done.code == 5
    assert "each run from now on keeps what it judges by (inv run)" in done.err


@pytest.mark.usefixtures("other_rule")
def test_changed_rule_is_told_with_its_landings_once_for_all_runs(project: Project) -> None:
    done = replay(project)
    assert done.code == 8
    assert done.out.startswith(
        "7 runs of stable since 2011-08-01 09:22 UTC judged again: 4 differ; 3 the same,\n  byte for byte\n"
    )
    assert (
        "1 landing: bad → needstesting (rule plain-bad → items,\n"
        "  docs/rules.md#whom-a-tag-speaks-for, docs/rules.md#state), in 4 answers from\n"
        "  2011-08-02 09:58 UTC to 2011-08-04 10:04 UTC\n"
        "  r3\n"
        "    r3 was: “bug 3 is qa-bad and no bad-commit tag says which landing is meant”\n"
        "    r3 would be: “bug 3 is qa-bad”\n"
    ) in done.out
    assert done.out.endswith("The newest of them alone: inv replay run-0014\n")


@pytest.mark.usefixtures("other_rule")
def test_changed_rule_in_json(project: Project) -> None:
    read = as_json(project)
    assert [each["run_id"] for each in read["runs_that_differ"]] == [
        "run-0008",
        "run-0010",
        "run-0012",
        "run-0014",
    ]
    first = read["differ"][0]
    assert first["way"] == {
        "kind": "landing",
        "before": "bad",
        "after": "needstesting",
        "rule_before": "plain-bad",
        "rule_after": "items",
    }
    assert (first["landings"], first["answers"]) == ([3], 4)
    # nothing else changed its state
    assert [each["way"]["kind"] for each in read["differ"]].count("landing") == 1


@pytest.mark.usefixtures("other_rule")
def test_where_the_old_snapshot_is_gone_state_and_rule_are_still_known(project: Project) -> None:
    for path in snapshots(project).glob("*.json*"):
        path.unlink()
    read = as_json(project)
    assert read["compared"]["sum"] == 7
    assert read["runs_that_differ"][0]["run_id"] == "run-0008"
    assert read["differ"][0]["way"]["rule_before"] == "plain-bad"
    done = replay(project, "run-0008")
    assert "    r3 was: (its reason is not kept)\n    r3 would be: “bug 3 is qa-bad”\n" in done.out


def test_answer_that_would_be_another_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = StateRules._judge

    def other(rules: StateRules, landing: Landing) -> Judged:
        judged = judge(rules, landing)
        return replace(judged, state="needstesting", good=False) if landing.revno == 2 else judged

    monkeypatch.setattr(states.StateRules, "_judge", other)
    done = replay(project, "run-0002")
    assert done.code == 8
    assert "The answer was deploy r2, and would be blocked by r2" in done.out
    assert "Would block: r2" in done.out


def test_other_words_are_told_as_such(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:

    def louder(*args: Any) -> Reason:
        reason = reason_of(*args)
        return replace(reason, reason=Sentence(reason.reason, "!"))

    monkeypatch.setattr(landing_entries, "reason_of", louder)
    done = replay(project)
    assert done.code == 8
    assert done.out.startswith(
        "7 runs of stable since 2011-08-01 09:22 UTC judged again: 7 differ, in nothing\n  but words\n"
    )
    assert "Only in words: reason (5 landings)" in done.out


def test_no_data_is_judged_again(project: Project) -> None:
    (project.folder / "bugs.json").write_text("not JSON")
    assert not project.look().complete
    assert replay(project).code == 0


def test_branches_are_told_one_after_the_other(project: Project) -> None:
    text = (project.folder / "shepherd.toml").read_text()
    other = text[text.index("[branches.stable]") : text.index("[tracker]")].replace("stable]", "other]")
    (project.folder / "shepherd.toml").write_text(text.replace("[tracker]", f"{other}[tracker]"))
    done = replay(project)
    # nothing of it was ever judged
    assert done.code == 5
    assert done.err.startswith("other: no run could be judged again")
    assert done.out.startswith("7 runs of stable")
    one = replay(project, "--branch", "stable")
    assert (one.code, one.err) == (0, "")
    assert replay(project, "run-0002").out.startswith("run run-0002 of stable")


def test_with_a_database_that_hosts_share_it_is_said_that_this_is_one_of_them(project: Project) -> None:
    text = (project.folder / "shepherd.toml").read_text()
    text = "\n".join(line for line in text.splitlines() if not line.startswith("database"))
    (project.folder / "shepherd.toml").write_text(f'database = "postgresql://127.0.0.1:1/none"\n{text}\n')
    done = replay(project)
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith(
        "\n\nOther hosts on this database have what they judged themselves: inv replay there.\n"
    )


class Terminal(StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SHOWN_EACH", 3)
    assert replay(project).err == ""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    show = running.ReplayProgress("stable")
    for _ in range(7):
        show.one_more()
    show.done()
    assert terminal.getvalue() == ("\rstable: 3 answers judged again\rstable: 6 answers judged again\r\x1b[K")
