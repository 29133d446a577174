"""`inv init`: settings that work at once, planned from what the repository shows, then written
(docs/settings.md, docs/interfaces.md#commands)."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from shepherd.errors import SettingsError, SourceError
from shepherd.git.mirror_clones import OverwritingRemote, overwriting_remote
from shepherd.git.repository import Git, open_repository
from shepherd.landing import Revision
from shepherd.places import places_of
from shepherd.running.init import survey
from shepherd.running.init.access import ForgeAnswer, ask, how_to_read, what_is_read
from shepherd.running.init.choice import Choose, landings, narrowing, safest, settings_lines
from shepherd.running.init.folders import top_folders
from shepherd.running.init.forge import Forge, forge_of
from shepherd.running.init.keys import ShownKeys, keys_in
from shepherd.running.init.messages import MessageEvidence, alternatives, evidence
from shepherd.running.init.production import ProductionCandidate, candidates
from shepherd.running.init.references import ShownReferences, references_in
from shepherd.running.init.required import NEWEST, RequiredChecks, required_checks
from shepherd.running.init.robots import Robot, robots_in
from shepherd.running.init.sample import read_sample
from shepherd.running.init.text import settings_text, toml
from shepherd.settings import Grammar, is_url, parse
from shepherd.values import parse_rev, quoted


class InitPlan(Struct, frozen=True):
    """What `inv init` will do. Nothing is done yet."""

    file: Path
    text: str
    """The settings; they can be read as they stand."""
    branch: str
    """The name that the branch has in them."""
    record: Revision | None
    """What is to be recorded as deployed, None where a ref says it."""
    reason: str
    """Why it is recorded; for the journal."""
    findings: tuple[str, ...]
    """What was found and what follows from it, a sentence each, for people."""


def destination(environ: Mapping[str, str], clone: Path | None, cwd: Path) -> Path:
    """Return where `settings.load` looks for settings: the file that is there, else the first place.

    That is next to tasks.py in a clone, else the working directory, never the user's own configuration.
    """
    places = places_of(environ, clone, cwd)
    places = [path for path in places if path.parent in (clone, cwd)] or places
    return next((path for path in places if os.path.lexists(path)), places[0])


def plan(
    repository: Path | str,
    file: Path,
    *,
    deployed: str | None = None,
    branch: str | None = None,
    choose: Choose = safest,
) -> InitPlan:
    """Plan the settings `file` for `repository`, a path on this machine.

    `deployed` is REV of docs/interfaces.md#commands: what production runs, recorded instead of looked for.
    `branch` is the
    mainline, where it is not the one that HEAD names. `choose` is given what production may run, the safest
    first, and returns one of it. Raises SettingsError, also for what is wrong with the
    repository: not one, empty, shallow, no such branch.
    """
    if os.path.lexists(file):
        raise SettingsError(f"{file} already exists: edit it, or move it away first")
    if is_url(str(repository)) and not os.path.lexists(repository):
        raise SettingsError(
            "init reads a repository on this machine: git clone --mirror URL, and name the clone"
        )
    rev = parse_rev(deployed) if deployed is not None else None
    try:
        git = open_repository(os.path.realpath(repository))
        line = survey.mainline(git, branch)
        shown = _look(git, line, file)
        if rev:
            offered = [_given(line, survey.landing_named(git, line, rev))]
        else:
            offered = candidates(git, line, shown.answer.deployments)
        return _plan(git, line, file, shown, choose(offered), offered, deployed_given=rev is not None)
    except SourceError as error:
        raise SettingsError(str(error)) from None


class _Shown(Struct, frozen=True):
    """What the newest landings show, and what the forge that they or the origin name has answered."""

    messages: MessageEvidence
    robots: tuple[Robot, ...]
    keys: ShownKeys
    references: ShownReferences
    forge: Forge | None
    answer: ForgeAnswer
    checks: RequiredChecks


def _look(git: Git, line: survey.Mainline, file: Path) -> _Shown:
    sample = read_sample(git, line.tip.id)
    messages = evidence(sample)
    forge = forge_of(git, messages)
    answer = ask(forge, file)
    checks = RequiredChecks()
    if answer.refusal is None:
        newest = [landing.commit.id for landing in sample[:NEWEST]]
        checks = required_checks(forge, file, line.ref, newest)
    own = forge is None or forge.tracker is None
    references = references_in(sample, messages) if own else ShownReferences()
    return _Shown(messages, robots_in(sample), keys_in(sample), references, forge, answer, checks)


def _plan(
    git: Git,
    line: survey.Mainline,
    file: Path,
    shown: _Shown,
    chosen: ProductionCandidate,
    offered: Sequence[ProductionCandidate],
    deployed_given: bool,
) -> InitPlan:
    name = branch_name(line.ref)
    mirrored = overwriting_remote(git, line.ref)
    reason, why = _reason(chosen, offered, deployed_given)
    grammars = shown.messages.grammars
    orphans = "block" if "brackets" in grammars else "needs-qa"
    keys_in_force = bool(shown.keys.projects) and shown.answer.refusal is not None
    marks = (*grammars, "keys") if keys_in_force else grammars
    usage = _usage(shown, marks)
    text = settings_text(
        name=name,
        repository=git.name,
        mirrored=mirrored,
        ref=line.ref,
        deployed=settings_lines(chosen, offered),
        why=why,
        usage=usage,
        marks=marks,
        orphans=orphans,
        robots=shown.robots,
        checks=shown.checks,
        folders=top_folders(git, line.tip.id),
        forge=shown.forge,
        refusal=shown.answer.refusal,
        keys=shown.keys,
        references=shown.references,
        file=file,
    )
    # what is written must be readable, whatever stands in names and paths
    parse(text, file)
    findings = [
        f"The mainline is {line.ref}: {landings(line.tip.revno)}, the newest r{line.tip.revno}.",
        f"Production: {why} In QA: {landings(chosen.window)}.",
        *narrowing(chosen, file),
        f"{usage} A landing that names nothing: {orphans}.",
        *_mirror(git, mirrored),
        *_robots(shown.robots),
        *([shown.checks.finding] if shown.checks.finding else []),
        *([f"{shown.keys.finding} How to read Jira stands in the settings."] if shown.keys.projects else []),
        *_referring(shown.references),
        *_tracker(shown, file),
    ]
    return InitPlan(file, text, name, chosen.at if chosen.record else None, reason, tuple(findings))


def _given(line: survey.Mainline, at: Revision) -> ProductionCandidate:
    return ProductionCandidate("{ recorded = true }", "you gave it", at, line.tip.revno - at.revno, True)


def _reason(
    chosen: ProductionCandidate, offered: Sequence[ProductionCandidate], deployed_given: bool
) -> tuple[str, str]:
    """Why production is taken to be where it is: for the journal, and as a sentence for people."""
    at = f"r{chosen.at.revno}"
    if deployed_given:
        why = f"you gave {at}; after each deployment, record it with `inv deployed`."
        return "given to inv init", why
    if not chosen.record:
        return "", f"taken to be {chosen.what} ({at})."
    if chosen != offered[-1]:
        return chosen.what, f"{chosen.what} ({at}); after each deployment, record it with `inv deployed`."
    none = "no branch or tag names it, so " if len(offered) == 1 else ""
    why = f"{none}everything up to today ({at}) counts as live; change it with `inv deployed`."
    return "everything up to today counts as live", why


def _usage(shown: _Shown, read: Sequence[Grammar]) -> str:
    """Which grammars the messages use, which are read, and which others there are."""
    looked_at = shown.messages.looked_at
    last = f"the last {looked_at} landings" if looked_at > 1 else "the one landing"
    counts = [f"{grammar} {count}" for grammar, count in shown.messages.used.items() if count]
    counts += [f"keys {shown.keys.count}"] if shown.keys.projects else []
    counts += [f"references {shown.references.count}"] if shown.references.count else []
    used = f"Used in {last}: {', '.join(counts)}." if counts else f"No known form of marks in {last}."
    names = f"Read: {', '.join(read) or 'none'}."
    others = f" Not read, but could be: {off}." if (off := alternatives(shown.messages.grammars)) else ""
    return f"{used} {names}{others}"


def _mirror(git: Git, mirrored: OverwritingRemote | None) -> Iterator[str]:
    if mirrored:
        place = f"`repository = {toml(mirrored.url)}`" if mirrored.url else "the URL that it mirrors"
        yield (
            f"{git.name} is a mirror, which somebody has to update (git remote update), and in which nothing"
            f" can be promoted. With {place} in the settings the shepherd {mirrored.kept}."
        )


def _robots(robots: Sequence[Robot]) -> Iterator[str]:
    if robots:
        named = "; ".join(f"{quoted(robot.pattern)} ({robot.why})" for robot in robots)
        yield f"Programs by the look of them, please check them in the settings: {named}."


def _referring(references: ShownReferences) -> Iterator[str]:
    if references.count:
        yield f"{references.finding} How to read Redmine stands in the settings."


def _tracker(shown: _Shown, file: Path) -> Iterator[str]:
    """Whether a tracker is read, and what else is known of the forge."""
    forge, answer = shown.forge, shown.answer
    if forge and forge.why:
        yield forge.why
    if forge and forge.tracker and answer.refusal is None:
        yield f"{_sentence(what_is_read(forge))} are read: it has answered. {answer.finding}".strip()
        return
    verdict = "`inv verdict REV ok --reason …`"
    yield f'No tracker is read yet (type = "none"): people settle landings with {verdict}.'
    if forge and forge.tracker:
        yield f"{answer.refusal} {_sentence(how_to_read(forge, file))}.".strip()
    elif not shown.keys.projects and not shown.references.count:
        yield "To read one (Jira, Redmine, a forge), see its guide, which [tracker] in the settings names."


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def branch_name(ref: str) -> str:
    """The name of a branch in the settings, made of that of a ref: `feature/New_UI` -> `feature-new_ui`."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", re.sub(r"^refs/(heads|tags|remotes)/", "", ref).lower())
    name = plain.strip("._-")
    return {"": "mainline", "index": "index-branch"}.get(name, name)


def apply(planned: InitPlan) -> None:
    """Write the settings to a temporary file and link it into place; nothing is ever overwritten.

    Raises SettingsError if there is a file by now, or it cannot be written.
    """
    temporary = planned.file.with_name(f".{planned.file.name}.{os.getpid()}")
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(planned.text)
            file.flush()
            os.fsync(file.fileno())
        # a link, unlike a rename, fails where something is already
        os.link(temporary, planned.file)
    except FileExistsError:
        raise SettingsError(f"{planned.file} already exists: somebody else just wrote it") from None
    except OSError as error:
        raise SettingsError(f"{planned.file} cannot be written ({(error.strerror or '').lower()})") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
