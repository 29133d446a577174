"""Many mainlines in one file or several: [defaults], include, [trackers.NAME]
(docs/settings.md#many-branches)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shepherd.errors import SettingsError
from shepherd.settings import GRAMMARS_OF, TrackerSettings, parse, project_of, read
from shepherd.settings.one_text import one_text
from tests.inv import ROOT

FILE = Path("/etc/qa/shepherd.toml")
MAIN = """\
include = "branches.d/*.toml"

[branches.stable]
repository = "/srv/git/launchpad.git"
ref = "stable"
deployed = { ref = "production" }
"""
TABLES = {
    "repository": ('"/srv/git/a.git"', '"https://git.example.org/b"'),
    "ref": ('"main"', '"trunk"'),
    "deployed": ('{ ref = "production" }', '{ file = "live", pattern = "r([0-9]+)" }', "{ recorded = true }"),
    "promote": ('{ ref = "next" }', '{ ref = "refs/heads/blessed" }'),
    "qa": ('{ tags = "v*" }',),
    "marks": ("[]", '["brackets"]', '["forge", "trailers"]'),
    "orphans": ('"block"', '"pass"'),
    "person": ('"author"', '"committer"'),
    "robots": ("[]", '["*bot"]'),
    "limits": ("[]", '[{ paths = ["a/*"], max = 3 }]'),
    "tracker": ('"api"', '"file"'),
}
"""Keys of branches, and values that each can have in TOML."""
TRACKERS = """
[trackers.api]
type = "github"
project = "acme/api"
[trackers.file]
type = "file"
path = "bugs.json"
"""
_branch = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in TABLES.items()})
_required = {key: TABLES[key][0] for key in ("repository", "ref", "deployed")}


def _table(name: str, keys: dict[str, str]) -> str:
    return "".join([f"[{name}]\n", *(f"{key} = {value}\n" for key, value in keys.items())])


@given(_branch, st.lists(_branch, min_size=1, max_size=4))
def test_defaults_are_what_one_would_write_into_each_branch(
    defaults: dict[str, str], branches: list[dict[str, str]]
) -> None:
    branches[0] = {**_required, **branches[0]}
    names = [f"b{place}" for place in range(len(branches))]
    lacking = [each for each in branches if not _required.keys() <= {*defaults, *each}]
    for each in lacking:
        each.update(_required)
    short = _table("defaults", defaults) + "".join(
        _table(f"branches.{name}", each) for name, each in zip(names, branches, strict=True)
    )
    long = "".join(
        _table(f"branches.{name}", {**defaults, **each}) for name, each in zip(names, branches, strict=True)
    )
    try:
        flattened = parse(long + TRACKERS, FILE)
    except SettingsError:
        # a ref that two would promote, for example
        with pytest.raises(SettingsError):
            parse(short + TRACKERS, FILE)
    else:
        assert parse(short + TRACKERS, FILE) == flattened


def test_a_table_of_a_branch_counts_whole() -> None:
    """`file` of [defaults] would stand beside `ref` if the tables were laid over each other."""
    text = (
        '[defaults]\nrepository = "/a"\nref = "main"\ndeployed = { file = "live", pattern = "r([0-9]+)" }\n'
        '[branches.one]\n[branches.two]\nref = "next"\ndeployed = { ref = "production" }\n'
    )
    branches = parse(text, FILE).branches
    assert branches["one"].deployed.file == "live"
    assert (branches["two"].deployed.ref, branches["two"].deployed.file) == ("production", "")


class TestTrackers:
    TEXT = """
[tracker]
type = "github"
credentials_file = "token"
words = { ok = ["QA Pass"] }
cap = 7
[trackers.api]
project = "acme/api"
cap = 9
[trackers.bugs]
type = "launchpad"
project = "acme"
[branches.api]
repository = "https://github.com/acme/api.git"
ref = "main"
deployed = { ref = "live" }
tracker = "api"
[branches.old]
repository = "/srv/git/old.git"
ref = "main"
deployed = { ref = "live" }
tracker = "bugs"
"""

    def test_one_without_a_type_takes_what_it_lacks(self) -> None:
        api = parse(self.TEXT, FILE).tracker_of("api")
        assert api == TrackerSettings(
            "github", project="acme/api", credentials_file="token", words={"ok": ("QA Pass",)}, cap=9
        )

    def test_one_with_a_type_takes_nothing(self) -> None:
        assert parse(self.TEXT, FILE).tracker_of("old") == TrackerSettings("launchpad", project="acme")

    def test_a_branch_has_grammars_and_project_of_its_own_tracker(self) -> None:
        settings = parse(self.TEXT, FILE)
        marks = [settings.branches[each].marks for each in ("api", "old")]
        assert marks == [GRAMMARS_OF["github"], GRAMMARS_OF["launchpad"]]
        assert [project_of(settings, settings.branches[each]) for each in ("api", "old")] == [
            "acme/api",
            None,
        ]

    def test_a_base_that_no_branch_has_need_not_be_whole(self) -> None:
        """Its project is missing; but a branch that has it is refused."""
        assert parse(self.TEXT, FILE).by_tracker == {"api": ["api"], "bugs": ["old"]}
        with pytest.raises(SettingsError, match=r"tracker\.project: expected the path of the project"):
            parse(self.TEXT.replace('tracker = "bugs"\n', ""), FILE)

    def test_a_secret_is_asked_for_once_and_named_where_it_stands(self, tmp_path: Path) -> None:
        more = (
            '[trackers.web]\nproject = "acme/web"\n[trackers.own]\nproject = "a/b"\ncredentials_file = "o"\n'
        )
        settings = replace(parse(self.TEXT + more, FILE), file=tmp_path / "shepherd.toml")
        assert settings.secret_keys == ["tracker.credentials", "trackers.own.credentials"]
        with pytest.raises(SettingsError) as refused:
            settings.with_tracker("own").secret("tracker.credentials", {})
        assert "shepherd.toml: trackers.own.credentials_file: " in str(refused.value)
        assert '; or set type = "none" in [trackers.own] of ' in str(refused.value)

    def test_numbers_are_shared_where_they_mean_the_same(self) -> None:
        """Launchpad numbers bugs over all projects, a forge requests in each project."""
        branch = (
            '[branches.{0}]\nrepository = "/{0}"\nref = "main"\ndeployed = {{ ref = "p" }}\ntracker = "{0}"\n'
        )
        trackers = {
            "api": 'type = "github"\nproject = "a/api"',
            "api-too": 'type = "github"\nproject = "A/Api"\ntag = false',
            "file": 'type = "file"\npath = "bugs.json"',
            "file-too": 'type = "file"\npath = "./bugs.json"',
            "web": 'type = "github"\nproject = "a/web"',
            "lp": 'type = "launchpad"\nproject = "a"',
            "lp-too": 'type = "launchpad"\nproject = "b"',
        }
        text = '[defaults]\nref = "main"\ndeployed = { ref = "live" }\n'
        text += "".join(branch.format(name) for name in trackers)
        text += "".join(f"[trackers.{name}]\n{keys}\n" for name, keys in trackers.items())
        settings = parse(text, FILE)
        shared = {name: settings.sharing_bugs_with(name) for name in trackers}
        assert shared == {
            "api": ["api-too"],
            "api-too": ["api"],
            "file": ["file-too"],
            "file-too": ["file"],
            "web": [],
            "lp": ["lp-too"],
            "lp-too": ["lp"],
        }


class TestInclude:
    API = '[branches.api]\nrepository = "api.git"\nref = "main"\ndeployed = { ref = "live" }\n'

    def write(self, folder: Path, main: str = MAIN, **files: str) -> Path:
        (folder / "branches.d").mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / f"branches.d/{name}.toml").write_text(text)
        (folder / "shepherd.toml").write_text(main)
        return folder / "shepherd.toml"

    def refusal(self, folder: Path, main: str = MAIN, **files: str) -> str:
        with pytest.raises(SettingsError) as refused:
            read(self.write(folder, main, **files))
        assert "\n" not in str(refused.value)
        return str(refused.value)

    def test_they_come_behind_in_the_order_of_their_names(self, tmp_path: Path) -> None:
        web = self.API.replace("branches.api", "branches.web")
        settings = read(self.write(tmp_path, z=self.API, a=web))
        assert list(settings.branches) == ["stable", "web", "api"]
        assert [each.name for each in settings.included] == ["a.toml", "z.toml"]

    def test_defaults_of_the_main_file_are_for_all(self, tmp_path: Path) -> None:
        file = self.write(tmp_path, f'{MAIN}[defaults]\nperson = "author"\n', api=self.API)
        assert read(file).branches["api"].person == "author"

    def test_paths_start_at_the_main_file(self, tmp_path: Path) -> None:
        settings = read(self.write(tmp_path, api=self.API))
        assert settings.place(settings.branches["api"].repository) == str(tmp_path / "api.git")

    def test_hidden_files_and_those_of_editors_do_not_count(self, tmp_path: Path) -> None:
        file = self.write(tmp_path, api=self.API)
        (tmp_path / "branches.d/.api.toml").write_text("half a li")
        (tmp_path / "branches.d/api.toml~").write_text("half a li")
        assert list(read(file).branches) == ["stable", "api"]

    def test_a_pattern_without_files_leaves_the_others(self, tmp_path: Path) -> None:
        assert list(read(self.write(tmp_path)).branches) == ["stable"]

    def test_a_name_is_there(self, tmp_path: Path) -> None:
        main = MAIN.replace("branches.d/*.toml", "branches.d/api.toml")
        assert "branches.d/api.toml is not there; it is included by the settings" in self.refusal(
            tmp_path, main
        )

    def test_a_name_that_stands_twice_is_refused_with_both_places(self, tmp_path: Path) -> None:
        folder = tmp_path / "branches.d"
        assert self.refusal(tmp_path, a=self.API, b=self.API) == (
            f"{folder}/b.toml: branches.api: stands in {folder}/a.toml already: give one of them another"
            " name, or delete it"
        )
        again = self.API.replace("branches.api", "branches.stable")
        assert f"stands in {tmp_path}/shepherd.toml already" in self.refusal(tmp_path, a=again, b="")

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (
                "[report]\nurl = ''",
                "report: an included file holds tables [branches.NAME] and [trackers.NAME]",
            ),
            ("[defaults]\nref = 'x'", "defaults: an included file holds tables"),
            ("include = '*'", "include: an included file holds tables"),
            ("branches = 1", "branches: expected a table"),
            ("branches.a.ref = 'x'", "branches: an included file holds tables"),
            ("[branches]\na = { ref = 'x' }", "branches: an included file holds tables"),
            ("[branches.a", "is not valid TOML"),
            (API.replace("live", ""), "branches.api.deployed: expected exactly one of ref"),
            ("[branches.api]\nref = 'x'", "branches.api.repository: is missing"),
        ],
    )
    def test_what_it_may_not_say_is_refused_where_it_stands(
        self, tmp_path: Path, text: str, says: str
    ) -> None:
        said = self.refusal(tmp_path, api=text)
        assert said.startswith(f"{tmp_path}/branches.d/api.toml: {says}")

    def test_what_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        place = tmp_path / "branches.d/api.toml"
        place.mkdir(parents=True)
        assert "api.toml is a directory; it is included" in self.refusal(tmp_path)
        place.rmdir()
        place.symlink_to("nothing")
        assert "api.toml is a link to nothing; it is included" in self.refusal(tmp_path)
        place.unlink()
        place.write_bytes(b"# \xff")
        assert "api.toml is not UTF-8 (byte 3); it is included" in self.refusal(tmp_path)
        place.write_text("#" * 600_000)
        (tmp_path / "branches.d/b.toml").write_text("#" * 600_000)
        assert "b.toml: all included files are larger than 1 MB together" in self.refusal(tmp_path)

    def test_a_file_that_names_itself_is_refused(self, tmp_path: Path) -> None:
        file = self.write(tmp_path)
        (tmp_path / "branches.d/self.toml").symlink_to(file)
        assert "include: 'branches.d/*.toml' names this file itself" in self.refusal(tmp_path)


def test_the_example_with_twenty_branches_is_right() -> None:
    settings = read(ROOT / "examples/many-branches/shepherd.toml")
    assert len(settings.branches) == 20
    assert settings.tracker_of("api").project == "acme/api"


@pytest.mark.parametrize("statement", ['include = "d/*.toml"', 'include = [\n  "d/*.toml", # all\n]'])
def test_one_text_says_what_several_files_say(tmp_path: Path, statement: str) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a.toml").write_text(TestInclude.API + "# the end, without a line's end")
    (tmp_path / "d/b.toml").write_text(f"# a comment\n{TRACKERS}")
    file = tmp_path / "shepherd.toml"
    file.write_text(f'# a team\nstate_dir = "x"\n{MAIN.replace(MAIN.splitlines()[0], statement)}')
    several, one = read(file), parse(one_text(file), file)
    assert replace(several, include=(), included=()) == one
    assert one_text(file).startswith(f'# a team\nstate_dir = "x"\n# {statement.splitlines()[0]}\n')


def test_one_text_of_a_file_without_others_is_that_file(tmp_path: Path) -> None:
    file = tmp_path / "shepherd.toml"
    file.write_text(MAIN.split("\n", 1)[1])
    assert one_text(file) == file.read_text()
