"""The page of 5,000 landings in a browser, next to a plain table of the very same rows with a plain filter.

What is measured: from asking for the file until something is drawn, and until it is loaded; and from a key in
the filter until the browser has laid out what is left. Of 20,000 landings the first key, a second after they
were loaded: a reader takes that long to find the field. Needs Debian's chromium.
"""

from __future__ import annotations

import re
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from bench.page import snapshot
from bench.timing import TIMES, claim
from shepherd.situation import Situation
from shepherd.views.page import branch_page

SIZE, LARGE = 5_000, 20_000
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

_DRAWN = """new Promise((drawn) => new PerformanceObserver((list) => {
  for (const entry of list.getEntriesByName("first-contentful-paint")) drawn(entry.startTime);
}).observe({ type: "paint", buffered: true }))"""
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
_ALL_FOUND = """(key) => new Promise((over) => {
  const field = document.querySelector("[name=person]");
  const before = performance.now();
  const look = () => /^[0-9]+ of [0-9]+ /.test(document.querySelector("#found").textContent)
    ? over(performance.now() - before) : setTimeout(look);
  field.value = key;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  look();
})"""
"""Until the tables below those that the reader sees have been compared, too."""


class Measured(NamedTuple):
    """Milliseconds."""

    drawn: float
    loaded: float
    typed: list[float]


def _measure(browser: Browser, path: Path, keys: Sequence[str], wait: int = 0) -> Measured:
    """One visit.

    Args:
        wait: milliseconds from loading to the first key.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri())
    drawn, loaded = page.evaluate(_DRAWN), page.evaluate(_LOADED)
    page.wait_for_timeout(wait)
    typed = page.evaluate(_TYPED, keys)
    page.close()
    return Measured(drawn, loaded, typed)


def _all_found(browser: Browser, path: Path) -> float:
    """Seconds from the first key until all landings have been compared."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri())
    page.wait_for_timeout(1000)
    milliseconds: float = page.evaluate(_ALL_FOUND, "a")
    page.close()
    return milliseconds / 1000


def _median(taken: Sequence[Measured], what: Callable[[Measured], float]) -> float:
    """In seconds."""
    return statistics.median(what(each) for each in taken) / 1000


def _written(folder: Path, size: int) -> tuple[Path, Path]:
    """Our page, and the plain table."""
    answer, now = snapshot(size)
    text = branch_page(answer, Situation(now=now))
    ours, plain = folder / f"ours-{size}.html", folder / f"plain-{size}.html"
    ours.write_text(text)
    plain.write_text(_PLAIN % "\n".join(re.findall("<tr id=.*", text)))
    return ours, plain


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages, (large, _) = _written(Path(folder), SIZE), _written(Path(folder), LARGE)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        rounds = [[_measure(browser, path, KEYSTROKES) for path in pages] for _ in range(TIMES + 1)][1:]
        first = [_measure(browser, large, ["a"], 1000) for _ in range(TIMES + 1)][1:]
        whole = [_all_found(browser, large) for _ in range(TIMES)]
        browser.close()
    ours, plain = ([each[which] for each in rounds] for which in (0, 1))
    drawn = [_median(taken, lambda each: each.drawn) for taken in (ours, plain)]
    loaded = [_median(taken, lambda each: each.loaded) for taken in (ours, plain)]
    claim(f"browser: first paint of {SIZE:,} landings against a plain table", drawn[0], drawn[1], 2)
    claim(f"browser: load of {SIZE:,} landings against a plain table", loaded[0], loaded[1], 2)
    keys, keys_plain = (
        [statistics.median(each.typed[n] for each in taken) / 1000 for n in range(len(KEYSTROKES))]
        for taken in (ours, plain)
    )
    claim(
        f"browser: mean keystroke in {SIZE:,} landings against a plain table",
        statistics.mean(keys),
        statistics.mean(keys_plain),
        2,
    )
    claim("browser: slowest keystroke against 50 ms", max(keys), 0.05, 1)
    key = _median(first, lambda each: each.typed[0])
    claim(f"browser: first key in {LARGE:,} landings against 200 ms", key, 0.2, 1)
    claim("browser: the same until all of them are compared, in slices", statistics.median(whole), 0.2, 2)


if __name__ == "__main__":
    main()
