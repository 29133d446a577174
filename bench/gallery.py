"""`python -m bench.gallery FOLDER`: the pages that readers meet, drawn in every look, and checked.

The demo; production 50, 300 and 5,000 landings behind, which are three branches with an index; every caution;
what waits for checks and limits, and freezes.
At four widths, light and dark, at 200 %, without script, on paper. Each look is checked with axe-core, for
what it says to the console or asks of the network, for scrolling sideways, and for its height: what the
browser takes it for before everything has been drawn. `--vnu JAR` checks each page with the HTML validator.
The exit code is 1 if anything is found.

Needs Debian's chromium, and Java for the validator. `--repository` takes a git repository whose branch
`stable` has 5,001 landings or more; without it a history is made up.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec.structs import replace
from playwright.sync_api import Browser

from bench.history import words
from bench.project import INV, ROOT, Project
from shepherd.views.page import branch_page, index_page
from tests.real.browser import View, chromium, opened
from tests.test_cautions import CASES
from tests.views.condition_looks import LOOKS as LOOKS_OF_CONDITIONS

BEHIND = (50, 300, 5_000)
WIDTHS = (360, 768, 1280, 1920)
HALF = 640
"""What is left of 1280 pixels at 200 %."""
HEAVY = 300_000
"""Bytes of a page that axe-core takes minutes for: it is asked once, on a phone."""
TALLEST = 12_000
"""Pixels of a page that are drawn; of a higher one, its beginning."""
DIFFERENCE = 0.15
"""Of the height that a page is taken for, to the one that it has."""
UNKNOWN_TO_VNU = re.compile("Property “contain-intrinsic-height” doesn't exist")
"""CSS Box Sizing 4, in every browser since 2023; the validator's list of properties is older."""

Scheme = Literal["light", "dark"]


class Scene(NamedTuple):
    """One page."""

    name: str
    path: Path
    now: datetime | None = None
    """What the clock shows; None for the clock of the machine."""
    few: bool = False
    """It differs from another in a sentence and a colour: two looks show all there is."""


class Look(NamedTuple):
    """How a page is looked at."""

    name: str
    width: int
    scheme: Scheme = "light"
    script: bool = True


LOOKS = (
    *(Look(f"{width}-{scheme}", width, scheme) for width in WIDTHS for scheme in ("light", "dark")),
    Look("200-percent", HALF),
    Look("no-script", 1280, script=False),
    Look("no-script-360", 360, script=False),
)
FEW = (LOOKS[1], LOOKS[4])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("folder", type=Path, help="where the pages and pictures lie; emptied first")
    options.add_argument("--repository", type=Path, help="a git repository with a branch stable")
    options.add_argument("--vnu", type=Path, help="the validator's vnu.jar")
    given = options.parse_args()
    folder: Path = given.folder.absolute()
    folder.mkdir(parents=True)
    found = []
    every = list(scenes(folder, given.repository))
    with chromium() as browser:
        for scene in every:
            for look in FEW if scene.few else LOOKS:
                for finding in looked_at(browser, scene, look, folder):
                    found.append(f"{scene.name}, {look.name}: {finding}")
                    print(found[-1], flush=True)
            print(f"{scene.name}: {on_paper(browser, scene, folder)} pages on paper", flush=True)
    for finding in validated(given.vnu, every) if given.vnu else ():
        found.append(finding)
        print(finding, flush=True)
    print(f"{len(every)} pages, pictures in {folder}: {len(found) or 'no'} findings")
    sys.exit(1 if found else 0)


def scenes(folder: Path, repository: Path | None) -> Iterator[Scene]:
    demo = folder / "demo"
    subprocess.run([INV, "-r", ROOT, "demo", "--directory", demo], check=True, capture_output=True)
    for path in sorted((demo / "var" / "report").glob("*.html")):
        yield Scene(f"demo-{path.stem}", path)
    for path in sorted((behind(folder / "behind", repository) / "report").glob("*.html")):
        yield Scene(path.stem, path)
    links, feeds = [("All branches", "index.html")], [("JSON", "stable.json")]
    for name, (snapshot, situation, _) in CASES.items():
        path = folder / f"caution-{name}.html"
        path.write_text(branch_page(snapshot, situation, links, feeds))
        yield Scene(path.stem, path, situation.now, few=True)
    for name, (snapshot, situation) in LOOKS_OF_CONDITIONS.items():
        path = folder / f"condition-{name}.html"
        path.write_text(branch_page(snapshot, situation, links, feeds))
        yield Scene(path.stem, path, situation.now, few=True)
        index = folder / f"condition-{name}-index.html"
        index.write_text(index_page([snapshot, replace(snapshot, branch="next")], situation))
        yield Scene(index.stem, index, situation.now, few=True)


def behind(folder: Path, repository: Path | None) -> Path:
    """A state folder with a report on a branch for each of `BEHIND`."""
    project = Project(folder, BEHIND[-1] + 100, 1)
    if repository is not None:
        subprocess.run(["rm", "-r", project.repository], check=True)
        subprocess.run(["git", "clone", "-q", "--bare", repository, project.repository], check=True)
    for number in BEHIND:
        at = f"stable~{number}"
        subprocess.run(
            ["git", "update-ref", f"refs/heads/live-{number}", at], cwd=project.repository, check=True
        )
    messages = subprocess.run(
        ["git", "log", "--format=%B", "-n", "12000", "stable"],
        cwd=project.repository,
        check=True,
        capture_output=True,
        text=True,
        errors="replace",
    ).stdout
    lists = re.findall(r"\[bugs?=([0-9, ]+)\]", messages)
    named = {bug for each in lists for bug in re.findall("[0-9]+", each)}
    tags = {bug: {"tags": [f"qa-{word}" for word in said.words]} for bug, said in words(named).items()}
    (folder / "bugs.json").write_text(json.dumps({"bugs": tags}))
    branches = "".join(
        f'[branches.behind-{number}]\nrepository = "project.git"\nref = "stable"\n'
        f'deployed = {{ ref = "live-{number}" }}\n'
        for number in BEHIND
    )
    (folder / "shepherd.toml").write_text(
        f'{branches}[tracker]\ntype = "file"\npath = "bugs.json"\n'
        'bug_url = "https://bugs.example.org/{bug}"\n'
    )
    project.inv("find", "judge", "report")()
    return folder / "var"


def looked_at(browser: Browser, scene: Scene, look: Look, folder: Path) -> Iterator[str]:
    """Draw it, and say what is wrong with it."""
    with opened(
        browser, scene.path, now=scene.now, width=look.width, scheme=look.scheme, script=look.script
    ) as view:
        taken, height = heights(view)
        if abs(taken - height) > DIFFERENCE * height:
            yield f"taken for {taken} pixels high, and is {height}"
        view.page.screenshot(
            path=folder / f"{scene.name}-{look.name}.png",
            full_page=True,
            clip={"x": 0, "y": 0, "width": look.width, "height": min(height, TALLEST)},
        )
        view.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        if view.overflows:
            yield "has to be scrolled sideways"
        # axe-core is a script itself
        if look.script and (look is LOOKS[0] or scene.path.stat().st_size < HEAVY):
            yield from view.violations()
        yield from view.noise


def heights(view: View) -> tuple[int, int]:
    """In pixels: as the browser takes it, and with everything drawn."""
    taken = view.page.evaluate("document.documentElement.scrollHeight")
    view.page.evaluate(
        "document.querySelectorAll('.part').forEach(part => { part.style.contentVisibility = 'visible' })"
    )
    height = view.page.evaluate("document.documentElement.scrollHeight")
    view.page.evaluate(
        "document.querySelectorAll('.part').forEach(part => { part.style.contentVisibility = '' })"
    )
    return taken, height


def on_paper(browser: Browser, scene: Scene, folder: Path) -> int:
    """Print it; how many pages it has."""
    with opened(browser, scene.path, now=scene.now) as view:
        document = view.page.pdf(path=folder / f"{scene.name}.pdf", format="A4", prefer_css_page_size=False)
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", document))


def validated(vnu: Path, every: Sequence[Scene]) -> list[str]:
    """What the HTML validator has to say."""
    paths = [scene.path for scene in every]
    done = subprocess.run(["java", "-jar", vnu, "--format", "gnu", *paths], capture_output=True, text=True)
    return [line for line in done.stderr.splitlines() if not UNKNOWN_TO_VNU.search(line)]


if __name__ == "__main__":
    main()
