"""Settings: the documented file loads, a wrong one is refused in one sentence that says where
(docs/settings.md)."""

from __future__ import annotations

import os
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
    is_url,
    load,
    parse,
    project_of,
    read,
)
from tests.inv import ROOT

RIGHT = """\
state_dir = "var"
[branches.stable]
repository = "/srv/git/launchpad.git"
ref = "stable"
deployed = { ref = "production" }
"""

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


# --- paths ----------------------------------------------------------------------------------------------


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


# --- where they are found -------------------------------------------------------------------------------


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


# --- files that are none --------------------------------------------------------------------------------


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


# --- secrets --------------------------------------------------------------------------------------------


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
