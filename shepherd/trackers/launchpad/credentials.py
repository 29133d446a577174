"""Who asks Launchpad: OAuth 1.0, PLAINTEXT, with credentials as launchpadlib saves them."""

from __future__ import annotations

import configparser
import secrets
import time
from urllib.parse import quote

APPLICATION = "qa-shepherd"
_SECTION = "1"
"""Version of the file's format."""


class Credentials:
    """An access token and the application that it was given to.

    Args:
        token: empty: anonymous.
    """

    def __init__(
        self, consumer: str = APPLICATION, consumer_secret: str = "", token: str = "", secret: str = ""
    ) -> None:
        self.consumer = consumer
        self.token = token
        self._signature = f"{_escaped(consumer_secret)}&{_escaped(secret)}"

    def headers(self) -> dict[str, str]:
        """Those that sign one request: each has a moment and a number of its own."""
        parameters = {
            "oauth_nonce": secrets.token_hex(16),
            "oauth_timestamp": str(int(time.time())),
            "oauth_version": "1.0",
            "oauth_signature_method": "PLAINTEXT",
            "oauth_consumer_key": self.consumer,
            **({"oauth_token": self.token} if self.token else {}),
            "oauth_signature": self._signature,
        }
        listed = ", ".join(f'{name}="{_escaped(value)}"' for name, value in parameters.items())
        return {"Authorization": f'OAuth realm="OAuth", {listed}'}


def credentials_of(text: str) -> Credentials:
    """Those in a saved file; an empty text: anonymous. Raises ValueError, without what stands in it."""
    if not text:
        return Credentials()
    parser = configparser.ConfigParser()
    try:
        parser.read_string(text)
        names = ("consumer_key", "consumer_secret", "access_token", "access_secret")
        return Credentials(*(parser.get(_SECTION, name) for name in names))
    except configparser.Error:
        # the parser's own message repeats lines of the file
        raise ValueError("are not credentials as launchpadlib saves them") from None


def _escaped(text: str) -> str:
    return quote(text, safe="~")
