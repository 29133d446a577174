"""`python -m bench.screenshots`: the pictures of the README, of the demo's page, light and dark.

Needs Debian's chromium. The pictures lie in docs/.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import ViewportSize, sync_playwright

from bench.project import INV, ROOT

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
            browser.close()


if __name__ == "__main__":
    main()
