"""Open a recording file and read any sample of it at random."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  (registers the Blosc2 filter)
import numpy as np
import numpy.typing as npt

from calibration import Rig, RigidTransform, SensorKind
from calibration.errors import RecordingError
from calibration.quaternion import FloatArray
from fusion.ego_motion import EgoMotion
from fusion.recording import layout
from fusion.recording.compact import decode
from fusion.recording.remounting import check_fits, new_from_own_ego, own_from_new
from fusion.recording.source import PoseSource
from fusion.samples import DepthImage, EncodedImage, PointFrame, Sweep
from fusion.timeline import Int64Array, Timeline

_POINT_FRAME = "point_frame"
_COLUMNS = (layout.POINTS, layout.INTENSITY, layout.OFFSETS)
_COMPACT_COLUMNS = (layout.POINT_STEPS, layout.INTENSITY, layout.OFFSET_STEPS)


class Recording:
    """An open recording file; a context manager. Samples are read when asked for, never all at once.

    own_rig: the rig that the source came with, which the file keeps. rig: the one in force, which every sample follows:
    the poses of sensors, and points that are stored in the sensor's or the ego's frame.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        self._file = file
        self.name = path.name.removesuffix(layout.SUFFIX)
        self.source = str(file.attrs["source"])
        self.reference = str(file.attrs["reference"])
        self.origin_m: FloatArray = np.asarray(file.attrs["origin_m"], dtype=np.float64)
        self.pose_source = PoseSource(file.attrs.get("pose_source", PoseSource.POSES))
        self.notes: tuple[str, ...] = tuple(json.loads(file.attrs["notes"]))
        self.own_rig = Rig.from_record(json.loads(file[layout.RIG][()]))
        self.rig = self.own_rig
        self.ego_motion = EgoMotion(Timeline(file[layout.EGO_TIMES][()]), _poses(file[layout.EGO_POSES][()]))
        self.frames = Timeline(file[layout.FRAME_TIMES][()])
        self.frame_spans_ns: Int64Array = file[layout.FRAME_SPANS][()]
        self._streams: dict[str, h5py.Group] = dict(file[layout.STREAMS].items())
        self._times = {name: Timeline(group["times_ns"][()]) for name, group in self._streams.items()}
        self._samples = {name: file[f"{layout.FRAME_SAMPLES}/{name}"][()] for name in self._streams}
        self._point_frames = {name: PointFrame(group.attrs[_POINT_FRAME]) for name, group in self._streams.items()}
        self._own_poses = {
            name: _poses(group["world_from_sensor"][()])
            for name, group in self._streams.items()
            if "world_from_sensor" in group
        }
        self._stored_poses = dict(self._own_poses)
        self._ego_moves: dict[str, RigidTransform] = {}

    def set_rig(self, rig: Rig) -> None:
        """From now on, see the recording with this rig. Raises CalibrationError if it does not fit the recording.

        A source's own poses of a sensor move with its mounting; points stored in the ego frame do so too.
        """
        check_fits(self.own_rig, rig, self._point_frames_of_lidars().get)
        self._own_poses = {
            name: poses if (moved := own_from_new(self.own_rig, rig, name)) is None else poses * moved
            for name, poses in self._stored_poses.items()
        }
        stored = (name for name, frame in self._point_frames_of_lidars().items() if frame is PointFrame.EGO)
        moves = {name: new_from_own_ego(self.own_rig, rig, name) for name in stored}
        self._ego_moves = {name: move for name, move in moves.items() if move is not None}
        self.rig = rig

    @property
    def rig_digest(self) -> str:
        """Short name of the rig in force, for what is kept of samples; empty for the recording's own."""
        record, own = self.rig.to_record(), self.own_rig.to_record()
        return "" if record == own else hashlib.sha256(json.dumps(record).encode()).hexdigest()[:12]

    @staticmethod
    def open(path: Path) -> Recording:
        """Open read-only. Raises RecordingError if it is missing, foreign, newer than this program, or damaged."""
        if not path.is_file():
            raise RecordingError("there is no such recording", do="see `boxwright info DIR`", where=path)
        try:
            # Every sample is one chunk that is read whole: a chunk cache would only copy it once more.
            file = h5py.File(path, "r", locking=False, rdcc_nbytes=0)
        except OSError as error:
            raise RecordingError("not a readable recording file", do="import it again", where=path) from error
        return Recording.of(path, file)

    @staticmethod
    def of(path: Path, file: h5py.File) -> Recording:
        """An open HDF5 file as a recording; closed if it is none. Raises RecordingError as `open` does."""
        try:
            _check_version(file, path)
            return Recording(path, file)
        except (KeyError, ValueError) as error:
            file.close()
            raise RecordingError("the recording is damaged", do="import it again", where=path) from error
        except RecordingError:
            file.close()
            raise

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    @property
    def streams(self) -> tuple[str, ...]:
        """Names of the sensors that delivered anything, in the rig's order."""
        return tuple(sensor.name for sensor in self.rig if sensor.name in self._streams)

    def times_ns(self, sensor: str) -> Int64Array:
        """(N,) int64: the time of each sample of a sensor."""
        return self._timeline(sensor).times_ns

    def point_frame(self, sensor: str) -> PointFrame:
        """In which frame the points of a LiDAR are stored."""
        self._group(sensor)
        return self._point_frames[sensor]

    def sample_of(self, sensor: str, frame: int) -> int | None:
        """Index of the sample that belongs to a frame, if there is one and its data is in the file."""
        if sensor not in self._samples:
            return None
        index = int(self._samples[sensor][frame])
        return index if index >= 0 and self.has(sensor, index) else None

    def listed_samples(self, sensor: str) -> Int64Array:
        """(frames,) index of the sample listed for each frame, -1 for none; its data may be missing (`has`)."""
        self._group(sensor)
        return np.asarray(self._samples[sensor], dtype=np.int64)

    def has(self, sensor: str, index: int) -> bool:
        """Whether the data of a listed sample is in the file."""
        return layout.sample_key(index) in self._group(sensor)

    def own_poses(self, sensor: str) -> RigidTransform | None:
        """`world_from_sensor` of all samples, a batch (N,), where the source had better ones than the ego motion."""
        return self._own_poses.get(sensor)

    def count(self, sensor: str) -> int:
        """How many samples of a sensor have data."""
        return len(self._group(sensor).keys() - {"times_ns", "world_from_sensor"})

    def image(self, camera: str, index: int) -> EncodedImage:
        """The photo, as the bytes that came."""
        dataset = self._sample(camera, index)
        return EncodedImage(dataset[()].tobytes(), str(dataset.attrs["media_type"]))

    def sweep(self, lidar: str, index: int) -> Sweep:
        """The sweep, in the stream's `point_frame`."""
        return self.sweeps([(lidar, index)])[0]

    def sweeps(self, samples: Sequence[tuple[str, int]]) -> tuple[Sweep, tuple[int, ...]]:
        """Sweeps one after another in one block of memory, and how many points each (lidar, index) brought.

        Each part is in its own stream's `point_frame`, its times relative to its own timestamp.
        """
        columns = [self._columns(lidar, index) for lidar, index in samples]
        counts = tuple(intensity.shape[0] for _, intensity, _ in columns)
        planes = np.empty((3, sum(counts)), np.float32)
        intensity = np.empty(sum(counts), np.result_type(*(each.dtype for _, each, _ in columns)))
        offsets = np.empty(sum(counts), np.int32)
        end = 0
        for count, stored in zip(counts, columns, strict=True):
            start, end = end, end + count
            _read_rows(stored[0], layout.STEP_M, planes, start, count)
            _read_into(stored[1], intensity, start, count)
            _read_rows(stored[2], 1, offsets[None], start, count)
        self._move_in_ego(samples, counts, planes)
        return Sweep(planes.T, intensity, offsets), counts

    def depth(self, camera: str, index: int) -> DepthImage:
        """The depth image."""
        dataset = self._sample(camera, index)
        return DepthImage(dataset[()], float(dataset.attrs["metres_per_unit"]))

    def world_from_sensor(self, sensor: str, index: int) -> RigidTransform:
        """Pose at the sample's own time: the source's where it has one, else ego motion times mounting."""
        if sensor in self._own_poses:
            return self._own_poses[sensor][index]
        return self.ego_motion.at(self.times_ns(sensor)[index]) * self.rig[sensor].ego_from_sensor

    def cameras(self) -> tuple[str, ...]:
        """Names of the cameras with photos, in the rig's order."""
        return self._kind(SensorKind.CAMERA)

    def lidars(self) -> tuple[str, ...]:
        """Names of the LiDARs with sweeps, in the rig's order."""
        return self._kind(SensorKind.LIDAR)

    def depth_cameras(self) -> tuple[str, ...]:
        """Names of the depth cameras with images, in the rig's order."""
        return self._kind(SensorKind.DEPTH)

    def frame_middle_ns(self, frame: int) -> int:
        """Middle of the time that the reference sensor took for a frame."""
        start, end = self.frame_spans_ns[frame]
        return int(start + (end - start) // 2)

    def _point_frames_of_lidars(self) -> dict[str, PointFrame]:
        return {name: self._point_frames[name] for name in self._kind(SensorKind.LIDAR)}

    def _move_in_ego(self, samples: Sequence[tuple[str, int]], counts: tuple[int, ...], planes: Any) -> None:
        end = 0
        for (lidar, _), count in zip(samples, counts, strict=True):
            start, end = end, end + count
            if lidar in self._ego_moves:
                planes[:, start:end] = self._ego_moves[lidar].apply(planes[:, start:end].T).T

    def _kind(self, kind: SensorKind) -> tuple[str, ...]:
        return tuple(sensor.name for sensor in self.rig.of_kind(kind) if sensor.name in self._streams)

    def _timeline(self, sensor: str) -> Timeline:
        self._group(sensor)
        return self._times[sensor]

    def _group(self, sensor: str) -> h5py.Group:
        if sensor not in self._streams:
            raise RecordingError(f"no stream {sensor!r}; there are {', '.join(self.streams)}", where=self.path)
        return self._streams[sensor]

    def _columns(self, lidar: str, index: int) -> list[Any]:
        """Handles of a sweep's datasets; h5py's own objects cost more to make than a sweep to read."""
        group = self._sample(lidar, index)
        names = _COMPACT_COLUMNS if layout.POINT_STEPS in group else _COLUMNS
        return [h5py.h5d.open(group.id, name.encode()) for name in names]

    def _sample(self, sensor: str, index: int) -> Any:
        group = self._group(sensor)
        key = layout.sample_key(index)
        if key not in group:
            raise RecordingError(f"sample {index} of {sensor} is not in the recording", where=self.path)
        return group[key]


def _read_rows(dataset: Any, unit: float, rows: npt.NDArray[Any], start: int, count: int) -> None:
    """Read values, plain (count,) or (K, count) or compact (K, count), to rows[:, start : start + count]."""
    if dataset.dtype != np.uint32:
        _read_into(dataset, rows if len(dataset.shape) > 1 else rows[0], start, count)
        return
    steps = np.empty((len(rows), count), np.uint32)
    _read_into(dataset, steps, 0, count)
    decode(steps, unit, rows[:, start : start + count])


def _read_into(dataset: Any, block: npt.NDArray[Any], start: int, count: int) -> None:
    """Read a dataset (count,) or (3, count) to block[..., start : start + count]."""
    if count:
        space = h5py.h5s.create_simple(block.shape)
        space.select_hyperslab((0,) * (block.ndim - 1) + (start,), (*block.shape[:-1], count))
        dataset.read(space, h5py.h5s.ALL, block)


def _poses(rows: npt.NDArray[np.float64]) -> RigidTransform:
    return RigidTransform(rows[:, 3:], rows[:, :3])


def _check_version(file: h5py.File, path: Path) -> None:
    if file.attrs.get("format") != layout.FORMAT:
        raise RecordingError("an HDF5 file, but not a Boxwright recording", where=path)
    if int(file.attrs["version"]) > layout.VERSION:
        raise RecordingError(
            f"written by a newer Boxwright (layout {file.attrs['version']}, this one reads {layout.VERSION})",
            do="upgrade boxwright",
            where=path,
        )
