"""The page in every state, written for a browser, and which landings are seen there."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from shepherd.situation import Maintenance, Situation
from shepherd.snapshot import Snapshot
from shepherd.views.page import branch_page, index_page
from tests.test_cautions import CASES
from tests.views.condition_looks import LOOKS as LOOKS_OF_CONDITIONS
from tests.views.factory import NOW, entry, every_progress, everything_wrong, no_data, rev, snapshot
from tests.views.test_acting import two_between

CALM = Situation(now=NOW)
NOTHING_NEW = snapshot(answer="nothing-new", tip=rev(100), deployable=None, landings=(), blockers=())
LONG = snapshot(landings=tuple(entry(r, progress="waiting") for r in range(360, 100, -1)), tip=rev(360))
STATES: dict[str, tuple[Snapshot, Situation]] = {
    "deploy": (snapshot(), CALM),
    "blocked": (snapshot(answer="blocked", deployable=None), CALM),
    "nothing-new": (NOTHING_NEW, CALM),
    "no-data": (no_data(), CALM),
    "maintenance": (snapshot(), Situation(now=NOW, maintenance=Maintenance(NOW, "Ann", "upgrade"))),
    "everything": (every_progress(), everything_wrong()),
    "long": (LONG, CALM),
    "moves": (two_between(verdict_notes="refs/notes/qa"), CALM),
    **{f"caution {name}": (given, now) for name, (given, now, kinds) in CASES.items() if kinds},
    # the gallery has all of them
    **{
        f"caution condition {name}": LOOKS_OF_CONDITIONS[name]
        for name in ("failed", "stay-over-limit", "blocked-too", "frozen-often", "frozen-next")
    },
}
LINKS = [("All branches", "index.html")]
FEEDS = [("JSON", "stable.json"), ("Atom feed", "stable.atom")]


def written(folder: Path, state: str) -> Path:
    """The page in a state, or the index of all pages, as a file."""
    path = folder / f"{state}.html"
    if state == "index":
        path.write_text(index_page([snapshot(), no_data(branch="devel")], everything_wrong(), ["new"]))
    else:
        path.write_text(branch_page(*STATES[state], LINKS, FEEDS))
    return path


def rows(page: Page, count: int | None = None) -> list[str]:
    """The landings that are to be seen; `count`: once there are so many, since the page takes a moment."""
    shown = page.locator("table.l tbody tr:visible")
    if count is not None:
        expect(shown).to_have_count(count)
    return list(shown.evaluate_all("rows => rows.map(row => row.id)"))
