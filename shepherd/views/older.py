"""The web pages of landings that are live, however old: a page for each thousand, and two ways to find one
(docs/feeds.md#older-landings).

Their addresses never change, and neither does a page on which nothing happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

from markupsafe import Markup
from msgspec import Struct

from shepherd.story import Story
from shepherd.values import utc
from shepherd.views import words
from shepherd.views.clean import clean, is_web_address
from shepherd.views.rows import linker
from shepherd.views.templates import pages
from shepherd.words import item_kind

SIZE = 1000
"""Landings of one page."""
ABBREVIATED = 12
"""Digits of a SHA that the lists show and are searched by."""


def folder_of(branch: str) -> str:
    """Where a branch has these pages, next to its own."""
    return f"{branch}-older"


def range_of(revno: int) -> tuple[int, int]:
    """The first and last revno of the page that a landing is on."""
    first = (revno - 1) // SIZE * SIZE + 1
    return first, first + SIZE - 1


def range_file(revno: int) -> str:
    """The page that a landing is on."""
    first, last = range_of(revno)
    return f"r{first}-{last}.html"


def first_of(file: str) -> int:
    """The first revno of the page of landings with this name; 0: it is another page."""
    page = re.fullmatch(r"r([0-9]+)-[0-9]+\.html", file)
    return int(page[1]) if page else 0


def sha_file(sha: str) -> str:
    """The list that a commit is on."""
    return f"sha-{sha[:2]}.html"


def number_file(number: int) -> str:
    """The list that a bug or request is on."""
    return f"number-{block_of(number)}.html"


def branch_file(initial: str) -> str:
    """The list that the branches with this initial are on."""
    return f"branch-{initial}.html"


def initial_of(branch: str) -> str:
    """What a branch is listed under: the first letter or digit of the last part of its name, `f` for
    `~ann/launchpad/Fix-login`; "other" where that is none of a to z and 0 to 9."""
    first = re.search(r"[^\W_]", branch.rstrip("/").rpartition("/")[2] or branch)
    initial = first[0].casefold() if first else ""
    return initial if initial.isascii() and len(initial) == 1 else "other"


def block_of(number: int) -> int:
    """The number that such a list begins with."""
    return number // SIZE * SIZE


class OlderPages(Struct, frozen=True):
    """Which of these pages there are, for the page of the branch."""

    folder: str
    first: int
    last: int
    shas: tuple[str, ...]
    """The two digits of each list of commits."""
    blocks: tuple[int, ...]
    """The number that each list of bugs and requests begins with."""
    branches: tuple[str, ...] = ()
    """The initial of each list of branches."""


class RangeSummary(Struct, frozen=True):
    """One page of landings, for the list of all."""

    first: int
    last: int
    since: datetime
    until: datetime
    undone: int


class StoryRows:
    """Renders landings as rows of a table.

    Args:
        bug_url, request_url: patterns (docs/settings.md).
    """

    def __init__(self, bug_url: str, request_url: str) -> None:
        self._bug = linker(bug_url, "bug")
        self._request = linker(request_url, "request")

    def render(self, stories: Iterable[Story]) -> Markup:
        """One `<tr>` a landing, as on the page of the branch."""
        return Markup("\n".join(map(self._row, stories)))  # noqa: S704  # every part is escaped in _row

    def _row(self, story: Story) -> str:
        title = escape(clean(story.title)) or "(no title)"
        if is_web_address(story.url):
            title = f'<a href="{escape(story.url)}">{title}</a>'
        items = [f"{item_kind(bug)}{self._bug(bug)}" for bug in map(str, story.bugs)]
        items += [f"request {self._request(request)}" for request in story.requests]
        details = [f"<code>{story.id[:ABBREVIATED]}</code>", *items]
        if story.branch:
            details.append(f"<bdi>{escape(clean(story.branch))}</bdi>")
        if story.promoted_at is not None:
            by = f" by <bdi>{escape(clean(story.promoted_by))}</bdi>" if story.promoted_by else ""
            details.append(f"promoted {utc(story.promoted_at)}{by}")
        # without optional end tags and quotes, as in `rows`
        return (
            f"<tr id=r{story.revno}><th><a href=#r{story.revno}>r{story.revno}</a>{_standing(story)}"
            f"<td>{title}<p>{' · '.join(details)}<td><bdi>{escape(clean(words.name(story.person)))}</bdi>"
            f"<td>{utc(story.landed_at).removesuffix(' UTC')}"
        )


def _standing(story: Story) -> str:
    # most are older than the shepherd, which the page says once
    since = f"since {utc(story.live_since)}" if story.live_since else ""
    if story.undone_by is None:
        return f"<td class=live>live<p>{since}"
    both = ", ".join(filter(None, ("production has both", since)))
    return f"<td class=rolled-back>rolled back<p>by {_link(story.undone_by)}; {both}"


def _link(revno: int) -> str:
    return f"<a href={range_file(revno)}#r{revno}>r{revno}</a>"


def range_page(
    branch: str,
    first: int,
    rows: StoryRows,
    stories: Sequence[Story],
    *,
    newest: bool = False,
    oldest: bool = False,
) -> str:
    """The page of the landings from `first` on, newest first; those that are not archived yet are missing.

    Args:
        newest, oldest: there is no newer page, no older one.
    """
    return _render(
        "older.html.j2",
        branch,
        title=f"{branch}, r{first} to r{first + SIZE - 1}",
        count=len(stories),
        rows=rows.render(stories),
        older=range_file(first - 1) if first > 1 and not oldest else "",
        newer="" if newest else range_file(first + SIZE),
    )


class ListedName(NamedTuple):
    """A line of a list: a commit, a bug or a request, and the landings that it stands for."""

    id: str
    """Letters, digits, - and _ that the address of the line ends with; empty: it has none."""
    name: str
    revnos: tuple[int, ...]


def list_page(branch: str, what: str, lines: Iterable[ListedName]) -> str:
    """One of the lists to find a landing by; `what`: what it lists."""
    rows = [
        (f"<tr id={line.id}>" if line.id else "<tr>")
        + f"<th>{escape(clean(line.name))}<td>{' '.join(map(_link, line.revnos))}"
        for line in lines
    ]
    body = Markup("\n".join(rows))  # noqa: S704  # escaped above
    return _render("older_list.html.j2", branch, title=f"{branch}: {what}", what=what, rows=body)


def older_index(branch: str, ranges: Sequence[RangeSummary], there: OlderPages) -> str:
    """The list of all pages, newest first."""
    return _render(
        "older_index.html.j2",
        branch,
        title=f"{branch}: all that is live",
        ranges=ranges,
        there=there,
    )


def _render(template: str, branch: str, **others: object) -> str:
    return (
        pages()
        .get_template(template)
        .render(
            branch=branch,
            words=words,
            clean=clean,
            range_file=range_file,
            number_file=number_file,
            sha_file=sha_file,
            branch_file=branch_file,
            utc=utc,
            **others,
        )
    )
