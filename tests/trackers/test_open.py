"""Which tracker the settings open (docs/settings.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from shepherd.settings import Settings, TrackerSettings
from shepherd.trackers import open_tracker, open_writer
from shepherd.words import ItemTags, TrackerData


def settings(folder: Path, tracker: TrackerSettings) -> Settings:
    return Settings(branches={}, tracker=tracker, file=folder / "shepherd.toml")


def test_none_speaks_of_nothing(tmp_path: Path) -> None:
    reading = open_tracker(settings(tmp_path, TrackerSettings())).read(["1", "#2"], [1])
    assert reading == TrackerData(items={}, speaks_of_requests=False, speaks_of_bugs=False)


def test_file_is_found_beside_the_settings_and_speaks_their_words(tmp_path: Path) -> None:
    (tmp_path / "bugs.json").write_text('{"bugs": {"1": {"tags": ["QA Pass"]}}}')
    tracker = TrackerSettings(type="file", path="bugs.json", words={"ok": ("QA pass",)})
    assert open_tracker(settings(tmp_path, tracker)).read(["1"], []).items == {"1": ItemTags(("ok",))}


def test_an_extra_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for kind in ("launchpad", "github", "gitlab", "gitea"):
        given = settings(tmp_path, TrackerSettings(type=kind, project="x"))
        for open_it in (open_tracker, open_writer):
            with pytest.raises(SettingsError, match=rf"needs urllib3, .* -r requirements/{kind}\.txt"):
                open_it(given)
