"""Samples out of the log, when they are asked for."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration import RigidTransform
from calibration.errors import FormatError
from fusion.readers.ros.clouds import sweep
from fusion.readers.ros.images import depth, is_compressed_depth, is_depth, media_type, photo, unpacked_depth
from fusion.readers.ros.log import DamageError, Log
from fusion.readers.ros.point_times import PointClock
from fusion.readers.ros.survey import SensorValue, Stream
from fusion.readers.ros.values import Cloud, PackedImage, RawImage
from fusion.samples import EncodedImage, Sample
from fusion.timeline import Int64Array

MILLIMETRE = 0.001
_LARGEST_UNIT = 65535


@dataclass(frozen=True, slots=True, eq=False)
class Loader:
    """Loads the samples of a stream.

    times_ns: (N,) times of the samples. chosen: (N,) which message of the topic each is, -1 where its data is missing.
    clock: what the time field of clouds means. target_from_frame(i): a move of cloud i into another frame.
    clean: leave out points that are no measurements. metres_per_unit: (N,) or (1,) of depth images.
    """

    log: Log
    path: Path
    stream: Stream
    times_ns: Int64Array
    chosen: Int64Array
    clock: PointClock | None = None
    target_from_frame: Callable[[int], RigidTransform] | None = None
    clean: bool = True
    metres_per_unit: tuple[float, ...] = (MILLIMETRE,)

    def __call__(self, index: int) -> Sample | None:
        """One sample. Raises FormatError if the file has changed since it was surveyed."""
        number = int(self.chosen[index])
        if number < 0:
            return None
        try:
            value = read_value(self.log, self.stream, number)
            return self._sample(value, index)
        except (OSError, ValueError, TypeError, struct.error, sqlite3.Error) as error:
            what = f"message {number} of {self.stream.channel.topic} cannot be read any more ({error})"
            raise FormatError(what, do="import it again", where=self.path) from error

    def _sample(self, value: SensorValue, index: int) -> Sample | None:
        if isinstance(value, Cloud):
            move = None if self.target_from_frame is None else self.target_from_frame(index)
            return sweep(value, int(self.times_ns[index]), self.clock, move, clean=self.clean)
        if isinstance(value, RawImage):
            scales = self.metres_per_unit
            scale = scales[index] if len(scales) > 1 else scales[0]
            return depth(value, scale) if is_depth(value.encoding) else photo(value)
        return _unpacked(value)


def _unpacked(image: PackedImage) -> Sample:
    if is_compressed_depth(image):
        return unpacked_depth(image)
    kind = media_type(image.data)
    if kind is None:
        raise DamageError("neither JPEG nor PNG")
    return EncodedImage(image.data, kind)


def read_value(log: Log, stream: Stream, number: int) -> SensorValue:
    """One message of a stream. Raises DamageError if it is another kind of message now."""
    value = stream.decode(log.fetch(stream.track.place(number)))
    if not isinstance(value, Cloud | RawImage | PackedImage):
        raise DamageError("it is another kind of message")
    return value


def depth_unit(stream: Stream) -> float:
    """Metres per unit for a stream of float distances: a millimetre, or what brings its first image into 16 bits."""
    value = stream.first
    if not isinstance(value, RawImage) or value.encoding != "32FC1":
        return MILLIMETRE
    metres = np.frombuffer(value.data, ">f4" if value.big_endian else "<f4", count=len(value.data) // 4)
    furthest = float(metres[np.isfinite(metres)].max(initial=0.0))
    return MILLIMETRE if furthest < _LARGEST_UNIT * MILLIMETRE else furthest / (_LARGEST_UNIT - 1)
