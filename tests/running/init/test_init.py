"""`inv init`: what it finds in a repository, and that whatever it writes can be read (docs/settings.md)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.landing import Revision
from shepherd.running.init.plan import InitPlan, apply, branch_name, destination, plan
from shepherd.running.init.text import toml
from shepherd.settings import ALL_GRAMMARS, BranchSettings, load, parse, read
from tests.gitrepo import Repo
from tests.running.init.repos import first_parents, turned_on_in


def written(planned: InitPlan) -> BranchSettings:
    """The one branch of the settings that were planned, after they were written and read back."""
    apply(planned)
    settings = read(planned.file)
    return settings.branches[planned.branch]


# --- what production runs -------------------------------------------------------------------------------


def test_without_a_sign_of_production_everything_up_to_today_counts_as_live(repo: Repo, file: Path) -> None:
    planned = plan(repo.path, file)
    assert planned.record == Revision(10, repo.tip())
    assert planned.reason == "everything up to today counts as live"
    assert "(r10) counts as live; change it with `inv deployed`" in " ".join(planned.findings)
    branch = written(planned)
    assert branch.deployed.recorded
    assert (branch.repository, branch.ref) == (str(repo.path.resolve()), "stable")


@pytest.mark.parametrize(
    ("refs", "chosen"),
    [
        (["refs/heads/release", "refs/heads/prod", "refs/heads/production"], "production"),
        (["refs/heads/release", "refs/heads/prod"], "prod"),
        (["refs/tags/v9", "refs/heads/release"], "release"),
        (["refs/tags/production"], "production"),
        (["refs/tags/production", "refs/heads/production"], "production"),
        (["refs/remotes/origin/production", "refs/heads/prod"], "refs/remotes/origin/production"),
        (["refs/heads/deployed/7", "refs/heads/live"], "live"),
        (["refs/heads/v9"], None),
        (["refs/heads/feature/production", "refs/tags/next", "refs/heads/master"], None),
    ],
)
def test_the_ref_that_names_production(repo: Repo, file: Path, refs: list[str], chosen: str | None) -> None:
    for ref in refs:
        repo.set_ref(ref, first_parents(repo)[6])
    planned = plan(repo.path, file)
    deployed = written(planned).deployed
    assert deployed.ref == (chosen or "")
    assert (planned.record is None) == (chosen is not None)
    if chosen:
        assert "(r7)" in planned.findings[1]
        assert planned.findings[1].endswith("In QA: 3 landings.")


def test_the_newest_release_goes_on_to_be_found_by_its_pattern(repo: Repo, file: Path) -> None:
    repo.tag("v1.9", first_parents(repo)[2])
    repo.tag("v1.10", first_parents(repo)[3])
    planned = plan(repo.path, file)
    assert written(planned).deployed.tags == "v*"
    assert "release v1.10, the newest of the tags v* (r4)" in planned.findings[1]


def test_production_with_a_hotfix_stands_for_the_newest_landing_in_it(repo: Repo, file: Path) -> None:
    repo.commit("Hotfix", branch="production", parents=[first_parents(repo)[4]])
    planned = plan(repo.path, file)
    assert "(r5)" in planned.findings[1]
    assert written(planned).deployed.ref == "production"


def test_production_that_shares_nothing_with_the_mainline_is_passed_over(repo: Repo, file: Path) -> None:
    repo.commit("Another project", branch="production", parents=[])
    assert written(plan(repo.path, file)).deployed.recorded


def test_the_mainline_itself_is_not_production(tmp_path: Path, file: Path) -> None:
    repo = Repo(tmp_path / "project.git", branch="production")
    repo.commit("Change")
    repo.set_ref("refs/remotes/origin/production", repo.tip())
    assert written(plan(repo.path, file)).deployed.recorded


def test_a_ref_that_is_no_commit_is_passed_over(repo: Repo, file: Path) -> None:
    repo.set_ref("refs/tags/production", repo.git("rev-parse", "stable^{tree}"))
    assert written(plan(repo.path, file)).deployed.recorded


# --- what is said on the command line -------------------------------------------------------------------


def test_deployed_is_recorded_whatever_the_refs_say(repo: Repo, file: Path) -> None:
    repo.set_ref("production", repo.tip())
    planned = plan(repo.path, file, deployed="r4")
    assert planned.record == Revision(4, first_parents(repo)[3])
    assert planned.findings[1].endswith("In QA: 6 landings.")
    assert written(planned).deployed.recorded


def test_deployed_by_sha_is_the_newest_landing_in_it(repo: Repo, file: Path) -> None:
    side = repo.commit("Side", branch="side", parents=[first_parents(repo)[1]])
    for sha, revno in ((first_parents(repo)[8], 9), (side, 2)):
        assert plan(repo.path, file, deployed=sha).record == Revision(revno, first_parents(repo)[revno - 1])
    assert plan(repo.path, file, deployed="tip").record == Revision(10, repo.tip())


def test_another_branch_than_that_of_head(repo: Repo, file: Path) -> None:
    repo.commit("Change", branch="Feature/New_UI", parents=[first_parents(repo)[1]])
    planned = plan(repo.path, file, branch="Feature/New_UI")
    assert planned.branch == "feature-new_ui"
    assert planned.record == Revision(3, repo.tip("Feature/New_UI"))
    assert written(planned).ref == "Feature/New_UI"


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("main", "main"),
        ("index", "index-branch"),
        ("release-1.2", "release-1.2"),
        ("-._x", "x"),
        ("größe", "gr-e"),
        ("界", "mainline"),
        ("refs/remotes/origin/main", "origin-main"),
    ],
)
def test_names_of_branches_are_made_to_fit(ref: str, name: str) -> None:
    assert branch_name(ref) == name


def test_a_name_with_a_dot_can_be_read_back(repo: Repo, file: Path) -> None:
    repo.set_ref("release-1.2", repo.tip())
    assert written(plan(repo.path, file, branch="release-1.2")).ref == "release-1.2"


# --- marks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("messages", "marks", "orphans"),
    [
        (["Change"] * 20, (), "needs-qa"),
        (["[bug=1] Change"] * 20, ("brackets",), "block"),
        (["[no-qa] Change"] + ["Change"] * 30, ("brackets",), "block"),
        (["Change", "Change\n\nLP: #824435"] * 10, ("footers",), "needs-qa"),
        (["Add it (#12)", "Merge pull request #13 from ann/fix\n\nFix"] * 10, ("forge",), "needs-qa"),
        (["Change\n\nBug: 1\nQA: ok\n"] * 10, ("trailers",), "needs-qa"),
        (["[bug=1] Change"] * 10 + ["Add it (#12)"] * 10, ("brackets", "forge"), "block"),
        (["[fix] Change"] * 10, (), "needs-qa"),
        (["Change"] * 199 + ["[bug=1] Change"], (), "needs-qa"),
        (["Change"] * 198 + ["[bug=1] Change"] * 2, ("brackets",), "block"),
        (["[bug=1] Change"] * 5 + ["Add it (#12)"] * 200, ("forge",), "needs-qa"),
        (["\xff\x00"], (), "needs-qa"),
        (["Change\n\nBug: b/123\n"] * 10, (), "needs-qa"),
    ],
)
def test_marks_and_orphans_fit_the_last_landings(
    tmp_path: Path, file: Path, messages: list[str], marks: tuple[str, ...], orphans: str
) -> None:
    repo = Repo(tmp_path / "project.git")
    for message in messages:
        repo.commit(message.encode("latin-1"))
    branch = written(plan(repo.path, file))
    assert (branch.marks, branch.orphans) == (marks, orphans)


def test_the_file_lists_the_grammars_that_are_not_read(repo: Repo, file: Path) -> None:
    repo.git("config", "remote.origin.url", "https://github.com/owner/project.git")
    planned = plan(repo.path, file)
    assert written(planned).marks == ()
    for grammar in ALL_GRAMMARS:
        assert f'"{grammar}": ' in planned.text


# --- kinds of repositories ------------------------------------------------------------------------------


def test_a_single_commit(tmp_path: Path, file: Path) -> None:
    repo = Repo(tmp_path / "one.git")
    repo.commit("Begin")
    planned = plan(repo.path, file)
    assert planned.record == Revision(1, repo.tip())
    assert "1 landing, the newest r1" in planned.findings[0]
    assert planned.findings[1].endswith("In QA: 0 landings.")


def test_a_working_tree_and_a_linked_one(tmp_path: Path, file: Path) -> None:
    repo = Repo(tmp_path / "work", bare=False)
    repo.commit("Begin")
    repo.git("worktree", "add", "-q", "-b", "topic", str(tmp_path / "linked"))
    assert plan(repo.path, file).branch == "stable"
    assert plan(tmp_path / "linked", file).branch == "topic"


@pytest.mark.parametrize("name", ['a "quoted" \\ name', "größe", "a'b{id}", "[x]#y", "a:b"])
def test_paths_with_odd_characters_are_read_back(tmp_path: Path, file: Path, name: str) -> None:
    repo = Repo(tmp_path / name)
    repo.commit("Begin")
    assert written(plan(repo.path, file)).repository == str(repo.path.resolve())


# --- where it came from ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remote", "landing_url"),
    [
        ("https://github.com/owner/project.git", "https://github.com/owner/project/commit/{id}"),
        ("git@github.com:owner/project.git", "https://github.com/owner/project/commit/{id}"),
        ("https://ann:hunter2@github.com/owner/project", "https://github.com/owner/project/commit/{id}"),
        ("ssh://git@gitlab.example.org:2222/a/b/c.git", "https://gitlab.example.org/a/b/c/-/commit/{id}"),
        ("https://git.launchpad.net/launchpad", "https://git.launchpad.net/launchpad/commit/?id={id}"),
        ("https://notgithub.com/owner/project", ""),
        ('https://github.com/owner/{bug}"\\n', ""),
        ("/srv/git/github.com/x", ""),
        ("", ""),
    ],
)
def test_links_lead_where_the_clone_came_from(repo: Repo, file: Path, remote: str, landing_url: str) -> None:
    repo.git("config", "remote.origin.url", remote)
    planned = plan(repo.path, file)
    assert "hunter2" not in planned.text + "".join(planned.findings)
    assert written(planned).landing_url == landing_url
    assert bool(read(file).tracker.bug_url) == bool(landing_url)


@pytest.mark.parametrize(
    ("remote", "compare_url"),
    [
        ("git@github.com:owner/project.git", "https://github.com/owner/project/compare/{from}...{to}"),
        (
            "ssh://git@gitlab.example.org:2222/a/b/c.git",
            "https://gitlab.example.org/a/b/c/-/compare/{from}...{to}",
        ),
        (
            "https://git.launchpad.net/~ann/launchpad/+git/x",
            "https://git.launchpad.net/~ann/launchpad/+git/x/log/?qt=range&q={from}..{to}",
        ),
        (
            "https://codeberg.org/owner/project.git",
            "https://codeberg.org/owner/project/compare/{from}...{to}",
        ),
        ("https://git.example.org/owner/project.git", ""),
        ("", ""),
    ],
)
def test_two_revisions_are_compared_where_the_clone_came_from(
    repo: Repo, file: Path, remote: str, compare_url: str
) -> None:
    repo.git("config", "remote.origin.url", remote)
    assert written(plan(repo.path, file)).compare_url == compare_url


@pytest.mark.parametrize(
    ("remote", "tracker"),
    [
        ("https://github.com/owner/project.git", ("github", "owner/project", "")),
        ("git@github.com:owner/my.project.git", ("github", "owner/my.project", "")),
        ("https://ann:hunter2@github.com/owner/project", ("github", "owner/project", "")),
        ("https://gitlab.com/a/b/c.git", ("gitlab", "a/b/c", "")),
        ("ssh://git@gitlab.example.org:2222/a/b.git", ("gitlab", "a/b", "https://gitlab.example.org")),
        ("https://github.com/owner/project/more", ("github", "owner/name", "")),
        ("https://git.launchpad.net/launchpad", ("launchpad", "launchpad", "")),
        ("git+ssh://ann@git.launchpad.net/~ann/shop/+git/shop", ("launchpad", "shop", "")),
        ("https://codeberg.org/owner/project.git", ("gitea", "owner/project", "")),
        ("", None),
    ],
)
def test_the_tracker_of_the_origin_is_proposed(
    repo: Repo, file: Path, remote: str, tracker: tuple[str, str, str] | None
) -> None:
    """Without a token nothing is read; the lines that stand in the file as comments turn it on."""
    repo.git("config", "remote.origin.url", remote)
    planned = plan(repo.path, file)
    assert parse(planned.text, file).tracker.type == "none"
    told = " ".join(planned.findings)
    assert "hunter2" not in planned.text + told
    assert "could not be read" not in planned.text + told
    if tracker is None:
        assert "# type" not in planned.text
        return
    turned_on = parse(turned_on_in(planned.text), file).tracker
    assert (turned_on.type, turned_on.project, turned_on.service_root) == tracker
    assert turned_on.credentials_file == f"{tracker[0]}-token"
    for text in (planned.text, told):
        assert f"{file.parent}/{tracker[0]}-token" in text
        assert f"docs/{tracker[0]}.md" in text and f"requirements/{tracker[0]}.txt" in text


# --- writing --------------------------------------------------------------------------------------------


def test_a_mirror_is_said_to_be_one_and_the_url_is_one_paste_away(repo: Repo, file: Path) -> None:
    assert not any("is a mirror" in finding for finding in plan(repo.path, file).findings)
    url = "git@git.example.org:acme/shop.git"
    repo.git("remote", "add", "--mirror=fetch", "origin", url)
    planned = plan(repo.path, file)
    (said,) = [finding for finding in planned.findings if "is a mirror" in finding]
    assert f'With `repository = "{url}"` in the settings the shepherd fetches by itself' in said
    lines = planned.text.splitlines()
    place = lines.index(f'repository = "{repo.path}"')
    (other,) = [line for line in lines[place:] if line.startswith("# repository = ")]
    lines[place] = other.removeprefix("# ")
    assert parse("\n".join(lines), file).branches["stable"].repository == url


def test_a_plan_writes_nothing(repo: Repo, file: Path) -> None:
    before = sorted(path for path in file.parent.rglob("*"))
    plan(repo.path, file)
    assert sorted(path for path in file.parent.rglob("*")) == before


def test_it_is_written_where_it_will_be_found(repo: Repo, tmp_path: Path) -> None:
    tasks, cwd = tmp_path / "tasks", tmp_path / "cwd"
    tasks.mkdir()
    cwd.mkdir()
    for environ in ({}, {"SHEPHERD_CONFIG": str(tmp_path / "qa.toml")}):
        place = destination(environ, tasks, cwd)
        apply(plan(repo.path, place))
        assert load(environ, tasks, cwd).file == place.resolve()
    (tasks / "shepherd.toml").unlink()
    (cwd / "shepherd.toml").touch()
    assert destination({}, tasks, cwd) == cwd / "shepherd.toml"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_can_be_a_string_of_toml(text: str) -> None:
    import tomllib

    assert tomllib.loads(f"x = {toml(text)}")["x"] == text
