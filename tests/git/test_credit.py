"""Whose a landing is, who merged it, and who else wrote a part of it (docs/rules.md#person)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shepherd.git.branch_reading import OtherMainline
from shepherd.git.credit import MOST_CO_AUTHORS, Credit, Hands, credit, merges_own_line
from shepherd.git.repository import Git
from shepherd.landing import Landing
from shepherd.people import matches
from shepherd.settings.branch import PersonRule
from tests.git.conftest import Reads
from tests.gitrepo import Repo
from tests.inv import ROOT

RULES: Sequence[PersonRule] = ("author", "merged-author", "committer")
ROBOTS = ("*[bot]", "Jenkins")
CASES = tomllib.loads((ROOT / "tests" / "cases" / "persons.toml").read_text(encoding="utf-8"))["case"]
LINE = re.compile(
    r"(?P<broken>!?)(?P<who>\S+(?: <\S+>)?(?: Code Review)?)(?: for (?P<committer>[^:]+?))?"
    r"(?: on (?P<branch>\S+))?"
    r"(?: from (?P<start>\S+))?(?: merges (?P<merged>[^:]+))?: (?P<title>.*?)(?: with (?P<others>.*))?"
)


def identity(name: str) -> str:
    return name if "<" in name else f"{name} <{name.split()[0].lower()}@example.org>"


def there_is(repo: Repo, branch: str) -> bool:
    return (repo.git_dir / "refs" / "heads" / branch).exists()


def write(repo: Repo, line: str) -> None:
    """One commit of a case."""
    match = LINE.fullmatch(line)
    assert match, line
    branch = match["branch"] or repo.branch
    trailers = [f"Co-authored-by: {identity(name)}" for name in (match["others"] or "").split(", ") if name]
    message = "\n".join([match["title"], "", *trailers])
    begins = next(
        (name for name in (branch, match["start"], repo.branch) if name and there_is(repo, name)), ""
    )
    parents = [repo.tip(begins)] if begins else []
    parents += [repo.tip(name) for name in (match["merged"] or "").split(", ") if name]
    author = identity(match["who"])
    author = author.replace("<", "") if match["broken"] else author
    committer = identity(match["committer"] or match["who"])
    repo.commit(message, parents=parents, branch=branch, author=author, committer=committer)


def last(repo: Repo, read: Reads, case: dict[str, Any], rule: PersonRule) -> Landing:
    others = [OtherMainline(read.repository, "devel")] if there_is(repo, "devel") else []
    return read(person=rule, robots=ROBOTS, others=others).reading.landings[-1]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_who_gets_the_credit(repo: Repo, read: Reads, case: dict[str, Any], rule: PersonRule) -> None:
    for line in case["history"][:-1]:
        write(repo, line)
    if "mailmap" in case:
        repo.commit("names", files={".mailmap": case["mailmap"]})
    write(repo, case["history"][-1])
    landing = last(repo, read, case, rule)
    default = rule == "merged-author"
    theirs = case.get("co_authors", [])
    assert landing.person == case.get(rule, case["merged-author"])
    assert landing.merged_by == (case.get("merged_by", "") if default else "")
    assert list(landing.co_authors) == (theirs if default else case.get(f"{rule}_co_authors", theirs))


NAMES = st.one_of(
    st.sampled_from(["Ann", "ann", "Jenkins", "jenkins ", "x[bot]", "GitHub", "%aN", "", "\x00", "Ann Lee"]),
    st.sampled_from(
        ["ann@example.org", "@ann@example.org", "Ann <ann@example.org>", "(a@b.c), d@e.f", "Jenkins@x"]
    ),
    st.text(max_size=12),
)
ADDRESSES = st.sampled_from(
    [
        "ann@example.org",
        "ANN@example.org",
        "b@example.org",
        "none@none",
        "1+x[bot]@example.org",
        "%aE",
        "",
        "a",
    ]
)
PEOPLE = st.tuples(NAMES, ADDRESSES)
HANDS = st.builds(
    Hands,
    PEOPLE,
    PEOPLE,
    *(st.lists(PEOPLE, max_size=most).map(tuple) for most in (1, 6, 4)),
)


@example(
    Hands(("GitHub", "ann@example.org"), ("Ann", "ann@example.org"), (), (("Ann", "b@example.org"),), ()),
    "merged-author",
)
@example(Hands(("@@0", "ann@example.org"), ("Ann", "ann@example.org"), (), (), ()), "author")
@given(HANDS, st.sampled_from(RULES))
def test_no_robot_and_no_address_is_ever_named(hands: Hands, rule: PersonRule) -> None:
    person, _, merged_by, co_authors = credit(hands, rule, ROBOTS)
    for name in (person, merged_by, *co_authors):
        assert not matches(ROBOTS, name)
        assert not re.search(r"[^\s<>(@]@[^\s@]", name)
    assert merged_by != "GitHub"
    assert all(co_authors)
    assert not {person.casefold()} & {name.casefold() for name in co_authors}
    assert len({name.casefold() for name in co_authors}) == len(co_authors)


@given(HANDS, st.sampled_from(RULES))
def test_who_merged_it_is_named_only_beside_another_person(hands: Hands, rule: PersonRule) -> None:
    person, _, merged_by, _ = credit(hands, rule, ROBOTS)
    assert not merged_by or (person != merged_by and rule == "merged-author")


@given(HANDS, st.sampled_from(RULES))
def test_the_person_is_one_of_those_who_had_a_hand_in_it(hands: Hands, rule: PersonRule) -> None:
    _, address, _, _ = credit(hands, rule, ROBOTS)
    theirs = [hands.author, *hands.second, *hands.merged, *([hands.committer] if rule == "committer" else [])]
    assert address in ("", *(each[1] for each in theirs))


def test_twenty_co_authors_are_kept_those_with_most_commits() -> None:
    many = [(f"Dev {number}", f"dev{number}@example.org") for number in range(100)]
    twice = [*many, *many[50:]]
    found = credit(
        Hands(("Olga", "o@example.org"), ("", ""), (many[0],), tuple(twice)), "merged-author", ROBOTS
    )
    assert found == Credit(
        "Olga", "o@example.org", "", tuple(f"Dev {n}" for n in range(50, 50 + MOST_CO_AUTHORS))
    )


@pytest.mark.parametrize(
    ("title", "ref", "synced"),
    [
        ("Merge branch 'main'", "main", True),
        ("Merge branch 'main' of git@git.example.org:team/project", "refs/heads/main", True),
        ("Merge branch 'main' of https://git.example.org/p.git into topic", "main", True),
        ("Merge remote-tracking branch 'origin/main' into topic", "main", True),
        ("Merge remote-tracking branch 'upstream/main'", "main", True),
        ("Merge branch 'main' into topic", "origin/main", True),
        ("Merge branch 'main' into 'main'", "main", False),
        ("Merge branch 'main' of https://git.example.org/fork into main", "main", False),
        ("Merge branch 'topic' into 'main'", "main", False),
        ("Merge branch 'main-2'", "main", False),
        ("Merge remote-tracking branch 'ann/main'", "main", False),
        ("Merge branches 'main' and 'topic'", "main", False),
        ("Merge pull request #1 from ann/main", "main", False),
        ("Do not Merge branch 'main'", "main", False),
    ],
)
def test_which_titles_say_that_the_mainline_was_merged(title: str, ref: str, synced: bool) -> None:
    assert merges_own_line(title, ref) == synced


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("git@git.example.org:acme/shop", True),
        ("https://git.example.org/acme/shop.git", True),
        ("ssh://git@git.example.org/srv/acme/shop", True),
        ("https://git.example.org/ben/shop", False),
        ("git://git.example.org/shop", False),
    ],
)
def test_a_fork_may_have_a_branch_of_the_same_name(url: str, own: bool) -> None:
    title = f"Merge branch 'main' of {url}"
    assert merges_own_line(title, "main", "acme/shop") == own
    assert merges_own_line(title, "main")


def test_another_setting_reads_again(repo: Repo, read: Reads) -> None:
    write(repo, "Ann: one")
    write(repo, "Cy on topic: two")
    write(repo, "Olga merges topic: Merge topic")
    before = read(person="author")
    assert [each.person for each in before.reading.landings] == ["Ann", "Olga"]
    assert [each.person for each in read(before, person="merged-author").reading.landings] == ["Ann", "Cy"]


def test_what_an_older_release_read_is_read_again(
    repo: Repo, read: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo, "Ann: one")
    with monkeypatch.context() as older:
        older.setattr("shepherd.git.branch.RULES", "3")
        older.setattr("shepherd.git.branch_sources.RULES", "3")
        before = read()
    assert read(before).fresh == 1
    assert read(read()).fresh == 0


def test_co_authors_cost_no_process_for_each_landing(
    repo: Repo, read: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def processes() -> int:
        started: list[object] = []
        real = Git._command

        def noted(git: Git, args: Sequence[str]) -> list[str]:
            started.append(args)
            return real(git, args)

        with monkeypatch.context() as patch:
            patch.setattr(Git, "_command", noted)
            read()
        return len(started)

    repo.commit("names", files={".mailmap": "Cyrus <cy@example.org>\n"})
    write(repo, "Ann: one with Cy")
    before = processes()
    for number in range(5):
        write(repo, f"Cy on topic{number}: two with Bob")
        write(repo, f"Olga merges topic{number}: Merge topic with Dan")
    assert processes() == before
