"""`inv notify --test NAME` says whether a place can be told; `inv doctor`, what it can without that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.act.delivery import SECRET, private, settings_of
from tests.act.receiver import Behaviour, closed_port, receiving
from tests.inv import ROOT, Done, inv_here

TOKEN = "3ccdd113474722377935511fc85d3dd4"


def tried(folder: Path, *more: str) -> Done:
    return inv_here(folder, "notify", "--test", "team", *more)


@pytest.mark.parametrize(
    ("url", "secret", "way"),
    [
        ("http://HERE/hooks/qa", SECRET, "a webhook, signed"),
        ("http://HERE/hooks/qa", "", "a webhook, not signed"),
        (f"mmost://HERE/{TOKEN}", "", "Mattermost"),
    ],
)
def test_a_test_that_is_taken(tmp_path: Path, url: str, secret: str, way: str) -> None:
    with receiving() as receiver:
        settings_of(tmp_path, url.replace("HERE", receiver.place), secret)
        for sends_nothing in ("--dry-run", "--preview"):
            assert tried(tmp_path, sends_nothing) == Done(0, f"a test would go to team ({way})\n", "")
        assert receiver.received == []
        assert tried(tmp_path) == Done(0, f"a test went to team ({way}): it was taken\n", "")
        (received,) = receiver.received
    document = json.loads(received.body)
    assert "This is a test of QA Shepherd: nothing happened." in document["text"]
    assert document.get("test", True) is True
    # it counts for nothing: there is no state_dir, even
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (
            Behaviour(status=404),
            "it answered 404: there is no such place; make a new address there",
        ),
        (Behaviour(status=429), "it answered 429: too many messages\n"),
        (Behaviour("reset"), "so whether the message was taken is not known\n"),
    ],
)
def test_a_test_that_is_not(tmp_path: Path, behaviour: Behaviour, said: str) -> None:
    with receiving() as receiver:
        receiver.behaviour = behaviour
        settings_of(tmp_path, f"http://{receiver.place}/t0ken")
        done = tried(tmp_path)
    assert done.code == 7
    assert said in done.err
    # no run knows of a test
    assert "next run" not in done.err
    assert "t0ken" not in done.err


def test_there_is_no_such_place(tmp_path: Path) -> None:
    settings_of(tmp_path, "https://example.org/")
    done = inv_here(tmp_path, "notify", "--test", "taem")
    assert (done.code, done.err) == (2, "there is no [[notify]] of the name 'taem'; there are: team\n")


def doctor(folder: Path) -> list[dict[str, str]]:
    done = inv_here(folder, "doctor", "--only", "notify,secrets", "--json", "--offline")
    return [each for each in json.loads(done.out)["checks"] if each["name"].startswith(("notify", "secrets"))]


def test_doctor_names_the_service(tmp_path: Path) -> None:
    settings_of(tmp_path, f"mmosts://chat.example.org/{TOKEN}")
    secrets, place = doctor(tmp_path)
    assert secrets["what"] == "the settings name none but those of [[notify]]"
    assert place == {
        "level": "ok",
        "name": "notify team",
        "what": "Mattermost; inv notify --test team sends a message",
        "remedy": "",
    }


@pytest.mark.parametrize(
    "url", ["mmost://chat.example.org/TOKEN", "mmosts://chat.example.org/TOKEN?verify=no"]
)
def test_doctor_warns_of_an_open_way(tmp_path: Path, url: str) -> None:
    settings_of(tmp_path, url.replace("TOKEN", TOKEN))
    _, place = doctor(tmp_path)
    assert place["level"] == "warn"
    assert place["what"] == "Mattermost: everybody on the way can read and change what it is told"


@pytest.mark.parametrize(
    ("url", "mode", "said"),
    [
        ("https://example.org/", 0o644, "is open to others; run chmod 600"),
        ("unheard-of://x", 0o600, "does not hold an address that apprise knows"),
        ("http://example.org/", 0o600, "write https://"),
    ],
)
def test_doctor_says_what_is_wrong(tmp_path: Path, url: str, mode: int, said: str) -> None:
    settings_of(tmp_path, url)
    (tmp_path / "team.url").chmod(mode)
    _, place = doctor(tmp_path)
    assert place["level"] == "fail"
    assert said in place["what"]


def test_doctor_looks_at_each_place(tmp_path: Path) -> None:
    more = '[[notify]]\nname = "hook"\nurl_file = "hook.url"\nsecret_file = "hook.secret"\n'
    settings_of(tmp_path, f"mmosts://chat.example.org/{TOKEN}", more=more)
    private(tmp_path / "hook.url", f"http://{closed_port()}/")
    private(tmp_path / "hook.secret", "hunter2")
    _, first, second = doctor(tmp_path)
    assert (first["level"], second["level"], second["name"]) == ("ok", "fail", "notify hook")
    assert "make one with" in second["what"]


def test_doctor_of_a_team_without_places(tmp_path: Path) -> None:
    settings_of(tmp_path, "x")
    file = tmp_path / "shepherd.toml"
    file.write_text(file.read_text().partition("[[notify]]")[0])
    secrets, places = doctor(tmp_path)
    assert secrets["what"] == "the settings name none"
    assert places["what"] == "no [[notify]] in the settings: no chat is told anything"


_ALONE = """
import sys
from pathlib import Path
from shepherd.act.notice import deliver
from shepherd.settings import read
from tests.act.delivery import NOTICE

settings = read(Path(sys.argv[1]))
deliver(NOTICE, settings.notify[0], settings)
print(sorted({"apprise", "requests", "urllib3"} & {*sys.modules}))
"""


def test_a_webhook_needs_no_extra(tmp_path: Path) -> None:
    with receiving() as receiver:
        settings_of(tmp_path, f"http://{receiver.place}/", SECRET)
        command = [sys.executable, "-c", _ALONE, str(tmp_path / "shepherd.toml")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n"
        assert len(receiver.received) == 1
