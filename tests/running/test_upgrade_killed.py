"""`kill -9` of `inv upgrade` at each line that it prints; then what the guide has people type, with
PATH=/usr/bin:/bin (docs/operator-every-day.md#an-upgrade-was-killed)."""

from __future__ import annotations

import pytest

from shepherd.running import upgrade_record
from tests.running.real_site import RealSite
from tests.waiting import is_over, until

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

LINES = ("clear", "prepare", "quiet", "switch", "check", "clear", "done")
"""The first words of the lines behind which it is killed: the end of the plan, then the steps."""
WAYS = (("upgrade", "--resume"), ("upgrade", "--undo"), ("upgrade",))


@pytest.fixture(scope="module")
def releases_made(tmp_path_factory: pytest.TempPathFactory) -> RealSite:
    site = RealSite(tmp_path_factory.mktemp("killed"))
    site.release(good=True, live=True)
    site.release()
    return site


def killed_behind(site: RealSite, number: int) -> int:
    """Kill an upgrade once it has printed so many of LINES; its process."""
    process = site.start("upgrade")
    assert process.stdout is not None
    wanted = iter((*LINES[: number + 1], None))
    following = next(wanted)
    for line in process.stdout:
        if line.startswith(f"{following:<8}"):
            following = next(wanted)
        if following is None:
            break
    process.kill()
    process.communicate()
    return process.pid


@pytest.mark.parametrize(
    ("number", "way"),
    [
        # every day each line with one of the ways
        pytest.param(number, way, marks=[pytest.mark.long] if number % 3 != turn else [])
        for number in range(len(LINES))
        for turn, way in enumerate(WAYS)
    ],
)
def test_what_a_killed_upgrade_left_is_repaired_as_the_guide_says(
    releases_made: RealSite, number: int, way: tuple[str, ...]
) -> None:
    site = releases_made
    site.back_to_the_first()
    old, new = (each.id for each in site.site.all())
    killed_behind(site, number)
    until(lambda: not site.at_work(), what="the end of all that it had started")
    left = upgrade_record.read(site.state)
    assert left is None or is_over(left.process.pid)
    before = site.live
    assert before in (old, new)
    if left is not None:
        doctor = site.inv("doctor", "--offline", "--only", "upgrade")[1]
        assert "was killed" in doctor
        assert site.inv("run", "--cron")[0] == 3, "no run uses a release that was not checked"
    code, out = site.inv(*way)
    assert code == 0, out
    if way == ("upgrade",):
        assert site.live == new
    elif left is not None:
        assert site.live == (old if "--undo" in way else new)
    else:
        assert site.live == before
    assert site.whole() == []
    assert site.inv("run")[0] == 0
