"""A source out of a log that nobody has described: which topics are sensors, and where these sit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from calibration import Rig, RigidTransform, Sensor, SensorKind
from calibration.errors import FormatError
from fusion.readers.options import ReaderOptions
from fusion.readers.ros.clouds import column, intensity_field, time_field
from fusion.readers.ros.frames import Frames
from fusion.readers.ros.images import image_size
from fusion.readers.ros.lenses import FittedLens, fitted_lens, guessed_lens
from fusion.readers.ros.loading import MILLIMETRE, Loader, depth_unit, read_value
from fusion.readers.ros.log import Log
from fusion.readers.ros.motion import Motion, find_motion
from fusion.readers.ros.naming import (
    calibration_topic,
    camera_base,
    checked_name,
    guessed_name,
    is_rectified,
    preference,
    unique_name,
)
from fusion.readers.ros.point_times import Origin, PointClock, understand
from fusion.readers.ros.scenes import cuboid_table
from fusion.readers.ros.stamps import CleanTimes, clean_times, foreign_clocks
from fusion.readers.ros.survey import Stream, Survey
from fusion.readers.ros.values import Cloud, PackedImage, RawImage
from fusion.recording.source import RecordingSource, SourceStream
from fusion.samples import PointFrame
from fusion.timeline import Int64Array, Timeline

_LOOKED_AT = 3


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where a sensor sits. own: `world_from_sensor` of each sample, where it moves on the ego. move: clouds' way from
    their frame into the world, where they come in a frame that stands still there."""

    ego_from_sensor: RigidTransform
    own: RigidTransform | None = None
    move: Callable[[int], RigidTransform] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    sensor: Sensor
    stream: SourceStream
    size: int  # points of the first cloud, 0 for images
    notes: tuple[str, ...]


def guessed_source(path: Path, log: Log, found: Survey, options: ReaderOptions) -> RecordingSource:
    """The recording as far as the log tells. Raises FormatError if no topic is a sensor."""
    names, notes = _names(found, options)
    if not names:
        unread = "; ".join(f"{topic}: {reason}" for topic, reason in list(found.unread.items())[:3])
        raise FormatError(f"no clouds and no images in this log{' (' + unread + ')' if unread else ''}", where=path)
    frames = found.links.frames()
    lidars_first = sorted(names, key=lambda topic: found.streams[topic].kind is not SensorKind.LIDAR)
    motion = find_motion(found, frames, options.ego_frame, [found.streams[each].frame_id for each in lidars_first])
    times, clock_notes = _times(found, names)
    builder = _Builder(path, log, found, frames, motion)
    parts = [builder.part(topic, name, times[topic]) for topic, name in names.items()]
    reference = _reference(parts)
    return RecordingSource(
        name=path.resolve().stem if path.is_file() else path.resolve().name,
        rig=Rig(tuple(part.sensor for part in parts)),
        ego_motion=motion.ego_motion,
        streams=tuple(part.stream for part in parts),
        reference=reference.sensor,
        origin_m=motion.origin_m,
        cuboids=partial(cuboid_table, log, found.scenes, frames, motion, reference.timeline.times_ns),
        notes=(*notes, *(note for part in parts for note in part.notes), *clock_notes, *motion.notes),
        pose_source=motion.source,
    )


def _reference(parts: list[_Part]) -> SourceStream:
    """The LiDAR, else depth camera, else camera, with the most samples, and of those with the largest."""
    order = (SensorKind.LIDAR, SensorKind.DEPTH, SensorKind.CAMERA)
    best = min(parts, key=lambda part: (order.index(part.sensor.kind), -len(part.stream.timeline), -part.size))
    return best.stream


def _names(found: Survey, options: ReaderOptions) -> tuple[dict[str, str], list[str]]:
    """Sensor of each topic that becomes one, and what was left out."""
    notes = [f"{topic} is left out: {reason}" for topic, reason in found.unread.items()]
    notes += [f"{count} damaged messages of {topic} are left out" for topic, count in found.damaged.items()]
    if found.links.unusable:
        notes.append(f"{found.links.unusable} transforms that are none are left out")
    twice = _second_topics(found, options)
    notes += [f"{topic} is left out: {best} is the same camera" for topic, best in twice.items()]
    names: dict[str, str] = {topic: checked_name(options.streams[topic]) for topic in _told(found, options)}
    for topic, stream in sorted(found.streams.items()):
        if topic not in twice and topic not in names:
            guess = guessed_name(topic, stream.frame_id, str(stream.kind))
            names[topic] = unique_name(guess, names.values())
    given = list(names.values())
    for name in sorted({each for each in given if given.count(each) > 1}):
        raise FormatError(f"two topics are to be sensor {name!r}", do="give each topic its own")
    return dict(sorted(names.items())), notes


def _told(found: Survey, options: ReaderOptions) -> list[str]:
    return [topic for topic in options.streams if topic in found.streams]


def _second_topics(found: Survey, options: ReaderOptions) -> dict[str, str]:
    """Topics that are another topic's camera once more -> the better one; what the user names is always kept."""
    groups: dict[tuple[str, SensorKind], list[str]] = {}
    for topic, stream in found.streams.items():
        if stream.kind is not SensorKind.LIDAR:
            groups.setdefault((camera_base(topic), stream.kind), []).append(topic)
    left_out: dict[str, str] = {}
    for topics in groups.values():
        named = [topic for topic in topics if topic in options.streams]
        packed = {topic: isinstance(found.streams[topic].first, PackedImage) for topic in topics}
        best = min(named or topics, key=lambda topic: preference(topic, packed=packed[topic]))
        left_out |= {topic: best for topic in topics if topic not in (best, *named)}
    return left_out


def _times(found: Survey, names: dict[str, str]) -> tuple[dict[str, CleanTimes], list[str]]:
    """Times of each topic's samples, all of one clock."""
    clean, offsets = {}, {}
    for topic in names:
        track = found.streams[topic].track
        clean[topic] = clean_times(track.stamps_ns, track.log_ns)
        offsets[topic] = int(np.median(track.log_ns[clean[topic].chosen] - clean[topic].times_ns))
    notes = []
    for topic, offset in foreign_clocks(offsets).items():
        old = clean[topic]
        clean[topic] = CleanTimes(old.times_ns + offset, old.chosen, old.notes)
        notes.append(f"{names[topic]} has another clock: its stamps are moved by {offset / 1e9:.3f} s to the log's")
    return clean, notes


@dataclass(frozen=True, slots=True, eq=False)
class _Builder:
    path: Path
    log: Log
    found: Survey
    frames: Frames
    motion: Motion

    def part(self, topic: str, name: str, clean: CleanTimes) -> _Part:
        """One sensor with its stream."""
        stream = self.found.streams[topic]
        placement = self._placement(stream, name, clean.times_ns)
        lens, lens_notes = self._lens(topic, stream)
        sensor = Sensor(name, stream.kind, placement.ego_from_sensor, None if lens is None else lens.model)
        clock, clock_notes = self._clock(stream, clean)
        loader = Loader(
            self.log, self.path, stream, clean.times_ns, clean.chosen, clock, placement.move, True, (_unit(stream),)
        )
        point_frame = PointFrame.SENSOR if placement.move is None else PointFrame.WORLD
        source = SourceStream(name, Timeline(clean.times_ns), loader, placement.own, point_frame)
        notes = [f"{topic} is {stream.kind} {name!r} in frame {stream.frame_id!r}", *lens_notes, *clock_notes]
        notes += [f"{name}: {each}" for each in (*clean.notes, placement.note) if each]
        size = stream.first.width * stream.first.height if isinstance(stream.first, Cloud) else 0
        return _Part(sensor, source, size, tuple(notes))

    def _placement(self, stream: Stream, name: str, times_ns: Int64Array) -> Placement:
        frame, ego, world = stream.frame_id, self.motion.ego_frame, self.motion.world_frame
        identity = RigidTransform.identity()
        if frame == ego:
            return Placement(identity)
        if stream.kind is SensorKind.LIDAR and self._stands_in_world(frame):
            return self._in_world(frame, name, times_ns)
        if not self.frames.connected(frame, ego):
            return Placement(identity, note=f"nothing says where {frame!r} is: taken to be at the ego's origin")
        if not self.frames.moving(frame, ego):
            return Placement(self.frames.still(ego, frame))
        ego_from_frame = self.frames.target_from_source(ego, frame, times_ns)
        own = self.motion.ego_motion.at(times_ns) * ego_from_frame
        note = f"{frame!r} moves against the ego: every sample has a pose of its own"
        if world and self.frames.connected(frame, world) and not self.frames.moving(frame, world):
            note = f"{frame!r} stands still in the world"
        return Placement(ego_from_frame[0], own, note=note)

    def _stands_in_world(self, frame: str) -> bool:
        world = self.motion.world_frame
        if not world:
            return False
        above = self.frames.chain(self.motion.ego_frame)
        return frame == world or (frame in above and self.frames.moving(frame, self.motion.ego_frame))

    def _in_world(self, frame: str, name: str, times_ns: Int64Array) -> Placement:
        """Clouds that somebody has put together in `map` or `odom` already."""
        poses = self.frames.target_from_source(self.motion.world_frame, frame, times_ns)
        placed = RigidTransform(poses.rotation, poses.translation - self.motion.origin_m)
        ego = self.motion.ego_frame
        if self.frames.connected(name, ego) and not self.frames.moving(name, ego):
            mounted, where = self.frames.still(ego, name), f"at frame {name!r}"
        else:
            mounted, where = RigidTransform.identity(), "nobody knows where"
        note = f"clouds are in {frame!r}: kept in the world; the sensor sits {where}"
        return Placement(mounted, move=lambda index: placed[index], note=note)

    def _lens(self, topic: str, stream: Stream) -> tuple[FittedLens | None, list[str]]:
        if stream.kind is SensorKind.LIDAR:
            return None, []
        size = _size(stream)
        calibrations = {each: lens.frame_id for each, lens in self.found.lenses.items()}
        chosen = calibration_topic(topic, stream.frame_id, calibrations)
        fitted = None
        if chosen is not None:
            fitted = fitted_lens(self.found.lenses[chosen], size, rectified=is_rectified(topic))
        fitted = fitted or guessed_lens(*(size or (640, 480)))
        source = f"{topic} is calibrated by {chosen}" if chosen else f"no calibration topic for {topic}"
        return fitted, [source + (f" ({fitted.note})" if fitted.note else "")]

    def _clock(self, stream: Stream, clean: CleanTimes) -> tuple[PointClock | None, list[str]]:
        """What the time field of clouds means, from the first, middle and last of them."""
        if not isinstance(stream.first, Cloud):
            return None, []
        topic = stream.channel.topic
        notes = [] if intensity_field(stream.first) else [f"{topic} has no intensities: they are 0"]
        field = time_field(stream.first)
        if field is None:
            return None, [*notes, f"{topic} has no times of points: all are taken at the stamp"]
        last = len(clean.chosen) - 1
        looked_at = sorted({round(last * each / (_LOOKED_AT - 1)) for each in range(_LOOKED_AT)})
        values, stamps = [], []
        for index in looked_at:
            cloud = read_value(self.log, stream, int(clean.chosen[index]))
            if isinstance(cloud, Cloud) and time_field(cloud) == field:
                values.append(column(cloud, field))
                stamps.append(int(clean.times_ns[index]))
        clock = understand(field, values, stamps, Timeline(clean.times_ns).period_ns)
        return clock, [*notes, _clock_note(topic, field, clock)]


def _clock_note(topic: str, field: str, clock: PointClock | None) -> str:
    if clock is None:
        return f"{topic}: field {field!r} is the same for all points: all are taken at the stamp"
    note = f"{topic}: field {field!r} is in {clock.unit}, zero is {clock.origin}"
    return note + (", the first point is taken at the stamp" if clock.origin is Origin.OTHER_CLOCK else "")


def _unit(stream: Stream) -> float:
    return depth_unit(stream) if stream.kind is SensorKind.DEPTH else MILLIMETRE


def _size(stream: Stream) -> tuple[int, int] | None:
    first = stream.first
    if isinstance(first, RawImage):
        return first.width, first.height
    if isinstance(first, PackedImage):
        return image_size(first.data) or image_size(first.data[12:])
    return None
