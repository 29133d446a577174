"""`inv init`: settings that work at once, planned from what the repository shows, then written
(docs/settings.md, docs/interfaces.md#commands)."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from shepherd.errors import SettingsError, SourceError
from shepherd.git.repository import Git, open_repository
from shepherd.landing import Revision
from shepherd.places import places_of
from shepherd.running.init import survey
from shepherd.running.init.choice import Choose, landings, narrowing, safest, settings_lines
from shepherd.running.init.production import ProductionCandidate, candidates
from shepherd.running.init.text import settings_text, token_file
from shepherd.settings import ALL_GRAMMARS, GRAMMARS_OF, Grammar, is_url, parse
from shepherd.values import parse_rev


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
        offered = [_given(line, survey.landing_named(git, line, rev))] if rev else candidates(git, line)
        return _plan(git, line, file, choose(offered), offered, deployed_given=rev is not None)
    except SourceError as error:
        raise SettingsError(str(error)) from None


def _plan(
    git: Git,
    line: survey.Mainline,
    file: Path,
    chosen: ProductionCandidate,
    offered: Sequence[ProductionCandidate],
    deployed_given: bool,
) -> InitPlan:
    name = branch_name(line.ref)
    reason, why = _reason(chosen, offered, deployed_given)
    looked_at, used = survey.usage(git, line)
    in_use = survey.in_use(looked_at, used)
    # a team that uses none is about to choose
    forge = survey.forge(git)
    grammars = in_use or GRAMMARS_OF[forge.tracker if forge and forge.project else "none"]
    orphans = "block" if "brackets" in in_use else "needs-qa"
    usage = _usage(looked_at, used)
    text = settings_text(
        name=name,
        repository=git.name,
        ref=line.ref,
        deployed=settings_lines(chosen, offered),
        why=why,
        usage=usage,
        marks=grammars,
        orphans=orphans,
        forge=forge,
    )
    # what is written must be readable, whatever stands in names and paths
    parse(text, file)
    findings = [
        f"The mainline is {line.ref}: {landings(line.tip.revno)}, the newest r{line.tip.revno}.",
        f"Production: {why} In QA: {landings(chosen.window)}.",
        *narrowing(chosen, file),
        f"{usage} Read: {', '.join(grammars)}; a landing that names nothing: {orphans}.",
        _next_steps(forge, file),
    ]
    if forge and not forge.project:
        findings.append(f"The repository seems to come from {forge.tracker}: links lead there.")
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
        return "", f"{chosen.what} ({at}), says what it runs."
    if chosen != offered[-1]:
        return chosen.what, f"{chosen.what} ({at}); after each deployment, record it with `inv deployed`."
    none = "no branch or tag names it, so " if len(offered) == 1 else ""
    why = f"{none}everything up to today ({at}) counts as live; change it with `inv deployed`."
    return "everything up to today counts as live", why


def _usage(looked_at: int, used: Mapping[Grammar, int]) -> str:
    counts = [f"{grammar} {count}" for grammar, count in used.items() if count]
    last = f"the last {looked_at} landings" if looked_at > 1 else "the one landing"
    if not counts:
        return f"Of {last} none uses any of {', '.join(ALL_GRAMMARS)}."
    return f"Used in {last}: {', '.join(counts)}."


def _next_steps(forge: survey.Forge | None, file: Path) -> str:
    if forge is None or not forge.project:
        return "No tracker is read yet: people settle landings with `inv verdict REV ok --reason …`."
    kind = forge.tracker
    return (
        f"Labels are read from {forge.project} on {kind}, whose clone this is. Put an access token into"
        f" {file.parent / token_file(forge)} (mode 0600; docs/{kind}.md lists the rights it needs), and"
        f" install its library: .venv/bin/pip install --require-hashes -r requirements/{kind}.txt. Or without"
        ' labels: type = "none".'
    )


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
