"""The commented settings file that `inv init` writes (docs/settings.md)."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from shepherd.git.mirror_clones import OverwritingRemote
from shepherd.running.init.access import WITHOUT_TOKEN, library_command, lines_of, token_step, what_is_read
from shepherd.running.init.folders import components_line
from shepherd.running.init.forge import Forge
from shepherd.running.init.keys import ShownKeys, lines_for_jira
from shepherd.running.init.references import ShownReferences, lines_for_redmine
from shepherd.running.init.required import RequiredChecks
from shepherd.running.init.robots import USUAL, Robot

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
{repository}
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

# Whose a landing is: "merged-author": where a merge brings in one person's commits, that person's, else its
# author's; "author": its author's; "committer": its committer's.
# person = "merged-author"

# A landing that names neither bug nor request: "needs-qa", "block" or "pass".
orphans = {orphans}

exempt_subjects = []     # patterns (* and ?): nobody needs to test landings with such a subject

# Programs, whose landings belong to the person for whom they act: patterns (* and ?) on name or address.
{robots}

# Verdicts as git notes, which anyone who may push can write:
# verdict_notes = "refs/notes/qa"

{checks}

# Parts of the project: `inv waits --by component` says where help is due (docs/settings.md#components).
# {components}

{landing_url}
{compare_url}
"""

_TRACKER = """
[tracker]
# "none": people settle landings with `inv verdict REV ok --reason …`.
# "file": bugs and their tags are in a JSON file, named by path = "bugs.json".
# "launchpad", "github", "gitlab", "gitea", "jira", "redmine": what to do, and the lines for here, are in
# docs/launchpad.md, docs/github.md, docs/gitlab.md, docs/gitea.md, docs/jira.md, docs/redmine.md.
{tracker}

{urls}
"""

_TAIL = """
[report]
directory = "var/report"     # the page; what lies here may be read by everybody
# url = "https://qa.example.org/"     # where readers find it: links in mails and feeds
expected_every = "15m"       # after that a page calls itself stale

# A chat or a webhook that is told what changed (docs/notices.md):
# [[notify]]
# name = "team"
# url_file = "team.url"               # holds its address; 0600

[run]
deadline = "30m"             # a run ends itself
stale_after = "60m"          # a run older than this is suspected to hang
"""


def settings_text(
    *,
    name: str,
    repository: str,
    mirrored: OverwritingRemote | None,
    ref: str,
    deployed: str,
    why: str,
    usage: str,
    marks: Sequence[str],
    orphans: str,
    robots: Sequence[Robot],
    checks: RequiredChecks,
    folders: Sequence[str],
    forge: Forge | None,
    refusal: str | None,
    keys: ShownKeys,
    references: ShownReferences,
    file: Path,
) -> str:
    """The whole file; `deployed` are the lines that say what production runs.

    `why` and `usage` are sentences for comments. `refusal` is why the forge is not read, None: it is read
    (access.ForgeAnswer). `folders` are those at the top of the repository. `file` is where the text will lie.
    """
    landing_url = (
        f"landing_url = {toml(forge.landing_url)}"
        if forge and forge.landing_url
        else (
            '# Where a landing is shown on the web:\n# landing_url = "https://git.example.org/project/commit/?id={id}"'
        )
    )
    compare_url = (
        f"compare_url = {toml(forge.compare_url)}"
        if forge and forge.compare_url
        else '# compare_url = "https://git.example.org/project/compare/{from}...{to}"'
    )
    branch = _BRANCH.format(
        name=f'"{name}"' if "." in name else name,
        repository="\n".join([f"repository = {toml(repository)}", *_fetching(mirrored)]),
        ref=toml(ref),
        why=_comment(f"What production runs: {why}"),
        deployed=deployed,
        usage=_comment(f"How commit messages say what they are for. {usage}"),
        marks=f"[{', '.join(map(toml, marks))}]",
        orphans=toml(orphans),
        robots=_robots(robots),
        checks=_checks(checks),
        components=components_line(folders),
        landing_url=landing_url,
        compare_url=compare_url,
    )
    lines, urls = _tracker(forge, refusal, file), _urls(forge)
    if keys.projects:
        in_force = refusal is not None
        if in_force:
            # bugs are Jira's then, and people settle landings until it is read
            lines += f"\nkeys = [{', '.join(map(toml, keys.projects))}]"
            urls = _urls(replace(forge, bug_url="") if forge else None)
        lines = "\n".join([lines, *lines_for_jira(keys, file, in_force=in_force)])
    if references.count:
        finding = _comment(f"{references.finding} To read what people say on them:")
        lines = "\n".join([lines, finding, *lines_for_redmine(references, file)])
    tracker = _TRACKER.format(tracker=lines, urls=urls)
    return _HEAD + branch + tracker + _TAIL


def _fetching(mirrored: OverwritingRemote | None) -> list[str]:
    """How to name what a clone mirrors, so that each reading sees what is there."""
    if mirrored is None or not mirrored.url:
        return []
    return [
        *_comment(
            "That clone shows what was there when it was updated last, and nothing can be promoted in it."
        ).splitlines(),
        f"# repository = {toml(mirrored.url)}     # the shepherd {mirrored.kept}",
    ]


def _comment(text: str) -> str:
    """`text` as lines of comment; what no comment may hold becomes a blank."""
    return textwrap.fill(
        _plain(text),
        108,
        initial_indent="# ",
        subsequent_indent="# ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _plain(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def toml(text: str) -> str:
    """`text` as a basic string of TOML. It escapes as JSON does, and DEL as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _robots(robots: Sequence[Robot]) -> str:
    """The key, each pattern that was found on a line of its own with what shows it."""
    usual = ", ".join(map(toml, USUAL))
    if not robots:
        return f"robots = [{usual}]"
    lines = [f"    {toml(robot.pattern)},     # {robot.why}" for robot in robots]
    lines = ["    # found by what they did; please take out who is a person:", *lines]
    return "\n".join([f"robots = [\n    {usual},", *lines, "]"])


def _checks(required: RequiredChecks) -> str:
    """The key, with where the names come from; where there are none, as a comment with an example."""
    about = "Checks that must hold on a candidate's own commit: patterns (* and ?) of their names."
    names = required.names or required.left_out or ("ci/build",)
    line = f"checks = [{', '.join(map(toml, names))}]"
    return f"{_comment(f'{about} {required.finding}')}\n{'' if required.names else '# '}{line}"


def _tracker(forge: Forge | None, refusal: str | None, file: Path) -> str:
    """What is read; where a forge is not yet, what to do for it, as comments that can be put in force."""
    if forge is None or forge.tracker is None:
        return "\n".join(['type = "none"', *([_comment(forge.why)] if forge and forge.why else [])])
    place = [f"project = {toml(forge.project)}"] if forge.project else []
    place += [f"service_root = {toml(forge.service_root)}"] if forge.service_root else []
    if refusal is None:
        return "\n".join([*lines_of(forge), *place])
    said = " ".join(filter(None, (forge.why, refusal)))
    return "\n".join(
        [
            'type = "none"',
            *([_comment(said)] if said else []),
            f"# To read {what_is_read(forge)} instead:",
            f"# 1. {_plain(token_step(forge, file))}",
            *([f"#    {without}"] if (without := WITHOUT_TOKEN[forge.tracker]) else []),
            f"# 2. run {library_command(forge)}",
            '# 3. write these lines in place of type = "none":',
            *(f"# {line}" for line in lines_of(forge)),
            *place,
        ]
    )


def _urls(forge: Forge | None) -> str:
    bug_url, request_url = (forge.bug_url, forge.request_url) if forge else ("", "")
    lines = []
    if not bug_url and not request_url:
        lines.append("# Where a bug and a request are shown:")
    lines.append(
        f"bug_url = {toml(bug_url)}" if bug_url else '# bug_url = "https://bugs.launchpad.net/bugs/{bug}"'
    )
    if request_url:
        lines.append(f"request_url = {toml(request_url)}")
    elif not bug_url:
        lines.append('# request_url = "https://github.com/owner/project/pull/{request}"')
    return "\n".join(lines)
