"""`inv trends` as it is called (docs/trends.md)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.inv import ROOT
from tests.running.host import Host

SCHEMA = json.loads((ROOT / "docs" / "trends.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """One landing that was not live when somebody first looked came by a deployment, another is good."""
    made = Host(tmp_path)
    project = made.project
    ids = project.land("[no-qa] One", "[no-qa] Two", "[no-qa] Three")
    project.deploy(ids[0])
    assert made.inv("find")[0] == made.inv("judge")[0] == 0
    project.deploy(ids[1])
    assert made.inv("find")[0] == made.inv("judge")[0] == 0
    return made


def test_text_and_json(host: Host) -> None:
    code, out, _ = host.inv("trends", "--by", "day")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "r1 to r3 ran in production when somebody first looked" in out
    last = next(line for line in out.splitlines() if line.startswith("all "))
    assert last.split()[1:3] == ["1", "1"]
    code, out, _ = host.inv("trends", "--json")
    document = json.loads(out)
    Draft202012Validator(SCHEMA).validate(document)
    assert (document["branch"], document["by"], document["whole"]["deployments"]) == ("stable", "week", 1)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--by", "fortnight"), "'fortnight' is not a period that trends can be told by: one of day, week"),
        (("--since", "yesterday"), "'yesterday' is not a date: write year-month-day"),
        (("--since", "9999-12-31"), "9999-12-31 has not come yet"),
    ],
)
def test_what_cannot_be_asked(host: Host, words: tuple[str, ...], said: str) -> None:
    code, out, err = host.inv("trends", *words)
    assert (code, out) == (2, "")
    assert said in err


def test_the_first_day_of_the_calendar(host: Host) -> None:
    code, out, _ = host.inv("trends", "--since", "0001-01-01", "--by", "year")
    assert (code, "the time before" in out) == (0, True)


def test_today_is_that_of_the_time_zone(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.project.write_settings(top='timezone = "Pacific/Kiritimati"')
    monkeypatch.setattr("shepherd.running.trends.now", lambda: datetime(2011, 8, 1, 20, 0, tzinfo=UTC))
    code, out, _ = host.inv("trends", "--by", "day", "--since", "2011-08-02")
    assert (code, "2011-08-02*" in out) == (0, True)


def test_nothing_was_read_yet(tmp_path: Path) -> None:
    code, out, err = Host(tmp_path).inv("trends")
    assert (code, out) == (5, "")
    assert "inv find" in err


def test_a_branch_of_which_nothing_was_read_hides_no_other_and_is_no_data(host: Host) -> None:
    file = host.project.folder / "shepherd.toml"
    text = file.read_text()
    other = text[text.index("[branches.stable]") : text.index("[tracker]")].replace("stable]", "other]")
    file.write_text(text.replace("[tracker]", f"{other}[tracker]"))
    code, out, err = host.inv("trends")
    assert code == 5
    assert out.startswith("stable: how often") and "other" in err + out
