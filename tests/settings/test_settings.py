"""Settings: the documented file loads, a wrong one is refused in one sentence that says where
(docs/settings.md)."""

from __future__ import annotations

import tomllib
from functools import partial
from pathlib import Path
from typing import Any, Required, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.errors import SettingsError
from shepherd.settings import (
    BranchSettings,
    PersonSettings,
    Pointer,
    Settings,
    TrackerSettings,
    parse,
    project_of,
)
from tests.inv import ROOT
from tests.settings.right import RIGHT

# docs/settings.md, word for word but for the comments.
DOCUMENTED = r"""
state_dir = "var"
timezone = "UTC"
keep = "90d"

[branches.stable]
repository = "/srv/git/launchpad.git"
ref = "stable"
deployed = { ref = "production" }
promote = { ref = "production" }
qa = { ref = "qastaging" }
marks = ["brackets", "footers", "forge", "trailers"]
orphans = "block"
exempt_subjects = []
robots = ["*[bot]", "Launchpad Patch Queue Manager"]
person = "merged-author"
verdict_notes = ""
landing_url = "https://git.launchpad.net/launchpad/commit/?id={id}"

[tracker]
type = "file"
path = "bugs.json"
bug_url = "https://bugs.launchpad.net/bugs/{bug}"
tag = true
cap = 100

[report]
directory = "var/report"
url = "https://qa.launchpad.net/"
expected_every = "15m"
publish = []

[mail]
smtp = "localhost:25"
sender = "QA Shepherd <qa-shepherd@example.org>"
list = "launchpad-dev@example.org"
operators = ["ops@example.org"]
at = "09:00"
weekend = false
grace_days = 4
cap = 200

[people]
"ann@old.example" = "ann@example.org"
"robot@example.org" = ""

[run]
deadline = "30m"
stale_after = "60m"

[maintenance]
warn_after = "4h"
"""


class Wrong(TypedDict, total=False):
    """A file that does not load: all of it, one more line, or something else in place of something."""

    says: Required[str]
    not_says: str
    whole: str
    extra: str
    replace: tuple[str, str]


WRONG: list[Wrong] = tomllib.loads((ROOT / "tests/cases/settings.toml").read_text())["wrong"]


def said(text: str, file: Path = Path("/etc/qa/shepherd.toml")) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(text, file)
    return str(caught.value)


def test_the_documented_file_loads() -> None:
    settings = parse(DOCUMENTED, Path("/etc/qa/shepherd.toml"))
    assert settings.mail
    assert settings.mail.list == "launchpad-dev@example.org"
    assert settings.branches["stable"].promote
    assert settings.people["robot@example.org"] == ""


def test_people_are_an_address_or_a_table() -> None:
    people = parse(
        f'{RIGHT}[people]\n"a@x" = "b@x"\n'
        '"c@x" = { kinds = ["live"] }\n"d@x" = { mail = "e@x", kinds = [] }\n',
        Path("/etc/qa/shepherd.toml"),
    ).people
    assert people == {
        "a@x": "b@x",
        "c@x": PersonSettings(None, ("live",)),
        "d@x": PersonSettings("e@x", ()),
    }


def test_defaults_are_those_of_the_documented_file() -> None:
    documented = parse(DOCUMENTED, Path("/etc/qa/shepherd.toml"))
    short = parse(RIGHT, Path("/etc/qa/shepherd.toml"))
    for name in ("state_dir", "timezone", "keep", "run", "maintenance"):
        assert getattr(short, name) == getattr(documented, name), name
    for name in ("marks", "exempt_subjects", "robots", "person", "verdict_notes"):
        assert getattr(short.branches["stable"], name) == getattr(documented.branches["stable"], name), name
    assert (short.tracker.tag, short.tracker.cap) == (documented.tracker.tag, documented.tracker.cap)
    assert (short.report.directory, short.report.publish) == ("var/report", ())
    assert short.mail is None


@pytest.mark.parametrize("case", WRONG, ids=[case["says"][:60] for case in WRONG])
def test_what_is_wrong_is_one_sentence_with_file_and_key(case: Wrong) -> None:
    if "replace" in case:
        old, new = case["replace"]
        assert old in RIGHT, "the case no longer changes anything"
        text = RIGHT.replace(old, new)
    else:
        text = case.get("whole", f"{RIGHT}{case.get('extra')}\n")
    sentence = said(text)
    assert sentence.startswith("/etc/qa/shepherd.toml: ")
    assert case["says"] in sentence
    assert "\n" not in sentence
    assert case.get("not_says", "\0") not in sentence


@pytest.mark.parametrize(
    ("smtp", "starttls"),
    [
        ("mail.example.org:587", True),
        *(
            (place, False)
            for place in ("localhost:25", "LOCALHOST:25", "127.0.0.1:25", "127.9.9.9:25", "[::1]:25")
        ),
    ],
)
def test_a_password_for_mail_goes_where_nobody_can_read_it(smtp: str, starttls: bool) -> None:
    mail = f"sender = 'qa@example.org'\nlogin = 'qa'\npassword_env = 'X'\nsmtp = '{smtp}'"
    settings = parse(f"{RIGHT}[mail]\n{mail}\nstarttls = {str(starttls).lower()}\n", Path("/shepherd.toml"))
    assert settings.mail and settings.mail.login == "qa"


@pytest.mark.parametrize(
    "place",
    [
        "/srv/git/launchpad.git",
        "../launchpad.git",
        "https://git.example.org/launchpad",
        "ssh://git@example.org:2222/launchpad",
        "git@example.org:launchpad.git",
        "example.org:~ann/launchpad",
        "file:///srv/git/launchpad.git",
    ],
)
def test_places_of_repositories_that_are_right(place: str) -> None:
    settings = parse(RIGHT.replace("/srv/git/launchpad.git", place), Path("/etc/qa/shepherd.toml"))
    assert settings.branches["stable"].repository == place


def test_pointers_that_are_right() -> None:
    for pointer in (
        '{ file = "revno" }',
        '{ url = "https://example.org/revno", pattern = "r(\\\\d+)" }',
        "{ recorded = true }",
    ):
        settings = parse(RIGHT.replace('{ ref = "production" }', pointer), Path("/x/shepherd.toml"))
        assert settings.branches["stable"].deployed != Pointer()


def test_a_zone_that_is_known() -> None:
    assert parse(f'timezone = "Europe/Berlin"\n{RIGHT}', Path("/x/shepherd.toml")).timezone == "Europe/Berlin"


def test_the_rule_for_orphans_follows_the_grammars_unless_it_is_set() -> None:
    branch = partial(BranchSettings, repository="r", ref="r", deployed=Pointer())
    assert branch().orphans_rule == "block"
    assert branch(marks=("footers", "forge")).orphans_rule == "needs-qa"
    assert branch(marks=("brackets",), orphans="pass").orphans_rule == "pass"


TRACKERS = {
    "none": "",
    "file": 'path = "bugs.json"\nproject = "acme/shop"',
    "launchpad": 'project = "launchpad"',
    "github": 'project = "acme/shop"',
    "gitlab": 'project = "acme/web/shop"',
    "redmine": 'service_root = "https://redmine.example.com"',
    "jira": 'keys = ["ABC"]',
    "file with keys": 'path = "bugs.json"\nkeys = ["ABC", "WEB"]',
}


@pytest.mark.parametrize(
    ("kind", "marks", "orphans"),
    [
        ("none", ("brackets", "footers", "forge", "trailers"), "block"),
        ("file", ("brackets", "footers", "forge", "trailers"), "block"),
        ("launchpad", ("brackets", "footers"), "block"),
        ("github", ("forge",), "needs-qa"),
        ("gitlab", ("forge",), "needs-qa"),
        ("redmine", ("references",), "needs-qa"),
        ("jira", ("keys",), "needs-qa"),
        ("file with keys", ("brackets", "footers", "forge", "trailers", "keys"), "block"),
    ],
)
def test_the_grammars_follow_the_tracker_unless_they_are_set(
    kind: str, marks: tuple[str, ...], orphans: str
) -> None:
    tracker = f'[tracker]\ntype = "{kind.split()[0]}"\n{TRACKERS[kind]}\n'
    other = '[branches.devel]\nrepository = "r"\nref = "devel"\ndeployed = { recorded = true }\nmarks = []\n'
    branches = parse(f"{RIGHT}{other}{tracker}", Path("/x/shepherd.toml")).branches
    assert (branches["stable"].marks, branches["stable"].orphans_rule) == (marks, orphans)
    assert branches["devel"].marks == ()


@pytest.mark.parametrize(
    ("kind", "project", "repository", "ours"),
    [
        ("none", "", "/srv/shop.git", None),
        ("none", "", "file:///srv/acme/shop.git", None),
        ("none", "", "https://example.org/acme/shop.git", "/acme/shop"),
        ("none", "", "git@example.org:acme/shop", "/acme/shop"),
        ("launchpad", "launchpad", "/srv/shop.git", None),
        ("file", "", "/srv/shop.git", ""),
        ("file", "shop", "/srv/shop.git", ""),
        ("file", "shop", "ssh://example.org/srv/git/acme/shop.git", "/srv/git/acme/shop"),
        ("file", "acme/shop", "https://example.org/mirrors/shop.git", "acme/shop"),
        ("github", "acme/shop", "https://example.org/mirrors/shop.git", "acme/shop"),
        ("gitlab", "acme/web/shop", "/srv/shop.git", "acme/web/shop"),
        ("gitlab", "42", "https://example.org/mirrors/shop.git", ""),
    ],
)
def test_whose_requests_are_ours(kind: Any, project: str, repository: str, ours: str | None) -> None:
    branch = BranchSettings(repository, "main", Pointer(ref="production"))
    settings = Settings(
        state_dir="var", branches={"main": branch}, tracker=TrackerSettings(type=kind, project=project)
    )
    assert project_of(settings, branch) == ours


@given(st.data())
def test_a_damaged_file_is_read_or_refused_in_one_line(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(DOCUMENTED)))
    end = data.draw(st.integers(start, min(start + 20, len(DOCUMENTED))))
    pieces = st.sampled_from(
        ["", "[", "]", "{}", "1", "true", '""', "[[x]]", "\n", " = ", "2011-08-24", ".", "nan"]
    )
    text = DOCUMENTED[:start] + data.draw(pieces | st.text(max_size=3)) + DOCUMENTED[end:]
    try:
        settings = parse(text, Path("/etc/qa/shepherd.toml"))
    except SettingsError as error:
        assert str(error).startswith("/etc/qa/shepherd.toml: ")
        assert str(error).isprintable()
    else:
        assert settings.database_url.startswith("sqlite:////etc/qa/")


def test_no_ref_is_promoted_by_two_branches_or_is_anothers_mainline() -> None:
    two = """
[branches.{name}]
repository = "{repository}"
ref = "{ref}"
deployed = {{ ref = "x" }}
promote = {{ ref = "{promote}" }}
"""

    def both(repository: str, promote: str) -> str:
        return two.format(name="a", repository="one", ref="main", promote="live") + two.format(
            name="b", repository=repository, ref="next", promote=promote
        )

    for promote in ("live", "main"):
        with pytest.raises(
            SettingsError, match=f"branches.b.promote.ref: .* {promote} belongs to branches.a"
        ):
            parse(both("one", promote), Path("/x/shepherd.toml"))
    parse(both("other", "live"), Path("/x/shepherd.toml"))
    parse(both("one", "b-live"), Path("/x/shepherd.toml"))
