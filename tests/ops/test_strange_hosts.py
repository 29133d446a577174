"""What a compromised host may send: one sentence, nothing that steers the terminal, no traceback, no hang."""

from __future__ import annotations

import json
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from ops.deploy import host as host_module
from ops.deploy import session
from ops.deploy.answers import ANSWERS, understood
from ops.deploy.host import RemoteError
from ops.deploy.openssh import HostError
from shepherd.errors import DEADLINE, ShepherdError
from tests.ops.fake_host import Says, fake_host, host_at, key, listening

STEERING = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202etxt\u2066\r\x08"
SETUP = b'= {"made": []}\n'
PROBE: dict[str, Any] = {
    "python": ["3.11.2", "/usr/bin/python3"],
    "machine": "x86_64",
    "libc": ["glibc", "2.36"],
    "system": "Linux",
    "now": 1e9,
    "free": 10,
    "root": "/home/x/shepherd",
    "set_up": True,
    "settings": True,
    "live": {"kind": "none", "id": "", "link": ""},
    "last_good": "",
    "releases": [{"id": "0001-a", "standing": "good", "bad": "", "at": 3, "python": ["3.11.2", "x"]}],
    "wheels": {},
    "bad_commit": "",
    "past": [{"at": "now", "who": ["a", {"b": None}]}],
}


def ask(folder: Path, says: Says, do: str = "setup", limit: float = 10.0) -> tuple[Any, list[str]]:
    """What came of a question, the answer or the sentence, and what was told meanwhile."""
    told: list[str] = []
    with fake_host(folder, says) as host, host.opened():
        try:
            return host.ask(do, say=told.append, limit=limit), told
        except ShepherdError as error:
            return error, told


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"Welcome to qa1\n",
        b"\x1b]0;qa1\x07",
        b"= Welcome =\n",
        b"= {",
        b'= {"made": 3}\n',
        b'= {"nested": ' + b"[" * 100_000 + b"\n",
        b"> ",
        b"\xff\xfe\x00\n",
        b"a" * 1_000_000 + b"\n",
        b"= {" * 300_000 + b"\n",
    ],
    ids=lambda noise: repr(noise[:20]),
)
def test_the_answer_is_found_whatever_the_shell_printed(tmp_path: Path, noise: bytes) -> None:
    # the agent begins with the end of a line
    answer, _ = ask(tmp_path, Says(noise + b"\n" + SETUP))
    assert answer == {"made": []}


@pytest.mark.parametrize(
    ("out", "words"),
    [
        (b"", "none came"),
        (b"Welcome to qa1\n", "its shell prints 'Welcome to qa1'"),
        (b"\x1b[2J" * 9 + b"\n", "its shell prints"),
        (b"= []\n", "its shell prints '= []'"),
        (b'= {"made": 3}\n', "Expected `array`, got `int`"),
        (b'= {"made": [{}]}\n', "Expected `str`, got `object`"),
        (b'= {"made": ["x"}\n', "JSON is malformed"),
        (b'= {"made": [], "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n", "nested too deeply"),
        (b'= {"made": [' + b"1" * 200_000 + b"]}\n", "Number out of range"),
        (b'= {"made": ["\xff\xfe"', "no answer to setup"),
        (b"x" * (session.LARGEST + 1), "answered by more than 4 MB"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_no_answer_that_can_be_understood_is_one_sentence(tmp_path: Path, out: bytes, words: str) -> None:
    error, told = ask(tmp_path, Says(out))
    assert isinstance(error, HostError)
    assert words in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 500
    assert told == []


def test_a_host_that_never_stops_is_left(tmp_path: Path) -> None:
    for name, says in (
        ("out", Says(b"> y\n" * 1000, again=True)),
        ("one line", Says(b"y" * 1000, again=True)),
        ("err", Says(err=b"y\n" * 1000, code=None, again=True)),
    ):
        tracemalloc.start()
        began = time.monotonic()
        error, told = ask(tmp_path / name, says, limit=2.0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert isinstance(error, HostError), name
        assert ("more than 4 MB" in str(error)) or error.code == DEADLINE
        assert time.monotonic() - began < 20, name
        # the lines that were told are kept by this test alone
        assert peak < 200_000_000, name
        assert len(told) <= session.LARGEST / 4


def test_a_host_that_drips_meets_the_limit(tmp_path: Path) -> None:
    began = time.monotonic()
    error, _ = ask(tmp_path, Says(b"x" * 1000, every=0.05), limit=1.0)
    assert isinstance(error, HostError)
    assert (error.code, time.monotonic() - began < 8) == (DEADLINE, True)


def test_whatever_it_says_commands_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steering = STEERING.encode()
    made = json.dumps({"made": [STEERING * 400]}).encode()
    answer, told = ask(tmp_path / "out", Says(b"> " + steering + b"\n= " + made + b"\n", err=steering))
    assert all(each.isprintable() for each in [*told, *answer["made"]])
    assert len(answer["made"][0]) <= 1200
    error, _ = ask(tmp_path / "err", Says(err=b"no " + steering * 400, code=5))
    assert isinstance(error, RemoteError)
    assert (error.code, str(error).isprintable(), len(str(error)) < 1300) == (5, True, True)
    with fake_host(tmp_path / "run", Says(steering + b"\n", err=steering + b"\n", code=4)) as host:
        lines: list[str] = []
        with host.opened():
            assert host.run(["inv"], lines.append, 10.0) == 4
        assert all(each.isprintable() for each in lines)
    out, err = capsys.readouterr()
    assert (out + err).replace("\n", "").isprintable()


@pytest.mark.parametrize("code", [9, 127, 255, 4_000_000_000])
def test_a_code_that_is_none_of_ours_is_an_unexpected_failure(tmp_path: Path, code: int) -> None:
    error, _ = ask(tmp_path / "ask", Says(SETUP, code=code))
    assert isinstance(error, RemoteError)
    assert error.code == 1
    with fake_host(tmp_path / "run", Says(code=code)) as host, host.opened():
        assert host.run(["inv"], print, 10.0) == 1


def test_a_lock_is_held_only_where_it_is_said(tmp_path: Path) -> None:
    with fake_host(tmp_path / "held", Says(b'= hello\n> left\n= {"held": true}\n')) as host:
        told: list[str] = []
        with host.opened(), host.holding(told.append, who="olga"):
            pass
        assert told == ["left"]
    with (
        fake_host(tmp_path / "noise", Says(b"= hello\n")) as host,
        host.opened(),
        pytest.raises(HostError, match="no answer to hold"),
        host.holding(print, who="olga"),
    ):
        raise AssertionError("nobody holds it")


def test_a_host_that_keeps_the_lock_is_waited_for_within_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_module, "ANSWER_LIMIT", 0.5)
    began = time.monotonic()
    with fake_host(tmp_path, Says(b'= {"held": true}\n', code=None)) as host, host.opened():
        with host.holding(print, who="olga"):
            pass
        assert time.monotonic() - began < 10


GREETINGS = {
    "nothing": b"",
    "garbage": bytes(range(256)) * 100,
    "no ssh": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "lines without end": b"welcome\r\n" * 100_000,
    "one line without end": b"x" * 3_000_000,
    "escapes": b"SSH-2.0-\x1b[2J\x1b]0;owned\x07\r\n" + b"\x00" * 100,
    "a packet of 4 GB": b"SSH-2.0-x\r\n" + b"\xff" * 100_000,
    "an empty packet": b"SSH-2.0-x\r\n" + b"\x00\x00\x00\x0c\x0a\x14" + b"\x00" * 100,
    "half of one": b"SSH-2.0-x\r\n\x00\x00\x00\x0c",
}


@pytest.mark.parametrize("what", GREETINGS)
@pytest.mark.parametrize("closes", [True, False])
def test_what_is_no_ssh_is_one_sentence(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    closes: bool,
) -> None:
    monkeypatch.setattr("ops.deploy.connection.CONNECT_LIMIT", 1)

    def serve(connection: Any) -> None:
        connection.sendall(GREETINGS[what])
        if closes:
            connection.shutdown(2)

    began = time.monotonic()
    with (
        listening(serve) as port,
        pytest.raises(HostError, match="no ssh connection as lpqateam") as error,
        host_at(tmp_path, port, key(tmp_path)).opened(),
    ):
        raise AssertionError("it is no host")
    assert str(error.value).isprintable()
    assert time.monotonic() - began < 15
    for thread in threading.enumerate():
        if "paramiko" in type(thread).__module__:
            thread.join(5)  # what it complains of, it does while it ends
    assert capfd.readouterr() == ("", "")


def test_an_honest_probe_is_understood_and_each_kind_of_nonsense_is_not() -> None:
    assert understood("probe", json.dumps(PROBE))["python"] == PROBE["python"]
    for name, value in (
        ("python", ["--index-url=http://x", "y"]),
        ("python", ["3.11.2\n--x", "y"]),
        ("python", []),
        ("libc", ["glibc", "x.y"]),
        ("libc", ["glibc", "9" * 5000 + ".1"]),
        ("now", 1e308),
        ("now", "1"),
        ("free", -1),
        ("free", 10**40),
        ("live", {"kind": "mine", "id": "", "link": ""}),
        ("releases", [{"id": 1, "standing": "", "bad": ""}]),
        ("releases", {}),
        ("wheels", {"a": []}),
        ("past", ["x"]),
        ("set_up", "no"),
        ("root", None),
    ):
        with pytest.raises(ValueError, match=r"."):
            understood("probe", json.dumps({**PROBE, name: value}))
    for name in PROBE.keys() - {"bad_commit"}:  # an older agent has none
        with pytest.raises(ValueError, match=name):
            understood("probe", json.dumps({key: PROBE[key] for key in PROBE if key != name}))


def test_each_question_has_its_answer() -> None:
    from ops.deploy.agent import COMMANDS

    assert set(ANSWERS) == set(COMMANDS)
