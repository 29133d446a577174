"""Which forge `init` proposes, by messages and by the origin; that it writes only what works."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from shepherd.running.init import access
from shepherd.running.init.forge import Forge
from shepherd.running.init.plan import InitPlan, apply, plan
from shepherd.settings import parse
from shepherd.trackers.github.reading import GitHubTracker
from shepherd.trackers.gitlab.reading import GitLabTracker
from tests.gitrepo import Repo
from tests.inv import inv_here
from tests.running.init.repos import turned_on_in
from tests.trackers.faulty import at_work
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_server import GitLab

HUB = "https://github.com/acme/shop.git"
ON_HUB = "https://github.com/acme/shop"
ON_GITLAB = "https://git.example.org/acme/shop/-"
TOKEN = "forge-token-4711"
LAUNCHPAD = ["Fix\n\nLP: #12\n\nMerged from https://code.launchpad.net/~ann/shop/+git/shop/+merge/12"] * 9
GITLAB = ["Merge branch 'fix'\n\nSee merge request acme/web/shop!12"] * 9
GITLAB_URL = ["Fix\n\nSee merge request https://git.example.org/acme/shop/-/merge_requests/12"] * 9
GERRIT = [f"Fix\n\nChange-Id: I{'0a' * 20}\nReviewed-on: https://review.example.org/c/shop/+/12"] * 9
PHABRICATOR = ["Fix\n\nDifferential Revision: https://reviews.example.org/D12"] * 9
GITEA = ["Fix\n\nReviewed-on: https://git.example.org/acme/shop/pulls/12"] * 9
GITEA_BELOW = ["Fix\n\nReviewed-on: https://example.org/git/acme/shop/pulls/12"] * 9
GITEA_MERGE = ["Merge pull request 'Fix' (#12) from fix into main"] * 9
ON_GITEA = "https://git.example.org/acme/shop"
BORS = ["Auto merge of #12 - ann:fix, r=ben"] * 9
FORKED = ["Fix\n\nPR-URL: https://github.com/acme/shop/pull/1"] * 9
NUMBERED = ["Fix (#12)"] * 9
PLAIN = ["Fix"] * 9


def project(folder: Path, messages: Sequence[str], origin: str) -> Repo:
    repo = Repo(folder / "project.git")
    for message in messages:
        repo.commit(message)
    if origin:
        repo.git("config", "remote.origin.url", origin)
    return repo


def planned(folder: Path, messages: Sequence[str], origin: str) -> InitPlan:
    return plan(project(folder, messages, origin).path, folder / "shepherd.toml")


@pytest.mark.parametrize(
    ("messages", "origin", "proposed"),
    [
        (PLAIN, HUB, ("github", "acme/shop", "")),
        (NUMBERED, HUB, ("github", "acme/shop", "")),
        (BORS, HUB, ("github", "acme/shop", "")),
        (BORS, "", ("github", "owner/name", "")),
        (NUMBERED, "", None),
        (NUMBERED, "https://gitlab.com/a/b.git", ("gitlab", "a/b", "")),
        (FORKED, "git@github.com:ann/fork.git", ("github", "acme/shop", "")),
        (LAUNCHPAD, HUB, ("launchpad", "shop", "")),
        (LAUNCHPAD, "", ("launchpad", "shop", "")),
        (["Fix\n\nLP: #12"] * 9, HUB, ("launchpad", "project", "")),
        (["Fix\n\nLP: #12"] * 9, "https://git.launchpad.net/shop", ("launchpad", "shop", "")),
        (GITLAB, HUB, ("gitlab", "acme/web/shop", "")),
        (
            GITLAB,
            "https://gitlab.example.org/acme/web/shop.git",
            ("gitlab", "acme/web/shop", "https://gitlab.example.org"),
        ),
        (
            GITLAB,
            "https://gitlab.example.org/ann/shop.git",
            ("gitlab", "acme/web/shop", "https://gitlab.example.org"),
        ),
        # a host that is not called gitlab, but has the project that messages name
        (
            GITLAB,
            "https://code.example.org/acme/web/shop.git",
            ("gitlab", "acme/web/shop", "https://code.example.org"),
        ),
        (GITLAB_URL, HUB, ("gitlab", "acme/shop", "https://git.example.org")),
        (["Merge\n\nSee merge request !12"] * 9, HUB, ("gitlab", "group/project", "")),
        (GERRIT, HUB, None),
        (PHABRICATOR, HUB, None),
        (GITEA, HUB, ("gitea", "acme/shop", "https://git.example.org")),
        (GITEA, "", ("gitea", "acme/shop", "https://git.example.org")),
        (GITEA_BELOW, "", ("gitea", "acme/shop", "https://example.org/git")),
        (GITEA_MERGE, "", ("gitea", "owner/name", "")),
        (GITEA_MERGE, HUB, ("gitea", "owner/name", "")),
        (
            GITEA_MERGE,
            "git@git.example.org:acme/shop.git",
            ("gitea", "acme/shop", "https://git.example.org"),
        ),
        (NUMBERED, "https://codeberg.org/acme/shop.git", ("gitea", "acme/shop", "")),
        (
            PLAIN,
            "https://forgejo.example.org/acme/shop",
            ("gitea", "acme/shop", "https://forgejo.example.org"),
        ),
        (
            PLAIN,
            "https://gitea.example.org/git/acme/shop",
            ("gitea", "acme/shop", "https://gitea.example.org/git"),
        ),
        (PLAIN, "https://codeberg.org/acme", ("gitea", "owner/name", "")),
        (PLAIN, "", None),
    ],
)
def test_messages_outweigh_the_origin(
    tmp_path: Path, messages: list[str], origin: str, proposed: tuple[str, str, str] | None
) -> None:
    made = planned(tmp_path, messages, origin)
    assert parse(made.text, made.file).tracker.type == "none"
    if proposed is None:
        assert "# type = " not in made.text
        return
    tracker = parse(turned_on_in(made.text), made.file).tracker
    assert (tracker.type, tracker.project, tracker.service_root) == proposed


@pytest.mark.parametrize(
    ("messages", "origin", "landing_url", "bug_url", "request_url"),
    [
        (NUMBERED, HUB, f"{ON_HUB}/commit/{{id}}", f"{ON_HUB}/issues/{{bug}}", f"{ON_HUB}/pull/{{request}}"),
        (LAUNCHPAD, HUB, f"{ON_HUB}/commit/{{id}}", "https://bugs.launchpad.net/bugs/{bug}", ""),
        (GITLAB, HUB, f"{ON_HUB}/commit/{{id}}", "", ""),
        (
            GITLAB_URL,
            "",
            f"{ON_GITLAB}/commit/{{id}}",
            f"{ON_GITLAB}/issues/{{bug}}",
            f"{ON_GITLAB}/merge_requests/{{request}}",
        ),
        (GERRIT, HUB, f"{ON_HUB}/commit/{{id}}", "", ""),
        (
            GITEA,
            "",
            f"{ON_GITEA}/commit/{{id}}",
            f"{ON_GITEA}/issues/{{bug}}",
            f"{ON_GITEA}/pulls/{{request}}",
        ),
        (BORS, "", "", "", ""),
    ],
)
def test_links_lead_where_it_is_at_home(
    tmp_path: Path, messages: list[str], origin: str, landing_url: str, bug_url: str, request_url: str
) -> None:
    made = planned(tmp_path, messages, origin)
    settings = parse(made.text, made.file)
    assert settings.branches["stable"].landing_url == landing_url
    assert (settings.tracker.bug_url, settings.tracker.request_url) == (bug_url, request_url)


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        (GERRIT, "9 of the last 9 landings came through Gerrit"),
        (PHABRICATOR, "9 of the last 9 landings came through Phabricator"),
        (LAUNCHPAD, "9 of the last 9 landings have Launchpad's messages"),
        (GITEA, "9 of the last 9 landings have Gitea's messages"),
    ],
)
def test_file_and_terminal_say_what_the_messages_show(tmp_path: Path, messages: list[str], says: str) -> None:
    made = planned(tmp_path, messages, HUB)
    assert says in " ".join(made.text.replace("\n# ", " ").split())
    assert says in " ".join(made.findings)


# --- the first day, used --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("messages", "origin"),
    [
        (PLAIN, HUB),
        (PLAIN, "git@github.com:acme/shop.git"),
        (PLAIN, "https://gitlab.com/acme/web/shop.git"),
        (PLAIN, "ssh://git@gitlab.example.org:2222/acme/shop.git"),
        (PLAIN, "https://git.launchpad.net/shop"),
        (PLAIN, "https://git.example.org/shop.git"),
        (PLAIN, ""),
        (NUMBERED, HUB),
        (LAUNCHPAD, HUB),
        (GITLAB, HUB),
        (GITLAB_URL, HUB),
        (GERRIT, HUB),
        (GITEA, HUB),
        (GITEA_MERGE, "ssh://git@codeberg.org/acme/shop.git"),
    ],
)
def test_what_was_written_works_at_once(tmp_path: Path, messages: list[str], origin: str) -> None:
    repo = project(tmp_path, messages, origin)
    for command in (["init", "--repository", str(repo.path)], ["find", "judge", "report"], ["status"]):
        done = inv_here(tmp_path, *command)
        assert done.code == 0, (command, done.out, done.err)
    done = inv_here(tmp_path, "doctor", "--offline")
    assert not [line for line in done.out.splitlines() if line.startswith("fail") and "tracker" in line]


# --- with a token ---------------------------------------------------------------------------------------


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub | GitLab]:
    """A forge in the place of the usual one; it accepts TOKEN."""
    with at_work(GitHub("acme/shop") if request.param == "github" else GitLab("acme/shop")) as server:
        server.token = TOKEN
        monkeypatch.setattr(
            GitHubTracker if request.param == "github" else GitLabTracker, "root", server.root
        )
        yield server


def token_file(folder: Path, forge: GitHub | GitLab, text: str = TOKEN, mode: int = 0o600) -> None:
    path = folder / f"{forge.kind}-token"
    path.write_text(f"{text}\n")
    path.chmod(mode)


def test_with_a_token_that_works_the_forge_is_read(tmp_path: Path, forge: GitHub | GitLab) -> None:
    token_file(tmp_path, forge)
    repo = project(tmp_path, PLAIN, f"https://{forge.kind}.com/acme/shop")
    done = inv_here(tmp_path, "init", "--repository", str(repo.path))
    assert done.code == 0
    assert (
        "The labels of requests of acme/shop on Git" in done.out and "are read: it has answered" in done.out
    )
    text = (tmp_path / "shepherd.toml").read_text()
    tracker = parse(text, tmp_path / "shepherd.toml").tracker
    assert (tracker.type, tracker.project, tracker.credentials_file) == (
        forge.kind,
        "acme/shop",
        f"{forge.kind}-token",
    )
    assert TOKEN not in done.out + text
    assert inv_here(tmp_path, "find", "judge", "report").code == 0


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        ("wrong", 0o600, "401"),
        (TOKEN, 0o644, "is open to others; run chmod 600"),
        ("", 0o600, "does not hold text"),
        ("two words", 0o600, "is not an access token"),
    ],
)
def test_a_token_that_does_not_work_is_said(
    tmp_path: Path, forge: GitHub | GitLab, text: str, mode: int, says: str
) -> None:
    token_file(tmp_path, forge, text, mode)
    made = planned(tmp_path, PLAIN, f"https://{forge.kind}.com/acme/shop")
    assert parse(made.text, made.file).tracker.type == "none"
    assert parse(turned_on_in(made.text), made.file).tracker.type == forge.kind
    for told in (" ".join(made.findings), " ".join(made.text.replace("\n# ", " ").split())):
        assert says in told
        assert f"{forge.kind}-token" in told


def test_a_forge_that_hangs_is_given_up(
    tmp_path: Path, forge: GitHub | GitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_file(tmp_path, forge)
    forge.fail("hang", times=9)
    monkeypatch.setattr(access, "LIMIT", 1.0)
    made = planned(tmp_path, PLAIN, f"https://{forge.kind}.com/acme/shop")
    assert parse(made.text, made.file).tracker.type == "none"
    assert "could not be read" in " ".join(made.findings)


@pytest.mark.parametrize(
    ("deployments", "newest"),
    [
        ([("production", "a" * 40, "SUCCESS"), ("production", "b" * 40, "SUCCESS")], "b"),
        ([("production", "a" * 40, "SUCCESS"), ("production", "b" * 40, "BROKEN")], "a"),
        ([("production", "a" * 40, "SUCCESS"), ("staging", "b" * 40, "SUCCESS")], "a"),
        ([("production", "a" * 40, "SUCCESS"), ("live", "b" * 40, "SUCCESS")], "b"),
        ([("production", "a" * 40, "")], ""),
        ([], ""),
    ],
)
def test_a_forge_that_is_read_says_what_was_deployed(
    tmp_path: Path, forge: GitHub | GitLab, deployments: list[tuple[str, str, str]], newest: str
) -> None:
    token_file(tmp_path, forge)
    broken = {"github": "FAILURE", "gitlab": "FAILED"}[forge.kind]  # as each of them says it
    forge.deployments = [(where, sha, state.replace("BROKEN", broken)) for where, sha, state in deployments]
    answer = access.ask(Forge(forge.kind, "acme/shop", ""), tmp_path / "shepherd.toml")
    name = {"github": "GitHub", "gitlab": "GitLab"}[forge.kind]
    named = ((f"{name}'s newest deployment to production", newest * 40),) if newest else ()
    assert answer == access.ForgeAnswer(None, named)


def test_what_was_deployed_may_be_hidden(tmp_path: Path, forge: GitHub | GitLab) -> None:
    token_file(tmp_path, forge)
    forge.hides_deployments = True
    made = planned(tmp_path, PLAIN, f"https://{forge.kind}.com/acme/shop")
    assert parse(made.text, made.file).tracker.type == forge.kind
    told = " ".join(made.findings)
    assert "it has answered. What Git" in told and "deployed is not known: " in told


def test_a_token_goes_to_no_host_that_only_messages_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gitlab-token").write_text(TOKEN)
    (tmp_path / "gitlab-token").chmod(0o600)

    def asked(_: object) -> None:
        raise AssertionError("it was asked")

    monkeypatch.setattr("shepherd.trackers.open_tracker", asked)
    made = planned(tmp_path, GITLAB_URL, HUB)
    assert parse(made.text, made.file).tracker.type == "none"
    assert "gitlab-token was sent nowhere" in " ".join(made.findings)


# --- what errors and the doctor say ---------------------------------------------------------------------


def test_the_commands_that_are_advised_work(tmp_path: Path, forge: GitHub | GitLab) -> None:
    """From `type = "none"` to a forge that is read, by what the messages say, in their order."""
    repo = project(tmp_path, PLAIN, f"https://{forge.kind}.com/acme/shop")
    assert inv_here(tmp_path, "init", "--repository", str(repo.path)).code == 0
    file = tmp_path / "shepherd.toml"
    file.write_text(turned_on_in(file.read_text()))
    done = inv_here(tmp_path, "find", "judge")
    assert done.code == 2
    command = f"(umask 077; cat >{tmp_path}/{forge.kind}-token)"
    assert f"is not there; create it with {command}: paste" in done.err
    assert f'or set type = "none" in [tracker] of {file}' in done.err
    assert os.system(f"echo {TOKEN} | {command}") == 0
    assert inv_here(tmp_path, "find", "judge").code == 0


def test_the_other_remedy_works_too(tmp_path: Path) -> None:
    repo = project(tmp_path, PLAIN, HUB)
    assert inv_here(tmp_path, "init", "--repository", str(repo.path)).code == 0
    file = tmp_path / "shepherd.toml"
    file.write_text(turned_on_in(file.read_text()).replace('type = "github"', 'type = "none"'))
    assert inv_here(tmp_path, "find", "judge").code == 0
    assert "ok    secrets" in inv_here(tmp_path, "doctor", "--offline").out


@pytest.mark.parametrize(
    ("messages", "origin", "says"),
    [
        (PLAIN, HUB, "labels of requests of acme/shop on GitHub"),
        (LAUNCHPAD, HUB, "tags of bugs of shop on Launchpad"),
        (GERRIT, HUB, ""),
        (PLAIN, "", ""),
    ],
)
def test_the_doctor_says_how_a_known_forge_is_read(
    tmp_path: Path, messages: list[str], origin: str, says: str
) -> None:
    apply(planned(tmp_path, messages, origin))
    done = inv_here(tmp_path, "doctor", "--offline", "--json")
    [check] = [each for each in json.loads(done.out)["checks"] if each["name"] == "tracker"]
    assert (check["level"], check["what"]) == ("ok", "none: QA is settled by verdicts")
    assert says in check["remedy"]
    assert bool(check["remedy"]) == bool(says)
