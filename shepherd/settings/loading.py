"""Where shepherd.toml is found, and how it is read (docs/settings.md)."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from shepherd import plainfile
from shepherd.errors import SettingsError, WrongValueError
from shepherd.places import places_of
from shepherd.settings import checks
from shepherd.settings.branch import Grammar
from shepherd.settings.kinds import decode
from shepherd.settings.model import NO_KEYS, Settings
from shepherd.settings.tracker import GRAMMARS_OF, TrackerSettings

LARGEST = 1_000_000
"""Bytes of the largest settings file that is read."""
_LAYERED = ("defaults", "include", "trackers")
"""What `layers` lays out: with none of these it is not imported."""


def load(environ: Mapping[str, str], clone: Path | None, cwd: Path) -> Settings:
    """Return the settings that count: the first of `places_of` that is there.

    Raises:
        SettingsError: there are none, or they are wrong.
    """
    places = places_of(environ, clone, cwd)
    for path in places:
        if os.path.lexists(path):
            return read(path)
    if environ.get("SHEPHERD_CONFIG"):
        raise SettingsError(f"SHEPHERD_CONFIG names {places[0]}, which is not there")
    raise SettingsError(
        f"no settings: SHEPHERD_CONFIG is not set, and there is no {' or '.join(map(str, places))}; "
        "write them with: inv init --repository PATH"
    )


def read(path: Path) -> Settings:
    """Return the settings in `path`, checked. Raises SettingsError: file, key, what was expected."""
    try:
        text = plainfile.read(path, LARGEST)
    except plainfile.UnreadableFileError as why:
        remedy = "; write settings with: inv init --repository PATH" if why.missing else ""
        raise SettingsError(f"{why}{remedy}") from None
    return parse(text, Path(os.path.realpath(path)))


def parse(text: str, file: Path) -> Settings:
    """Return the settings that `text` would be in `file`, whose real path is given.

    Raises:
        SettingsError: it is not TOML, or a value in it is wrong.
    """
    try:
        document = tomllib.loads(text)
    except ValueError as error:
        raise SettingsError(f"{file}: is not valid TOML: {error}") from None
    except RecursionError:
        raise SettingsError(f"{file}: is not a settings file: nested too deeply") from None
    if not document.keys().isdisjoint(_LAYERED):
        return _parse_layers(document, file)
    try:
        return _settings(document, file)
    except msgspec.ValidationError as error:
        from shepherd.settings import faults

        raise faults.wrong_value(error, document, file) from None
    except WrongValueError as wrong:
        wrong.file = file
        raise


def _parse_layers(document: dict[str, Any], file: Path) -> Settings:
    """The same of a file with keys that concern several branches."""
    from shepherd.settings import layers

    try:
        whole = layers.whole(document, file, LARGEST)
    except WrongValueError as wrong:
        wrong.file = wrong.file or file
        raise
    try:
        return _settings(whole.document, file, whole.files)
    except msgspec.ValidationError as error:
        from shepherd.settings import faults

        raise whole.located(faults.wrong_value(error, whole.document, file), file) from None
    except WrongValueError as wrong:
        raise whole.located(wrong, file) from None


def _settings(document: Mapping[str, Any], file: Path, included: tuple[Path, ...] = ()) -> Settings:
    """Raises msgspec.ValidationError, WrongValueError without a file."""
    for ours in NO_KEYS:
        # fields like any other to msgspec
        if ours in document:
            raise msgspec.ValidationError(f"Object contains unknown field `{ours}`")
    settings = msgspec.convert(document, Settings, dec_hook=decode)
    checks.check_names_of_trackers(settings)
    settings = _with_marks(msgspec.structs.replace(settings, file=file, included=included), document)
    checks.check(settings)
    return settings


def _with_marks(settings: Settings, document: Mapping[str, Any]) -> Settings:
    """Give each branch whose table has no `marks` the grammars of its tracker."""
    branches = {
        name: branch
        if "marks" in document["branches"][name]
        else msgspec.structs.replace(branch, marks=_usual_marks(settings.tracker_of(name)))
        for name, branch in settings.branches.items()
    }
    return msgspec.structs.replace(settings, branches=branches)


def _usual_marks(tracker: TrackerSettings) -> tuple[Grammar, ...]:
    usual = GRAMMARS_OF[tracker.type]
    return (*usual, "keys") if tracker.keys and "keys" not in usual else usual
