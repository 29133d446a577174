"""`fab releases` as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shepherd.views.terminal import plain

LATEST = 10
"""Lines of the deployment record that are shown."""


def listing(answer: dict[str, Any]) -> Iterator[str]:
    """The releases, newest first, and what was deployed when by whom."""
    live = answer["live"]
    if live["kind"] not in ("release", "none"):
        wrong = {"odd": "is not a link", "dangling": "points to nothing", "foreign": "points to no release"}
        yield plain(f"current {wrong[live['kind']]}: {live['link'] or answer['root'] + '/current'}", 200)
    if not answer["releases"]:
        yield "no release yet: fab deploy"
    for each in reversed(answer["releases"]):
        sign = "-> " if each["id"] == live["id"] else "   "
        good = ", the last good one" if each["id"] == answer["last_good"] else ""
        made = f"; {each.get('ref', '')} by {each.get('by', '')} at {each['at']}" if each.get("at") else ""
        yield sign + plain(f"{each['id']} {each['standing']}{good}{made}", 300)
        if each["bad"]:
            since = f" at {each['bad_since']}" if each.get("bad_since") else ""
            yield "      " + plain(f"{each['bad']}{since}", 400)
    for each in answer["past"][-LATEST:]:
        if each.get("how") == "mark":
            why = f" ({each['why']})" if each.get("why") else ""
            yield plain(f"{each['at']} {each['who']}: {each['to']} {each['result']}{why}", 400)
            continue
        what = f"{each.get('from') or 'nothing'} -> {each.get('to') or 'nothing'}"
        if each.get("how") == "settings":
            # no release was left or come to
            what = each.get("to") or "no release"
        why = f" ({each['why']})" if each.get("why") else ""
        why += f" (again: {each['again']})" if each.get("again") else ""
        yield plain(
            f"{each.get('at', '?')} {each.get('who', '?')}: {what}: {each.get('result', '?')}{why}", 400
        )
