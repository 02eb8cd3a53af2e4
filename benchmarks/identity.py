"""Identities at crossings and behind occlusions: are the proposals of the ledger right?

Fifty made-up scenes a seed: two or three cars, cyclists or people whose ways cross or run beside each other, with
smooth random motion and labels that shake by 2 cm, and one or two strangers. In half of the scenes one or two of them
are hidden for 2 to 40 frames and come back under new identities; in the other half two exchange theirs where they are
nearest. Right: the surest proposals, one for each break, are just those that put the identities right.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.report import Peer, Report, run
from calibration.quaternion import FloatArray
from labeling.quality.identity import Proposal, ProposalKind, identity_proposals
from labeling.quality.rows import TrackRows

SCENES = 50
_FRAMES, _PERIOD_NS = 120, 100_000_000
_KINDS = {
    "car": ((4.5, 1.85, 1.55), (3.0, 12.0)),
    "cyclist": ((1.8, 0.7, 1.7), (2.5, 6.0)),
    "pedestrian": ((0.7, 0.65, 1.75), (0.8, 1.8)),
}
_SHAKE_M, _ACCELERATION_MPS2, _TURN_RADPS = 0.02, 0.8, 0.12


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Labels with broken identities, and the pairs that belong together: joins as (ended, begun), swaps as a set."""

    tracks: tuple[TrackRows, ...]
    joins: frozenset[tuple[str, str]]
    swaps: frozenset[frozenset[str]]


def make_scene(rng: np.random.Generator, number: int) -> Scene:
    """One of them; even numbers hide, odd ones exchange."""
    kind = str(rng.choice(list(_KINDS)))
    meet = rng.uniform(-10.0, 10.0, 2)
    middle = int(rng.integers(50, 70))
    count = int(rng.integers(2, 4))
    movers = [_way(rng, kind, f"thing-{row}", meet + rng.normal(0.0, 1.2, 2), middle) for row in range(count)]
    strangers = [
        _way(rng, kind, f"stranger-{row}", rng.uniform(-30.0, 30.0, 2), middle)
        for row in range(int(rng.integers(1, 3)))
    ]
    if number % 2:
        return _exchanged(movers, strangers)
    return _hidden(rng, movers, strangers, middle)


def _way(rng: np.random.Generator, kind: str, name: str, place: FloatArray, middle: int) -> TrackRows:
    """A thing that is at a place in the middle of the time, with speed and turn that change smoothly."""
    size, speeds = _KINDS[kind]
    seconds = np.arange(_FRAMES) * _PERIOD_NS * 1e-9
    speed = rng.uniform(*speeds) + _smooth(rng, _ACCELERATION_MPS2) * (0.3 if kind == "pedestrian" else 1.0)
    turn = _smooth(rng, _TURN_RADPS * (3.0 if kind == "pedestrian" else 1.0))
    yaw = rng.uniform(-np.pi, np.pi) + turn - turn[middle]
    velocity = np.maximum(speed, 0.2)[:, None] * np.column_stack([np.cos(yaw), np.sin(yaw)])
    path = np.cumsum(velocity, axis=0) * _PERIOD_NS * 1e-9
    centres = np.column_stack([path - path[middle] + place, np.full(_FRAMES, 0.5 * size[2])])
    sizes = np.array(size) * np.exp(rng.normal(0.0, 0.06, 3))
    return TrackRows(
        id=name,
        class_name=kind,
        frames=np.arange(_FRAMES),
        times_ns=np.rint(seconds * 1e9).astype(np.int64),
        positions_m=centres + rng.normal(0.0, _SHAKE_M, centres.shape),
        yaws_rad=np.unwrap(yaw + rng.normal(0.0, 0.01, _FRAMES)),
        sizes_m=np.tile(sizes, (_FRAMES, 1)),
        hidden=np.zeros(_FRAMES, dtype=np.bool_),
        names=frozenset(),
    )


def _smooth(rng: np.random.Generator, rate: float) -> FloatArray:
    """(F,) an integral of a rate that is new every second, so strong in one standard deviation."""
    knots = rng.normal(0.0, rate, _FRAMES // 10 + 2)
    rates = np.interp(np.arange(_FRAMES), 10.0 * np.arange(len(knots)), knots)
    return np.asarray(np.cumsum(rates) * _PERIOD_NS * 1e-9)


def _part(track: TrackRows, rows: slice, name: str) -> TrackRows:
    return replace(
        track,
        id=name,
        frames=track.frames[rows],
        times_ns=track.times_ns[rows],
        positions_m=track.positions_m[rows],
        yaws_rad=track.yaws_rad[rows],
        sizes_m=track.sizes_m[rows],
        hidden=track.hidden[rows],
    )


def _hidden(rng: np.random.Generator, movers: list[TrackRows], strangers: list[TrackRows], middle: int) -> Scene:
    tracks, joins = [*strangers], set[tuple[str, str]]()
    for row, track in enumerate(movers):
        length = int(rng.integers(2, 41))
        start = middle - length // 2
        if row < 2:
            new = f"{track.id}-again"
            tracks += [_part(track, slice(None, start), track.id), _part(track, slice(start + length, None), new)]
            joins.add((track.id, new))
        else:
            tracks.append(track)
    return Scene(tuple(tracks), frozenset(joins), frozenset())


def _exchanged(movers: list[TrackRows], strangers: list[TrackRows]) -> Scene:
    one, other = movers[:2]
    apart = np.linalg.norm(one.positions_m - other.positions_m, axis=1)
    at = 10 + int(np.argmin(apart[10:-10]))
    tracks = [_spliced(one, other, at), _spliced(other, one, at), *movers[2:], *strangers]
    return Scene(tuple(tracks), frozenset(), frozenset({frozenset({one.id, other.id})}))


def _spliced(first: TrackRows, second: TrackRows, at: int) -> TrackRows:
    """The first until a row, then the way of the second; the size stays with the identity."""
    return replace(
        first,
        positions_m=np.concatenate([first.positions_m[:at], second.positions_m[at:]]),
        yaws_rad=np.unwrap(np.concatenate([first.yaws_rad[:at], second.yaws_rad[at:]])),
    )


def is_right(proposal: Proposal, scene: Scene) -> bool:
    """Whether it puts something right that is wrong."""
    if proposal.kind is ProposalKind.JOIN:
        return proposal.tracks in scene.joins
    return proposal.kind is ProposalKind.SWAP and frozenset(proposal.tracks) in scene.swaps


def measure(options: argparse.Namespace, command: str) -> Report:
    """All scenes."""
    rng = np.random.default_rng(options.seed)
    automatic, right, breaks, mended, scenes = 0, 0, 0, 0, 0
    for number in range(options.scenes):
        scene = make_scene(rng, number)
        taken = [each for each in identity_proposals(scene.tracks) if each.is_automatic]
        good = sum(is_right(each, scene) for each in taken)
        needed = len(scene.joins) + len(scene.swaps)
        automatic, right, breaks, mended = (
            automatic + len(taken),
            right + good,
            breaks + needed,
            mended + min(good, needed),
        )
        scenes += good == needed == len(taken)
    precision = right / max(automatic, 1)
    return Report(
        name="identity",
        title=f"Identities in {options.scenes} crossings and occlusions of 2 to 40 frames",
        figures={
            "right": precision,
            "mended": mended / max(breaks, 1),
            "scenes_all_right": scenes / max(options.scenes, 1),
            "automatic": float(automatic),
            "breaks": float(breaks),
        },
        ratio=precision / 0.95,
        target="automatic proposals right in 95 %",
        met=precision >= 0.95,
        peer=Peer("the share that must be right", "-"),
        command=command,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenes", type=int, default=SCENES)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("identity", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
