"""What docs/notices.md gives a receiver to check signatures by: its commands and its Python, as they stand
there, against messages that arrived."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shepherd.act.webhook import keys_of
from tests.act.delivery import SECRET, send, settings_of
from tests.act.receiver import Received, receiving
from tests.guides import Block, blocks
from tests.inv import ROOT

PAGE = ROOT / "docs" / "notices.md"
MAKES, CHECKS = (each for each in blocks(PAGE) if "test_signature.py" in each.why_not)


def sh(folder: Path, block: Block, **environ: str) -> str:
    """Run it as it is pasted; what it prints."""
    done = subprocess.run(
        ["sh", "-eu", "-c", block.text],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """One that the page's command made."""
    sh(tmp_path, MAKES)
    file = tmp_path / "hook.secret"
    assert file.stat().st_mode & 0o777 == 0o600
    return file.read_text().strip()


def arrived(folder: Path, secret: str) -> Received:
    with receiving() as receiver:
        send(settings_of(folder, f"http://{receiver.place}/", secret))
        (received,) = receiver.received
        return received


def test_the_command_makes_a_secret_that_can_be_used(secret: str) -> None:
    (key,) = keys_of(secret)
    assert len(key) == 32


def test_openssl_finds_the_same_signature(tmp_path: Path, secret: str) -> None:
    received = arrived(tmp_path, secret)
    (tmp_path / "body.json").write_bytes(received.body)
    identity, timestamp = received.headers["webhook-id"], received.headers["webhook-timestamp"]
    found = sh(tmp_path, CHECKS, id=identity, timestamp=timestamp).strip()
    assert received.headers["webhook-signature"] == f"v1,{found}"
    assert sh(tmp_path, CHECKS, id=identity, timestamp="1").strip() != found


@pytest.fixture
def verified() -> Callable[[Any, bytes, str], bool]:
    """The function of the page."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(source, names)
    return names["verified"]  # type: ignore[no-any-return]


def test_the_function_takes_what_is_right_and_new_alone(
    tmp_path: Path, secret: str, verified: Callable[[Any, bytes, str], bool]
) -> None:
    received = arrived(tmp_path, f"{SECRET} {secret}")
    assert verified(received.headers, received.body, secret)
    assert verified(received.headers, received.body, SECRET)
    assert not verified(received.headers, received.body + b" ", secret)
    assert not verified(received.headers, received.body, "whsec_" + "A" * 43 + "=")
    old = dict(received.headers.items()) | {"webhook-timestamp": "1614265330"}
    assert not verified(old, received.body, secret)
