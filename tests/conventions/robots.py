"""Mainlines onto which a robot merges what people approved (see forges.py)."""

from __future__ import annotations

from tests.conventions.forges import PAST, reverting
from tests.conventions.mainline import ANN, BEN, CARO, TEAM, Mainline

HOMU = "bors <bors@example.org>"
BORS_NG = "bors[bot] <26634292+bors[bot]@users.noreply.github.com>"
MARGE = "Marge Bot <marge-bot@example.org>"
ZUUL = "Zuul <zuul@review.example.org>"
JENKINS = "Jenkins <jenkins@review.example.org>"
GERRIT = "Gerrit Code Review <review@example.org>"
AUTOROLL = "shop-autoroll <shop-autoroll@robots.example.org>"
PQM = "Launchpad Patch Queue Manager <launchpad@pqm.example.org>"
COPILOT = "Otto Co-Pilot <co-pilot@example.org>"


def homu(line: Mainline) -> None:
    def auto(name: str, title: str, number: int, author: str, body: str = "", **change: str) -> None:
        line.commit("", f"{title}\n\n{body}", author, on="topic", file=name, **change)
        line.merge(
            name, f"Auto merge of #{number} - ann:topic-{number}, r=ben\n\n{title}\n\n{body}", "topic", HOMU
        )

    for n in PAST:
        auto("", f"Make part {n} better", n, TEAM[n % 3])
    line.mark("refs/heads/production")
    auto("basket", "Remember the basket", 41, ANN)
    auto("search", "Search by colour", 42, CARO, "r? @ben\n\nFixes #7")
    line.mark("refs/heads/rollup")
    for number, title, author in ((43, "Round prices", ANN), (44, "Sort by price", CARO)):
        line.commit("", title, author, on="pull", file=title)
        line.merge("", f"Rollup merge of #{number} - ann:x, r=ben\n\n{title}", "pull", BEN, into="rollup")
    listed = "Successful merges:\n\n - #43 (Round prices)\n - #44 (Sort by price)\n\nr? @ghost"
    message = f"Auto merge of #45 - ben:rollup-abc, r=ben\n\nRollup of 2 pull requests\n\n{listed}"
    line.merge("rollup", message, "rollup", HOMU)
    auto("no basket", "Revert #41", 46, BEN, reverting(line, "basket", "Auto merge of #41"), undoes="basket")
    auto("no search", 'Revert "Search by colour"', 47, CARO, "Reverts example/shop#42", nearly="search")


def bors_ng(line: Mainline) -> None:
    def bors(name: str, title: str, number: int, author: str, body: str = "", **change: str) -> None:
        line.commit("", f"{title}\n\n{body}", author, on="topic", file=name, **change)
        line.merge(
            name, f"Merge #{number}\n\n{number}: {title} r=ben a=ann\n\n{body}", "topic", BORS_NG, BORS_NG
        )

    for n in PAST:
        bors("", f"Make part {n} better", n, TEAM[n % 3])
    line.mark("refs/heads/production")
    bors("basket", "Remember the basket", 41, ANN)
    bors("search", "Search by colour", 42, CARO)
    line.commit("", "Round prices", ANN, on="staging", file="prices")
    line.commit("", "Sort by price", CARO, on="staging", file="sort")
    batch = "43: Round prices r=ben a=ann\n\n44: Sort by price r=ben a=caro"
    line.merge(
        "batch",
        f"Merge #43 #44\n\n{batch}\n\nCo-authored-by: {ANN}\nCo-authored-by: {CARO}",
        "staging",
        BORS_NG,
    )
    bors("no basket", 'Revert "Remember the basket"', 45, BEN, "Reverts example/shop#41", undoes="basket")
    bors("no search", 'Revert "Search by colour"', 46, CARO, "Reverts example/shop#42", nearly="search")


def marge(line: Mainline) -> None:
    """Rebased by a robot of GitLab, which writes into each commit what it is a part of."""

    def part(name: str, message: str, number: int, author: str, **change: str) -> None:
        address = f"https://gitlab.example.org/example/shop/-/merge_requests/{number}"
        line.commit(name, f"{message}\n\nReviewed-by: {BEN}\nPart-of: <{address}>", author, MARGE, **change)

    for n in PAST:
        part("", f"Make part {n} better", n, TEAM[n % 3])
    line.mark("refs/heads/production")
    part("basket", "shop: Remember the basket", 41, ANN)
    part("tests", "shop: Test the basket", 41, ANN)
    part("search", "shop: Search by colour", 42, CARO)
    part("no basket", reverting(line, "basket", "shop: Remember the basket"), 43, BEN, undoes="basket")
    part("no search", reverting(line, "search", "shop: Search by colour"), 44, CARO, nearly="search")


def gerrit_zuul(line: Mainline) -> None:
    """Merged by Zuul (once by Jenkins) after its tests; seen through a mirror on GitHub."""

    def merged(name: str, title: str, author: str, body: str = "", robot: str = ZUUL, **change: str) -> None:
        change_id = f"I{line.now:040x}"
        line.commit(
            "", f"{title}\n\n{body}\n\nChange-Id: {change_id}", author, on="topic", file=name, **change
        )
        line.merge(name, f'Merge "{title}"', "topic", robot, GERRIT)

    for n in PAST:
        merged("", f"Make part {n} better", TEAM[n % 3], robot=JENKINS if n < 11 else ZUUL)
    line.release("1.0.0")
    merged("basket", "Remember the basket", ANN, "Closes-Bug: #2041234")
    merged("search", "Search by colour", CARO)
    basket, search = line.parent(line.shas["basket"], 2), line.parent(line.shas["search"], 2)
    merged(
        "no basket", 'Revert "Remember the basket"', BEN, f"This reverts commit {basket}.", undoes="basket"
    )
    merged("no search", 'Revert "Search by colour"', CARO, f"This reverts commit {search}.", nearly="search")
    merged("prices", "Round prices", ANN)
    merged("no prices", 'Revert "Round prices"', BEN, "It was slow.", nearly="prices")


def gerrit_cherry_pick(line: Mainline) -> None:
    def submitted(name: str, message: str, number: int, author: str, **change: str) -> None:
        on = f"Reviewed-on: https://review.example.org/c/shop/+/{number}"
        trailers = f"Change-Id: I{line.now:040x}\n{on}\nTested-by: {JENKINS}\nReviewed-by: {BEN}"
        line.commit(name, f"{message}\n\n{trailers}", author, BEN, **change)

    for n in PAST:
        submitted("", f"Make part {n} better", n, TEAM[n % 3])
    line.mark("refs/heads/production")
    submitted("basket", "Remember the basket", 41, ANN)
    submitted("search", "Search by colour", 42, CARO)
    submitted("no basket", reverting(line, "basket", "Remember the basket"), 43, BEN, undoes="basket")
    submitted("no search", reverting(line, "search", "Search by colour"), 44, CARO, nearly="search")


def chromium(line: Mainline) -> None:
    """Gerrit, bug numbers in the forms of two trackers, and a robot that rolls in other projects."""

    def submitted(name: str, message: str, number: int, author: str, bug: str = "", **change: str) -> None:
        on = f"Reviewed-on: https://shop-review.example.org/c/shop/src/+/{number}"
        position = f"Cr-Commit-Position: refs/heads/main@{{#{1_250_000 + number}}}"
        trailers = [*([f"Bug: {bug}"] if bug else []), f"Change-Id: I{line.now:040x}", on, position]
        line.commit(name, "\n".join([message, "", *trailers]), author, **change)

    def roll(name: str, number: int) -> None:
        title = "Roll lib from 0123456789ab to ba9876543210 (3 revisions)"
        log = "https://git.example.org/lib/+log/0123456789ab..ba9876543210"
        first = 'ann@example.org Revert "Faster lists"'
        second = "ben@example.org This reverts commit abcdef0123456789 since r12 broke"
        rolled = f"2024-05-01 {first}\n2024-05-02 {second}\n2024-05-02 caro@example.org Fixes #7 (#12)"
        stop = "If this roll has caused a breakage, revert this CL and stop the roller\nusing the controls"
        text = f"{title}\n\n{log}\n\n{rolled}\n\n{stop} here:\nhttps://roll.example.org/r/lib\n"
        submitted(name, text, number, AUTOROLL, "None")

    for n in PAST:
        submitted(
            "", f"Make part {n} better", n, TEAM[n % 3], ("b/1234", "40012345", "chromium:77, b:88")[n % 3]
        )
        if n % 3 == 0:
            roll("", 100 + n)
    line.mark("refs/heads/production")
    submitted("basket", "Remember the basket", 41, ANN, "b/345678")
    submitted("search", "Search by colour", 42, CARO, "40012345")
    roll("roll", 43)
    lines = ("Remember the basket", "", "Bug: b/345678", "Fixes #9", "Change-Id: I0123")
    quoted = "\n".join(["Original change's description:", *(f"> {each}".rstrip() for each in lines)])
    back = f"{reverting(line, 'basket', 'Remember the basket')}\n\nReason for revert: slow\n\n{quoted}\n"
    submitted("no basket", back, 44, BEN, "b/345678", undoes="basket")
    submitted(
        "no search", reverting(line, "search", "Search by colour"), 45, CARO, "40012345", nearly="search"
    )
    reland = f'Reland "Remember the basket"\n\nThis is a reland of commit {line.shas["basket"]}\n\n{quoted}\n'
    submitted("again", reland, 46, ANN, "b/345678", restores="basket")


def pqm(line: Mainline) -> None:
    """Launchpad's queue manager: marks in brackets, and the mainline's own numbers of revisions."""

    def queued(name: str, message: str, author: str, **change: str) -> None:
        line.commit("", "Work", author, on="topic", file=name, **change)
        line.merge(name, message, "topic", PQM)

    for n in PAST:
        queued("", f"[r=ben][ui=none][bug={1000 + n}] Make part {n} better.", TEAM[n % 3])
    line.mark("refs/heads/production")
    queued("basket", "[r=ben][ui=none][bug=1041,1042] Remember the basket.", ANN)
    queued("search", "[r=ann][bug=1043] Search by colour.", CARO)
    queued("tests", "[testfix][r=ann][no-qa] Repair tests.", BEN)
    queued(
        "no basket", f"[r=ann][rollback={line.revno('basket')}] Take the basket back.", BEN, undoes="basket"
    )
    queued("no search", f"[r=ben][no-qa] Revert r{line.revno('search')}, it is slow.", CARO, nearly="search")


def launchpad(line: Mainline) -> None:
    """Merge proposals of Launchpad, in a mirror on GitHub."""

    def landed(name: str, title: str, bug: int, author: str, body: str = "", **change: str) -> None:
        line.commit("", f"{title}\n\n{body}", author, on="topic", file=name, **change)
        proposal = f"https://code.launchpad.net/~ann/shop/+git/shop/+merge/{400_000 + bug}"
        line.merge(name, f"{title}\n\n{body}\n\nLP: #{bug}\n\nMerged from {proposal}", "topic", COPILOT)

    for n in PAST:
        landed("", f"Make part {n} better", 1000 + n, TEAM[n % 3])
    line.mark("refs/heads/production")
    landed("basket", "Remember the basket", 1041, ANN)
    landed("search", "Search by colour", 1042, CARO)
    landed(
        "no basket",
        'Revert "Remember the basket"',
        1041,
        BEN,
        f"This reverts commit {line.shas['basket']}.",
        undoes="basket",
    )
    landed(
        "no search",
        "Back out the search by colour",
        1042,
        CARO,
        f"This reverts commit {line.shas['search']}.",
        nearly="search",
    )
