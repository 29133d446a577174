"""`BRANCH.atom`, and `index.atom` of all branches: the answer changed, a landing changed its state, an alarm,
a promotion, something went live (RFC 4287, docs/feeds.md#atom)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct

from shepherd.snapshot import Snapshot
from shepherd.views.clean import LONGEST_SENTENCE, clean
from shepherd.views.markup import stamp

ENTRIES = 100
"""The newest so many are in the feed."""


class FeedEntry(Struct, frozen=True):
    """One change, as the journal keeps it."""

    at: datetime
    title: str
    text: str
    identity: str
    """What makes it this change and no other: run, kind, subject."""
    revno: int | None = None
    person: str = ""
    sha: str = ""
    """The commit that it is about; empty: not known, or about none."""


News = tuple[Snapshot, Sequence[FeedEntry]]
"""A branch, and what happened there, the newest first."""


def atom(snapshot: Snapshot, news: Sequence[FeedEntry], url: str = "") -> bytes:
    """XML, UTF-8, in the order given: newest first.

    Args:
        url: where readers find the report (docs/settings.md, report.url), with a slash at its end; empty:
            addresses are relative to the feed.
    """
    title = f"{clean(snapshot.branch)}: what may be deployed"
    entries = [_entry(snapshot, each, url) for each in news[:ENTRIES]]
    newest = max((each.at for each in news), default=snapshot.generated_at)
    return _feed(clean(snapshot.branch), title, newest, entries, url, _id(url, clean(snapshot.branch)))


def index_atom(branches: Sequence[News], url: str = "") -> bytes:
    """The same of all branches in one feed: the entries are those of their own feeds, with the same ids."""
    every = [(each, snapshot) for snapshot, news in branches for each in news]
    every.sort(key=lambda pair: pair[0].at, reverse=True)
    entries = [_entry(snapshot, each, url) for each, snapshot in every[:ENTRIES]]
    given = [
        *(each.at for each, _ in every),
        *(snapshot.generated_at for snapshot, _ in branches if not every),
    ]
    # no branch is called so: its name has no blank
    return _feed("index", "What may be deployed", max(given), entries, url, _id(url, "all branches"))


def _feed(
    name: str, title: str, updated: datetime, entries: Sequence[Sequence[str]], url: str, identity: str
) -> bytes:
    """Args: name: that of the feed's file, and of the page that it goes with."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{escape(title)}</title>",
        f"<id>{identity}</id>",
        f"<updated>{stamp(updated)}</updated>",
        "<author><name>QA Shepherd</name></author>",
        f'<link rel="self" type="application/atom+xml" href="{escape(url + name)}.atom"/>',
        f'<link rel="alternate" type="text/html" href="{escape(url + name)}.html"/>',
        *(line for entry in entries for line in entry),
        "</feed>",
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _entry(snapshot: Snapshot, each: FeedEntry, url: str) -> list[str]:
    branch = clean(snapshot.branch)
    title = f"{branch}: {each.title}" if snapshot.several else each.title
    anchor = f"#r{each.revno}" if each.revno is not None else ""
    commit = f"\nCommit: {_text(each.sha)}" if each.sha else ""
    return [
        "<entry>",
        f"<title>{_text(title)}</title>",
        f"<id>{_id(url, branch, each.identity)}</id>",
        f"<updated>{stamp(each.at)}</updated>",
        f'<link rel="alternate" type="text/html" href="{escape(f"{url}{branch}.html{anchor}")}"/>',
        *([f"<author><name>{_text(each.person)}</name></author>"] if each.person.strip() else []),
        f'<content type="text">{_text(each.text)}{commit}</content>',
        "</entry>",
    ]


def _text(text: str) -> str:
    return escape(clean(text, LONGEST_SENTENCE), quote=False)


def _id(url: str, *parts: str) -> str:
    """The same for the same change on every host, and another for every other change."""
    name = " ".join((url or "qa-shepherd", *parts)).encode("utf-8", "backslashreplace").decode()
    return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"
