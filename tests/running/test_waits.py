"""`inv waits` as it is called (docs/trends.md#waits)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.running.host import Host

COMPONENTS = 'components = { web = ["src/web/"] }'


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """r4 needs QA and touches the web, r5 is good; what is older is live."""
    made = Host(tmp_path)
    project = made.project
    project.write_settings(COMPONENTS)
    project.deploy(project.land("[no-qa] One")[0])
    project.repo.commit("[bug=2] Two", {"src/web/a.js": ""}, date=int(project.now.timestamp()))
    project.land("[no-qa] Three")
    project.tag(2, "qa-needstesting")
    return made


def test_by_person_and_by_component(host: Host) -> None:
    assert host.inv("find")[0] == host.inv("judge")[0] == 0
    code, out, _ = host.inv("waits")
    assert code == 0
    assert "1 landing, and 1 good one behind" in " ".join(out.split())
    code, out, _ = host.inv("waits", "--by", "component")
    assert (code, "\nweb:\n" in out) == (0, True)
    code, out, _ = host.inv("waits", "--json")
    document = json.loads(out)
    assert (document["branch"], document["known"]) == ("stable", True)
    assert [each["component"] for each in document["components"]] == ["web"]
    assert [each["revno"] for each in document["movers"][0]["landings"]] == [4]


def test_an_order_that_there_is_not(host: Host) -> None:
    assert host.inv("find")[0] == host.inv("judge")[0] == 0
    code, out, err = host.inv("waits", "--by", "speed")
    assert (code, out) == (2, "")
    assert "'speed' is not what waits are listed by: one of person, component" in err


def test_without_an_answer(host: Host) -> None:
    code, _, err = host.inv("waits")
    assert code == 5
    assert "no answer yet: inv run" in err


def test_components_are_to_be_set_and_read(host: Host) -> None:
    host.project.write_settings("")
    assert host.inv("find")[0] == host.inv("judge")[0] == 0
    code, _, err = host.inv("waits", "--by", "component")
    assert (code, "no components are set" in err) == (2, True)
    host.project.write_settings(COMPONENTS)
    code, _, err = host.inv("waits", "--by", "component")
    assert (code, "its components are newer than its last answer: inv find judge" in err) == (2, True)


def test_no_data_is_said_and_shown_by_the_exit_code(host: Host) -> None:
    (host.project.folder / "bugs.json").unlink()
    host.inv("find")
    host.inv("judge")
    code, out, _ = host.inv("waits")
    assert code == 5
    assert "Who waits for whom is not known, for want of data." in out
