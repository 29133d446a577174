"""Mainlines that differ in what says which revision production runs (see forges.py).

They land as teams do that squash, and each has a landing `live`, the newest that production has.
"""

from __future__ import annotations

from tests.conventions.mainline import ANN, BUTTON, HOUR, TEAM, Mainline

YEAR = 365 * 24 * HOUR


def v_tags(line: Mainline) -> None:
    """`v1.9.0`, `v1.10.0`, and a candidate of the next one."""
    _tagged(line, "v1.9.0", "v1.10.0", "v1.11.0-rc1")


def bare_tags(line: Mainline) -> None:
    _tagged(line, "1.9.0", "1.10.0", "1.11.0rc1")


def release_tags(line: Mainline) -> None:
    _tagged(line, "release-1.9", "release-1.10", "release-1.11-beta1")


def project_tags(line: Mainline) -> None:
    """Beside them tags of something else."""
    _tagged(line, "shop-1.9", "shop-1.10", "shop-1.11-rc1")
    line.release("docs-2024-05-07")


def release_branches(line: Mainline) -> None:
    """Releases are tagged on branches that are never merged; one was, years ago."""
    _land(line, 8)
    line.commit("", "Version 0.9", ANN, on="0-9-stable", file="0.9")
    line.release("v0.9", of="0-9-stable")
    line.merge("", "Merge branch '0-9-stable'", "0-9-stable", ANN)
    line.now += 2 * YEAR
    _land(line, 25)
    for major in (1, 2):
        _land(line, 10)
        line.commit(
            "live" if major == 2 else "", f"The last change before {major}.0 (#{900 + major})", ANN, BUTTON
        )
        for minor in (0, 1):
            line.commit("", f"Version {major}.{minor}", ANN, on=f"{major}-0-stable", file=f"{major}.{minor}")
            line.release(f"v{major}.{minor}", of=f"{major}-0-stable")
    _land(line, 6)
    # a late fix for those who stayed behind: the newest tag by date, and not the newest version
    line.commit("", "Version 1.2", ANN, on="1-0-stable", file="1.2")
    line.release("v1.2", of="1-0-stable")


def production_ref(line: Mainline) -> None:
    """A branch that is moved by the one who deploys, beside tags of versions."""
    _tagged(line, "v1.9.0", "v1.10.0", "")
    line.commit("live", "Deploy this (#901)", ANN, BUTTON)
    line.mark("refs/heads/production")
    _land(line, 4)


def deployed_tags(line: Mainline) -> None:
    """A tag for each deployment, named by its time."""
    _land(line, 20)
    for day in ("2024-04-30-0915", "2024-05-07-1130"):
        _land(line, 5)
        line.commit("live" if "05-07" in day else "", f"Deploy this ({day})", ANN, BUTTON)
        line.release(f"deployed/{day}")
    _land(line, 4)


def nothing_says_it(line: Mainline) -> None:
    _land(line, 39)
    line.commit("live", "The newest (#901)", ANN, BUTTON)


def _tagged(line: Mainline, before: str, newest: str, candidate: str) -> None:
    _land(line, 20)
    line.release(before)
    _land(line, 9)
    line.commit("live" if candidate else "", "Close the release (#900)", ANN, BUTTON)
    line.release(newest)
    _land(line, 3)
    if candidate:
        line.release(candidate)
        _land(line, 3)


def _land(line: Mainline, count: int) -> None:
    first = line.landings() + 1
    for n in range(first, first + count):
        line.commit("", f"Make part {n} better (#{n})", TEAM[n % 3], BUTTON)
