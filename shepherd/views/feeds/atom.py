"""`BRANCH.atom`: the answer changed, a landing changed its state (RFC 4287)."""

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


def atom(snapshot: Snapshot, news: Sequence[FeedEntry], url: str = "") -> bytes:
    """XML, UTF-8, in the order given: newest first.

    Args:
        url: where readers find the report (docs/settings.md, report.url), with a slash at its end; empty:
        addresses are
            relative to the feed.
    """
    branch = clean(snapshot.branch)
    newest = max((each.at for each in news), default=snapshot.generated_at)
    page = f"{url}{branch}.html"
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{escape(branch)}: what may be deployed</title>",
        f"<id>{_id(url, branch)}</id>",
        f"<updated>{stamp(newest)}</updated>",
        "<author><name>QA Shepherd</name></author>",
        f'<link rel="self" type="application/atom+xml" href="{escape(url + branch)}.atom"/>',
        f'<link rel="alternate" type="text/html" href="{escape(page)}"/>',
    ]
    for each in news[:ENTRIES]:
        anchor = f"#r{each.revno}" if each.revno is not None else ""
        lines += [
            "<entry>",
            f"<title>{_text(each.title)}</title>",
            f"<id>{_id(url, branch, each.identity)}</id>",
            f"<updated>{stamp(each.at)}</updated>",
            f'<link rel="alternate" type="text/html" href="{escape(page + anchor)}"/>',
            *([f"<author><name>{_text(each.person)}</name></author>"] if each.person.strip() else []),
            f'<content type="text">{_text(each.text)}</content>',
            "</entry>",
        ]
    return ("\n".join([*lines, "</feed>"]) + "\n").encode("utf-8", "replace")


def _text(text: str) -> str:
    return escape(clean(text, LONGEST_SENTENCE), quote=False)


def _id(url: str, *parts: str) -> str:
    """The same for the same change on every host, and another for every other change."""
    name = " ".join((url or "qa-shepherd", *parts)).encode("utf-8", "backslashreplace").decode()
    return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"
