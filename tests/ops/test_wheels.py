"""The wheelhouse is the host's, not the operator's; every byte of it is the commit's
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ops.deploy import wheels
from ops.deploy.pins import PinError
from ops.deploy.shelf import FetchError
from ops.deploy.target import Target
from ops.deploy.wheels import gather
from shepherd.errors import SettingsError
from tests.ops.wheelhouse import PROJECT, Index

DEBIAN = Target("3.11.2", "x86_64", "glibc", "2.36")
OLDER = Target("3.11.2", "x86_64", "glibc", "2.31")
ARM = Target("3.13.1", "aarch64", "glibc", "2.36")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    made = Index(tmp_path)
    for name, value in made.environ.items():
        monkeypatch.setenv(name, value)
    return made


def names(house: wheels.Wheelhouse) -> list[str]:
    return [each.name for each in house.wheels]


CASES = {
    "Debian": (
        DEBIAN,
        ["fast-1.0-cp311-cp311-manylinux_2_36_x86_64", "old-1.0-py3-none-any", "plain-1.0-py3-none-any"],
    ),
    "an older libc": (
        OLDER,
        ["fast-1.0-cp311-cp311-manylinux_2_17_x86_64", "old-1.0-py3-none-any", "plain-1.0-py3-none-any"],
    ),
    "another platform and Python": (
        ARM,
        ["arm-1.0-py3-none-any", "fast-1.0-cp313-cp313-manylinux_2_17_aarch64", "plain-1.0-py3-none-any"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_holds_exactly_what_the_host_needs(index: Index, tmp_path: Path, case: str) -> None:
    target, expected = CASES[case]
    house = gather(index.source(), (), target, tmp_path / "cache")
    assert names(house) == [f"{each}.whl" for each in expected]
    assert house.pip.name == "pip-1.0-py3-none-any.whl"
    lines = house.requirements.splitlines()
    assert [line.split("==")[0] for line in lines] == [each.split("-")[0] for each in expected]
    assert all(line.count("--hash=sha256:") == 1 for line in lines)


def test_extras_are_chosen_by_name(index: Index, tmp_path: Path) -> None:
    house = gather(index.source(), ("more",), DEBIAN, tmp_path / "cache")
    assert "extra-1.0-py3-none-any.whl" in names(house)
    with pytest.raises(SettingsError, match="no extra 'mroe'; it has more"):
        gather(index.source(), ("mroe",), DEBIAN, tmp_path / "cache")


def test_a_changed_byte_is_refused(index: Index, tmp_path: Path) -> None:
    wheel = index.folder / "plain-1.0-py3-none-any.whl"
    content = bytearray(wheel.read_bytes())
    content[40] ^= 1
    wheel.write_bytes(content)
    with pytest.raises(FetchError):
        gather(index.source(), (), DEBIAN, tmp_path / "cache")
    assert list((tmp_path / "cache").rglob("*.whl")) == []


def test_the_cache_is_used_and_a_changed_byte_in_it_is_noticed(index: Index, tmp_path: Path) -> None:
    first = gather(index.source(), (), DEBIAN, tmp_path / "cache")
    kept = {path: path.read_bytes() for path in index.folder.glob("fast*")}
    wheel = first.wheels[0].path
    content = bytearray(wheel.read_bytes())
    content[40] ^= 1
    wheel.write_bytes(content)
    assert gather(index.source(), (), DEBIAN, tmp_path / "cache") == first
    assert wheel.read_bytes() == kept[index.folder / wheel.name], "fetched again"


def test_the_next_commit_needs_no_index(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    first = gather(index.source(), ("more",), DEBIAN, cache)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    newer = index.source(project=PROJECT.replace('version = "1"', 'version = "2"'))
    assert gather(newer, ("more",), DEBIAN, cache) == first
    assert len(gather(newer, (), DEBIAN, cache).wheels) == len(first.wheels) - 1, "fewer than were fetched"


def test_without_an_index_all_that_is_missing_is_named_and_a_persons_copy_helps(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    with pytest.raises(FetchError, match="missing for this host") as refusal:
        gather(index.source(), (), DEBIAN, cache)
    command, _, place = str(refusal.value).rpartition("and copy its files to ")
    words = shlex.split(command.partition("reaches one: ")[2].rstrip("; "))
    monkeypatch.setenv("PIP_FIND_LINKS", str(index.folder))
    subprocess.run([sys.executable, *words[1:]], cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    folder = tmp_path / words[words.index("-d") + 1]
    shutil.copytree(folder, place, dirs_exist_ok=True)
    assert [each.split("-")[0] for each in names(gather(index.source(), (), DEBIAN, cache))] == [
        *("fast", "old", "plain")
    ]


def test_what_lies_there_for_another_host_is_not_taken(index: Index, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(index.folder, cache / OLDER.folder)
    assert names(gather(index.source(), (), OLDER, cache)) == [
        f"{each}.whl" for each in CASES["an older libc"][1]
    ]


REQUIRED = {
    "of a package's own": (("a",), "", ["a"]),
    "by an extra of it": (("a[more]",), "", ["a", "deep", "more"]),
    "only elsewhere": (("a", "b ; sys_platform == 'win32'"), "", ["a"]),
    "pinned only for another Python": (("a",), " ; python_version >= '3.12'", None),
    "another version than is pinned": (("a>=2",), "", None),
}


@pytest.mark.parametrize("case", REQUIRED)
def test_what_packages_themselves_ask_for(index: Index, tmp_path: Path, case: str) -> None:
    asked, marker, expected = REQUIRED[case]
    index.wheel("a", "py3-none-any", "more ; extra == 'more'", "b ; python_version < '3'")
    index.wheel("more", "py3-none-any", "deep==1.0")
    index.wheel("deep", "py3-none-any", "A")
    project = f'[project]\nname = "x"\ndependencies = {list(asked)}\n[dependency-groups]\nhost = ["pip"]\n'
    source = index.source(index.pinned(a=marker), project)
    if expected is None:
        with pytest.raises(PinError, match="does not pin a"):
            gather(source, (), DEBIAN, tmp_path / "cache")
        return
    house = gather(source, (), DEBIAN, tmp_path / "cache")
    assert [each.split("-")[0] for each in names(house)] == expected


def test_what_the_commit_does_not_pin_is_refused(index: Index, tmp_path: Path) -> None:
    pins = "".join(line for line in index.pins.splitlines(keepends=True) if not line.startswith("plain"))
    with pytest.raises(PinError, match="does not pin plain: make a new one"):
        gather(index.source(pins), (), DEBIAN, tmp_path / "cache")


def test_a_host_for_which_there_is_no_wheel(index: Index, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="fast"):
        gather(index.source(), (), Target("3.12.2", "x86_64", "glibc", "2.36"), tmp_path / "cache")


def test_a_commit_before_all_this_is_refused(index: Index, tmp_path: Path) -> None:
    from tests.ops.wheelhouse import packed

    with pytest.raises(SettingsError, match=r"has no requirements/host.txt"):
        gather(packed({"pyproject.toml": "[project]\n"}), (), DEBIAN, tmp_path / "cache")


def test_tags_begin_with_the_hosts_own_libc() -> None:
    tags = DEBIAN.tags
    assert tags[0] == "manylinux_2_36_x86_64"
    assert tags.index("manylinux_2_17_x86_64") + 1 == tags.index("manylinux2014_x86_64")
    assert Target("3.12.1", "aarch64", "musl", "1.2").tags[0] == "musllinux_1_2_aarch64"
    with pytest.raises(SettingsError, match="Darwin"):
        Target.of({"system": "Darwin"})
    with pytest.raises(SettingsError, match="mips"):
        Target.of({"system": "Linux", "machine": "mips"})
