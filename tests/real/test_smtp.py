"""STARTTLS with a certificate that openssl made: who is trusted gets mail, who is not gets none."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.act.mail import ServerError, SmtpSession
from tests.mail.test_post import deliver, mail_of
from tests.running.smtp import Server, serving

pytestmark = pytest.mark.real


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that it signed itself, with its key."""
    file, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", file),
        ],
        check=True,
        capture_output=True,
    )
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    with serving() as running:
        running.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        running.tls.load_cert_chain(certificate)
        running.password = "open sesame"
        yield running


def test_over_tls_to_whom_we_trust(
    server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with SmtpSession(mail_of(server, starttls=True, login="ann"), "open sesame") as post:
        deliver(post)
    assert len(server.messages) == 1


def test_neither_mail_nor_password_to_whom_we_do_not(server: Server) -> None:
    post = SmtpSession(mail_of(server, starttls=True, login="ann"), "open sesame")
    with pytest.raises(ServerError, match="CERTIFICATE_VERIFY_FAILED"):
        post.open()
    assert server.messages == []
