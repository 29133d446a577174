"""`python -m bench.screenshots`: the pictures of the README, of the demo's page, light and dark; and that of
docs/feeds.md, of a page of trends with made-up numbers.

Needs Debian's chromium. The pictures lie in docs/.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import FloatRect, ViewportSize, sync_playwright

from bench.project import INV, ROOT
from shepherd.situation import Situation
from shepherd.views.trends_page import trends_page
from tests.views.factory import snapshot
from tests.views.made_trends import NOW, both

SIZE: ViewportSize = {"width": 1160, "height": 800}
SCHEMES: dict[str, Literal["light", "dark"]] = {"page": "light", "page-dark": "dark"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        subprocess.run([INV, "-r", ROOT, "demo", "--directory", demo], check=True, capture_output=True)
        page_of_demo = (demo / "var" / "report" / "stable.html").as_uri()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for name, scheme in SCHEMES.items():
                page = browser.new_page(viewport=SIZE, color_scheme=scheme)
                page.goto(page_of_demo)
                place = ROOT / "docs" / f"{name}.png"
                page.screenshot(path=place)
                print(f"{place.relative_to(ROOT)}: {place.stat().st_size:,} bytes")
            trends = Path(folder) / "stable.trends.html"
            trends.write_text(trends_page(snapshot(), both(), Situation()), encoding="utf-8")
            page = browser.new_page(viewport=SIZE)
            # a picture that is made again should not differ by an age
            page.clock.set_fixed_time(NOW)
            page.goto(trends.as_uri())
            boxes = [page.locator(f"#{key}").bounding_box() for key in ("deployments", "lead")]
            assert boxes[0] and boxes[1]
            top, end = boxes[0]["y"], boxes[1]["y"] + boxes[1]["height"]
            clip: FloatRect = {"x": 0, "y": top, "width": SIZE["width"], "height": end - top}
            page.screenshot(path=ROOT / "docs" / "trends.png", clip=clip, full_page=True)
            browser.close()


if __name__ == "__main__":
    main()
