"""The page for those who land code, in a browser: accessible, quiet, and no wider than the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from shepherd.views.help import help_page
from shepherd.views.help_parts import HelpFacts
from tests.help_document import EVERYTHING
from tests.real.browser import NARROW, WIDE, opened

pytestmark = pytest.mark.real
FACTS = {
    "everything": EVERYTHING,
    "brackets": HelpFacts(("brackets",), ("launchpad",), ("block",), mainline="stable"),
}


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize(
    ("facts", "scheme"), [("everything", "light"), ("everything", "dark"), ("brackets", "light")]
)
def test_it_is_accessible_quiet_and_fits(
    browser: Browser, tmp_path: Path, facts: str, scheme: str, width: int
) -> None:
    path = tmp_path / "stable.help.html"
    path.write_text(help_page("stable", FACTS[facts]), encoding="utf-8")
    with opened(browser, path, scheme=scheme, width=width) as view:
        assert view.violations() == []
        assert not view.overflows
        assert view.noise == []
        view.page.emulate_media(media="print")
        assert not view.overflows
