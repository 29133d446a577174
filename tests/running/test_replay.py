"""`inv replay`: what it judges again, what it says, and how it ends (docs/replay.md)."""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from datetime import timedelta
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
from shepherd.stages import judge, landing_entries
from shepherd.store.packed_lines import MAGIC
from tests.inv import Done, inv_here
from tests.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Ten runs on three days: r2 is good, r3 becomes bad, r4 names nothing, r5 is exempt."""
    project = Project(tmp_path / "project", branch='exempt_subjects = ["Merging *"]\nmarks = ["brackets"]\n')
    project.deploy(project.land("root")[0])
    project.land("[bug=2] two")
    project.tag(2, "qa-ok")
    project.look()
    project.look()
    project.land("[bug=3] three", "nothing", "Merging things")
    project.look()
    project.tag(3, "qa-bad")
    for _ in range(3):
        project.now += timedelta(days=1)
        project.look()
    project.look()
    return project


@pytest.fixture
def other_rule(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A qa-bad that names no landing only makes it need testing again."""
    judge = StateRules._judge

    def other(rules: StateRules, landing: Landing) -> Judged:
        judged = judge(rules, landing)
        if judged.rule == "plain-bad":
            return replace(judged, state="needstesting", rule="items")
        return judged

    monkeypatch.setattr(states.StateRules, "_judge", other)


def replay(project: Project, *args: str) -> Done:
    done = inv_here(project.folder, "replay", *args)
    assert all(len(line) <= 80 for line in done.out.splitlines() if not line.startswith("{"))
    return done


def as_json(project: Project, *args: str) -> dict[str, Any]:
    branch: dict[str, Any] = json.loads(replay(project, "--json", *args).out)["branches"][0]
    return branch


def others(project: Project, **lines: str) -> str:
    """A file with other settings: in [branches.stable] these lines stand instead of those with that key."""
    text = (project.folder / "shepherd.toml").read_text()
    kept = [line for line in text.splitlines() if line.partition(" ")[0] not in lines]
    place = kept.index("[branches.stable]") + 1
    (project.folder / "other.toml").write_text("\n".join([*kept[:place], *lines.values(), *kept[place:]]))
    return str(project.folder / "other.toml")


def snapshots(project: Project) -> Path:
    return project.state / "snapshots" / "stable"


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


def test_snapshot_that_somebody_changed_is_told(project: Project) -> None:
    path = snapshots(project) / "run-0008.json.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"bug 3", b"bug 4")))
    done = replay(project)
    assert done.code == 8
    words = " ".join(done.out.split())
    assert f"{path.name} says something else than run-0008 answered: it was changed" in words


def test_snapshot_that_cannot_be_read_is_said_and_its_answer_judged(project: Project) -> None:
    path = snapshots(project) / "run-0008.json.gz"
    path.write_bytes(path.read_bytes()[:-9])
    done = replay(project)
    assert done.code == 5
    assert f"{path} is damaged" in done.err
    assert "7 runs" in done.out


def test_damaged_inputs_are_said_and_the_others_judged(project: Project) -> None:
    *_, chain = sorted((snapshots(project) / "inputs").glob("*.gz"))
    chain.write_bytes(chain.read_bytes()[:-20])
    done = replay(project)
    assert done.code == 5
    assert "is cut off" in done.err
    assert done.err.endswith("not known (after run run-0012): not judged again: 1 run, run-0014\n")
    assert done.out.startswith("6 runs of stable")
    asked = replay(project, "run-0014")
    assert (asked.code, asked.out) == (5, "")
    assert asked.err.startswith("what run-0014 judged by is not known: ")


def test_runs_that_build_on_a_damaged_input_are_named_and_all_others_judged(project: Project) -> None:
    volume, _of_the_next_week = sorted((snapshots(project) / "inputs").glob("*.gz"))
    second = volume.read_bytes().index(MAGIC, 1)
    damaged = bytearray(volume.read_bytes())
    damaged[second + 15] ^= 0xFF
    volume.write_bytes(damaged)
    done = replay(project)
    assert done.code == 5
    assert f"{volume} is damaged after byte {second}" in done.err
    # the second one cannot be named any more
    lost = ["run-0006", "run-0008", "run-0010"]
    assert f"(after run run-0002): not judged again: 3 runs, {', '.join(lost)}\n" in done.err
    assert done.out.startswith("3 runs of stable")
    report = as_json(project)
    assert (report["answers"], report["same"], report["runs_lost"]) == (3, 3, lost)


def test_an_empty_input_is_said(project: Project) -> None:
    *_, volume = sorted((snapshots(project) / "inputs").glob("*.gz"))
    volume.write_bytes(b"")
    done = replay(project)
    assert done.code == 5
    assert (
        done.err == f"stable: {volume} is empty; what was judged by then is not known (after run run-0010)\n"
    )
    assert done.out.startswith("5 runs of stable")


def test_snapshots_that_have_no_input_are_said_and_not_left_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a week in which an older release judged: it keeps nothing."""
    with monkeypatch.context() as older:
        older.setattr(judge, "keep_input", lambda *_: None)
        project.tag(3, "qa-ok")
        project.look()
    project.tag(3, "qa-bad")
    project.look()
    done = replay(project)
    assert done.code == 5
    assert done.err == (
        "stable: not judged again: 1 snapshot without an input, the first of run run-0016: an older release"
        " answered then, or what it judged by is lost\n"
    )
    assert done.out.startswith("8 runs of stable")
    assert replay(project, "--since", "2011-08-03").code == 5
    # who asks for one run is told of that one
    assert replay(project, "run-0018").code == 0


def test_snapshots_from_before_the_first_input_are_no_loss(project: Project) -> None:
    (first, *_) = sorted(snapshots(project).glob("*.json.gz"))
    first.with_name("run-0001.json.gz").write_bytes(first.read_bytes())
    done = replay(project)
    assert (done.code, done.err) == (0, "")
    told = "\n  not judged: 1 snapshot from before, of which no input is kept\n"
    assert done.out.endswith(told)
    assert told in replay(project, "--with-settings", str(project.folder / "shepherd.toml")).out
    assert told not in replay(project, "--since", "2011-08-01").out


def test_folder_that_somebody_removed_is_no_history_that_begins_later(project: Project) -> None:
    shutil.rmtree(snapshots(project) / "inputs")
    project.look()
    assert as_json(project)["earlier"] == 3


def test_of_answers_that_a_backup_brought_back_it_is_said_that_no_backup_has_their_inputs(
    project: Project,
) -> None:
    shutil.rmtree(snapshots(project) / "inputs")
    done = replay(project)
    assert (done.code, done.out) == (5, "")
    assert done.err == (
        "stable: no run could be judged again: no input is kept with 3 snapshots: no backup has inputs, and"
        " an early release kept none; each run from now on keeps its own (inv run)\n"
    )
    (first, *_) = sorted(snapshots(project).glob("*.json.gz"))
    run = first.name.partition(".")[0]
    asked = replay(project, run)
    assert (asked.code, asked.out) == (5, "")
    assert asked.err == (
        f"the answer of {run} is kept, but what it judged by is not: no backup has inputs, and an early"
        " release kept none\n"
    )
    # the same once runs keep theirs again
    project.look()
    assert replay(project, run).err == asked.err


def test_input_that_makes_no_sense_is_said_and_the_others_judged(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = StateRules._judge

    def failing(rules: StateRules, landing: Landing) -> Judged:
        if landing.revno == 5:
            raise KeyError("r5\x1b[31m")
        return judge(rules, landing)

    monkeypatch.setattr(states.StateRules, "_judge", failing)
    done = replay(project)
    assert done.code == 5
    assert "run-0006 cannot be judged again: KeyError" in done.err
    assert "\x1b" not in done.err
    assert done.out.startswith("2 runs of stable")


def test_what_if_orphans_had_passed(project: Project) -> None:
    project.tag(3, "qa-ok")
    project.look()
    file = others(project, orphans='orphans = "pass"')
    done = replay(project, "--with-settings", file)
    assert (done.code, done.err) == (0, "")
    words = " ".join(done.out.split())
    assert "What is other in the settings: orphans: block → pass" in words
    assert "2 landings: orphan → orphan, good (rule nothing, docs/rules.md#state)" in words
    assert "The answer was deploy r3, and would have been deploy r5, in run-0016" in words
    assert "On 1 of 4 days another last answer: 2011-08-04: deploy r5 (was: deploy r3)" in words
    assert "r5: from 2011-08-04 10:06 UTC, instead of never in these runs" in words


def test_what_if_the_settings_say_the_same(project: Project) -> None:
    done = replay(project, "--with-settings", str(project.folder / "shepherd.toml"))
    assert done.code == 0
    assert " ".join(done.out.split()).endswith(
        "instead of the settings of then, 7 runs of stable since 2011-08-01 09:22 UTC would have given "
        "the same answers"
    )


def test_what_would_have_been_read_otherwise_is_not_known(project: Project) -> None:
    file = others(
        project,
        robots='robots = ["Ann*"]',
        limits='limits = [{ paths = ["db/*"] }]',
        checks='checks = ["ci/*"]',
    )
    done = replay(project, "--with-settings", file)
    words = " ".join(done.out.split())
    assert "Not known, and so left as it was: branches.stable.robots: it decides what is read" in words
    assert "the limit on db/*: which landings touch these was not looked up" in words
    assert "the check 'ci/*': what it said was not asked for" in words
    # nobody guesses what these would have said
    assert "would have given the same answers" in words


def test_settings_that_are_wrong_or_lack_the_branch(project: Project) -> None:
    file = others(project, orphans='orphans = "perhaps"')
    assert replay(project, "--with-settings", file).code == 2
    text = (project.folder / "shepherd.toml").read_text().replace("[branches.stable]", "[branches.other]")
    (project.folder / "other.toml").write_text(text)
    done = replay(project, "--with-settings", file)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"there is no branch 'stable' in {project.folder / 'other.toml'}: one of other\n"
    gone = replay(project, "--with-settings", "/nowhere/at-all.toml")
    assert gone.code == 2
    assert gone.err == (
        f"/nowhere/at-all.toml is not there: make it with cp {project.folder / 'shepherd.toml'}"
        " /nowhere/at-all.toml, and change a line in it\n"
    )


@pytest.mark.usefixtures("other_rule")
def test_what_the_rules_of_today_change_is_not_taken_for_the_settings(project: Project) -> None:
    done = replay(project, "--with-settings", str(project.folder / "shepherd.toml"))
    words = " ".join(done.out.split())
    assert "would have given the same answers" in words
    assert "4 answers of these differ already by the rules of today" in words


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
