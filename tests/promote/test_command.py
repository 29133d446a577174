"""`inv promote` as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.inv import inv
from tests.promoting import ready, released

pytestmark = pytest.mark.real


class TestCommand:
    """As people call it."""

    def test_plan_and_result_are_printed(self, tmp_path: Path) -> None:
        ready(tmp_path)
        done = inv(tmp_path, "promote", "--reason", "friday")
        assert done.code == 0, done.err
        assert done.out.startswith("stable: promoting r3 (")
        assert "  why: friday\n" in done.out and done.out.endswith("stable: promoted r3\n")
        assert max(map(len, done.out.splitlines())) <= 80
        status = inv(tmp_path, "status").out
        assert "promoted: r3 by tester on" in status and "production runs r1" in status
        history = inv(tmp_path, "history").out
        assert "promoted from r1 to r3, by tester: friday" in history
        told = inv(tmp_path, "history", "--rev", "r2").out
        assert "was promoted, with r3, by tester" in told
        log = (tmp_path / "var" / "log" / "shepherd.log").read_text()
        assert "what=promote" in log and " gap=0." in log

    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            (["--to", "r4"], 8, "r4 may not go to production"),
            (["--to", "r9"], 2, "r9 is not a landing of stable that was read"),
            (["--despite", "x"], 2, "--despite goes with --to REV"),
            (["--to", "r3", "--despite", " "], 2, "a reason is needed"),
            (["--to", "rubbish!"], 2, "rubbish!"),
        ],
    )
    def test_refusals(self, tmp_path: Path, words: list[str], code: int, told: str) -> None:
        project, ids = ready(tmp_path)
        done = inv(tmp_path, "promote", *words)
        assert (done.code, told in done.err) == (code, True), done.err
        assert released(project) == ids[0]

    def test_json(self, tmp_path: Path) -> None:
        ready(tmp_path)
        said = json.loads(inv(tmp_path, "promote", "--json", "--dry-run").out)
        assert (said["result"], said["plan"]["from"]["revno"], said["plan"]["to"]["revno"]) == (
            "would be promoted",
            1,
            3,
        )
        assert json.loads(inv(tmp_path, "promote", "--json").out)["result"] == "promoted"
        assert json.loads(inv(tmp_path, "promote", "--json").out)["result"] == "nothing to do"
