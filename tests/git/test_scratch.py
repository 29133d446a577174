"""Temporary folders: where they lie, that they go, and that those of killed processes go, too."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import SourceError
from shepherd.git.scratch import scratch


def test_it_is_gone_at_the_end_with_all_that_was_made_for_it(tmp_path: Path) -> None:
    place = tmp_path / "var" / "run"
    with scratch(str(place)) as folder:
        assert folder.parent == place and folder.stat().st_mode & 0o777 == 0o700
        (folder / "in").mkdir()
        (folder / "in" / "it").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_or_came_meanwhile_stays(tmp_path: Path) -> None:
    with scratch(str(tmp_path / "var" / "run")):
        (tmp_path / "var" / "shepherd.db").write_text("x")
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["shepherd.db"]


def test_two_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    with scratch(str(tmp_path)) as one:
        with scratch(str(tmp_path)) as other:
            assert one != other and one.is_dir()
        assert one.is_dir() and not other.exists()


def test_one_that_another_process_clears_away_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tempfile.mkdtemp
    made: list[str] = []

    def cleared(*args: Any, **kwargs: Any) -> str:
        made.append(real(*args, **kwargs))
        if len(made) == 1:
            Path(made[0]).rmdir()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", cleared)
    with scratch(str(tmp_path)) as folder:
        assert folder.is_dir() and len(made) == 2
    assert list(tmp_path.iterdir()) == []


def test_the_next_one_clears_away_what_a_killed_process_left(tmp_path: Path) -> None:
    script = (
        "import sys; from shepherd.git.scratch import scratch\n"
        "with scratch(sys.argv[1]) as folder: print(folder, flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    left = Path(child.stdout.readline().strip())
    with scratch(str(tmp_path)):
        assert left.is_dir(), "it lives"
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert left.is_dir()
    (tmp_path / "scratch-file").write_text("no folder of ours")
    with scratch(str(tmp_path)):
        assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["scratch-file"]


def test_no_place_for_it_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(SourceError, match="run cannot hold temporary files"), scratch(str(tmp_path / "run")):
        pass
