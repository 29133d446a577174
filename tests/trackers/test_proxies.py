"""Trackers behind a proxy that the environment names."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.proxies import proxy_for
from shepherd.words import ItemTags
from tests.trackers.forge_kit import TOKEN, Kit

HUB = "https://forge.example.org/api"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, HUB, ""),
        ({"HTTPS_PROXY": "http://p:1"}, HUB, "http://p:1"),
        ({"https_proxy": "http://p:1", "HTTPS_PROXY": "http://q:1"}, HUB, "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, HUB, ""),
        ({"HTTP_PROXY": "http://p:1"}, "http://forge.example.org", "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, HUB, "http://p:1"),
        ({"HTTPS_PROXY": "p:1"}, HUB, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, HUB, ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other.org, example.org"}, HUB, ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example.org"}, HUB, ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "ample.org"}, HUB, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "forge.example.org:8443"}, HUB, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "f.org:8443"}, "https://f.org:8443/", ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x/y,10.0.0.0/8"}, "https://10.1.2.3/", ""),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, "https://11.1.2.3/", "http://p:1"),
    ],
)
def test_which_proxy(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, proxy: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


def test_requests_go_through_it(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The local forge stands for the proxy: it answers whatever host is asked for."""
    seen: list[Any] = []
    secret_of = kit.forge.secret_of

    def overhear(headers: Any) -> str:
        seen.append(headers)
        return secret_of(headers)

    monkeypatch.setattr(kit.forge, "secret_of", overhear)
    monkeypatch.setenv("HTTP_PROXY", kit.forge.root.replace("://", "://ann:s%40fe@"))
    kit.requests[1] = kit.request("qa-ok")
    reading = kit.read(kit.item(1), service_root="http://forge.invalid")
    assert reading.items == {kit.item(1): ItemTags(("ok",))}
    (headers,) = seen
    assert headers["Host"] == "forge.invalid"
    assert headers["Proxy-Authorization"] == f"Basic {b64encode(b'ann:s@fe').decode()}"
    assert secret_of(headers) == TOKEN


def test_one_of_a_kind_that_is_not_supported(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "socks5://ann:safe@127.0.0.1:9")
    with pytest.raises(TrackerError, match="names no proxy whose URL begins with http") as caught:
        kit.read(kit.item(1))
    assert "safe" not in str(caught.value)


def test_a_proxy_that_is_not_there(kit: Kit, monkeypatch: pytest.MonkeyPatch, hasty: None) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://ann:safe@127.0.0.1:9")
    with pytest.raises(TrackerError, match="accepts no connection") as caught:
        kit.read(kit.item(1), service_root="http://forge.invalid")
    assert "safe" not in str(caught.value)


def test_no_certificate_is_taken_on_trust(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hasty: None
) -> None:
    """One that signs itself; the system's store may be told of it by SSL_CERT_FILE."""
    import ssl
    import subprocess

    make = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=localhost"
    make += " -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(make.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    kit.forge.socket = context.wrap_socket(kit.forge.socket, server_side=True)
    kit.requests[1] = kit.request("qa-ok")
    root = kit.forge.root.replace("http:", "https:")
    with pytest.raises(TrackerError, match="shows a certificate that cannot be verified"):
        kit.read(kit.item(1), service_root=root)
    assert kit.forge.secrets == []
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
    assert kit.read(kit.item(1), service_root=root).items == {kit.item(1): ItemTags(("ok",))}
