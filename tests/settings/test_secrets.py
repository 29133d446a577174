"""Secrets are read from a file of their owner alone or from the environment (docs/settings.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from shepherd.settings import Settings, parse
from tests.settings.right import RIGHT


def with_secret(folder: Path, line: str) -> Settings:
    mail = f"[mail]\nsender = 'qa@example.org'\nlogin = 'qa'\n{line}\n"
    return parse(RIGHT + mail, folder / "shepherd.toml")


def test_a_secret_in_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("hunter2\n")
    (tmp_path / "pw").chmod(0o600)
    assert with_secret(tmp_path, "password_file = 'pw'").secret("mail.password", {}) == "hunter2"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o601, 0o700])
def test_a_secret_that_others_have_rights_to_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "pw").write_text("hunter2\n")
    (tmp_path / "pw").chmod(mode)
    with pytest.raises(SettingsError, match=r"is open to others; run chmod 600 /.*/pw") as caught:
        with_secret(tmp_path, "password_file = 'pw'").secret("mail.password", {})
    assert "mail.password_file" in str(caught.value)


@pytest.mark.parametrize("content", ["", "\n", "one\ntwo\n", "a\tb"])
def test_a_secret_is_one_line_of_text(tmp_path: Path, content: str) -> None:
    (tmp_path / "pw").write_text(content)
    (tmp_path / "pw").chmod(0o600)
    with pytest.raises(SettingsError, match="does not hold one line of text"):
        with_secret(tmp_path, "password_file = 'pw'").secret("mail.password", {})


def test_a_secret_in_the_environment(tmp_path: Path) -> None:
    settings = with_secret(tmp_path, "password_env = 'QA_PASSWORD'")
    assert settings.secret("mail.password", {"QA_PASSWORD": "hunter2"}) == "hunter2"
    with pytest.raises(SettingsError, match="the environment variable QA_PASSWORD does not hold"):
        settings.secret("mail.password", {})


def test_no_secret_is_empty() -> None:
    settings = parse(f"{RIGHT}[mail]\nsender = 'qa@example.org'\n", Path("/x/shepherd.toml"))
    assert settings.secret("mail.password", {"": "x"}) == ""


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (None, 0, "create it with (umask 077; cat >"),
        ("hunter2\n", 0o644, "database_password_file: "),
        ("", 0o600, "does not hold one line of text"),
        ("hunter2\nmore\n", 0o600, "does not hold one line of text"),
    ],
)
def test_a_database_password_that_cannot_be_used(
    tmp_path: Path, content: str | None, mode: int, says: str
) -> None:
    if content is not None:
        (tmp_path / "password").write_text(content)
        (tmp_path / "password").chmod(mode)
    settings = Settings(branches={}, database_password_file="password", file=tmp_path / "shepherd.toml")
    with pytest.raises(SettingsError) as caught:
        _ = settings.database_password
    assert str(caught.value).startswith(f"{tmp_path / 'shepherd.toml'}: database_password_file: ")
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_database_password_is_a_secret_like_others(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter 2\n")
    (tmp_path / "password").chmod(0o600)
    settings = Settings(branches={}, database_password_file="password", file=tmp_path / "shepherd.toml")
    assert settings.database_password == "hunter 2"
    assert settings.secret_keys == ["database_password"]
