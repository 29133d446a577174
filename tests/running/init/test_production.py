"""What `inv init` offers as production: which refs and releases, in which order, with which windows."""

from __future__ import annotations

import re
import subprocess
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import pytest

from shepherd.git.repository import open_repository
from shepherd.running.init import choice
from shepherd.running.init.plan import apply, plan
from shepherd.running.init.production import MOST, ProductionCandidate, candidates
from shepherd.running.init.survey import mainline
from shepherd.settings import read
from tests.gitrepo import ISOLATED, START, Repo
from tests.running.init.repos import first_parents

LANDINGS = 60
MONTH = 30 * 86_400
RECORDED = "{ recorded = true }"
ALL = (RECORDED, 0)


class Off(NamedTuple):
    """A commit that is not on the mainline: made on top of a landing, so many months after r1."""

    landing: int
    month: int


Refs = dict[str, int | Off]
"""A ref -> the landing that it names, or what lies off the mainline."""


@pytest.fixture
def years(tmp_path: Path) -> Repo:
    """Sixty landings, one a month, on a branch `stable`."""
    repo = Repo(tmp_path / "project.git")
    for number in range(LANDINGS):
        repo.commit(f"Change {number}", date=START + number * MONTH)
    return repo


def put(repo: Repo, refs: Refs) -> None:
    landings = first_parents(repo)
    for ref, place in refs.items():
        if isinstance(place, int):
            sha = landings[place - 1]
        else:
            parent = [landings[place.landing - 1]]
            sha = repo.commit("Off", parents=parent, branch="off", date=START + place.month * MONTH)
            repo.delete_ref("off")
        repo.set_ref(ref if ref.startswith("refs/") else f"refs/tags/{ref}", sha)


def offered(
    repo: Repo, *deployments: tuple[str, str], branch: str | None = None
) -> list[ProductionCandidate]:
    git = open_repository(str(repo.path))
    return candidates(git, mainline(git, branch), deployments)


def short(found: list[ProductionCandidate]) -> list[tuple[str, int]]:
    return [(each.pointer, each.window) for each in found]


def tags(pattern: str) -> str:
    return f'{{ tags = "{pattern}" }}'


def ref(name: str) -> str:
    return f'{{ ref = "{name}" }}'


CASES: dict[str, tuple[Refs, list[tuple[str, int]]]] = {
    "v1.2.3": ({"v1.9.0": 40, "v1.10.0": 50}, [(tags("v*"), 10)]),
    "1.2.3": ({"1.9": 40, "1.10": 50}, [(tags("*"), 10)]),
    "release-1.2": ({"release-1.2": 50}, [(tags("release-*"), 10)]),
    "release/1.2": ({"release/1.2": 50}, [(tags("release/*"), 10)]),
    "project-1.2": ({"project-1.2": 50}, [(tags("project-*"), 10)]),
    "project@1.2": ({"@scope/project@1.2": 50}, [(tags("@scope/project@*"), 10)]),
    "REL_1_2": ({"REL_1_2": 50, "REL_1_10": 52}, [(tags("REL_*"), 8)]),
    "with an edition": ({"v1.2-ee": 50, "v1.3-rc1-ee": 52}, [(tags("v*-ee"), 10)]),
    "a day": ({"2014-01-31": 40, "2014-10-01": 50}, [(tags("*"), 10)]),
    "release branches that are never merged": (
        {"v2.3.2.1": 3, "v8.1.3": Off(50, 55), "v8.1.2": Off(50, 53), "v8.0.5": Off(40, 56)},
        [(tags("v*"), 10)],
    ),
    "maintenance after the newest": ({"v8.1.3": 50, "v7.2.9": Off(30, 58)}, [(tags("v*"), 10)]),
    "pre-releases wait for the final version": ({"v1.0": 40, "v2.0-rc1": 50}, [(tags("v*"), 20)]),
    "nothing but pre-releases": ({"v1.0-rc9": 40, "v1.0-rc10": 50}, [(ref("v1.0-rc10"), 10)]),
    "years before versions": ({"2009.1": 2, "2010.2": 5, "1.2.3": 50, "1.1.0": 44}, [(tags("1.*"), 10)]),
    "a tag by mistake that nobody followed": ({"v100": 5, "v2.0": 50, "v1.0": 40}, [(tags("v2.*"), 10)]),
    "a prefix that was given up": ({"v2.3.2.1": 5, "1.2.3": 50}, [(tags("*"), 10)]),
    "two that are in use: what leaves more in QA": (
        {"v3.0": 50, "release-9": 55},
        [(tags("v*"), 10), (tags("release-*"), 5)],
    ),
    "the whole project before its parts": (
        {"pkg-a/v1.2": 52, "pkg-b/v9.0": 56, "v3.0": 58},
        [(tags("v*"), 2), (tags("pkg-a/v*"), 8), (tags("pkg-b/v*"), 4)],
    ),
    "of many parts the oldest that is in use and the newest": (
        {"old/v1.0": 5, "a/v1.0": 50, "b/v1.0": 52, "c/v1.0": 54, "d/v1.0": 56},
        [(tags("a/v*"), 10), (tags("c/v*"), 6), (tags("d/v*"), 4)],
    ),
    "names that only look like a pattern's": (
        {"v1.2": 50, "vendor-9.9": 1, "video/v7.1": 2},
        [(tags("v*"), 10)],
    ),
    "what is built every night": ({"nightly-1.3": 58, "v1.2": 50, "staging/2.0": 55}, [(tags("v*"), 10)]),
    "no versions": ({"topic": 4, "before-the-move": 5, "v": 6, "fix-12": 7}, []),
    "named for production before releases": (
        {"refs/heads/live": 45, "refs/heads/production": 40, "v1.0": 50},
        [(ref("production"), 20), (ref("live"), 15), (tags("v*"), 10)],
    ),
    "one that was given up after the others": (
        {"refs/heads/production": 4, "refs/tags/live": 45},
        [(ref("live"), 15), (ref("production"), 56)],
    ),
    "an ancient branch release after releases": (
        {"refs/heads/release": 4, "v1.0": 50},
        [(tags("v*"), 10), (ref("release"), 56)],
    ),
    "an ancient branch production is safe": (
        {"refs/heads/production": 4, "v1.0": 50},
        [(ref("production"), 56), (tags("v*"), 10)],
    ),
    "one tag for each deployment": (
        {"deployed/2014-09-30": 40, "deployed/2014-10-01": 45},
        [(tags("deployed/*"), 15)],
    ),
    "deployments without an order": (
        {"production/zebra": 40, "production/ape": 45},
        [(ref("production/ape"), 15)],
    ),
    "a branch for each deployment": (
        {"refs/remotes/origin/production/2": 40, "refs/remotes/origin/production/1": 45},
        [(ref("refs/remotes/origin/production/1"), 15)],
    ),
    "an environment that is none of production's": (
        {"deployed/prod-2014-11-02": 40, "deployed/staging-2014-11-05": 60, "deployed/2014-11-06-UAT": 59},
        [(tags("deployed/prod-*"), 20)],
    ),
    "a folder of nothing but other environments": ({"live/demo": 50, "prod/preview-7": 55}, []),
    "several environments: what leaves more in QA first": (
        {"deployed/us-2014-11-01": 40, "deployed/eu-2014-11-02": Off(30, 58), "deployed/us-2014-11-03": 45},
        [(tags("deployed/eu-*"), 30), (tags("deployed/us-*"), 15)],
    ),
    "the day of a deployment, not that of its commit: it went back": (
        {"deployed/2014-11-01": 45, "deployed/2014-11-03": 40},
        [(tags("deployed/*"), 20)],
    ),
    "deployments by SHA": (
        {"deployed/abcd12": 40, "deployed/beef34": 45, "deployed/1e2f": 44},
        [(ref("deployed/beef34"), 15)],
    ),
    "deployments of versions": ({"prod/v1.9": 40, "prod/v1.10": 45}, [(tags("prod/v*"), 15)]),
    "dates and versions that are both in use": (
        {"v20140507": 50, "v1.2": 52},
        [(tags("v20*"), 10), (tags("v1.*"), 8)],
    ),
    "names that differ in case": ({"v2.0": 50, "V3.0": 52}, [(tags("v*"), 10), (tags("V*"), 8)]),
    "deployments with versions of their own": (
        {"production-7": 40, "production-10": 45},
        [(tags("production-*"), 15)],
    ),
    "master beside a mainline that is no development": ({"refs/heads/master": 40}, []),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_offered(years: Repo, case: str) -> None:
    refs, expected = CASES[case]
    put(years, refs)
    assert short(offered(years)) == [*expected, ALL]


@pytest.mark.parametrize(
    ("refs", "what"),
    [
        (
            {"deployed/abcd": 50},
            "the tag deployed/abcd; each new deployment means a new ref in the settings",
        ),
        (
            {"refs/heads/live/eu": 50},
            "the branch live/eu; each new deployment means a new ref in the settings, unless this one moves",
        ),
        ({"refs/heads/live": 50}, "the branch live"),
        ({"deployed/2014-10-01": 50}, "deployed/2014-10-01, the newest of the tags deployed/*"),
        (
            {"v100": 5, "v8.2": 50},
            "release v8.2, the newest of the tags v8.*; the next first number needs a new pattern",
        ),
        ({"v2014.2": 50, "v8.2": 1}, "release v2014.2, the newest of the tags v20*"),
        ({"v8.2": 50}, "release v8.2, the newest of the tags v*"),
    ],
)
def test_what_it_goes_by_says_what_is_to_be_kept_up(years: Repo, refs: Refs, what: str) -> None:
    put(years, refs)
    assert offered(years)[0].what == what


def test_a_tag_of_no_commit_counts_neither_for_init_nor_afterwards(years: Repo) -> None:
    put(years, {"v1.0": 50})
    tree = years.git("rev-parse", f"{years.tip()}^{{tree}}")
    years.set_ref("refs/tags/v9.9", tree)
    years.git("tag", "-m", "of a tree", "v9.8", tree)
    assert short(offered(years)) == [(tags("v*"), 10), ALL]
    assert open_repository(str(years.path)).tags() == ["v1.0"]


def test_a_date_that_git_cannot_read_is_no_traceback(years: Repo) -> None:
    put(years, {"v1.0": 50})
    whole = years.git("cat-file", "commit", years.tip())
    broken = re.sub(r"(?m)^(committer .*>) .*$", r"\1 xx", whole) + "\n"
    sha = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=years.path,
        input=broken.encode(),
        env=ISOLATED | {"PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    ).stdout.decode()
    years.set_ref("refs/heads/stable", sha.strip())
    years.set_ref("refs/heads/live", sha.strip())
    assert short(offered(years)) == [(ref("live"), 0), (tags("v*"), 10), ALL]


@pytest.mark.parametrize("name", ["dev", "develop", "development", "next", "integration", "staging", "trunk"])
def test_master_beside_a_mainline_of_development(years: Repo, name: str) -> None:
    put(years, {f"refs/heads/{name}": 60, "refs/heads/master": 50, "v1.0": 40})
    assert short(offered(years, branch=name)) == [(tags("v*"), 20), (ref("master"), 10), ALL]


def test_what_a_forge_says_was_deployed_comes_after_refs_and_before_releases(years: Repo) -> None:
    put(years, {"refs/heads/prod": 40, "v1.0": 45})
    landings = first_parents(years)
    said = [("the deployment of \x1b[2Jmonday", landings[49]), ("elsewhere", "0" * 40), ("odd", "--all")]
    found = offered(years, *said)
    assert short(found) == [(ref("prod"), 20), (RECORDED, 10), (tags("v*"), 15), ALL]
    assert [each.record for each in found] == [False, True, False, True]
    assert found[1].what == "the deployment of [2Jmonday"


def test_the_landing_is_the_newest_that_a_release_contains(years: Repo) -> None:
    landings = first_parents(years)
    side = years.commit("Release", parents=[landings[29]], branch="side", date=START + 40 * MONTH)
    merged = years.commit("Take the mainline in", parents=[side, landings[44]], branch="side")
    years.tag("v1.0", merged)
    years.tag("v1.0-again", years.git("rev-parse", "refs/tags/v1.0"))
    found = offered(years)[0]
    assert (found.at.revno, found.at.id, found.window) == (45, landings[44], 15)


def test_a_release_that_shares_nothing_makes_room_for_the_next(years: Repo) -> None:
    put(years, {"release-1": 50})
    years.tag("v9.0", years.commit("Another project", parents=[], branch="other", date=START + 55 * MONTH))
    assert short(offered(years)) == [(tags("release-*"), 10), ALL]


def test_a_date_in_the_future_gives_no_other_series_up(years: Repo) -> None:
    put(years, {"v1.0": 50, "other-2.0": Off(55, 400)})
    assert short(offered(years)) == [(tags("v*"), 10), (tags("other-*"), 5), ALL]


def test_the_list_is_short_and_ends_with_what_is_always_possible(years: Repo) -> None:
    names = ("production", "prod", "live", "deployed", "release", "master")
    put(years, {f"refs/heads/{name}": 50 for name in names})
    put(years, {"v1.0": 50, "release-1": 50, "1.0": 50, "refs/heads/dev": 60})
    found = offered(years, ("a", years.tip()), ("b", years.tip()), ("c", years.tip()), branch="dev")
    assert len(found) == MOST
    assert short(found)[-1] == ALL
    assert tags("*") in [each.pointer for each in found]


HOSTILE = [
    'v1.0"]',
    "v2.0'#",
    "\N{RIGHT-TO-LEFT OVERRIDE}-3.0",
    "v4.0\N{NEXT LINE}",
    "-5.0",
    "-5.1-rc1",
    "refs/x-1.0",
    "$(touch x)/6.0".replace(" ", ""),
    "a" * 180 + "-7.0",
    "{tip}-8.0",
    "\N{SNOWMAN}-9.0",
]


def test_names_of_tags_break_neither_settings_nor_a_terminal(years: Repo, file: Path) -> None:
    for name in HOSTILE:
        subprocess.run(
            ["git", "update-ref", "--stdin"],
            cwd=years.path,
            input=f"create refs/tags/{name} {years.tip()}\n".encode(),
            env=ISOLATED | {"PATH": "/usr/bin:/bin"},
            check=True,
        )
    (years.git_dir / "packed-refs").write_bytes(b"%s refs/tags/\xff-1.0\n" % years.tip().encode())
    for index in range(len(offered(years))):
        apply(plan(years.path, file, choose=itemgetter(index)))
        settings = read(file)
        taken = offered(years)[index]
        branch = settings.branches["stable"]
        assert branch.deployed.recorded is taken.record
        assert (choice.described(taken)).isprintable()
        file.unlink()
