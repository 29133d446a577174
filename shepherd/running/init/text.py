"""The commented settings file that `inv init` writes (docs/settings.md)."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

from shepherd.running.init.survey import Forge

_HEAD = """\
# Settings of QA Shepherd, written by `inv init`. Every key that it knows is described in the documentation.
# Paths are relative to the place of this file. A key that is not known is an error, so that nothing is
# overlooked because it was misspelt. No password belongs here.

state_dir = "var"        # the tagger's database, snapshots, log; run by one user, who owns it
timezone = "UTC"         # whose midnight starts a day, e.g. "Europe/Berlin"
keep = "90d"             # how long landings that went live, and snapshots, are kept
"""

_BRANCH = """
[branches.{name}]
repository = {repository}
ref = {ref}

{why}
# {{ ref = "…" }}: a branch or tag that the person who deploys moves; {{ tags = "v*" }}: the newest release
# among the tags that match; {{ recorded = true }}: what `inv deployed` wrote last; {{ file = "…" }} or
# {{ url = "…", pattern = "r(\\\\d+)" }}: where production itself says it.
{deployed}

# What a promotion moves. Without it promotions are recorded and printed only.
# promote = {{ ref = "production" }}

# What the QA server runs. Without it: the newest landing.
# qa = {{ ref = "qastaging" }}

{usage}
marks = {marks}

# A landing that names neither bug nor request: "needs-qa", "block" or "pass".
orphans = {orphans}

exempt_subjects = []     # patterns (* and ?): nobody needs to test landings with such a subject
robots = ["*[bot]", "Launchpad Patch Queue Manager"]     # whose landings belong to the person they act for

# Verdicts as git notes, which anyone who may push can write:
# verdict_notes = "refs/notes/qa"

{landing_url}
"""

_TRACKER = """
[tracker]
# "none": people settle landings with `inv verdict REV ok --reason …`.
# "file": bugs and their tags are in a JSON file, named by path = "bugs.json".
# "launchpad", "github", "gitlab": docs/launchpad.md, docs/github.md, docs/gitlab.md.
{tracker}
{urls}
"""

_TAIL = """
[report]
directory = "var/report"     # the page; what lies here may be read by everybody
# url = "https://qa.example.org/"     # where readers find it: links in mails and feeds
expected_every = "15m"       # after that a page calls itself stale

[run]
deadline = "30m"             # a run ends itself
stale_after = "60m"          # a run older than this is suspected to hang
"""


def settings_text(
    *,
    name: str,
    repository: str,
    ref: str,
    deployed: str,
    why: str,
    usage: str,
    marks: Sequence[str],
    orphans: str,
    forge: Forge | None,
) -> str:
    """The whole file; `deployed` are the lines that say what production runs.

    `why` and `usage` are sentences for comments, without line ends.
    """
    landing_url = (
        f"landing_url = {toml(forge.landing_url)}"
        if forge
        else (
            '# Where a landing is shown on the web:\n# landing_url = "https://git.example.org/project/commit/?id={id}"'
        )
    )
    branch = _BRANCH.format(
        name=f'"{name}"' if "." in name else name,
        repository=toml(repository),
        ref=toml(ref),
        why=_comment(f"What production runs: {why}"),
        deployed=deployed,
        usage=_comment(f"How commit messages say what they are for. {usage}"),
        marks=f"[{', '.join(map(toml, marks))}]",
        orphans=toml(orphans),
        landing_url=landing_url,
    )
    return _HEAD + branch + _TRACKER.format(tracker=_tracker(forge), urls=_urls(forge)) + _TAIL


def _comment(text: str) -> str:
    return textwrap.fill(text, 108, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def toml(text: str) -> str:
    """`text` as a basic string of TOML. It escapes as JSON does, and DEL as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _tracker(forge: Forge | None) -> str:
    """What is read; where that wants a token, the name of the file to put it into."""
    if forge is None or not forge.project:
        return 'type = "none"'
    token = f'credentials_file = "{token_file(forge)}"'
    lines = [
        f'type = "{forge.tracker}"',
        f"project = {toml(forge.project)}",
        *([f"service_root = {toml(forge.service_root)}"] if forge.service_root else []),
        f"{token}     # mode 0600, the token alone",
    ]
    return "\n".join(lines)


def token_file(forge: Forge) -> str:
    """Where the token is expected, next to the settings."""
    return f"{forge.tracker}-token"


def _urls(forge: Forge | None) -> str:
    if not forge:
        return (
            "# Where a bug and a request are shown:\n"
            '# bug_url = "https://bugs.launchpad.net/bugs/{bug}"\n'
            '# request_url = "https://github.com/owner/project/pull/{request}"'
        )
    urls = f"bug_url = {toml(forge.bug_url)}"
    return f"{urls}\nrequest_url = {toml(forge.request_url)}" if forge.request_url else urls
