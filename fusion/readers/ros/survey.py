"""The first pass: who speaks in a log, when, and everything small; clouds and images stay in the file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from calibration import SensorKind
from calibration.errors import FormatError
from fusion.readers.ros.clouds import check_layout
from fusion.readers.ros.frames import LinkCollector
from fusion.readers.ros.images import check_image, is_compressed_depth, is_depth, is_readable, media_type
from fusion.readers.ros.log import Channel, DamageError, Log, Message, Place
from fusion.readers.ros.values import (
    Attitude,
    Cloud,
    Fix,
    Lens,
    Links,
    PackedImage,
    Place3d,
    RawImage,
    Scene,
    Value,
    usable_pose,
)
from fusion.readers.ros.wire import Decode, MissingDependencyError, decoder
from fusion.timeline import Int64Array

SensorValue = Cloud | RawImage | PackedImage


class Track:
    """Where and when the messages of one topic are: 6 numbers each."""

    def __init__(self) -> None:
        self._numbers = array("q")

    def add(self, stamp_ns: int, message: Message) -> None:
        """One more message."""
        self._numbers.extend((stamp_ns, message.log_ns, *message.place))

    def __len__(self) -> int:
        return len(self._numbers) // 6

    @property
    def stamps_ns(self) -> Int64Array:
        """(N,) stamps of the headers, 0 where there are none."""
        return np.array(self._numbers[0::6], dtype=np.int64)

    @property
    def log_ns(self) -> Int64Array:
        """(N,) when they were recorded."""
        return np.array(self._numbers[1::6], dtype=np.int64)

    def place(self, index: int) -> Place:
        """Where one lies."""
        return Place(*self._numbers[6 * index + 2 : 6 * index + 6])


@dataclass(slots=True)
class Stream:
    """A topic of clouds or images. first: its first message, to see what it is like (the bytes of its own copy)."""

    channel: Channel
    decode: Decode
    kind: SensorKind
    frame_id: str
    first: SensorValue
    track: Track = field(default_factory=Track)


@dataclass(slots=True)
class PoseLog:
    """A topic of poses. rows: (N, 7) flat."""

    type_name: str
    parent: str
    child: str
    times_ns: array[int] = field(default_factory=lambda: array("q"))
    rows: array[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class Survey:
    """Everything of a log but its clouds and images."""

    streams: dict[str, Stream] = field(default_factory=dict)
    lenses: dict[str, Lens] = field(default_factory=dict)
    links: LinkCollector = field(default_factory=LinkCollector)
    poses: dict[str, PoseLog] = field(default_factory=dict)
    scenes: dict[str, SceneLog] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    damaged: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class SceneLog:
    """A topic of scene updates, decoded again when the labels are asked for."""

    decode: Decode
    track: Track = field(default_factory=Track)


def survey(log: Log, leave_out: Callable[[str], bool]) -> Survey:
    """Walk through the log once. leave_out(topic): topics that are not wanted."""
    result = Survey()
    decoders: dict[Channel, Decode | None] = {}
    for message in log.scan():
        channel = message.channel
        if channel not in decoders:
            decoders[channel] = None if leave_out(channel.topic) else _decoder(channel, result)
        decode = decoders[channel]
        if decode is None:
            continue
        try:
            value = decode(message.data)
            if value is not None:
                _sort_in(result, message, decode, value)
        except DamageError:
            result.damaged[channel.topic] += 1
    return result


def _decoder(channel: Channel, result: Survey) -> Decode | None:
    try:
        return decoder(channel)
    except DamageError as error:
        result.unread[channel.topic] = str(error)
    except MissingDependencyError as error:
        raise FormatError(
            f"{channel.topic} is protobuf, and its library is not installed", do="`pip install protobuf`"
        ) from error
    return None


def _sort_in(result: Survey, message: Message, decode: Decode, value: Value) -> None:
    topic = message.channel.topic
    if isinstance(value, Cloud | RawImage | PackedImage):
        _add_sample(result, message, decode, value)
    elif isinstance(value, Lens):
        result.lenses.setdefault(topic, value)
    elif isinstance(value, Links):
        for link in value.links:
            result.links.add(link, message.log_ns)
    elif isinstance(value, Scene):
        scene = result.scenes.setdefault(topic, SceneLog(decode))
        scene.track.add(value.boxes[0].stamp_ns if value.boxes else 0, message)
    else:
        _add_pose(result, message, value)


def _add_sample(result: Survey, message: Message, decode: Decode, value: SensorValue) -> None:
    topic = message.channel.topic
    if topic in result.unread:
        return
    reason = _unreadable(value)
    if reason and topic not in result.streams:
        result.unread[topic] = reason
        return
    if reason:
        raise DamageError(reason)
    if topic not in result.streams:
        # Values point into a block of the file, which goes on; the first of each topic is kept.
        kept = decode(memoryview(bytes(message.data)))
        assert isinstance(kept, Cloud | RawImage | PackedImage)
        result.streams[topic] = Stream(message.channel, decode, kind_of(value), value.frame_id, kept)
    result.streams[topic].track.add(value.stamp_ns, message)


def kind_of(value: SensorValue) -> SensorKind:
    """What kind of sensor sends such messages."""
    if isinstance(value, Cloud):
        return SensorKind.LIDAR
    deep = is_depth(value.encoding) if isinstance(value, RawImage) else is_compressed_depth(value)
    return SensorKind.DEPTH if deep else SensorKind.CAMERA


def _unreadable(value: SensorValue) -> str:
    """Why a message cannot become a sample, empty if it can. Raises DamageError if it is cut off."""
    if isinstance(value, Cloud):
        check_layout(value)
        return ""
    if isinstance(value, RawImage):
        if not is_readable(value.encoding):
            return f"encoding {value.encoding!r} is not read"
        check_image(value)
        return ""
    if is_compressed_depth(value):
        return "depth compressed by RVL is not read" if "rvl" in value.format.lower() else ""
    return "" if media_type(value.data) else f"images of format {value.format!r} are not read"


def _add_pose(result: Survey, message: Message, value: Place3d | Fix | Attitude) -> None:
    if isinstance(value, Fix):
        row = np.array([value.latitude_deg, value.longitude_deg, value.altitude_m, 1.0, 0.0, 0.0, 0.0])
        parent, child = "", value.frame_id
    elif isinstance(value, Attitude):
        row, parent, child = np.array([0.0, 0.0, 0.0, *value.rotation]), "", value.frame_id
    else:
        row, parent, child = value.pose, value.parent, value.child
    if not usable_pose(row):
        result.damaged[message.channel.topic] += 1
        return
    topic = message.channel.topic
    log = result.poses.setdefault(topic, PoseLog(message.channel.type_name, parent, child))
    log.times_ns.append(value.stamp_ns or message.log_ns)
    log.rows.extend(row.tolist())
