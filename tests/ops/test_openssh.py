"""OpenSSH's files, read as OpenSSH reads them: what is resolved is what its own programs say."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from ops.deploy import openssh
from ops.deploy.openssh import HostError, KnownHosts, Route, is_revoked, known, operator, route, type_of
from shepherd.errors import SettingsError
from tests.ops.fake_host import key

HOME = operator().pw_dir

CONFIG = """
Match originalhost exec1 exec "test %n = exec1"
  Port 2201
Match originalhost exec1 exec "false"
  User never
Host alias
  HostName 10.0.0.9
  Port 2022
  User ann
  HostKeyAlias one-name
  UserKnownHostsFile ~/.ssh/kh.%h /tmp/with blank /tmp/%n.%r
  GlobalKnownHostsFile none
Host token
  HostName %h.example.org
  IdentityFile {folder}/%n-%h-%p-%r-%u
  IdentityFile {folder}/%%literal
  ProxyCommand nc -X 5 %h %p --for %r --as %n 100%%
Host quoted
  User "ann"
  UserKnownHostsFile "{folder}/a file"
Host !not.example.org *.example.org
  User pattern
Host jump
  ProxyJump bob@[::1]:2222,gate
Host none
  ProxyJump none
  UserKnownHostsFile none
Host nocommand
  ProxyCommand none
Match final host later
  HostKeyAlias at-the-end
Match host 10.0.0.9
  ConnectTimeout 7
Match user lpqateam
  IdentityFile {folder}/for-lpqateam
Host *
  ProxyJump none
  RevokedHostKeys {folder}/revoked
  HostKeyAlgorithms ssh-ed25519,rsa-sha2-512
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config"
    file.write_text(CONFIG.format(folder=tmp_path))
    me = operator().pw_name
    for name in (f"token-token.example.org-22-pattern-{me}", "%literal", "for-lpqateam"):
        (tmp_path / name).touch()
    return file


def resolved(config: Path, host: str) -> Route:
    return route(host, config=str(config))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (
            "exec1",
            {"port": 2201, "known_as": "[exec1]:2201", "user": operator().pw_name, "name": "exec1:2201"},
        ),
        (
            "alias",
            {
                **{"host": "10.0.0.9", "port": 2022, "user": "ann", "known_as": "one-name", "patience": 7},
                "known_hosts": (
                    *(Path(f"{HOME}/.ssh/kh.10.0.0.9"), Path("/tmp/with blank"), Path("/tmp/alias.ann")),
                ),
                "name": "alias:2022",
            },
        ),
        ("quoted", {"user": "ann"}),
        ("qa.example.org", {"user": "pattern"}),
        ("not.example.org", {"user": operator().pw_name}),
        (
            "none",
            {
                "proxy": "",
                "known_hosts": (Path("/etc/ssh/ssh_known_hosts"), Path("/etc/ssh/ssh_known_hosts2")),
            },
        ),
        ("nocommand", {"proxy": ""}),
        ("later", {"known_as": "at-the-end"}),
        (
            "other",
            {"proxy": "", "algorithms": ("ssh-ed25519", "rsa-sha2-512"), "known_as": "other", "patience": 0},
        ),
        ("OTHER", {"host": "other"}),
        ("::1", {"host": "::1", "known_as": "::1"}),
    ],
)
def test_what_the_configuration_says(config: Path, host: str, expected: dict[str, object]) -> None:
    found = resolved(config, host)._asdict()
    assert {name: found[name] for name in expected} == expected
    assert found["revoked"] == str(config.parent / "revoked")


def test_files_and_commands_have_their_tokens_filled(config: Path) -> None:
    found = resolved(config, "token")
    me = operator().pw_name
    folder = config.parent
    # `Match final` stands below: all is read once more, for token.example.org, which has a user
    assert found.identities == (f"{folder}/token-token.example.org-22-pattern-{me}", f"{folder}/%literal")
    assert found.proxy == "exec nc -X 5 token.example.org 22 --for pattern --as token 100%"


def test_what_is_given_wins(config: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("")
    given = route(
        "alias", config=str(config), user="lpqateam", port=2200, identities=[str(own)], known_hosts=own
    )
    assert (given.user, given.port, given.known_hosts) == ("lpqateam", 2200, (own,))
    assert given.identities == (str(own), str(tmp_path / "for-lpqateam"))
    assert given.command == "ssh -p 2200 lpqateam@alias true"


def test_a_jump_is_made_by_ssh_itself(config: Path) -> None:
    """What OpenSSH makes of ProxyJump: `ssh -W`, whose own hops have their own settings and host keys."""
    assert resolved(config, "jump").proxy == (
        f"exec ssh -oStrictHostKeyChecking=yes -F {config} -J 'bob@[::1]:2222' -W '[jump]:22' ssh://gate"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bogus yes", "Bad configuration option: bogus"),
        ("Port none", "port"),
        ("Match nonsense", "Match"),
        ("Host\n", "config"),
    ],
)
def test_a_configuration_that_is_none_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(SettingsError, match=words) as error:
        resolved(file, "qa1")
    assert str(error.value).isprintable()


def test_what_is_no_host_is_refused_by_ssh(tmp_path: Path) -> None:
    for host in ("-oProxyCommand=touch x", "a b", "a;b", "$(x)"):
        with pytest.raises(SettingsError, match="ssh cannot say how"):
            route(host, config="/dev/null")
    with pytest.raises(SettingsError, match=r"deploy\.known_hosts"):
        route("qa1", config="/dev/null", known_hosts=tmp_path / "missing")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(SettingsError, match=r"is not a file"):
        route("qa1", config="/dev/null", known_hosts=tmp_path / "fifo")


def test_without_openssh_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="ssh is not installed here"):
        route("qa1")
    slow = tmp_path / "ssh"
    slow.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(openssh, "LIMIT", 0.3)
    with pytest.raises(HostError, match="no answer within"):
        route("qa1")


def blob(public: str) -> bytes:
    """The key itself, of a line as in a `.pub` file."""
    found = openssh._key(public.split())
    assert found is not None
    return found


def test_each_line_that_ssh_keygen_finds_and_none_that_is_broken(tmp_path: Path) -> None:
    names = ("one", "two", "three", "revoked", "authority")
    keys = {each: key(tmp_path, name=each).with_suffix(".pub").read_text().strip() for each in names}
    blobs = {name: blob(text) for name, text in keys.items()}
    file = tmp_path / "known_hosts"
    file.write_text(
        f"# comment\n\n{'x' * 20_000}\nqa1\nqa1 ssh-ed25519\nqa1 ssh-ed25519 !!!\n"
        f"qa1 ssh-rsa {keys['one'].split()[1]}\n"
        f"qa1,qa2 {keys['one']} a comment\nqa* {keys['two']}\n!qa1,* {keys['three']}\n"
        f"@revoked qa1 {keys['revoked']}\n@cert-authority *.example.org {keys['authority']}\n"
        f"@nonsense qa1 {keys['three']}\n\xff\xfe {keys['three']}\n",
        encoding="latin-1",
    )
    assert known("qa1", [file]) == KnownHosts(
        (blobs["one"], blobs["two"]), frozenset({blobs["revoked"]}), certified=False
    )
    assert known("qa2", [file]).keys == (blobs["one"], blobs["two"], blobs["three"])
    assert known("x.example.org", [file]).certified
    # what cannot be read is no file of known hosts, as for ssh
    os.mkfifo(tmp_path / "fifo")
    assert known("qa1", [tmp_path / "fifo", tmp_path / "missing", tmp_path, Path("/dev/null")]).keys == ()


def test_hashed_names(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    text = key(tmp_path).with_suffix(".pub").read_text()
    file.write_text(f"[qa1]:2222 {text}qa2 {text}")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    assert "qa1" not in file.read_text()
    for name, expected in (("[qa1]:2222", 1), ("qa1", 0), ("qa2", 1)):
        found = known(name, [file]).keys
        assert [type_of(each) for each in found] == ["ssh-ed25519"] * expected


def test_revoked_keys_in_a_list_of_either_kind(tmp_path: Path) -> None:
    bad, good = (key(tmp_path, name=each).with_suffix(".pub") for each in ("bad", "good"))
    public = good.read_text()
    revocations = tmp_path / "krl"
    subprocess.run(["ssh-keygen", "-q", "-k", "-f", revocations, bad], check=True)
    lines = tmp_path / "lines"
    lines.write_text(f"# stolen\n\n{bad.read_text()}")
    for file in (revocations, lines):
        assert is_revoked(str(file), bad.read_text())
        assert not is_revoked(str(file), public)
    garbage = tmp_path / "garbage"
    garbage.write_bytes(bytes(range(256)))
    for unreadable in (garbage, tmp_path / "missing", tmp_path):
        assert is_revoked(str(unreadable), public), "as with ssh: what cannot be read forbids each"


def test_local_names_are_those_of_this_machine(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("ProxyCommand x %L %l %d %i %k")
    here = socket.gethostname()
    proxy = f"exec x {here.partition('.')[0]} {here} {HOME} {os.getuid()} qa1"
    assert resolved(file, "qa1").proxy == proxy
