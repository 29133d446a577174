"""Versions in the names of tags: what is read, which is newer, and what a pattern names
(docs/settings.md#releases)."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shepherd.git.versions import LONGEST_NAME, TagVersion, UnorderedError, newest_release, version_of


def read(name: str) -> TagVersion:
    version = version_of(name)
    assert version is not None
    return version


@pytest.mark.parametrize(
    ("name", "prefix", "numbers"),
    [
        ("v1.2.3", "v", (1, 2, 3)),
        ("1.2.3", "", (1, 2, 3)),
        ("v9", "v", (9,)),
        ("release-1.2", "release-", (1, 2)),
        ("release/1.2", "release/", (1, 2)),
        ("project-1.2", "project-", (1, 2)),
        ("@scope/project@1.2", "@scope/project@", (1, 2)),
        ("pkg-a/v1.2", "pkg-a/v", (1, 2)),
        ("REL_1_2", "REL_", (1, 2)),
        ("curl-7_88_1", "curl-", (7, 88, 1)),
        ("log4j-2.17.1", "log4j-", (2, 17, 1)),
        ("x86-1.2", "x86-", (1, 2)),
        ("lib2.0/v1.2", "lib2.0/v", (1, 2)),
        ("2009.1", "", (2009, 1)),
        ("deployed/2026-11-30", "deployed/", (2026, 11, 30)),
        ("live-20261130-1530", "live-", (20261130, 1530)),
        ("v1.0", "v", (1,)),
        ("v1.2.3+build.7", "v", (1, 2, 3)),
    ],
)
def test_prefix_and_numbers(name: str, prefix: str, numbers: tuple[int, ...]) -> None:
    version = read(name)
    assert (version.prefix, version.numbers, version.final) == (prefix, numbers, True)


@pytest.mark.parametrize(
    "name",
    ["v1.2-rc1", "v1.2.rc1", "1.2.0a1", "1.2b", "v1.2.dev3", "v1.2-pre", "1.2-SNAPSHOT", "REL9_6_BETA1"],
)
def test_pre_releases(name: str) -> None:
    assert read(name).rank == -1


@pytest.mark.parametrize("name", ["v1.2-3", "v1.2-ee", "v1.2-windows"])
def test_what_else_is_not_final(name: str) -> None:
    assert not read(name).final


@pytest.mark.parametrize("name", ["nightly-1.2", "rc/1.2", "qa-2026-11-30"])
def test_a_prefix_that_says_that_it_is_not_released(name: str) -> None:
    assert read(name).early
    # a pattern that has the prefix in it means it
    assert newest_release([name], read(name).prefix + "*") == name


@pytest.mark.parametrize("name", ["1.2.Final", "v1.2-ga", "v1.2-post1", "1.2p1", "1.1.1w", "v1.2-lts"])
def test_what_is_final_though_there_is_more(name: str) -> None:
    assert read(name).final


@pytest.mark.parametrize(
    "name",
    [
        *(
            "vendor",
            "v",
            "",
            "v-",
            "v1.2-5-gabcdef0",
            "v1.2!",
            "v1.2\N{RIGHT-TO-LEFT OVERRIDE}",
            "v\N{SUPERSCRIPT TWO}",
        ),
        *("v" + "9" * 19, "v1." + "1" * LONGEST_NAME, "fix-v1.2-for-3.4", "v1.2-3.4"),
    ],
)
def test_no_version(name: str) -> None:
    assert version_of(name) is None


@pytest.mark.parametrize(
    "ascending",
    [
        ("v1.9", "v1.10", "v2"),
        (
            "v1.0-alpha",
            "v1.0-beta",
            "v1.0-rc1",
            "v1.0-rc2",
            "v1.0-rc10",
            "v1.0",
            "v1.0-post1",
            "v1.0.1-rc1",
            "v1.0.1",
        ),
        ("1.0.dev1", "1.0a1", "1.0b1", "1.0rc1", "1.0"),
        ("1.1.1", "1.1.1w", "1.1.2"),
        ("v2011.8.3", "v2011.08.24"),
        ("v1900.100.0.0", "v1900.100.0.0.1"),
        ("v1900.1.2.3.4.5.6", "v1900.1.2.3.4.5.6.7"),
        ("live-2026-09-30", "live-2026-10-01", "live-2026-10-01-2"),
    ],
)
def test_order(ascending: tuple[str, ...]) -> None:
    versions = [read(name) for name in reversed(ascending)]
    assert [version.name for version in sorted(versions)] == list(ascending)


NUMBERS = st.lists(st.integers(0, 10**6), min_size=1, max_size=4).map(lambda many: ".".join(map(str, many)))
ENDINGS = st.sampled_from(
    ["", "-rc1", "-rc2", ".dev0", "a1", "b", "-beta.2", "-post1", "p2", "-ga", "+7", "w"]
)
NAMES = st.builds(lambda numbers, ending: f"v{numbers}{ending}", NUMBERS, ENDINGS)


@given(st.lists(NAMES, max_size=8, unique=True))
def test_the_order_is_total(names: list[str]) -> None:
    versions = [read(name) for name in names]
    for one in versions:
        for other in versions:
            assert (one < other) + (other < one) + (one == other) == 1
            for third in versions:
                assert not (one < other < third) or one < third


@given(NUMBERS, st.sampled_from(["-rc1", "-alpha", ".dev7", "b2", "-pre", "-3"]), st.integers(1, 9))
def test_a_pre_release_is_below_its_final_version_and_above_what_is_lower(
    numbers: str, ending: str, more: int
) -> None:
    early, final = read(f"v{numbers}{ending}"), read(f"v{numbers}")
    # behind a day it is a count: live-2026-10-01-2
    assume(not (final.dated and ending == "-3"))
    assert early < final < read(f"v{numbers}.{more}")


@given(st.text(max_size=LONGEST_NAME + 5))
def test_any_text_is_read_or_not(name: str) -> None:
    version = version_of(name)
    assert version is None or name.startswith(version.prefix)


@pytest.mark.parametrize("part", ["1", "1.", "1-", "a1", "1a", "-", "2026-", "rc", "1_"])
def test_a_hostile_name_takes_no_time(part: str) -> None:
    before = time.process_time()
    for _ in range(20):
        version_of((part * LONGEST_NAME)[: LONGEST_NAME - 1] + "!")
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    ("pattern", "tags", "newest"),
    [
        ("v*", ["v1.9", "v1.10", "v1.2"], "v1.10"),
        ("v*", ["v1.9", "v2.0-rc1", "vendor-9.9", "v9.0-ee", "video/v7.0", "1.99"], "v1.9"),
        ("V*", ["v1.9"], None),
        ("v*", ["v2.0", "V3.0"], "v2.0"),
        ("v*", ["v2.0", "v2.0-fix-login"], "v2.0"),
        ("v*", ["v2.0", "v2.0-hotfix-broken"], "v2.0"),
        ("v*", ["v2.0", "v2.0-p1-windows"], "v2.0"),
        ("v*", ["v2.0", "v2.0-update-of-docs"], "v2.0"),
        ("v*", ["v2.0", "v2.0-hotfix"], "v2.0"),
        ("v*", ["v2.0", "v2.0-w"], "v2.0"),
        ("v*", ["v2.0", "v2.0-hotfix2"], "v2.0-hotfix2"),
        ("v*", ["v2.0", "v2.0-p1-final"], "v2.0-p1-final"),
        ("*", ["1.1.1", "1.1.1a", "1.1.1b"], "1.1.1"),
        ("*", ["1.1.1", "1.1.1c"], "1.1.1c"),
        ("v1.*", ["v20240507", "v1.2"], "v1.2"),
        ("v20*", ["v20240507", "v1.2"], "v20240507"),
        ("v*", ["v2024.05", "v20240507"], "v20240507"),
        ("v*", ["v2024.05", "vendor-1.0", "v1.0-rc1"], "v2024.05"),
        ("build-*", ["build-990", "build-1500", "build-2010"], "build-2010"),
        ("v1.*", ["v1.9", "v1.10.2", "v2.0"], "v1.10.2"),
        ("v1.?", ["v1.9", "v1.10"], "v1.9"),
        ("*", ["1.9", "v1.10", "pkg-2.0"], "1.9"),
        ("release-*", ["release-1.2", "release-v1.3", "release-notes-9.0"], "release-1.2"),
        ("pkg-?/v*", ["pkg-a/v1.2", "pkg-b/v1.3", "pkg-bc/v9.9"], "pkg-b/v1.3"),
        ("pkg-a/v*", ["pkg-a/v1.2", "pkg-b/v1.3"], "pkg-a/v1.2"),
        ("v*-ee", ["v1.2-ee", "v1.3-EE", "v1.4-rc1-ee", "v2.0"], "v1.2-ee"),
        ("log4j-*", ["log4j-2.17"], "log4j-2.17"),
        (
            "deployed/*",
            ["deployed/2026-11-30", "deployed/2026-12-01", "deployed/by-hand"],
            "deployed/2026-12-01",
        ),
        ("v*", ["v2.0-rc1"], None),
        ("v*", [], None),
    ],
)
def test_what_a_pattern_names(pattern: str, tags: list[str], newest: str | None) -> None:
    assert newest_release(tags, pattern) == newest
    assert newest_release(tags[::-1], pattern) == newest


@pytest.mark.parametrize(
    ("pattern", "tags", "named", "narrower"),
    [
        ("v*", ["v20240507", "v1.2", "v1.3"], ("v20240507", "v1.3"), "v1.*"),
        ("v*", ["v2024.1", "v1.2", "v2.0"], ("v2024.1", "v2.0"), "v2.*"),
        ("v*", ["v2024", "v7"], ("v2024", "v7"), "v20*"),
        ("v*-ee", ["v2024.1-ee", "v1.2-ee", "v9.0"], ("v2024.1-ee", "v1.2-ee"), "v1.*-ee"),
        ("*", ["20241105-0930", "1.2"], ("20241105-0930", "1.2"), "1.*"),
        ("*", ["202411050930", "1.2"], ("202411050930", "1.2"), "1.*"),
    ],
)
def test_of_a_date_and_a_small_version_none_is_newer(
    pattern: str, tags: list[str], named: tuple[str, str], narrower: str
) -> None:
    for order in (tags, tags[::-1]):
        with pytest.raises(UnorderedError) as caught:
            newest_release(order, pattern)
        assert ((caught.value.dated, caught.value.small), caught.value.narrower) == (named, narrower)
    assert newest_release(tags, narrower) in named
