"""Projects of Jira that the newest landings name, and the settings that are proposed for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from shepherd.git.repository import open_repository
from shepherd.running.init.keys import ShownKeys, keys_in, lines_for_jira
from shepherd.running.init.plan import apply, plan
from shepherd.running.init.sample import read_sample
from shepherd.settings import parse, read
from tests.gitrepo import Repo


def shown(folder: Path, subjects: Sequence[str]) -> ShownKeys:
    repo = Repo(folder / "keys.git")
    for subject in subjects:
        repo.commit(subject)
    return keys_in(read_sample(open_repository(str(repo.path)), repo.tip()))


@pytest.mark.parametrize(
    ("subjects", "projects", "count"),
    [
        (["ABC-1 One", "[ABC-2] Two", "Three"], ("ABC",), 2),
        (["Merge branch 'feature/ABC-1-login'", "Merged in x/ABC-2 (pull request #5)"], ("ABC",), 2),
        (["ABC-1 One", "XYZ-1: Two", "XYZ-2: Three", "ABC-2. Four"], ("ABC", "XYZ"), 4),
        (["ABC-1 One"] * 20 + ["XYZ-1 Two"], ("ABC",), 20),
        (["ABC-1 One"] * 60 + ["XYZ-1 Two"] * 3, ("ABC",), 60),
        (["ABC-1 One", "Two"], (), 0),
        (["ABC-1 One"] * 2 + ["Title"] * 9, (), 0),
        (["UTF-8 everywhere", "CVE-2024 again", "SHA-256", "RFC-2119"], (), 0),
        (["XABC-1-2 not a key", "abc-1 nor this", "ABC-0 nor this", "ABC-12a", "ABC-12b"], (), 0),
    ],
)
def test_what_subjects_show(
    tmp_path: Path, subjects: list[str], projects: tuple[str, ...], count: int
) -> None:
    found = shown(tmp_path, subjects)
    assert (found.projects, found.count) == (projects, count)


def test_settings_that_work_at_once_and_how_to_read_jira(tmp_path: Path) -> None:
    repo, file = Repo(tmp_path / "project.git"), tmp_path / "shepherd.toml"
    for number in range(1, 11):
        repo.commit(f"ABC-{number} Change (#{number})")
    repo.git("remote", "add", "origin", "https://github.com/acme/shop.git")
    planned = plan(repo.path, file)
    apply(planned)
    settings = read(file)
    assert (settings.tracker.type, settings.tracker.keys) == ("none", ("ABC",))
    assert settings.branches["stable"].marks == ("forge", "keys")
    assert (settings.tracker.bug_url, "github.com" in settings.tracker.request_url) == ("", True)
    (finding,) = [each for each in planned.findings if "Jira" in each]
    assert finding.startswith("10 of the last 10 landings name issues as Jira does (ABC).")
    used = "Used in the last 10 landings: forge 10, keys 10. Read: forge, keys. Not read"
    assert any(each.startswith(used) for each in planned.findings)
    assert used in planned.text.replace("\n#", "")


def test_the_lines_for_jira_can_be_put_in_force(tmp_path: Path) -> None:
    repo, file = Repo(tmp_path / "project.git"), tmp_path / "shepherd.toml"
    for number in range(1, 11):
        repo.commit(f"ABC-{number} Change")
    text = plan(repo.path, file).text
    head, _, rest = text.partition('type = "none"\nkeys = ["ABC"]\n')
    lines = [line.removeprefix("# ") for line in rest.splitlines()]
    wanted = ("type =", "service_root =", "login =", "credentials_file =", "keys =", "bug_url =")
    chosen = [line for line in lines if line.startswith(wanted)][: len(wanted)]
    (tmp_path / "jira-token").write_text("its-token\n")
    (tmp_path / "jira-token").chmod(0o600)
    settings = parse(f"{head}{chr(10).join(chosen)}\n", file)
    assert (settings.tracker.type, settings.tracker.keys) == ("jira", ("ABC",))
    assert settings.tracker.login == "shepherd@example.com"
    assert f"cat >{tmp_path}/jira-token" in rest


def test_a_team_without_keys_gets_what_it_got(repo: Repo, file: Path) -> None:
    text = plan(repo.path, file).text
    assert "keys =" not in text and "atlassian" not in text


def test_where_a_forge_is_read_already(tmp_path: Path) -> None:
    """Its lines stay in force; those of Jira stand next to them."""
    repo = Repo(tmp_path / "project.git")
    for number in range(1, 11):
        repo.commit(f"ABC-{number} Change (#{number})")
    shown = keys_in(read_sample(open_repository(str(repo.path)), repo.tip()))
    lines = list(lines_for_jira(shown, tmp_path / "shepherd.toml", in_force=False))
    assert all(line.startswith("# ") or line.startswith("#  ") for line in lines)
    assert any('add "keys" to marks' in line for line in lines)
    assert not any('add "keys"' in line for line in lines_for_jira(shown, tmp_path / "x", in_force=True))
