"""Actors put into a whole recording: its source again, with samples changed as they are asked for, and their truth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from calibration import RigidTransform, SensorKind
from fusion.cuboid_table import CuboidTable
from fusion.recording import Recording, RecordingSource, SourceStream
from fusion.recording.as_source import recording_source
from fusion.samples import Sample
from fusion.scenario.building.clocks import Firings
from fusion.scenario.injection.actor_labels import actor_table
from fusion.scenario.injection.depth_images import DepthInjector
from fusion.scenario.injection.ground import MeasuredGround
from fusion.scenario.injection.photos import PhotoInjector
from fusion.scenario.injection.real_objects import RealObject
from fusion.scenario.injection.real_scene import RealScene
from fusion.scenario.injection.sensor_motion import lidar_motion
from fusion.scenario.injection.spec import InjectionSpec, injection_record
from fusion.scenario.injection.staging import scene_place, staged_actors
from fusion.scenario.injection.sweeps import SweepInjector
from fusion.scenario.sensing.light import Light
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.truth.writer import TruthWriter, pose_times_ns
from fusion.scenario.world import World

_SAMPLE_SEED = 21
_MARGIN_NS = 300_000_000

Taker = Callable[[int], tuple[Sample, bool]]
"""Index of a sample that is there -> the sample with the actors in it, and whether they changed it."""


@dataclass(frozen=True, slots=True, eq=False)
class _RecordedEgo:
    """The ego motion of a recording, as a motion of a world."""

    recording: Recording

    @property
    def stands_still(self) -> bool:
        """Not that anybody knew."""
        return False

    def at(self, time_ns: npt.ArrayLike) -> RigidTransform:
        """`world_from_ego` at times (...,) int64 ns."""
        return self.recording.ego_motion.at(time_ns)


class Injector:
    """The actors of a spec in an open recording, which must stay open; the same seed gives the same data.

    objects: labelled real things, which tell where moving points go between a sweep and a photo, and what may hide.
    changed: how many samples of each sensor the actors have changed so far. Raises InputError for actors that cannot be
    built, or go where no LiDAR measured the ground.
    """

    def __init__(
        self, recording: Recording, spec: InjectionSpec, seed: int = 0, objects: Sequence[RealObject] = ()
    ) -> None:
        self.recording, self.spec, self.seed = recording, spec, seed
        self.ego = _RecordedEgo(recording)
        ground = MeasuredGround.of(recording)
        self.actors = staged_actors(recording, spec, seed, ground)
        self.scene = MovingScene(World((), self.actors, self.ego))
        yaw_deg = float(np.rad2deg(scene_place(recording, spec).yaw_rad))
        self.light = Light.of(replace(spec.weather, sun_azimuth_deg=spec.weather.sun_azimuth_deg + yaw_deg))
        self.changed: Counter[str] = Counter()
        self._real = RealScene(recording, ground, objects)

    def sweeps(self, lidar: str) -> SweepInjector:
        """For the sweeps of one LiDAR."""
        return SweepInjector(self.recording, lidar, self.scene, self._real.objects)

    def photos(self, camera: str) -> PhotoInjector:
        """For the photos of one camera."""
        return PhotoInjector(self.recording, camera, self.scene, self.light, self._real, self.spec)

    def depth_images(self, camera: str) -> DepthInjector:
        """For the images of one depth camera."""
        return DepthInjector(self.recording, camera, self.scene)

    def rng(self, sensor: str, index: int) -> np.random.Generator:
        """What decides the noise of one sample."""
        return np.random.default_rng([self.seed, _SAMPLE_SEED, self.recording.streams.index(sensor), index])

    def source(self, truth: TruthWriter) -> RecordingSource:
        """The recording with the actors; every sample leaves its truth with `truth` when it is loaded.

        Its cuboids are the actors', to be asked for last. Truth counts all samples that are listed as delivered, so
        that its rows are those of the streams.
        """
        self._begin(truth)
        recorded = recording_source(self.recording)
        names = ", ".join(actor.name for actor in self.actors)
        note = f"injected: {names} from seed {self.seed}; these labels are exact"
        return replace(
            recorded,
            streams=tuple(self._stream(stream, truth) for stream in recorded.streams),
            cuboids=partial(self._table, truth),
            notes=(*recorded.notes, note),
        )

    def _begin(self, truth: TruthWriter) -> None:
        frames_ns = self.recording.frames.times_ns
        start_ns, end_ns = int(frames_ns[0]) - _MARGIN_NS, int(frames_ns[-1]) + _MARGIN_NS
        poses_ns = pose_times_ns(start_ns, (end_ns - start_ns) * 1e-9)
        scene = {"recording": self.recording.name, "injection": injection_record(self.spec)}
        truth.begin(json.dumps(scene, sort_keys=True), self.seed, self.ego, poses_ns, self.actors)
        for sensor in self.recording.streams:
            times_ns = self.recording.times_ns(sensor)
            fired = Firings(times_ns, times_ns, np.ones(len(times_ns), dtype=np.bool_))
            mounting = self.recording.rig[sensor].ego_from_sensor
            still = RigidTransform.stack([mounting] * len(times_ns)) if len(times_ns) else _no_poses()
            truth.add_sensor(sensor, fired, lidar_motion(self.recording, sensor)(times_ns), still)

    def _stream(self, stream: SourceStream, truth: TruthWriter) -> SourceStream:
        take = self._taker(stream.sensor, truth)
        recorded = stream.load

        def load(index: int) -> Sample | None:
            if recorded(index) is None:
                return None
            sample, changed = take(index)
            self.changed[stream.sensor] += changed
            return sample

        return replace(stream, load=load)

    def _taker(self, sensor: str, truth: TruthWriter) -> Taker:
        kind = self.recording.rig[sensor].kind
        if kind is SensorKind.LIDAR:
            return self._sweep_taker(sensor, truth)
        return self._photo_taker(sensor, truth) if kind is SensorKind.CAMERA else self._depth_taker(sensor, truth)

    def _sweep_taker(self, sensor: str, truth: TruthWriter) -> Taker:
        injector = self.sweeps(sensor)

        def take(index: int) -> tuple[Sample, bool]:
            injected = injector.inject(index, self.rng(sensor, index))
            truth.add_instances(sensor, index, injected.actors)
            truth.add_visibility(sensor, index, injected.visibility)
            return injected.sweep, injected.changed

        return take

    def _photo_taker(self, sensor: str, truth: TruthWriter) -> Taker:
        injector = self.photos(sensor)

        def take(index: int) -> tuple[Sample, bool]:
            injected = injector.inject(index, self.rng(sensor, index))
            truth.add_visibility(sensor, index, injected.visibility)
            return injected.image, injected.changed

        return take

    def _depth_taker(self, sensor: str, truth: TruthWriter) -> Taker:
        injector = self.depth_images(sensor)

        def take(index: int) -> tuple[Sample, bool]:
            injected = injector.inject(index)
            truth.add_visibility(sensor, index, injected.visibility)
            return injected.image, injected.changed

        return take

    def _table(self, truth: TruthWriter) -> CuboidTable:
        return actor_table(self.recording, self.actors, truth.seen)


def _no_poses() -> RigidTransform:
    return RigidTransform.exp(np.zeros((0, 6)))
