"""`report`: snapshot + situation -> pages and feeds in the report directory (docs/feeds.md)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from shepherd.atomic import public_folder, write_atomically
from shepherd.commands import as_called
from shepherd.errors import NoAnswerError, ShepherdError, StoreError
from shepherd.report_files import ENDINGS, PROMISING, PROMISING_OF_ALL
from shepherd.settings import Settings
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.stages.feed_entries import news_of
from shepherd.stages.older_folder import pages_there, remove_pages
from shepherd.stages.state import StoredTags
from shepherd.stages.trends_kept import trends_of_branches
from shepherd.store import open_branch
from shepherd.store.snapshots import Snapshots
from shepherd.trends.of_branch import BranchTrends
from shepherd.views.feeds.answer_file import answer_file
from shepherd.views.feeds.as_json import snapshot_pieces
from shepherd.views.feeds.atom import FeedEntry, atom, index_atom
from shepherd.views.feeds.badge import badge
from shepherd.views.feeds.index_json import index_json
from shepherd.views.feeds.notes_file import notes_file
from shepherd.views.feeds.prometheus import prometheus
from shepherd.views.feeds.sha import sha_file
from shepherd.views.feeds.shields import shields
from shepherd.views.help import help_page
from shepherd.views.help_parts import HelpFacts, facts_of
from shepherd.views.older import OlderPages
from shepherd.views.overview import siblings
from shepherd.views.page import Link, branch_page_pieces, index_page
from shepherd.views.trends_page import trends_page
from shepherd.words import Budget

Pieces = Callable[[], Iterator[bytes]]
"""A file's content that is made in pieces, each time from the beginning."""

INDEX_FEEDS = (("JSON", "index.json"), ("Atom feed", "index.atom"), ("Metrics", "shepherd.prom"))


def read_snapshots(settings: Settings) -> dict[str, Snapshot]:
    """The last snapshot of every branch that has one, in the order of the settings.

    Raises:
        NoAnswerError: one cannot be read.
    """
    snapshots: dict[str, Snapshot] = {}
    for branch in settings.branches:
        snapshot = Snapshots(settings.state_path / "snapshots", branch).latest()
        if snapshot is not None:
            snapshots[branch] = snapshot
    return snapshots


def files_of(
    snapshots: dict[str, Snapshot],
    branches: Collection[str],
    situation: Situation,
    news: Mapping[str, Sequence[FeedEntry] | None] | None = None,
    url: str = "",
    older: Mapping[str, OlderPages | None] | None = None,
    helps: Mapping[str, HelpFacts] | None = None,
    trends: Mapping[str, BranchTrends] | None = None,
) -> dict[str, bytes | Pieces]:
    """Every file of the report, by name. A pure function of what it is given (docs/interfaces.md#snapshot).
    What may be large is made in pieces while it is written.

    Args:
        news: branch -> its changes; without them it has no Atom feed, and one that is there stays, as does
            that of all branches.
        url: where readers find the report (docs/settings.md, report.url).
        older: branch -> the pages of what is live that are there already.
        helps: branch -> what its page for those who land code is made of; without it there is none.
        trends: branch -> its trends, as far as they are known.
    """
    files: dict[str, bytes | Pieces] = {}
    base = url if not url or url.endswith("/") else f"{url}/"
    for branch, snapshot in snapshots.items():
        links = [("All branches", "index.html"), *siblings(branch, list(snapshots))]
        facts = (helps or {}).get(branch)
        help_address = f"{branch}.help.html" if facts else ""
        pages = (older or {}).get(branch)
        trends_address = f"{branch}.trends.html"
        files[f"{branch}.html"] = partial(
            _page, snapshot, situation, links, _feeds(branch), pages, help_address, trends_address
        )
        files[f"{branch}.json"] = partial(_document, snapshot, situation)
        files[f"{branch}.svg"] = badge(snapshot, situation)
        files[f"{branch}.sha"] = sha_file(snapshot, situation)
        files[f"{branch}.answer.json"] = answer_file(snapshot, situation, base)
        files[f"{branch}.shields.json"] = shields(snapshot, situation)
        files[f"{branch}.notes.txt"] = notes_file(snapshot, situation)
        if facts:
            files[help_address] = help_page(branch, facts).encode("utf-8", "replace")
        measured = trends_page(snapshot, (trends or {}).get(branch), situation)
        files[trends_address] = measured.encode("utf-8", "replace")
        lately = (news or {}).get(branch)
        if lately is not None:
            files[f"{branch}.atom"] = atom(snapshot, lately, base)
    files["shepherd.prom"] = prometheus(list(snapshots.values()), situation, trends)
    waiting = [branch for branch in branches if branch not in snapshots]
    every = list(snapshots.values())
    index = index_page(every, situation, waiting, helps or (), INDEX_FEEDS)
    files["index.html"] = index.encode("utf-8", "replace")
    files["index.json"] = index_json(every, situation, waiting, base)
    of_all = [
        (snapshot, each)
        for branch, snapshot in snapshots.items()
        if (each := (news or {}).get(branch)) is not None
    ]
    if snapshots and len(of_all) == len(snapshots):
        files["index.atom"] = index_atom(of_all, base)
    return {
        name: as_called(content.decode()).encode() if isinstance(content, bytes) else content
        for name, content in files.items()
    }


def whole(content: bytes | Pieces) -> bytes:
    """The content of a file."""
    return content if isinstance(content, bytes) else b"".join(content())


def _page(
    snapshot: Snapshot,
    situation: Situation,
    links: Sequence[Link],
    feeds: Sequence[Link],
    older: OlderPages | None,
    help_address: str,
    trends_address: str,
) -> Iterator[bytes]:
    pages = (older, help_address, trends_address)
    for piece in branch_page_pieces(snapshot, situation, links, feeds, *pages):
        yield as_called(piece).encode("utf-8", "replace")


def _document(snapshot: Snapshot, situation: Situation) -> Iterator[bytes]:
    for piece in snapshot_pieces(snapshot, situation, shown=False):
        yield as_called(piece.decode()).encode()
    yield b"\n"


def write_report(settings: Settings, situation: Situation, *, trends_as_kept: bool = False) -> list[Path]:
    """Write all pages and feeds; where they are, the index first.

    Whatever keeps them from being written takes the SHAs away: those that are there may not hold any more.

    Args:
        trends_as_kept: compute no trends, show those that were kept.

    Raises:
        NoAnswerError: no branch has a snapshot yet, or one cannot be read.
        StoreError: a file cannot be written; the pages that are there stay whole.
    """
    try:
        return _write_report(settings, situation, trends_as_kept)
    except Exception:
        with suppress(OSError, StoreError):
            _take_back(settings)
        raise


def _write_report(settings: Settings, situation: Situation, trends_as_kept: bool) -> list[Path]:
    snapshots = read_snapshots(settings)
    if not snapshots:
        raise NoAnswerError("no answer yet, so there is nothing to report: inv find judge report")
    directory = settings.report_path
    public_folder(directory)
    news = {branch: news_of(settings, snapshot) for branch, snapshot in snapshots.items()}
    older = {branch: pages_there(settings, branch) for branch in snapshots}
    helps = {branch: facts_of(settings, branch) for branch in snapshots}
    trends = trends_of_branches(settings, snapshots, situation.now, only_kept=trends_as_kept)
    situation = replace(situation, budgets=_budgets(settings, snapshots))
    url = settings.report.url
    files = files_of(snapshots, settings.branches, situation, news, url, older, helps, trends)
    for name, content in files.items():
        write_atomically(directory / name, content if isinstance(content, bytes) else content())
    _forget_branches(settings, files)
    return [directory / name for name in sorted(files, key=lambda name: (name != "index.html", name))]


def _budgets(settings: Settings, branches: Collection[str]) -> dict[str, Budget]:
    """Those that can be read just now."""
    budgets = {}
    for branch in branches:
        with suppress(ShepherdError), open_branch(settings, branch, read_only=True) as store:
            tags = store.cache.fact("tracker", StoredTags)
            if tags is not None and tags.reading.budget is not None:
                budgets[branch] = tags.reading.budget
    return budgets


def _feeds(branch: str) -> list[Link]:
    return [
        ("JSON", f"{branch}.json"),
        ("Atom feed", f"{branch}.atom"),
        ("Badge", f"{branch}.svg"),
        ("SHA", f"{branch}.sha"),
        ("Release notes", f"{branch}.notes.txt"),
        ("Answer", f"{branch}.answer.json"),
        ("For shields.io", f"{branch}.shields.json"),
        ("Metrics", "shepherd.prom"),
    ]


def _take_back(settings: Settings) -> None:
    """Nothing can be written now, and a script that reads the SHA reads no page: so there is none. Nor are
    there the other files that programs act on."""
    for branch in settings.branches:
        path = settings.report_path / f"{branch}.sha"
        if path.exists():
            write_atomically(path, b"")
    names = [f"{branch}.{ending}" for branch in settings.branches for ending in PROMISING]
    for name in (*names, *PROMISING_OF_ALL):
        with suppress(OSError):
            (settings.report_path / name).unlink(missing_ok=True)


def _forget_branches(settings: Settings, written: Collection[str]) -> None:
    """The pages of a branch that is no longer followed would say the same for ever."""
    snapshots = settings.state_path / "snapshots"
    gone = [folder.name for folder in snapshots.iterdir() if folder.name not in settings.branches]
    for branch in gone:
        for name in {f"{branch}.{ending}" for ending in ENDINGS} - {*written}:
            (settings.report_path / name).unlink(missing_ok=True)
        remove_pages(settings, branch)
