"""Which programs `init` proposes for `robots`: by name, by share, by their titles, by their committing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.git.repository import open_repository
from shepherd.people import person_of
from shepherd.running.init.plan import plan
from shepherd.running.init.robots import proposed, robots_in
from shepherd.running.init.sample import SampledCommit, SampledLanding
from shepherd.running.init.survey import mainline
from shepherd.settings import parse
from tests.gitrepo import Repo
from tests.inv import inv_here

PEOPLE = tuple(f"{name} <{name.lower()}@example.org>" for name in ("Ann", "Ben", "Caro", "Dan", "Eve", "Fay"))
WEB = "GitHub <noreply@github.com>"
History = Callable[[Repo], None]


def merged_by(
    merger: str, count: int = 20, *, people: tuple[str, ...] = PEOPLE, committer: str = ""
) -> History:
    """Everything by people, merged by one."""

    def make(repo: Repo) -> None:
        if not repo.path.joinpath("refs/heads/stable").exists():
            repo.commit("Begin", author=people[0])
        for number in range(count):
            base = repo.tip()
            side = repo.commit(
                f"Fix {number}", author=people[number % len(people)], branch=f"topic-{number}", parents=[base]
            )
            if committer:
                # what `merge` cannot say: who committed it
                merged = repo.commit(
                    f"Merge {number}", author=merger, committer=committer, parents=[base, side]
                )
                repo.set_ref("stable", merged)
            else:
                repo.merge(f"Merge {number}", side, author=merger)

    return make


def landed(author: str, titles: list[str], committer: str = "") -> History:
    def make(repo: Repo) -> None:
        for title in titles:
            repo.commit(title, author=author, committer=committer)

    return make


ROLLS = [f"Roll libx from {n:07x} to {n + 1:07x} (3 commits)" for n in range(12)]
BUMPS = [f"build(deps): Bump left-pad from 1.{n} to 1.{n + 1}" for n in range(12)]
DEPENDENCIES = [f"Update dependency left-pad to v1.{n}" for n in range(12)]
WORK = [f"Make part {n} better" for n in range(12)]


@pytest.mark.parametrize(
    ("history", "found"),
    [
        # by name
        ([merged_by("Jenkins <jenkins@review.example.org>")], ("Jenkins",)),
        ([merged_by("Zuul <zuul@review.example.org>")], ("Zuul",)),
        ([merged_by("bors <bors@example.org>", 3)], ("bors",)),
        ([merged_by("Marge Bot <marge@example.org>", 3)], ("Marge Bot",)),
        ([merged_by("acme-ci-robot <robot@example.org>", committer=WEB)], ("acme-ci-robot",)),
        ([merged_by("Release Tools Bot <r@example.org>", 3)], ("Release Tools Bot",)),
        (
            [landed("acme-autoroll <a@example.org>", ["Change"] * 3), landed(PEOPLE[0], WORK)],
            ("acme-autoroll",),
        ),
        # by share: all of them merges, and never a commit that was brought in
        ([merged_by("Shop Lander <lander@example.org>")], ("Shop Lander",)),
        ([merged_by("Shop Lander <lander@example.org>", 9)], ()),
        ([merged_by("Shop Lander <lander@example.org>", 10), merged_by("Ann <ann@example.org>", 40)], ()),
        # by titles
        ([landed("Shop Roller <roller@example.org>", ROLLS), landed(PEOPLE[0], WORK)], ("Shop Roller",)),
        ([landed("Shop Roller <roller@example.org>", BUMPS), landed(PEOPLE[0], WORK)], ("Shop Roller",)),
        (
            [landed("Shop Roller <roller@example.org>", DEPENDENCIES), landed(PEOPLE[0], WORK)],
            ("Shop Roller",),
        ),
        ([landed("Shop Roller <roller@example.org>", [*ROLLS, "Fix the roller"])], ()),
        # by committing for many and writing nothing
        ([landed(person, WORK[:4], WEB) for person in PEOPLE], ()),
        ([landed(person, WORK[:4], "Shop Gate <gate@example.org>") for person in PEOPLE], ("Shop Gate",)),
        ([landed(person, WORK[:4], "Shop Gate <gate@example.org>") for person in PEOPLE[:3]], ()),
        (
            [
                *(landed(person, WORK[:4], "Gus <gus@example.org>") for person in PEOPLE),
                landed("Gus <gus@example.org>", ["Release"]),
            ],
            (),
        ),
        # people: one who merges everything and writes, too; one with a button; one whose name is Bot
        ([merged_by("Ann <ann@example.org>", 40)], ()),
        ([merged_by("Ben <ben@example.org>", 40)], ()),
        ([merged_by("Max <max@example.org>", 40), landed("Max <max@example.org>", ["Version 2"])], ()),
        ([merged_by("Max <max@example.org>", 40, committer=WEB)], ()),
        ([landed("Jan Bot <jan.bot@example.org>", WORK)], ()),
        ([landed("Talbot <talbot@example.org>", WORK)], ()),
        ([landed(PEOPLE[0], WORK * 5)], ()),
        # what the default finds is not repeated
        ([landed("dependabot[bot] <d@example.org>", BUMPS), landed(PEOPLE[0], WORK)], ()),
        ([merged_by("Launchpad Patch Queue Manager <launchpad@pqm.example.org>")], ()),
    ],
)
def test_who_is_a_program(tmp_path: Path, history: list[History], found: tuple[str, ...]) -> None:
    repo = Repo(tmp_path / "project.git")
    for make in history:
        make(repo)
    git = open_repository(str(repo.path))
    assert proposed(git, mainline(git, None)) == found


def test_what_is_proposed_is_written_with_its_reason_and_used(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "project.git")
    merged_by("Shop Lander <lander@example.org>", 30)(repo)
    done = inv_here(tmp_path, "init", "--repository", str(repo.path), "--deployed", "r1")
    assert done.code == 0
    reason = "author of 30 of the last 31 landings, all of them merges, and of nothing that was merged"
    assert f"'Shop Lander' ({reason})" in done.out
    text = (tmp_path / "shepherd.toml").read_text()
    assert f'    "Shop Lander",     # {reason}\n' in text
    assert parse(text, tmp_path / "x").branches["stable"].robots == (
        "*[bot]",
        "Launchpad Patch Queue Manager",
        "Shop Lander",
    )
    assert inv_here(tmp_path, "find", "judge").code == 0
    landings = json.loads(inv_here(tmp_path, "landings", "--json").out)
    assert {each["person"] for each in landings} == {person.partition(" ")[0] for person in PEOPLE}


def test_names_go_through_the_mailmap(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "project.git")
    repo.commit("Begin", files={".mailmap": "Shop Lander <lander@example.org> <old@example.org>\n"})
    merged_by("Whoever <old@example.org>")(repo)
    git = open_repository(str(repo.path))
    assert proposed(git, mainline(git, None)) == ("Shop Lander",)


@pytest.mark.parametrize(
    ("robot", "pattern"),
    [
        ("***", "robot@example.org"),
        ("?", "robot@example.org"),
        ("a * b", "a ? b"),
        ('"] evil', '"] evil'),
        ("\x1b[2J robot", "[2J robot"),
        ("x" * 300, "robot@example.org"),
        # somebody else is called that: only the address tells them apart
        ("Ann", "robot@example.org"),
        ("ANN", "robot@example.org"),
        ("", "robot@example.org"),
    ],
)
def test_a_pattern_matches_the_program_and_nobody_else(tmp_path: Path, robot: str, pattern: str) -> None:
    repo = Repo(tmp_path / "project.git")
    merged_by(f"{robot} <robot@example.org>")(repo)
    planned = plan(repo.path, tmp_path / "shepherd.toml")
    robots = parse(planned.text, planned.file).branches["stable"].robots
    assert robots[2:] == (pattern,)
    assert person_of([(robot, "robot@example.org")], robots) == ("", "")
    assert person_of([("Ann", "ann@example.org")], robots) == ("Ann", "ann@example.org")


def test_no_pattern_where_there_is_none_that_spares_people() -> None:
    """Name and address of the program are those of people, too."""
    people = [("Lander", "ann@example.org"), ("Ann", "lander@example.org")]
    robot = ("Lander", "lander@example.org")
    sample = [
        SampledLanding(
            SampledCommit(f"{n}", ("a", "b"), robot, robot, "Merge"),
            (SampledCommit(f"b{n}", ("a",), people[n % 2], people[n % 2], "Fix"),),
        )
        for n in range(20)
    ]
    assert robots_in(sample) == ()


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), min_size=1, max_size=6))
def test_no_pattern_matches_people_whatever_they_are_called(names: list[tuple[str, str]]) -> None:
    robot, *people = names
    people = [person for person in people if person != robot] or [("Ann", "ann@example.org")]
    sample = [
        SampledLanding(
            SampledCommit(f"{n}", ("a", "b"), robot, robot, "Merge"),
            (SampledCommit(f"b{n}", ("a",), people[n % len(people)], people[n % len(people)], "Fix"),),
        )
        for n in range(20)
    ]
    patterns = [found.pattern for found in robots_in(sample)]
    for person in people:
        # a name of none but signs that cannot be shown is nobody's, with or without patterns
        assert person_of([person], patterns) == person_of([person], ()) or robot == person
