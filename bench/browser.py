"""The page of 5,000 landings in a browser, next to a plain table of the very same rows with a plain filter.

What is measured: from asking for the file until it is loaded, and from a key in the filter until the browser
has laid out what is left. Needs Debian's chromium.
"""

from __future__ import annotations

import re
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.page import snapshot
from bench.timing import TIMES, claim
from shepherd.situation import Situation
from shepherd.views.page import branch_page

SIZE = 5_000
KEYSTROKES = ("a", "an", "ann", "ann ", "ann l", "ann", "a", "", "h", "ha", "")

_PLAIN = """<!DOCTYPE html><meta charset=utf-8><title>plain</title><input name=person><table><tbody>
%s
</table><script>
const rows = [...document.querySelectorAll("tr")];
const texts = rows.map((row) => row.textContent.toLowerCase());
document.querySelector("input").addEventListener("input", (event) => rows.forEach((row, number) => {
  row.style.display = texts[number].includes(event.target.value.toLowerCase()) ? "" : "none";
}));
</script>"""

_LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
_TYPED = """(keys) => {
  const field = document.querySelector("[name=person]");
  field.focus();
  return keys.map((key) => {
    field.value = key;
    const before = performance.now();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.getBoundingClientRect();
    return performance.now() - before;
  });
}"""


def _measure(browser: Browser, path: Path) -> tuple[float, list[float]]:
    """Milliseconds to load, and of each keystroke."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri())
    loaded, typed = page.evaluate(_LOADED), page.evaluate(_TYPED, KEYSTROKES)
    page.close()
    return loaded, typed


def main() -> None:
    answer, now = snapshot(SIZE)
    text = branch_page(answer, Situation(now=now))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        ours, plain = Path(folder) / "ours.html", Path(folder) / "plain.html"
        ours.write_text(text)
        plain.write_text(_PLAIN % "\n".join(re.findall("<tr id=.*", text)))
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        taken = [[_measure(browser, path) for path in (ours, plain)] for _ in range(TIMES + 1)][1:]
        browser.close()
    load, load_plain = (statistics.median(each[which][0] for each in taken) / 1000 for which in (0, 1))
    keys, keys_plain = (
        [statistics.median(each[which][1][n] for each in taken) / 1000 for n in range(len(KEYSTROKES))]
        for which in (0, 1)
    )
    claim(f"browser: load of {SIZE:,} landings against a plain table", load, load_plain, 2)
    claim(
        f"browser: mean keystroke in {SIZE:,} landings against a plain table",
        statistics.mean(keys),
        statistics.mean(keys_plain),
        2,
    )
    claim("browser: slowest keystroke against 50 ms", max(keys), 0.05, 1)


if __name__ == "__main__":
    main()
