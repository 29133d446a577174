"""The page in a real browser: it stands without script and network, and says nothing to the console."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.inv import inv

pytestmark = pytest.mark.real

CHROMIUM = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def test_the_demo_in_chromium(tmp_path: Path) -> None:
    assert inv(tmp_path, "demo", "--directory", str(tmp_path / "demo")).code == 0
    for name in ("stable.html", "index.html"):
        page = tmp_path / "demo" / "var" / "report" / name
        done = subprocess.run(
            [
                *CHROMIUM,
                f"--user-data-dir={tmp_path / name}.profile",
                "--enable-logging=stderr",
                "--dump-dom",
                page.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        assert "deploy r28" in done.stdout.replace("\n", " ")
        assert "CONSOLE" not in done.stderr, done.stderr
        assert "Refused to" not in done.stderr, done.stderr
