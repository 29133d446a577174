"""`fab deploy` over a real sshd on loopback, step by step, next to a plain rsync, venv, pip script.

Wants what the real tests want: sshd, rsync, and root for a user of its own (else the login itself). No part
of `python -m bench`: it takes a minute.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from bench.timing import claim
from tests.real.site import Operator, Place, open_folder, project
from tests.real.sshd import Sshd, account

TIMES = int(os.environ.get("DEPLOY_PAIRS", "5"))
_STEP = re.compile(r"^  (\w+)\s.*?([0-9.]+) s$")


def main() -> None:
    directory = f"shepherd-bench-{os.getpid()}"
    with account() as user, open_folder() as folder:
        sshd = Sshd(folder, user)
        sshd.start()
        try:
            _measure(Operator(folder, sshd, project(folder, user), directory), Place(user, directory))
        finally:
            sshd.stop()
            for leftover in (directory, "plain"):
                shutil.rmtree(Path(user.pw_dir, leftover), ignore_errors=True)


def _measure(operator: Operator, place: Place) -> None:
    operator.fab("setup")
    operator.fab("deploy")
    steps: dict[str, list[float]] = {}
    under, ours, theirs = [], [], []
    _plain(operator, place)
    for number in range(TIMES):
        (operator.repo / "shepherd" / "marker.py").write_text(f'"""{number}"""\n')
        operator.commit(f"{number}")
        started = time.monotonic()
        done = operator.fab("deploy")
        ours.append(time.monotonic() - started)
        if done.code:
            raise SystemExit(done.err)
        for line in done.out.splitlines():
            if (match := _STEP.match(line)) and match[1] != "done":
                steps.setdefault(match[1], []).append(float(match[2]))
            if match := re.search(r"([0-9.]+) s of them under the switch", line):
                under.append(float(match[1]))
        started = time.monotonic()
        _plain(operator, place)
        theirs.append(time.monotonic() - started)
    for step, seconds in steps.items():
        print(f"fab deploy, {step}: {statistics.median(seconds):.2f} s")
    print(f"under the switch when nothing runs: {statistics.median(under):.2f} s (aim: at most 1)")
    claim("fab deploy against rsync, venv, pip", statistics.median(ours), statistics.median(theirs), 0.8)
    # what else the machine does changes from minute to minute, and less within a pair
    ratios = sorted(one / other for one, other in zip(ours, theirs, strict=True))
    print(f"of {TIMES} pairs: ratios {', '.join(f'{each:.2f}' for each in ratios)}")
    print(f"median of the ratios: {statistics.median(ratios):.2f} (aim: at most 0.8)")


def _plain(operator: Operator, place: Place) -> None:
    """What a careful shell script does: no checks, no hashes of its own, no drain, no way back."""
    sshd = operator.sshd
    ssh = f"ssh -q -p {sshd.port} -i {sshd.key} -o UserKnownHostsFile={operator.known_hosts} -o BatchMode=yes"
    login = f"{sshd.user.pw_name}@127.0.0.1"
    there = f"plain/{time.time_ns()}"
    install = (
        f"python3 -m venv {there}/.venv && {there}/.venv/bin/pip install -q --no-index --no-deps"
        f" --find-links {shlex.quote(place.root.name)}/wheels -r {there}/requirements/plain.txt &&"
        f" {there}/.venv/bin/python3 -m compileall -q {there} && ln -sfn {there} plain/current"
    )
    live = place.root / "current" / "requirements" / "installed.txt"
    names = re.sub(r" --hash=\S+", "", live.read_text())
    (operator.repo / "requirements" / "plain.txt").write_text(names)
    for command in (
        f"{ssh} {login} mkdir -p plain",
        f"rsync -a --exclude .git -e {shlex.quote(ssh)} {operator.repo}/ {login}:{there}/",
        f"{ssh} {login} {shlex.quote(install)}",
    ):
        subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)
    (operator.repo / "requirements" / "plain.txt").unlink()


if __name__ == "__main__":
    main()
