"""The attention queue: what share of planted errors does it show in the first tenth of the time that looking at every
cuboid in every frame would take?

As `seeded_errors`, in rounds, with all findings down to a confidence of 2 %. Looking at a cuboid in a frame is said to
take half a second, which is fast; looking at a moment of the queue takes what the queue says. The decisions of a person
who sees planted errors and nothing else are learnt from round to round.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.labelled import Labelled, labelled
from benchmarks.report import MissingPeerError, Peer, Report, run
from benchmarks.seeded_errors import KINDS, SHARE, Round, leads_to, plant_round, shared, synthetic
from labeling.quality.attention import Decisions, attention_queue
from labeling.quality.case import Observed
from labeling.quality.checking import check_table
from labeling.quality.profile import rule_profile

ROUNDS = 6
SECONDS_A_CUBOID = 0.5
SHARE_OF_TIME = 0.1
_LEAST = 0.02


@dataclass(frozen=True, slots=True)
class Looked:
    """How many errors were planted and can be seen, how many of these were come across in time, how many moments were
    looked at, and the decisions that were made."""

    shown: int
    found: int
    moments: int
    decisions: Decisions


def look(observed: Observed, round_: Round, decisions: Decisions) -> Looked:
    """A person works through the queue until the time is over."""
    rules = rule_profile("driving")
    every = replace(rules, least_confidence=_LEAST)
    queue = attention_queue({"": check_table(observed, round_.table, every)}, decisions)
    left, met, moments = SHARE_OF_TIME * SECONDS_A_CUBOID * len(round_.table), set[int](), 0
    for moment in queue:
        left -= moment.seconds
        if left < 0.0:
            break
        moments += 1
        right = [row for row, entry in enumerate(round_.planted) if leads_to(moment.finding, entry, round_)]
        met |= set(right)
        decisions = decisions.with_one(moment.finding.kind, accepted=bool(right))
    shown = [row for row, each in enumerate(round_.shown) if each]
    return Looked(len(shown), len(met & set(shown)), moments, decisions)


def looked_at(source: Labelled, rounds: int, seed: int) -> list[Looked]:
    """All rounds of a source."""
    observed, decisions, result = Observed.of(source.recording), Decisions(), []
    for number in range(rounds):
        round_ = plant_round(observed, source.tracks, set(), SHARE, 1000 * seed + number)
        result.append(look(observed, round_, decisions))
        decisions = result[-1].decisions
    return result


def measure(options: argparse.Namespace, command: str) -> Report:
    """All sources."""
    found: list[Looked] = []
    for each in [labelled(path) for path in options.source] or [
        synthetic(options.seed),
        *(labelled(path) for path in shared()),
    ]:
        with each as source:
            found += looked_at(source, options.rounds, options.seed)
    if not found:
        raise MissingPeerError("there is nothing to plant in", do="name a labelled recording with --source")
    share = sum(each.found for each in found) / max(sum(each.shown for each in found), 1)
    return Report(
        name="attention",
        title=f"Errors of {len(KINDS)} kinds come across in the first tenth of the time",
        figures={
            "found_in_tenth": share,
            "shown": float(sum(each.shown for each in found)),
            "moments_a_round": sum(each.moments for each in found) / len(found),
        },
        ratio=share / SHARE_OF_TIME,
        target="80 % of the errors in 10 % of the time",
        met=share >= 0.8,
        peer=Peer("looking at every cuboid in every frame", "-"),
        command=command,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", type=Path, action="append", default=[], metavar="PATH", help="a labelled recording")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=ROUNDS)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("attention", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
