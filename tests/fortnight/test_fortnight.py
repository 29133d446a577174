"""A team's fortnight with checks, a limit, freezes and promote.auto: what page, mails, cron and commands say.

The text is kept in `transcript.txt`. After a change of a sentence: delete it, run this test twice, read it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fortnight.player import TRANSCRIPT, Player
from tests.running.smtp import serving


@pytest.mark.real
@pytest.mark.timeout(400)
def test_a_fortnight(tmp_path: Path) -> None:
    with serving() as server:
        told = "".join(Player(tmp_path, server).play())
    if not TRANSCRIPT.exists():
        TRANSCRIPT.write_text(told)
    assert told == TRANSCRIPT.read_text()
