"""Is the rig still right? Gross faults by their names, and small ones by their size, with how sure each is.

`rig_check` tells whether a mounting is right at all; where it is, `calibration.targetless.drift` tells by how little it
is not. Calibrations as they come agree with their own data to about a tenth of a degree, and to no better than half a
degree about the line of sight: so a camera by itself is called drifted only beyond that, at some 0.3 degrees across the
line of sight. Against a baseline, the health of an earlier recording of the same rig, half of that is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from calibration import Rig, RigidTransform
from calibration.errors import CalibrationError, InputError
from calibration.quaternion import FloatArray, to_matrix
from calibration.targetless import Drift, estimate_drift
from fusion.camera_scenes import CameraScenes, camera_scenes
from fusion.progress import Progress, silent
from fusion.recording import Recording
from fusion.rig_check import RigState, SensorVerdict, check_rig

_ALONE_RAD = np.deg2rad([0.065, 0.065, 0.2])
"""About x, y, z of a camera: by how much rigs as they come disagree with their own data (standard deviations)."""
_AGAINST_BASELINE_RAD = np.deg2rad([0.02, 0.02, 0.04])
_SIGMAS = 4.0
_LATE_S = 0.010
_LIDAR_RAD = np.deg2rad(0.2)
_SHARED = 0.5
"""Of a turn, by which cameras may differ that a turn of the LiDAR explains."""
_FEWEST_FOR_LIDAR = 3


class HealthState(StrEnum):
    """What a camera's health is."""

    GOOD = "good"
    DRIFTED = "drifted"
    WRONG_TIME = "wrong time"
    WRONG = "wrong"  # grossly: the verdict of the rig check says how
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What a camera's drift was when its rig was right: turn_rad (3,), late_s (NaN: not known), covariance (4, 4)."""

    turn_rad: FloatArray
    late_s: float
    covariance: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class CameraHealth:
    """turn_rad: (3,) by which camera_from_lidar is to be turned, about the camera's axes, less what is usual; late_s:
    by how much later than they say its photos were taken; covariance: (4, 4) of both. apparent_rad: how far that
    moves what is in view. ego_from_camera: put right. drift: as measured, None where nothing was.
    """

    camera: str
    state: HealthState
    line: str
    turn_rad: FloatArray
    late_s: float
    covariance: FloatArray
    apparent_rad: float
    ego_from_camera: RigidTransform
    drift: Drift | None = None

    @property
    def sigma_rad(self) -> FloatArray:
        """(3,) standard deviations of the turn."""
        return np.asarray(np.sqrt(np.diag(self.covariance)[:3]))


@dataclass(frozen=True, slots=True, eq=False)
class RigHealth:
    """cameras: in the recording's order. lidar: its name where a turn of it explains what all cameras say, and
    lidar_turn_rad (3,) that turn, about its own axes."""

    cameras: tuple[CameraHealth, ...]
    lidar: str | None = None
    lidar_turn_rad: FloatArray | None = None

    def corrected(self, rig: Rig) -> Rig:
        """With every drifted camera put right."""
        right = {each.camera: each.ego_from_camera for each in self.cameras if each.state is HealthState.DRIFTED}
        return Rig(tuple(replace(each, ego_from_sensor=right.get(each.name, each.ego_from_sensor)) for each in rig))


def rig_health(
    recording: Recording,
    *,
    cameras: Sequence[str] | None = None,
    frames: Sequence[int] | None = None,
    baseline: Mapping[str, Usual] | None = None,
    progress: Progress = silent,
) -> RigHealth:
    """Of all cameras, or of some; from twelve frames all through the recording, or from some.

    Raises CalibrationError where there is no camera or no LiDAR.
    """
    asked = recording.cameras() if cameras is None else tuple(cameras)
    if not asked or not recording.lidars():
        raise CalibrationError("health is told from cameras and a LiDAR together", where=recording.name)
    total = 10 * (len(asked) + 1)
    verdicts = {
        each.sensor: each for each in check_rig(recording, lambda done, of: progress(10 * done // max(of, 1), total))
    }
    found = []
    for number, camera in enumerate(asked, start=1):

        def step(done: int, of: int, base: int = 10 * number) -> None:
            progress(base + 9 * done // max(of, 1), total)

        found.append(_camera(recording, camera, verdicts.get(camera), frames, (baseline or {}).get(camera), step))
        progress(10 * number + 10, total)
    return _blamed(recording, found)


def _camera(
    recording: Recording,
    camera: str,
    verdict: SensorVerdict | None,
    frames: Sequence[int] | None,
    usual: Usual | None,
    progress: Progress,
) -> CameraHealth:
    mounted = recording.rig[camera].ego_from_sensor
    try:
        scenes = camera_scenes(recording, camera, frames, progress)
        drift = drift_of(scenes)
    except CalibrationError as error:
        return _untold(camera, mounted, str(error))
    if drift.is_clear and (verdict is None or verdict.state is not RigState.WRONG or _explains(drift)):
        return judged(camera, mounted, drift, usual)
    if verdict is not None and verdict.state is RigState.WRONG:
        return replace(_untold(camera, mounted, verdict.line), state=HealthState.WRONG, drift=drift)
    why = verdict.detail if verdict is not None and verdict.detail else "photos and LiDAR agree no better than beside"
    return replace(_untold(camera, mounted, f"cannot tell: {why}"), drift=drift)


def _explains(drift: Drift) -> bool:
    """Whether a small error says it all: then the name of a gross one is not needed."""
    return drift.bits > 1.5 * drift.bits_beside


def drift_of(scenes: CameraScenes) -> Drift:
    """Of a camera, from its scenes. Raises CalibrationError where too little is in view."""
    return estimate_drift(scenes.pairs, scenes.photos, scenes.matrix, scenes.camera_from_lidar, scenes.motions)


def judged(camera: str, mounted: RigidTransform, drift: Drift, usual: Usual | None = None) -> CameraHealth:
    """What a drift means. mounted: ego_from_camera as the rig has it; usual: against what to judge it."""
    turn, late, covariance, tolerated = drift.turn_rad, drift.late_s, drift.covariance, _ALONE_RAD
    if usual is not None:
        turn, covariance, tolerated = turn - usual.turn_rad, covariance + usual.covariance, _AGAINST_BASELINE_RAD
        late = late - usual.late_s if np.isfinite(usual.late_s) else late
    expected = covariance[:3, :3] + np.diag(tolerated**2)
    turned = float(turn @ np.linalg.solve(expected, turn)) > _SIGMAS**2
    sigma_s = float(np.sqrt(covariance[3, 3]))
    slipped = bool(abs(late) > max(_LATE_S, _SIGMAS * sigma_s))  # NaN is not
    state = HealthState.WRONG_TIME if slipped else HealthState.DRIFTED if turned else HealthState.GOOD
    said = [state.value]
    if slipped:
        when = "later" if late > 0.0 else "earlier"
        said.append(f"its photos were taken {1e3 * abs(late):.0f} +- {1e3 * sigma_s:.0f} ms {when} than they say")
    if turned or not slipped:
        said.append(_directions(turn, covariance))
    right = mounted * RigidTransform.exp(np.concatenate([np.zeros(3), -turn]))
    apparent = drift.apparent_rad(turn)
    return CameraHealth(camera, state, "; ".join(said), turn, late, covariance, apparent, right, drift)


def _directions(turn: FloatArray, covariance: FloatArray) -> str:
    """The camera is turned by the opposite of what its points are. Its x is right, its y down, its z ahead."""
    degrees, sigma = -np.rad2deg(turn), np.rad2deg(np.sqrt(np.diag(covariance)[:3]))
    names = (("up", "down"), ("right", "left"), ("clockwise", "anticlockwise"))
    parts = [
        f"{abs(value):.2f} +- {each:.2f} degrees {name[0] if value >= 0.0 else name[1]}"
        for value, each, name in zip(degrees, sigma, names, strict=True)
    ]
    return f"it looks {parts[1]} and {parts[0]}, turned {parts[2]}, of where the rig has it"


def _untold(camera: str, mounted: RigidTransform, line: str) -> CameraHealth:
    unknown = np.full(3, np.nan)
    return CameraHealth(
        camera, HealthState.UNKNOWN, line, unknown, float("nan"), np.full((4, 4), np.nan), float("nan"), mounted
    )


def _blamed(recording: Recording, found: list[CameraHealth]) -> RigHealth:
    """Where all cameras seem to have turned alike, it was the LiDAR."""
    cameras = tuple(found)
    told = [each for each in cameras if each.drift is not None and np.all(np.isfinite(each.turn_rad))]
    drifted = [each for each in told if each.state is HealthState.DRIFTED]
    if len(told) < _FEWEST_FOR_LIDAR or len(drifted) < max(2, len(told) // 2):
        return RigHealth(cameras)
    lidar = recording.lidars()[0]
    rig = recording.rig
    # camera_from_lidar * exp(d) = exp(t) * camera_from_lidar: the LiDAR's turn d, as each camera sees it.
    turns = np.array(
        [
            to_matrix((rig[each.camera].ego_from_sensor.inverse() * rig[lidar].ego_from_sensor).rotation).T
            @ each.turn_rad
            for each in told
        ]
    )
    shared = np.median(turns, axis=0)
    apart = np.linalg.norm(turns - shared, axis=1)
    if np.linalg.norm(shared) < _LIDAR_RAD or np.max(apart) > _SHARED * np.linalg.norm(shared):
        return RigHealth(cameras)
    return RigHealth(cameras, lidar, shared)


def health_record(health: RigHealth) -> dict[str, Any]:
    """As plain JSON values; `baseline_from` reads it."""
    return {
        "cameras": {each.camera: _camera_record(each) for each in health.cameras},
        "lidar": health.lidar,
        "lidar_turn_deg": None if health.lidar_turn_rad is None else np.rad2deg(health.lidar_turn_rad).tolist(),
    }


def _camera_record(each: CameraHealth) -> dict[str, Any]:
    drift = each.drift
    known = drift is not None and each.state not in (HealthState.UNKNOWN, HealthState.WRONG)
    return {
        "state": each.state.value,
        "line": each.line,
        "turn_deg": np.rad2deg(each.turn_rad).tolist() if known else None,
        "sigma_deg": np.rad2deg(each.sigma_rad).tolist() if known else None,
        "late_ms": 1e3 * each.late_s if known and np.isfinite(each.late_s) else None,
        "apparent_deg": float(np.rad2deg(each.apparent_rad)) if known else None,
        "measured": None
        if drift is None or not known
        else {
            "turn_rad": drift.turn_rad.tolist(),
            "late_s": drift.late_s if np.isfinite(drift.late_s) else None,
            "covariance": drift.covariance.tolist(),
        },
    }


def baseline_from(record: Any) -> dict[str, Usual]:
    """What `health_record` wrote of an earlier recording. Raises InputError for anything else."""
    try:
        known = {name: each["measured"] for name, each in record["cameras"].items() if each["measured"] is not None}
        found = {}
        for name, each in known.items():
            late = float("nan") if each["late_s"] is None else float(each["late_s"])
            usual = Usual(np.array(each["turn_rad"], dtype=float), late, np.array(each["covariance"], dtype=float))
            if usual.turn_rad.shape != (3,) or usual.covariance.shape != (4, 4):
                raise ValueError(name)
            found[str(name)] = usual
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError("no health of a rig", do="give what calibrate health --save wrote") from error
    return found
