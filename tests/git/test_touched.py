"""Which paths that a limit is about each landing changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shepherd.errors import SourceError
from shepherd.git.repository import Git, open_repository
from shepherd.git.touched import KEPT, TOGETHER, read_touched
from tests.gitrepo import Repo

SCHEMA = ("database/schema/patch-*.sql",)


@pytest.fixture
def git(repo: Repo) -> Git:
    return open_repository(str(repo.path))


def fast_import(repo: Repo, *changes: bytes) -> str:
    """A commit onto stable by git itself: paths may hold any bytes."""
    at = f"from {repo.git('rev-parse', 'stable')}\n" if repo.git("for-each-ref", "refs/heads/stable") else ""
    head = f"commit refs/heads/stable\ncommitter Ann <a@example.org> {repo.clock} +0000\ndata 1\nx\n{at}"
    repo.git("fast-import", "--quiet", input=head.encode() + b"".join(b"%b\n" % each for each in changes))
    return repo.git("rev-parse", "stable")


def inline(path: bytes, content: bytes = b"x") -> bytes:
    return b"M 100644 inline %b\ndata %d\n%b" % (path, len(content), content)


class TestWhatCounts:
    def test_the_first_commit_changes_all_that_it_has(self, repo: Repo, git: Git) -> None:
        sha = repo.commit("One", {"database/schema/patch-1.sql": "a", "README": "b"})
        assert read_touched(git, [sha], [SCHEMA]) == {sha: {0: ("database/schema/patch-1.sql",)}}

    def test_added_changed_removed(self, repo: Repo, git: Git) -> None:
        path = "database/schema/patch-1.sql"
        shas = [
            repo.commit("Added", {path: "a"}),
            repo.commit("Changed", {path: "b"}),
            repo.commit("Removed", {path: None}),
        ]
        assert read_touched(git, shas, [SCHEMA]) == {sha: {0: (path,)} for sha in shas}

    def test_one_that_touches_nothing_is_there_with_nothing(self, repo: Repo, git: Git) -> None:
        shas = [repo.commit("One"), repo.commit("Empty", {})]
        assert read_touched(git, shas, [SCHEMA]) == {sha: {} for sha in shas}

    def test_a_merge_counts_what_it_brings_to_its_first_parent(self, repo: Repo, git: Git) -> None:
        repo.commit("Base")
        repo.set_ref("topic", repo.tip())
        repo.commit("Work", {"database/schema/patch-2.sql": "a"}, branch="topic")
        there = repo.commit("Already there", {"database/schema/patch-1.sql": "a"})
        merge = repo.merge("Merge", repo.tip("topic"))
        assert read_touched(git, [there, merge], [SCHEMA]) == {
            there: {0: ("database/schema/patch-1.sql",)},
            merge: {0: ("database/schema/patch-2.sql",)},
        }

    def test_a_renamed_file_is_two_paths(self, repo: Repo, git: Git) -> None:
        content = "the same line\n" * 50
        repo.commit("One", {"database/schema/patch-1.sql": content})
        sha = repo.commit(
            "Renamed", {"database/schema/patch-1.sql": None, "database/schema/patch-2.sql": content}
        )
        away = repo.commit("Moved", {"database/schema/patch-2.sql": None, "old/patch-2.sql": content})
        assert read_touched(git, [sha, away], [SCHEMA]) == {
            sha: {0: ("database/schema/patch-1.sql", "database/schema/patch-2.sql")},
            away: {0: ("database/schema/patch-2.sql",)},
        }

    def test_each_limit_by_its_own_patterns(self, repo: Repo, git: Git) -> None:
        sha = repo.commit("One", {"setup.py": "", "db/one.sql": "", "deep/er/two.sql": "", "Setup.py": ""})
        patterns = [("setup.py", "setup.cfg"), ("*.sql",), ("db/?ne.sql",), ("absent",)]
        assert read_touched(git, [sha], patterns) == {
            sha: {0: ("setup.py",), 1: ("db/one.sql", "deep/er/two.sql"), 2: ("db/one.sql",)}
        }

    @pytest.mark.parametrize(
        "pattern",
        ["/etc/passwd", "../x", "./README", "a//b", "a/", ":(exclude)README", ":!README", "[R]EADME"],
    )
    def test_what_looks_odd_to_git_matches_nothing_and_breaks_nothing(
        self, repo: Repo, git: Git, pattern: str
    ) -> None:
        sha = repo.commit("One", {"README": "", "a/b": ""})
        assert read_touched(git, [sha], [(pattern,), ("README",)]) == {sha: {1: ("README",)}}

    def test_more_commits_than_one_process_takes(self, repo: Repo, git: Git) -> None:
        shas = [repo.commit("One", {"n": str(number)}) for number in range(TOGETHER + 2)]
        assert read_touched(git, shas, [("n",)]) == {sha: {0: ("n",)} for sha in shas}


class TestPathsOfAnyBytes:
    def test_none_is_lost_and_none_taken_for_another(self, repo: Repo, git: Git) -> None:
        sha = fast_import(
            repo,
            inline(b'"db/a\\nb.sql"'),
            inline(b'"db/\\377.sql"'),
            inline(b'"db/\\376.sql"'),
            inline(b'"db/\\\\xff.sql"'),
            inline("db/ä.sql".encode()),
            inline(b'"db/:100644.sql"'),
        )
        touched = read_touched(git, [sha], [("db/*.sql",), ("db/?.sql",)])[sha]
        assert set(touched[0]) == {
            "db/a\nb.sql",
            "db/\\xff.sql",
            "db/\\xfe.sql",
            "db/\\\\xff.sql",
            "db/ä.sql",
            "db/:100644.sql",
        }
        assert set(touched[1]) == {"db/\\xff.sql", "db/\\xfe.sql", "db/ä.sql"}

    def test_a_file_named_like_the_next_commit_is_a_path(self, repo: Repo, git: Git) -> None:
        first = repo.commit("One")
        sha = repo.commit("Two", {first: "", f":{first}": ""})
        assert read_touched(git, [sha, first], [("*",)])[sha] == {0: (f":{first}", first)}


class TestHuge:
    def test_some_are_kept_and_it_always_counts(self, repo: Repo, git: Git) -> None:
        paths = {f"db/{number:04}.sql": "x" for number in range(KEPT + 3)}
        sha = repo.commit("All", paths)
        back = repo.revert(sha)
        touched = read_touched(git, [sha, back], [("db/*",)])
        assert touched[sha][0][:KEPT] == tuple(sorted(paths))[:KEPT]
        assert touched[back][0][-1] == f"3 more in {back}"
        assert not set(touched[back][0]) <= set(touched[sha][0]), "it is no mere undoing"

    def test_exactly_as_many_as_are_kept_cancel_out(self, repo: Repo, git: Git) -> None:
        sha = repo.commit("All", {f"db/{number:04}.sql": "x" for number in range(KEPT)})
        back = repo.revert(sha)
        touched = read_touched(git, [sha, back], [("db/*",)])
        assert touched[back] == touched[sha]


class TestFailures:
    def test_a_commit_that_is_not_there(self, repo: Repo, git: Git) -> None:
        sha = repo.commit("One")
        with pytest.raises(SourceError):
            read_touched(git, [sha, "0" * 39 + "1"], [SCHEMA])

    def test_a_tree_that_is_not_there(self, repo: Repo, git: Git) -> None:
        sha = repo.commit("One", {"database/schema/patch-1.sql": "a"})
        tree = repo.git("rev-parse", f"{sha}:database")
        (Path(repo.git_dir) / "objects" / tree[:2] / tree[2:]).unlink()
        with pytest.raises(SourceError):
            read_touched(git, [sha], [SCHEMA])

    def test_git_is_killed(self, repo: Repo, git: Git, wrapped_git: Callable[[str], None]) -> None:
        sha = repo.commit("One", {"database/schema/patch-1.sql": "a"})
        wrapped_git('case "$*" in *diff-tree*) kill -9 $$;; esac; exec $GIT "$@"')
        with pytest.raises(SourceError):
            read_touched(git, [sha], [SCHEMA])

    def test_settings_of_the_repository_change_nothing(self, repo: Repo, git: Git) -> None:
        sha = repo.commit("One", {"db/a": "x", "db/b": "y"})
        repo.git("config", "diff.renames", "copies")
        repo.git("config", "core.quotePath", "true")
        repo.git("config", "diff.relative", "true")
        assert read_touched(git, [sha], [("db/*",)]) == {sha: {0: ("db/a", "db/b")}}


class TestComponents:
    def test_folders_and_files_behind_the_limits(self, repo: Repo, git: Git) -> None:
        shas = [
            repo.commit("Both", {"src/web/a.js": "a", "Makefile": "b", "database/schema/patch-1.sql": ""}),
            repo.commit("Web", {"src/web/b/c.js": "a"}),
            repo.commit("Near", {"src/website.js": "a", "sub/Makefile": "", "src/webb/x": ""}),
        ]
        components = [("src/web/", "lib/ui"), ("Makefile",)]
        assert read_touched(git, shas, [SCHEMA], components) == {
            shas[0]: {0: ("database/schema/patch-1.sql",), 1: (), 2: ()},
            shas[1]: {1: ()},
            shas[2]: {},
        }

    def test_a_folder_without_its_slash_is_a_folder_or_a_file(self, repo: Repo, git: Git) -> None:
        folder, file = repo.commit("1", {"web/a": "a"}), repo.commit("2", {"web/a": None, "web": "a"})
        assert read_touched(git, [folder, file], [], [("web",)]) == {folder: {0: ()}, file: {0: ()}}
        assert read_touched(git, [folder, file], [], [("web/",)])[file] == {0: ()}, "it leaves the folder"

    def test_a_renamed_file_leaves_one_component_and_comes_to_another(self, repo: Repo, git: Git) -> None:
        repo.commit("1", {"web/a": "content"})
        sha = repo.commit("2", {"web/a": None, "lib/a": "content"})
        assert read_touched(git, [sha], [], [("web/",), ("lib/",)]) == {sha: {0: (), 1: ()}}

    def test_any_bytes_and_signs_of_patterns_in_a_path(self, repo: Repo, git: Git) -> None:
        repo.commit("1")
        sha = fast_import(repo, inline(b"\xff/a"), inline(b"[a]/b"))
        assert read_touched(git, [sha], [], [("[a]/",), ("a/",), ("\N{REPLACEMENT CHARACTER}/",)]) == {
            sha: {0: ()}
        }

    def test_a_merge_of_many_files_is_read_once(self, repo: Repo, git: Git) -> None:
        repo.commit("Base")
        repo.set_ref("topic", repo.tip())
        repo.commit("Work", {f"web/{number}": "" for number in range(2 * KEPT)}, branch="topic")
        merge = repo.merge("Merge", repo.tip("topic"))
        assert read_touched(git, [merge], [], [("web/",), ("lib/",)]) == {merge: {0: ()}}
