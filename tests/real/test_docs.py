"""Every block of commands of the guides is run, in the order of its guide, where the guide says.

Each starts on a host that the operator's first day has set up.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guides import FILES, Block, blocks
from tests.inv import ROOT
from tests.real.hosts import Hosts, hosts

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

FIRST_DAY = ROOT / "docs" / "operator-first-day.md"
"""The page after whose blocks a shepherd runs."""
GUIDES = [file for file in FILES if any(block.place for block in blocks(file))]


@pytest.fixture
def machines() -> Iterator[Hosts]:
    # not in /tmp, which the machines have one of their own of
    folder = Path(tempfile.mkdtemp(prefix="shepherd-docs-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        with hosts(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda file: file.stem)
def test_what_a_guide_says_works(machines: Hosts, guide: Path) -> None:
    for block in blocks(FIRST_DAY):
        run(machines, block)
    assert machines.deployed()
    run(machines, Block(guide, 0, "set-up", ".venv/bin/inv run", "host"))
    for block in blocks(guide) if guide != FIRST_DAY else ():
        run(machines, block)


def run(machines: Hosts, block: Block) -> None:
    if not block.place:
        return
    done = machines.run(block.place, block.text)
    if done.code not in block.codes:
        pytest.fail(
            f"{block.where} ({block.heading}), run as {block.place}, ended with {done.code}:\n{block.text}\n"
            f"--- output\n{done.out[-3000:]}\n--- errors\n{done.err[-3000:]}",
            pytrace=False,
        )
