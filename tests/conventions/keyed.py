"""Mainlines of teams whose issues are in Jira or Redmine (see forges.py)."""

from __future__ import annotations

from tests.conventions.forges import PAST, reverting
from tests.conventions.mainline import ANN, BEN, BUTTON, CARO, TEAM, Mainline

BITBUCKET = "Bitbucket <noreply@bitbucket.org>"


def kafka(line: Mainline) -> None:
    """As Apache Kafka lands: squashed on GitHub, the key in front; what needs no issue is MINOR."""

    def squash(name: str, title: str, number: int, author: str, body: str = "", **change: str) -> None:
        line.commit(name, f"{title} (#{number})\n\n{body}", author, BUTTON, **change)

    for n in PAST:
        squash("", f"SHOP-{n}: Make part {n} better" if n % 3 else "MINOR: Fix a typo", n, TEAM[n % 3])
    line.mark("refs/heads/production")
    squash("basket", "SHOP-101: Remember the basket", 41, ANN, "Reviewers: Ben Otto <ben@example.org>")
    squash("search", "SHOP-102, SHOP-103: Search by colour", 42, CARO)
    squash("minor", "MINOR: See SHOP-102", 43, CARO)
    back = "Reverts example/shop#41"
    squash("no basket", 'Revert "SHOP-101: Remember the basket (#41)"', 44, BEN, back, undoes="basket")
    squash("no search", 'SHOP-104: Revert "SHOP-102, SHOP-103: Search by colour"', 45, BEN, nearly="search")
    again = 'Reapply "SHOP-101: Remember the basket (#41)"'
    squash("again", again, 46, ANN, "Reverts example/shop#44", restores="basket")


def hadoop(line: Mainline) -> None:
    """As Apache Hadoop and Spark land: a script of theirs pushes, with `KEY-1. Title. Contributed by …` or
    `[KEY-1][PART] Title`."""
    for n in PAST:
        title = f"SHOP-{n}. Make part {n} better." if n % 2 else f"[SHOP-{n}][WEB] Make part {n} better"
        line.commit("", f"{title} Contributed by Ann Reed.", TEAM[n % 3])
    line.mark("refs/heads/production")
    line.commit("basket", "SHOP-101. Remember the basket. Contributed by Ann Reed.", BEN)
    line.commit("search", "[SHOP-102][WEB] Search by colour", CARO)
    addendum = "SHOP-102. Addendum: Search by colour.\n\nIt belongs to SHOP-999."
    line.commit("addendum", addendum, CARO)
    title = "SHOP-101. Remember the basket. Contributed by Ann Reed."
    line.commit("no basket", reverting(line, "basket", title), BEN, undoes="basket")
    line.commit("no search", "Revert SHOP-102, it is slow", BEN, undoes="search")


def bitbucket(line: Mainline) -> None:
    """As Bitbucket Cloud merges: the branch that was made from the issue names it."""

    def merged(name: str, branch: str, number: int, title: str, author: str, **how: str) -> None:
        line.commit("", title, author, on="topic", file=name, **how)
        message = f"Merged in {branch} (pull request #{number})\n\n{title}\n\nApproved-by: Ben Otto"
        line.merge(name, message, "topic", author, BITBUCKET)

    for n in PAST:
        merged("", f"feature/SHOP-{n}-part", n, f"SHOP-{n} Make part {n} better", TEAM[n % 3])
    line.mark("refs/heads/production")
    merged("basket", "feature/SHOP-101-basket", 41, "Remember the basket", ANN)
    merged("search", "shop-102-search", 42, "SHOP-103 Search by colour", CARO)
    merged("prices", "prices", 43, "Round prices", BEN)
    back = f"This reverts commit {line.shas['basket']}."
    line.commit("", f'Revert "Remember the basket"\n\n{back}', BEN, on="topic", undoes="basket")
    text = 'Merged in revert-pr-41 (pull request #44)\n\nRevert "Merged in feature/SHOP-101-basket"'
    line.merge("no basket", text, "topic", BEN, BITBUCKET)


def redmine(line: Mainline) -> None:
    """As a team with Redmine pushes: a keyword in front of the issue's number."""
    for n in PAST:
        line.commit("", f"Make part {n} better\n\nRefs #{n}", TEAM[n % 3])
    line.mark("refs/heads/production")
    link = "See https://redmine.example.org/issues/101"
    line.commit("basket", f"Remember the basket\n\nRefs #101\n{link}", ANN)
    line.commit("search", "Search by colour, fixes #102", CARO)
    line.commit("prices", "Round prices (refs #103, #104 @2h)", BEN)
    line.commit("no basket", reverting(line, "basket", "Remember the basket"), BEN, undoes="basket")
