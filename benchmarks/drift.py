"""Does a camera that has turned a little show, and only that one, and is a late clock told from it?

    python -m benchmarks.drift --recording PATH --degrees 0.3 --seeds 20 --json

PATH is a recording file, or any folder that can be imported with its photos. Its rig is taken for right. Every second
photo makes the baseline; each run sees a random part of the others. Undisturbed runs must not raise an alarm for any
camera; in disturbed ones a single camera is turned about a random axis. A world that moves (synthetic, its photos
rendered with a clock that is 50 ms wrong) tells time from turns.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.labelled import shared_sources
from benchmarks.report import Peer, Report, run
from calibration import RigidTransform
from calibration.errors import BoxwrightError
from calibration.quaternion import FloatArray
from calibration.targetless.aligning import moved_by
from fusion.camera_scenes import CameraScenes, camera_scenes
from fusion.readers import read_source
from fusion.recording import Recording
from fusion.rig_health import CameraHealth, HealthState, Usual, drift_of, judged
from fusion.scenario import scene_of
from labeling.importing import import_source
from labeling.project import Project
from labeling.synthetic import simulate_into

_MOST_PHOTOS, _SHARE = 24, 0.75
_MOVING, _LATE_CAMERA, _LATE_MS, _TURNED_CAMERA = "clock_error_50ms", "camera_front", -50.0, "camera_right"
TARGET_DIRECTION_DEG = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """One camera: photos for the baseline, photos to look at, and what is usual by the former."""

    mounted: RigidTransform
    later: CameraScenes
    usual: Usual


def measure(options: argparse.Namespace, command: str) -> Report:
    """All of it."""
    start = time.perf_counter()
    with _opened(options.recording or shared_sources()[0]) as recording:
        watched = {camera: _watched(recording, camera) for camera in recording.cameras()}
    figures = _still(watched, options) | _moving(options)
    figures["seconds"] = time.perf_counter() - start
    met = (
        figures["false_alarm_runs"] == 0
        and figures["detected_rate"] == 1.0
        and figures["direction_error_deg_max"] < TARGET_DIRECTION_DEG
        and figures["told_apart"] == 1.0
    )
    return Report(
        name="drift",
        title=f"A camera turned by {options.degrees:g} degrees, found by what it and the LiDAR see",
        figures=figures,
        ratio=options.degrees / max(figures["usual_deg_max"], 1e-9),
        target="no false alarm in undisturbed runs, each turned camera found with its direction, time told apart",
        met=met,
        peer=Peer("what the recorded rigs disagree with their own data, about the worst axis", "-"),
        command=command,
        notes=("alone_*: without a baseline, judged by the absolute limit",),
    )


@contextmanager
def _opened(path: Path) -> Iterator[Recording]:
    with tempfile.TemporaryDirectory() as folder:
        if path.is_file():
            with Recording.open(path) as recording:
                yield recording
            return
        project = Project.create(Path(folder) / "project")
        name = import_source(project, read_source(path), "measured").name
        with project.recording(name) as recording:
            yield recording


def _watched(recording: Recording, camera: str) -> Watched:
    frames = np.linspace(0, len(recording.frames) - 1, min(len(recording.frames), _MOST_PHOTOS)).astype(int)
    scenes = camera_scenes(recording, camera, np.unique(frames).tolist())
    numbers = np.arange(len(scenes.frames))
    usual = drift_of(scenes.taking(numbers[::2].tolist()))
    print(f"{camera}: usual {np.rad2deg(usual.turn_rad).round(3)} degrees", file=sys.stderr)
    mounted = recording.rig[camera].ego_from_sensor
    later = scenes.taking(numbers[1::2].tolist())
    return Watched(mounted, later, Usual(usual.turn_rad, usual.late_s, usual.covariance))


def _some(watched: Watched, rng: np.random.Generator) -> CameraScenes:
    count = len(watched.later.frames)
    return watched.later.taking(np.sort(rng.permutation(count)[: max(3, round(_SHARE * count))]).tolist())


def _looked(scenes: CameraScenes, watched: Watched) -> tuple[CameraHealth, CameraHealth]:
    """Against the baseline, and alone."""
    drift = drift_of(scenes)
    return judged(scenes.camera, watched.mounted, drift, watched.usual), judged(scenes.camera, watched.mounted, drift)


def _still(watched: dict[str, Watched], options: argparse.Namespace) -> dict[str, float]:
    false_runs, false_alone, found, alone, directions, sizes = 0, 0, [], [], [], []
    cameras = sorted(watched)
    for seed in range(options.seeds):
        rng = np.random.default_rng(seed)
        looks = [_looked(_some(watched[camera], rng), watched[camera]) for camera in cameras]
        false_runs += any(each[0].state is not HealthState.GOOD for each in looks)
        false_alone += any(each[1].state is not HealthState.GOOD for each in looks)
        camera, axis = cameras[seed % len(cameras)], rng.normal(size=3)
        turn = np.deg2rad(options.degrees) * axis / np.linalg.norm(axis)
        against, without = _looked(_turned(_some(watched[camera], rng), turn), watched[camera])
        found.append(against.state is HealthState.DRIFTED)
        alone.append(without.state is HealthState.DRIFTED)
        directions.append(_angle_deg(against.turn_rad, -turn))
        sizes.append(abs(np.linalg.norm(against.turn_rad) - np.linalg.norm(turn)))
        print(f"seed {seed}: {camera} {against.line}", file=sys.stderr)
    return {
        "runs": float(options.seeds),
        "false_alarm_runs": float(false_runs),
        "detected_rate": float(np.mean(found)),
        "direction_error_deg_median": float(np.median(directions)),
        "direction_error_deg_max": float(np.max(directions)),
        "size_error_deg_median": float(np.rad2deg(np.median(sizes))),
        "alone_false_alarm_runs": float(false_alone),
        "alone_detected_rate": float(np.mean(alone)),
        "usual_deg_max": float(np.rad2deg(max(np.linalg.norm(each.usual.turn_rad) for each in watched.values()))),
    }


def _turned(scenes: CameraScenes, turn: FloatArray) -> CameraScenes:
    return replace(scenes, camera_from_lidar=moved_by(scenes.camera_from_lidar, np.concatenate([turn, np.zeros(3)])))


def _angle_deg(one: FloatArray, other: FloatArray) -> float:
    cosine = one @ other / max(np.linalg.norm(one) * np.linalg.norm(other), 1e-12)
    return float(np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _moving(options: argparse.Namespace) -> dict[str, float]:
    """A late clock, and a turn, on a platform that moves."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "project")
        try:
            name = simulate_into(project, scene_of(_MOVING), 0, labelled=False).name
        except BoxwrightError as error:
            print(f"no moving world: {error}", file=sys.stderr)
            return {"told_apart": 0.0}
        with project.recording(name) as recording:
            rig = recording.rig
            late = judged(
                _LATE_CAMERA,
                rig[_LATE_CAMERA].ego_from_sensor,
                drift_of(camera_scenes(recording, _LATE_CAMERA)),
            )
            turn = np.deg2rad(options.degrees) * np.array([0.0, 1.0, 0.0])
            scenes = _turned(camera_scenes(recording, _TURNED_CAMERA), turn)
            turned = judged(_TURNED_CAMERA, rig[_TURNED_CAMERA].ego_from_sensor, drift_of(scenes))
    apart = late.state is HealthState.WRONG_TIME and turned.state is HealthState.DRIFTED
    return {
        "told_apart": float(apart),
        "late_ms": 1e3 * late.late_s,
        "late_error_ms": abs(1e3 * late.late_s - _LATE_MS),
        "late_turn_deg": float(np.rad2deg(np.linalg.norm(late.turn_rad))),
        "turned_late_ms": abs(1e3 * turned.late_s),
        "turned_direction_error_deg": _angle_deg(turned.turn_rad, -turn),
    }


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recording", type=Path, default=None, help="a file, or a folder to import; default PandaSet")
    parser.add_argument("--degrees", type=float, default=0.3, help="by which one camera is turned")
    parser.add_argument("--seeds", type=int, default=20)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    return run("drift", _arguments, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
