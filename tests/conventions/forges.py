"""Mainlines of teams that merge by the buttons of a forge.

Each function is a convention of tests/cases/conventions.toml: what is said there of a landing is said of the
commit of that name. Thirty landings have gone live before, since `init` goes by what most of them are like.
"""

from __future__ import annotations

from tests.conventions.mainline import ANN, BEN, BUTTON, CARO, TEAM, Mainline

RENOVATE = "renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>"
QUEUE = "github-merge-queue[bot] <118344674+github-merge-queue[bot]@users.noreply.github.com>"
PAST = range(1, 31)


def github_squash(line: Mainline) -> None:
    def squash(name: str, title: str, number: int, author: str, body: str = "", **change: str) -> None:
        line.commit(name, f"{title} (#{number})\n\n{body}", author, BUTTON, **change)

    for n in PAST:
        squash("", f"Make part {n} better", n, TEAM[n % 3])
    line.mark("refs/heads/production")
    squash("basket", "Remember the basket", 41, ANN, f"* Try\n\n* Test\n\n---------\n\nCo-authored-by: {BEN}")
    squash("search", "Search by colour", 42, CARO, "Fixes #7")
    squash("bump", "Update dependency left-pad to v2", 43, RENOVATE)
    squash("no basket", 'Revert "Remember the basket"', 44, BEN, "Reverts example/shop#41", undoes="basket")
    squash("no search", 'Revert "Search by colour"', 45, CARO, "Reverts example/shop#42", nearly="search")
    squash("again", 'Reapply "Remember the basket"', 46, ANN, "Reverts example/shop#44", restores="basket")
    rolled = f'* Begin\n\n* Revert "Begin"\n\nThis reverts commit {"0123456789" * 4}.\n\n* Another way'
    squash("prices", "Round prices", 47, CARO, rolled)


def github_merge(line: Mainline) -> None:
    def pull(
        name: str, title: str, number: int, author: str, presser: str, body: str = "", **how: str
    ) -> None:
        line.commit("", f"{title}\n\n{body}", author, on="topic", file=name, **how)
        message = f"Merge pull request #{number} from ann/topic-{number}\n\n{title}"
        line.merge(name, message, "topic", presser, BUTTON)

    for n in PAST:
        pull("", f"Make part {n} better", n, TEAM[n % 3], BEN)
    line.mark("refs/heads/production")
    pull("basket", "Remember the basket", 41, ANN, BEN)
    pull("search", "Search by colour", 42, CARO, BEN)
    pull("own", "Round prices", 43, BEN, BEN)
    pull("bump", "Update dependency left-pad to v2", 44, RENOVATE, CARO)
    line.commit("", "Sort by price", ANN, on="topic", file="sort")
    line.commit("", "Sort by name", CARO, on="topic", file="sort 2")
    line.merge("two", "Merge pull request #45 from ann/sort\n\nSort", "topic", BEN, BUTTON)
    basket = line.shas["basket"]
    back = f"This reverts commit {basket}, reversing\nchanges made to {line.parent(basket)}."
    pull("no basket", 'Revert "Remember the basket"', 46, BEN, BEN, back, undoes="basket")
    pull("no search", 'Revert "Search by colour"', 47, CARO, BEN, "Reverts example/shop#42", nearly="search")
    pull("not own", 'Revert "Round prices"', 48, CARO, BEN, nearly="own")
    pull("not two", "Revert: Sort", 49, CARO, BEN, nearly="sort")


def github_rebase(line: Mainline) -> None:
    for n in PAST:
        line.commit("", f"Make part {n} better\n\nFixes #{n}", TEAM[n % 3], BUTTON)
    line.mark("refs/heads/production")
    line.commit("basket", "Remember the basket\n\nFixes #7", ANN, BUTTON)
    line.commit("tests", "Test the basket", ANN, BUTTON)
    line.commit("search", "Search by colour", CARO, BUTTON)
    line.commit("no basket", reverting(line, "basket", "Remember the basket"), BEN, BUTTON, undoes="basket")
    line.commit("no search", reverting(line, "search", "Search by colour"), CARO, BUTTON, nearly="search")
    line.commit("no tests", "Back out the tests of the basket", BEN, BUTTON, undoes="tests")


def github_queue(line: Mainline) -> None:
    def queued(name: str, title: str, number: int, author: str, body: str = "", **change: str) -> None:
        line.commit("", f"{title}\n\n{body}", author, on="topic", file=name, **change)
        line.merge(name, f"Merge pull request #{number} from ann/topic\n\n{title}", "topic", QUEUE, BUTTON)

    for n in PAST:
        queued("", f"Make part {n} better", n, TEAM[n % 3])
    line.mark("refs/tags/production")
    queued("basket", "Remember the basket", 41, ANN)
    queued("search", "Search by colour", 42, CARO)
    queued("no basket", 'Revert "Remember the basket"', 43, BEN, "Reverts example/shop#41", undoes="basket")
    queued("no search", 'Revert "Search by colour"', 44, CARO, "Reverts example/shop#42", nearly="search")


def gitlab_merge(line: Mainline) -> None:
    def merge(
        name: str, branch: str, title: str, number: int, author: str, body: str = "", **how: str
    ) -> None:
        line.commit("", f"{title}\n\n{body}", author, on="topic", file=name, **how)
        message = f"Merge branch '{branch}' into 'main'\n\n{title}\n\nSee merge request example/shop!{number}"
        line.merge(name, message, "topic", BEN)

    for n in PAST:
        merge("", f"part-{n}", f"Make part {n} better", n, TEAM[n % 3])
    line.mark("refs/heads/production")
    merge("basket", "basket", "Remember the basket", 41, ANN)
    merge("search", "7-search", "Search by colour\n\nCloses #7", 42, CARO)
    merge(
        "no basket",
        "revert-basket",
        "Revert \"Merge branch 'basket' into 'main'\"",
        43,
        BEN,
        "This reverts merge request !41",
        undoes="basket",
    )
    merge(
        "no search",
        "revert-search",
        'Revert "Search by colour"',
        44,
        CARO,
        f"This reverts commit {line.shas['search']}",
        nearly="search",
    )
    merge("prices", "prices", "Round prices", 45, ANN)
    merge("no prices", "no-prices", 'Revert "Round prices"', 46, CARO, nearly="prices")


def gitlab_semi_linear(line: Mainline) -> None:
    """On a server of one's own; each branch is rebased before it is merged, and the request is an address."""

    def merge(name: str, title: str, number: int, author: str, body: str = "", **change: str) -> None:
        line.commit("", f"{title}\n\n{body}", author, BEN, on="topic", file=name, **change)
        address = f"https://gitlab.example.org/example/shop/-/merge_requests/{number}"
        approved = f"Merged-by: {BEN}\nApproved-by: {CARO}"
        first = f"Merge branch 'topic-{number}' into 'main'\n\n{title}"
        message = f"{first}\n\nSee merge request {address}\n\n{approved}"
        line.merge(name, message, "topic", BEN)

    for n in PAST:
        merge("", f"Make part {n} better", n, TEAM[n % 3])
    line.mark("refs/heads/production")
    merge("basket", "Remember the basket", 41, ANN)
    merge("search", "Search by colour", 42, CARO)
    merge(
        "no basket",
        'Revert "Remember the basket"',
        43,
        BEN,
        "This reverts merge request !41",
        undoes="basket",
    )
    merge(
        "no search", 'Revert "Search by colour"', 44, CARO, "This reverts merge request !42", nearly="search"
    )


def gitlab_fast_forward(line: Mainline) -> None:
    for n in PAST:
        line.commit("", f"Make part {n} better\n\nCloses #{n}", TEAM[n % 3], BEN)
    line.mark("refs/heads/production")
    line.commit("basket", "Remember the basket\n\nCloses #7", ANN, BEN)
    line.commit("search", "Search by colour", CARO)
    line.commit("no basket", reverting(line, "basket", "Remember the basket"), BEN, undoes="basket")
    line.commit(
        "no search", 'Revert "Search by colour"\n\nThis reverts merge request !42', CARO, nearly="search"
    )


def reverting(line: Mainline, name: str, title: str, parent: int = 0) -> str:
    """What git writes; `parent`: it is not the landing that is named, but the commit that it merged (2)."""
    sha = line.shas[name]
    return f'Revert "{title}"\n\nThis reverts commit {line.parent(sha, parent) if parent else sha}.'
