"""Is the rig right? Each camera and each LiDAR gets a verdict: good, a fault by its name, or that nothing can be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fusion.progress import Progress, silent
from fusion.recording import Recording
from fusion.rig_check.evidence import Fit, Shot, camera_shots, fit, frame_edges, spread_frames
from fusion.rig_check.hypotheses import Hypothesis, RigFault, camera_hypotheses
from fusion.rig_check.photos import can_decode

_MOST_FRAMES = 4
_CERTAIN, _CERTAIN_DEG = 9.0, 0.35  # so good that nothing else need be tried
_SOUND = 4.5
_NAMED = 4.8
_CLEAR_FACTOR, _CLEAR_STEP = 1.3, 0.5
_SHORT_LIST = 10
_LEAST_COARSE = 2.0
_ROUGH_DEG = 1.0
_NEAR_RAD = np.deg2rad(4.0)
_CENTRE_STEP = 2.0


class RigState(StrEnum):
    """What a check came to."""

    GOOD = "good"
    ROUGH = "rough"  # right, but for a small turn
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SensorVerdict:
    """About one sensor. evidence: how far the edges' agreement stands out of chance, in standard deviations; better:
    the same under the fault that is named; turn_deg: by how much a turn would still better it."""

    sensor: str
    state: RigState
    evidence: float
    turn_deg: float = 0.0
    fault: RigFault | None = None
    better: float = 0.0
    detail: str = ""
    remedy: str = ""

    @property
    def line(self) -> str:
        """For people."""
        if self.state is RigState.WRONG and self.fault is not None:
            name = str(self.fault).replace("_", " ")
            return f"{name}: {self.detail} (edges agree at {self.better:.1f} sigma, as recorded at {self.evidence:.1f}); {self.remedy}"
        if self.state is RigState.UNKNOWN:
            return f"cannot tell: {self.detail}"
        return f"{self.state} (edges agree at {self.evidence:.1f} sigma, to {self.turn_deg:.1f} degrees)"


def check_rig(recording: Recording, progress: Progress = silent) -> list[SensorVerdict]:
    """A verdict for every camera of the recording, in order."""
    cameras = recording.cameras()
    if not cameras or not recording.lidars():
        return []
    if not can_decode():
        return [_unknown(camera, "no decoder of photos; pip install pillow") for camera in cameras]
    frames = []
    numbers = spread_frames(recording, _MOST_FRAMES)
    total = len(numbers) + len(cameras)
    for number in numbers:
        frames.append(frame_edges(recording, number))
        progress(len(frames), total)
    verdicts = []
    for camera in cameras:
        verdicts.append(_camera(recording, camera, camera_shots(recording, camera, frames)))
        progress(len(numbers) + len(verdicts), total)
    return verdicts


def _unknown(camera: str, why: str) -> SensorVerdict:
    return SensorVerdict(camera, RigState.UNKNOWN, 0.0, detail=why)


def _camera(recording: Recording, camera: str, shots: list[Shot]) -> SensorVerdict:
    if not shots:
        return _unknown(camera, "no photo in a frame with a sweep")
    model = recording.rig[camera].model
    recorded = fit(shots, model, lambda shot: shot.world_from_camera)
    if recorded.height >= _CERTAIN and recorded.shift_deg <= _CERTAIN_DEG:
        return _sound(camera, recorded)
    fits = _best_fits(recording, camera, shots)
    winner = _winner(recorded, fits, shots[0])
    if winner is not None:
        hypothesis, better = winner
        return SensorVerdict(
            camera,
            RigState.WRONG,
            recorded.height,
            better.shift_deg,
            hypothesis.fault,
            better.height,
            hypothesis.detail,
            hypothesis.remedy,
        )
    if recorded.height >= _SOUND:
        return _sound(camera, recorded)
    return _unknown(camera, "too few edges in view" if recorded.peak is None else "edges agree no better than by chance")


def _sound(camera: str, recorded: Fit) -> SensorVerdict:
    state = RigState.GOOD if recorded.shift_deg <= _ROUGH_DEG else RigState.ROUGH
    return SensorVerdict(camera, state, recorded.height, recorded.shift_deg)


def _best_fits(recording: Recording, camera: str, shots: list[Shot]) -> list[tuple[Hypothesis, Fit]]:
    """The hypotheses that fit best in small images, measured in larger ones."""
    coarse = [
        (each, fit(shots, each.camera, each.pose, each.change, fine=False))
        for each in camera_hypotheses(recording, camera, shots[0])
    ]
    short = sorted((each for each in coarse if each[1].height > _LEAST_COARSE), key=lambda each: -each[1].score)
    return [(each, fit(shots, each.camera, each.pose, each.change)) for each, _ in short[:_SHORT_LIST]]


def _winner(
    recorded: Fit, fits: list[tuple[Hypothesis, Fit]], shot: Shot
) -> tuple[Hypothesis, Fit] | None:
    """The hypothesis that is clearly better than what is recorded, if there is one."""
    clear = [each for each in fits if _is_clear(recorded, each[1]) or _is_sharper(recorded, *each, shot)]
    return max(clear, key=lambda each: each[1].score) if clear else None


def _is_clear(recorded: Fit, other: Fit) -> bool:
    return other.height >= max(_NAMED, _CLEAR_FACTOR * recorded.height + _CLEAR_STEP)


def _is_sharper(recorded: Fit, hypothesis: Hypothesis, other: Fit, shot: Shot) -> bool:
    """Of a hypothesis that differs by a few degrees only, both have a peak: the right one has it in the middle."""
    turn = (shot.world_from_camera.inverse() * hypothesis.pose(shot)).log()[3:]
    if recorded.peak is None or other.peak is None or np.linalg.norm(turn) > _NEAR_RAD:
        return False
    centred = other.peak.centre >= recorded.peak.centre + _CENTRE_STEP and other.shift_deg < 0.5 * recorded.shift_deg
    return centred and other.height >= max(_NAMED, recorded.height - 1.0) and recorded.shift_deg > _CERTAIN_DEG
