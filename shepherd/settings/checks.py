"""What the types of the settings cannot say (docs/settings.md): names, refs, URLs without secrets, durations,
patterns.

The first thing that is wrong is raised as Wrong; no value that may hold a password is repeated in it.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from shepherd.errors import SettingsError
from shepherd.urls import URL, WrongValueError, check_ref, http, location, publish_target
from shepherd.values import duration, quoted

if TYPE_CHECKING:
    from shepherd.settings.model import (
        BranchSettings,
        DeploySettings,
        MailSettings,
        Pointer,
        Settings,
        TrackerSettings,
    )

__all__ = ["WrongValueError", "check"]

BRANCH_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
TAG_WORDS = ("ok", "bad", "untestable", "needstesting")

_ADDRESS = r"[^\s<>@,;:\"]+@[^\s<>@,;:\"]+"
_NAME = re.compile(r'(?!\s*\.)(?:[^<>()\[\]:;@\\,"]|"(?:[^"\\<>]|\\[^<>])*"|\([^()<>\\"]*\))*(?<!\.)')
"""Of a mailbox: words, quoted ones, comments in brackets; Python reads none with a dot at its very edge."""
_LOGIN = r"[A-Za-z_][A-Za-z0-9_.-]*"
_SSH_HOST = rf"(?:{_LOGIN}@)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?::([0-9]{{1,5}}))?"
_HOST_AND_PORT = r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})"


def check(settings: Settings) -> None:
    """Raise Wrong for the first value of `settings` that cannot be meant."""
    _durations(settings)
    _timezone(settings.timezone)
    if not settings.branches:
        raise WrongValueError("branches", "at least one table [branches.NAME] expected")
    for name, branch in settings.branches.items():
        _branch(name, branch)
    _promoted_apart(settings.branches)
    _tracker(settings.tracker)
    _directories(settings)
    http("report.url", settings.report.url)
    for place, target in enumerate(settings.report.publish):
        publish_target(f"report.publish[{place}]", target)
    for key, path in (("known_hosts", settings.report.known_hosts), ("identity", settings.report.identity)):
        _path(f"report.{key}", path)
        if re.search(r"[\s'\"]", path):
            raise WrongValueError(f"report.{key}", "a path without blanks and quotes expected")
    if settings.mail:
        _mail(settings.mail)
    for address, other in settings.people.items():
        key = f"people.{quoted(address)}"
        _address(key, address)
        if other:
            _address(key, other)
    _database(settings)
    _deploy(settings.deploy)


def _durations(settings: Settings) -> None:
    for key, text in (
        ("keep", settings.keep),
        ("report.expected_every", settings.report.expected_every),
        ("run.deadline", settings.run.deadline),
        ("run.stale_after", settings.run.stale_after),
        ("maintenance.warn_after", settings.maintenance.warn_after),
        ("promote.settle", settings.promote.settle),
        ("cron.every", settings.cron.every),
    ):
        try:
            duration(text)
        except SettingsError as error:
            raise WrongValueError(key, str(error)) from None
    every = settings.cron.seconds
    if every % 60 or (3600 % every and (every % 3600 or 86_400 % every)):
        raise WrongValueError(
            "cron.every", "minutes that divide an hour, or hours that divide a day, expected (5m, 2h)"
        )


def _timezone(name: str) -> None:
    if name == "UTC":
        return
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongValueError(
            "timezone", f"a zone such as Europe/Berlin or UTC expected, not {quoted(name)}"
        ) from None


def _branch(name: str, branch: BranchSettings) -> None:
    if not BRANCH_NAME.fullmatch(name) or name == "index":
        expected = "a name of small letters, digits, '.', '_' and '-' expected, not index"
        raise WrongValueError("branches", f"{expected}: {quoted(name)} is none")
    key = f"branches.{name}"
    location(f"{key}.repository", branch.repository)
    check_ref(f"{key}.ref", branch.ref)
    _pointer(f"{key}.deployed", branch.deployed)
    if branch.qa:
        if branch.qa.recorded:
            raise WrongValueError(
                f"{key}.qa.recorded", "nobody records what QA runs: ref, file or url expected"
            )
        _pointer(f"{key}.qa", branch.qa)
    if branch.promote:
        check_ref(f"{key}.promote.ref", branch.promote.ref)
        if branch.promote.ref == branch.ref:
            raise WrongValueError(
                f"{key}.promote.ref", f"another ref than the mainline's own ({branch.ref}) expected"
            )
    if branch.verdict_notes:
        check_ref(f"{key}.verdict_notes", branch.verdict_notes)
        _notes_ref(f"{key}.verdict_notes", branch.verdict_notes)
    http(f"{key}.landing_url", branch.landing_url, one_of=("{id}", "{revno}"))


def _notes_ref(key: str, ref: str) -> None:
    """A full name: git itself would take `qa` for refs/notes/qa, and a branch `qa` holds no notes."""
    if not ref.startswith("refs/"):
        whole = f"refs/{ref}" if ref.startswith("notes/") else f"refs/notes/{ref}"
        raise WrongValueError(key, f"the full name of a ref expected, {quoted(whole)}, not {quoted(ref)}")


def _promoted_apart(branches: dict[str, BranchSettings]) -> None:
    """No ref is moved by two branches, or is the mainline of another one."""
    taken = {(branch.repository, branch.ref): name for name, branch in branches.items()}
    for name, branch in branches.items():
        if branch.promote is None:
            continue
        other = taken.setdefault((branch.repository, branch.promote.ref), name)
        if other != name:
            raise WrongValueError(
                f"branches.{name}.promote.ref",
                f"a ref of its own expected: {branch.promote.ref} belongs to branches.{other}",
            )


def _pointer(key: str, pointer: Pointer) -> None:
    given = [name for name in ("ref", "file", "url", "recorded") if getattr(pointer, name)]
    if len(given) != 1:
        found = " and ".join(given) if given else "none of them"
        raise WrongValueError(key, f"exactly one of ref, file, url, recorded = true expected, not {found}")
    if pointer.ref:
        check_ref(f"{key}.ref", pointer.ref)
    _path(f"{key}.file", pointer.file)
    http(f"{key}.url", pointer.url)
    if pointer.pattern:
        if not (pointer.file or pointer.url):
            raise WrongValueError(f"{key}.pattern", f"a pattern goes with file or url, not with {given[0]}")
        _pattern(f"{key}.pattern", pointer.pattern)


def _pattern(key: str, pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except (re.error, RecursionError, OverflowError) as error:
        raise WrongValueError(key, f"a regular expression expected: {error}") from None
    if not groups:
        raise WrongValueError(key, r'a group around the revision expected, as in "r(\\d+)"')


def _tracker(tracker: TrackerSettings) -> None:
    if tracker.type == "file" and not tracker.path:
        raise WrongValueError("tracker.path", 'the file of bugs expected, since tracker.type is "file"')
    _path("tracker.path", tracker.path)
    if tracker.type == "launchpad" and not re.fullmatch(r"[a-z0-9][a-z0-9+.-]*", tracker.project):
        found = f", not {quoted(tracker.project)}" if tracker.project else ""
        raise WrongValueError("tracker.project", f"the name of the project on Launchpad expected{found}")
    if tracker.type in ("github", "gitlab"):
        _forge_project(tracker)
    http("tracker.service_root", tracker.service_root)
    if re.search(r"[?#]", tracker.service_root):
        raise WrongValueError("tracker.service_root", "a URL without ? and # expected")
    if tracker.type == "launchpad" and re.search(r"/(?:[0-9.]+|devel|beta)/*$", tracker.service_root):
        raise WrongValueError("tracker.service_root", "a URL without the version at its end expected")
    _path("tracker.credentials_file", tracker.credentials_file)
    if tracker.credentials_file and tracker.credentials_env:
        raise WrongValueError(
            "tracker.credentials_file", "one of credentials_file and credentials_env expected, not both"
        )
    if (tracker.credentials_file or tracker.credentials_env) and _in_the_clear(tracker.service_root):
        raise WrongValueError(
            "tracker.service_root", "a URL of https expected, since credentials are sent there"
        )
    http("tracker.bug_url", tracker.bug_url, one_of=("{bug}",))
    http("tracker.request_url", tracker.request_url, one_of=("{request}",))
    _at_least("tracker.cap", tracker.cap, 1)
    for key in ("landed", "rolled_back"):
        status = getattr(tracker.status, key)
        if not status.isprintable() or status != status.strip():
            raise WrongValueError(
                f"tracker.status.{key}", f"a status such as Fix Committed expected, not {quoted(status)}"
            )
    if tracker.words:
        _words(tracker.words)


def _words(words: dict[str, tuple[str, ...]]) -> None:
    from shepherd.label_text import folded

    meaning: dict[str, str] = {}
    for word, texts in words.items():
        if word not in TAG_WORDS:
            raise WrongValueError(
                "tracker.words", f"{', '.join(TAG_WORDS)} expected as keys, not {quoted(word)}"
            )
        for text in texts:
            if not folded(text):
                raise WrongValueError(f"tracker.words.{word}", "the text of a tag expected, not an empty one")
            if meaning.setdefault(folded(text), word) != word:
                other = meaning[folded(text)]
                raise WrongValueError(f"tracker.words.{word}", f"{quoted(text)} stands for {other} already")


def _forge_project(tracker: TrackerSettings) -> None:
    example = "owner/name" if tracker.type == "github" else "group/project"
    if not is_forge_project(tracker.type, tracker.project):
        found = f", not {quoted(tracker.project)}" if tracker.project else ""
        raise WrongValueError("tracker.project", f'the path of the project, "{example}", expected{found}')


def is_forge_project(kind: str, path: str) -> bool:
    """Whether a project of that forge can have this path: "owner/name", or on GitLab groups within groups."""
    part, deep = r"[A-Za-z0-9_.][A-Za-z0-9_.-]*", 1 if kind == "github" else 20
    return bool(re.fullmatch(rf"{part}(?:/{part}){{1,{deep}}}", path)) and ".." not in path


def _in_the_clear(url: str) -> bool:
    """Whether what is sent there can be read on the way."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return parts.scheme.lower() == "http" and not _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    return bool(re.fullmatch(r"localhost|127(?:\.[0-9]{1,3}){3}|::1", host.lower()))


def _directories(settings: Settings) -> None:
    for key, path in (("state_dir", settings.state_dir), ("report.directory", settings.report.directory)):
        if not path:
            raise WrongValueError(key, "a directory expected, not an empty text")
        _path(key, path)
    state, report = os.path.realpath(settings.state_path), os.path.realpath(settings.report_path)
    if os.path.commonpath((state, report)) == report:
        where = "state_dir itself" if state == report else "a directory that holds state_dir"
        raise WrongValueError(
            "report.directory", f"a directory of its own expected, since readers see it, not {where}"
        )


def _mail(mail: MailSettings) -> None:
    port = re.fullmatch(_HOST_AND_PORT, mail.smtp)
    if not port or not 0 < int(port[1]) < 65_536:
        raise WrongValueError("mail.smtp", 'host and port expected, as in "localhost:25"')
    _sender(mail.sender)
    if mail.list:
        _address("mail.list", mail.list)
    for place, operator in enumerate(mail.operators):
        _address(f"mail.operators[{place}]", operator)
    if not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", mail.at):
        raise WrongValueError("mail.at", f'a time of day expected, as in "09:00", not {quoted(mail.at)}')
    _at_least("mail.grace_days", mail.grace_days, 0, 365)
    _at_least("mail.cap", mail.cap, 1)
    if mail.password_file and mail.password_env:
        raise WrongValueError(
            "mail.password_file", "one of password_file and password_env expected, not both"
        )
    if bool(mail.login) != bool(mail.password_file or mail.password_env):
        raise WrongValueError("mail.login", "login goes with password_file or password_env")
    if mail.login and not mail.starttls and not _is_loopback(mail.smtp.rpartition(":")[0].strip("[]")):
        raise WrongValueError(
            "mail.starttls", "true expected, since mail.login sends a password to another host"
        )
    _path("mail.password_file", mail.password_file)


def _sender(sender: str) -> None:
    """A mailbox as mails have it: what would end a name, or begin an address, stands in quotes (RFC 5322)."""
    found = re.fullmatch(rf"{_ADDRESS}|([^<>]*)<({_ADDRESS})>", sender)
    if not found or not sender.isprintable():
        raise WrongValueError("mail.sender", f'"Name <address>" expected, not {quoted(sender)}')
    if found[1] and not _NAME.fullmatch(found[1]):
        name = re.sub(r'["\\]', "", found[1]).strip()
        right = f'"{name}" <{found[2]}>'
        # as TOML has it, to be copied
        right = json.dumps(right, ensure_ascii=False) if "'" in right else f"'{right}'"
        raise WrongValueError(
            "mail.sender", f"a name with , : ; @ or the like wants quotes of its own: sender = {right}"
        )


def _database(settings: Settings) -> None:
    if not settings.database:
        if "?" in str(settings.state_path):
            raise WrongValueError(
                "state_dir", "a path without ? expected, since the database is named by a URL"
            )
    elif not URL.match(settings.database):
        raise WrongValueError(
            "database", 'an SQLAlchemy URL expected, as in "postgresql+psycopg:///shepherd"'
        )
    elif re.search(r"://(?!/)[^?]*@|[?&](?:user|password)=", settings.database):
        raise WrongValueError("database", "a URL without user and password expected")


def _deploy(deploy: DeploySettings) -> None:
    for place, host in enumerate(deploy.hosts):
        match = re.fullmatch(_SSH_HOST, host)
        if not match or (match[1] and not 0 < int(match[1]) < 65_536):
            raise WrongValueError(
                f"deploy.hosts[{place}]", f'[USER@]HOST[:PORT] expected, as in "qa1:22", not {quoted(host)}'
            )
    if not re.fullmatch(_LOGIN, deploy.user):
        raise WrongValueError("deploy.user", f"a login name expected, not {quoted(deploy.user)}")
    for key in ("directory", "python"):
        value = getattr(deploy, key)
        if not re.fullmatch(r"[A-Za-z0-9_./+-]+", value) or value.startswith("-") or ".." in value.split("/"):
            raise WrongValueError(
                f"deploy.{key}", f"a plain path without blanks expected, not {quoted(value)}"
            )
    _path("deploy.known_hosts", deploy.known_hosts)
    for place, extra in enumerate(deploy.extras):
        if not re.fullmatch(r"[a-z][a-z0-9-]*", extra):
            raise WrongValueError(
                f"deploy.extras[{place}]", f"the name of an extra expected, not {quoted(extra)}"
            )


def _address(key: str, address: str) -> None:
    if not address.isprintable() or not re.fullmatch(_ADDRESS, address):
        raise WrongValueError(key, f"a mail address expected, not {quoted(address)}")


def _path(key: str, path: str) -> None:
    if not path.isprintable():
        raise WrongValueError(key, "a path without control characters expected")
    if path.startswith("~"):
        raise WrongValueError(
            key, f"a path written out expected, not one from a home directory: {quoted(path)}"
        )


def _at_least(key: str, value: int, least: int, most: int = 1_000_000) -> None:
    if not least <= value <= most:
        raise WrongValueError(key, f"a whole number from {least} to {most} expected, not {value}")
