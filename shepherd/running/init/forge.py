"""Which forge a project is on, by what its messages show and by where the clone came from; and what of it the
settings can name (docs/settings.md)."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shepherd.git.repository import Git
from shepherd.running.init.messages import Convention, MessageEvidence
from shepherd.settings.checks import is_forge_project, is_launchpad_project

ForgeType = Literal["launchpad", "github", "gitlab", "gitea"]

NAMES: dict[ForgeType, str] = {
    "launchpad": "Launchpad",
    "github": "GitHub",
    "gitlab": "GitLab",
    "gitea": "Gitea",
}
CODEBERG = "codeberg.org"
"""The Gitea (a Forgejo) that is meant where no other is named."""
_LAUNCHPAD_BUGS = "https://bugs.launchpad.net/bugs/{bug}"
_COMPARING = (
    (
        r"(https://(?:github\.com|codeberg\.org)/[^?#]+|https?://[^?#]+/-)/commit/\{id\}",
        "/compare/{from}...{to}",
    ),
    (r"(https://git\.launchpad\.net/[^?#]+)/commit/\?id=\{id\}", "/log/?qt=range&q={from}..{to}"),
)
"""Where a landing is shown -> where two revisions are compared, on the same forge."""
_UNREAD: dict[Convention, str] = {
    "gerrit": "Gerrit (Change-Id, Reviewed-on)",
    "phabricator": "Phabricator (Differential Revision)",
}
"""Tools whose reviews no tracker of ours reads, with what shows them."""


class Forge(Struct, frozen=True):
    """Where the project is on the web; every URL is a pattern of the settings, or empty."""

    tracker: ForgeType | None
    """None: it has no tracker that can be read; only links lead there."""
    project: str
    """As `tracker.project` names it; empty: it is not known."""
    landing_url: str
    bug_url: str = ""
    request_url: str = ""
    service_root: str = ""
    """Of its web service; empty: the usual one."""
    known_host: bool = True
    """Its host is the usual one or that of the clone's origin, and no message's word for it."""
    why: str = ""
    """What the messages show, as a sentence, where they say something else than the origin."""

    @property
    def compare_url(self) -> str:
        """Where two of its revisions are compared; empty: nobody is sure what that page is called."""
        for pattern, page in _COMPARING:
            if place := re.fullmatch(pattern, self.landing_url):
                return f"{place[1]}{page}"
        return ""


class Origin(Struct, frozen=True):
    """Where a clone came from: nothing but host and path is kept, since the address may hold a password."""

    host: str
    path: str


def forge_of(git: Git, shown: MessageEvidence) -> Forge | None:
    """Return the forge that messages show, else the one that the origin names; None if neither does.

    Messages outweigh the origin, which may be a mirror of a project that is at home elsewhere.
    """
    origin = origin_of(git)
    there = _of_origin(origin) if origin else None
    match shown.convention:
        case "launchpad":
            found = _launchpad(shown, there)
        case "gitlab":
            found = _gitlab(shown, origin, there)
        case "github":
            found = _github(shown, there)
        case "gitea":
            found = _gitea(shown, origin, there)
        case "gerrit" | "phabricator":
            found = Forge(None, "", there.landing_url if there else "")
        case _:
            return there
    if there and (found.tracker, found.project) == (there.tracker, there.project):
        return there
    return replace(found, why=_why(shown))


def _why(shown: MessageEvidence) -> str:
    of = f"{shown.count:,} of the last {shown.looked_at:,} landings"
    if tool := _UNREAD.get(shown.convention):
        return f"{of} came through {tool}, whose reviews cannot be read as a tracker."
    assert shown.convention in ("launchpad", "gitlab", "github", "gitea")
    name = NAMES[shown.convention]
    return f"{of} have {name}'s messages, so {name} is proposed as tracker."


def origin_of(git: Git) -> Origin | None:
    """Return the address of the clone's origin, if it is one of a server."""
    remotes = git.lines("config", "--default", "", "--get", "remote.origin.url")
    match = re.fullmatch(
        r"(?:[a-z+]+://)?(?:[^/@]*@)?(?P<host>[A-Za-z0-9.-]+)(?::[0-9]+)?[:/]"
        r"(?P<path>~?[A-Za-z0-9._+-]+(?:/[A-Za-z0-9._+-]+)*)/?",
        remotes[0] if remotes else "",
    )
    return Origin(match["host"].lower(), match["path"].removesuffix(".git")) if match else None


def _of_origin(origin: Origin) -> Forge | None:
    web = f"https://{origin.host}/{origin.path}"
    if origin.host == "github.com":
        project = origin.path if is_forge_project("github", origin.path) else ""
        return _at_github(web, project)
    if "gitlab" in origin.host.split("."):
        return _at_gitlab(origin.host, origin.path)
    if origin.host == "git.launchpad.net":
        return Forge(
            "launchpad", _launchpad_project(origin.path), f"{web}/commit/?id={{id}}", _LAUNCHPAD_BUGS
        )
    if origin.host == CODEBERG or {"gitea", "forgejo"} & set(origin.host.split(".")):
        return _at_gitea(origin.host, origin.path)
    return None


def _at_github(web: str, project: str) -> Forge:
    return Forge(
        "github", project, f"{web}/commit/{{id}}", f"{web}/issues/{{bug}}", f"{web}/pull/{{request}}"
    )


def _at_gitlab(host: str, path: str) -> Forge:
    web = f"https://{host}/{path}/-"
    return Forge(
        "gitlab",
        path if is_forge_project("gitlab", path) else "",
        f"{web}/commit/{{id}}",
        f"{web}/issues/{{bug}}",
        f"{web}/merge_requests/{{request}}",
        "" if host == "gitlab.com" else f"https://{host}",
    )


def _at_gitea(host: str, path: str) -> Forge:
    """Args:
    path: of the project; what stands before its last two parts is the server's own.
    """
    web = f"https://{host}/{path}"
    below, _, name = path.rpartition("/")
    below, _, owner = below.rpartition("/")
    root = f"https://{host}/{below}".rstrip("/")
    return Forge(
        "gitea",
        project if is_forge_project("gitea", project := f"{owner}/{name}") else "",
        f"{web}/commit/{{id}}",
        f"{web}/issues/{{bug}}",
        f"{web}/pulls/{{request}}",
        "" if root == f"https://{CODEBERG}" else root,
    )


def _launchpad(shown: MessageEvidence, there: Forge | None) -> Forge:
    project = shown.project or (there.project if there and there.tracker == "launchpad" else "")
    return Forge("launchpad", project, there.landing_url if there else "", _LAUNCHPAD_BUGS)


def _github(shown: MessageEvidence, there: Forge | None) -> Forge:
    if shown.project:
        return _at_github(f"https://github.com/{shown.project}", shown.project)
    if there and there.tracker == "github":
        return there
    return Forge("github", "", there.landing_url if there else "")


def _gitlab(shown: MessageEvidence, origin: Origin | None, there: Forge | None) -> Forge:
    ours = origin is not None and origin.path.lower() == shown.project.lower()
    on_gitlab = there is not None and there.tracker == "gitlab"
    if origin and not shown.host and (ours or on_gitlab):
        return _at_gitlab(origin.host, shown.project or origin.path)
    landing_url = there.landing_url if there else ""
    if not shown.project:
        return Forge("gitlab", "", landing_url)
    if not shown.host:
        # `group/project!12` does not say on which host: no links, but the usual one is worth a try
        return Forge("gitlab", shown.project, landing_url)
    found = _at_gitlab(shown.host, shown.project)
    known = shown.host in ("gitlab.com", origin.host if origin else "")
    return replace(found, landing_url=landing_url or found.landing_url, known_host=known)


def _gitea(shown: MessageEvidence, origin: Origin | None, there: Forge | None) -> Forge:
    landing_url = there.landing_url if there else ""
    if shown.host and shown.project:
        found = _at_gitea(shown.host, shown.project)
        known = shown.host in (CODEBERG, origin.host if origin else "")
        return replace(found, landing_url=landing_url or found.landing_url, known_host=known)
    if there and there.tracker == "gitea":
        return there
    if origin and there is None:
        # no message names a host, and what the clone came from is no other forge
        return _at_gitea(origin.host, origin.path)
    return Forge("gitea", "", landing_url)


def _launchpad_project(path: str) -> str:
    """The project that `project`, `project/+git/name` or `~person/project/…` belongs to; empty: none."""
    first, _, rest = path.partition("/")
    name = rest.partition("/")[0] if first.startswith("~") else first
    return name if is_launchpad_project(name) else ""
