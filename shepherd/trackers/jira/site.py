"""One Jira: where its REST service is, and as whom it is asked."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlsplit

from shepherd.errors import SettingsError
from shepherd.settings import Settings
from shepherd.trackers.forge.reading import token_of
from shepherd.trackers.http import HttpSession

NAME = "Jira"
_CLOUD = (".atlassian.net", ".jira.com", ".atlassian-us-gov-mod.net")
"""How hosts end that Atlassian alone has."""
GATEWAY = "api.atlassian.com"
"""Where Cloud takes OAuth tokens, and API tokens with scopes, by https://api.atlassian.com/ex/jira/CLOUDID
(developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps; support.atlassian.com, "Manage API tokens")."""


class JiraLogin:
    """As whom the settings ask.

    Raises:
        SettingsError: the credentials cannot be read, or are not what they have to be.
    """

    def __init__(self, settings: Settings) -> None:
        tracker = settings.tracker
        token = token_of(settings, os.environ)
        if tracker.login and not token:
            raise SettingsError(
                f"{settings.file}: {settings.tracker_key}.login names an account, and nothing names its API"
                f" token: {settings.tracker_key}.credentials_file or credentials_env expected"
            )
        self.account = tracker.login
        """Empty: there is none, or the token is a bearer's."""
        self.anonymous = not token
        self._header = ""
        if self.account:
            # developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis
            self._header = f"Basic {b64encode(f'{self.account}:{token}'.encode()).decode()}"
        elif token:
            self._header = f"Bearer {token}"

    def headers(self) -> Mapping[str, str]:
        """Those that say who asks. Raises nothing."""
        return {"Authorization": self._header} if self._header else {}


def session_with(settings: Settings) -> HttpSession:
    """Open a session; nothing is asked yet. Raises SettingsError: no site is named."""
    root = settings.tracker.service_root.rstrip("/")
    if not root:
        raise SettingsError(
            f"{settings.file}: {settings.tracker_key}.service_root expected: the address of your Jira, as in"
            ' "https://example.atlassian.net"'
        )
    return HttpSession(NAME, root + "/")


def is_cloud_host(root: str) -> bool:
    """Whether a host has Jira Cloud for certain; any other may have it, too."""
    host = (urlsplit(root).hostname or "").lower()
    return host == GATEWAY or host.endswith(_CLOUD)
