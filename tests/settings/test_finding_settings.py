"""Where settings are looked for, what cannot be read there, and where the paths in them start
(docs/settings.md)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from shepherd.settings import Settings, is_url, load, read
from tests.settings.right import RIGHT


def test_paths_start_at_the_files_real_place(tmp_path: Path) -> None:
    shared, release = tmp_path / "shared", tmp_path / "release"
    shared.mkdir()
    release.mkdir()
    text = RIGHT.replace("/srv/git/launchpad.git", "git") + '[tracker]\ntype = "file"\npath = "bugs.json"\n'
    (shared / "shepherd.toml").write_text(text)
    (release / "shepherd.toml").symlink_to("../shared/shepherd.toml")
    settings = load({}, release, tmp_path)
    shared = shared.resolve()
    assert settings.file == shared / "shepherd.toml"
    assert settings.state_path == shared / "var"
    assert settings.report_path == shared / "var/report"
    assert settings.tracker_path == shared / "bugs.json"
    assert settings.database_url == f"sqlite:///{shared}/var/shepherd.db"
    assert settings.place(settings.branches["stable"].repository) == str(shared / "git")


def test_absolute_places_stand_as_they_are() -> None:
    settings = Settings(
        branches={}, state_dir="/srv/state", database="postgresql:///shepherd", file=Path("/x/shepherd.toml")
    )
    assert settings.state_path == Path("/srv/state")
    assert settings.database_url == "postgresql:///shepherd"
    assert settings.place("git@example.org:x") == "git@example.org:x"
    assert settings.place("/srv/git") == "/srv/git"


def test_a_relative_sqlite_file_starts_at_the_settings_too() -> None:
    settings = Settings(
        branches={}, database="sqlite+pysqlite:///data/x.db?timeout=1", file=Path("/x/shepherd.toml")
    )
    assert settings.database_url == "sqlite+pysqlite:////x/data/x.db?timeout=1"


@pytest.mark.parametrize(
    "location", ["https://x/y", "ssh://x/y", "file:///x", "host:path", "me@host:path", "[::1]:x"]
)
def test_urls(location: str) -> None:
    assert is_url(location)


@pytest.mark.parametrize("location", ["/x", "x", "./host:path", "../x", "a/b:c", ""])
def test_paths(location: str) -> None:
    assert not is_url(location)


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Settings in three places, each with a state_dir that tells which it is."""
    for name in ("config", "tasks", "cwd"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "shepherd.toml").write_text(RIGHT.replace('"var"', f'"{name}"'))
    return tmp_path / "config", tmp_path / "tasks", tmp_path / "cwd"


def test_the_variable_comes_first(places: tuple[Path, Path, Path]) -> None:
    config, tasks, cwd = places
    assert load({"SHEPHERD_CONFIG": str(config / "shepherd.toml")}, tasks, cwd).state_dir == "config"


def test_the_variable_may_be_relative_to_the_working_directory(places: tuple[Path, Path, Path]) -> None:
    _, tasks, cwd = places
    assert load({"SHEPHERD_CONFIG": "../config/shepherd.toml"}, tasks, cwd).state_dir == "config"


def test_beside_tasks_comes_before_the_working_directory(places: tuple[Path, Path, Path]) -> None:
    _, tasks, cwd = places
    assert load({}, tasks, cwd).state_dir == "tasks"
    (tasks / "shepherd.toml").unlink()
    assert load({}, tasks, cwd).state_dir == "cwd"


def test_last_comes_what_the_user_keeps(places: tuple[Path, Path, Path], tmp_path: Path) -> None:
    config, _, cwd = places
    own = tmp_path / "home" / ".config" / "qa-shepherd"
    own.parent.mkdir(parents=True)
    config.rename(own)
    home = {"HOME": str(tmp_path / "home")}
    assert load(home, None, cwd).state_dir == "cwd"
    (cwd / "shepherd.toml").unlink()
    assert load(home, None, cwd).state_dir == "config"
    assert load({"XDG_CONFIG_HOME": str(own.parent)}, None, cwd).state_dir == "config"
    with pytest.raises(SettingsError, match="no settings"):
        load(home | {"XDG_CONFIG_HOME": str(tmp_path)}, None, cwd)


def test_a_variable_that_names_nothing_is_an_error(places: tuple[Path, Path, Path]) -> None:
    _, tasks, cwd = places
    with pytest.raises(SettingsError, match=r"SHEPHERD_CONFIG names .*/gone\.toml, which is not there"):
        load({"SHEPHERD_CONFIG": "gone.toml"}, tasks, cwd)


def test_the_first_that_is_there_counts_even_if_it_is_wrong(places: tuple[Path, Path, Path]) -> None:
    _, tasks, cwd = places
    (tasks / "shepherd.toml").unlink()
    (tasks / "shepherd.toml").symlink_to("gone")
    with pytest.raises(SettingsError, match=r"tasks/shepherd\.toml is a link to nothing"):
        load({}, tasks, cwd)


def test_none_at_all_says_where_it_looked_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    with pytest.raises(SettingsError) as caught:
        load({}, tmp_path / "tasks", tmp_path)
    for part in (
        f"{tmp_path}/tasks/shepherd.toml",
        f"{tmp_path}/shepherd.toml",
        "SHEPHERD_CONFIG",
        "inv init --repository PATH",
    ):
        assert part in str(caught.value)
    assert caught.value.code == 2


@pytest.mark.timeout(10)
def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "shepherd.toml"

    def sentence() -> str:
        with pytest.raises(SettingsError) as caught:
            read(file)
        assert str(file) in str(caught.value)
        return str(caught.value)

    assert "is not there; write settings with: inv init" in sentence()
    file.mkdir()
    assert "is a directory" in sentence()
    file.rmdir()
    os.mkfifo(file)
    assert "is not a regular file" in sentence()
    file.unlink()
    file.symlink_to(file.name)
    assert "cannot be opened" in sentence()
    file.unlink()
    file.write_bytes(RIGHT.encode() + b"# caf\xe9")
    assert "is not UTF-8 (byte " in sentence()
    file.write_text("#" * 10_000_000)
    assert "is larger than 1 MB" in sentence()
    file.write_text("x = " + "[" * 100_000)
    assert "nested too deeply" in sentence()
    file.write_text("x = " + "9" * 10_000)
    assert "is not valid TOML" in sentence()


def test_a_file_without_rights_to_it(tmp_path: Path) -> None:
    file = tmp_path / "shepherd.toml"
    file.touch(0o000)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # root may read everything: look at it as nobody
    try:
        with pytest.raises(SettingsError, match=r"cannot be opened \(permission denied\)"):
            read(file)
    finally:
        if root:
            os.seteuid(0)
