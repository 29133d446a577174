"""Credentials for Launchpad: they are used, go to no other host, and are left nowhere."""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from shepherd.errors import SettingsError, TrackerError
from shepherd.settings import Settings
from shepherd.trackers import open_tracker
from shepherd.words import ItemTags
from tests.running.host import Host
from tests.trackers.conftest import Ask
from tests.trackers.launchpad_kit import failure
from tests.trackers.launchpad_server import Bug, Server, credentials

pytestmark = pytest.mark.usefixtures("hasty")


def test_a_redirect_is_followed(ask: Ask, lp: Server) -> None:
    lp.bugs[1], lp.bugs[2] = Bug(["qa-bad"]), Bug(["qa-bad", "bad-commit-7"])
    lp.elsewhere = f"{lp.root}1.0/bugs/2"
    lp.fail("redirect", on="/bugs/1")
    assert open_tracker(ask()).read(["1"], []).items == {"1": ItemTags(("bad",), (7,))}


def test_a_redirect_is_followed_once(token: Settings, lp: Server) -> None:
    lp.elsewhere = f"{lp.root}1.0/launchpad?ws.op=searchTasks"
    lp.fail("redirect", on="searchTasks", times=99)
    assert "answered 302: a second redirect in a row, which is not followed" in failure(token)
    assert lp.count("searchTasks") == 2


@pytest.mark.parametrize("location", ["HERE/1.0/~ann", "/1.0/~ann", "../~ann"])
def test_whom_a_token_belongs_to_is_where_a_303_refers_to(token: Settings, lp: Server, location: str) -> None:
    """Launchpad answers so to people/+me; it is not followed."""
    lp.fail(303, on="+me", headers={"Location": location.replace("HERE", lp.root.rstrip("/"))})
    assert open_tracker(token).probe().endswith(", as ~ann")
    assert not lp.count("~ann")


def test_one_that_refers_elsewhere_is_refused_at_once(token: Settings, lp: Server) -> None:
    lp.fail(303, on="+me", times=99, headers={"Location": "https://launchpad.example.org/1.0/~ann"})
    with pytest.raises(TrackerError, match="another host"):
        open_tracker(token).probe()
    assert lp.count("+me") == 1


class Thief(HTTPServer):
    """Another host, which would like to have the token."""

    heard: list[str]


@pytest.fixture
def thief() -> Iterator[Thief]:
    class Ear(BaseHTTPRequestHandler):
        server: Thief

        def do_GET(self) -> None:
            self.server.heard.append(str(self.headers))
            self.send_response(404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with Thief(("127.0.0.1", 0), Ear) as server:
        server.heard = []
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("what", ["redirect", "next"])
def test_the_token_goes_to_no_other_host(token: Settings, lp: Server, thief: Thief, what: str) -> None:
    lp.elsewhere = f"http://127.0.0.1:{thief.server_address[1]}/1.0/"
    if what == "redirect":
        lp.fail("redirect", on="searchTasks", times=99)
        assert "another host" in failure(token)
    else:
        lp.pages = json.dumps({"entries": [], "next_collection_link": lp.elsewhere}).encode()
        failure(token)
    assert thief.heard == []
    assert all('oauth_token="its-token"' in each for each in lp.authorizations)


@pytest.mark.parametrize("way", ["file", "env"])
def test_credentials_are_used(
    ask: Ask, lp: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    lp.token, lp.sees_private = "its-token", True
    lp.bugs[1] = Bug(["qa-ok"], private=True)
    path = tmp_path / "token"
    path.write_text(credentials())
    path.chmod(0o600)
    monkeypatch.setenv("LP_TOKEN", credentials())
    settings = ask(credentials_file="token") if way == "file" else ask(credentials_env="LP_TOKEN")
    assert open_tracker(settings).read(["1"], []).items == {"1": ItemTags(("ok",))}


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        (credentials(), 0o644, "is open to others; run chmod 600 "),
        ("", 0o600, "does not hold text"),
        ("its-secret", 0o600, "are not credentials as launchpadlib saves them"),
        ("[1]\nconsumer_key = its-secret\n", 0o600, "are not credentials"),
        ("[1]\x00its-secret", 0o600, "does not hold text"),
    ],
)
def test_credentials_that_cannot_be_used(ask: Ask, tmp_path: Path, text: str, mode: int, says: str) -> None:
    (tmp_path / "token").write_text(text)
    (tmp_path / "token").chmod(mode)
    with pytest.raises(SettingsError, match=says) as caught:
        open_tracker(ask(credentials_file="token")).read([], [])
    assert "its-secret" not in str(caught.value)
    assert "its-secret" not in "".join(traceback.format_exception(caught.value))


def test_nothing_private_is_left_anywhere(tmp_path: Path, lp: Server) -> None:
    """Through the whole tool, with a token that sees private bugs: neither their titles nor the token."""
    path = tmp_path / "token"
    path.write_text(credentials())
    path.chmod(0o600)
    lp.token, lp.sees_private = "its-token", True
    host = Host(
        tmp_path,
        tracker=f'type = "launchpad"\nproject = "launchpad"\nservice_root = "{lp.root}"\n'
        f'credentials_file = "{path}"',
    )
    lp.bugs[2] = Bug(["qa-bad", "bad-commit-2"], private=True, title="How to break in")
    told = "".join(host.inv("run")[1:])
    for what in (401, "html", "redirect"):
        lp.fail(what, on="searchTasks", times=99)
        code, *texts = host.inv("run")
        assert code == 5
        told += "".join(texts)
        lp.repair()
    told += "".join(host.inv("status", "--json")[1:]) + "".join(host.inv("explain", "bug:2")[1:])
    for folder, _, names in os.walk(host.state):
        told += "".join(Path(folder, name).read_bytes().decode("latin-1") for name in names)
    assert not re.search(r"break in|its-token|its-secret|oauth_token", told)
