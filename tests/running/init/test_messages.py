"""What messages show of the forge or review tool that a team uses, and which grammars they use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import process_time

import pytest

from shepherd.git.repository import open_repository
from shepherd.running.init.messages import MessageEvidence, Sighting, evidence, sighting
from shepherd.running.init.sample import LONGEST, read_sample
from tests.gitrepo import Repo

PROPOSAL = "Merged from https://code.launchpad.net/~ann/shop/+git/shop/+merge/12"
CHANGE_ID = f"Change-Id: I{'0a' * 20}"


def shown(folder: Path, landings: Sequence[str | tuple[str, ...]]) -> MessageEvidence:
    """What the landings show; of several messages the first is that of a merge, and brings in the others."""
    repo = Repo(folder / "project.git")
    repo.commit("Begin")
    for number, messages in enumerate(landings):
        if isinstance(messages, str):
            repo.commit(messages)
            continue
        base = repo.tip()
        for message in messages[1:]:
            base = repo.commit(message, branch=f"topic-{number}", parents=[base])
        repo.merge(messages[0], base)
    return evidence(read_sample(open_repository(str(repo.path)), repo.tip()))


@pytest.mark.parametrize(
    ("message", "seen"),
    [
        ("Merge pull request #12 from ann/fix\n\nFix", Sighting("github")),
        ("Auto merge of #12 - ann:fix, r=ben", Sighting("github")),
        ("Merge #12 #13\n\n12: Fix r=ann a=ben", Sighting("github")),
        (
            "Fix\n\nPR-URL: https://github.com/acme/shop/pull/12",
            Sighting("github", "github.com", "acme/shop"),
        ),
        (
            "Fix\n\nPull Request resolved: https://github.com/acme/shop/pull/1",
            Sighting("github", "github.com", "acme/shop"),
        ),
        ("Fix (#12)", Sighting("numbered")),
        ("Fix (#12)\n\nDetails", Sighting("numbered")),
        (
            "Merge branch 'fix' into 'main'\n\nFix\n\nSee merge request acme/web/shop!12",
            Sighting("gitlab", "", "acme/web/shop"),
        ),
        ("Merge branch 'fix'\n\nSee merge request !12", Sighting("gitlab")),
        (
            "Merge branch 'fix'\n\nSee merge request https://git.example.org/acme/shop/-/merge_requests/12",
            Sighting("gitlab", "git.example.org", "acme/shop"),
        ),
        (
            "Fix\n\nPart-of: <https://gitlab.example.org/acme/shop/-/merge_requests/12>",
            Sighting("gitlab", "gitlab.example.org", "acme/shop"),
        ),
        (
            "Fix\n\nMR: https://gitlab.com/acme/shop/merge_requests/12",
            Sighting("gitlab", "gitlab.com", "acme/shop"),
        ),
        (f"Fix\n\nLP: #12\n\n{PROPOSAL}", Sighting("launchpad", "launchpad.net", "shop")),
        (
            "Fix\n\nMerged from https://code.launchpad.net/~ann/shop/trunk/+merge/1",
            Sighting("launchpad", "launchpad.net", "shop"),
        ),
        ("Fix\n\nLP: #12", Sighting("launchpad")),
        ("Fix (#7)\n\nLP: #12", Sighting("launchpad")),
        (f"Fix\n\n{CHANGE_ID}", Sighting("gerrit")),
        (
            f"Fix\n\n{CHANGE_ID}\nReviewed-on: https://review.example.org/c/shop/+/12",
            Sighting("gerrit", "review.example.org"),
        ),
        (f"Fix (#12)\n\n{CHANGE_ID}", Sighting("numbered")),
        (
            "Fix\n\nReviewed-on: https://git.example.org/acme/shop/pulls/12",
            Sighting("gitea", "git.example.org", "acme/shop"),
        ),
        ("Merge pull request 'Fix' (#12) from fix into main", Sighting("gitea")),
        ("Merge pull request 'Fix' (!12) from ann/shop:fix into main", Sighting("gitea")),
        (
            "Fix\n\nDifferential Revision: https://reviews.example.org/D12",
            Sighting("phabricator", "reviews.example.org"),
        ),
        ("Fix\n\nDifferential Revision: D12", Sighting("phabricator")),
        # what only speaks of these things
        ("Say how `See merge request acme/shop!12` is read", None),
        ("Fix what Merge pull request #12 from ann/fix broke", None),
        ("Fix\n\n> LP: #12", None),
        ("Fix\n\nChange-Id: 12", None),
        ("Fix (#12) again", None),
        ("Merge branch 'fix'", None),
        ("", None),
    ],
)
def test_one_message(message: str, seen: Sighting | None) -> None:
    assert sighting(message) == seen


@pytest.mark.parametrize(
    ("landings", "seen"),
    [
        ([f"Fix {n}\n\n{PROPOSAL}" for n in range(20)], ("launchpad", "shop")),
        ([(f"Merge {n}", f"Fix\n\n{CHANGE_ID}") for n in range(20)], ("gerrit", "")),
        # the landing's own message outweighs those that it brought in
        ([(f"Merge pull request #{n} from a/b", f"Fix\n\n{CHANGE_ID}") for n in range(20)], ("github", "")),
        # a stray one, and one of many
        ([f"Fix {n}" for n in range(40)] + [f"Fix\n\n{PROPOSAL}"], ("", "")),
        ([f"Fix {n}" for n in range(40)] + [f"Fix\n\n{PROPOSAL}"] * 2, ("", "")),
        # no majority
        ([f"Fix\n\n{PROPOSAL}"] * 5 + [f"Fix\n\n{CHANGE_ID}"] * 5, ("", "")),
        # most say which project, and agree
        ([f"Fix\n\nSee merge request {p}!1" for p in ("a/b",) * 7 + ("evil/one",) * 6], ("gitlab", "a/b")),
        ([f"Fix\n\nSee merge request {p}!1" for p in ("a/b",) * 5 + ("evil/one",) * 5], ("gitlab", "")),
        # the project is one on the host that most name
        (
            [
                f"Fix\n\nSee merge request https://{place}/-/merge_requests/1"
                for place in ("a.org/a/b",) * 4 + ("a.org/a/c",) * 2 + ("b.org/x/y",) * 3
            ],
            ("gitlab", "a/b"),
        ),
        # no project has such a name
        (["Fix\n\nSee merge request a/../b!1"] * 9, ("gitlab", "")),
        (["Fix\n\nSee merge request shop!1"] * 9, ("gitlab", "")),
        (["Fix\n\nPR-URL: https://github.com/a/b/c/d/pull/1"] * 9, ("github", "")),
        # of a message that is too long, both ends are looked at
        ([f"Fix\n\n{'x' * LONGEST}\n\n{PROPOSAL}"] * 9, ("launchpad", "shop")),
        # the newest 200 count
        ([f"Fix\n\n{CHANGE_ID}"] * 300 + ["Fix\n\nSee merge request a/b!1"] * 200, ("gitlab", "a/b")),
    ],
)
def test_what_most_landings_show(
    tmp_path: Path, landings: list[str | tuple[str, ...]], seen: tuple[str, str]
) -> None:
    found = shown(tmp_path, landings)
    assert (found.convention, found.project) == seen


@pytest.mark.parametrize(
    ("landings", "grammars"),
    [
        ([("Merge branch 'a'", "Fix\n\nBug: 12\n")] * 9, ("trailers",)),
        ([("Merge branch 'a'", "[bug=12] Fix")] * 9, ("brackets",)),
        ([("Merge branch 'a'", "Fix\n\nLP: #12")] * 9, ("footers",)),
        # a request of what a landing brought in is none of the landing's
        ([("Merge", "Fix (#12)")] * 9, ()),
        # links are read where nothing else is
        ([("Merge branch 'a'", "Fix (#12)")] * 9, ("forge",)),
        (["[fix] Change", "[ui] Change", "[bug] Change", "[Bug libx/12] Change"] * 5, ()),
        (["Fix\n\nBug: b/123\n", "Fix\n\nBug: none\n"] * 9, ()),
        (["Fix\n\nFixes: #12\n"] * 9, ("forge",)),
    ],
)
def test_grammars_in_use(
    tmp_path: Path, landings: list[str | tuple[str, ...]], grammars: tuple[str, ...]
) -> None:
    assert shown(tmp_path, landings).grammars == grammars


@pytest.mark.parametrize(
    "message",
    [
        "(#" + "1" * 19_000,
        " \n" * 9_000 + "(#1",
        "(#1" * 6_000,
        "\t" * 19_000,
        "merge_requests/" * 1_300,
        "See merge request " + "a/" * 9_000 + "merge_requests/",
        "lp:" * 6_000,
    ],
)
def test_a_hostile_message_takes_no_time(message: str) -> None:
    start = process_time()
    assert sighting(message) is None
    assert process_time() - start < 0.5
