"""An actor injected into a recording without it, against the same scene simulated with it, ray by ray and pixel by
pixel."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fusion.recording import Recording
from fusion.scenario.building import MountedSensor
from fusion.scenario.injection.injector import Injector
from fusion.scenario.injection.sensor_motion import MeasuredSweep
from fusion.scenario.injection.spec import InjectionSpec
from fusion.scenario.language.actors import ActorSpec
from fusion.scenario.language.loading import parse_scene
from fusion.scenario.language.scene import Scene
from fusion.scenario.simulation import Simulation, camera_simulator
from fusion.scenario.truth.reader import Truth
from labeling.injecting import inject_into, real_objects
from labeling.project import Project
from labeling.synthetic import simulate_into

ACTOR = "guest"
_COLUMNS = 900
_ELEVATIONS = tuple(
    np.round(np.concatenate([np.arange(-24, -6, 1.5), np.arange(-6, 4, 0.4), np.arange(5, 16, 2)]), 3).tolist()
)

_SCENE = {
    "name": "injection",
    "about": "A trailer passes behind posts and people, and before a wall and the sky.",
    "exercises": "injection",
    "frames": 6,
    "rig": [
        {
            "name": "lidar",
            "at_m": [0.0, 0.0, 1.9],
            "lidar": {
                "scan": {"pattern": "spinning", "elevations_deg": list(_ELEVATIONS), "columns": _COLUMNS},
                "dropout": 0.0,
                "divergence_mrad": 0.0,
                "range_sigma_m": 0.01,
                "max_range_m": 120.0,
            },
        },
        {
            "name": "front",
            "at_m": [0.3, 0.0, 1.6],
            "camera": {"model": {"width_px": 960, "height_px": 600, "fov_deg": 80.0}, "noise": 1.0, "jpeg_quality": 92},
            "clock": {"phase_ms": -45.0},
        },
    ],
    "ego": {"path": {"from_m": [0.0, 0.0]}, "speed_mps": 6.0},
    "place": [
        {"kind": "field", "at_m": [0.0, 0.0, 0.02]},  # fields lie 2 cm below their place
        {"kind": "box", "at_m": [45.0, -3.0, 0.0], "size_m": [2.0, 16.0, 6.0], "material": "brick"},
        {"kind": "box", "at_m": [15.5, 2.6, 0.0], "size_m": [0.5, 0.5, 3.0], "color": "#b04030"},
        {"kind": "box", "at_m": [17.0, -2.4, 0.0], "size_m": [1.2, 0.6, 1.1], "color": "#d0c040"},
        {"kind": "cylinder", "at_m": [14.0, 0.4, 0.0], "size_m": [0.3, 0.3, 4.0], "color": "#406090"},
    ],
    "actors": [
        {"name": "trolley", "kind": "cart", "path": {"from_m": [13.0, -3.5], "heading_deg": 90.0}, "speed_mps": 1.5},
        {
            "name": "walker",
            "kind": "pedestrian",
            "path": {"from_m": [14.5, 5.0], "heading_deg": -90.0},
            "speed_mps": 1.4,
        },
        {"name": "crate", "kind": "pallet", "path": {"from_m": [12.5, -1.5]}},
    ],
}
_GUEST = {
    "name": ACTOR,
    "kind": "trailer",
    "style": "semi",
    "path": {"from_m": [22.0, 9.0], "heading_deg": -80.0},
    "speed_mps": 9.0,
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """either, differing: rays, or pixels, that one of the two says the actor is on, and that only one says."""

    either: int
    differing: int

    @property
    def share(self) -> float:
        return 1.0 - self.differing / max(self.either, 1)

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(self.either + other.either, self.differing + other.differing)


def measure_injection(seed: int = 0, frames: int = 6) -> dict[str, float]:
    """Agreement of injected with simulated rays, overall and of those that had a return before; of pixels (as the

    intersection over the union of masks); and the median distance between points on the actor on the same ray.
    """
    without = replace(parse_scene(_SCENE, "injection"), frames=frames)
    guest = parse_scene(_SCENE | {"actors": [_GUEST]}, "injection").actors[0]
    with_guest = replace(without, actors=(*without.actors, guest))
    with tempfile.TemporaryDirectory(prefix="boxwright-injection-") as folder:
        project = Project.create(Path(folder))
        simulate_into(project, without, seed, "without")
        simulate_into(project, with_guest, seed, "with")
        spec = InjectionSpec((_later(guest, without),), relative_to_frame=None, follow_ground=False)
        inject_into(project, "without", spec, "injected", seed)
        overall, before, apart_m = _rays(project, with_guest, frames)
        pixels = _pixels(project, with_guest, spec, seed, frames)
        grounded = replace(spec, follow_ground=True)
        inject_into(project, "without", grounded, "grounded", seed)
        on_ground, _, _ = _rays(project, with_guest, frames, "grounded")
    return {
        "injection_agreement": overall.share,
        "injection_agreement_of_returns": before.share,
        "injection_agreement_on_measured_ground": on_ground.share,
        "injection_rays": float(overall.either),
        "injection_rays_without_return": float(overall.either - before.either),
        "injection_range_difference_m": float(np.median(apart_m)),
        "injection_mask_iou": pixels.share,
        "injection_pixels": float(pixels.either),
    }


def _later(guest: ActorSpec, scene: Scene) -> ActorSpec:
    """The actor as it is when the first frame ends: an injection's second 0."""
    assert not isinstance(guest.speed_mps, tuple)
    period_s = 1.0 / Simulation(scene, 0).reference.spec.clock.rate_hz
    return replace(guest, along_m=guest.along_m + guest.speed_mps * period_s)


def _rays(
    project: Project, scene: Scene, frames: int, injected: str = "injected"
) -> tuple[Agreement, Agreement, npt.NDArray[np.float64]]:
    overall = before = Agreement(0, 0)
    apart: list[npt.NDArray[np.float64]] = []
    guest = len(scene.actors) - 1
    with (
        project.recording("without") as original,
        project.recording("with") as simulated,
        project.recording(injected) as made,
        Truth.open(project.truth_path("with")) as simulated_truth,
        Truth.open(project.truth_path(injected)) as made_truth,
    ):
        for index in range(frames):
            returned, _ = _ray_numbers(original, index)
            theirs, their_ranges = _ray_numbers(simulated, index)
            ours, our_ranges = _ray_numbers(made, index)
            on_theirs = simulated_truth.instances("lidar", index) == guest
            on_ours = made_truth.instances("lidar", index) == 0
            overall += _agreement(theirs[on_theirs], ours[on_ours])
            had = [numbers[np.isin(numbers, returned)] for numbers in (theirs[on_theirs], ours[on_ours])]
            before += _agreement(had[0], had[1])
            _, a, b = np.intersect1d(theirs[on_theirs], ours[on_ours], return_indices=True)
            apart.append(np.abs(their_ranges[on_theirs][a] - our_ranges[on_ours][b]))
    return overall, before, np.concatenate(apart)


def _ray_numbers(recording: Recording, index: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Which ray of the scan each point (N,) is, and its range (N,)."""
    measured = MeasuredSweep.of(recording, "lidar", index)
    directions = measured.directions
    azimuths = np.arctan2(directions[:, 1], directions[:, 0])
    columns = np.rint(azimuths / (2.0 * np.pi) * _COLUMNS - 0.5).astype(np.int64) % _COLUMNS
    elevations = np.rad2deg(np.arcsin(np.clip(directions[:, 2], -1.0, 1.0)))
    beams = np.abs(elevations[:, None] - np.array(_ELEVATIONS)).argmin(axis=1)
    return columns * len(_ELEVATIONS) + beams, measured.ranges_m


def _agreement(theirs: npt.NDArray[np.int64], ours: npt.NDArray[np.int64]) -> Agreement:
    return Agreement(len(np.union1d(theirs, ours)), len(np.setxor1d(theirs, ours)) + _twice(ours))


def _twice(numbers: npt.NDArray[np.int64]) -> int:
    return len(numbers) - len(np.unique(numbers))


def _pixels(project: Project, scene: Scene, spec: InjectionSpec, seed: int, frames: int) -> Agreement:
    total = Agreement(0, 0)
    simulation = Simulation(scene, seed)
    guest = len(scene.actors) - 1
    labels = project.labels()
    objects = real_objects(labels.tracks("without").values())
    labels.close()
    with project.recording("without") as recording:
        photos = Injector(recording, spec, seed, objects).photos("front")
        camera = camera_simulator(simulation, _mounted(simulation, "front"))
        for index in range(frames):
            mask = photos.inject(index, np.random.default_rng(seed)).mask
            truth = camera.instances(int(simulation.firings["front"].true_ns[index])) == guest
            ours = np.zeros_like(truth) if mask is None else mask == 0
            total += Agreement(int((truth | ours).sum()), int((truth ^ ours).sum()))
    return total


def _mounted(simulation: Simulation, name: str) -> MountedSensor:
    return next(each for each in simulation.sensors if each.name == name)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.injection", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--frames", type=int, default=6)
    options = parser.parse_args(arguments)
    print(json.dumps(measure_injection(options.seed, options.frames), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
