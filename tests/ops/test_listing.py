"""`fab releases` as people read it."""

from __future__ import annotations

from typing import Any

from ops.deploy.listing import listing

TWO: list[dict[str, Any]] = [
    {
        "id": "0001-a",
        "standing": "good",
        "bad": "",
        "ref": "HEAD",
        "by": "olga",
        "at": "2026-03-01T10:00:00Z",
    },
    {"id": "0002-b", "standing": "bad", "bad": "mails go twice (ann)"},
]


def told(**found: Any) -> list[str]:
    live = {"kind": "release", "id": "0001-a", "link": "releases/0001-a"}
    return list(listing({"live": live, "last_good": "", "releases": TWO, "past": [], "root": "/x", **found}))


def test_the_newest_first_and_the_live_one_marked() -> None:
    assert told() == [
        "   0002-b bad",
        "      mails go twice (ann)",
        "-> 0001-a good; HEAD by olga at 2026-03-01T10:00:00Z",
    ]


def test_the_last_deployments_below() -> None:
    past = [{"at": f"{day}", "who": "olga", "to": "0001-a", "result": "live"} for day in range(12)]
    lines = told(past=past)[3:]
    assert len(lines) == 10
    assert lines[-1] == "11 olga: nothing -> 0001-a: live"


def test_what_people_wrote_commands_no_terminal() -> None:
    assert "\x1b" not in "".join(told(past=[{"who": "\x1b[2J", "why": "\x1b]0;x\x07"}]))


def test_a_current_that_is_odd_is_said() -> None:
    odd = {"kind": "dangling", "id": "", "link": "releases/0009-x"}
    assert told(live=odd)[0] == "current points to nothing: releases/0009-x"
    assert told(releases=[], live={"kind": "none", "id": "", "link": ""}) == ["no release yet: fab deploy"]
