"""Which proxy stands before a server: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY of the environment, in
small or capital letters.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit


def proxy_for(url: str) -> str:
    """URL of the proxy; empty: straight there."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return ""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all", "")
    host = parts.hostname or ""
    if not proxy or proxy_bypass(parts.netloc) or _is_in_network(host, proxies.get("no", "")):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_in_network(host: str, networks: str) -> bool:
    """Whether the host is an address of one of the networks ("10.0.0.0/8") in NO_PROXY."""
    from ipaddress import AddressValueError, IPv4Address, IPv4Network

    try:
        address = IPv4Address(host)
    except AddressValueError:
        return False
    for text in networks.split(","):
        try:
            if "/" in text and address in IPv4Network(text.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False
