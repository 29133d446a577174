"""The script of docs/github.md that renews the token of a GitHub App, as it stands there."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.guides import blocks
from tests.inv import ROOT
from tests.trackers.faulty import FaultyHandler, FaultyServer, at_work

pytestmark = pytest.mark.real

TOKEN = "ghs_4711_eyJhbGciOiJSUzI1NiJ9"
OLD = "ghs_old"


class Apps(FaultyServer):
    """Answers as `POST /app/installations/{installation_id}/access_tokens` is described in npm
    @octokit/openapi: 201 with `token` and `expires_at`."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.asked: list[str] = []
        self.words: list[str] = []
        """What each request bore to say who asks."""
        self.status = 201
        self.body: Any = {"token": TOKEN, "expires_at": "2026-11-29T09:00:00Z"}
        self.location = ""

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(FaultyHandler):
    server: Apps

    def _attend(self) -> None:
        apps = self.server
        apps.asked.append(f"{self.command} {self.path}")
        apps.words.append(self.headers.get("Authorization", ""))
        body = json.dumps(apps.body).encode()
        self.send_response_only(apps.status)
        if apps.location:
            self.send_header("Location", apps.location)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def apps() -> Iterator[Apps]:
    with at_work(Apps()) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the script, a key and an old token that others may read."""
    (script,) = blocks(ROOT / "docs" / "github.md", "python")
    (tmp_path / "github-app-token").write_text(script.text + "\n")
    subprocess.run(
        ["openssl", "genrsa", "-out", tmp_path / "app.pem", "2048"], check=True, capture_output=True
    )
    (tmp_path / "github-token").write_text(f"{OLD}\n")
    (tmp_path / "github-token").chmod(0o644)
    return tmp_path


def renew(folder: Path, apps: Apps) -> subprocess.CompletedProcess[str]:
    """As the guide's line of cron does."""
    (line,) = (each.text for each in blocks(ROOT / "docs" / "github.md", "text") if "app.pem" in each.text)
    words = line.partition("&& python3 ")[2].split()
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "GITHUB_API": apps.root},
        capture_output=True,
        text=True,
    )


def test_the_new_token_takes_the_place_of_the_old_one(folder: Path, apps: Apps) -> None:
    done = renew(folder, apps)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert apps.asked == ["POST /app/installations/4711/access_tokens"]
    assert (folder / "github-token").read_text() == f"{TOKEN}\n"
    assert stat.S_IMODE((folder / "github-token").stat().st_mode) == 0o600
    assert {path.name for path in folder.iterdir()} == {"github-app-token", "app.pem", "github-token"}


def test_it_says_who_asks_as_github_wants_it(folder: Path, apps: Apps) -> None:
    """RS256 by the App's key, `iat` a minute ago, `exp` ten minutes ahead at most, `iss` the App (GitHub's
    documentation, "Generating a JSON Web Token (JWT) for a GitHub App")."""
    renew(folder, apps)
    kind, _, word = apps.words[0].partition(" ")
    head, claims, signature = word.split(".")
    assert kind == "Bearer"
    assert json.loads(_decoded(head)) == {"alg": "RS256", "typ": "JWT"}
    said, now = json.loads(_decoded(claims)), time.time()
    assert said["iss"] == "Iv23abc"
    assert said["iat"] <= now - 30 and now < said["exp"] <= now + 600
    (folder / "signature").write_bytes(_decoded(signature))
    public = ["openssl", "rsa", "-in", "app.pem", "-pubout", "-out", "public.pem"]
    subprocess.run(public, cwd=folder, check=True, capture_output=True)
    verify = ["openssl", "dgst", "-sha256", "-verify", "public.pem", "-signature", "signature"]
    subprocess.run(verify, cwd=folder, check=True, capture_output=True, input=f"{head}.{claims}".encode())


@pytest.mark.parametrize(("status", "body"), [(401, {"message": "Bad"}), (500, {}), (201, {}), (201, [])])
def test_without_a_new_token_the_old_one_stays(folder: Path, apps: Apps, status: int, body: object) -> None:
    apps.status, apps.body = status, body
    done = renew(folder, apps)
    assert done.returncode == 1
    assert done.stderr.startswith("github-app-token: no new token (") and done.stderr.count("\n") == 1
    assert (folder / "github-token").read_text() == f"{OLD}\n"


def test_without_a_key_that_can_be_used_the_old_one_stays(folder: Path, apps: Apps) -> None:
    (folder / "app.pem").write_text("no key\n")
    done = renew(folder, apps)
    assert done.returncode == 1
    assert "github-app-token: no new token (" in done.stderr and "Traceback" not in done.stderr
    assert not apps.asked
    assert (folder / "github-token").read_text() == f"{OLD}\n"


def test_the_word_of_the_key_goes_to_no_other_host(folder: Path, apps: Apps) -> None:
    with at_work(Apps()) as other:
        apps.status, apps.location = 307, f"{other.root}/app/installations/4711/access_tokens"
        assert renew(folder, apps).returncode == 1
        assert not other.asked


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
