"""Why GitHub refuses something, in words of our own: what it says itself may hold a secret."""

from __future__ import annotations

NO_RIGHT = "the token gives no right to it"
NOT_ACCEPTED = (
    "the token is not accepted: it has perhaps expired, or was revoked; put a new one where"
    " tracker.credentials_file or tracker.credentials_env says"
)
_KNOWN = (
    # docs.github.com, "Authenticating to the REST API"; extensions.saml_failure: prmonitor/issues/1042
    (
        "saml enforcement",
        "the organisation wants single sign-on: authorise the token for the organisation"
        " (GitHub, Settings, Developer settings, Personal access tokens, Configure SSO)",
    ),
    # github.com/SalesforceFoundation/NPSP/issues/7247
    (
        "ip allow list",
        "the address of this host is not on the organisation's list of allowed IP addresses",
    ),
    # github.com/NixOS/org/issues/247, github.com/flcdrg/au-packages/issues/197
    (
        "if the token's lifetime is greater than",
        "the organisation takes no token that lives so long: give it an earlier expiration date",
    ),
    # github.com/refined-github/refined-github/issues/6951
    (
        "forbids access via a personal access token (classic)",
        "the organisation takes no classic token: a fine-grained one, or a GitHub App's, is needed",
    ),
)
SAML = _KNOWN[0][1]


def reason(message: str, *, saml: bool = False) -> str:
    """Return why something was forbidden; empty: nothing is known but that it was.

    Args:
        message: what GitHub says of it.
        saml: it says beside that the organisation wants a single sign-on.
    """
    said = message.lower().replace("\u2019", "'")
    if saml:
        return SAML
    return next((why for sign, why in _KNOWN if sign in said), "")
