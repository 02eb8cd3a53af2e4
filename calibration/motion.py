"""What sensors know of their own motion: poses in a world of their own, and how far they have turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, RotationSpline

from calibration import quaternion
from calibration.errors import CalibrationError
from calibration.quaternion import FloatArray
from calibration.transform import RigidTransform

Int64Array = npt.NDArray[np.int64]


def _check_times(times_ns: Int64Array, count: int, what: str) -> None:
    if times_ns.shape != (count,) or count < 3:
        raise CalibrationError(f"{what} of motion need three moments and more", do="give a longer stretch")
    if not np.all(np.diff(times_ns) > 0):
        raise CalibrationError(f"the times of {what} do not increase", do="sort them and drop what is there twice")


@dataclass(frozen=True, slots=True, eq=False)
class PoseStream:
    """times_ns: (N,) int64, by the clock of whoever wrote them; world_from_body: batch (N,), in any fixed world.

    Raises CalibrationError for less than three poses, and for times that do not increase.
    """

    times_ns: Int64Array
    world_from_body: RigidTransform

    def __post_init__(self) -> None:
        _check_times(self.times_ns, len(self.world_from_body), "poses")

    def __len__(self) -> int:
        return len(self.times_ns)

    @property
    def period_ns(self) -> int:
        """Median time from pose to pose."""
        return int(np.median(np.diff(self.times_ns)))


class PoseCurve:
    """A smooth curve through the poses of a stream: between 10 poses a second a straight line cuts corners by
    millimetres, always to the same side."""

    def __init__(self, stream: PoseStream) -> None:
        self._start_ns, self._end_ns = int(stream.times_ns[0]), int(stream.times_ns[-1])
        seconds = (stream.times_ns - self._start_ns) * 1e-9
        self._places = CubicSpline(seconds, stream.world_from_body.translation, axis=0)
        self._turns = RotationSpline(seconds, Rotation.from_quat(np.roll(stream.world_from_body.rotation, -1, axis=-1)))

    def covers(self, times_ns: Int64Array) -> npt.NDArray[np.bool_]:
        """(N,) whether a time lies between the first and the last pose."""
        return np.asarray((times_ns >= self._start_ns) & (times_ns <= self._end_ns))

    def at(self, times_ns: Int64Array, later_ns: float = 0.0) -> RigidTransform:
        """Poses (N,) at times (N,) int64 plus `later_ns`; beyond the ends, those of the ends."""
        end = (self._end_ns - self._start_ns) * 1e-9
        seconds = np.clip((times_ns - self._start_ns) * 1e-9 + later_ns * 1e-9, 0.0, end)
        turns = np.roll(self._turns(seconds).as_quat(), 1, axis=-1)
        return RigidTransform(turns, self._places(seconds))


@dataclass(frozen=True, slots=True, eq=False)
class Turning:
    """times_ns: (N,) int64; angles_rad: (N, 3), the integral of the angular rate about the body's own axes.

    A gyroscope's rates and a tracker's poses both lead there, and what is a mean over 100 ms in one is the same mean in
    the other: no filter shifts one against the other.
    """

    times_ns: Int64Array
    angles_rad: FloatArray

    def __post_init__(self) -> None:
        _check_times(self.times_ns, len(self.angles_rad), "turns")

    @staticmethod
    def of_poses(stream: PoseStream) -> Turning:
        """Summed from pose to pose."""
        rotation = stream.world_from_body.rotation
        steps = quaternion.to_rotation_vector(quaternion.multiply(quaternion.conjugate(rotation[:-1]), rotation[1:]))
        return Turning(stream.times_ns, np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)]))

    @staticmethod
    def of_rates(times_ns: Int64Array, rates_radps: npt.ArrayLike) -> Turning:
        """times_ns: (N,); rates_radps: (N, 3), of a gyroscope."""
        rates = np.asarray(rates_radps, dtype=np.float64)
        _check_times(times_ns, len(rates), "rates")
        steps = 0.5 * (rates[1:] + rates[:-1]) * (np.diff(times_ns) * 1e-9)[:, None]
        return Turning(times_ns, np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)]))

    @property
    def period_ns(self) -> int:
        """Median time from one moment to the next."""
        return int(np.median(np.diff(self.times_ns)))
