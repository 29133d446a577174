"""One branch read again and again: what is known is not read again, and changes nothing of the answer."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shepherd.git import program
from shepherd.git import repository as git_module
from shepherd.git.branch_reading import BranchFacts, BranchReading, OtherMainline
from shepherd.settings import Pointer, Promote
from tests.campaigns import times
from tests.git.conftest import DAY, NOW, Reads
from tests.gitrepo import Repo


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The subcommands of git that were run."""
    made: list[str] = []
    real = program.run

    def run(command: list[str], **wanted: Any) -> bytes:
        known = (
            "for-each-ref",
            "rev-list",
            "log",
            "cat-file",
            "diff-tree",
            "patch-id",
            "ls-tree",
            "rev-parse",
        )
        made.append(next(word for word in command if word in known))
        return real(command, **wanted)

    monkeypatch.setattr(git_module, "run", run)
    return made


def test_nothing_new_costs_one_process(repo: Repo, read: Reads, calls: list[str]) -> None:
    target = repo.commit("one")
    repo.revert(target)
    repo.set_ref("production", target)
    repo.note(target, "QA: ok")
    settings: dict[str, Any] = {
        "deployed": Pointer(ref="production"),
        "promote": Promote("production"),
        "qa": Pointer(ref="stable"),
        "verdict_notes": "refs/notes/qa",
    }
    before = read(**settings)
    calls.clear()
    after = read(before, **settings)
    assert calls == ["for-each-ref"]
    assert (after.reading, after.notes, after.fresh) == (before.reading, before.notes, 0)


def test_only_new_landings_are_read(repo: Repo, read: Reads) -> None:
    for number in range(5):
        repo.commit(f"r{number}")
    before = read()
    assert before.fresh == 5
    repo.commit("new")
    assert read(before).fresh == 1


@pytest.mark.parametrize(
    "change",
    [
        {"marks": ("footers",)},
        {"robots": ("Ann",)},
        {"landing_url": "https://other/{id}"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_changed_settings_read_everything_anew(repo: Repo, read: Reads, change: dict[str, Any]) -> None:
    repo.commit("[bug=1] one")
    after = read(read(), **change)
    assert after.reading == read(**change).reading
    assert after.fresh == 1


def test_landing_of_another_branch_is_noticed_afterwards(repo: Repo, read: Reads) -> None:
    root = repo.commit("root")
    side = repo.commit("[bug=2] side", parents=[root], branch="side")
    repo.merge("merge", side)
    repo.set_ref("devel", root)
    others = [OtherMainline(read.repository, "devel")]
    before = read(others=others)
    assert before.reading.landings[-1].bugs == ("2",)
    repo.set_ref("devel", side)
    assert read(before, others=others).reading.landings[-1].bugs == ()


def test_window_and_what_is_young_are_read(repo: Repo, read: Reads) -> None:
    for day in (10, 5, 3, 1):
        repo.commit("landing", date=NOW - day * DAY)
    repo.set_ref("production", repo.git("rev-parse", "stable~1"))
    found = read(deployed=Pointer(ref="production"), keep_seconds=4 * DAY).reading.landings
    assert [each.revno for each in found] == [3, 4]


def test_the_tip_is_read_even_if_it_is_old_and_in_production(repo: Repo, read: Reads) -> None:
    repo.commit("one", date=NOW - 10 * DAY)
    repo.commit("two", date=NOW - 9 * DAY)
    assert [each.revno for each in read(recorded="r2", keep_seconds=DAY).reading.landings] == [2]


def test_reach_extends_the_reading(repo: Repo, read: Reads) -> None:
    for _ in range(5):
        repo.commit("landing", date=NOW - 10 * DAY)
    before = read(recorded="r5", keep_seconds=DAY)
    assert [
        each.revno for each in read(before, recorded="r5", keep_seconds=DAY, reach=3).reading.landings
    ] == [3, 4, 5]


def test_longer_keep_extends_the_reading(repo: Repo, read: Reads) -> None:
    for day in (10, 5, 1):
        repo.commit("landing", date=NOW - day * DAY)
    before = read(recorded="r3", keep_seconds=2 * DAY)
    assert len(before.reading.landings) == 1
    assert len(read(before, recorded="r3", keep_seconds=7 * DAY).reading.landings) == 2


def test_title_is_judged_anew_when_production_moves(repo: Repo, read: Reads) -> None:
    repo.commit("Add", {"x": "1\n"})
    repo.revert(repo.commit("Add", {"x": "2\n"}), 'Revert "Add"')
    before = read(recorded="r0")
    assert before.reading.landings[-1].targets == (2,)
    assert read(before, recorded="r2").reading.landings[-1].targets == ()


def test_facts_survive_the_database(repo: Repo, read: Reads) -> None:
    sha = repo.commit("one")
    repo.note(sha, "QA: ok fine")
    facts = read(verdict_notes="refs/notes/qa").facts
    assert msgspec.json.decode(msgspec.json.encode(facts), type=BranchFacts) == facts


def test_summary_names_every_source(repo: Repo, read: Reads) -> None:
    sha = repo.commit("one")
    said = read(qa=Pointer(ref="stable")).summary()
    assert said["tip"] == said["on_qa"] == f"r1 {sha}"
    assert (said["deployed"], said["promoted"], said["landings"]) == ("r0", "none", 1)


@pytest.mark.real
@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.long) for s in range(1, times(40)))])
def test_with_and_without_memory_the_answer_is_the_same(repo: Repo, read: Reads, seed: int) -> None:
    """A made-up project: landings, merges, reverts, hotfixes, notes; after each step both ways of reading."""
    chance = random.Random(seed)
    repo.commit("root", {"x": "0\n"}, date=NOW - 40 * DAY)
    repo.set_ref("production", repo.tip())
    repo.set_ref("devel", repo.tip())
    settings: dict[str, Any] = {
        "deployed": Pointer(ref="production"),
        "promote": Promote("promoted"),
        "verdict_notes": "refs/notes/qa",
        "others": [OtherMainline(read.repository, "devel")],
    }
    known: BranchReading | None = None
    now = NOW - 40 * DAY
    for step in range(25):
        now += DAY
        _happen(repo, chance, step, now)
        wanted = settings | {"now": now, "keep_seconds": 6 * DAY}
        plain = read(**wanted)
        if chance.random() < 0.8:
            known = read(known, **wanted)
            assert (known.reading, known.notes, known.problems) == (
                plain.reading,
                plain.notes,
                plain.problems,
            )


def _happen(repo: Repo, chance: random.Random, step: int, now: int) -> None:
    line = repo.git("rev-list", "--first-parent", "stable").split()
    revno, target = chance.randint(1, len(line)), chance.choice(line)
    match chance.randint(0, 9):
        case 0 | 1:
            repo.commit(f"[bug={step}] Change {step % 5}", date=now)
        case 2:
            repo.commit(f"[bug={step}] side", parents=[target], branch="side", date=now)
            repo.merge(f"Merge {step}", repo.tip("side"), date=now)
        case 3:
            repo.revert(target, date=now)
        case 4:
            repo.commit(f"[rollback={revno}] back", {"x": f"{step}\n"}, date=now)
        case 5:
            repo.revert(line[0], f'Revert "Change {step % 5}"', date=now)
        case 6:
            repo.commit(f"[bug={step}] on devel", branch="devel", date=now)
            repo.merge("Merge devel", repo.tip("devel"), date=now)
        case 7:
            repo.set_ref("production", chance.choice(line))
            if chance.random() < 0.5:
                repo.commit("hotfix", {"x": f"{step}\n"}, branch="production", date=now)
                repo.commit("the same here", {"x": f"{step}\n"}, date=now)
        case 8:
            repo.note(target, f"QA: ok {step}", fanout=step % 3, date=now)
        case _:
            repo.set_ref("promoted", target)


def test_mirror_is_read_like_the_repository(repo: Repo, read: Reads, tmp_path: Path) -> None:
    repo.note(repo.commit("[bug=1] one"), "QA: ok")
    settings: dict[str, Any] = {"verdict_notes": "refs/notes/qa"}
    direct = read(**settings)
    read.repository = f"file://{repo.path}"
    mirrored = read(**settings)
    assert (mirrored.reading, mirrored.notes) == (direct.reading, direct.notes)
    assert (tmp_path / "mirrors").is_dir()
