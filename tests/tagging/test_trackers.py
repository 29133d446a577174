"""Two mainlines with a tracker each: the same number is another bug there (docs/settings.md#trackers)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.store.snapshots import Snapshots
from tests.project import states
from tests.running.host import Host

OTHER = """
[branches.web]
repository = "project.git"
ref = "web"
deployed = { ref = "production" }
tracker = "web"
[trackers.web]
type = "file"
path = "web.json"
bug_url = "https://web.example.org/{bug}"
cap = 2
"""


class TwoTeams(Host):
    """`stable` with bugs.json, and `web`, of the same landings, with web.json; bug 3 is not yet tried in
    either."""

    def __init__(self, folder: Path, keys: str = "") -> None:
        super().__init__(folder)
        file = self.project.folder / "shepherd.toml"
        file.write_text(file.read_text() + OTHER + keys)
        third = self.project.land("[bug=3] three")[0]
        self.project.repo.set_ref("web", third)
        self.project.tag(3, "qa-needstesting")
        self.web(**{"2": ["qa-ok"], "3": ["qa-ok"]})

    def web(self, **tags: list[str]) -> None:
        bugs = {number: {"tags": each} for number, each in tags.items()}
        (self.project.folder / "web.json").write_text(json.dumps({"bugs": bugs}))

    def tags(self, file: str) -> dict[str, list[str]]:
        bugs = json.loads((self.project.folder / file).read_text())["bugs"]
        return {number: each["tags"] for number, each in bugs.items()}

    def snapshot(self, branch: str) -> Any:
        return Snapshots(self.project.state / "snapshots", branch).latest()


@pytest.fixture
def teams(tmp_path: Path) -> TwoTeams:
    return TwoTeams(tmp_path)


def test_a_bug_is_what_the_branchs_own_tracker_says(teams: TwoTeams) -> None:
    assert teams.inv("find")[0] == 0
    assert teams.inv("judge")[0] == 0
    assert states(teams.snapshot("stable"))[3] == "needstesting"
    assert states(teams.snapshot("web"))[3] == "ok"
    assert teams.snapshot("web").bug_url == "https://web.example.org/{bug}"
    assert teams.snapshot("stable").bug_url == ""


def test_the_tagger_writes_to_each_its_own(teams: TwoTeams) -> None:
    """Bug 3 has a word already on `stable`, and none on `web`: only there it is asked for."""
    teams.web(**{"2": [], "3": []})
    assert teams.inv("find")[0] == 0
    before = teams.tags("bugs.json")
    assert teams.inv("tag", "--branch", "web")[0] == 0
    assert teams.tags("web.json") == {"2": ["qa-needstesting"], "3": ["qa-needstesting"]}
    assert teams.tags("bugs.json") == before


def test_the_cap_of_one_tracker_holds_no_other_back(tmp_path: Path) -> None:
    teams = TwoTeams(tmp_path)
    teams.project.land("[bug=4] four")
    teams.project.repo.set_ref("web", teams.project.repo.tip("stable"))
    teams.project.tag(4)
    teams.web(**{"2": [], "3": [], "4": []})
    assert teams.inv("find")[0] == 0
    code, _, err = teams.inv("tag")
    assert code == 7
    assert "3 comments would be written, more than trackers.web.cap = 2: none was." in err
    assert "write them with inv tag --yes --branch web" in err
    assert teams.tags("web.json") == {"2": [], "3": [], "4": []}
    assert teams.tags("bugs.json")["4"] == ["qa-needstesting"]


def test_one_that_is_not_to_be_written_to_is_left_alone(tmp_path: Path) -> None:
    teams = TwoTeams(tmp_path, "tag = false\n")
    teams.web(**{"2": [], "3": []})
    assert teams.inv("run")[0] == 0
    assert teams.tags("web.json") == {"2": [], "3": []}


def test_one_that_cannot_be_read_leaves_the_others_answer(teams: TwoTeams) -> None:
    (teams.project.folder / "web.json").write_text("{")
    code, _, err = teams.inv("run")
    assert code == 5
    assert "web.json" in err
    assert teams.snapshot("stable").complete
    assert not teams.snapshot("web").complete


def test_doctor_looks_at_each_once_and_names_it(teams: TwoTeams) -> None:
    (teams.project.folder / "web.json").unlink()
    _, out, _ = teams.inv("doctor", "--only", "tracker", "--json")
    found = {each["name"]: each["level"] for each in json.loads(out)["checks"]}
    assert (found["tracker"], found["tracker web"]) == ("ok", "fail")


def test_what_a_tracker_says_of_its_settings_names_its_own_table() -> None:
    error = TrackerError("forge answered 404: it has no such thing; is tracker.project right?")
    error.table = "trackers.web"
    assert str(error) == "forge answered 404: it has no such thing; is trackers.web.project right?"
    error = TrackerError("set tracker.login to the address of its account")
    error.table = "trackers.web"
    assert str(error) == "set trackers.web.login to the address of its account"
