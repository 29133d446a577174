"""The page of an audit in a browser: accessible, quiet, no wider than the screen, and whole in print."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from shepherd.views.audit_page import audit_page
from tests.real.browser import NARROW, WIDE, opened
from tests.views.made_audits import full, landing, move, trail

pytestmark = pytest.mark.real
AUDITS = {
    "everything": full(" <b>é" + "x" * 120),
    "many": trail(move(*(landing(revno) for revno in range(2, 302)))),
}


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize(
    ("which", "scheme"), [("everything", "light"), ("everything", "dark"), ("many", "light")]
)
def test_it_is_accessible_quiet_and_fits(
    browser: Browser, tmp_path: Path, which: str, scheme: str, width: int
) -> None:
    path = tmp_path / "audit.html"
    path.write_text(audit_page(AUDITS[which]), encoding="utf-8")
    with opened(browser, path, scheme=scheme, width=width) as view:
        assert view.violations() == []
        assert not view.overflows
        assert view.noise == []
        view.page.emulate_media(media="print")
        assert not view.overflows
        assert view.page.locator("article:visible").count() == len(AUDITS[which].moves[0].landings)
