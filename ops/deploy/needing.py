"""Which extras a host's settings need, by what stands there: the addresses of chats are in files of the host
(docs/settings.md#deploy).

Part of the agent, so the standard library is all there is. What cannot be read here needs nothing: the
release's own `inv doctor` says what is wrong with it, before it goes live.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import suppress
from glob import glob
from pathlib import Path
from typing import Any

from shepherd.chat_addresses import is_webhook
from shepherd.running.releases import Site

_MOST = 1_000_000
"""Characters of a file that are read."""
_Table = dict[str, Any]


def extras_needed(site: Site) -> dict[str, str]:
    """The extras, and why each is needed. No address is told to anybody."""
    if not site.settings.exists():
        return {}
    file = site.settings.resolve()
    document = _table(file)
    needed: dict[str, str] = {}
    for each in (document, *map(_table, _included(document, file))):
        needed |= {kind: f"{key} is {kind}" for key, kind in _trackers(each) if kind not in ("none", "file")}
    if str(document.get("database", "")).startswith("postgresql"):
        needed["postgresql"] = "database is on PostgreSQL"
    if chats := list(_chats(document, file)):
        needed["notify"] = f"[[notify]] {', '.join(chats)} {'is a chat' if len(chats) == 1 else 'are chats'}"
    return needed


def _trackers(document: _Table) -> Iterator[tuple[str, str]]:
    """The key that says which type a tracker is, and what it says."""
    named = document.get("trackers")
    tables = {f"trackers.{name}": each for name, each in named.items()} if isinstance(named, dict) else {}
    for key, table in {"tracker": document.get("tracker"), **tables}.items():
        if isinstance(table, dict) and isinstance(kind := table.get("type"), str):
            yield f"{key}.type", kind


def _chats(document: _Table, file: Path) -> Iterator[str]:
    """The names of the places that are chats."""
    places = document.get("notify")
    for each in places if isinstance(places, list) else ():
        if not isinstance(each, dict) or not isinstance(each.get("url_file"), str):
            continue
        url = _text(file.parent / each["url_file"]).strip()
        if url and not is_webhook(url):
            yield str(each.get("name", "without a name"))


def _included(document: _Table, file: Path) -> list[Path]:
    patterns = document.get("include", [])
    patterns = [patterns] if isinstance(patterns, str) else patterns
    found = []
    for each in patterns if isinstance(patterns, list) else ():
        if isinstance(each, str) and "\0" not in each:
            found += [Path(path) for path in sorted(glob(str(file.parent / each)))]  # noqa: PTH207  # any path
    return found


def _table(file: Path) -> _Table:
    with suppress(ValueError, RecursionError):
        return tomllib.loads(_text(file))
    return {}


def _text(file: Path) -> str:
    """Empty: it cannot be read."""
    with suppress(OSError, ValueError):
        if file.is_file():
            with file.open(encoding="utf-8-sig") as opened:
                return opened.read(_MOST)
    return ""
