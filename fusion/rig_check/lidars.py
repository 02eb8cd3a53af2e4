"""Is it the LiDAR? What is wrong with all cameras alike is one fault of what they are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.alignment import SweepEdges
from fusion.recording import Recording
from fusion.rig_check.evidence import Change, Fit, FrameEdges, Shot, coarser, fit
from fusion.rig_check.hypotheses import EGO_AXES, lidar_hypotheses
from fusion.rig_check.verdict import SOUND, RigState, SensorVerdict, is_clear, sound, unknown, wrong

_SHORT_LIST = 4
_LEAST_COARSE = 2.0
_FEW = 0.26  # of the cameras: where more are sound, a LiDAR they are compared with cannot be far off
_ADVANTAGE = 1.02
_SURELY = 6.0  # higher than what a wrong LiDAR finds in repetitive streets

_Shots = dict[str, list[Shot]]


@dataclass(frozen=True, slots=True, eq=False)
class _Joint:
    """How well a LiDAR fits all cameras. fits: by camera, those with something in view."""

    fits: dict[str, Fit]

    @property
    def height(self) -> float:
        """Mean over the cameras: chance alone gives 2 to 3."""
        return float(np.mean([each.height for each in self.fits.values()])) if self.fits else 0.0


def blame_lidars(recording: Recording, shots: _Shots, verdicts: list[SensorVerdict]) -> list[SensorVerdict]:
    """The verdicts, with those about LiDARs that are wrong before them, and cameras acquitted for whom that was it."""
    seeing = {camera: each for camera, each in shots.items() if each}
    blamed: list[SensorVerdict] = []
    if not _is_needed(recording, verdicts):
        return verdicts
    for lidar in recording.lidars():
        recorded = _joint(recording, seeing, _only(lidar))
        if recorded.height >= _SURELY:
            continue
        small = {camera: [coarser(shot) for shot in each] for camera, each in seeing.items()}
        found = _wrong_lidar(recording, lidar, (seeing, small), recorded)
        if found is not None and (_mostly_right(verdicts) or _explains_more(found[0], verdicts)):
            blamed.append(found[0])
            if len(recording.lidars()) == 1:
                verdicts = [_acquitted(verdict, found[1].fits.get(verdict.sensor)) for verdict in verdicts]
    return blamed + verdicts


def _is_needed(recording: Recording, verdicts: list[SensorVerdict]) -> bool:
    """Of several LiDARs one may be wrong unseen; a single one shows in most cameras."""
    return len(recording.lidars()) > 1 or not _mostly_right(verdicts)


def _mostly_right(verdicts: list[SensorVerdict]) -> bool:
    right = sum(each.state in (RigState.GOOD, RigState.ROUGH) for each in verdicts)
    return right > _FEW * len(verdicts)


def _only(lidar: str) -> Change:
    return lambda edges: [edges.by_lidar[lidar]] if lidar in edges.by_lidar else []


def _joint(recording: Recording, shots: _Shots, change: Change) -> _Joint:
    fits = {
        camera: fit(each, recording.rig[camera].model, lambda shot: shot.world_from_camera, change)
        for camera, each in shots.items()
    }
    return _Joint({camera: each for camera, each in fits.items() if each.peak is not None})


def _wrong_lidar(
    recording: Recording, lidar: str, shots: tuple[_Shots, _Shots], recorded: _Joint
) -> tuple[SensorVerdict, _Joint] | None:
    """The fault that is clearly better than what is recorded, if there is one; shots: large and small."""
    large, small = shots
    tried = [
        (each, _joint(recording, small, _present(lidar, each.change))) for each in lidar_hypotheses(recording, lidar)
    ]
    short = sorted((each for each in tried if each[1].height > _LEAST_COARSE), key=lambda each: -each[1].height)
    best = [(each, _joint(recording, large, _present(lidar, each.change))) for each, _ in short[:_SHORT_LIST]]
    clear = [each for each in best if is_clear(recorded.height, each[1].height)]
    if not clear:
        return None
    hypothesis, joint = max(clear, key=lambda each: each[1].height)
    return wrong(lidar, recorded.height, hypothesis, joint.height), joint


def _present(lidar: str, change: Change) -> Change:
    def where_there(edges: FrameEdges) -> list[SweepEdges]:
        return change(edges) if lidar in edges.by_lidar else []

    return where_there


def _explains_more(lidar: SensorVerdict, cameras: list[SensorVerdict]) -> bool:
    """One fault of the LiDAR must explain the photos better than as many faults of cameras as were named."""
    named = [each for each in cameras if each.state is RigState.WRONG]
    if all(each.detail in EGO_AXES for each in named):
        return True  # the same said of every camera
    return lidar.better > _ADVANTAGE * float(np.mean([each.better for each in named]))


def _acquitted(verdict: SensorVerdict, under_it: Fit | None) -> SensorVerdict:
    if under_it is None or under_it.height < SOUND:
        return unknown(verdict.sensor, "its LiDAR is wrong")
    return sound(verdict.sensor, under_it)
