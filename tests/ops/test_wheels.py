"""The wheelhouse is the host's, not the operator's; every byte of it is the commit's
(docs/operator.md#what-a-deploy-does)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.deploy import wheels
from ops.deploy.wheels import FetchError, Target, gather
from shepherd.errors import SettingsError
from tests.ops.wheelhouse import Index

DEBIAN = Target("3.11.2", "x86_64", "glibc", "2.36")
OLDER = Target("3.11.2", "x86_64", "glibc", "2.31")
ARM = Target("3.13.1", "aarch64", "glibc", "2.36")

pytestmark = pytest.mark.real  # uv asks the machine's own package index, too


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


def test_what_the_commit_does_not_pin_is_refused(index: Index, tmp_path: Path) -> None:
    pins = "".join(line for line in index.pins.splitlines(keepends=True) if not line.startswith("plain"))
    with pytest.raises(FetchError, match=r"does not pin plain 1\.0"):
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
