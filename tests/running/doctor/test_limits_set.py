"""What doctor says of the patterns of limits and the folders of components (docs/running.md#doctor)."""

from __future__ import annotations

from shepherd.running.doctor.checking import Finding
from tests.project import Project
from tests.running.doctor.looking import looked


def of_limits(project: Project, *paths: str) -> list[Finding]:
    limits = ", ".join(f'{{ paths = ["{path}"] }}' for path in paths)
    project.write_settings(f"limits = [{limits}]")
    return [each for each in looked(project) if each.name == "limits stable"]


def test_none_are_set(project: Project) -> None:
    assert [each.what for each in of_limits(project)] == ["none are set"]


def test_how_many_files_each_pattern_matches(project: Project) -> None:
    project.repo.commit("[no-qa] x", {"db/schema/1.sql": "", "db/schema/2.sql": "", "setup.py": ""})
    [finding] = of_limits(project, "db/schema/*.sql", "setup.py")
    assert (finding.level, finding.what) == ("ok", "'db/schema/*.sql': 2 files, 'setup.py': 1 file")


def test_a_pattern_that_matches_none(project: Project) -> None:
    project.repo.commit("[no-qa] x", {"db/schema/1.sql": ""})
    for wrong in ("db/shema/*.sql", "DB/*", "1.sql", "db/schema"):
        [finding] = of_limits(project, "db/schema/1.sql", wrong)
        assert (finding.level, finding.what) == ("warn", f"no file at the tip matches '{wrong}'")


def test_a_repository_that_cannot_be_read_is_said_once(project: Project) -> None:
    project.repo.delete_ref("stable")
    assert not of_limits(project, "db/*")


def of_components(project: Project, settings: str) -> list[tuple[str, str]]:
    project.write_settings(settings)
    return [(each.level, each.what) for each in looked(project) if each.name == "components stable"]


def test_components_whose_folders_are_there_and_one_that_is_not(project: Project) -> None:
    project.repo.commit("[no-qa] x", {"src/web/a.js": "", "src/web/b.js": "", "Makefile": ""})
    assert of_components(project, "") == [("ok", "none are set")]
    right = 'components = { web = ["src/web/"], build = ["Makefile"] }'
    assert of_components(project, right) == [("ok", "'src/web/': 2 files, 'Makefile': 1 file")]
    for wrong in ("src/wbe/", "SRC/web", "src/web/a.js/"):
        assert of_components(project, right.replace("src/web/", wrong)) == [
            ("warn", f"no file at the tip is in '{wrong}'")
        ]
