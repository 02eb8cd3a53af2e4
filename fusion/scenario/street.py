"""The scenario "street": a few seconds of a drive past parked cars, with traffic, a truck and people.

A box truck comes slowly towards the ego and hides two pedestrians on the far pavement, who pass each other behind it:
whoever labels them has to find out who is who. The car ahead brakes; another comes towards us; a cyclist is overtaken.
"""

from __future__ import annotations

import numpy as np

from fusion.ego_motion import EgoMotion
from fusion.recording import RecordingSource, SourceStream
from fusion.samples import Sample
from fusion.scenario.bodies import Colour, Size, car_mesh, cyclist_mesh, pedestrian_mesh, truck_mesh
from fusion.scenario.camera_simulator import CameraSimulator, encoded, measured
from fusion.scenario.lidar_simulator import LidarNoise, LidarSimulator, SimulatedSweep
from fusion.scenario.materials import Surface, cloth
from fusion.scenario.meshes import Mesh
from fusion.scenario.sensors import (
    CAMERA_FRONT,
    CAMERA_FRONT_LEFT,
    DEPTH_FRONT,
    LIDAR,
    PERIOD_NS,
    SPINNING_LIDAR,
    sample_times_ns,
    street_rig,
)
from fusion.scenario.surroundings import PAVEMENT_HEIGHT_M, street_props
from fusion.scenario.trajectory import START_NS, Path, SpeedProfile, Trajectory
from fusion.scenario.truth import count_points, truth_table
from fusion.scenario.world import Actor, World
from fusion.timeline import Timeline

FRAMES = 30
_EGO_POSE_PERIOD_NS = 10_000_000
_LANE_M, _PARKING_M = 1.75, 4.62
_PARKED_RIGHT_M = (-16.0, -9.2, 3.1, 9.3, 21.7, 27.8, 34.2, 52.6)
_PARKED_LEFT_M = (-14.5, -2.0, 8.2, 14.4, 46.8, 53.0)
_CAR_COLOURS: tuple[Colour, ...] = (
    (0.55, 0.56, 0.57),
    (0.04, 0.04, 0.045),
    (0.40, 0.03, 0.03),
    (0.03, 0.10, 0.30),
    (0.72, 0.72, 0.70),
    (0.10, 0.22, 0.16),
    (0.16, 0.17, 0.18),
    (0.45, 0.30, 0.08),
)


def street_source(seed: int) -> RecordingSource:
    """The recording, with its labels; samples are rendered when they are loaded."""
    world, rig = street_truth(seed), street_rig()
    simulator = LidarSimulator(world, SPINNING_LIDAR, rig[LIDAR].ego_from_sensor)
    counts = [count_points(simulator, _simulate_sweep(simulator, seed, frame).actors) for frame in range(FRAMES)]
    cameras = (CAMERA_FRONT, CAMERA_FRONT_LEFT)
    return RecordingSource(
        name="street",
        rig=rig,
        ego_motion=_ego_motion(world),
        streams=(
            _lidar_stream(simulator, seed),
            *(_camera_stream(CameraSimulator(world, rig[name])) for name in cameras),
            _depth_stream(CameraSimulator(world, rig[DEPTH_FRONT]), seed),
        ),
        reference=LIDAR,
        cuboids=truth_table(simulator, sample_times_ns(LIDAR, FRAMES), np.array(counts)),
        notes=(f"synthetic: made by boxwright's scenario street from seed {seed}; its labels are exact",),
    )


def street_truth(seed: int) -> World:
    """The world behind the recording: where every actor and the ego are at any nanosecond."""
    rng = np.random.default_rng(seed)
    props = street_props(rng)
    ego = Trajectory(Path((0.0, -_LANE_M), sway_m=0.3, wavelength_m=38.0, phase_rad=0.5), SpeedProfile(6.0))
    return World(props, (*_traffic(), *_people(), *_parked_cars(rng)), ego)


def _lidar_stream(simulator: LidarSimulator, seed: int) -> SourceStream:
    def load(frame: int) -> Sample:
        return _simulate_sweep(simulator, seed, frame).sweep

    return SourceStream(LIDAR, Timeline(sample_times_ns(LIDAR, FRAMES)), load)


def _camera_stream(simulator: CameraSimulator) -> SourceStream:
    times_ns = sample_times_ns(simulator.sensor.name, FRAMES)

    def load(index: int) -> Sample:
        return encoded(simulator.photo(int(times_ns[index])))

    return SourceStream(simulator.sensor.name, Timeline(times_ns), load)


def _depth_stream(simulator: CameraSimulator, seed: int) -> SourceStream:
    times_ns = sample_times_ns(DEPTH_FRONT, FRAMES)

    def load(index: int) -> Sample:
        return measured(simulator.depth_m(int(times_ns[index])), np.random.default_rng([seed, 2, index]))

    return SourceStream(DEPTH_FRONT, Timeline(times_ns), load)


def _simulate_sweep(simulator: LidarSimulator, seed: int, frame: int) -> SimulatedSweep:
    end_ns = int(sample_times_ns(LIDAR, FRAMES)[frame])
    return simulator.sweep(end_ns, np.random.default_rng([seed, 1, frame]), LidarNoise())


def _ego_motion(world: World) -> EgoMotion:
    """Poses at 100 Hz, from a period before the first sweep to a period after the last."""
    end_ns = START_NS + (FRAMES + 1) * PERIOD_NS
    times_ns = np.arange(START_NS - PERIOD_NS, end_ns + 1, _EGO_POSE_PERIOD_NS, dtype=np.int64)
    return EgoMotion(Timeline(times_ns), world.world_from_ego(times_ns))


def _traffic() -> tuple[Actor, ...]:
    truck_size = (7.4, 2.5, 3.25)
    truck = truck_mesh(truck_size, (0.78, 0.78, 0.76), (0.62, 0.10, 0.05))
    towards_us = np.pi
    return (
        _car(
            "car_ahead",
            (4.55, 1.84, 1.48),
            (0.03, 0.10, 0.30),
            Path((15.5, -_LANE_M - 0.1), sway_m=0.12, wavelength_m=33.0),
            SpeedProfile(8.0, 2.0, 0.9, 2.9),
        ),
        _car(
            "car_oncoming",
            (4.35, 1.80, 1.45),
            (0.45, 0.03, 0.03),
            Path((21.0, _LANE_M), towards_us, sway_m=0.1, wavelength_m=30.0),
            SpeedProfile(10.0),
        ),
        _car(
            "car_behind_truck",
            (4.70, 1.86, 1.52),
            (0.72, 0.72, 0.70),
            Path((55.0, _LANE_M + 0.1), towards_us),
            SpeedProfile(8.0, 4.0, 0.5, 2.5),
            estate=True,
        ),
        _actor("truck", "truck", truck_size, truck, Path((28.6, _LANE_M + 0.05), towards_us), SpeedProfile(5.0)),
    )


def _people() -> tuple[Actor, ...]:
    dark, blue = cloth(0.05, 0.06, 0.08), cloth(0.06, 0.09, 0.20)
    pavement = PAVEMENT_HEIGHT_M
    bicycle = Surface((0.05, 0.30, 0.28), reflectivity=0.5, gloss=0.3)
    first, second, rider = (0.72, 0.58, 1.76), (0.70, 0.56, 1.73), (1.76, 0.60, 1.80)
    return (
        _actor(
            "pedestrian_away",
            "pedestrian",
            first,
            pedestrian_mesh(first, cloth(0.36, 0.08, 0.06), dark),
            Path((30.2, 6.6), sway_m=0.08, wavelength_m=6.0),
            SpeedProfile(1.35),
            ground_m=pavement,
        ),
        _actor(
            "pedestrian_towards",
            "pedestrian",
            second,
            pedestrian_mesh(second, cloth(0.38, 0.10, 0.05), blue),
            Path((35.7, 7.5), np.pi, sway_m=0.08, wavelength_m=6.5),
            SpeedProfile(1.3),
            ground_m=pavement,
        ),
        _actor(
            "cyclist",
            "cyclist",
            rider,
            cyclist_mesh(rider, cloth(0.62, 0.55, 0.05), dark, bicycle),
            Path((11.0, -3.05), sway_m=0.07, wavelength_m=9.0),
            SpeedProfile(4.2),
        ),
    )


def _parked_cars(rng: np.random.Generator) -> tuple[Actor, ...]:
    cars = []
    for side, heading_rad, places in (("right", 0.0, _PARKED_RIGHT_M), ("left", np.pi, _PARKED_LEFT_M)):
        for number, x_m in enumerate(places, start=1):
            size = tuple(float(v) for v in np.round(rng.uniform([3.9, 1.72, 1.42], [4.75, 1.88, 1.6]), 2))
            y_m = (-_PARKING_M if side == "right" else _PARKING_M) + float(rng.uniform(-0.1, 0.1))
            turned_rad = heading_rad + float(rng.uniform(-0.025, 0.025))
            cars.append(
                _car(
                    f"parked_{side}_{number}",
                    (size[0], size[1], size[2]),
                    _CAR_COLOURS[rng.integers(len(_CAR_COLOURS))],
                    Path((x_m, y_m), turned_rad),
                    SpeedProfile(),
                    estate=bool(rng.random() < 0.4),
                )
            )
    return tuple(cars)


def _car(name: str, size_m: Size, colour: Colour, path: Path, speed: SpeedProfile, *, estate: bool = False) -> Actor:
    return _actor(name, "car", size_m, car_mesh(size_m, colour, estate=estate), path, speed)


def _actor(
    name: str,
    class_name: str,
    size_m: Size,
    mesh: Mesh,
    path: Path,
    speed: SpeedProfile,
    *,
    ground_m: float = 0.0,
) -> Actor:
    return Actor(name, class_name, size_m, mesh, Trajectory(path, speed, ground_m + 0.5 * size_m[2]))
