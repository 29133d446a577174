"""The Redmine that the tests have: it is Debian's, it keeps to its rules, and each test finds it as new."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.trackers.redmine_site import RedmineSite, RefusedByRedmine

DEFAULT = "/var/lib/redmine/default"


def test_people_report_and_change_issues(redmine: RedmineSite) -> None:
    ann, quinn = redmine.person("ann"), redmine.person("quinn")
    number = ann.report("Login fails")
    quinn.change(number, status="QA passed", field={"QA result": "passed"}, notes="Tried it.")
    issue = redmine.issue(number)
    values = {each["name"]: each["value"] for each in issue["custom_fields"]}
    assert (issue["status"]["name"], values["QA result"]) == ("QA passed", "passed")
    assert [each["notes"] for each in issue["journals"]] == ["Tried it."]
    assert redmine.rows("SELECT count(*) FROM issues") == [(2,)]


def test_each_test_finds_it_as_new(redmine: RedmineSite) -> None:
    redmine.person("ann").report("Login fails")
    redmine.setting("rest_api_enabled", "0")
    with pytest.raises(RefusedByRedmine, match="403"):
        redmine.issue(1)
    redmine.reset()
    assert redmine.issue(1)["subject"] == "In the attic"
    assert redmine.rows("SELECT count(*) FROM issues") == [(1,)]


def test_what_the_shepherd_may(redmine: RedmineSite) -> None:
    ann, shepherd = redmine.person("ann"), redmine.person("shepherd")
    seen, support, hidden = (
        ann.report("One"),
        ann.report("Two", tracker="Support"),
        ann.report("Three", is_private=True),
    )
    vault, public = ann.report("Four", project="vault"), ann.report("Five", project="open")
    shepherd.change(seen, status="In QA")
    shepherd.change(support, status="In QA")  # no workflow: it is left out in silence
    statuses = [redmine.issue(number)["status"]["name"] for number in (seen, support)]
    assert statuses == ["In QA", "New"]
    listed = shepherd.ask("GET", "/issues.json?status_id=*&sort=id")["issues"]
    assert [each["id"] for each in listed] == [1, seen, support, public]
    for number, status in ((hidden, "403"), (vault, "403"), (999, "404")):
        with pytest.raises(RefusedByRedmine, match=status):
            shepherd.ask("GET", f"/issues/{number}.json")
    with pytest.raises(RefusedByRedmine, match="403"):
        shepherd.change(1, notes="in a closed project")
    with pytest.raises(RefusedByRedmine, match="403"):
        redmine.person("looker").change(seen, notes="without the right")
    for nobody in ("locked", "unknown"):
        with pytest.raises(RefusedByRedmine, match="401"):
            redmine.person(nobody).ask("GET", f"/issues/{seen}.json")


def test_the_instance_of_the_system_is_left_alone(redmine: RedmineSite) -> None:
    process = psutil.Process(redmine.pid)
    opened = [each.path for each in process.open_files()]
    assert any(path.startswith(str(redmine.folder)) for path in opened)
    assert not [path for path in opened if path.startswith(DEFAULT)]
    if Path("/proc/self").owner() == "root":
        assert process.username() == "www-data"
