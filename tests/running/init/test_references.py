"""Repositories whose messages name issues as teams with Redmine do, and what is proposed for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from shepherd.git.repository import open_repository
from shepherd.running.init.messages import evidence
from shepherd.running.init.plan import InitPlan, plan
from shepherd.running.init.references import ShownReferences, references_in
from shepherd.running.init.sample import read_sample
from shepherd.settings import parse
from tests.gitrepo import Repo

TEAM = ["Show the total (refs #1)", "Sort, fixes #2", "Export\n\nRefs #3, #4", "Tidy up"]
LINKED = "Round\n\nRefs #5, see https://pm.example.org/redmine/issues/5"


def shown(folder: Path, messages: Sequence[str]) -> ShownReferences:
    repo = Repo(folder / "shop.git")
    for message in messages:
        repo.commit(message)
    sample = read_sample(open_repository(str(repo.path)), repo.tip())
    return references_in(sample, evidence(sample))


def planned(folder: Path, messages: Sequence[str], origin: str = "") -> InitPlan:
    repo = Repo(folder / "shop.git")
    for message in messages:
        repo.commit(message)
    if origin:
        repo.git("remote", "add", "origin", origin)
    return plan(repo.path, folder / "shepherd.toml")


@pytest.mark.parametrize(
    ("messages", "count", "root"),
    [
        (TEAM, 3, ""),
        ([*TEAM, LINKED], 4, "https://pm.example.org/redmine"),
        # a link to a forge's issues is none to Redmine
        ([*TEAM, "Round, refs #6\n\nhttps://gitlab.example.org/team/shop/-/issues/6"], 4, ""),
        ([*TEAM, "Round, refs #6\n\nhttps://github.com/team/shop/issues/6"], 4, ""),
        (["Sort, fixes #2", "Tidy up"], 0, ""),
        (["Sort, fixes #2", "Sort, fixes #3", *(["Tidy up"] * 9)], 0, ""),
        # a forge's own numbers
        ([f"Merge pull request #{n} from ann/x\n\nFixes #{n + 90}" for n in range(1, 5)], 0, ""),
    ],
)
def test_what_messages_show(tmp_path: Path, messages: list[str], count: int, root: str) -> None:
    found = shown(tmp_path, messages)
    assert (found.count, found.root) == (count, root)


def test_it_is_said_with_where_to_go_on(tmp_path: Path) -> None:
    findings = planned(tmp_path, [*TEAM, LINKED]).findings
    (finding,) = [each for each in findings if "Redmine" in each]
    assert finding == (
        "4 of the last 5 landings name issues by refs #12 or Fixes #12, as teams with Redmine do (they link"
        " to https://pm.example.org/redmine). How to read Redmine stands in the settings."
    )


def test_the_lines_for_redmine_can_be_put_in_force(tmp_path: Path) -> None:
    text = planned(tmp_path, [*TEAM, LINKED]).text
    head, _, rest = text.partition('type = "none"\n')
    lines = [line.removeprefix("# ") for line in rest.splitlines()]
    wanted = ("type =", "service_root =", "credentials_file =", "bug_url =")
    chosen = [line for line in lines if line.startswith(wanted)][: len(wanted)]
    (tmp_path / "redmine-key").write_text("its-key\n")
    (tmp_path / "redmine-key").chmod(0o600)
    table = '[tracker.statuses]\nok = ["QA passed"]\n'
    head = head.replace('marks = ["forge"]', 'marks = ["references"]')
    settings = parse(f"{head}{chr(10).join(chosen)}\n{table}", tmp_path / "shepherd.toml")
    assert (settings.tracker.type, settings.tracker.service_root) == (
        "redmine",
        "https://pm.example.org/redmine",
    )
    assert settings.tracker.bug_url == "https://pm.example.org/redmine/issues/{bug}"
    assert settings.branches["stable"].marks == ("references",)
    assert f"cat >{tmp_path}/redmine-key" in rest


def test_a_clone_of_a_forge_is_not_taken_for_a_team_with_redmine(tmp_path: Path) -> None:
    text = planned(tmp_path, TEAM, "https://github.com/acme/shop.git").text
    assert "redmine-key" not in text


def test_where_nothing_is_found_the_guides_are_named(tmp_path: Path) -> None:
    findings = planned(tmp_path, ["One", "Two"]).findings
    assert findings[-1] == (
        "To read one (Jira, Redmine, a forge), see its guide, which [tracker] in the settings names."
    )
