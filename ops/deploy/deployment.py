"""One deploy to one host: look, resolve, upload, prepare, then one remote process upgrades
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from ops.deploy import wheels
from ops.deploy.host import WORK_LIMIT, Host
from ops.deploy.shelf import Wheel
from ops.deploy.source import PackedCommit
from ops.deploy.target import Target
from shepherd.errors import RefusedError, SettingsError, ShepherdError, StoreError
from shepherd.running.log import now
from shepherd.running.tasking import complain, say
from shepherd.settings import Settings
from shepherd.values import Duration, age

SKEW = 120
"""Seconds that two clocks may differ before it is said."""
ROOM = 40_000_000
"""Bytes that a release needs in addition to its wheels."""
UNPACKED = 6
"""How many times the size of its wheels an environment takes on the disk."""


class Deployment:
    """One commit to one host, which is connected."""

    def __init__(
        self, host: Host, settings: Settings, source: PackedCommit, who: str, why: str, again: str = ""
    ) -> None:
        self._host = host
        self._settings = settings
        self._source = source
        self._who = who
        self._why = why
        self._again = again

    def run(self, deadline: str, *, start_cron: bool = False, dry: bool = False) -> int:
        """Deploy; the exit code is the upgrade's. Raises ShepherdError: what was live stays live."""
        began = monotonic()
        with _timed("look"):
            probed = self._host.ask("probe", commit=self._source.commit)
        self._ready(probed)
        self._not_in_silence(probed.get("bad_commit", ""))
        with _timed("wheels"):
            target = Target.of(probed)
            house = wheels.gather(self._source, self._settings.deploy.extras, target, cache())
        self._has_extras(probed.get("needs", {}), house)
        missing = [each for each in house.all if probed["wheels"].get(each.name) != each.sha256]
        self._room(probed, house, missing)
        reusable = self._reusable(probed, house)
        if dry:
            say(
                f"  would upload {len(missing)} wheel(s), {_megabytes(missing)}"
                if not reusable
                else "  no upload"
            )
            goal = f"use {reusable} again" if reusable else "prepare a new release"
            say(f"  would {goal} and upgrade to it")
            return 0
        with self._host.holding(lambda line: say(f"  {line}"), who=f"{self._who} on {socket.gethostname()}"):
            try:
                release = reusable or self._prepare(house, missing)
            except ShepherdError as error:
                entry = {"to": "", "who": self._who, "commit": self._source.commit, "how": "deploy"}
                entry |= {"again": self._again} if self._again else {}
                with suppress(ShepherdError):
                    self._host.ask("note", entry={**entry, "result": f"failed: {error}", "why": self._why})
                raise
            site = {"target": release, "driver": release, "root": probed["root"]}
            with suppress(ShepherdError):
                # a commit from before the live release's would not know what that one leaves in the report
                site = self._host.ask("back", to=release)
            code = push(
                self._host, site, self._who, deadline, self._why, again=self._again, start_cron=start_cron
            )
        say(f"  {'done' if not code else f'ended with exit code {code}'} after {monotonic() - began:.1f} s")
        return code

    def _not_in_silence(self, bad: str) -> None:
        """Raise RefusedError for a commit that was marked bad, if nobody says why to try it again."""
        if bad and not self._again:
            raise RefusedError(
                f'{self._host.name}: this commit was tried: {bad}; to deploy it all the same: --again "why"'
            )
        if bad:
            say(f"  {bad}; once more, since: {self._again}")

    def _ready(self, probed: dict[str, Any]) -> None:
        """Refuse a host that is not set up, or whose `current` is not a link. Raises SettingsError."""
        if not probed["set_up"] or not probed["settings"]:
            raise SettingsError(f"{self._host.name}: {probed['root']} is not set up: fab setup")
        if probed["live"]["kind"] == "odd":
            raise SettingsError(
                f"{self._host.name}: {probed['root']}/current is not a link: move it away, then deploy again"
            )
        if probed["live"]["kind"] == "dangling":
            complain(f"{self._host.name}: current points to {probed['live']['link']}, which is not there")
        ahead = probed["now"] - now().timestamp()
        if abs(ahead) > SKEW:
            complain(
                f"{self._host.name}: its clock is {age(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'}"
                f" ours ({datetime.fromtimestamp(probed['now'], UTC):%Y-%m-%dT%H:%M:%SZ}): set that clock"
                " (releases are numbered, so it does no harm here)"
            )

    def _has_extras(self, needs: dict[str, str], house: wheels.Wheelhouse) -> None:
        """Refuse a release that would lack what the host's settings need. Raises SettingsError."""
        lacking = wheels.lacking(house, self._source, needs)
        if lacking:
            why = "; ".join(needs[each] for each in lacking)
            extras = json.dumps(sorted({*self._settings.deploy.extras, *lacking}))
            raise SettingsError(
                f"{self._host.name}: its settings need what deploy.extras does not name ({why}): write"
                f" extras = {extras} into [deploy] of {self._settings.file}, and deploy again; nothing was"
                " changed"
            )

    def _room(self, probed: dict[str, Any], house: wheels.Wheelhouse, missing: list[Wheel]) -> None:
        needed = ROOM + sum(each.size for each in missing)
        needed += UNPACKED * sum(each.size for each in house.wheels)
        if probed["free"] < needed:
            raise StoreError(
                f"{self._host.name}: {probed['free'] / 1e6:.0f} MB free at {probed['root']},"
                f" {needed / 1e6:.0f} MB are needed; nothing was changed"
            )

    def _reusable(self, probed: dict[str, Any], house: wheels.Wheelhouse) -> str:
        """A release of the very same that is there already and starts; empty: none."""
        for each in reversed(probed["releases"]):
            same = (
                each.get("commit") == self._source.commit
                and each.get("environment") == house.digest
                and each.get("python") == probed["python"]
                and each.get("machine") == probed["machine"]
            )
            if same and not each["bad"]:
                answer = self._host.ask("works", release=each["id"])
                if answer["works"]:
                    return str(each["id"])
                say(f"  {each['id']} is there, but does not work: {answer['why']}")
        return ""

    def _prepare(self, house: wheels.Wheelhouse, missing: list[Wheel]) -> str:
        with _timed(f"upload {len(missing)} of {len(house.all)} wheels, {_megabytes(missing)}"):
            if missing:
                described = [
                    {"name": each.name, "size": each.size, "sha256": each.sha256} for each in missing
                ]
                content = (each.path.read_bytes() for each in missing)
                self._host.ask(
                    "take",
                    content,
                    say=lambda line: say(f"    {line}"),
                    wheels=described,
                    limit=WORK_LIMIT,
                )
        made = {
            "commit": self._source.commit,
            "ref": self._source.ref,
            "by": self._who,
            "environment": house.digest,
            "wheels": [each.name for each in house.all],
            "extras": list(self._settings.deploy.extras),
        }
        answer = self._host.ask(
            "prepare",
            [self._source.archive],
            say=lambda line: say(f"  {line}"),
            limit=WORK_LIMIT,
            size=len(self._source.archive),
            sha256=self._source.sha256,
            requirements=house.requirements,
            pip={"name": house.pip.name, "sha256": house.pip.sha256},
            made=made,
        )
        say(f"  release      {answer['id']}")
        return str(answer["id"])


def push(
    host: Host,
    site: dict[str, Any],
    who: str,
    deadline: str,
    why: str,
    *,
    start_cron: bool = False,
    dry: bool = False,
    again: str = "",
) -> int:
    """One remote process does all of 5.3. Its exit code.

    Args:
        site: target, driver (whose code runs) and root on the host.
    """
    place = f"{site['root']}/releases/{site['driver']}"
    words = [
        "env",
        "-C",
        place,
        # whatever leads an interpreter to packages of another one
        *("-u", "PYTHONPATH", "-u", "PYTHONHOME", "-u", "VIRTUAL_ENV"),
        f"SHEPHERD_CONFIG={site['root']}/shared/shepherd.toml",
    ]
    words += [
        "LC_ALL=C.UTF-8",
        # not as an option: the driver may be a release that has no --again
        f"SHEPHERD_AGAIN={again}",
        f"SHEPHERD_DRIVER={site['driver']}",
        f"{place}/.venv/bin/python3",
        "-m",
        "invoke",
    ]
    words += ["upgrade", "--to", site["target"], "--deadline", deadline, "--as", who]
    words += ["--reason", why] if why else []
    # an older release, to which a roll-back goes, knows no more than it did
    words += ["--start-cron"] if start_cron else []
    words += ["--dry-run"] if dry else []
    return host.run(words, lambda line: say(f"  {line}"), Duration(deadline) + WORK_LIMIT)


def cache() -> Path:
    """Where fetched wheels are kept on the operator's machine."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "qa-shepherd" / "wheels"


@contextmanager
def _timed(step: str) -> Iterator[None]:
    started = monotonic()
    yield
    say(f"  {step:<12} {monotonic() - started:.2f} s")


def _megabytes(missing: list[Wheel]) -> str:
    return f"{sum(each.size for each in missing) / 1e6:.1f} MB"
