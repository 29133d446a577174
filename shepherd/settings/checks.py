"""What msgspec cannot check of the settings: the rules in the annotations of `kinds`, and what two keys
must say together (docs/settings.md).

The first thing that is wrong is raised as WrongValueError.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

import msgspec

from shepherd.errors import WrongValueError
from shepherd.report_files import owner_of_name
from shepherd.settings.tracker import GRAMMARS_THAT_NAME
from shepherd.settings.word_checks import check_words
from shepherd.urls import is_loopback
from shepherd.values import quoted

if TYPE_CHECKING:
    from shepherd.settings.branch import BranchSettings, FreezeWindow, Pointer
    from shepherd.settings.model import MailSettings, Settings
    from shepherd.settings.tracker import TrackerSettings

_fields = cache(msgspec.structs.fields)
"""They are found out slowly, and the tables of a hundred branches have the same."""


def check(settings: Settings) -> None:
    """Raise WrongValueError for the first value of `settings` that cannot be meant."""
    _check_table(settings)
    for name, branch in settings.branches.items():
        with _within("branches"), _within(name):
            _check_branch(branch)
            _check_freeze(branch.freeze)
    _check_freeze(settings.freeze)
    _check_promoted_refs(settings.branches)
    _check_file_names(settings.branches)
    if "" in settings.by_tracker:
        # else it may be no more than what the others have in common
        with _within("tracker"):
            _check_tracker(settings.tracker)
    for name, tracker in settings.trackers.items():
        with _within("trackers"), _within(name):
            _check_tracker(tracker)
    for name, branch in settings.branches.items():
        with _within("branches"), _within(name), _within("checks"):
            _check_checks(branch, settings.for_branch(name))
        if "keys" in branch.marks and not settings.tracker_of(name).keys:
            problem = (
                'expected marks without "keys", since the tracker names no keys of projects: keys = ["ABC"]'
            )
            raise WrongValueError(problem, "branches", name, "marks")
        _check_that_marks_name_items(name, branch, settings.tracker_of(name))
    if settings.mail:
        with _within("mail"):
            _check_mail(settings.mail)
    _check_notify(settings)
    _check_directories(settings)


def _check_that_marks_name_items(name: str, branch: BranchSettings, tracker: TrackerSettings) -> None:
    """`inv init` writes the marks that it finds, which another tracker's issues may not be known by: what
    people say on those would be left out without a word."""
    known_by = GRAMMARS_THAT_NAME.get(tracker.type, branch.marks)
    if branch.marks and not set(known_by) & set(branch.marks):
        wanted = " or ".join(f'"{each}"' for each in known_by)
        problem = (
            f"expected marks with {wanted}, since nothing else names issues of {tracker.type.capitalize()};"
            f' add "{known_by[0]}" there, or take marks out'
        )
        raise WrongValueError(problem, "branches", name, "marks")


def check_names_of_trackers(settings: Settings) -> None:
    """Raise WrongValueError for the first branch whose tracker is none of [trackers.NAME]."""
    for name, branch in settings.branches.items():
        if branch.tracker and branch.tracker not in settings.trackers:
            known = ", ".join(settings.trackers) or "there are none"
            from difflib import get_close_matches

            near = get_close_matches(branch.tracker, settings.trackers, n=1)
            hint = f"did you mean {quoted(near[0])}?" if near else f"known ones: {known[:200]}"
            problem = f"expected the NAME of a table [trackers.NAME], not {quoted(branch.tracker)}; {hint}"
            raise WrongValueError(problem, "branches", name, "tracker")


@contextmanager
def _within(part: str) -> Iterator[None]:
    """Tell a WrongValueError of the block where its value stands."""
    try:
        yield
    except WrongValueError as wrong:
        wrong.key = (part, *wrong.key)
        raise


def _check_table(table: msgspec.Struct) -> None:
    for field in _fields(type(table)):
        value = getattr(table, field.name)
        if value != field.default:
            with _within(field.name):
                _check_value(field.type, value)


def _check_value(kind: Any, value: object) -> None:
    """Call the rules in the annotation `kind`, and those of what `value` holds."""
    if get_origin(kind) in (Union, UnionType):
        # the rules of a text; a table brings those of its fields along
        kind = next((each for each in get_args(kind) if get_origin(each) is Annotated), kind)
    if get_origin(kind) is Annotated and not isinstance(value, msgspec.Struct):
        kind, *rules = get_args(kind)
        for rule in filter(callable, rules):
            rule(value)
    if isinstance(value, msgspec.Struct):
        _check_table(value)
    elif isinstance(value, tuple):
        for place, member in enumerate(value):
            with _within(f"[{place}]"):
                _check_value(get_args(kind)[0], member)
    elif isinstance(value, dict):
        names, members = get_args(kind)
        for name, member in value.items():
            with _within(name):
                _check_value(names, name)
                _check_value(members, member)


def _check_branch(branch: BranchSettings) -> None:
    with _within("deployed"):
        _check_pointer(branch.deployed)
    if branch.qa:
        if branch.qa.recorded:
            raise WrongValueError(
                "nobody records what QA runs: expected ref, tags, file or url", "qa", "recorded"
            )
        with _within("qa"):
            _check_pointer(branch.qa)
    if branch.promote and branch.promote.ref == branch.ref:
        raise WrongValueError(
            f"expected another ref than the mainline's own ({branch.ref})", "promote", "ref"
        )


def _check_checks(branch: BranchSettings, settings: Settings) -> None:
    """Something can say what they found, or no revision could ever be deployable."""
    kind = settings.tracker.type
    if branch.checks and not branch.check_notes and kind in ("none", "launchpad"):
        raise WrongValueError(
            f'nothing says what they found, since {settings.tracker_key}.type is "{kind}":'
            ' set check_notes = "refs/notes/ci", or a tracker that knows checks'
        )
    for place, pattern in enumerate(branch.checks):
        if pattern in branch.checks[:place]:
            raise WrongValueError(f"{quoted(pattern)} stands there already", f"[{place}]")


def _check_pointer(pointer: Pointer) -> None:
    sources = [name for name in ("ref", "tags", "file", "url", "recorded") if getattr(pointer, name)]
    if len(sources) != 1:
        named = " and ".join(sources) if sources else "none of them"
        raise WrongValueError(f"expected exactly one of ref, tags, file, url, recorded = true, not {named}")
    if pointer.pattern and not (pointer.file or pointer.url):
        raise WrongValueError(f"a pattern goes with file or url, not with {sources[0]}", "pattern")


def _check_freeze(windows: Sequence[FreezeWindow]) -> None:
    for place, window in enumerate(windows):
        if bool(window.days) == bool(window.dates):
            named = "both" if window.days else "none of them"
            problem = f"expected one of days and dates, not {named}"
            raise WrongValueError(problem, "freeze", f"[{place}]")


def _check_promoted_refs(branches: dict[str, BranchSettings]) -> None:
    """No ref is moved by two branches, or is the mainline of another one."""
    owners = {(branch.repository, branch.ref): name for name, branch in branches.items()}
    for name, branch in branches.items():
        if branch.promote is None:
            continue
        owner = owners.setdefault((branch.repository, branch.promote.ref), name)
        if owner != name:
            problem = f"expected a ref of its own: {branch.promote.ref} belongs to branches.{owner}"
            raise WrongValueError(problem, "branches", name, "promote", "ref")


def _check_file_names(branches: dict[str, BranchSettings]) -> None:
    """No two branches write a file of the same name into the report directory (docs/feeds.md)."""
    for name in branches:
        if (found := owner_of_name(name, branches)) is not None:
            owner, file = found
            problem = f"expected another name, since {file} is a file of branches.{owner}"
            raise WrongValueError(problem, "branches", name)


def _check_tracker(tracker: TrackerSettings) -> None:
    if tracker.type == "file" and not tracker.path:
        raise WrongValueError('expected the file of bugs, since tracker.type is "file"', "path")
    _check_keys(tracker)
    _check_project(tracker)
    if tracker.type == "launchpad" and re.search(r"/(?:[0-9.]+|devel|beta)/*$", tracker.service_root):
        raise WrongValueError("expected a URL without the version at its end", "service_root")
    if tracker.credentials_file and tracker.credentials_env:
        raise WrongValueError(
            "expected one of credentials_file and credentials_env, not both", "credentials_file"
        )
    if (tracker.credentials_file or tracker.credentials_env) and _in_the_clear(tracker.service_root):
        raise WrongValueError("expected a URL of https, since credentials are sent there", "service_root")
    check_words(tracker)
    if tracker.type == "redmine" and not tracker.service_root:
        problem = 'expected the address of your Redmine, as in "https://redmine.example.com"'
        raise WrongValueError(problem, "service_root")
    if tracker.type == "launchpad" and tracker.writes:
        _check_tags(tracker.words)


def _check_keys(tracker: TrackerSettings) -> None:
    if tracker.type == "jira":
        if not tracker.keys:
            problem = 'expected the projects whose keys messages name, as in keys = ["ABC"]'
            raise WrongValueError(problem, "keys")
        if tracker.project:
            problem = f"expected no project, since keys say it: keys = [{quoted(tracker.project)}]"
            raise WrongValueError(problem, "project")
    elif tracker.keys and tracker.only_numbers:
        problem = f'expected no keys, since {tracker.type} numbers what it has: type = "jira" has keys'
        raise WrongValueError(problem, "keys")


def _check_tags(words: dict[str, tuple[str, ...]]) -> None:
    """The first text of a word is what the tagger writes, and Launchpad would refuse that in each run. Where
    nothing is written, it is only looked for in vain: `inv doctor` says that, and no answer suffers."""
    from shepherd.label_text import is_launchpad_tag

    for word, texts in words.items():
        if word != "bad" and texts and not is_launchpad_tag(texts[0].lower()):
            what = "letters, digits, +, - and ., without blanks"
            problem = f"expected a tag as Launchpad takes it, since the tagger writes it: {what}"
            raise WrongValueError(f"{problem}, not {quoted(texts[0])}", "words", word, "[0]")


def _check_project(tracker: TrackerSettings) -> None:
    if tracker.type == "launchpad":
        right = is_launchpad_project(tracker.project)
        expected = "the name of the project on Launchpad"
    elif tracker.type in ("github", "gitlab", "gitea"):
        right = is_forge_project(tracker.type, tracker.project)
        example = "group/project" if tracker.type == "gitlab" else "owner/name"
        expected = f'the path of the project, "{example}"'
    else:
        return
    if not right:
        instead = f", not {quoted(tracker.project)}" if tracker.project else ""
        raise WrongValueError(f"expected {expected}{instead}", "project")


def is_launchpad_project(name: str) -> bool:
    """Return whether a project, project group or distribution on Launchpad can have this name."""
    return bool(re.fullmatch(r"[a-z0-9][a-z0-9+.-]*", name))


def is_forge_project(kind: str, path: str) -> bool:
    """Return whether a project of that forge can have this path: "owner/name", or on GitLab groups within
    groups."""
    part, deep = r"[A-Za-z0-9_.][A-Za-z0-9_.-]*", 20 if kind == "gitlab" else 1
    return bool(re.fullmatch(rf"{part}(?:/{part}){{1,{deep}}}", path)) and ".." not in path


def _check_mail(mail: MailSettings) -> None:
    if mail.password_file and mail.password_env:
        raise WrongValueError("expected one of password_file and password_env, not both", "password_file")
    if bool(mail.login) != bool(mail.password_file or mail.password_env):
        raise WrongValueError("login goes with password_file or password_env", "login")
    if mail.login and not mail.starttls and not is_loopback(mail.smtp.rpartition(":")[0].strip("[]")):
        raise WrongValueError("expected true, since mail.login sends a password to another host", "starttls")


def _check_notify(settings: Settings) -> None:
    """Each place has a name of its own, and names branches that there are."""
    names: set[str] = set()
    for place, each in enumerate(settings.notify):
        with _within("notify"), _within(f"[{place}]"):
            if each.name in names:
                problem = f"expected a name of its own, since another place is called {quoted(each.name)}"
                raise WrongValueError(problem, "name")
            names.add(each.name)
            for number, branch in enumerate(each.branches):
                if branch not in settings.branches:
                    known = ", ".join(settings.branches)[:200]
                    problem = f"expected one of the branches ({known}), not {quoted(branch)}"
                    raise WrongValueError(problem, "branches", f"[{number}]")


def _in_the_clear(url: str) -> bool:
    """Return whether what is sent there can be read on the way."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return parts.scheme.lower() == "http" and not is_loopback(parts.hostname or "")


def _check_directories(settings: Settings) -> None:
    state, report = os.path.realpath(settings.state_path), os.path.realpath(settings.report_path)
    if os.path.commonpath((state, report)) == report:
        which = "state_dir itself" if state == report else "a directory that holds state_dir"
        raise WrongValueError(
            f"expected a directory of its own, since readers see it, not {which}", "report", "directory"
        )
    backups = os.path.realpath(settings.backup_path)
    if os.path.commonpath((backups, report)) == report:
        raise WrongValueError(
            "expected a directory outside report.directory, which readers see", "backup", "directory"
        )
    if not settings.database and "?" in str(settings.state_path):
        raise WrongValueError("expected a path without ?, since the database is named by a URL", "state_dir")
