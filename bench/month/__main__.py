"""`python -m bench.month [--ticks 700] [--releases 10] [--seed N] [--only TROUBLE …] [--keep]`."""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import time
from itertools import zip_longest

from bench.month.month import Happening, Month
from bench.month.releases import RELEASES
from bench.month.trouble import TROUBLES
from bench.month.world import HOSTS, built

SHOWN = 40
"""Lines of one list that are printed."""


def main() -> int:
    """Play the month; 1 if anything was violated or an expectation was not met."""
    parser = argparse.ArgumentParser(prog="python -m bench.month", description=__doc__)
    parser.add_argument("--ticks", type=int, default=700)
    parser.add_argument("--releases", type=int, default=len(RELEASES))
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument(
        "--only", nargs="*", help="parts of the names of what happens, beside the first release"
    )
    parser.add_argument("--keep", action="store_true", help="leave the folder with all hosts")
    parser.add_argument(
        "--plain-rsync", action="store_true", help="the web host lets rsync in without rrsync"
    )
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    happenings = _chosen(options.releases, options.only)
    with built(options.seed, keep=options.keep, rrsync=not options.plain_rsync) as world:
        month = Month(world)
        month.play(options.ticks // len(HOSTS), happenings)
        _print(month, time.monotonic() - began)
        return int(bool(month.ledger.violations or month.ledger.unmet))


def _chosen(releases: int, only: list[str] | None) -> list[Happening]:
    """The first release, then releases and troubles in turn; each is in the list once."""
    first, *others = RELEASES[:releases]
    troubles = TROUBLES
    if only is not None:
        others = [each for each in others if any(part in each.name for part in only)]
        troubles = [each for each in troubles if any(part in each.name for part in only)]
    pairs = zip_longest(troubles, others)
    return [first, *(each for pair in pairs for each in pair if each is not None)]


def _print(month: Month, seconds: float) -> None:
    ledger, mails = month.ledger, month.world.mail
    for each in (*mails.doubled(), *month.lost_mails()):
        ledger.violated("mails", each)
    _line("minutes of this machine", f"{seconds / 60:.1f}")
    ticks = [tick.seconds for cron in month.crons.values() for tick in cron.ticks]
    _line("ticks", f"{len(ticks)}, median {statistics.median(ticks):.1f} s")
    for name in HOSTS:
        team, watch = month.world.teams[name], month.watches[name]
        told = f"{watch.answers} answers, {watch.no_data} no data"
        _line(name, f"{len(team.landings)} landings, production runs r{team.production}, {told}")
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(mails.kinds().items()))
    _line("mails", f"{mails.kinds().total()}: {kinds}")
    _line("promotions by hand", str(month.promotions))
    _line("releases", str(month.releases))
    if switches := month.world.under_the_switch():
        longest = f"median {statistics.median(switches):.2f} s, at most {max(switches):.2f} s"
        _line("upgrades under a switch", f"{len(switches)}, {longest}")
    _line("mails by cron", str(ledger.outputs))
    for name, sentences in ledger.said.items():
        _list(name, sentences[:6])
    _line("expectations met", str(ledger.met))
    _list(f"expectations not met: {len(ledger.unmet)}", ledger.unmet)
    _list(f"violations: {len(ledger.violations)}", ledger.violations)


def _line(what: str, value: str) -> None:
    print(f"{what:<26}{value}")


def _list(heading: str, lines: list[str]) -> None:
    print(f"\n{heading}")
    for each in lines[:SHOWN]:
        print(f"    {each}")
    if len(lines) > SHOWN:
        print(f"    … and {len(lines) - SHOWN} more")


if __name__ == "__main__":
    sys.exit(main())
