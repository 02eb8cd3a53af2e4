"""A scene, simulated: a recording source whose samples are ray cast when they are asked for, and its truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from calibration import Rig, RigidTransform, SensorKind, quaternion
from fusion.cuboid_table import CuboidTable
from fusion.ego_motion import EgoMotion
from fusion.recording import RecordingSource, SourceStream
from fusion.samples import Sample
from fusion.scenario.building import (
    Firings,
    MountedSensor,
    build_world,
    duration_of,
    firings,
    mounted_sensors,
    reference_of,
)
from fusion.scenario.language.loading import scene_to_json
from fusion.scenario.language.scene import PoseSource, Scene
from fusion.scenario.sensing.camera import CameraSimulator
from fusion.scenario.sensing.depth import DepthSimulator
from fusion.scenario.sensing.lidar import LidarSimulator
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.visibility import Visibility
from fusion.scenario.truth.labels import label_table
from fusion.scenario.truth.writer import TruthWriter, pose_times_ns
from fusion.scenario.world import START_NS, World, seconds_since_start
from fusion.timeline import Int64Array, Timeline

_MARGIN_S = 0.2
_CLOCK_SEED, _POSE_SEED, _SAMPLE_SEED = 10, 11, 12


@dataclass(frozen=True, eq=False)
class Simulation:
    """One scene from one seed: the world, its sensors with their clocks, and what they deliver."""

    scene: Scene
    seed: int

    @cached_property
    def sensors(self) -> tuple[MountedSensor, ...]:
        """All sensors, in the rig's order."""
        return mounted_sensors(self.scene)

    @cached_property
    def reference(self) -> MountedSensor:
        """The sensor that defines the frames."""
        return reference_of(self.sensors)

    @cached_property
    def duration_s(self) -> float:
        """Seconds from the scenario's start to its last frame."""
        return duration_of(self.scene, self.sensors)

    @cached_property
    def world(self) -> World:
        """Where everything is at any nanosecond."""
        return build_world(self.scene, self.duration_s, self.seed)

    @cached_property
    def firings(self) -> dict[str, Firings]:
        """When each sensor fired, and what time it claimed, by name."""
        return {
            mounted.name: firings(
                mounted.spec.clock, self.duration_s, np.random.default_rng([self.seed, _CLOCK_SEED, index])
            )
            for index, mounted in enumerate(self.sensors)
        }

    @cached_property
    def moving_scene(self) -> MovingScene:
        """The world, ready for rays."""
        return MovingScene(self.world)

    def source(self, truth: TruthWriter) -> RecordingSource:
        """The recording; a sample leaves its truth with `truth` when it is loaded, and labels are asked for last."""
        _begin(truth, self)
        reference = self.firings[self.reference.name]
        return RecordingSource(
            name=self.scene.name,
            rig=Rig(tuple(mounted.sensor for mounted in self.sensors)),
            ego_motion=_recorded_ego_motion(self),
            streams=tuple(self._stream(mounted, truth) for mounted in self.sensors),
            reference=self.reference.name,
            frame_times_ns=reference.recorded_ns,
            cuboids=partial(_labels, self, truth),
            notes=(f"synthetic: scenario {self.scene.name} from seed {self.seed}; its labels are exact",),
        )

    def true_pose(self, mounted: MountedSensor) -> Callable[[Int64Array], RigidTransform]:
        """True `world_from_sensor` at times (S,) int64 ns."""
        return partial(mounted.world_from_sensor, self.world.ego)

    def sample_rng(self, mounted: MountedSensor, index: int) -> np.random.Generator:
        """What decides the noise of one sample."""
        return np.random.default_rng([self.seed, _SAMPLE_SEED, self.sensors.index(mounted), index])

    def _stream(self, mounted: MountedSensor, truth: TruthWriter) -> SourceStream:
        fired = self.firings[mounted.name]
        delivered = np.flatnonzero(fired.delivered)
        take = _SAMPLERS[mounted.sensor.kind](self, mounted)

        def load(position: int) -> Sample:
            index = int(delivered[position])
            taken = take(index, int(fired.true_ns[index]))
            truth.add_visibility(mounted.name, index, taken.visibility)
            if taken.instances is not None:
                truth.add_instances(mounted.name, index, taken.instances)
            return taken.sample

        own = np.full(len(fired.delivered), -1, dtype=np.int64)
        own[delivered] = np.arange(len(delivered))
        return SourceStream(
            mounted.name,
            Timeline(fired.recorded_ns[delivered]),
            load,
            frame_samples=own if mounted is self.reference else None,
        )


def _begin(truth: TruthWriter, simulation: Simulation) -> None:
    """What is true before any sample is taken."""
    world, times_ns = simulation.world, pose_times_ns(START_NS, simulation.duration_s)
    truth.begin(scene_to_json(simulation.scene), simulation.seed, world.ego, times_ns, world.actors)
    for mounted in simulation.sensors:
        fired = simulation.firings[mounted.name]
        world_from_sensor = mounted.world_from_sensor(world.ego, fired.true_ns)
        truth.add_sensor(mounted.name, fired, world_from_sensor, mounted.ego_from_sensor(fired.true_ns))


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """One sample and its truth. instances: (N,) of a sweep, the actor on which each point lies."""

    sample: Sample
    visibility: Visibility
    instances: npt.NDArray[np.int16] | None = None


Sampler = Callable[[int, int], Taken]
"""From the index of a firing and its true time, int64 ns."""


def _lidar_sampler(simulation: Simulation, mounted: MountedSensor) -> Sampler:
    simulator = lidar_simulator(simulation, mounted)

    def take(index: int, time_ns: int) -> Taken:
        simulated = simulator.sweep(index, time_ns, simulation.sample_rng(mounted, index))
        return Taken(simulated.sweep, simulated.visibility, simulated.actors)

    return take


def _camera_sampler(simulation: Simulation, mounted: MountedSensor) -> Sampler:
    simulator = camera_simulator(simulation, mounted)

    def take(index: int, time_ns: int) -> Taken:
        photo = simulator.shot(time_ns, simulation.sample_rng(mounted, index))
        return Taken(simulator.encoded(photo), photo.visibility)

    return take


def _depth_sampler(simulation: Simulation, mounted: MountedSensor) -> Sampler:
    depth = mounted.spec.depth
    assert depth is not None
    pose = simulation.true_pose(mounted)
    simulator = DepthSimulator(simulation.moving_scene, mounted.sensor.model, depth, pose)

    def take(index: int, time_ns: int) -> Taken:
        simulated = simulator.image(time_ns, simulation.sample_rng(mounted, index))
        return Taken(simulated.image, simulated.visibility)

    return take


_SAMPLERS: dict[SensorKind, Callable[[Simulation, MountedSensor], Sampler]] = {
    SensorKind.LIDAR: _lidar_sampler,
    SensorKind.CAMERA: _camera_sampler,
    SensorKind.DEPTH: _depth_sampler,
}


def lidar_simulator(simulation: Simulation, mounted: MountedSensor) -> LidarSimulator:
    """The simulator of one LiDAR of a scene."""
    lidar = mounted.spec.lidar
    assert lidar is not None
    period_ns = round(1e9 / mounted.spec.clock.rate_hz)
    return LidarSimulator(simulation.moving_scene, lidar, simulation.true_pose(mounted), period_ns)


def camera_simulator(simulation: Simulation, mounted: MountedSensor) -> CameraSimulator:
    """The simulator of one camera of a scene."""
    camera = mounted.spec.camera
    assert camera is not None
    return CameraSimulator(simulation.moving_scene, mounted.sensor.model, camera, simulation.true_pose(mounted))


def _labels(simulation: Simulation, truth: TruthWriter) -> CuboidTable:
    return label_table(simulation, truth.seen)


def _recorded_ego_motion(simulation: Simulation) -> EgoMotion:
    """What the recording knows of the ego: its true poses, as well as the scene's source of poses tells them."""
    poses = simulation.scene.ego.poses
    margin_s = max(_MARGIN_S, 2.0 / poses.rate_hz)
    times_s = np.arange(-margin_s, simulation.duration_s + margin_s, 1.0 / poses.rate_hz)
    times_ns = START_NS + np.rint(times_s * 1e9).astype(np.int64)
    error = _pose_error(poses, seconds_since_start(times_ns), np.random.default_rng([simulation.seed, _POSE_SEED]))
    return EgoMotion(Timeline(times_ns), simulation.world.world_from_ego(times_ns) * error)


def _pose_error(poses: PoseSource, times_s: np.ndarray, rng: np.random.Generator) -> RigidTransform:
    """(N,) by which recorded poses are off, in the ego frame."""
    away_s = np.zeros(len(times_s))
    for from_s, to_s in poses.outages_s:
        away_s += np.where((times_s >= from_s) & (times_s <= to_s), times_s - from_s, 0.0)
    noise_m = poses.noise_m * rng.standard_normal((len(times_s), 3))
    noise_rad = np.deg2rad(poses.noise_deg) * rng.standard_normal((len(times_s), 3))
    noise_m[:, 1] += poses.drift_m_per_s * away_s
    noise_rad[:, 2] += np.deg2rad(poses.drift_deg_per_s) * away_s
    return RigidTransform(quaternion.from_rotation_vector(noise_rad), noise_m)
