"""Strict host keys against a real sshd: `fab` accepts what `ssh` accepts, and refuses what it refuses."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ops.deploy.host import SESSIONS, Host
from ops.deploy.openssh import HostError, route
from shepherd.settings import DeploySettings
from tests.ops.fake_host import key
from tests.real.site import open_folder
from tests.real.sshd import Sshd, account

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


class There(NamedTuple):
    """Two daemons: one that any login can use, one whose host key has a certificate."""

    folder: Path
    sshd: Sshd
    certified: Sshd
    authority: Path


@pytest.fixture(scope="module")
def there() -> Iterator[There]:
    with account() as user, open_folder() as folder:
        daemons = []
        authority = key(folder, name="authority")
        for name in ("plain", "certified"):
            own = folder / name
            own.mkdir()
            rsa = key(own, "rsa", "host_rsa")
            extra = f"HostKey {rsa}\n"
            if name == "certified":
                sign = [
                    "ssh-keygen",
                    "-q",
                    "-s",
                    str(authority),
                    "-I",
                    "qa",
                    "-h",
                    "-n",
                    "127.0.0.1,localhost",
                ]
                subprocess.run([*sign, str(own / "host_rsa.pub")], check=True, capture_output=True)
                extra += f"HostCertificate {own / 'host_rsa-cert.pub'}\n"
            daemons.append(Sshd(own, user, extra))
            daemons[-1].start()
        for name in ("ed25519", "rsa"):
            key(folder, name, f"other_{name}")
        try:
            plain, certified = daemons
            yield There(folder, plain, certified, authority)
        finally:
            for each in daemons:
                each.stop()


def config_of(folder: Path, sshd: Sshd, known_hosts: str, more: str = "") -> Path:
    """A configuration by which `ssh` and `fab` come to that daemon, without asking anybody."""
    (folder / "known_hosts").write_text(known_hosts, encoding="latin-1")
    config = folder / "config"
    config.write_text(
        f"{more}\nHost *\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {sshd.user.pw_name}\n"
        f"  IdentityFile {sshd.key}\n  IdentitiesOnly yes\n  IdentityAgent none\n  BatchMode yes\n"
        f"  StrictHostKeyChecking yes\n  UserKnownHostsFile {folder / 'known_hosts'}\n"
        "  GlobalKnownHostsFile none\n  UpdateHostKeys no\n  ControlPath none\n  ControlMaster no\n"
    )
    return config


def by_ssh(config: Path) -> tuple[bool, str]:
    done = subprocess.run(
        ["ssh", "-F", config, "qa1", "true"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    return done.returncode == 0, done.stderr


def by_us(config: Path) -> tuple[bool, str]:
    try:
        with Host(route("qa1", config=str(config)), DeploySettings(), {"allow_agent": False}).opened():
            return True, ""
    except HostError as error:
        return False, str(error)


KEYS = ("ed25519", "rsa", "other ed25519", "other rsa")
LINES = (
    "{at} {key}",
    "{at} {key} a comment",
    "{pattern} {key}",
    "* {key}",
    "!{at},* {key}",
    "{bare} {key}",
    "@revoked {at} {key}",
    "@revoked * {key}",
    "@revoked *.example.org {key}",
    "@cert-authority *.example.org {key}",
    "@cert-authority {at} {key}",
    "@nonsense {at} {key}",
    "localhost {key}",
    "{at} {key}!!!",
    "{at} ssh-ed25519",
    "{at}",
    "# {at} {key}",
    "\xff\x00 {key}",
)


def keys_of(there: There) -> dict[str, str]:
    files = {
        "ed25519": there.sshd.host_key,
        "rsa": there.sshd.folder / "host_rsa",
        "other ed25519": there.folder / "other_ed25519",
        "other rsa": there.folder / "other_rsa",
    }
    return {name: " ".join(Path(f"{file}.pub").read_text().split()[:2]) for name, file in files.items()}


numbers = count()


@given(
    lines=st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(KEYS)), max_size=5), hashed=st.booleans()
)
@example(
    lines=[("{at} {key}", "ed25519"), ("{at} {key}", "rsa"), ("@revoked {at} {key}", "ed25519")], hashed=False
)
@example(
    lines=[("{at} {key}", "other rsa"), ("{at} {key}", "rsa"), ("@revoked {at} {key}", "other rsa")],
    hashed=False,
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_of_known_hosts_is_read_as_ssh_reads_it(
    there: There, lines: list[tuple[str, str]], hashed: bool
) -> None:
    folder = there.folder / f"known-{next(numbers)}"
    folder.mkdir()
    keys, port = keys_of(there), there.sshd.port
    names = {"at": f"[127.0.0.1]:{port}", "bare": "127.0.0.1", "pattern": f"[127.0.?.*]:{port}"}
    config = config_of(
        folder, there.sshd, "".join(f"{line.format(key=keys[each], **names)}\n" for line, each in lines)
    )
    if hashed:
        subprocess.run(
            ["ssh-keygen", "-q", "-H", "-f", folder / "known_hosts"], capture_output=True, check=False
        )
    accepted, said = by_ssh(config)
    ours, sentence = by_us(config)
    assert ours == accepted, (said, sentence, (folder / "known_hosts").read_text("latin-1"))
    if not ours:
        alarm = "HAS CHANGED" in said or "REVOKED" in said
        # louder than ssh in one case: it knows keys of the host, but none of the type that is shown
        known = any(line in LINES[:4] for line, _ in lines)
        assert ("SOMEBODY MAY BE IN BETWEEN" in sentence) >= alarm
        assert ("SOMEBODY MAY BE IN BETWEEN" in sentence) <= (alarm or known), (said, sentence)
        assert sentence.isprintable()


def test_only_a_certificate_authority_vouches_for_it(there: There) -> None:
    """The one thing that ssh can and fab cannot: said in one sentence."""
    sshd, folder = there.certified, there.folder / "certificate"
    folder.mkdir()
    authority = there.authority.with_suffix(".pub").read_text()
    line = f"@cert-authority [127.0.0.1]:{sshd.port} {authority}"
    config = config_of(folder, sshd, line)
    assert by_ssh(config)[0]
    ours, sentence = by_us(config)
    assert (ours, "only a certificate authority vouches for its host key" in sentence) == (False, True), (
        sentence
    )
    assert f"ssh-keyscan -p {sshd.port} 127.0.0.1 >> {folder / 'known_hosts'}" in sentence
    assert by_us(config_of(folder, sshd, line + sshd.known()))[0], "the key itself will do"


def test_keys_revoked_in_a_list(there: There) -> None:
    folder = there.folder / "revoked"
    folder.mkdir()
    keys = keys_of(there)
    for name, accepted in (("ed25519", False), ("other rsa", True)):
        (folder / "list").write_text(f"{keys[name]}\n")
        more = f"RevokedHostKeys {folder / 'list'}"
        config = config_of(folder, there.sshd, there.sshd.known(), more)
        assert by_ssh(config)[0] == accepted
        ours, sentence = by_us(config)
        assert (ours, "ITS HOST KEY IS REVOKED" in sentence) == (accepted, not accepted)


def test_other_names_other_algorithms_and_no_jump(there: There) -> None:
    folder = there.folder / "names"
    folder.mkdir()
    keys = keys_of(there)
    for more, known in (
        ("HostKeyAlias production", f"production {keys['ed25519']}\n"),
        (
            "HostKeyAlgorithms rsa-sha2-256",
            there.sshd.known() + f"[127.0.0.1]:{there.sshd.port} {keys['rsa']}\n",
        ),
        ("HostKeyAlgorithms rsa-sha2-256", there.sshd.known()),
        ("ProxyJump none", there.sshd.known()),
        ("Match final all\n  HostKeyAlias late", f"late {keys['rsa']}\n"),
        ("ProxyCommand nc %h %p", there.sshd.known()),
        ("ProxyCommand /nonexistent/program", there.sshd.known()),
        ("ProxyCommand echo no ssh at all", there.sshd.known()),
    ):
        config = config_of(folder, there.sshd, known, more)
        assert by_us(config)[0] == by_ssh(config)[0], (more, by_us(config), by_ssh(config))
    complaint = by_us(config_of(folder, there.sshd, there.sshd.known(), "ProxyCommand echo WHY >&2; false"))[
        1
    ]
    assert "WHY" in complaint


def test_by_way_of_a_jump_host_whose_key_must_be_known(there: There) -> None:
    folder = there.folder / "jump"
    folder.mkdir()
    # else ssh asks for the certificate first, and calls what is behind that a change
    gate = f"Host gate\n  HostKeyAlgorithms ssh-ed25519\n  IdentityFile {there.certified.key}\n"
    jump = f"{gate}  Port {there.certified.port}\nHost qa1\n  ProxyJump gate\n"
    both = there.sshd.known() + there.certified.known()
    for known, accepted in ((both, True), (there.sshd.known(), False), (there.certified.known(), False)):
        config = config_of(folder, there.sshd, known, jump)
        assert by_ssh(config)[0] == accepted, by_ssh(config)
        assert by_us(config)[0] == accepted, by_us(config)


@pytest.mark.parametrize("allowed", [1, SESSIONS - 1, SESSIONS])
def test_as_many_sessions_as_a_deploy_needs(there: There, allowed: int, tmp_path: Path) -> None:
    folder = there.folder / f"sessions-{allowed}"
    folder.mkdir()
    sshd = Sshd(folder, there.sshd.user, f"MaxSessions {allowed}\n")
    sshd.start()
    try:
        config = config_of(folder, sshd, sshd.known())
        accepted, sentence = by_us(config)
        if allowed < SESSIONS:
            assert not accepted
            assert f"allows fewer than {SESSIONS} sessions" in sentence
            assert "MaxSessions" in sentence and "sshd_config" in sentence
            return
        deploy = DeploySettings(directory=f"shepherd-sessions-{os.getpid()}", python="/usr/bin/python3")
        with Host(route("qa1", config=str(config)), deploy, {"allow_agent": False}).opened() as host:
            host.ask("setup", settings="", dry=False)
            with host.holding(lambda line: None, who="olga"):
                for _ in range(20):
                    assert host.ask("probe")["set_up"]
            assert host.run(["rm", "-r", deploy.directory], print, 20.0) == 0
    finally:
        sshd.stop()
