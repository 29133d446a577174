"""What OpenSSH says when it does not get through, cause and remedy
(docs/operator-first-day.md#the-git-server)."""

from __future__ import annotations

import pytest

from shepherd.login import user_name
from shepherd.ssh_failures import Server, server_of, ssh_failure

HOST = Server("git.example.org", 2222)
FINGERPRINT = "SHA256:iFB6Vm/Y9CvjZ1k4weXrOVSb3netvXRCQ0jdLaVO5hc"
UNVERIFIED = "Host key verification failed.\r\n"
READ = (
    "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n"
)


def changed(file: str, name: str = "[git.example.org]:2222") -> str:
    return (
        "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n"
        "IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r\n"
        f"The fingerprint for the ED25519 key sent by the remote host is\n{FINGERPRINT}.\n"
        f"Offending ED25519 key in {file}:7\r\n"
        f"Host key for {name} has changed and you have requested strict checking.\r\n{UNVERIFIED}"
    )


@pytest.mark.parametrize(
    ("errors", "cause", "remedy"),
    [
        (
            UNVERIFIED,
            "the host key of [git.example.org]:2222 is not known to ",
            "ssh-keyscan -p 2222 git.example.org >> ~/.ssh/known_hosts",
        ),
        (
            "No ED25519 host key is known for [alias.example.org]:77 and you have requested strict checking."
            f"\r\n{UNVERIFIED}",
            "the host key of [alias.example.org]:77 is not known",
            "ssh-keyscan -p 77 alias.example.org >> ~/.ssh/known_hosts",
        ),
        (
            changed("/home/qa/.ssh/known_hosts"),
            f"THE HOST KEY OF [git.example.org]:2222 HAS CHANGED: somebody may be intercepting the connection"
            f" (it shows {FINGERPRINT})",
            "ssh-keygen -R '[git.example.org]:2222'; ssh-keyscan -p 2222 git.example.org >> ~/.ssh/known_",
        ),
        (
            changed("/etc/ssh/ssh known_hosts", "git.example.org"),
            "THE HOST KEY OF git.example.org HAS CHANGED",
            "as root: ssh-keygen -f '/etc/ssh/ssh known_hosts' -R git.example.org;"
            " ssh-keyscan git.example.org >> '/etc/ssh/ssh known_hosts'",
        ),
        (
            "@       WARNING: REVOKED HOST KEY DETECTED!               @\r\n"
            f"The ED25519 host key for git.example.org is marked as revoked.\r\n{UNVERIFIED}",
            "IS REVOKED",
            "by telephone",
        ),
        (
            "git@git.example.org: Permission denied (publickey).\r\n",
            "git.example.org does not let",
            "ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519; cat ~/.ssh/id_ed25519.pub; have the admin",
        ),
        # OpenSSH 7.4 and older
        (
            "Permission denied (publickey,gssapi-keyex,gssapi-with-mic,password).\r\n",
            "does not let",
            "cat ~/.ssh/id_ed25519.pub",
        ),
        (
            "Permissions 0644 for '/home/qa/.ssh/id_ed25519' are too open.\r\n"
            'Load key "/home/qa/.ssh/id_ed25519": bad permissions\r\n'
            "git@git.example.org: Permission denied (publickey).\r\n",
            "ssh ignores the key /home/qa/.ssh/id_ed25519",
            "chmod 600 /home/qa/.ssh/id_ed25519",
        ),
        (
            "Bad owner or permissions on /home/qa/.ssh/config\r\n",
            "ssh does not start",
            "chmod 600 /home/qa/.ssh/config",
        ),
        (
            "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\r\n",
            "before the right key is tried",
            "IdentitiesOnly yes",
        ),
        ("No user exists for uid 12345\r\n", "ssh does not start", "entry for user 12345 in /etc/passwd"),
        (
            "ssh: Could not resolve hostname git.example.org: Name or service not known\r\n",
            "not known by that name",
            "getent hosts git.example.org",
        ),
        (
            "ssh: connect to host git.example.org port 2222: Connection refused\r\n",
            "cannot be reached (ssh says 'ssh: connect to host git.example.org port 2222: Connection ref",
            "listen on port 2222",
        ),
        (
            "ssh: connect to host git.example.org port 22: Network is unreachable\r\n",
            "cannot be reached",
            "no firewall",
        ),
        ("Connection timed out during banner exchange\r\n", "cannot be reached", "no firewall"),
        (
            "Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. Their offer:"
            " ssh-dss\r\n",
            "agree on no method",
            "update the older",
        ),
        (
            "kex_exchange_identification: Connection closed by remote host\r\n",
            "ended the conn",
            "MaxStartups",
        ),
        ("Connection closed by 192.0.2.1 port 22\r\n", "ended the connection", "fail2ban"),
    ],
)
def test_a_cause_and_its_remedy(errors: str, cause: str, remedy: str) -> None:
    failure = ssh_failure(errors + READ, HOST)
    assert failure is not None
    assert cause in failure.cause and remedy in failure.remedy
    assert "\r" not in failure.cause + failure.remedy


@pytest.mark.parametrize(
    "errors",
    [
        "",
        "fatal: '/srv/x.git' does not appear to be a git repository\n",
        "remote: git@elsewhere: Permission denied (publickey).\nfatal: the remote end hung up\n",
        "remote: Permission denied (read-only)\nfatal: unable to access\n",
        "gitolite: Permission denied (read-only)\n",
        "remote: Permission denied (publickey)\n",
        "remote: WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\n",
        "Notice: the REMOTE HOST IDENTIFICATION HAS CHANGED on Monday, the REVOKED HOST KEY is gone\n",
        "The key of ann was revoked and you have requested strict checking\n",
        'rsync: [Receiver] mkdir "/srv/www" failed: Permission denied (13)\n',
    ],
)
def test_what_is_not_ssh_is_left_to_others(errors: str) -> None:
    assert ssh_failure(errors, HOST) is None


def test_files_that_the_settings_name_are_named() -> None:
    own = Server("web.example.org", known_hosts="/srv/a b/known_hosts", identity="/srv/a b/key")
    unknown = ssh_failure(UNVERIFIED, own)
    refused = ssh_failure("qa@web.example.org: Permission denied (publickey).\r\n", own)
    assert (
        unknown
        and f"as {user_name()}: ssh-keyscan web.example.org >> '/srv/a b/known_hosts'" in unknown.remedy
    )
    assert refused and "ssh-keygen -yf '/srv/a b/key'" in refused.remedy


@pytest.mark.parametrize(
    ("place", "server"),
    [
        ("ssh://git@git.example.org:2222/srv/x.git", HOST),
        ("ssh://git@[::1]:2222/srv/x.git", Server("::1", 2222)),
        ("git+ssh://git.example.org/x", Server("git.example.org")),
        ("git@git.example.org:x.git", Server("git.example.org")),
        ("git@[::1]:x.git", Server("::1")),
        ("[git@git.example.org:2222]:x.git", HOST),
        ("https://git.example.org/x.git", None),
        ("file:///srv/x.git", None),
        ("/srv/git/a:b.git", None),
    ],
)
def test_where_ssh_goes(place: str, server: Server | None) -> None:
    assert server_of(place) == server
