"""docs/jira.md is walked with local Jiras: its settings, its commands, what it says is written."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from shepherd.settings import TrackerSettings
from tests.gitrepo import Repo
from tests.guides import Block, blocks
from tests.inv import ROOT, Done, inv_here
from tests.trackers.faulty import at_work
from tests.trackers.jira_issues import BROWSE, COMMENT, EDIT, TRANSITION
from tests.trackers.jira_server import EMAIL, TOKEN, Jira
from tests.trackers.jira_writes import as_text

pytestmark = pytest.mark.real

GUIDE = ROOT / "docs" / "jira.md"
LABELS, STATUSES, FIELD = blocks(GUIDE, "toml")
(COMMANDS,) = (block for block in blocks(GUIDE) if "inv doctor" in block.text)
CLOUD, DATA_CENTER = "https://example.atlassian.net", "https://jira.example.org/jira"


class Team:
    """A repository that names issues of ABC, and the settings that a block of the guide is put into."""

    def __init__(self, jira: Jira, folder: Path, block: Block) -> None:
        self.jira, self.folder = jira, folder
        self.repo = Repo(folder / "shop.git")
        self.first = self.repo.commit("ABC-1 Begin")
        for number in range(1, 6):
            jira.issue(f"ABC-{number}", status="To Do")
        token = folder / "jira-token"
        token.write_text(f"{TOKEN}\n")
        token.chmod(0o600)
        done = self.inv("init", "--repository", str(self.repo.path))
        assert done.code == 0, done.err
        settings = (folder / "shepherd.toml").read_text()
        assert 'keys = ["ABC"]' not in settings, "one landing is no fifth of many"
        head, _, _ = settings.partition("\n[tracker]\n")
        root = CLOUD if CLOUD in block.text else DATA_CENTER
        text = block.text.replace(f'service_root = "{root}"', f'service_root = "{jira.root}"')
        text = text.replace("shepherd@example.com", EMAIL)
        head = head.replace("marks = [", "# marks = [")
        (folder / "shepherd.toml").write_text(f'{head}\n{text}\n[report]\ndirectory = "var/report"\n')

    def inv(self, *words: str) -> Done:
        return inv_here(self.folder, *words)

    def as_the_guide_says(self) -> list[Done]:
        """Each command of the guide's block, in its order."""
        lines = [shlex.split(line) for line in COMMANDS.text.splitlines()]
        assert [line[:2] for line in lines] == [
            [".venv/bin/inv", "doctor"],
            [".venv/bin/inv", "find"],
            [".venv/bin/inv", "tag"],
        ]
        return [self.inv(*line[1:]) for line in lines]

    def comments(self, key: str) -> list[str]:
        return [as_text(each["body"]) for each in self.jira.issues[key].comments]


@pytest.fixture
def cloud() -> Iterator[Jira]:
    with at_work(Jira()) as jira:
        yield jira


@pytest.fixture
def data_center() -> Iterator[Jira]:
    with at_work(Jira(cloud=False)) as jira:
        yield jira


def walk(team: Team) -> str:
    """The guide's commands, and then the tagger in earnest: two landings wait. Returns what it would do."""
    team.repo.commit("ABC-2 Faster")
    team.repo.commit("Merge branch 'feature/ABC-3-nicer'")
    doctor, found, dry = team.as_the_guide_says()
    assert "FAIL" not in doctor.out.upper().replace("FAILED", ""), doctor.out
    assert found.code == 0, found.err
    assert dry.code == 0 and "would write ABC-2" in dry.out and "would write ABC-3" in dry.out, dry
    assert team.comments("ABC-2") == []
    done = team.inv("tag")
    assert done.code == 0, done.err
    assert len(team.comments("ABC-2")) == len(team.comments("ABC-3")) == 1
    assert team.inv("judge").code == 0
    assert "stay at r1" in team.inv("status").out
    return dry.out


def deployable(team: Team, revno: int) -> bool:
    assert team.inv("find", "tag", "judge").code == 0
    return f"deploy r{revno}" in team.inv("status").out


def test_a_team_with_labels(tmp_path: Path, cloud: Jira) -> None:
    cloud.project_of("WEB")
    team = Team(cloud, tmp_path, LABELS)
    cloud.account.rights = {"": (BROWSE, EDIT, COMMENT)}
    walk(team)
    assert cloud.issues["ABC-2"].labels == ["qa-needstesting"]
    cloud.change("ABC-2", labels=["tested"])
    cloud.change("ABC-3", labels=["broken", "bad-commit-3"])
    assert deployable(team, 2)
    cloud.change("ABC-3", labels=["qa-ok"])
    assert deployable(team, 3)


def test_a_team_with_statuses(tmp_path: Path, cloud: Jira) -> None:
    for name in ("In Progress", "In Review", "Done", "Not testable", "QA passed", "QA failed", "In QA"):
        cloud.status(name)
    for name in ("In QA", "QA passed", "QA failed"):
        cloud.transition(f"To {name}", name)
    team = Team(cloud, tmp_path, STATUSES)
    cloud.account.rights = {"": (BROWSE, TRANSITION, COMMENT)}
    assert 'would write ABC-2: status "In QA", a comment' in walk(team)
    assert (cloud.issues["ABC-2"].status, cloud.issues["ABC-2"].labels) == ("In QA", [])
    cloud.change("ABC-2", status="QA passed")
    cloud.change("ABC-3", status="QA failed")
    assert deployable(team, 2)
    cloud.change("ABC-3", status="Done")
    assert deployable(team, 3)


def test_a_team_with_a_field(tmp_path: Path, data_center: Jira) -> None:
    field = data_center.field("QA result", "to try", "passed", "failed")
    data_center.transition("Resolve", "Resolved", "To Do")
    team = Team(data_center, tmp_path, FIELD)
    walk(team)
    issue = data_center.issues["ABC-2"]
    assert (issue.fields[field]["value"], issue.status, issue.labels) == ("to try", "Resolved", [])
    data_center.change("ABC-2", fields={field: {"value": "passed"}})
    assert deployable(team, 2)


@pytest.mark.parametrize("block", [LABELS, STATUSES, FIELD], ids=["labels", "statuses", "field"])
def test_each_block_of_settings_stands_for_itself(block: Block) -> None:
    import tomllib

    tracker = msgspec.convert(tomllib.loads(block.text)["tracker"], TrackerSettings)
    assert tracker.type == "jira"
    assert tracker.bug_url == f"{tracker.service_root}/browse/{{bug}}"


def test_what_the_guide_says_about_failures_is_what_is_said() -> None:
    """Each sentence of its last table is one of the writer's, but for the names in it."""
    source = " ".join(
        " ".join(Path(ROOT, "shepherd", "trackers", "jira", name).read_text().split())
        for name in ("writing.py", "workflow.py")
    )
    for part in (
        "may this account edit it (Edit Issues), and are labels on the screen that edits it?",
        "may this account comment on it (Add Comments), and is it not archived?",
        "no transition to it is offered from",
        "may this account make any (Transition Issues)?",
        "this field has no such value here",
    ):
        assert part in source
        assert part in GUIDE.read_text()
