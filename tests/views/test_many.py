"""Many branches: a line each for terminals, what needs somebody first (docs/settings.md#many-branches)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running.host import Host


class Many(Host):
    """`stable`, which may be deployed, and eleven more branches of the same repository."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, top='[defaults]\nrepository = "project.git"\n')
        repo, file = self.project.repo, self.project.folder / "shepherd.toml"
        live = repo.commit("[no-qa] Live", branch="quiet", parents=[], date=int(self.project.now.timestamp()))
        repo.set_ref("live", live)
        repo.set_ref("blocked", live)
        repo.commit("[bug=3] Waits", branch="blocked", date=int(self.project.now.timestamp()))
        self.project.tag(3, "qa-needstesting")
        kinds = {f"a-quiet{n}": "quiet" for n in range(9)} | {f"b-blocked{n}": "blocked" for n in range(2)}
        tables = [
            f'[branches.{each}]\nref = "{ref}"\ndeployed = {{ ref = "live" }}\n'
            for each, ref in kinds.items()
        ]
        file.write_text(file.read_text() + "".join(tables))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Many:
    made = Many(tmp_path_factory.mktemp("many"))
    assert made.inv("find")[0] == made.inv("judge")[0] == 0
    return made


def test_each_has_a_line_and_what_blocks_comes_first(many: Many) -> None:
    code, out, _ = many.inv("status")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "12 branches: 2 with something that blocks, 1 to deploy, 9 with nothing new"
    named = [line.partition(":")[0] for line in lines if line.startswith(("a-", "b-", "stable"))]
    assert named == ["b-blocked0", "b-blocked1", "stable"]
    assert "nothing new: a-quiet0, a-quiet1" in out


def test_of_one_all_is_shown(many: Many) -> None:
    assert "What blocks (1):" in many.inv("status", "--branch", "b-blocked0")[1]


def test_the_page_of_all_is_in_the_same_order(many: Many) -> None:
    assert many.inv("report")[0] == 0
    page = (many.project.state / "report/index.html").read_text()
    places = [page.index(f'href="./{each}.html"') for each in ("b-blocked0", "stable", "a-quiet0")]
    assert places == sorted(places)


def test_one_without_an_answer_is_named_and_hides_no_other(many: Many) -> None:
    file = many.project.folder / "shepherd.toml"
    before = file.read_text()
    file.write_text(f'{before}[branches.fresh]\nref = "quiet"\ndeployed = {{ ref = "live" }}\n')
    code, out, _ = many.inv("status")
    file.write_text(before)
    assert code == 5
    assert "fresh: no answer yet: inv run" in out
    assert "stable: deploy r2" in out


def test_doctor_counts_what_is_well(many: Many) -> None:
    _, out, _ = many.inv("doctor", "--only", "repository")
    assert out.splitlines()[-1] == "ok    repository: 12 of them are well; inv doctor --json names each"
    assert out.count("repository") == 1
