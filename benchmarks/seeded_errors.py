"""Errors planted into true tracks, and what `boxwright check` finds of them.

In rounds: each plants the ten kinds of the issue into the labels as they came, 2 % of the tracks or one of each kind,
and checks them. A planted error is found if a finding of a kind that describes it names its tracks (or, of a missing
object, its place) at a time when it is wrong. A finding is right if it leads a person to a planted error; all others
are wrong. Findings that the labels as they came have too are no news of a round: each counts once, as wrong, though
some are real errors of public labels (docs/checking.md).

recall and the kinds' recalls are over the errors that the sensors can show: an object that no beam met in the frames of
its error cannot be missed by anybody; `recall_all` is over all. Figures are pooled over the sources.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.labelled import SHARED, Labelled, labelled
from benchmarks.report import MissingPeerError, Peer, Report, run
from fusion import CuboidTable
from fusion.faults import Planted
from fusion.scenario.language.loading import scene_of
from labeling.faults import plant_in_table, plant_in_tracks, rows_of_tracks
from labeling.project import Project
from labeling.quality.case import Observed, places_of
from labeling.quality.checking import check_table
from labeling.quality.finding import Finding, FindingKind
from labeling.quality.looking import HITS, THROUGH, look_at
from labeling.quality.rows import TrackRows, rows_of_table
from labeling.synthetic import simulate_into
from labeling.track import Track

KINDS: dict[str, frozenset[FindingKind]] = {
    "missing_object": frozenset({FindingKind.MISSING_OBJECT}),
    "phantom": frozenset({FindingKind.PHANTOM}),
    "identity_swap": frozenset({FindingKind.IDENTITY_SWAP, FindingKind.JUMP}),
    "id_change": frozenset({FindingKind.FRAGMENT}),
    "yaw_flip": frozenset({FindingKind.HEADING_FLIP, FindingKind.HEADING}),
    "size_creep": frozenset({FindingKind.SIZE_CREEP}),
    "drift": frozenset({FindingKind.DRIFT, FindingKind.SIDEWAYS, FindingKind.CUT_POINTS}),
    "frame_offset": frozenset({FindingKind.TIME_SLIP}),
    "wrong_class": frozenset({FindingKind.WRONG_CLASS}),
    "early_end": frozenset({FindingKind.ENDS_EARLY}),
}
"""The kinds of the issue, and the findings that describe each."""
Standing = set[tuple[FindingKind, tuple[str, ...]]]
"""Findings of the labels as they came: kind and tracks."""
ROUNDS = 8
SHARE = 0.02
SCENE = Path(__file__).with_name("solver_street.yaml")
_SYNTHETIC_FRAMES = 40
_BY_POINTS = frozenset({"missing_object", "phantom", "drift", "frame_offset", "early_end"})
_FEWEST_POINTS = 10
_PLACE_M = 2.5
_CREEP_TRIES = 20


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """Labels with errors in them. table: what is checked; tracks: the same but for sizes that creep. shown: of each
    planted error whether the sensors can show it. truth: rows of the labels as they came, by identity."""

    table: CuboidTable
    tracks: tuple[Track, ...]
    planted: tuple[Planted, ...]
    shown: tuple[bool, ...]
    truth: dict[str, TrackRows]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What a round came to. found: of each planted error. findings: confidence and whether it is right, of all that
    the labels as they came do not have."""

    planted: tuple[Planted, ...]
    shown: tuple[bool, ...]
    found: tuple[bool, ...]
    findings: tuple[tuple[Finding, bool], ...]


def plant_round(observed: Observed, tracks: Sequence[Track], standing: Standing, share: float, seed: int) -> Round:
    """One of each kind, or more, none of them in a track that has another."""
    kinds = kinds_of_round(len(tracks), seed)
    each = max(1, round(share * len(tracks) / len(KINDS)))
    wanted = {kind: each for kind in kinds if kind != "size_creep"}
    faulty, ledger = plant_in_tracks(list(tracks), observed.recording, wanted, seed=seed)
    table, creeps = _with_creeps(
        rows_of_tracks(faulty, observed.recording), ledger.entries, each * ("size_creep" in kinds), seed
    )
    planted = (*ledger.entries, *creeps)
    truth = {rows.id: rows for rows in rows_of_table(rows_of_tracks(tracks, observed.recording))}
    after = {rows.id: rows for rows in rows_of_table(table)}
    before = {(kind, track_id) for kind, track_ids in standing for track_id in track_ids}
    shown = tuple(
        _is_shown(observed, entry, truth, after)
        and not any((kind, entry.what[0]) in before for kind in KINDS[entry.kind])
        for entry in planted
    )
    return Round(table, tuple(faulty), planted, shown, truth)


def kinds_of_round(tracks: int, seed: int) -> tuple[str, ...]:
    """All kinds; where there are few tracks, those whose turn it is: half of the tracks stay whole."""
    kinds, most = tuple(KINDS), max(tracks // 2, 1)
    if most >= len(kinds):
        return kinds
    return tuple(kinds[(seed * most + each) % len(kinds)] for each in range(most))


def _with_creeps(
    table: CuboidTable, before: Sequence[Planted], count: int, seed: int
) -> tuple[CuboidTable, tuple[Planted, ...]]:
    if not count:
        return table, ()
    touched = {track_id for entry in before for track_id in entry.what}
    for attempt in range(_CREEP_TRIES):
        changed, ledger = plant_in_table(table, {"size_creep": count}, seed=seed + 7919 * attempt)
        if not any(entry.what[0] in touched for entry in ledger.entries):
            return changed, ledger.entries
    return table, ()


def _is_shown(observed: Observed, entry: Planted, truth: dict[str, TrackRows], after: dict[str, TrackRows]) -> bool:
    """Whether ten beams met the object, or went through the phantom, in three of the frames that are wrong."""
    if entry.kind not in _BY_POINTS:
        return True
    rows = after[entry.what[0]] if entry.kind == "phantom" else truth[entry.what[0]]
    looks = look_at(observed.sights, places_of([rows]))
    wrong = (rows.frames >= entry.frames[0]) & (rows.frames <= entry.frames[1])
    beams = looks.counts[wrong, THROUGH if entry.kind == "phantom" else HITS]
    return int((beams >= _FEWEST_POINTS).sum()) >= 3


def judge(round_: Round, findings: Sequence[Finding], standing: Standing) -> Judged:
    """Match what was found with what was planted."""
    found = tuple(any(_describes(each, entry, round_) for each in findings) for entry in round_.planted)
    news = [each for each in findings if (each.kind, each.track_ids) not in standing]
    right = tuple((each, any(leads_to(each, entry, round_) for entry in round_.planted)) for each in news)
    return Judged(round_.planted, round_.shown, found, right)


def _describes(finding: Finding, entry: Planted, round_: Round) -> bool:
    return finding.kind in KINDS[entry.kind] and leads_to(finding, entry, round_)


def leads_to(finding: Finding, entry: Planted, round_: Round) -> bool:
    """Whether whoever looks where the finding says sees the error."""
    if finding.frames[1] < entry.frames[0] - 1 or finding.frames[0] > entry.frames[1] + 1:
        return False
    if finding.kind is not FindingKind.MISSING_OBJECT:
        return bool(set(finding.track_ids) & set(entry.what))
    track = round_.truth.get(entry.what[0])
    if track is None:
        return False
    row = int(np.argmin(np.abs(track.frames - finding.frames[0])))
    apart = np.linalg.norm(track.positions_m[row, :2] - np.array(finding.place_m[:2]))
    return bool(apart < max(_PLACE_M, 0.5 * float(track.size_m[0])))


def rounds_of(source: Labelled, share: float, rounds: int, seed: int) -> Iterator[tuple[Judged, float, list[Finding]]]:
    """Each round's outcome, its seconds, and the findings of the labels as they came."""
    observed = Observed.of(source.recording)
    originals = {track.id: track for track in source.tracks}
    clean = check_table(observed, rows_of_tracks(source.tracks, source.recording), originals=originals)
    standing = {(each.kind, each.track_ids) for each in clean}
    for number in range(rounds):
        round_ = plant_round(observed, source.tracks, standing, share, 1000 * seed + number)
        start = time.perf_counter()
        findings = check_table(observed, round_.table, originals={each.id: each for each in round_.tracks})
        yield judge(round_, findings, standing), time.perf_counter() - start, clean


@contextmanager
def synthetic(seed: int) -> Iterator[Labelled]:
    """The street of the solver's benchmark, two score frames of it, with its exact tracks."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "project")
        simulate_into(project, replace(scene_of(str(SCENE)), frames=_SYNTHETIC_FRAMES), seed, "street")
        labels = project.labels()
        tracks = tuple(labels.tracks("street").values())
        labels.close()
        with project.recording("street") as recording:
            yield Labelled("synthetic street", recording, tracks, project.ontology())


@dataclass(slots=True)
class Tally:
    """Outcomes of rounds, pooled. clean: findings of each source's labels as they came, and how many tracks it has."""

    rounds: list[Judged]
    seconds: list[float]
    clean: dict[str, tuple[list[Finding], int]]

    def counts(self, kind: str | None = None) -> tuple[int, int, int]:
        """Errors planted, those that can be seen, and those of these that were found."""
        rows = [
            (shown, found)
            for each in self.rounds
            for entry, shown, found in zip(each.planted, each.shown, each.found, strict=True)
            if kind in (None, entry.kind)
        ]
        return len(rows), sum(shown for shown, _ in rows), sum(shown and found for shown, found in rows)

    def ranked(self) -> list[bool]:
        """Whether each finding is right, the surest first; a finding of the labels as they came counts once."""
        every = [pair for each in self.rounds for pair in each.findings]
        every += [(finding, False) for findings, _ in self.clean.values() for finding in findings]
        return [right for _, right in sorted(every, key=lambda pair: -pair[0].confidence)]


def tally_of(sources: Sequence[Path], rounds: int, share: float, seed: int) -> Tally:
    """Run the rounds on each source, and on the synthetic street."""
    tally = Tally([], [], {})
    opened = [labelled(path) for path in sources] or [synthetic(seed), *(labelled(path) for path in shared())]
    for each in opened:
        with each as source:
            for judged, seconds, clean in rounds_of(source, share, rounds, seed):
                tally.rounds.append(judged)
                tally.seconds.append(seconds)
                tally.clean[source.name] = clean, len(source.tracks)
    return tally


def shared() -> list[Path]:
    """PandaSet and Argoverse 2, where they lie."""
    return [
        each for each in (SHARED / "pandaset" / "002", *sorted((SHARED / "argoverse2").glob("*-*"))) if each.is_dir()
    ]


def figures_of(tally: Tally) -> dict[str, float]:
    """Named numbers."""
    planted, shown, found = tally.counts()
    ranked = tally.ranked()
    figures = {
        "recall": found / max(shown, 1),
        "precision_at_50": float(np.mean(ranked[:50])) if ranked else 0.0,
        "precision": float(np.mean(ranked)) if ranked else 0.0,
        "planted": float(planted),
        "shown": float(shown),
        "recall_all": sum(sum(each.found) for each in tally.rounds) / max(planted, 1),
    }
    for kind in KINDS:
        planted, shown, found = tally.counts(kind)
        if shown:
            figures[f"recall_{kind}"] = found / shown
        figures[f"planted_{kind}"], figures[f"shown_{kind}"] = float(planted), float(shown)
    for name, (findings, tracks) in tally.clean.items():
        figures[f"alarms_per_20_tracks_{name.replace(' ', '_')}"] = 20.0 * len(findings) / max(tracks, 1)
    return figures | {"seconds_a_check": float(np.median(tally.seconds))}


def measure(options: argparse.Namespace, command: str) -> Report:
    """All rounds of all sources."""
    tally = tally_of(options.source, options.rounds, options.share, options.seed)
    if not tally.rounds:
        raise MissingPeerError("there is nothing to plant in", do="name a labelled recording with --source")
    figures = figures_of(tally)
    kinds = [figures[f"recall_{kind}"] for kind in KINDS if f"recall_{kind}" in figures]
    met = figures["recall"] >= 0.85 and figures["precision_at_50"] >= 0.8 and min(kinds, default=0.0) >= 0.6
    return Report(
        name="seeded_errors",
        title=f"Errors planted into the labels of {', '.join(tally.clean)}, and found again",
        figures=figures,
        ratio=figures["recall"] / 0.85,
        target="recall 0.85, precision at 50 0.80, each kind 0.6",
        met=met,
        peer=Peer("the recall it should have", "-"),
        command=command,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", type=Path, action="append", default=[], metavar="PATH", help="a labelled recording")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--share", type=float, default=SHARE, help="of the tracks that get an error in a round")


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("seeded_errors", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
