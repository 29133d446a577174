"""After a roll-back `fab deploy` of the same commit is refused, until somebody says why it is tried once more
(docs/operator-every-day.md#a-commit-that-was-bad)."""

from __future__ import annotations

import shutil

import pytest

from tests.real.world import World

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


def test_the_commit_that_was_rolled_back_is_not_deployed_in_silence(deployed: World) -> None:
    place, fab = deployed.place, deployed.operator.fab
    old, new = place.live, deployed.deploy()
    assert fab("rollback", "--to", old, "--reason", "mails go twice").code == 0
    before = place.releases()
    dry, refused = fab("deploy", "--dry-run"), fab("deploy")
    assert (dry.code, dry.err) == (8, refused.err)
    assert (refused.code, place.live, place.releases()) == (8, old, before), refused
    assert f"{new} was marked bad at 2" in refused.err
    assert "rolled back: mails go twice (olga)" in refused.err
    by_hand = place.inv("upgrade", "--to", new)
    assert (by_hand.code, "mails go twice" in by_hand.err) == (8, True), by_hand
    # as a later clean-up leaves it: the record alone knows
    shutil.rmtree(place.root / "releases" / new)
    refused = fab("deploy")
    assert (refused.code, "mails go twice (olga)" in refused.err) == (8, True), refused
    assert fab("deploy", "--again", " ").code == 2
    done = fab("deploy", "--again", "it was the mail server")
    assert done.code == 0, done
    assert "once more, since: it was the mail server" in done.out
    assert place.site.past()[-1]["again"] == "it was the mail server"
    assert "(again: it was the mail server)" in fab("releases").out
    assert "nothing to do" in fab("deploy").out, "it has been good since"
    assert deployed.left_over() == []
