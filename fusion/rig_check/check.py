"""Is the rig right? Each camera gets a verdict: good, a fault by its name, or that nothing can be told."""

from __future__ import annotations

import numpy as np

from fusion.progress import Progress, silent
from fusion.recording import Recording
from fusion.rig_check.evidence import Fit, Shot, camera_shots, coarser, fit, frame_edges, spread_frames
from fusion.rig_check.hypotheses import Hypothesis, camera_hypotheses
from fusion.rig_check.lidars import blame_lidars
from fusion.rig_check.photos import can_decode
from fusion.rig_check.verdict import NAMED, SOUND, SensorVerdict, is_clear, sound, unknown, wrong

_MOST_FRAMES = 4
_CERTAIN, _CERTAIN_DEG = 7.0, 0.35  # so good that nothing else need be tried
_SHORT_LIST = 10
_LEAST_COARSE = 2.0
_NEAR_RAD = np.deg2rad(4.0)
_CENTRE_STEP = 2.0


def check_rig(recording: Recording, progress: Progress = silent) -> list[SensorVerdict]:
    """A verdict for every camera of the recording, in order, after those for LiDARs that are wrong."""
    cameras = recording.cameras()
    if not cameras or not recording.lidars():
        return []
    if not can_decode():
        return [
            unknown(camera, "no decoder of photos; pip install opencv-contrib-python-headless") for camera in cameras
        ]
    frames = []
    numbers = spread_frames(recording, _MOST_FRAMES)
    total = len(numbers) + len(cameras)
    for number in numbers:
        frames.append(frame_edges(recording, number))
        progress(len(frames), total)
    verdicts, shots = [], {}
    for camera in cameras:
        shots[camera] = camera_shots(recording, camera, frames)
        verdicts.append(_camera(recording, camera, shots[camera]))
        progress(len(numbers) + len(verdicts), total)
    return blame_lidars(recording, shots, verdicts)


def _camera(recording: Recording, camera: str, shots: list[Shot]) -> SensorVerdict:
    if not shots:
        return unknown(camera, "no photo in a frame with a sweep")
    model = recording.rig[camera].model
    recorded = fit(shots, model, lambda shot: shot.world_from_camera)
    if recorded.height >= _CERTAIN and recorded.shift_deg <= _CERTAIN_DEG:
        return sound(camera, recorded)
    fits = _best_fits(recording, camera, shots)
    winner = _winner(recorded, fits, shots[0])
    if winner is not None:
        hypothesis, better = winner
        return wrong(camera, recorded.height, hypothesis, better.height, better.shift_deg)
    if recorded.height >= SOUND:
        return sound(camera, recorded)
    return unknown(camera, "too few edges in view" if recorded.peak is None else "edges agree no better than by chance")


def _best_fits(recording: Recording, camera: str, shots: list[Shot]) -> list[tuple[Hypothesis, Fit]]:
    """The hypotheses that fit best in small images, measured in larger ones."""
    model = recording.rig[camera].model
    small = [coarser(shot) for shot in shots]
    coarse = [
        (each, fit(small, each.camera or model, each.pose, each.change))
        for each in camera_hypotheses(recording, camera, shots[0])
    ]
    short = sorted((each for each in coarse if each[1].height > _LEAST_COARSE), key=lambda each: -each[1].score)
    return [(each, fit(shots, each.camera or model, each.pose, each.change)) for each, _ in short[:_SHORT_LIST]]


def _winner(recorded: Fit, fits: list[tuple[Hypothesis, Fit]], shot: Shot) -> tuple[Hypothesis, Fit] | None:
    """The hypothesis that is clearly better than what is recorded, if there is one."""
    clear = [each for each in fits if is_clear(recorded.height, each[1].height) or _is_sharper(recorded, *each, shot)]
    return max(clear, key=lambda each: each[1].score) if clear else None


def _is_sharper(recorded: Fit, hypothesis: Hypothesis, other: Fit, shot: Shot) -> bool:
    """Of a hypothesis that differs by a few degrees only, both have a peak: the right one has it in the middle."""
    turn = (shot.world_from_camera.inverse() * hypothesis.pose(shot)).log()[3:]
    if recorded.peak is None or other.peak is None or np.linalg.norm(turn) > _NEAR_RAD:
        return False
    centred = other.peak.centre >= recorded.peak.centre + _CENTRE_STEP and other.shift_deg < 0.5 * recorded.shift_deg
    return centred and other.height >= max(NAMED, recorded.height - 1.0) and recorded.shift_deg > _CERTAIN_DEG
