"""Mainlines that are mirrors of another system, or that one maintainer merges (see forges.py)."""

from __future__ import annotations

from tests.conventions.forges import PAST, reverting
from tests.conventions.mainline import ANN, BEN, CARO, TEAM, Mainline

LANDO = "Lando <lando@example.org>"
SYNC = "Shop Open Source Bot <open-source@example.org>"


def phabricator(line: Mainline) -> None:
    def landed(
        name: str, title: str, number: int, author: str, summary: str = "It was asked for.", **change: str
    ) -> None:
        sections = f"Summary: {summary}\n\nTest Plan: Ran it.\n\nReviewers: ben\n\nReviewed By: ben"
        address = f"https://phabricator.example.org/D{number}"
        line.commit(name, f"{title}\n\n{sections}\n\nDifferential Revision: {address}", author, **change)

    for n in PAST:
        landed("", f"Make part {n} better", n, TEAM[n % 3])
        if n % 3 == 0:
            line.commit("", "Updating hashes\n\nFrom the other repository.", SYNC)
    line.mark("refs/heads/production")
    landed("basket", "Remember the basket", 41, ANN)
    landed("search", "Search by colour", 42, CARO)
    landed("prices", "Round prices", 43, ANN)
    commit = f"This reverts commit {line.shas['basket']}."
    landed("no basket", 'Revert "Remember the basket"', 44, BEN, commit, undoes="basket")
    original = f"Original commit changeset: {line.shas['search'][:12]}\n\nOriginal Phabricator Diff: D42"
    landed("no search", 'Back out "Search by colour"', 45, CARO, original, nearly="search")
    landed("no prices", 'Back out "Round prices"', 46, BEN, undoes="prices")


def mercurial(line: Mainline) -> None:
    """A mirror of Mercurial: backouts name changesets that git does not know."""

    def landed(name: str, bug: int, title: str, number: int, author: str, **change: str) -> None:
        address = f"https://phabricator.example.org/D{number}"
        line.commit(
            name, f"Bug {bug} - {title} r=ben\n\nDifferential Revision: {address}", author, LANDO, **change
        )

    for n in PAST:
        landed("", 1_800_000 + n, f"Make part {n} better.", n, TEAM[n % 3])
    line.mark("refs/heads/production")
    landed("basket", 1_800_041, "Remember the basket.", 41, ANN)
    landed("search", 1_800_042, "Search by colour.", 42, CARO)
    landed("prices", 1_800_043, "Part 1: round prices.", 43, ANN)
    landed("prices 2", 1_800_043, "Part 2: show them.", 44, ANN)
    one = "Backed out changeset 0123456789ab (bug 1800041) for causing failures in test_basket."
    line.commit("no basket", one, BEN, undoes="basket")
    line.commit(
        "no search", "Backed out changeset ba9876543210 (bug 1800042) for being slow.", BEN, nearly="search"
    )
    each = "".join(f"Backed out changeset {sha} (bug 1800043)\n" for sha in ("aaaabbbbcccc", "ddddeeeeffff"))
    two = f"Backed out 2 changesets (bug 1800043) for causing failures. CLOSED TREE\n\n{each}"
    line.commit("no prices", two, BEN, undoes="prices,prices 2")


def git_svn(line: Mainline) -> None:
    """A mirror of Subversion: its numbers count the branches, too, so r80 is not the eightieth landing."""

    def committed(name: str, message: str, author: str, **change: str) -> None:
        line.commit(name, f"{message}\n\ngit-svn-id: {_SVN}@{_number(line)} {_UUID}", author, **change)

    for n in PAST:
        committed("", f"Make part {n} better", TEAM[n % 3])
    line.mark("refs/heads/production")
    committed("basket", "Remember the basket.", ANN)
    basket = _number(line) - 2
    committed("search", "Search by colour.", CARO)
    search = _number(line) - 2
    committed("no basket", f"Revert r{basket}, it broke the build.", BEN, undoes="basket")
    committed("no search", f"Revert r{search}: Search by colour.", CARO, nearly="search")
    committed("again", f"Reapply r{basket} with a fix.", ANN, restores="basket")


_SVN = "https://svn.example.org/repos/shop/trunk"
_UUID = "01234567-89ab-cdef-0123-456789abcdef"


def _number(line: Mainline) -> int:
    """The number that Subversion gives the next commit. It is that of another landing as well."""
    return 2 * line.landings() - 40


def kernel(line: Mainline) -> None:
    """One maintainer merges topics; a release is a commit and a tag of theirs."""

    def merged(name: str, topic: str, *works: tuple[str, str], **change: str) -> None:
        for number, (message, author) in enumerate(works):
            line.commit(
                "",
                f"{message}\n\nSigned-off-by: {author}",
                author,
                on=topic,
                file=f"{name} {number}" if number else name,
                **change,
            )
        listed = "\n".join(f"  {message.partition(chr(10))[0]}" for message, _ in works)
        line.merge(name, f"Merge branch '{topic}'\n\nMakes it better.\n\n* {topic}:\n{listed}", topic, BEN)

    for n in PAST:
        merged("", f"ar/part-{n}", (f"parts: make {n} better", (ANN, CARO)[n % 2]))
    line.commit("", "Shop 2.4", BEN)
    line.release("v2.4.0")
    merged("basket", "ar/basket", ("basket: remember it", ANN), ("basket: test it", ANN))
    merged("search", "cd/search", ("search: by colour", CARO))
    line.commit("direct", "The first batch of 2.5", BEN)
    line.commit("rc", "Shop 2.5-rc1", BEN)
    line.release("v2.5.0-rc1")
    pulled = "Merge tag 'net-2.5' of git://git.example.org/net\n\nPull updates from Ann Reed:\n\n - faster"
    line.commit("", "net: faster", ANN, on="net", file="net")
    line.commit("", "net: fewer packets", CARO, on="net", file="net 2")
    line.merge("net", pulled, "net", BEN)
    basket = line.shas["basket"]
    back = f"This reverts commit {basket}, reversing\nchanges made to {line.parent(basket)}."
    line.commit("no basket", f"Revert \"Merge branch 'ar/basket'\"\n\n{back}", BEN, undoes="basket,basket 1")
    merged(
        "no search",
        "cd/no-search",
        (reverting(line, "search", "search: by colour", 2), CARO),
        nearly="search",
    )


def git_flow(line: Mainline) -> None:
    """`develop` lands, `master` is what was released; HEAD of the clone names develop."""

    def feature(name: str, branch: str, title: str, author: str, body: str = "", **change: str) -> None:
        line.commit("", f"{title}\n\n{body}", author, on=f"feature/{branch}", file=name, **change)
        line.merge(name, f"Merge branch 'feature/{branch}' into develop", f"feature/{branch}", author)

    line.mark("refs/heads/master")
    for n in PAST:
        feature("", f"part-{n}", f"Make part {n} better", TEAM[n % 3])
        if n in (10, 20, 30):
            line.commit("", f"Bump the version to 1.{n}", BEN, on=f"release/1.{n}")
            _released(line, f"1.{n}")
    feature("basket", "basket", "Remember the basket", ANN)
    feature("search", "search", "Search by colour", CARO)
    basket, search = line.shas["basket"], line.shas["search"]
    back = f"This reverts commit {basket}, reversing\nchanges made to {line.parent(basket)}."
    line.commit(
        "no basket", f"Revert \"Merge branch 'feature/basket' into develop\"\n\n{back}", BEN, undoes="basket"
    )
    feature(
        "no search",
        "no-search",
        'Revert "Search by colour"',
        CARO,
        f"This reverts commit {search}.",
        nearly="search",
    )


def _released(line: Mainline, version: str) -> None:
    """A release branch is merged into master, and that back into develop."""
    branch = f"release/{version}"
    line.merge("", f"Merge branch '{branch}'", branch, BEN, into="master")
    master = line.repo.tip("master")
    line.repo.merge("Merge branch 'master' into develop", master, author=BEN, date=line.now)
